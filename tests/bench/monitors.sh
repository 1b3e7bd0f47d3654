#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# monitors.sh [SECONDS] - what it costs to leave a monitor open: gomon on a target beside htop and
# btop, all at once, each on a terminal of 200x50, drawing once a second. Prints for each the
# processor time in percent of one processor, the bytes a second that it sends to the terminal, and
# its anonymous memory. A monitor that is not installed is left out; SECONDS is 60. In the first
# quarter of an hour of a target gomon writes more: its plots grow.
#   GOMON=PATH  the gomon (./gomon)
#   TARGET=PID  a program that runs already, in the place of ./gort-demo pipeline
set -um

seconds=${1:-60}
gomon=$(realpath "${GOMON:-./gomon}") || exit 99
work=$(mktemp -d) || exit 99
trap 'for group in $(jobs -p); do kill -- -"$group" 2>/dev/null; done; rm -rf "$work"' EXIT
names=()

# field PID NAME: a figure in kilobytes from /proc/PID/status.
field() {
    awk -v name="$2:" '$1 == name { print $2 }' "/proc/$1/status"
}

cpu_ns() {
    cat /proc/"$1"/task/*/schedstat | awk '{ sum += $1 } END { printf "%.0f\n", sum }'
}

# open NAME COMMAND: on a terminal of its own; what it writes there goes to a file.
open() {
    command -v "${2%% *}" >/dev/null || return
    sleep 100000 | TERM=xterm-256color XDG_CONFIG_HOME=$work script -qefc \
        "stty rows 50 cols 200; echo \$\$ >$work/$1.pid; exec $2" "$work/$1.out" >/dev/null 2>&1 &
    names+=("$1")
}

target=${TARGET:-}
if [ -z "$target" ]; then
    ./gort-demo pipeline >/dev/null 2>&1 &
    target=$!
fi
mkdir -p "$work/btop"
echo 'update_ms = 1000' >"$work/btop/btop.conf"
open gomon "$gomon --config /dev/null --wait -d 1 -p $target"
open htop 'htop -d 10'
open btop 'btop'
sleep 5 # until they have drawn what is drawn once

declare -A pid cpu bytes
for name in "${names[@]}"; do
    pid[$name]=$(cat "$work/$name.pid")
    cpu[$name]=$(cpu_ns "${pid[$name]}")
    bytes[$name]=$(stat -c %s "$work/$name.out")
done
sleep "$seconds"
printf '%-8s %8s %12s %10s\n' '' 'cpu' 'terminal' 'memory'
for name in "${names[@]}"; do
    awk -v name="$name" -v seconds="$seconds" -v kb="$(field "${pid[$name]}" RssAnon)" \
        -v cpu=$(($(cpu_ns "${pid[$name]}") - cpu[$name])) \
        -v bytes=$(($(stat -c %s "$work/$name.out") - bytes[$name])) 'BEGIN {
            printf "%-8s %7.3f%% %8.0f B/s %7.1f MB\n", name, cpu / seconds / 1e7, bytes / seconds,
                kb / 1024
        }'
done
