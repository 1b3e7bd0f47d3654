#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# batch.sh - gomon without a screen, on a live target: what it prints, and what it ends with, when
# the target is there, is not, has no page, is stopped, ends, has ended, or is another user's.
. "$(dirname "$0")/../support/e2e.sh"

json=yes
grep -q '^#define HAVE_JANSSON 1' "$top_builddir/config.h" || json=no

# A live target.
start_target "$gort_demo" idle --seconds 120
target=$started_pid
sees_tasks() { "$gomon" -1 -p "$target" 2>/dev/null | grep -qE '^tasks.total +[1-9]'; }
wait_until 10 sees_tasks || fail "no tasks: $("$gomon" -1 -p "$target" 2>&1)"
ends_with 0 "^ *$target .* live .* gort-demo" -l
ends_with 0 '^process.rss +[1-9]' -1 -p "$target"
ends_with 0 '^time +state +alloc' -b -c 2 -d 0.1 "$target"
[ "$(grep -cE '^[0-9:]+ +live ' "$work/out")" = 2 ] || fail "not two samples: $(cat "$work/out")"
if [ $json = yes ]; then
    ends_with 0 "^\{\"schema\":1,.*\"pid\":$target,.*\"state\":\"live\",\"gap_ns\":0" \
        -1 -j "$target"
    ends_with 0 "\"pid\":$target,.*\"live\":true" -l -j
    start_target "$gort_demo" pipeline
    has_waits() {
        "$gomon" -1 -j "$started_pid" | grep -qE '"sched.latency":\[\[[0-9]+,[0-9]+,[0-9]+\]'
    }
    wait_until 20 has_waits || fail "no histogram: $("$gomon" -1 -j "$started_pid")"
    kill -KILL "$started_pid"
fi

# A reader that goes away ends it, and so does a full disk.
timeout 30 "$gomon" -b -d 0.1 -p "$target" | head -n 1 >"$work/out"
grep -q '^time' "$work/out" || fail "no first line: $(cat "$work/out")"
timeout 30 "$gomon" -1 -p "$target" >/dev/full 2>"$work/err"
[ $? = 1 ] || fail 'a full disk is not told'
grep -q 'standard output' "$work/err" || fail "a full disk is not named: $(cat "$work/err")"

# Not to be had.
ends_with 2 'no option' --frobnicate
ends_with 2 'which process' -b
ends_with 3 'no process 999999999' -1 -p 999999999
ends_with 3 "no process $((target + (1 << 32)))" -1 $((target + (1 << 32)))
ends_with 3 'no target is called' -1 no-such-program
start tail -f /dev/null
ends_with 3 'has no page: it does not use libgort' -1 -p "$started_pid"
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
    cp "$gomon" "$work/gomon"
    chmod 755 "$work" "$work/gomon"
    setpriv --reuid=65534 --clear-groups "$work/gomon" -1 -p "$target" 2>"$work/err"
    status=$?
    [ $status = 4 ] || fail "of another user: status $status, $(cat "$work/err")"
    grep -q "another user's" "$work/err" || fail "of another user: $(cat "$work/err")"
fi

# Stopped, and going on.
"$gomon" -b -d 0.2 -p "$target" >"$work/samples" 2>"$work/end" &
watcher=$!
e2e_pids+=("$watcher")
wait_until 10 grep -qE '^[0-9:]+ +live ' "$work/samples" || fail 'no sample'
kill -STOP "$target"
wait_until 2 grep -q ' stopped ' "$work/samples" || fail 'a stopped target is not told within 2 s'
kill -CONT "$target"
lines=$(wc -l <"$work/samples")
is_live_again() { tail -n "+$((lines + 1))" "$work/samples" | grep -qE '^[0-9:]+ +live '; }
wait_until 5 is_live_again || fail 'it does not go on'

# Killed: told at once, with its status; then there is its image.
kill -KILL "$target"
wait_until 2 is_gone "$watcher" || fail 'its end is not told within 2 s'
wait "$watcher"
[ $? = 6 ] || fail 'the end of the target has another status than 6'
grep -q "process $target (gort-demo): killed" "$work/end" || fail "it says: $(cat "$work/end")"
grep -E '^[0-9]' "$work/samples" | tail -n 1 | grep -q ' killed ' ||
    fail 'its last sample is not of the end'
tail -n 1 "$work/samples" | grep -q '^! .* ended: the program was killed' ||
    fail 'its last line is not the alert of the end'
if [ -d "/dev/shm/gomon-$(id -u)" ]; then
    ends_with 0 "^ *$target .* dead .* gort-demo" -l
    ends_with 0 '^tasks.total +[1-9]' -1 -p "$target"
    ends_with 3 'its stacks are gone' --dump -p "$target"
fi

# One that ends by itself is told apart from one that is killed.
start_target "$gort_demo" idle --seconds 2
target=$started_pid
ends_with 6 "process $target \\(gort-demo\\): exited" -b -d 0.2 -p "$target"
exit 0
