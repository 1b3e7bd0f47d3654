#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# fleet.sh - gomon -p A,B,C on a terminal: a table of three, of which one is not there and one is
# killed; each is opened and left again, and sampled all the while; rows of the dead are removed.
. "$(dirname "$0")/../support/e2e.sh"
need tmux

start_target "$gort_demo" pipeline --seconds 120
a=$started_pid
start_target "$gort_demo" idle --seconds 120
b=$started_pid

# None of them to be had: no screen, a line each, and the status of the first.
screen_start 100 24 "env LC_ALL=C.UTF-8 '$gomon' -p 999999998,999999999"
[ "$(wait_screen_end 10)" = 3 ] || fail "it ends with $(cat "$work/screen-status")"
wait_screen 5 'no process 999999998'
wait_screen 5 'no process 999999999'
$e2e_tmux kill-server
rm "$work/screen-status"

screen_start 120 24 "env LC_ALL=C.UTF-8 '$gomon' -d 0.5 -p $a,999999999 -p $b"
wait_screen 10 '3 targets  2 live  1 over'
wait_screen 5 "^ *$a gort-demo +[0-9]+s live +[0-9.]+[KM]"
wait_screen 5 "^ *$b gort-demo +[0-9]+s live"
wait_screen 5 "999999.* there is no process 999999999"

# Sorted by pid, the least first, and the other way round.
screen_keys '<' '<' '<' '<' '<' '<' '<' '<' '<' '<' '<' '<' '<' '<'
wait_screen 5 'PID▲|▲ *PID'
first_is() { screen_text | sed -n 3p | grep -qE "^ *$1 "; }
least=$((a < b ? a : b))
wait_until 5 first_is "$least" || fail 'not sorted by pid'
screen_keys I
wait_until 5 first_is '999999.*' || fail 'I does not turn the order'
screen_keys I

# A filter leaves rows out, a search goes to one.
screen_keys '&' live Enter
wait_until 5 eval '! screen_has "there is no process"' || fail 'the filter hides nothing'
screen_keys Escape
wait_screen 5 'there is no process'

# What cannot be opened says why; what is of one target says so.
screen_keys G Enter
wait_screen 5 '^ there is no process 999999999|there is no process.*999999999.*gomon -l'
screen_keys D
wait_screen 5 'Enter opens it'

# Open one, in a panel of its own, look at its past, and come back.
screen_keys g
screen_keys 3
wait_screen 5 "gort-demo\\[$least\\]  live"
wait_screen 5 'PAUSES'
screen_keys 1
wait_screen 5 'HEAP .* alloc'
wait_screen 5 'Esc targets'
goes_back() { # its recording has just begun
    screen_keys '['
    screen_has 'PAST -'
}
wait_until 15 goes_back || fail 'there is no way back in time'
screen_keys Escape
wait_until 5 eval '! screen_has PAST' || fail 'Esc does not leave the past first'
screen_keys Escape
wait_screen 5 '3 targets'

# The other one is killed while this one is open: its row has its end, and its last picture stays.
screen_keys Enter
wait_screen 5 "gort-demo\\[$least\\]  live"
other=$((a < b ? b : a))
kill -KILL "$other"
screen_keys BSpace
wait_screen 5 "^ *$other gort-demo +[0-9]+s KILLED [0-9]+s"
wait_screen 5 '3 targets  1 live  2 over'
screen_keys j Enter
wait_screen 5 'KILLED at .* This is its last picture'
screen_keys BSpace
wait_screen 5 '3 targets'

# The living cannot be removed, the dead can.
screen_keys g x
wait_screen 5 'it has not ended'
screen_keys Escape j x
wait_screen 5 '2 targets  1 live  1 over'
screen_has "^ *$other gort-demo" && fail 'its row is still there'

# A small screen has the columns that matter.
screen_resize 40 10
wait_screen 5 'ALERTS'
wait_screen 5 "^ *$least gort-demo +live"
screen_keys q
[ "$(wait_screen_end 5)" = 0 ] || fail "it ends with $(cat "$work/screen-status")"
kill -0 "$least" || fail 'the target did not survive'
exit 0
