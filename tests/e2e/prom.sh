#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# prom.sh - what gomon prints for other programs, of live targets: Prometheus reads it (promtool,
# where there is one), Nagios gets its statuses and its one line, CSV has as many fields everywhere.
. "$(dirname "$0")/../support/e2e.sh"

start_target "$gort_demo" leak --seconds 120
target=$started_pid
start_target "$gort_demo" idle --seconds 120
other=$started_pid
has_collected() { "$gomon" -1 -p "$target" 2>/dev/null | grep -qE '^gc.count +[1-9]'; }
wait_until 20 has_collected || fail "no collection: $("$gomon" -1 -p "$target" 2>&1)"

# Prometheus: of one, and of all.
"$gomon" --prom -p "$target" >"$work/prom" || fail "--prom ends with $?"
awk -f "$top_srcdir/tests/support/prom.awk" "$work/prom" || fail 'not the format of Prometheus'
for name in go_goroutines go_threads go_gc_duration_seconds_count go_memstats_alloc_bytes \
    go_memstats_heap_inuse_bytes go_memstats_sys_bytes go_memstats_mallocs_total \
    go_memstats_next_gc_bytes go_memstats_last_gc_time_seconds go_sched_gomaxprocs_threads \
    go_sched_latencies_seconds_bucket process_resident_memory_bytes process_cpu_seconds_total \
    process_open_fds process_start_time_seconds; do
    grep -qE "^$name\{pid=\"$target\",program=\"gort-demo\"[^}]*\} [0-9.]+$" "$work/prom" ||
        fail "no $name of $target"
done
"$gomon" --prom >"$work/all" || fail "--prom of all ends with $?"
awk -f "$top_srcdir/tests/support/prom.awk" "$work/all" || fail 'not the format of Prometheus'
for pid in "$target" "$other"; do
    grep -q "^gort_up{pid=\"$pid\",program=\"gort-demo\"} 1$" "$work/all" || fail "no $pid in all"
done
if command -v promtool >/dev/null; then
    promtool check metrics <"$work/all" >"$work/said" 2>&1 || fail "promtool: $(cat "$work/said")"
fi
printf '# HELP a b\n# TYPE a counter\na{x="1"} 1\na{x="1"} 2\n' |
    awk -f "$top_srcdir/tests/support/prom.awk" >/dev/null && fail 'the checker finds no fault'

# checks STATUS PATTERN GOMON-ARGUMENT...: status, and one line on stdout.
checks() {
    local wanted=$1 pattern=$2 status
    shift 2
    timeout 30 "$gomon" "$@" >"$work/out" 2>"$work/err" </dev/null
    status=$?
    [ $status = "$wanted" ] || fail "gomon $* ended with $status: $(cat "$work/out" "$work/err")"
    [ "$(wc -l <"$work/out")" = 1 ] && [ ! -s "$work/err" ] ||
        fail "gomon $* says more than a line: $(cat "$work/out" "$work/err")"
    grep -qE -e "$pattern" "$work/out" || fail "gomon $* says: $(cat "$work/out")"
}
checks 0 "^GOMON OK - gort-demo\[$target\]: heap.live .*\| 'heap.live'=[0-9]+B;1099511627776;" \
    --check 'heap.live > 1T' -p "$target"
checks 1 '^GOMON WARNING' --check 'tasks.total > 0' --critical 'tasks.total > 1000000' -p "$target"
checks 2 "^GOMON CRITICAL .*'rate\(heap.total_alloc\)'=[0-9.]+;" -d 0.3 \
    --critical 'rate(heap.total_alloc) > 1 and process.uptime > 1ms' -p "$target"
checks 3 '^GOMON UNKNOWN - there is no figure no.such' --check 'no.such > 1' -p "$target"
checks 3 '^GOMON UNKNOWN - --check: ' --check 'heap.live >' -p "$target"
checks 3 '^GOMON UNKNOWN - no target is called' --check 'heap.live > 1' no-such-program
checks 3 '^GOMON UNKNOWN - ' --check 'heap.live > 1'
kill -STOP "$other"
is_critical() {
    "$gomon" --check 'tasks.total > 1000000' -p "$other" | grep -q 'CRITICAL .*stopped'
}
wait_until 5 is_critical || fail 'a stopped target is not critical'

# CSV.
"$gomon" --csv -c 3 -d 0.2 -p "$target" >"$work/csv" || fail "--csv ends with $?"
[ "$(wc -l <"$work/csv")" = 4 ] || fail "not a title and three samples: $(cat "$work/csv")"
[ "$(awk -F, '{ print NF }' "$work/csv" | sort -u | wc -l)" = 1 ] ||
    fail 'lines of different length'
head -n 1 "$work/csv" | grep -q ',heap.live (bytes),' || fail 'no heap.live among the titles'

# What there is to ask for is what --once has.
"$gomon" --list-metrics | awk '{ print $1 }' | sort >"$work/names"
"$gomon" -1 -p "$target" | awk '/^[a-z_.0-9]+ +[0-9]+ / { print $1 }' | sort >"$work/has"
[ -s "$work/has" ] || fail 'no figure'
[ -z "$(comm -13 "$work/names" "$work/has")" ] ||
    fail "not in --list-metrics: $(comm -13 "$work/names" "$work/has")"
exit 0
