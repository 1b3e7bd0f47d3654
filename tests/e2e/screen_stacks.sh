#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# screen_stacks.sh - D shows every task's stack, in groups with file and line, within a second; the
# viewer searches, folds, filters, compares and saves. Two gomons on one target both get their dump.
. "$(dirname "$0")/../support/e2e.sh"
need tmux
first=$e2e_tmux
second="tmux -L gomon-$e2e_name-second-$$ -f /dev/null"
trap '$first kill-server 2>/dev/null; $second kill-server 2>/dev/null; e2e_end' EXIT

start_target "$gort_demo" contention --tasks 10000
target=$started_pid
mkdir "$work/a"
screen_start 110 40 "cd '$work/a' && LC_ALL=C.UTF-8 '$gomon' -p $target"
wait_screen 10 "\\[$target\\]  live"
wait_screen 20 '10 [0-9]{3} tasks'

screen_keys D
wait_screen 20 '10 [0-9]{3} tasks in [0-9]+ groups of equal stacks'
wait_screen 20 'contention\.c:[0-9]+'
wait_screen 20 'spawned by'

# Folding shows one line a group.
screen_keys z
wait_until 20 eval '! screen_has "spawned by"' || fail 'z folds nothing'
wait_screen 20 'contention\.c:[0-9]+'
screen_keys z
wait_screen 20 'spawned by'

# On a narrow screen the ends of lines are to the right, and come back to the left.
screen_resize 50 24
wait_until 20 eval '! screen_has "1 Overview"' || fail 'the screen does not follow'
wait_screen 20 'gort_mutex_lock|gort_sleep'
screen_keys Right
wait_until 20 eval '! screen_has "gort_mutex_lock|gort_sleep"' || fail 'nothing moves to the left'
wait_screen 20 '/(contention|mutex|sleep|demo)\.c:[0-9]+'
screen_keys Left
wait_screen 20 'gort_mutex_lock|gort_sleep'
screen_resize 110 40
wait_screen 20 'spawned by'

# Searching brings the cursor to the text; filtering hides the other groups.
screen_keys / fight_for Enter
wait_screen 20 'fight_for'
screen_keys '&' share_the_cool
wait_screen 20 'only groups that hold "share_the_cool"'
wait_until 20 eval '! screen_has fight_for' || fail 'the filter shows other groups'
screen_keys Enter
wait_screen 20 'q quit|Esc back'

# Parts of the screen have been written over many times: it must still be what gomon thinks.
same_when_redrawn || fail 'the screen is not what it should be'
screen_keys Escape

# The file has all of it, and an old file is left alone.
screen_keys w
wait_screen 20 "Save .*: gomon-$target.stacks"
screen_keys Enter
wait_screen 20 'saved to'
file=$work/a/gomon-$target.stacks
grep -q 'contention\.c:[0-9]' "$file" || fail 'the file has no lines of source'
tasks=$(awk '/^#[0-9]+ / { n += $2 } END { print n }' "$file")
[ "$tasks" -ge 10000 ] || fail "the file has $tasks tasks"
screen_keys w Enter
wait_screen 20 'it is there already'

# The name chooses the form; where nothing can be written, one line says why.
folded=$work/a/stacks.folded
screen_keys w C-u stacks.folded Enter
wait_screen 20 'saved to stacks\.folded'
tasks=$(awk '{ n += $NF } END { print n }' "$folded")
[ "$tasks" -ge 10000 ] || fail "the folded stacks have $tasks tasks: $(head -n 3 "$folded")"
grep -qE '^[^ ;]+(;[^;]+)+;\[[a-zA-Z. ]+\] [0-9]+$' "$folded" ||
    fail "no stack: $(head -n 3 "$folded")"
screen_keys w C-u /proc/stacks.json Enter
wait_screen 20 '/proc/stacks.json: [A-Z]'

# Another dump is compared with this one; what has changed is turned over to all groups and back,
# and is saved as it is shown.
screen_keys c
wait_screen 20 'most changed first'
wait_screen 20 'tasks, not 10 [0-9]{3}|; 10 [0-9]{3} tasks$'
wait_screen 20 '[+-][0-9]+  '
screen_keys C
wait_screen 20 '10 [0-9]{3} tasks in [0-9]+ groups of equal stacks'
screen_keys C
wait_screen 20 'most changed first'
difference=$work/a/difference.folded
screen_keys w C-u difference.folded Enter
wait_screen 20 'saved to difference\.folded'
before=$(awk '{ n += $(NF - 1) } END { print n }' "$difference")
[ "$before" -ge 10000 ] || fail "$before tasks before: $(head -n 3 "$difference")"
screen_keys D
wait_screen 20 '10 [0-9]{3} tasks in [0-9]+ groups of equal stacks'

# Another one at the same time.
e2e_tmux=$second
screen_start 110 40 "LC_ALL=C.UTF-8 '$gomon' -p $target"
wait_screen 10 "\\[$target\\]  live"
$first send-keys D
screen_keys D
wait_screen 20 '10 [0-9]{3} tasks in [0-9]+ groups'
screen_keys Escape
wait_screen 20 'HEAP'
screen_keys q
e2e_tmux=$first
wait_screen 20 '10 [0-9]{3} tasks in [0-9]+ groups'
screen_keys q
kill -0 "$target" || fail 'the target did not survive'
exit 0
