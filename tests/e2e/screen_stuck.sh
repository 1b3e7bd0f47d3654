#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# screen_stuck.sh - a terminal that is stopped (XOFF) while gomon records: the picture stands, the
# recording goes on; released, the picture is that of now; stopped again, gomon can be left.
. "$(dirname "$0")/../support/e2e.sh"
need tmux sqlite3
grep -q '^#define HAVE_SQLITE 1' "$top_builddir/config.h" || skip 'built without SQLite'

file=$work/r.gmr
count() { sqlite3 -readonly "$file" 'SELECT count(*) FROM samples' 2>/dev/null || echo 0; }
has_samples() { [ "$(count)" -ge "$1" ]; }

# stands: whether the whole picture, with its clock, stays for 15 samples, of which 5 make a second.
stands() {
    local before n
    before=$(screen_text)
    n=$(count)
    wait_until 60 has_samples $((n + 15)) || fail 'the recording stands still'
    [ "$(screen_text)" = "$before" ]
}

start_target "$top_builddir/tests/support/fake_target" 240 300
target=$started_pid
screen_start 100 30 "env LC_ALL=C.UTF-8 '$gomon' -d 0.2 -w '$file' -p $target"
wait_screen 60 "\\[$target\\]  live"
wait_until 60 has_samples 5 || fail 'nothing is recorded'
stands && fail 'the clock stands before the terminal is stopped'

# gomon takes ^S as a key; from here on the terminal takes it.
tty=$($e2e_tmux display-message -p '#{pane_tty}')
stty -F "$tty" ixon 2>/dev/null || skip "the modes of $tty cannot be set"
screen_keys C-s
wait_until 100 stands || fail 'the terminal is not stopped'

stopped=$(screen_text)
screen_keys C-q
wait_until 60 eval '[ "$(screen_text)" != "$stopped" ]' || fail 'the screen does not go on'
wait_screen 60 "\\[$target\\]  live"

# Left while it is stopped: no sample was lost, or taken twice.
screen_keys C-s
wait_until 100 stands || fail 'the terminal is not stopped again'
screen_keys q
[ "$(wait_screen_end 60)" = 0 ] || fail "it ends with $(cat "$work/screen-status")"
[ "$(sqlite3 -readonly "$file" 'PRAGMA integrity_check')" = ok ] || fail 'the recording is damaged'
gaps=$(sqlite3 -readonly "$file" "SELECT count(*) FROM samples WHERE state != 'live'")
[ "$gaps" = 0 ] || fail "$gaps samples are not live"
exit 0
