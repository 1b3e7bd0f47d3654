#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# incident_full.sh - the disk is full when an alert is to be recorded, or gets full meanwhile: a
# line says so, gomon watches on, and what was written can be read.
. "$(dirname "$0")/../support/e2e.sh"
need sqlite3
grep -q '^#define HAVE_SQLITE 1' "$top_builddir/config.h" || skip 'built without SQLite'

disk=$work/disk
small=$work/small
mkdir "$disk" "$small"
mount -t tmpfs -o size=24m,mode=700 none "$disk" 2>/dev/null || skip 'no tmpfs can be mounted'
mount -t tmpfs -o size=8m,mode=700 none "$small" 2>/dev/null || skip 'no second tmpfs'
trap 'umount -l "$disk" "$small"; e2e_end' EXIT

# watch OUTPUT FOLDER: gomon -b with the shortest window.
watch() {
    "$gomon" -b --lint-window 30 --incident-size 4M --incident-dir "$2" -p "$target" \
        >"$work/$1" 2>"$work/$1.err" </dev/null &
    e2e_pids+=("$!")
}
more() { [ "$(wc -l <"$work/$1")" -ge $(($2 + 5)) ]; }
watches_on() { wait_until 60 more "$1" "$(wc -l <"$work/$1")" || fail "$1: it watches no longer"; }

start_target "$gort_demo" leak --garbage 4M
target=$started_pid
watch meanwhile "$disk/i"
watch before "$small/i"

# It gets full meanwhile.
wait_until 150 grep -q '^! ' "$work/meanwhile" || fail "no alert: $(cat "$work/meanwhile")"
wait_until 60 grep -q 'the alert is recorded to' "$work/meanwhile.err" ||
    fail "not begun: $(cat "$work/meanwhile.err")"
file=$(echo "$disk"/i/incident-*.gmr)
has_samples() { [ "$(sqlite3 -readonly "$file" 'SELECT count(*) > 3 FROM samples' 2>&1)" = 1 ]; }
wait_until 60 has_samples || fail 'no samples'
dd if=/dev/zero of="$disk/filler" bs=4k >"$work/dd" 2>&1
wait_until 120 grep -q 'the alert is not recorded: .*full' "$work/meanwhile.err" ||
    fail "it does not tell: $(cat "$work/meanwhile.err"); $(df "$disk"; ls -l "$disk/i")"
watches_on meanwhile
[ "$(wc -l <"$work/meanwhile.err")" = 2 ] || fail "more lines: $(cat "$work/meanwhile.err")"

# There was too little room before.
wait_until 60 grep -q '^! ' "$work/before" || fail "no alert: $(cat "$work/before")"
wait_until 60 grep -q 'the alert is not recorded: .* are free there' "$work/before.err" ||
    fail "it does not tell: $(cat "$work/before.err")"
watches_on before
[ -z "$(ls "$small/i")" ] || fail "a file all the same: $(ls "$small/i")"

# What was written can be read; the log that could not be taken in lies beside it.
rm "$disk/filler"
[ "$(sqlite3 "$file" 'PRAGMA integrity_check')" = ok ] || fail 'damaged'
"$gomon" -b -r "$file" | grep -qE '^[0-9:]+ +live ' || fail 'it cannot be read'
exit 0
