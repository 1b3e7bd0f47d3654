#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# rc.sh - gomonrc: it is found, read, told about if it is wrong, and --print-config writes one that
# reads the same.
. "$(dirname "$0")/../support/e2e.sh"
need tmux

unset NO_COLOR
rc=$XDG_CONFIG_HOME/gomon/gomonrc
mkdir -p "$(dirname "$rc")"

# print GOMON-ARGUMENT...: the settings in effect, without comments.
print() {
    "$gomon" --print-config "$@" 2>"$work/err" | grep -v '^#' | grep .
}

print | grep -qx 'delay = 1' || fail "without a file: $(print)"
[ ! -s "$work/err" ] || fail "without a file it says: $(cat "$work/err")"
printf 'delay = 0.5\nno-such = 1\nglyphs = ascii\n' >"$rc"
print | grep -qx 'delay = 0.5' || fail "not taken: $(print)"
[ "$(cat "$work/err")" = \
    "gomon: $rc:2: \"no-such\" is no setting: gomon --print-config lists them" ] ||
    fail "it says: $(cat "$work/err")"
printf 'glyphs = \0ascii\ndelay = 0.5\n' >"$rc"
print | grep -qx 'delay = 0.5' || fail "what follows a NUL is not taken: $(print)"
[ "$(cat "$work/err")" = "gomon: $rc:1: a NUL byte in the line: it is left out" ] ||
    fail "of a NUL it says: $(cat "$work/err")"
print -d 7 | grep -qx 'delay = 7' || fail 'the command line does not win'
HOME=$work/home XDG_CONFIG_HOME='' print | grep -qx 'delay = 1' || fail 'another home'

# What is printed reads the same, and without a word.
"$gomon" --print-config --no-color >"$work/printed" 2>/dev/null
print --config "$work/printed" >"$work/again"
[ ! -s "$work/err" ] || fail "its own file is wrong: $(cat "$work/err")"
grep -v '^#' "$work/printed" | grep . | cmp -s - "$work/again" || fail 'it reads otherwise'

# A file that was named has to be there; one's own need not be readable.
"$gomon" --config "$work/none" --print-config >/dev/null 2>"$work/err"
[ $? = 2 ] || fail 'a file that is not there is no fault'
grep -q "$work/none: No such file" "$work/err" || fail "it says: $(cat "$work/err")"
rm "$rc" && mkdir "$rc"
print | grep -qx 'delay = 1' || fail 'a directory stops it'
grep -q "$rc: Is a directory" "$work/err" || fail "it says: $(cat "$work/err")"

# The screen shows the first fault, and obeys the rest.
rmdir "$rc"
printf 'glyphs = ascii\nglyphs = none\n' >"$rc"
start_target "$top_builddir/tests/support/fake_target" 120 300
screen_start 110 24 "env LC_ALL=C.UTF-8 XDG_CONFIG_HOME='$XDG_CONFIG_HOME' '$gomon' $started_pid"
wait_screen 10 'gomonrc:2: "none" is no KIND for glyphs'
screen_text | LC_ALL=C grep -q '[^ -~]' && fail 'glyphs = ascii is not obeyed'
exit 0
