#!/bin/sh
# SPDX-License-Identifier: MIT
# compare.sh PROGRAM... - runs benchmarks, each in turn with its twin in Go, as often as COUNT says,
# and prints the medians, how many times as fast as Go we are, and whether that reaches the goal.
#   BENCH=REGEX      which, as -bench (default: all)
#   BENCHTIME=T      as -benchtime (100ms)
#   COUNT=N          rounds (5)
#   GO=COMMAND       the go command (go); without one ours run alone
# Only the ratios mean something, and only those of one run. What was printed by both is kept in
# tests/bench/ours.txt and tests/bench/go.txt below the working directory, for benchstat.
set -u

bench=${BENCH:-.}
benchtime=${BENCHTIME:-100ms}
count=${COUNT:-5}
go=${GO:-go}
here=$(cd "$(dirname "$0")" && pwd) || exit 99
out=$PWD/tests/bench
mkdir -p "$out" || exit 99
: >"$out/ours.txt"
: >"$out/go.txt"

# What follows the first '/' chooses sub-benchmarks, of both.
case $bench in
    */*) levels=/${bench#*/} ;;
    *) levels= ;;
esac

# build_twins: one program of all twins; it needs no network.
build_twins() {
    GOCACHE=${GOCACHE:-$out/gocache}
    GOTOOLCHAIN=local
    GOPROXY=off
    export GOCACHE GOTOOLCHAIN GOPROXY
    (cd "$here/go" && "$go" test -c -o "$out/twins" .)
}

# measure PROGRAM NAME: one benchmark of ours and its twin.
measure() {
    "$1" -bench "^$2\$$levels" -benchtime "$benchtime" >>"$out/ours.txt" || status=1
    [ -z "$twins" ] || "$twins" -test.run '^$' -test.bench "^$2\$$levels" \
        -test.benchtime "$benchtime" >>"$out/go.txt" || status=1
}

status=0
twins=
if command -v "$go" >/dev/null; then
    build_twins || { echo "compare.sh: the twins in Go do not build" >&2; exit 1; }
    twins=$out/twins
fi
round=0
while [ $round -lt "$count" ]; do
    round=$((round + 1))
    echo "round $round of $count" >&2
    for program in "$@"; do
        names=$("$program" -list -bench "$bench") || exit 2
        for name in $names; do
            measure "$program" "$name"
        done
    done
done

grep -h 'FAIL: ' "$out/ours.txt" "$out/go.txt"
[ -z "$twins" ] && echo "no go command: nothing to compare with; GO=path names one"
awk -f "$here/table.awk" "$here/goals" "$out/ours.txt" "$out/go.txt" || status=1
exit $status
