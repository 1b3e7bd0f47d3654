#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# lint.sh - the end of a program is an alert, unless that is switched off; its recording tells it
# again, and by other limits if they are given then.
. "$(dirname "$0")/../support/e2e.sh"
grep -q '^#define HAVE_SQLITE 1' "$top_builddir/config.h" || skip 'built without SQLite'

start_target "$gort_demo" idle --seconds 300
target=$started_pid
recording=$work/r.gmr
start "$gomon" -b -d 0.2 -p "$target" -w "$recording"
told=$(output_of gomon "$started_pid")
watcher=$started_pid
start "$gomon" -b -d 0.2 -p "$target" --allow all
quiet=$(output_of gomon "$started_pid")
has_lines() { [ "$(grep -c . "$told")" -gt 5 ] && [ "$(grep -c . "$quiet")" -gt 5 ]; }
wait_until 60 has_lines || fail "nothing is sampled: $(cat "$told" "$quiet")"

kill -KILL "$target"
wait_until 60 grep -qE '^! .* ended: the program was killed' "$told" ||
    fail "its end is not told: $(tail -n 3 "$told")"
wait_until 60 grep -q killed "$quiet" || fail "it is not seen: $(tail -n 3 "$quiet")"
grep -q '^!' "$quiet" && fail "an alert that is switched off: $(grep '^!' "$quiet")"
wait_until 60 is_gone "$watcher" || fail 'gomon goes on'

# The same of the recording.
"$gomon" -b -r "$recording" >"$work/again" || fail "-r ends with $?"
grep -qE '^! .* ended: the program was killed' "$work/again" ||
    fail "the recording does not tell it: $(tail -n 3 "$work/again")"
"$gomon" -b -r "$recording" -A ended >"$work/silent" || fail "-r -A ends with $?"
grep -q ' ended: ' "$work/silent" && fail 'one that is off is told of a recording'

# A limit that makes no sense, and the settings file.
"$gomon" --lint gc-thrash=3s --print-config >/dev/null 2>"$work/err"
[ $? = 2 ] || fail 'a share of 3 seconds is taken'
printf 'lint = gc-thrash=40%%\nlint = stale=off\n' >"$work/rc"
"$gomon" --config "$work/rc" -W runq-wait=50ms --print-config >"$work/config" || fail 'print'
for line in gc-thrash=40% stale=off runq-wait=50ms near-limit=85%; do
    grep -qxF "lint = $line" "$work/config" || fail "no $line: $(grep lint "$work/config")"
done
exit 0
