#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# follow.sh - targets that are not there yet (--wait), that end and come again (--follow), or that
# gomon runs itself (--demo).
. "$(dirname "$0")/../support/e2e.sh"
need tmux pgrep

# A program of a name that nobody else has.
name=d$$
cp "$gort_demo" "$work/$name"

# --wait, by name.
"$gomon" --wait --csv -d 0.1 "$name" >"$work/csv" 2>"$work/err" &
watcher=$!
e2e_pids+=("$watcher")
wait_until 5 grep -q "waiting for $name" "$work/err" || fail "it does not say that it waits"
[ ! -s "$work/csv" ] || fail "it shows what is not there: $(cat "$work/csv")"
start_target "$work/$name" idle --seconds 100
first=$started_pid
wait_until 10 grep -q ",$first,$name,live," "$work/csv" ||
    fail "it does not come: $(cat "$work/err")"
kill -KILL "$watcher"

# --wait, by the pid of a process that never shows a page, and of none.
start tail -f /dev/null
"$gomon" --wait -1 -p "$started_pid" >/dev/null 2>"$work/err" &
watcher=$!
e2e_pids+=("$watcher")
wait_until 5 grep -q 'waiting for' "$work/err" || fail 'it does not wait for a page'
kill -KILL "$started_pid"
wait_until 5 is_gone "$watcher" || fail 'it waits for the page of a process that has ended'
wait "$watcher"
[ $? = 3 ] || fail "it ends with another status than 3: $(cat "$work/err")"
timeout 10 "$gomon" --wait -1 -p 999999999 2>/dev/null
[ $? = 3 ] || fail 'it waits for a pid that no process has'

# --follow without a screen.
"$gomon" --follow --csv -d 0.1 "$name" >"$work/followed" 2>"$work/said" &
watcher=$!
e2e_pids+=("$watcher")
wait_until 10 grep -q ",$first,$name,live," "$work/followed" ||
    fail "no sample: $(cat "$work/said")"
kill -KILL "$first"
wait_until 5 grep -q "$first ($name): killed; waiting for the next" "$work/said" ||
    fail "it does not say that it ended: $(cat "$work/said")"
start_target "$work/$name" idle --seconds 100
second=$started_pid
wait_until 10 grep -q ",$second,$name,live," "$work/followed" || fail 'it does not go on'
[ "$(grep -c '^time,' "$work/followed")" = 1 ] || fail 'the same titles a second time'
kill -KILL "$watcher"

# --follow on the screen, where the panel stays open.
screen_start 90 24 "env LC_ALL=C.UTF-8 '$gomon' --follow '$name'"
wait_screen 10 "$name\\[$second\\]  live"
screen_keys 7
wait_screen 5 'heap\.total_alloc'
kill -KILL "$second"
wait_screen 5 'KILLED'
start_target "$work/$name" idle --seconds 100
third=$started_pid
wait_screen 10 "$name\\[$third\\]  live"
wait_screen 5 'heap\.total_alloc'
screen_keys q
[ "$(wait_screen_end 5)" = 0 ] || fail "it ends with $(cat "$work/screen-status")"
$e2e_tmux kill-server
rm -f "$work/screen-status"

# --follow in the table, where two of the same name end, and start anew in a row each; a third row
# waits for a page.
start_target "$work/$name" idle --seconds 100
one=$started_pid
start_target "$work/$name" idle --seconds 100
two=$started_pid
start tail -f /dev/null
screen_start 120 24 "env LC_ALL=C.UTF-8 '$gomon' --follow -p $one,$two,$started_pid"
wait_screen 10 '3 targets  2 live  1 waited for'
wait_screen 5 "$started_pid waits for its page"
kill -KILL "$one" "$two"
wait_screen 10 '3 targets  0 live  3 waited for'
wait_screen 5 "^ *$one .* KILLED [0-9]+s waits "
kill -KILL "$started_pid"
wait_screen 10 '2 waited for  1 over'
start_target "$work/$name" idle --seconds 100
one=$started_pid
start_target "$work/$name" idle --seconds 100
two=$started_pid
wait_screen 10 "^ *$one $name .* live "
wait_screen 10 "^ *$two $name .* live "
wait_screen 5 '3 targets  2 live  1 over'
screen_keys q
[ "$(wait_screen_end 5)" = 0 ] || fail "it ends with $(cat "$work/screen-status")"
$e2e_tmux kill-server
rm -f "$work/screen-status"

# --wait in the table: one has ended, another was never there, or nothing will come.
kill -KILL "$one" "$two" "$third"
for pid in "$one" "$two" "$third"; do
    wait_until 5 is_gone "$pid" || fail 'it cannot be killed'
