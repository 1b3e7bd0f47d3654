#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# screen_time.sh - the way through time on the screen: back by steps, by a jump and to a mark while
# the target lives, and in a recording of it after its end, in every panel.
. "$(dirname "$0")/../support/e2e.sh"
need tmux
grep -q '^#define HAVE_SQLITE 1' "$top_builddir/config.h" || skip 'built without SQLite'

file=$work/r.gmr
start_target "$gort_demo" leak --seconds 300
target=$started_pid
screen_start 110 36 "LC_ALL=C.UTF-8 '$gomon' -w '$file' -p $target"
wait_screen 10 "\\[$target\\]  live .*rec"
wait_screen 20 'all [0-9]+'
tasks_now() { screen_text | sed -n 's/.* procs  *\([0-9]*\) tasks.*/\1/p' | head -n 1; }
has_grown() { [ "$(tasks_now)" -gt "${1:-0}" ] 2>/dev/null; }
wait_until 20 has_grown 30 || fail 'no tasks leak'

# Back: it is said, and the figures are those of then.
screen_keys 5 Left Left
wait_screen 5 'was live +PAST -[0-9]+s'
then=$(tasks_now)
screen_keys .
wait_until 5 eval '! screen_has PAST' || fail '. does not go back to now'
wait_until 20 has_grown "$((then + 10))" || fail 'the present stands still'
screen_keys b
wait_screen 5 'Go to the time'
screen_keys -l -- '-3'
screen_keys Enter
wait_screen 5 'PAST -[3-9]s'
for panel in 1 2 3 4 5 6 7; do
    screen_keys "$panel"
    wait_screen 5 'was live +PAST'
done
screen_keys D
wait_screen 5 'stacks are only those of now'
screen_keys Escape Escape
wait_until 5 eval '! screen_has PAST' || fail 'Esc does not go back to now'

# Two dumps, which go into the recording.
screen_keys D
wait_screen 20 'tasks in [0-9]+ groups of equal stacks'
screen_keys c
wait_screen 20 'most changed first'
screen_keys Escape

# Marks and the baseline.
screen_keys 1 m a
wait_screen 5 'compared with those of [0-9:]+'
wait_screen 10 'waiting +[0-9]+ \+[1-9]'
screen_keys "'"
wait_screen 5 'PAST -'
wait_screen 5 'waiting +[0-9]+ \+0'
screen_keys A . q
[ "$(wait_screen_end 5)" = 0 ] || fail 'q does not end it'

# The recording, in the same panels with the same keys.
kill -KILL "$target"
$e2e_tmux kill-server 2>/dev/null
rm "$work/screen-status"
screen_start 80 24 "LC_ALL=C.UTF-8 '$gomon' -r '$file'"
wait_screen 10 "\\[$target\\]  was live  REPLAY "
screen_keys Space
wait_screen 5 'REPLAY paused'
screen_keys .
wait_screen 5 'REPLAY paused .*[0-9]+-[0-9]+-[0-9]+ [0-9:]+'
screen_keys 5
wait_screen 5 'leak\.c:[0-9]+'
last=$(screen_text | head -n 1)
screen_keys T
wait_until 5 eval '[ "$(screen_text | head -n 1)" != "$last" ]' || fail 'T goes to no sample before'
screen_keys t
wait_until 5 eval '[ "$(screen_text | head -n 1)" = "$last" ]' || fail 't does not come back'
for panel in 1 2 3 4 6 7; do
    screen_keys "$panel"
    wait_screen 5 'REPLAY paused'
done
screen_keys D
wait_screen 5 'a recording is not dumped'
screen_keys . S
wait_screen 5 'tasks in [0-9]+ groups of equal stacks'
screen_keys c
wait_screen 5 'from [0-9:]+ to [0-9:]+, most changed first'
screen_keys Escape b
screen_keys -l -- '-1h'
screen_keys Enter S c
wait_screen 5 'no stacks from before these'
screen_keys q
[ "$(wait_screen_end 5)" = 0 ] || fail 'q does not end it'
exit 0
