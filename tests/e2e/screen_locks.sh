#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# screen_locks.sh - the panel of tasks says who holds the lock that a group waits for: live, after a
# deadlock has ended the program, and of the image that this leaves.
. "$(dirname "$0")/../support/e2e.sh"
need tmux

start_target "$gort_demo" contention --tasks 2000
screen_start 80 24 "LC_ALL=C.UTF-8 '$gomon' -p $started_pid"
wait_screen 10 "\\[$started_pid\\]  live"
screen_keys 5
wait_screen 20 'held by task [0-9]+ "hot"( \((sleep|running|runnable)\))?'
if grep -q '^#define HAVE_LIBDW 1' "$top_builddir/config.h"; then
    wait_screen 20 'held by task [0-9]+ "hot" \(sleep\) at .*contention\.c:[0-9]+'
fi
screen_keys '&' '"hot"'
wait_screen 5 'held by'
screen_keys Enter Space
wait_screen 5 "FROZEN|frozen"
same_when_redrawn || fail 'the screen is not what it should be'
screen_keys q
$e2e_tmux kill-server 2>/dev/null

# Each of the two waits for the other.
start_target "$gort_demo" deadlock --seconds 2
dead=$started_pid
screen_start 120 40 "LC_ALL=C.UTF-8 '$gomon' -p $dead"
screen_keys 5
wait_screen 20 'CRASHED'
crossed() {
    [ "$(screen_text | grep -cE 'held by task [0-9]+ \(sync\.Mutex\.Lock\)')" -eq 2 ]
}
wait_until 10 crossed || fail 'the two holders are not told'
screen_keys q
$e2e_tmux kill-server 2>/dev/null

screen_start 120 40 "LC_ALL=C.UTF-8 '$gomon' -p $dead"
wait_screen 10 'CRASHED'
screen_keys 5
wait_until 10 crossed || fail 'the image does not tell the two holders'
screen_keys q
exit 0