done
screen_start 120 24 "env LC_ALL=C.UTF-8 '$gomon' --wait -p w$name,$name"
wait_screen 10 '2 targets  0 live  2 waited for'
wait_screen 5 "waits for it to start: nothing that runs is called \"$name\""
wait_screen 5 "waits for it to start: no target is called \"w$name\""
cp "$gort_demo" "$work/w$name"
start_target "$work/w$name" idle --seconds 100
wait_screen 10 "^ *$started_pid w$name .* live "
wait_screen 5 '2 targets  1 live  1 waited for'
screen_keys q
[ "$(wait_screen_end 5)" = 0 ] || fail "it ends with $(cat "$work/screen-status")"
$e2e_tmux kill-server
rm -f "$work/screen-status"
screen_start 120 24 "env LC_ALL=C.UTF-8 '$gomon' --wait --follow -p 999999998,999999999"
[ "$(wait_screen_end 10)" = 3 ] || fail "it waits for nothing: $(cat "$work/screen-status")"
$e2e_tmux kill-server
rm -f "$work/screen-status"

# Several without a screen: what is not there yet is waited for, and of each that ends the next one.
followed() { # PID NAME: there is a sample of it
    wait_until 15 grep -qE "^[^,]*,$1,$2,live," "$work/several" ||
        fail "no sample of $2: $(tail -n 3 "$work/several") $(cat "$work/said")"
}
kill -KILL "$started_pid"
start_target "$work/$name" idle --seconds 100
one=$started_pid
"$gomon" --wait --follow --csv -d 0.2 -p "$one,z$name" >"$work/several" 2>"$work/said" &
watcher=$!
e2e_pids+=("$watcher")
wait_until 5 grep -q "is called \"z$name\".*; waiting for it" "$work/said" ||
    fail "it does not say that it waits: $(cat "$work/said")"
followed "$one" "$name"
kill -KILL "$one"
wait_until 5 grep -q "$one ($name): killed; waiting for the next" "$work/said" ||
    fail "it does not say that it ended: $(cat "$work/said")"
cp "$gort_demo" "$work/z$name"
start_target "$work/z$name" idle --seconds 100
followed "$started_pid" "z$name"
start_target "$work/$name" idle --seconds 100
followed "$started_pid" "$name"
[ "$(grep -c 'waiting for' "$work/said")" = 2 ] || fail "it says: $(cat "$work/said")"
kill -KILL "$watcher"

# Two of one name: each goes on with a successor of its own.
start_target "$work/z$name" idle --seconds 100
two=$started_pid
one=$(pgrep -o -x "z$name")
"$gomon" --follow -b -d 0.2 -p "$one,$two" >"$work/lines" 2>"$work/said" &
watcher=$!
e2e_pids+=("$watcher")
wait_until 15 grep -qE "^ *$two .* live " "$work/lines" || fail "no line: $(cat "$work/said")"
kill -KILL "$one" "$two"
for _ in 1 2; do
    start_target "$work/z$name" idle --seconds 100
    wait_until 15 grep -qE "^ *$started_pid .* live " "$work/lines" ||
        fail "both went on with the same: $(tail -n 3 "$work/lines") $(cat "$work/said")"
done
kill -KILL "$watcher"

# What can't come any more is given up: its status remains.
start tail -f /dev/null
"$gomon" --wait -b -p "$started_pid,999999999" >/dev/null 2>"$work/said" &
watcher=$!
e2e_pids+=("$watcher")
wait_until 5 grep -q "process $started_pid .* has no page.*; waiting for it" "$work/said" ||
    fail "it does not wait for a page: $(cat "$work/said")"
kill -KILL "$started_pid"
wait_until 10 is_gone "$watcher" || fail 'it waits for the page of a process that has ended'
wait "$watcher"
[ $? = 3 ] || fail "it ends with another status than 3: $(cat "$work/said")"
[ "$(wc -l <"$work/said")" = 3 ] || fail "not a line each: $(cat "$work/said")"

# --demo: the program ends with gomon, whether that quits or is killed.
demo_of() { pgrep -x gort-demo -P "$1"; }
screen_pid() { $e2e_tmux display-message -p '#{pane_pid}' | xargs pgrep -x gomon -P; }
screen_start 90 24 "env LC_ALL=C.UTF-8 '$gomon' --demo churn"
wait_screen 10 'gort-demo\[[0-9]+\]  live'
demo=$(demo_of "$(screen_pid)")
screen_keys q
[ "$(wait_screen_end 5)" = 0 ] || fail "--demo ends with $(cat "$work/screen-status")"
wait_until 5 is_gone "$demo" || fail 'the demo outlives gomon'
$e2e_tmux kill-server
rm -f "$work/screen-status"
"$gomon" --demo -b -d 0.1 >"$work/out" 2>"$work/err" &
watcher=$!
e2e_pids+=("$watcher")
wait_until 30 grep -q ' live ' "$work/out" || fail "no sample of the demo: $(cat "$work/err")"
demo=$(demo_of "$watcher")
kill -KILL "$watcher"
wait_until 5 is_gone "$demo" || fail 'the demo outlives a gomon that was killed'
"$gomon" --demo no-such-scenario 2>"$work/err"
[ $? = 3 ] || fail 'a scenario that there is not'
grep -q 'gort-demo --help lists scenarios' "$work/err" || fail "it says: $(cat "$work/err")"
exit 0
