#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# watched.sh PROGRAM BENCHMARK ITERATIONS [ROUNDS] - what it costs a program to be watched: the
# processor time of one operation without a page, with one, with a gomon at 10 Hz, and with eight.
# Each round (30) runs the program once each way, in an order that turns, and compares each with the
# way without a page; then the median of these ratios is printed, in percent, and the interval
# that has it with a probability of 95 %. The program has one proc and one processor, gomon
# the others. ITERATIONS should take some seconds. Prints the processor time of gomon, too.
#   GOMON=PATH   the gomon to watch with (./gomon)
#   KEYS=KEYS    what is pressed in each gomon at its start, such as 5 for the panel of tasks
set -um # each job is a group of processes, ended together

[ $# -ge 3 ] || { sed -n 's/^# //p' "$0" | sed -n 2,4p >&2; exit 2; }
program=$1 benchmark=$2 iterations=$3 rounds=${4:-30}
gomon=$(realpath "${GOMON:-./gomon}") || exit 99
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
command -v taskset >/dev/null && [ "$(nproc)" -gt 1 ] || {
    echo "watched.sh: needs two processors, and taskset" >&2
    exit 77
}

# child_of PID: the program that it runs, as soon as it does.
child_of() {
    until pgrep -P "$1"; do kill -0 "$1" 2>/dev/null || return; done
}

# watch PID N: N gomons on as many terminals.
watch() {
    local i command="$gomon --config /dev/null --wait -d 0.1 -p $1"
    for ((i = 0; i < $2; i++)); do
        { sleep 0.3; printf '%s' "${KEYS:-}"; sleep 1000; } |
            TERM=xterm-256color taskset -c 1 script -qec \
                "stty rows 50 cols 200; exec $command" /dev/null >/dev/null 2>&1 &
    done
}

# run WAY: one run; appends the target's processor time to the file WAY.
run() {
    local page=on watchers=0 group pid status
    case $1 in
        off) page=off ;;
        one) watchers=1 ;;
        eight) watchers=8 ;;
    esac
    TIMEFORMAT='%3U %3S'
    { time GORT_MONITOR=$page GORT_MAXPROCS=1 taskset -c 0 "$program" \
        -bench "^Benchmark$benchmark\$" -benchtime "${iterations}x" >"$work/out" 2>&1; } \
        2>"$work/time" &
    pid=$!
    watch "$(child_of $pid)" $watchers
    wait $pid
    status=$?
    for group in $(jobs -p); do kill -- -"$group" 2>/dev/null; done
    wait 2>/dev/null
    [ $status = 0 ] && grep -q "^Benchmark" "$work/out" || {
        echo "watched.sh: $program has failed, or knows no such benchmark:" >&2
        cat "$work/out" >&2
        exit 1
    }
    awk '{ print $1 + $2 }' "$work/time" >>"$work/$1"
}

ways=(off page one eight)
for ((round = 0; round < rounds; round++)); do
    for ((i = 0; i < 4; i++)); do
        run "${ways[(round + i) % 4]}"
    done
done

# The interval: from the k-th least to the k-th greatest, k by the normal approximation of the
# signs.
for way in off page one eight; do
    paste "$work/off" "$work/$way" | awk '{ print ($2 / $1 - 1) * 100, $2 }' | sort -n |
        awk -v way=$way -v iterations="$iterations" '
            { ratio[NR] = $1; sum += $2 }
            END {
                k = int(NR / 2 - 0.98 * sqrt(NR))
                if (k < 1) k = 1
                median = (ratio[int((NR + 1) / 2)] + ratio[int(NR / 2) + 1]) / 2
                printf "%-6s %10.2f ns/op %+7.2f %%  (%+.2f to %+.2f)\n", way,
                    sum / NR / iterations * 1e9, median, ratio[k], ratio[NR + 1 - k]
            }'
done
