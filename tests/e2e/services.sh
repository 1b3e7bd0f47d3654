#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# services.sh - gort-services starts in order, answers, stops in reverse on a signal, and ends by
# itself when one of its services falls silent.
. "$(dirname "$0")/../support/e2e.sh"
services=$top_builddir/gort-services

# ends STATUS PID: it ends, with that status.
ends() {
    local status
    wait_until 20 is_gone "$2" || fail "it does not end: $(cat "$log")"
    wait "$2"
    status=$?
    [ $status = "$1" ] || fail "status $status: $(cat "$log")"
}

# tells LINE...: what it printed, without the line of its port and the names before each line.
tells() {
    sed -e '/: process /d' -e 's/^gort-services: //' "$log" >"$work/told"
    printf '%s\n' "$@" | cmp -s - "$work/told" || fail "it tells: $(cat "$work/told")"
}

start=("store starts" "store is ready" "web starts" "web is ready" "janitor starts")
stop=("janitor shall stop" "janitor has ended" "web shall stop" "web has ended" "store shall stop"
    "store has ended")

for signal in TERM INT; do
    # A shell has its background jobs ignore SIGINT; a program that asks for it gets it.
    start "$services" --port 0 --beat-ms 30000
    log=$(output_of gort-services "$started_pid")
    wait_until 10 grep -q 'janitor starts' "$log" || fail "not up: $(cat "$log")"
    port=$(sed -n 's/.*port \([0-9]*\)$/\1/p' "$log")
    for expected in 0 1 2; do
        answer=$(timeout 10 cat <"/dev/tcp/127.0.0.1/$port")
        [ "$answer" = $expected ] || fail "answer '$answer', not $expected"
    done
    kill -$signal "$started_pid"
    ends 0 "$started_pid"
    tells "${start[@]}" "${stop[@]}" "ended: success"
done

start "$services" --port 0 --beat-ms 200 --silent-after 2
log=$(output_of gort-services "$started_pid")
ends 1 "$started_pid"
grep -q 'janitor has missed its heartbeat' "$log" || fail "no word of it: $(cat "$log")"
tail -n 1 "$log" | grep -q '^gort-services: ended: deadline passed' ||
    fail "at the end: $(tail -n 1 "$log")"

# One whose port is taken fails, and ends them all.
start "$services" --port 0 --beat-ms 30000
log=$(output_of gort-services "$started_pid")
wait_until 10 grep -q 'port [1-9]' "$log" || fail "not up: $(cat "$log")"
port=$(sed -n 's/.*port \([0-9]*\)$/\1/p' "$log")
start "$services" --port "$port" --beat-ms 30000
log=$(output_of gort-services "$started_pid")
ends 1 "$started_pid"
grep -q 'web has ended: ' "$log" || fail "it says: $(cat "$log")"
