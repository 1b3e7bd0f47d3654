#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# alert.sh - who is told of an alert: a command, the bell, the status line of tmux; and that a
# command that never ends holds nothing up.
. "$(dirname "$0")/../support/e2e.sh"
need tmux pgrep

# One that falls silent: an alert, stale, 5 s later.
fake_target=$top_builddir/tests/support/fake_target
start_target "$fake_target" 200 300 2
target=$started_pid

# The command hangs for ever after it has written: samples go on.
export OUT=$work/told
"$gomon" -b -d 0.2 -p "$target" --on-alert \
    'echo "$GOMON_ALERT $GOMON_STATE $GOMON_PID $GOMON_SEVERITY" >>"$OUT"; exec tail -f /dev/null' \
    >"$work/samples" 2>"$work/err" &
watcher=$!
e2e_pids+=("$watcher")
wait_until 60 grep -qE "^stale raised $target (warning|critical)\$" "$OUT" 2>/dev/null ||
    fail "no command ran: $(tail -n 3 "$work/samples") $(cat "$work/err")"
lines=$(wc -l <"$work/samples")
has_gone_on() { [ "$(wc -l <"$work/samples")" -gt $((lines + 5)) ]; }
wait_until 20 has_gone_on || fail 'a command that does not end holds gomon up'
for pid in $(pgrep -P "$watcher" -x tail); do
    kill -KILL "$pid"
done
kill -KILL "$watcher"

# The status line.
"$gomon" --status -p "$target" >"$work/status" || fail "--status ends with $?"
[ "$(wc -l <"$work/status")" = 1 ] || fail "not one line: $(cat "$work/status")"
grep -qE '^fake_target stalled [0-9.]+[BKMG] rss [0-9.]+[KM] tasks [0-9]+ gc ' "$work/status" ||
    fail "it says: $(cat "$work/status")"
"$gomon" --status no-such-program >"$work/status"
[ $? = 3 ] || fail 'a target that is not there'
[ "$(cat "$work/status")" = 'no-such-program: not there' ] || fail "it says: $(cat "$work/status")"

# The bell, on the screen.
start_target "$fake_target" 200 300 4
screen_start 90 24 "env LC_ALL=C.UTF-8 '$gomon' --bell -p $started_pid"
$e2e_tmux set-option -g monitor-bell on
$e2e_tmux set-option -g bell-action any
$e2e_tmux set-hook -g alert-bell "run-shell 'touch $work/rung'"
wait_until 60 test -e "$work/rung" || fail 'no bell'
exit 0
