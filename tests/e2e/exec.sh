#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# exec.sh - a target that calls exec: the program that was watched is said to be no more, its past
# stays, and --follow goes on: with a new page of the same process, or the next of the same name.
. "$(dirname "$0")/../support/e2e.sh"
need tmux

# A program of a name that nobody else has.
name=x$$
cp "$top_builddir/tests/support/exec_target" "$work/$name"
became='the process has become another program \(exec\)'

# start_name FILE PROGRAM ARGUMENT...: runs it under that name; when FILE is there, it becomes
# PROGRAM.
start_name() {
    start_target "$work/$name" "$@"
}

# csv_has FILE PID STATE: whether there is such a sample.
csv_has() {
    grep -q ",$2,$name,$3," "$1"
}

# watch_both FILE OPTION...: watches $target on a screen, and as CSV in FILE by $watcher.
watch_both() {
    local file=$1
    shift
    "$gomon" "$@" --csv -d 0.1 -p "$target" >"$file" 2>"$work/said" &
    watcher=$!
    e2e_pids+=("$watcher")
    screen_start 120 24 "env LC_ALL=C.UTF-8 '$gomon' $* -p $target"
    wait_screen 60 "$name\\[$target\\]  live"
    wait_until 60 csv_has "$file" "$target" live || fail "no sample: $(cat "$work/said")"
}

# Another program without a page: the output ends, on the screen the last picture stays.
start_name "$work/go" tail -f /dev/null
target=$started_pid
watch_both "$work/csv"
touch "$work/go"
wait_until 60 is_gone "$watcher" || fail 'the output goes on after an exec'
wait "$watcher"
[ $? = 6 ] || fail "it ends with another status than 6: $(cat "$work/said")"
grep -qE "process $target \\($name\\): $became\$" "$work/said" ||
    fail "it says: $(cat "$work/said")"
csv_has "$work/csv" "$target" replaced || fail 'the last sample does not tell'
wait_screen 60 "$name\\[$target\\]  REPLACED"
wait_screen 60 "$became"
screen_has 'HEAP .* alloc ' || fail 'the last picture is gone'
screen_keys D
wait_screen 60 'the target has ended'
screen_keys Left
wait_screen 60 "$name\\[$target\\]  was live"
screen_keys q
[ "$(wait_screen_end 60)" = 0 ] || fail "it ends with $(cat "$work/screen-status")"
$e2e_tmux kill-server
rm -f "$work/screen-status"
kill -0 "$target" || fail 'the process did not survive'

# Who comes only now sees the last picture of the program that was, and not as if it had been
# killed: that is no alert either.
"$gomon" --json -1 -p "$target" >"$work/json" || fail 'the page that was left cannot be read'
grep -q '"state":"replaced"' "$work/json" || fail "it is said to be: $(cat "$work/json")"
grep -q '"lint":"ended"' "$work/json" && fail 'an alert'
"$gomon" --dump "$target" 2>"$work/said" && fail 'stacks of the other program'
grep -q 'has become another program' "$work/said" || fail "it says: $(cat "$work/said")"
screen_start 120 24 "env LC_ALL=C.UTF-8 '$gomon' -p $target"
wait_screen 60 "$name\\[$target\\]  REPLACED"
screen_keys q
[ "$(wait_screen_end 60)" = 0 ] || fail "it ends with $(cat "$work/screen-status")"
$e2e_tmux kill-server
rm -f "$work/screen-status"

# Once the other program has ended too, how the first one did is not known any more.
kill -KILL "$target"
wait_until 60 is_gone "$target" || fail 'it does not end'
"$gomon" --json -1 -p "$target" | grep -q '"state":"killed"' || fail 'it is said to go on'

# With --follow: another one with a page, under the same pid, then one without and the next of the
# name of the one before.
cp "$work/$name" "$work/again$name"
start_name "$work/go-1" "$work/again$name" "$work/go-2" tail -f /dev/null
target=$started_pid
watch_both "$work/followed" --follow
touch "$work/go-1"
wait_screen 60 "again$name\\[$target\\]  live"
wait_until 60 grep -q ",$target,again$name,live," "$work/followed" ||
    fail "it does not go on with the same process: $(cat "$work/said")"
grep -qE "process $target \\($name\\): $became; waiting for the next" "$work/said" ||
    fail "it says: $(cat "$work/said")"
touch "$work/go-2"
wait_screen 60 "again$name\\[$target\\]  REPLACED"
start_target "$work/again$name" "$work/never" true
other=$started_pid
wait_screen 60 "again$name\\[$other\\]  live"
wait_until 60 grep -q ",$other,again$name,live," "$work/followed" ||
    fail "it does not go on with the next: $(cat "$work/said")"
screen_keys q
[ "$(wait_screen_end 60)" = 0 ] || fail "it ends with $(cat "$work/screen-status")"
$e2e_tmux kill-server
rm -f "$work/screen-status"

# One of several.
start_name "$work/go-3" tail -f /dev/null
target=$started_pid
screen_start 120 24 "env LC_ALL=C.UTF-8 '$gomon' -p $target,$other"
wait_screen 60 "$target +$name .* live "
touch "$work/go-3"
wait_screen 60 "$target +$name .* exec "
exit 0
