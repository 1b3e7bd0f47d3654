#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# screen.sh - gomon on a live target: every panel opens, keys do what the help says, the terminal is
# itself again afterwards.
. "$(dirname "$0")/../support/e2e.sh"
need tmux

start_target "$top_builddir/tests/support/fake_target" 120 300
target=$started_pid
screen_start 80 24 "env LC_ALL=C.UTF-8 '$gomon' -p $target; stty -a >'$work/modes'"
wait_screen 10 "\\[$target\\]  live"
wait_screen 5 'HEAP .* alloc +[0-9.]+M'
wait_screen 5 '1 Overview 2 Heap'

# panel DIGIT PATTERN: the panel of that digit shows what it is for.
panel() {
    screen_keys "$1"
    wait_screen 5 "$2"
}
panel 2 'OBJECTS'
panel 3 'PAUSES'
panel 4 'RUN QUEUES'
panel 5 'SPAWNED AT'
panel 6 'looked for|RAISED'
panel 7 'heap\.total_alloc +[0-9.]+'
panel 1 'PROCESS +rss +[0-9.]+'
screen_keys Tab Tab
wait_screen 5 'PAUSES'

# Help of this panel, searched.
screen_keys '?'
wait_screen 5 'Keys of this panel'
screen_keys / glyphs Enter
screen_keys Escape
wait_screen 5 'PAUSES'

# Freezing and going on.
screen_keys 1 Space
wait_screen 5 'FROZEN \+[0-9]+s'
wait_screen 5 'FROZEN \+2s'
screen_keys Space
wait_until 5 eval '! screen_has FROZEN' || fail 'Space does not let it go on'

# Zoom, glyphs.
screen_keys - - - - - -
wait_screen 5 ' 7d '
screen_keys + + + + + +
wait_screen 5 ' 1m '
screen_keys =
screen_text | grep -q '⣿' || fail 'no braille in a UTF-8 terminal'
screen_keys u u u
is_ascii() { ! screen_text | LC_ALL=C grep -q '[^ -~]'; }
wait_until 5 is_ascii || fail 'ASCII glyphs are not ASCII'

# A filter hides, Esc shows again.
screen_keys 7 '&' 'numgc'
wait_until 5 eval '! screen_has heap.alloc' || fail 'the filter hides nothing'
screen_keys Enter Escape
wait_screen 5 'heap\.alloc'

# The delay.
screen_keys d C-u 0.5 Enter
wait_screen 5 '1 Overview|7 All metrics'

screen_keys q
wait_until 5 test -s "$work/modes" || fail 'q does not quit'
[ "$(wait_screen_end 5)" = 0 ] || fail "it ends with $(cat "$work/screen-status")"
grep -q -- '-icanon' "$work/modes" && fail 'the terminal is left in raw mode'
grep -q -- '-echo ' "$work/modes" && fail 'the terminal does not echo any more'
kill -0 "$target" || fail 'the target did not survive'
exit 0
