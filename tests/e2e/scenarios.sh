#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# scenarios.sh - every scenario runs for its time and ends as it says.
. "$(dirname "$0")/../support/e2e.sh"

# runs STATUS SCENARIO OPTION...: it ends with that status, and says so on its first line.
runs() {
    local expected=$1 status
    shift
    timeout 60 "$gort_demo" "$@" >"$work/out" 2>"$work/err" </dev/null
    status=$?
    [ $status = "$expected" ] || fail "$*: status $status: $(tail -n 5 "$work/err")"
    grep -q "^gort-demo: $1 runs as process [0-9]* on [0-9]* procs" "$work/out" ||
        fail "$*: no first line"
}

runs 0 churn --seconds 2 --live 8M --garbage 64M
runs 0 contention --seconds 1 --tasks 2000
runs 0 idle --seconds 1
runs 0 leak --seconds 2 --task-rate 200 --leak 1M
runs 0 pipeline --seconds 1
for shape in steady sawtooth warmup wave step; do
    runs 0 service --seconds 2 --shape $shape --period 1 --leak-percent 2.5 --live 4M
done
runs 2 service --shape smooth
grep -q "there is no shape 'smooth'" "$work/err" || fail "service says: $(cat "$work/err")"
runs 0 sleepers --seconds 1 --tasks 20000
grep -q '20000 tasks sleep' "$work/out" || fail "sleepers says: $(cat "$work/out")"
runs 0 wedge --seconds 1
runs 2 deadlock --seconds 1
grep -q 'all tasks are asleep - deadlock!' "$work/err" || fail "deadlock says: $(cat "$work/err")"
grep -q 'move' "$work/err" || fail "deadlock shows no stack: $(cat "$work/err")"
