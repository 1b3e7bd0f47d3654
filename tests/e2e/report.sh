#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# report.sh - gomon --report: all that is known of a target in one file, of one that works, is
# stopped, wedged or dead, to a file and to a pipe, but not to a terminal; anybody can query it, and
# gomon shows it again.
. "$(dirname "$0")/../support/e2e.sh"
need sqlite3 tmux
grep -q '^#define HAVE_SQLITE 1' "$top_builddir/config.h" || skip 'built without SQLite'

export TMPDIR=$work/tmp
mkdir "$TMPDIR"
file=$work/r.gmr
query() { sqlite3 -readonly "$file" "$1"; }
is_true() { [ "$(query "SELECT $1")" = 1 ] || fail "not true in $file: $1"; }
fact() { query "SELECT value FROM target WHERE key = '$1'"; }
# report ARGUMENT...: into $file, whole and sound.
report() {
    "$gomon" --report "$@" >"$file" 2>"$work/err" || fail "gomon --report $*: $(cat "$work/err")"
    [ "$(query 'PRAGMA integrity_check')" = ok ] || fail "damaged by $*"
    [ -z "$(ls "$work/tmp")" ] || fail "left behind: $(ls "$work/tmp")"
}

start_target env GORT_MAXPROCS=2 SECRET=hunter2 "$gort_demo" leak
leak=$started_pid
start_target "$gort_demo" wedge
wedge=$started_pid
publishes() { "$gomon" -1 "$leak" 2>/dev/null | grep -qE '^page.publishes +[1-9][0-9]'; }
wait_until 20 publishes || fail 'the target publishes nothing'

# What is in it.
report -p "$leak"
is_true 'count(*) >= 2 AND max(heap_alloc) > 0 AND max(process_rss) > 0 FROM samples'
is_true "count(*) = 1 FROM dumps WHERE origin = 'asked' AND tasks > 5"
is_true "sum(tasks) = (SELECT tasks FROM dumps) FROM stacks"
is_true "count(*) > 0 FROM stacks WHERE state = 'chan receive' AND tasks > 1"
is_true "count(*) > 0 FROM cycles"
if grep -q '^#define HAVE_LIBDW 1' "$top_builddir/config.h"; then
    is_true "count(*) > 0 FROM stacks JOIN stack_frames USING (mono_ns, rank)
             WHERE function = 'wait_for_answer' AND file LIKE '%leak.c' AND line > 0"
    is_true "count(*) > 0 FROM stacks WHERE spawned_function = 'ask_peer'"
    is_true "count(*) > 0 FROM code WHERE text LIKE 'ask_peer leak.c:%'"
fi
[ "$(fact command)" = "$gort_demo leak" ] || fail "its command is $(fact command)"
[ "$(fact GORT_MAXPROCS)" = 2 ] || fail 'no setting'
fact build-id | grep -qE '^[0-9a-f]{16,}$' || fail "its build-id is $(fact build-id)"
[ "$(fact host)" = "$(uname -n)" ] || fail "its host is $(fact host)"
is_true "count(*) = 0 FROM target WHERE value LIKE '%hunter2%'"

# It is shown again.
"$gomon" -b -r "$file" >"$work/lines" 2>&1 || fail "no lines: $(cat "$work/lines")"
grep -qE '^[0-9:]+ +live ' "$work/lines" || fail "no samples: $(cat "$work/lines")"
"$gomon" --dump -r "$file" >"$work/stacks" || fail 'its stacks are not written'
grep -qE '^#1 +[0-9]+ tasks  chan receive' "$work/stacks" || fail "$(cat "$work/stacks")"
screen_start 100 30 "env LC_ALL=C.UTF-8 '$gomon' -r '$file'"
wait_screen 30 'REPLAY'
screen_keys S
wait_screen 30 'groups of equal stacks'
wait_screen 30 'tasks  chan receive'
screen_keys q
[ "$(wait_screen_end 30)" = 0 ] || fail 'the replay fails'
rm "$work/screen-status"

# To a pipe, and not to a terminal.
"$gomon" --report -p "$leak" | cat >"$work/piped"
[ "${PIPESTATUS[0]}" = 0 ] || fail 'not to a pipe'
[ "$(sqlite3 -readonly "$work/piped" 'PRAGMA integrity_check')" = ok ] || fail 'damaged in a pipe'
$e2e_tmux kill-server 2>/dev/null
screen_start 100 30 "'$gomon' --report -p $leak"
wait_screen 30 'write it to a file'
[ "$(wait_screen_end 30)" = 2 ] || fail 'written to a terminal'
"$gomon" --report -p "$leak" >/dev/full 2>"$work/err"
[ $? = 1 ] || fail 'a full disk is no failure'
grep -q 'standard output' "$work/err" || fail "$(cat "$work/err")"

# Where there is no room, it is made elsewhere.
TMPDIR=/proc report -p "$leak"

# Nothing is asked of the target.
report --read-only -p "$leak"
is_true "count(*) = 0 FROM dumps WHERE origin = 'asked'"
fact stacks | grep -qE 'read from outside|^none: ' || fail "stacks: $(fact stacks)"

# One whose procs are all hogged, one that is stopped, one that has ended.
report -p "$wedge"
is_true "count(*) = 1 FROM dumps WHERE tasks > 1"
kill -STOP "$leak"
report -p "$leak"
is_true "count(*) > 0 FROM samples WHERE state = 'stopped'"
[ "$(fact state)" = stopped ] || fail "its state is $(fact state)"
kill -CONT "$leak"
# Only the last few images are kept, so others that end at this time may push it out.
dead_is_reported() {
    start_target "$gort_demo" leak
    leak=$started_pid
    wait_until 20 publishes || return 1
    kill -KILL "$leak"
    wait_until 10 is_gone "$leak" || return 1
    "$gomon" --report --dead "$leak" >"$file" 2>"$work/err"
}
wait_until 90 dead_is_reported || fail "no report of a dead one: $(cat "$work/err")"
is_true "count(*) = 0 FROM dumps"
is_true "count(*) > 0 FROM samples WHERE state = 'killed'"
[ "$(fact stacks)" = 'none: the process has ended' ] || fail "stacks: $(fact stacks)"
fact build-id | grep -qE '^[0-9a-f]{16,}$' || fail "its build-id is $(fact build-id)"
"$gomon" --dump -r "$file" >"$work/out" 2>&1 && fail 'stacks of a dead one'
grep -q 'holds no stacks' "$work/out" || fail "$(cat "$work/out")"

ends_with 3 'there is no process' --report -p 999999
ends_with 2 'which process' --report
exit 0
