#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# several.sh - gomon -p A,B without a screen: lines, objects, Prometheus and checks of several
# targets, when all are there, when one of them is not, and when one ends.
. "$(dirname "$0")/../support/e2e.sh"

start_target "$gort_demo" idle --seconds 120
a=$started_pid
start_target "$gort_demo" idle --seconds 120
b=$started_pid

# Lines of each, with their pids; titles once.
ends_with 0 '^ +pid +time +state' -b -c 2 -d 0.1 -p "$a,$b"
[ "$(grep -cE "^ *$a +[0-9:]+ +live " "$work/out")" = 2 ] || fail "A: $(cat "$work/out")"
[ "$(grep -cE "^ *$b +[0-9:]+ +live " "$work/out")" = 2 ] || fail "B: $(cat "$work/out")"
[ "$(grep -c ' time ' "$work/out")" = 1 ] || fail "titles twice: $(cat "$work/out")"
ends_with 0 "^process $b \\(gort-demo\\)" -1 -p "$a" -p "$b"
ends_with 0 '^time,pid,' --csv -c 2 -d 0.1 -p "$a,$b"
[ "$(grep -c '^time,' "$work/out")" = 1 ] || fail "CSV titles twice: $(cat "$work/out")"
[ "$(grep -cE "^[^,]+,($a|$b)," "$work/out")" = 4 ] || fail "not 4 rows: $(cat "$work/out")"
if grep -q '^#define HAVE_JANSSON 1' "$top_builddir/config.h"; then
    ends_with 0 "\"pid\":$a,.*\"state\":\"live\"" -1 -j -p "$a,$b"
    grep -q "\"pid\":$b," "$work/out" || fail "no object of B: $(cat "$work/out")"
fi
ends_with 0 "pid=\"$a\"" --prom -p "$a,$b"
grep -q "pid=\"$b\"" "$work/out" || fail "no figures of B: $(cat "$work/out")"

# By name, beside a pid; the same process twice is one.
name=s$$
cp "$gort_demo" "$work/$name"
start_target "$work/$name" idle --seconds 120
c=$started_pid
wait_until 10 eval '"$gomon" -l | grep -qE "^ *$c .* live "' || fail "no $name: $("$gomon" -l)"
ends_with 0 "^process $c \\($name\\)" -1 -p "$a,$name"
grep -q "^process $a " "$work/out" || fail "A is not written: $(cat "$work/out")"
ends_with 0 "^tasks\.total" -1 -p "$name"
ends_with 2 "process $c is named twice: by $name and by $c" -1 -p "$name,$c"
[ "$(grep -c '^process ' "$work/out")" = 1 ] || fail "it is written twice: $(cat "$work/out")"
ends_with 3 "no target is called \"${name}x\"" -1 -p "${name}x,$a"

# Checks: the worst wins.
ends_with 0 '^GOMON OK - 2 processes: 2 OK \|' --check 'tasks.total < 0' -p "$a,$b"
ends_with 1 '^GOMON WARNING - 2 processes: 2 WARNING \|' --check 'tasks.total > 0' -p "$a,$b"
grep -q "^WARNING - gort-demo\\[$b\\]: tasks.total " "$work/out" || fail "$(cat "$work/out")"
label='gort-demo\[[0-9]+\] tasks\.total'
head -1 "$work/out" | grep -qE " \| '$label'=[0-9]+;0; '$label'=[0-9]+;0;\$" ||
    fail "no data: $(cat "$work/out")"
tail -n +2 "$work/out" | grep -F '|' && fail 'data in other lines'
ends_with 0 '2 OK \|' --check 'rate(gc.count) < 0' -d 0.1 -p "$a,$b"
ends_with 3 '3 processes: 1 UNKNOWN, 2 OK' --check 'tasks.total < 0' -p "$a,$b,999999999"
grep -q '^UNKNOWN - there is no process 999999999' "$work/out" || fail "$(cat "$work/out")"
[ "$(head -1 "$work/out" | grep -o 'tasks.total' | wc -l)" = 2 ] || fail "$(cat "$work/out")"
ends_with 3 '^GOMON UNKNOWN - 2 processes: 2 UNKNOWN$' --check 'tasks.total < 0' \
    -p 999999998,999999999
ends_with 3 '^GOMON UNKNOWN - --check: heap.live \(bytes\) cannot be compared' \
    --check 'heap.live > 5s' -p "$a,$b"
[ "$(wc -l <"$work/out")" = 1 ] || fail "not one line: $(cat "$work/out")"

# One that is not there is told, and its status is the one to end with; the others are written.
ends_with 3 'no process 999999999' -1 -p "999999999,$a"
grep -q '^tasks.total' "$work/out" || fail "A is not written: $(cat "$work/out")"
ends_with 3 'no process 999999998' -b -p 999999999,999999998
[ "$(wc -l <"$work/err")" = 2 ] || fail "not a line each: $(cat "$work/err")"
ends_with 3 'no process 999999999' --prom -p "$a,999999999"
grep -q "pid=\"$a\"" "$work/out" || fail "A has no figures: $(cat "$work/out")"
ends_with 2 'records one process' -w "$work/file" -p "$a,$b"
ends_with 2 '"5,,x" is no PID' -p 5,,x

# One ends: the other goes on, until it ends too.
"$gomon" -b -d 0.1 -p "$a,$b" >"$work/lines" 2>"$work/words" </dev/null &
reader=$!
e2e_pids+=("$reader")
wait_until 10 grep -qE "^ *$b .* live " "$work/lines" || fail "no lines: $(cat "$work/words")"
kill -KILL "$a"
wait_until 10 grep -q "process $a (gort-demo): killed" "$work/words" ||
    fail "no word of the end: $(cat "$work/words")"
lines=$(grep -cE "^ *$b " "$work/lines")
more() { [ "$(grep -cE "^ *$b " "$work/lines")" -gt "$((lines + 1))" ]; }
wait_until 10 more || fail 'the other one does not go on'
kill -KILL "$b"
wait "$reader"
[ $? = 6 ] || fail 'it does not say that a target ended'
grep -q "process $b (gort-demo): killed" "$work/words" || fail "$(cat "$work/words")"
exit 0
