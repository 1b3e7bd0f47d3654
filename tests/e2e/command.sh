#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# command.sh - gomon -- COMMAND: a program that is started to be watched, and ends with gomon.
. "$(dirname "$0")/../support/e2e.sh"
need tmux pgrep

# A program of a name that nobody else has, found by the PATH.
name=c$$
cp "$gort_demo" "$work/$name"
PATH=$work:$PATH
export LC_ALL=C.UTF-8

# samples WORD...: as CSV, what the program prints beside it.
samples() {
    timeout 60 "$gomon" --csv -d 0.1 "$@" >"$work/csv" 2>"$work/err" </dev/null
}

is_none_left() {
    ! pgrep -x "$name" >"$work/left"
}

# Watched from its start on; it ends when gomon does.
samples -c 3 -- $name idle --seconds 100 || fail "status $?: $(cat "$work/err")"
[ "$(wc -l <"$work/csv")" = 4 ] || fail "no three samples: $(cat "$work/csv")"
grep -q "^gort-demo: idle runs as process" "$work/err" || fail 'what it prints is lost'
grep -q '^gort-demo:' "$work/csv" && fail 'what it prints is among the samples'
is_none_left || fail "it goes on: $(cat "$work/left")"

# It ends by itself: as any target that ends.
samples -- $name idle --seconds 1
[ $? = 6 ] || fail "another status than 6: $(cat "$work/err")"
grep -q ',exited,' "$work/csv" || fail "its end is not among the samples: $(cat "$work/csv")"

# Its words are its own, also those that look like options of gomon.
samples -- $name idle -c 3 --csv
[ $? = 3 ] || fail "another status than 3: $(cat "$work/err")"
grep -q "$name ended with status 2 before" "$work/err" || fail "it is not told: $(cat "$work/err")"

# What cannot be watched.
ends_with 3 'nonesuch does not run: No such file' -b -- nonesuch
ends_with 3 'true ended with status 0 before' -1 -- true
ends_with 3 'sh was ended by signal 9 before' -1 -- sh -c 'kill -9 $$'
ends_with 2 'nothing beside it' -p 1 -- true
ends_with 2 'nothing beside it' --follow -- true
ends_with 2 'on the screen, or by --batch' --list -- true
ends_with 2 'which process' -b --

# On the screen: what it prints goes where stderr goes, and it neither sees ^C nor outlives q.
screen_start 90 24 "'$gomon' -- '$work/$name' idle --seconds 100 2>'$work/printed'"
wait_screen 10 "$name\\[[0-9]+\\]  live"
grep -q 'idle runs as process' "$work/printed" || fail 'what it prints is lost'
pgrep -x "$name" >/dev/null || fail 'it does not run'
screen_keys q
[ "$(wait_screen_end 10)" = 0 ] || fail 'gomon does not end well'
is_none_left || fail "it goes on: $(cat "$work/left")"

# It goes on if gomon is killed: nothing that gomon does ends a program that others may need.
"$gomon" --csv -- $name idle --seconds 100 >"$work/csv" 2>"$work/err" &
watcher=$!
e2e_pids+=("$watcher")
wait_until 10 grep -q ',live,' "$work/csv" || fail "no sample: $(cat "$work/err")"
kill -KILL "$watcher"
wait_until 5 is_gone "$watcher" || fail 'gomon does not end'
left=$(pgrep -x "$name") || fail 'it ended with gomon, which was killed'
kill -KILL "$left"
exit 0
