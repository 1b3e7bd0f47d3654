#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# screen_death.sh - a target that is stopped, goes on, and is killed: the screen says so within
# seconds and keeps the last picture. Then gomon's own ends: a lost terminal, a fatal signal.
. "$(dirname "$0")/../support/e2e.sh"
need tmux

start_target "$top_builddir/tests/support/fake_target" 120 300
target=$started_pid
screen_start 100 30 "env LC_ALL=C.UTF-8 '$gomon' -p $target"
wait_screen 10 "\\[$target\\]  live"

kill -STOP "$target"
wait_screen 4 'STOPPED'
screen_has "\\[$target\\]  live" && fail 'a stopped target is shown as live'
kill -CONT "$target"
wait_screen 4 "\\[$target\\]  live"

kill -KILL "$target"
wait_screen 2 'KILLED'
wait_screen 2 'without a word'
screen_has 'HEAP .* alloc +[0-9.]+M' || fail 'the last picture is gone'
screen_keys 5
wait_screen 3 'SPAWNED AT'
screen_keys D
wait_screen 3 'the target has ended'
screen_keys q
[ "$(wait_screen_end 5)" = 0 ] || fail "it ends with $(cat "$work/screen-status")"
$e2e_tmux kill-server

# Samples that are far apart: what happens to the target, and a message, do not wait for the next.
start_target "$top_builddir/tests/support/fake_target" 120 300
target=$started_pid
rm -f "$work/screen-status"
screen_start 100 30 "env LC_ALL=C.UTF-8 '$gomon' -d 600 -p $target"
wait_screen 10 "\\[$target\\]  live"
kill -STOP "$target"
wait_screen 10 'STOPPED'
kill -CONT "$target"
wait_screen 10 "\\[$target\\]  live"
tasks=$(screen_text | grep -oE '[0-9 ]+ tasks' | head -n 1)
thawed() {
    screen_keys Space Space
    ! screen_text | head -n 1 | grep -qF -e "$tasks"
}
wait_until 20 thawed || fail 'what was frozen stays as it was when it goes on'
kill -KILL "$target"
wait_screen 10 'KILLED'
screen_keys D
wait_screen 10 'the target has ended'
wait_until 20 eval '! screen_has "the target has ended"' || fail 'a message stays'

# Started again, it is named as long as it runs.
start_target "$top_builddir/tests/support/fake_target" 120 300
wait_screen 15 "it runs again: gomon -p $started_pid"
kill -KILL "$started_pid"
wait_until 15 eval '! screen_has "it runs again"' || fail 'what runs again is named after its end'
screen_keys q
wait_screen_end 5 >/dev/null
$e2e_tmux kill-server

# A terminal that goes away takes gomon with it.
start_target "$top_builddir/tests/support/fake_target" 120 300
target=$started_pid
rm -f "$work/screen-status"
screen_start 80 24 "sh -c 'echo \$\$ >$work/pid; LC_ALL=C.UTF-8 exec $gomon -p $target'"
wait_screen 10 "\\[$target\\]  live"
gomon_pid=$(cat "$work/pid")
$e2e_tmux kill-server
wait_until 5 is_gone "$gomon_pid" || fail 'gomon outlives its terminal'

# A fatal signal leaves a terminal that can be used.
run="LC_ALL=C.UTF-8 exec $gomon -p $target"
screen_start 80 24 "sh -c 'echo \$\$ >$work/pid; $run'; stty -a >$work/modes"
wait_screen 10 "\\[$target\\]  live"
kill -SEGV "$(cat "$work/pid")"
wait_until 5 test -s "$work/modes" || fail 'a fatal signal does not end it'
grep -q -- '-icanon' "$work/modes" && fail 'a fatal signal leaves the terminal raw'
kill -0 "$target" || fail 'the target did not survive'
exit 0
