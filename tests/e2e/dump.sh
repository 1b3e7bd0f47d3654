#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# dump.sh - gomon --dump shows every task with its code line, whatever the target is doing, and
# neither side is hurt when the other one ends in the middle.
. "$(dirname "$0")/../support/e2e.sh"

grep -q '^#define HAVE_LIBDW 1' "$top_builddir/config.h" || skip "gomon was built without libdw"
ntasks=10000

# dump PID [OPTION...]: the dump into $work/dump; fails the test if it takes too long or ends badly.
dump() {
    local pid=$1
    shift
    timeout 60 "$gomon" --dump "$@" -p "$pid" >"$work/dump" 2>"$work/dump.err" ||
        fail "gomon --dump $* ended with $?: $(cat "$work/dump.err")"
}

# counted: tasks in all groups of the last dump.
counted() {
    awk '/^#[0-9]+  [0-9]+ tasks?  / { n += $2 } END { print n + 0 }' "$work/dump"
}

# shows PATTERN...: the last dump has lines that match each extended pattern.
shows() {
    local pattern
    for pattern in "$@"; do
        grep -qE -e "$pattern" "$work/dump" || fail "no '$pattern' in: $(head -n 40 "$work/dump")"
    done
}

# Every task, grouped, with the line of its code.
start_target "$gort_demo" contention --tasks $ntasks
busy=$started_pid
all_fight() {
    dump "$busy"
    [ "$(counted)" -gt $ntasks ] && grep -q 'gort_mutex_lock' "$work/dump"
}
wait_until 60 all_fight || fail "$(counted) tasks of $ntasks: $(head -n 40 "$work/dump")"
groups=$(grep -c '^#' "$work/dump")
[ "$groups" -lt 200 ] || fail "$groups groups"
shows 'fight_for_the_hot +.*contention\.c:[0-9]+' 'gort_mutex_lock(_slow)? +.*mutex\.c:[0-9]+' \
    'started by demo_go +.*demo\.c:[0-9]+' '^#[0-9]+ +[0-9]+ tasks? +sync\.Mutex\.Lock  '

# Who holds the mutex that they fight for, by id and name, and where that one is.
holder='^    ([0-9]+ of them )?waits? for a mutex held by task [0-9]+( "[^"]*")? \(#[0-9]+\)$'
names_holder() {
    dump "$busy"
    grep -qE "$holder" "$work/dump"
}
wait_until 60 names_holder || fail "no holder in: $(head -n 40 "$work/dump")"

# As folded stacks: a line a group, from the outermost function on.
timeout 60 "$gomon" --dump --folded -p "$busy" >"$work/folded" || fail "--folded ended with $?"
folded=$(awk '{ n += $NF } END { print n + 0 }' "$work/folded")
[ "$folded" -gt $ntasks ] || fail "$folded tasks in the folded stacks: $(head -n 3 "$work/folded")"
grep -qE 'fight_for_the_hot;.*gort_mutex_lock.*;\[sync\.Mutex\.Lock\] [0-9]+$' "$work/folded" ||
    fail "not from the outermost on: $(head -n 3 "$work/folded")"

# What has changed between two dumps, from files.
if grep -q '^#define HAVE_JANSSON 1' "$top_builddir/config.h"; then
    dump "$busy" --json
    mv "$work/dump" "$work/before.json"
    dump "$busy" --json
    ends_with 0 '^(no group|[0-9]+ groups?) .*; [0-9]+ as before are left out$' \
        --diff "$work/before.json" "$work/dump"
    ends_with 0 '^no group has changed; ' --diff "$work/dump" "$work/dump"
    ends_with 0 '\] [0-9]+ [0-9]+$' --diff "$work/before.json" "$work/dump" --folded
    ends_with 0 '"difference":true' --diff "$work/before.json" "$work/dump" --json
    ends_with 1 'gomon: .*not a dump' --diff "$work/before.json" "$work/folded"
    ends_with 1 'gomon: .*No such file' --diff "$work/nothing" "$work/dump"
fi

# Without writing to the target; and of one that is stopped, which cannot answer. The holders are
# named all the same, unless nobody held the lock when it was stopped.
dump "$busy" --read-only
[ "$(counted)" -gt $((ntasks * 9 / 10)) ] || fail "$(counted) tasks read from outside"
stopped_with_holder() {
    kill -STOP "$busy"
    dump "$busy"
    kill -CONT "$busy"
    shows 'note: the runtime .*read from outside' 'fight_for_the_hot +.*contention\.c:[0-9]+'
    grep -qE "$holder" "$work/dump"
}
wait_until 60 stopped_with_holder || fail "no holder in: $(head -n 40 "$work/dump")"
shows '    named ([^ ]+, )*hot'

