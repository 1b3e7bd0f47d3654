#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# screen_changed.sh - what has changed: a program that begins to leak is found by its figures and by
# the line that spawns the tasks, as a plot, against a baseline, and in a recording of it.
. "$(dirname "$0")/../support/e2e.sh"
need tmux

recorder=()
grep -q '^#define HAVE_SQLITE 1' "$top_builddir/config.h" && recorder=(-w "$work/r.gmr")
start_target "$gort_demo" leak --seconds 600
target=$started_pid
screen_start 110 36 "LC_ALL=C.UTF-8 '$gomon' ${recorder[*]} -p $target"
wait_screen 20 "\\[$target\\]  live"
screen_keys c
wait_screen 60 '^WHAT .* SCORE .* COURSE'
wait_screen 60 '^tasks\.total +\+[1-9]'

# The line that spawns the tasks is one of the figures; Enter plots it.
screen_keys '&' 'chan rec' Enter
wait_screen 120 'up ([5-9][0-9]s|[1-9])' # since when they are counted often enough for both times
wait_screen 60 '^chan receive  ask_peer leak\.c:[0-9]+ +\+[0-9]'
screen_keys Enter
wait_screen 20 'moved by -?[0-9.]+ of its usual deviations'
wait_screen 20 'tasks of this spawn site'
screen_keys Escape
wait_screen 20 SCORE
screen_keys Escape
wait_screen 20 '^tasks\.total'

# Against a baseline: of now there is nothing to say, later there is.
screen_keys a
wait_screen 20 'compared with those of [0-9:]+'
wait_screen 60 'against [0-9:]+ to [0-9:]+, the baseline'
wait_screen 60 '^tasks\.total +\+[1-9]'
screen_keys A c
wait_screen 20 'HEAP'
screen_keys q
[ "$(wait_screen_end 20)" = 0 ] || fail 'q does not end it'
[ ${#recorder[@]} -gt 0 ] || exit 0

# In the recording the same is found.
kill -KILL "$target"
wait "$target" 2>/dev/null # so that the shell does not report it
$e2e_tmux kill-server 2>/dev/null
rm "$work/screen-status"
screen_start 110 36 "LC_ALL=C.UTF-8 '$gomon' -r '$work/r.gmr'"
wait_screen 20 "\\[$target\\]  was live  REPLAY "
screen_keys Space .
wait_screen 20 'REPLAY paused'
screen_keys c
wait_screen 20 '^tasks\.total +\+[1-9]'
screen_keys q
[ "$(wait_screen_end 20)" = 0 ] || fail 'q does not end it'
