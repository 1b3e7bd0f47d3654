#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# incident.sh - an alert is recorded while nobody looks: with what was before, also before gomon
# came, with the stacks, and whole whatever ends first: gomon, killed, or the target. Where it can't
# be written, one line says so. The first alert comes within seconds, if leaks can be proven.
. "$(dirname "$0")/../support/e2e.sh"
need sqlite3 tmux
grep -q '^#define HAVE_SQLITE 1' "$top_builddir/config.h" || skip 'built without SQLite'

file=
folder=
# find_file: the one recording of an alert in $folder, into $file.
find_file() {
    local all=("$folder"/incident-*.gmr)
    file=${all[0]}
    [ -s "$file" ]
}
query() { sqlite3 -readonly "$file" "$1" 2>/dev/null; }
is_true() { [ "$(query "SELECT $1")" = 1 ]; }
# is_whole: nobody writes it any more, and all is in the one file.
is_whole() {
    [ ! -e "$file-wal" ] && is_true "count(*) > 0 FROM target" &&
        [ "$(query 'PRAGMA journal_mode')" = delete ]
}
# watch OUTPUT ARGUMENT...: gomon -b with the shortest window; its pid is then in $watcher.
watch() {
    "$gomon" -b --lint-window 30 "${@:2}" >"$work/$1" 2>"$work/$1.err" </dev/null &
    watcher=$!
    e2e_pids+=("$watcher")
}

targets=()
for _ in 1 2; do
    start_target "$gort_demo" leak --garbage 4M
    targets+=("$started_pid")
done

# With gomon from the beginning on, which is killed while it is recorded.
folder=$XDG_STATE_HOME/gomon/incidents
watch first -p "${targets[0]}" --on-alert "echo \"\$GOMON_INCIDENT\" >>'$work/told'"
wait_until 150 grep -q '^! ' "$work/first" || fail "no alert: $(tail -n 3 "$work/first")"
wait_until 60 find_file || fail "no recording: $(cat "$work/first.err")"
wait_until 60 grep -q "the alert is recorded to $file" "$work/first.err" ||
    fail "it does not say where: $(cat "$work/first.err")"
[ "$(sort -u "$work/told")" = "$file" ] || fail "the command is told of $(cat "$work/told")"
wait_until 60 is_true "count(*) = 1 FROM dumps" || fail 'no stacks'
[ "$(stat -c %a "$folder" "$file" | tr '\n' ' ')" = '700 600 ' ] || fail 'others can read it'
kill -KILL "$watcher"
wait_until 60 is_whole || fail "it is not finished: $(ls -l "$folder")"
[ "$(sqlite3 "$file" 'PRAGMA integrity_check')" = ok ] || fail 'damaged'
is_true "count(*) > 3 FROM samples" ||
    fail "only $(query 'SELECT count(*) FROM samples') samples"
is_true "count(*) > 0 FROM alerts" || fail 'no alert in it'
is_true "value LIKE 'alert %' FROM target WHERE key = 'cause'" || fail 'no cause'
is_true "max(tasks) > 5 FROM stacks WHERE state LIKE 'chan receive%'" || fail 'no crowd'
is_true "count(*) > 0 FROM procs" || fail 'nothing of the procs'
"$gomon" -b -r "$file" >"$work/lines" || fail 'it cannot be read'
grep -qE '^[0-9:]+ +live ' "$work/lines" || fail 'no lines'
grep -q '^! ' "$work/lines" || fail 'no alert among the lines'
"$gomon" --dump -r "$file" | grep -qE '^#1 +[0-9,]+ tasks  chan receive' || fail 'no stacks'

# What is known from before gomon came. Once an hour, whoever watches; not in a folder that can't
# be; not if it is not wanted. All at once, since each may take half a minute.
began=$(date +%s)
watch late --incident-dir "$work/late.d" -p "${targets[1]}"
watch again -p "${targets[0]}"
again=$watcher
watch nowhere --incident-dir /proc/nowhere -p "${targets[0]}"
watch off --incidents 0 --incident-dir "$work/off.d" -p "${targets[0]}"
screen_start 200 30 "env LC_ALL=C.UTF-8 XDG_CONFIG_HOME='$XDG_CONFIG_HOME' '$gomon' \
    --lint-window 30 --incident-dir '$work/screen.d' -p ${targets[0]}"

# On the screen, where it is said for some seconds; and a report by a key.
wait_screen 90 "the alert is recorded to $work/screen.d/incident-"
screen_keys 6
wait_screen 30 "  recorded to $work/screen.d/incident-"
screen_keys R
wait_screen 90 "the report is recorded to $work/screen.d/report-"
screen_keys q
[ "$(wait_screen_end 30)" = 0 ] || fail 'it fails'
folder=$work/screen.d
find_file || fail 'no recording'
wait_until 60 is_whole || fail "it is not finished: $(ls -l "$folder")"
file=$(echo "$folder"/report-*.gmr)
wait_until 60 is_whole || fail "the report is not finished: $(ls -l "$folder")"
is_true "value = 'asked for' FROM target WHERE key = 'cause'" || fail 'it is not of the key'

for name in late again nowhere off; do
    wait_until 90 grep -q '^! ' "$work/$name" || fail "$name: $(cat "$work/$name")"
done
more() { [ "$(wc -l <"$work/$1")" -ge $(($2 + 3)) ]; }
watches_on() { wait_until 60 more "$1" "$(wc -l <"$work/$1")" || fail "$1: it watches no longer"; }
wait_until 60 grep -q 'the alert is not recorded: /proc/nowhere' "$work/nowhere.err" ||
    fail "it does not tell: $(cat "$work/nowhere.err")"
watches_on nowhere
[ "$(wc -l <"$work/nowhere.err")" = 1 ] || fail "more than a line: $(cat "$work/nowhere.err")"
watches_on off
[ ! -e "$work/off.d" ] || fail 'it is recorded all the same'
folder=$XDG_STATE_HOME/gomon/incidents
watches_on again
twice=$(find "$folder" -name '*.gmr' | sed 's/.*-[0-9]*-\([a-z-]*\.gmr\)$/\1/' | sort | uniq -d)
[ -z "$twice" ] || fail "twice: $(ls "$folder")"
kill -TERM "$again"

# The target ends first.
folder=$work/late.d
wait_until 60 find_file || fail "no recording: $(cat "$work/late.err"; tail -n 3 "$work/late")"
wait_until 60 is_true "count(*) = 1 FROM dumps" || fail 'no stacks'
is_true "count(*) > 5 FROM samples WHERE real_ns / 1e9 < $began" ||
    fail "only $(query 'SELECT count(*) FROM samples') samples"
kill -KILL "${targets[1]}"
wait_until 60 is_whole || fail "it is not finished: $(ls -l "$folder")"
is_true "count(*) > 0 FROM samples WHERE state = 'killed'" || fail 'the end is not in it'
exit 0
