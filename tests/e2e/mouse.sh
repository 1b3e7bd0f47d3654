#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# mouse.sh - clicks and the wheel, as a terminal reports them; the themes; the terminal is left
# without the mouse afterwards, and with it if gomon is not to have it.
. "$(dirname "$0")/../support/e2e.sh"
need tmux

start_target "$top_builddir/tests/support/fake_target" 120 300
target=$started_pid

# report BUTTON COLUMN ROW: in the way of TERM=screen, from 0; 3 is a release, 64 and 65 the wheel.
report() {
    local bytes
    printf -v bytes '%x %x %x' $((32 + $1)) $((33 + $2)) $((33 + $3))
    # shellcheck disable=SC2086 # three numbers
    $e2e_tmux send-keys -H 1b 5b 4d $bytes
}
# mouse BUTTON COLUMN ROW: pressed, and let go.
mouse() {
    report "$@"
    [ "$1" -ge 64 ] || report 3 "$2" "$3"
}
# mouse_is 0|1: whether the program asked for the mouse.
mouse_is() {
    [ "$($e2e_tmux display-message -p '#{mouse_any_flag}')" = "$1" ]
}

# leave_screen: gomon ends, and gives the mouse back.
leave_screen() {
    screen_keys q
    [ "$(wait_screen_end 20)" = 0 ] || fail "it ends with $(cat "$work/screen-status")"
    wait_until 5 mouse_is 0 || fail 'the mouse is not given back'
    $e2e_tmux kill-server
    rm -f "$work/screen-status"
}

# goes_on TIME: whether the screen shows another one than what up_for said before.
up_for() { screen_text | sed -n '1s/.* up \([0-9hms]*\) .*/\1/p'; }
goes_on() { [ -n "$(up_for)" ] && [ "$(up_for)" != "$1" ]; }

# column_of TEXT: where the last line of the screen has it.
column_of() {
    screen_text | tail -n 1 | awk -v text="$1" '{ print index($0, text) - 1 }'
}

screen_start 90 24 "env LC_ALL=C.UTF-8 TERM=screen '$gomon' -p $target"
wait_screen 10 '1 Overview 2 Heap'
wait_until 5 mouse_is 1 || fail 'the mouse is not asked for'
mouse 0 "$(column_of '7 All')" 23
wait_screen 5 'heap\.total_alloc'
mouse 0 0 23
wait_screen 5 'PROCESS +rss'
screen_keys 7
wait_screen 5 'heap\.total_alloc'
for i in $(seq 12); do mouse 65 5 5; done
wait_until 5 eval '! screen_has "heap\.total_alloc"' || fail 'the wheel does not scroll'
for i in $(seq 12); do mouse 64 5 5; done
wait_screen 5 'heap\.total_alloc'
for cut in '' 20 '20 21'; do
    # shellcheck disable=SC2086 # at most two numbers
    $e2e_tmux send-keys -H 1b 5b 4d $cut
    was=$(up_for)
    wait_until 20 goes_on "$was" || fail "held up by a report of the bytes '$cut'"
done
mouse 0 0 23
wait_screen 5 'PROCESS +rss'
leave_screen

# Where it is reported as control sequences: one that is damaged, or cut off, holds up nothing.
# sequence TEXT: sent as it is, behind CSI <.
sequence() {
    $e2e_tmux send-keys -l "$(printf '\033[<%s' "$1")"
}

if infocmp -1 xterm-256color 2>/dev/null | grep -q 'kmous=\\E\[<'; then
    screen_start 90 24 "env LC_ALL=C.UTF-8 TERM=xterm-256color '$gomon' -p $target"
    wait_screen 10 '1 Overview 2 Heap'
    wait_until 5 mouse_is 1 || fail 'sequences are not asked for'
    column=$(($(column_of '7 All') + 1))
    sequence "0;$column;24M"
    sequence "0;$column;24m"
    wait_screen 5 'heap\.total_alloc'
    for i in $(seq 12); do sequence '65;6;6M'; done
    wait_until 5 eval '! screen_has "heap\.total_alloc"' || fail 'the wheel does not scroll'
    for damaged in '0;-5;-5M' '0;1M' ';;M' '0;99999;99999M' '0;1;1'; do
        sequence "$damaged"
        was=$(up_for)
        wait_until 5 goes_on "$was" || fail "held up by $damaged"
    done
    sequence '0;1;24M'
    wait_screen 5 'PROCESS +rss'
    leave_screen
fi

# Killed by a fault of its own, it gives the mouse back all the same.
screen_start 90 24 "env LC_ALL=C.UTF-8 TERM=screen '$gomon' -p $target"
wait_until 10 mouse_is 1 || fail 'the mouse is not asked for'
kill -ABRT "$($e2e_tmux display-message -p '#{pane_pid}' | xargs pgrep -x gomon -P)"
wait_until 5 mouse_is 0 || fail 'a fatal signal leaves the mouse'
$e2e_tmux kill-server
rm -f "$work/screen-status"

screen_start 90 24 "env LC_ALL=C.UTF-8 TERM=screen '$gomon' --no-mouse -p $target"
wait_screen 10 '1 Overview 2 Heap'
mouse_is 0 || fail '--no-mouse takes the mouse'
$e2e_tmux kill-server

# Each theme on each depth: the title's colour is that of the table.
for case in 'tmux-256color dark 38;5;110' 'tmux-256color light 38;5;24' 'screen dark 36' \
    'screen light 34' 'tmux-256color contrast 96'; do
    read -r term theme colour <<<"$case"
    infocmp "$term" >/dev/null 2>&1 || continue
    screen_start 90 24 "env -u COLORFGBG -u NO_COLOR LC_ALL=C.UTF-8 TERM=$term '$gomon' \
        --theme $theme -p $target"
    wait_screen 10 'HEAP'
    $e2e_tmux capture-pane -p -e | grep -qE $'\e\\['"([0-9;]*;)?${colour}m.*HEAP" ||
        fail "$term $theme: no $colour: $($e2e_tmux capture-pane -p -e | grep HEAP | cat -v)"
    $e2e_tmux kill-server
done
exit 0
