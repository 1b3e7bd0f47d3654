#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# memlock.sh - a target and a gomon that may not lock any memory run as others do: with a page,
# collections of the usual kind, and dumps.
. "$(dirname "$0")/../support/e2e.sh"

# without_locks COMMAND...: becomes it. Root may lock in spite of the limit, so it becomes somebody
# else.
if [ "$(id -u)" = 0 ]; then
    need setpriv
    cp "$gort_demo" "$gomon" "$work"
    chmod 755 "$work" "$work/gort-demo" "$work/gomon"
    gort_demo=$work/gort-demo
    gomon=$work/gomon
    as=(setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all)
else
    as=()
fi
export XDG_CONFIG_HOME=/nonexistent XDG_STATE_HOME=/nonexistent
without_locks() {
    ulimit -l 0 && exec "${as[@]}" "$@"
    exit 77
}
(without_locks true) || skip 'the limit cannot be set'

# metric NAME: of the target.
metric() {
    (without_locks "$gomon" -1 -p "$target" 2>"$work/err") |
        awk -v name="$1" '$1 == name { print $2 }'
}
is_above() { [ "$(metric "$1")" -gt "$2" ] 2>/dev/null; }

(without_locks "$gort_demo" churn --seconds 200) >/dev/null 2>"$work/target-err" </dev/null &
target=$!
e2e_pids+=("$target")
wait_until 60 is_above gc.count 2 || fail "no collections: $(cat "$work/err" "$work/target-err")"
first=$(metric gc.count)
wait_until 60 is_above gc.count "$first" || fail 'it collects no more'
is_above process.rss 0 || fail "its process is not measured: $(cat "$work/err")"
grep -qiE 'page|lock|memory' "$work/target-err" && fail "it says: $(cat "$work/target-err")"
[ ! -s "$work/err" ] || fail "gomon complains: $(cat "$work/err")"

# As with the limit that is usual here.
mode=$(metric gc.mode)
start_target "$gort_demo" churn --seconds 200
usual=$("$gomon" -1 -p "$started_pid" | awk '$1 == "gc.mode" { print $2 }')
[ -n "$mode" ] && [ "$mode" = "$usual" ] || fail "gc.mode is $mode, not $usual"

(without_locks "$gomon" --dump -p "$target") >"$work/dump" 2>"$work/err" ||
    fail "no dump: $(cat "$work/err")"
grep -q 'churn' "$work/dump" || fail "no stacks: $(cat "$work/dump")"
exit 0
