#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# screen_terms.sh - gomon on old and poor terminals, without UTF-8, without colours, on a terminal
# of any size, and stopped and continued by a shell.
. "$(dirname "$0")/../support/e2e.sh"
need tmux infocmp

start_target "$top_builddir/tests/support/fake_target" 120 300
target=$started_pid

# end_screen NAME: q ends it with 0.
end_screen() {
    screen_keys q
    [ "$(wait_screen_end 5)" = 0 ] || fail "$1: it ends with $(cat "$work/screen-status")"
    $e2e_tmux kill-server
    rm -f "$work/screen-status"
}

for term in vt100 linux ansi screen tmux-256color xterm-256color; do
    infocmp "$term" >/dev/null 2>&1 || continue
    screen_start 80 24 "env -u LANG LC_ALL=C TERM=$term '$gomon' -p $target"
    wait_screen 10 "\\[$target\\]  live"
    end_screen "$term"
done

# tmux does not speak the language of this one: enough that it runs and ends.
if infocmp vt52 >/dev/null 2>&1; then
    screen_start 80 24 "env LC_ALL=C TERM=vt52 '$gomon' -p $target"
    wait_screen 10 'HEAP'
    end_screen vt52
fi

# ASCII in the C locale, whatever the names are.
screen_start 80 24 "env LC_ALL=C '$gomon' -p $target"
wait_screen 10 'HEAP'
screen_text | LC_ALL=C.UTF-8 grep -qP '[\x{2800}-\x{28ff}]' && fail 'braille without UTF-8'
end_screen 'LC_ALL=C'

# No colours: no escape sequence that sets one.
screen_start 80 24 "env LC_ALL=C.UTF-8 NO_COLOR=1 '$gomon' -p $target"
wait_screen 10 "\\[$target\\]  live"
colour=$'\e\\[[0-9;]*(3[0-8]|4[0-8])[;m]'
$e2e_tmux capture-pane -p -e | grep -qE "$colour" && fail 'NO_COLOR has colours'
end_screen NO_COLOR

# TERM=dumb can't show a screen: lines instead, without any escape sequence.
env TERM=dumb script -qec "'$gomon' -p $target -c 2" /dev/null >"$work/dumb" 2>&1 </dev/null
[ $? = 0 ] || fail "TERM=dumb ends with an error: $(head -n 3 "$work/dumb")"
grep -q $'\e' "$work/dumb" && fail 'escape sequences on a dumb terminal'
[ "$(wc -l <"$work/dumb")" -ge 2 ] || fail "TERM=dumb shows $(wc -l <"$work/dumb") lines"

# A storm of resizes, with help open and with a dump open.
screen_start 80 24 "env LC_ALL=C.UTF-8 '$gomon' -p $target"
wait_screen 10 "\\[$target\\]  live"
screen_keys '?'
for i in $(seq 200); do
    screen_resize $((RANDOM % 150 + 1)) $((RANDOM % 60 + 1))
done
for size in '1 1' '2 200' '500 3' '12 3' '39 8' '40 7' '184 39' '80 24'; do
    # shellcheck disable=SC2086 # two numbers
    screen_resize $size
done
# What is on the screen is what gomon thinks.
wait_screen 5 'Keys everywhere'
same_when_redrawn || fail 'the screen is not what it should be'
screen_keys Escape 1
wait_screen 5 "\\[$target\\]  live"
wait_screen 5 'HEAP'
[ "$(screen_text | grep -c 'HEAP')" = 1 ] || fail 'parts of old frames are left'
end_screen 'a storm of resizes'

# A screen of more than 24 rows, and a list that is paged: curses moves what it knows by deleting
# and inserting lines.
screen_start 100 50 "env LC_ALL=C.UTF-8 '$gomon' -p $target"
wait_screen 10 "\\[$target\\]  live"
screen_keys Space 7 v v
wait_screen 5 'FROZEN'
screen_keys G
wait_screen 5 'process\.threads'
same_when_redrawn || fail 'a tall list at its end is not what it should be'
screen_keys g
wait_screen 5 'heap\.total_alloc'
screen_keys C-d C-d C-u C-d
wait_screen 5 'process\.threads'
same_when_redrawn || fail 'a tall list that was paged is not what it should be'
end_screen 'a tall screen'

# Curses may scroll all of a tall screen, and must know it to be tall.
printf q | script -qec "stty rows 50 cols 100; TERM=screen '$gomon' -p $target" /dev/null \
    >"$work/raw"
grep -q $'\e\\[1;50r' "$work/raw" || fail 'the scrolling region is not the screen'

# Job control.
screen_start 80 24 'bash --norc --noprofile -i'
screen_keys "LC_ALL=C.UTF-8 '$gomon' -p $target" Enter
wait_screen 10 "\\[$target\\]  live"
screen_keys C-z
wait_screen 5 'Stopped'
screen_resize 100 30
screen_keys fg Enter
wait_screen 5 "\\[$target\\]  live"
screen_keys q
wait_until 5 eval '! screen_has "live"' || fail 'it does not end after fg'
exit 0
