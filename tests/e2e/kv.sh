#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# kv.sh - gort-kv answers the tools of the protocol's home, holds what it was given under load, and
# ends cleanly.
. "$(dirname "$0")/../support/e2e.sh"
need redis-cli redis-benchmark

# redis-benchmark opens its next 50 connections before the last 50 are seen to be closed.
start_target "$gort_kv" --port 0 --max-clients 500
kv=$started_pid
log=$(output_of gort-kv "$kv")
wait_until 5 grep -q 'port [1-9]' "$log" || fail "no port: $(cat "$log")"
port=$(sed -n 's/.*port \([0-9]*\)$/\1/p' "$log")

# asks EXPECTED WORD...: redis-cli prints that.
asks() {
    local expected=$1 answer
    shift
    answer=$(timeout 10 redis-cli -p "$port" "$@" 2>&1)
    [ "$answer" = "$expected" ] || fail "$*: '$answer', not '$expected'"
}

# info NAME: one figure of INFO.
info() {
    timeout 10 redis-cli -p "$port" info | tr -d '\r' | sed -n "s/^$1://p"
}

asks PONG ping
asks OK set greeting "hello, world"
asks "hello, world" get greeting
asks 1 incr count
asks 2 incr count
asks OK mset a 1 b 2
asks $'1\n2' mget a b none
asks 4 dbsize
asks 2 del a b none
asks "ERR unknown command 'nonsense'" nonsense
printf 'PING\r\nGET greeting\r\nQUIT\r\n' | timeout 10 bash -c "exec 3<>/dev/tcp/127.0.0.1/$port
    cat >&3; cat <&3" | tr -d '\r' >"$work/plain"
printf '+PONG\n$12\nhello, world\n+OK\n' | cmp -s - "$work/plain" ||
    fail "plain lines: $(cat "$work/plain")"

# A text of 1 MiB, and one that is announced too large.
head -c 1048576 /dev/zero | tr '\0' 'v' >"$work/big"
asks OK -x set big <"$work/big"
[ "$(timeout 10 redis-cli -p "$port" get big | wc -c)" = 1048577 ] || fail "the big value changed"
printf '*2\r\n$3\r\nGET\r\n$9000000\r\n' | timeout 10 bash -c "exec 3<>/dev/tcp/127.0.0.1/$port
    cat >&3; cat <&3" | grep -q 'Protocol error: invalid bulk length' || fail "9 MB were taken"

timeout 100 redis-benchmark -p "$port" -t set,get,incr -r 100000 -n 200000 -c 50 -P 16 -q \
    >"$work/bench" 2>&1 || fail "redis-benchmark: $(tail -n 3 "$work/bench")"
! grep -iq error "$work/bench" || fail "redis-benchmark: $(grep -i error "$work/bench")"
[ "$(info tasks)" -lt 10 ] || fail "$(info tasks) tasks are left"
[ "$(info NumGC)" -ge 1 ] || fail "the load made no collection"
keys=$(info db0 | sed 's/keys=\([0-9]*\).*/\1/')
[ "$keys" -gt 50000 ] || fail "$keys keys after the load"

asks OK flushall
asks 0 dbsize

kill -TERM "$kv"
wait_until 5 is_gone "$kv" || fail "it does not end on SIGTERM"
wait "$kv"
status=$?
[ $status = 0 ] || fail "it ended with status $status: $(tail -n 3 "$log")"