# Without stdin, stdout and stderr nothing that gomon says ends up in the target's mailbox.
mailbox=$(find "/proc/$busy/fd" -lname '/memfd:gomon-mail*' -print -quit)
head_of_mailbox() { head -c 24 "$mailbox" | od -An -tx1; } # what stands before the doorbell
header=$(head_of_mailbox)
timeout 60 "$gomon" --dump -p "$busy" <&- >&- 2>&- && fail 'written without stdout, it says'
timeout 60 "$gomon" --dump --json -p "$busy" <&- >&- 2>&-
[ "$(head_of_mailbox)" = "$header" ] || fail 'a closed stdout overwrites the mailbox'
dump "$busy"
grep -q '^note' "$work/dump" && fail "it is not answered any more: $(grep '^note' "$work/dump")"

# entries FOLDER: how many descriptors, or threads, the target has.
entries() { ls "/proc/$busy/$1" | wc -l; }
descriptors=$(entries fd)
threads=$(entries task)

# Several at once each get their own.
dumps=()
for i in 1 2 3 4; do
    timeout 60 "$gomon" --dump -p "$busy" >"$work/dump.$i" 2>&1 &
    dumps+=($!)
done
for i in 1 2 3 4; do
    wait "${dumps[i - 1]}" || fail "dump $i of 4 at once: $(tail -n 1 "$work/dump.$i")"
    mv "$work/dump.$i" "$work/dump"
    [ "$(counted)" -gt $((ntasks * 9 / 10)) ] || fail "$(counted) tasks in dump $i of 4 at once"
done

# has_begun PID: whether gomon has opened something, or is through already.
has_begun() {
    [ -e "/proc/$1/fd/3" ] || is_gone "$1"
}

# Killed in the middle: the target goes on, and the next one is served.
for i in 1 2 3 4 5 6 7 8; do
    "$gomon" --dump -p "$busy" >"$work/killed" 2>&1 &
    killed=$!
    wait_until 10 has_begun $killed
    kill -KILL $killed 2>/dev/null
    wait $killed 2>/dev/null
done
dump "$busy"
[ "$(counted)" -gt $ntasks ] || fail "$(counted) tasks after clients were killed"
grep -q '^note' "$work/dump" && fail "not answered any more: $(grep '^note' "$work/dump")"

# After all that, and many who came and went, the target holds what it held. It may need a thread
# or two more for itself.
for i in $(seq 40); do
    "$gomon" --csv -c 1 -p "$busy" >/dev/null || fail "status $? of the ${i}th sample"
done
[ "$(entries fd)" = "$descriptors" ] || fail "$(entries fd) descriptors, before $descriptors"
[ "$(entries task)" -lt $((threads + 10)) ] || fail "$(entries task) threads, before $threads"

# The target killed in the middle: an error or a dump, no crash.
"$gomon" --dump -p "$busy" >"$work/dump" 2>&1 &
dumper=$!
kill -KILL "$busy"
wait $dumper
status=$?
[ $status -eq 0 ] || [ $status -eq 3 ] || fail "status $status of a target that was killed"
timeout 10 "$gomon" --dump -p "$busy" >"$work/dump" 2>&1
[ $? -eq 3 ] || fail "another status than 3 without a target: $(cat "$work/dump")"

# Every proc hogged.
start_target "$gort_demo" wedge
wedge=$started_pid
is_wedged() {
    dump "$wedge"
    grep -qE '^#[0-9]+ +[0-9]+ tasks? +running  ' "$work/dump"
}
wait_until 30 is_wedged || fail "no task runs in: $(cat "$work/dump")"
shows 'hog +.*wedge\.c:[0-9]+'

# What a program writes of itself gets its lines.
"$gort_demo" deadlock --seconds 1 >"$work/fatal" 2>&1
[ $? -eq 2 ] || fail "the deadlock did not end with 2"
"$gomon" --symbolize <"$work/fatal" >"$work/dump" || fail "gomon --symbolize ended with $?"
shows 'move_right\+0x[0-9a-f]+  /.*  .*deadlock\.c:[0-9]+' 'all tasks are asleep - deadlock!'
