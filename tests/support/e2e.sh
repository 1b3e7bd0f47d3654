# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# e2e.sh - sourced by the end-to-end tests: start programs, wait for what they do, look at a screen.
# Everything that a test started ends with it, by its pid; the screen is a tmux server of its own.
# Waiting means polling with a deadline, never a fixed time.
set -u

top_builddir=${top_builddir:-$PWD}
top_srcdir=${top_srcdir:-$top_builddir/..}
gomon=$top_builddir/gomon
gort_demo=$top_builddir/gort-demo
gort_kv=$top_builddir/gort-kv
e2e_name=$(basename "$0" .sh)
e2e_tmux="tmux -L gomon-$e2e_name-$$ -f /dev/null"
e2e_pids=()
work=$(mktemp -d "${TMPDIR:-/tmp}/gomon-$e2e_name.XXXXXX") || exit 99
started_pid=
export XDG_CONFIG_HOME=$work/config # not the settings of whoever runs the tests
export XDG_STATE_HOME=$work/state   # nor where his recordings of alerts lie

e2e_end() {
    local pid
    for pid in "${e2e_pids[@]}"; do
        kill -CONT "$pid" 2>/dev/null
        kill -KILL "$pid" 2>/dev/null
        wait "$pid" 2>/dev/null # so that the shell does not report it
    done
    $e2e_tmux kill-server 2>/dev/null
    # A recording of an alert may still be brought to its end there.
    wait_until 10 rm -rf "$work" 2>/dev/null
}
trap e2e_end EXIT

# fail TEXT...: ends the test; shows the screen if there is one.
fail() {
    printf '%s: FAILED: %s\n' "$e2e_name" "$*"
    if screen_text >"$work/last-screen" 2>/dev/null; then
        sed 's/^/    |/' "$work/last-screen"
    fi
    exit 1
}

# skip TEXT...: this machine cannot run the test.
skip() {
    printf '%s: skipped: %s\n' "$e2e_name" "$*"
    exit 77
}

# need PROGRAM...: skips the test if one of them is not installed.
need() {
    local program
    for program in "$@"; do
        command -v "$program" >/dev/null || skip "no $program here"
    done
}

# wait_until SECONDS COMMAND...: polls until the command succeeds; returns 1 at the deadline.
wait_until() {
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        [ "$SECONDS" -lt "$end" ] || return 1
        sleep 0.02
    done
}

# start PROGRAM ARGUMENT...: in the background, its output in $work/PROGRAM.PID; its pid is then in
# $started_pid.
start() {
    local log
    log=$(mktemp "$work/out.XXXXXX")
    "$@" >"$log" 2>&1 </dev/null &
    started_pid=$!
    e2e_pids+=("$started_pid")
    ln -s "$log" "$work/$(basename "$1").$started_pid"
}

# output_of PROGRAM PID: the file with what it printed.
output_of() {
    printf '%s/%s.%s' "$work" "$1" "$2"
}

# has_page PID: whether the process shows a page.
has_page() {
    [ -n "$(find "/proc/$1/fd" -lname '/memfd:gomon-page*' 2>/dev/null)" ]
}

# start_target PROGRAM ARGUMENT...: start, and wait for its page.
start_target() {
    start "$@"
    wait_until 10 has_page "$started_pid" || fail "no page of $* after 10 s"
}

# is_gone PID: whether it has ended (a zombie has).
is_gone() {
    ! kill -0 "$1" 2>/dev/null || grep -q '^State:.*Z' "/proc/$1/status" 2>/dev/null
}

# screen_start COLUMNS ROWS COMMAND: runs it in a terminal of that size; the screen stays when it
# has ended, and its status is then in $work/screen-status.
screen_start() {
    local columns=$1 rows=$2
    shift 2
    # A server that is about to end refuses: ask again.
    wait_until 5 $e2e_tmux new-session -d -x "$columns" -y "$rows" \
        "$*; echo \$? >'$work/screen-status'; cat" 2>/dev/null || fail "tmux does not start"
}

screen_text() {
    $e2e_tmux capture-pane -p
}

# screen_keys KEY...: types, in tmux's names of keys.
screen_keys() {
    $e2e_tmux send-keys "$@"
}

screen_resize() {
    $e2e_tmux resize-window -x "$1" -y "$2"
}

screen_has() {
    screen_text 2>/dev/null | grep -qE -e "$1"
}

# wait_screen SECONDS PATTERN: until the extended pattern is on the screen; fails at the deadline.
wait_screen() {
    wait_until "$1" screen_has "$2" || fail "no '$2' on the screen after $1 s"
}

# wait_screen_end SECONDS: until the program on the screen has ended; its status is printed.
wait_screen_end() {
    wait_until "$1" test -s "$work/screen-status" || fail "the program does not end"
    cat "$work/screen-status"
}

# ends_with STATUS PATTERN GOMON-ARGUMENT...: runs gomon and looks at its end and its words.
ends_with() {
    local wanted=$1 pattern=$2 status
    shift 2
    timeout 30 "$gomon" "$@" >"$work/out" 2>"$work/err" </dev/null
    status=$?
    [ $status = "$wanted" ] ||
        fail "gomon $* ended with $status, not $wanted: $(cat "$work/err")"
    grep -qE -e "$pattern" "$work/out" "$work/err" ||
        fail "gomon $* does not say '$pattern': $(cat "$work/out" "$work/err")"
}

# is_still: whether the screen, but for the first line, is what it was 0.5 s ago.
is_still() {
    screen_text | tail -n +2 >"$work/before"
    sleep 0.5
    screen_text | tail -n +2 | cmp -s - "$work/before"
}

# same_when_redrawn: whether the screen is what gomon thinks that it is: drawing all of it again
# (and waiting until its clock shows that it was) changes nothing but the first line. For pictures
# that are still, once the names of functions have come.
same_when_redrawn() {
    local header
    wait_until 5 is_still || return 1
    header=$(screen_text | head -n 1)
    screen_keys C-l
    wait_until 5 eval '[ "$(screen_text | head -n 1)" != "$header" ]' || return 1
    screen_text | tail -n +2 | cmp -s - "$work/before"
}
