#!/bin/sh
# SPDX-License-Identifier: MIT
# compare.sh PROGRAM... - runs benchmarks, each in turn with its twin in Go, as often as COUNT says,
# and prints the medians, how many times as fast as Go we are, and whether that reaches the goal.
#   BENCH=REGEX      which, as -bench (default: all)
#   BENCHTIME=T      as -benchtime (100ms)
#   GCTIME=T         the same for those of the collector, which are about whole cycles (2s)
#   COUNT=N          rounds (5)
#   GO=COMMAND...    the go command (go); without one ours run alone. Of several, each makes a
#                    column; the goals are for the first
#   CPU=LIST         as -cpu: a line for each number of procs
#   CROWD=N          other programs that compute at the same time, one after the other in each of N
#                    places (0): what the benchmarks of waking take on a busy machine; the goals are
#                    for a quiet one
#   PEERS=PROGRAM... the same benchmarks on other libraries, each a column of its name
# Only the ratios mean something, and only those of one run. What was printed by all is kept in
# tests/bench/ours.txt, go1.txt, go2.txt ..., NAME.txt of a peer below the working directory, for
# benchstat.
set -u

bench=${BENCH:-.}
benchtime=${BENCHTIME:-100ms}
gctime=${GCTIME:-2s}
count=${COUNT:-5}
here=$(cd "$(dirname "$0")" && pwd) || exit 99
out=$PWD/tests/bench
mkdir -p "$out" || exit 99
: >"$out/ours.txt"
rm -f "$out"/go[0-9]*.txt

# What follows the first '/' chooses sub-benchmarks, of both.
case $bench in
    */*) levels=/${bench#*/} ;;
    *) levels= ;;
esac

# build_twins COMMAND N: one program of all twins; it needs no network.
build_twins() {
    GOCACHE=${GOCACHE:-$out/gocache}
    GOTOOLCHAIN=local
    GOPROXY=off
    export GOCACHE GOTOOLCHAIN GOPROXY
    (cd "$here/go" && "$1" test -c -o "$out/twins$2" .)
}

# label COMMAND: the heading of its column, such as Go1.24.
label() {
    version=$("$1" env GOVERSION 2>/dev/null)
    case $version in
        go[0-9]*) echo "G${version#g}" | tr -d ' ' ;;
        *) echo Go ;;
    esac
}

# measure PROGRAM NAME: one benchmark of ours and its twins.
measure() {
    case $2 in
        BenchmarkGC*) time=$gctime ;;
        *) time=$benchtime ;;
    esac
    "$1" -bench "^$2\$$levels" -benchtime "$time" ${CPU:+-cpu "$CPU"} >>"$out/ours.txt" || status=1
    for n in $twins; do
        "$out/twins$n" -test.run '^$' -test.bench "^$2\$$levels" -test.benchtime "$time" \
            ${CPU:+-test.cpu "$CPU"} >>"$out/go$n.txt" || status=1
    done
    for peer in ${PEERS:-}; do
        "$peer" -bench "^$2\$$levels" -benchtime "$time" >>"$out/${peer##*/}.txt" || status=1
    done
}

crowd_in() {
    while :; do awk 'BEGIN { while (i < 500000) i++ }'; done
}

status=0
twins=
labels=
for go in ${GO:-go}; do
    command -v "$go" >/dev/null || continue
    n=$((${twins##* } + 1))
    build_twins "$go" "$n" || { echo "compare.sh: the twins in Go do not build" >&2; exit 1; }
    twins="$twins $n"
    labels="$labels $(label "$go")"
    : >"$out/go$n.txt"
done
for peer in ${PEERS:-}; do
    labels="$labels ${peer##*/}"
    : >"$out/${peer##*/}.txt"
done
# They ignore the interrupt from the terminal, and some shells leave without the trap for EXIT then.
trap 'exit 130' INT
trap 'exit 143' TERM HUP
crowd=
while [ "$(echo $crowd | wc -w)" -lt "${CROWD:-0}" ]; do
    crowd_in &
    crowd="$crowd $!"
done
# shellcheck disable=SC2064,SC2086 # the numbers of now, one word each
[ -z "$crowd" ] || trap "kill $crowd" EXIT

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

set -- "$out/ours.txt"
for n in $twins; do
    set -- "$@" "$out/go$n.txt"
done
for peer in ${PEERS:-}; do
    set -- "$@" "$out/${peer##*/}.txt"
done
grep -h 'FAIL: ' "$@"
[ -z "$twins" ] && echo "no go command: nothing to compare with; GO=path names one"
awk -v labels="$labels" -v by_cpu="${CPU:+1}" -f "$here/table.awk" "$here/goals" "$@" || status=1
exit $status
