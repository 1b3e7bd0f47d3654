#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# odd.sh - gomon without stdin, stdout or stderr, into a pipe that nobody reads, without TERM and
# LANG, stopped and continued on a terminal that was resized meanwhile, and stopped for a while:
# samples that were missed are not made up for.
. "$(dirname "$0")/../support/e2e.sh"
need tmux script

start_target "$top_builddir/tests/support/fake_target" 120 300
target=$started_pid

# Closed: it fails as a full disk does, and nobody's file is written into.
timeout 10 "$gomon" -1 -p "$target" <&- >&- 2>"$work/err"
[ $? = 1 ] || fail 'without stdout it ends well'
grep -q 'standard output' "$work/err" || fail "it says: $(cat "$work/err")"
timeout 10 "$gomon" -1 -p "$target" <&- >&- 2>&-
[ $? = 1 ] || fail 'without all three it ends well'
for file in '&-' /dev/full; do
    for how in --help -l; do
        timeout 10 bash -c '"$1" "$2" >'"$file" - "$gomon" "$how" 2>"$work/err"
        [ $? = 1 ] || fail "$how >$file ends well"
        grep -q 'standard output' "$work/err" || fail "$how >$file says: $(cat "$work/err")"
    done
done
start_target "$gort_demo" idle --seconds 120
timeout 10 "$gomon" --dump -p "$started_pid" >&- 2>"$work/err"
[ $? = 1 ] || fail 'without stdout a dump goes somewhere'
timeout 10 "$gomon" --dump -p "$started_pid" <&- >&- 2>"$work/err"
[ $? = 1 ] || fail 'without stdin and stdout a dump goes somewhere'
timeout 10 "$gomon" -1 -p "$target" <&- 2>&- | grep -qE '^heap.alloc +[1-9]' ||
    fail 'without stdin and stderr it shows nothing'

# A reader that goes away: an end like that of any other filter, no crash and no waiting; nor where
# the signal that tells of it is ignored.
into_head() { # HOW
    # shellcheck disable=SC2086 # several words
    timeout 10 "$gomon" $1 "$target" 2>/dev/null | head -n 1 >/dev/null
    echo "${PIPESTATUS[0]}"
}
for how in -l -1 --help --list-metrics --print-config --csv -b; do
    status=$(into_head "$how -d 0.1")
    case $status in 0 | 1 | 141) ;; *) fail "$how into a closed pipe ends with $status" ;; esac
    status=$(trap '' PIPE && into_head "$how -d 0.1")
    case $status in 0 | 1) ;; *) fail "$how into a pipe that fails ends with $status" ;; esac
done

# Nothing says what the terminal is: lines, or a list.
plain() { env -u TERM -u LANG -u LC_ALL -u COLORTERM script -qec "$1" /dev/null; }
plain "'$gomon'" >"$work/plain" 2>&1 </dev/null || fail "without TERM: $(head -n 3 "$work/plain")"
grep -qE "^ *$target " "$work/plain" || fail "no list without TERM: $(cat "$work/plain")"
grep -q $'\e' "$work/plain" && fail 'escape sequences without TERM'
start_target "$gort_demo" idle --seconds 120
plain "'$gomon' -d 0.1 -p $started_pid" >"$work/plain" 2>&1 </dev/null &
e2e_pids+=($!)
has_lines() { [ "$(grep -cE '^[0-9:]+ +live ' "$work/plain")" -ge 2 ]; }
wait_until 10 has_lines || fail "without TERM: $(cat "$work/plain")"
grep -q $'\e' "$work/plain" && fail 'escape sequences without TERM'
kill -KILL "$started_pid"
wait_until 10 is_gone $! || fail 'it does not end with its target'

# Stopped by a shell, resized, continued: all of the new size is used.
screen_start 80 24 'bash --norc --noprofile -i'
screen_keys "LC_ALL=C.UTF-8 '$gomon' -p $target" Enter
wait_screen 10 "\\[$target\\]  live"
wait_screen 5 '^SCHED '
screen_keys C-z
wait_screen 5 'Stopped'
screen_has '^SCHED ' && fail 'its picture stays while it is stopped'
screen_keys fg Enter
wait_screen 5 "\\[$target\\]  live"
wait_screen 5 '1 Overview .*6 Alerts'
screen_keys C-z
wait_screen 5 'Stopped'
screen_resize 120 40
screen_keys fg Enter
wait_screen 5 "\\[$target\\]  live"
is_tall() { screen_text | tail -n 1 | grep -q '1 Overview'; }
wait_until 5 is_tall || fail 'the tabs are not in the last of 40 rows'
wait_until 5 eval '[ "$(screen_text | head -n 1 | wc -m)" -gt 100 ]' || fail 'not 120 columns'
screen_keys q
wait_until 5 eval '! screen_has "live"' || fail 'it does not end after fg'
is_at_prompt() { screen_text | grep . | tail -n 1 | grep -qE '^bash[^ ]*[$#] *$'; }
wait_until 20 is_at_prompt || fail 'the prompt is not below what was there before'
$e2e_tmux kill-server

# Stopped for a while: of any three samples the last is a whole interval after the first.
if grep -q '^#define HAVE_SQLITE 1' "$top_builddir/config.h" && command -v sqlite3 >/dev/null; then
    file=$work/r.gmr
    start "$gomon" -b -d 0.2 -w "$file" -p "$target"
    watcher=$started_pid
    count() { sqlite3 -readonly "$file" 'SELECT count(*) FROM samples WHERE process_rss > 0'; }
    has_samples() { [ "$(count 2>/dev/null)" -ge "$1" ] 2>/dev/null; }
    wait_until 10 has_samples 5 || fail 'no samples'
    kill -STOP "$watcher"
    until_later=$((SECONDS + 2))
    wait_until 10 eval '[ $SECONDS -ge $until_later ]'
    n=$(count)
    kill -CONT "$watcher"
    wait_until 10 has_samples $((n + 8)) || fail 'it does not go on'
    kill -TERM "$watcher"
    wait_until 5 is_gone "$watcher" || fail 'it does not end'
    burst=$(sqlite3 -readonly "$file" 'SELECT count(*) FROM (SELECT mono_ns - lag(mono_ns, 2)
        OVER (ORDER BY mono_ns) AS d FROM samples WHERE process_rss > 0) WHERE d < 199000000')
    [ "$burst" = 0 ] || fail "$burst samples in a burst"
fi
exit 0
