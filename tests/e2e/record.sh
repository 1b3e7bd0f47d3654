#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# record.sh - a recording without a screen: anybody can query it, a kill of gomon costs a second, it
# can be read while it is written, it tells how the target ended, and it comes out again as lines
# and JSON.
. "$(dirname "$0")/../support/e2e.sh"
need sqlite3 pgrep
grep -q '^#define HAVE_SQLITE 1' "$top_builddir/config.h" || skip 'built without SQLite'

file=$work/r.gmr
query() { sqlite3 -readonly "$file" "$1" 2>/dev/null; }
is_true() { [ "$(query "SELECT $1")" = 1 ]; }
wait_true() { wait_until "$1" is_true "$2" || fail "not true after $1 s: $2"; }

# record: gomon on the target, in the background; its pid is then in $recorder.
record() {
    start "$gomon" -b -d 0.2 -w "$file" -p "$target"
    recorder=$started_pid
}

start_target "$gort_demo" churn
target=$started_pid
record
wait_true 10 "count(*) >= 8 FROM samples"
wait_true 10 "count(*) > 0 FROM samples WHERE heap_alloc > 0 AND process_rss > 0"

# Read while it is written.
"$gomon" -b -r "$file" >"$work/lines" 2>&1 || fail "it cannot be read: $(cat "$work/lines")"
[ "$(grep -cE '^[0-9:]+ +live ' "$work/lines")" -ge 8 ] || fail "no lines: $(cat "$work/lines")"

# Killed: its children end, nothing that was committed is lost, and the same process can be recorded
# further.
children=$(pgrep -P "$recorder")
[ -n "$children" ] || fail 'nobody takes the log in'
kill -KILL "$recorder"
wait_until 5 is_gone "$recorder" || fail 'kill -KILL does not end it'
for child in $children; do
    wait_until 5 is_gone "$child" || fail "$child goes on without it"
done
before=$(query 'SELECT count(*) FROM samples')
[ "$(query 'PRAGMA integrity_check')" = ok ] || fail "damaged: $(query 'PRAGMA integrity_check')"
record
wait_true 10 "count(*) > $before + 5 FROM samples"
wait_true 20 "count(*) > 0 FROM code WHERE text LIKE '%churn.c:%'"
wait_true 5 "count(*) > 0 FROM task_groups WHERE state = 'waiting'"
wait_true 5 "count(*) > 0 FROM cycles WHERE pause_ns > 0"

# Another process does not get into it.
start_target "$gort_demo" idle
"$gomon" -1 -w "$file" -p "$started_pid" >"$work/out" 2>&1 && fail 'two processes in one recording'
grep -q 'records another process' "$work/out" || fail "it does not say why: $(cat "$work/out")"

# How the target ended.
kill -KILL "$target"
wait_until 10 is_gone "$recorder" || fail 'it records on'
wait_true 5 "count(*) = 1 FROM samples WHERE state = 'killed'"
"$gomon" -b -r "$file" | grep -qE '^[0-9:]+ +killed ' || fail 'the end is not in the lines'
n=$(query 'SELECT count(*) FROM samples')
"$gomon" -b -r "$file" >"$work/lines"
[ "$(grep -cE '^[0-9:]+ +(live|killed) ' "$work/lines")" = "$n" ] ||
    fail "not $n lines: $(wc -l <"$work/lines")"
if grep -q '^#define HAVE_JANSSON 1' "$top_builddir/config.h"; then
    "$gomon" -j -r "$file" -B -1 >"$work/json" || fail 'no JSON'
    tail -n 1 "$work/json" | grep -q "\"pid\":$target,.*\"state\":\"killed\"" ||
        fail "$(tail -n 1 "$work/json")"
    [ "$(wc -l <"$work/json")" -lt "$n" ] || fail '-B leaves nothing out'
fi

# What has ended is found among the dead, and only there.
# Only the last few images are kept, so others that end at this time may push it out; and it has a
# name that they have not.
live=$started_pid
mortal=$work/mortal$$
cp "$gort_demo" "$mortal"
dead_is_found() {
    start_target "$mortal" idle
    wait_until 10 eval '"$gomon" -1 "$started_pid" | grep -qE "^page.publishes +[1-9][0-9]"' ||
        return 1 # its first second is over, and in the past that the page keeps
    kill -KILL "$started_pid"
    "$gomon" --dead -l 2>&1 | grep -qE "^ *$started_pid .* dead .*mortal" &&
        "$gomon" --dead -1 "$started_pid" 2>&1 | grep -qE '^heap.alloc +[1-9]' &&
        "$gomon" --dead -1 "mortal$$" 2>&1 | grep -qE '^heap.alloc +[1-9]'
}
wait_until 60 dead_is_found || fail "not in $("$gomon" --dead -l)"
"$gomon" --dead -l 2>&1 | grep -qE "^ *$live " && fail 'a live one is among the dead'
"$gomon" --dead -1 "$live" >"$work/out" 2>&1 && fail 'a live one is opened as dead'

# What is no recording.
echo 'not a database at all, but long enough to be looked at as one' >"$work/text"
"$gomon" -b -r "$work/text" >"$work/out" 2>&1
[ $? = 5 ] || fail "a text is a recording: $(cat "$work/out")"
grep -q "$work/text: " "$work/out" || fail "it is not named: $(cat "$work/out")"
exit 0
