#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# record_full.sh - the disk of a recording is full: gomon says so, watches on, and records on when
# there is room; nothing that was written before is lost.
. "$(dirname "$0")/../support/e2e.sh"
need sqlite3
grep -q '^#define HAVE_SQLITE 1' "$top_builddir/config.h" || skip 'built without SQLite'

disk=$work/disk
mkdir "$disk"
mount -t tmpfs -o size=3m none "$disk" 2>/dev/null || skip 'no tmpfs can be mounted'
trap 'umount -l "$disk"; e2e_end' EXIT
file=$disk/r.gmr
is_true() { [ "$(sqlite3 -readonly "$file" "SELECT $1" 2>/dev/null)" = 1 ]; }

start_target "$gort_demo" churn
target=$started_pid
"$gomon" -b -d 0.1 -w "$file" -p "$target" >"$work/lines" 2>"$work/err" &
recorder=$!
e2e_pids+=("$recorder")
wait_until 10 is_true 'count(*) > 10 FROM samples' || fail "no samples: $(cat "$work/err")"
before=$(sqlite3 -readonly "$file" 'SELECT max(mono_ns) FROM samples')

dd if=/dev/zero of="$disk/filler" bs=4k >"$work/dd" 2>&1
wait_until 60 grep -q 'full.*recording goes on when' "$work/err" ||
    fail "it does not tell: $(cat "$work/err"); $(df "$disk")"
lines=$(wc -l <"$work/lines")
more_lines() { [ "$(wc -l <"$work/lines")" -gt "$((lines + 5))" ]; }
wait_until 10 more_lines || fail 'it watches no longer'
is_true "count(*) > 10 FROM samples WHERE mono_ns <= $before" || fail 'what was there is lost'

rm "$disk/filler"
wait_until 20 grep -q 'recording goes on, [0-9]* samples are lost' "$work/err" ||
    fail "it does not go on: $(cat "$work/err")"
last=$(sqlite3 -readonly "$file" 'SELECT max(mono_ns) FROM samples')
wait_until 10 is_true "max(mono_ns) > $last FROM samples" || fail 'no sample after that'
kill -KILL "$recorder"
wait_until 5 is_gone "$recorder" || fail 'kill -KILL does not end it'
[ "$(sqlite3 "$file" 'PRAGMA integrity_check')" = ok ] || fail 'damaged'
exit 0
