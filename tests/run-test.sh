#!/bin/sh
# SPDX-License-Identifier: MIT
# run-test.sh PROGRAM - runs one test program and speaks TAP for it.
# A Criterion program (tests/unit) speaks TAP itself. Any other says by its exit status how it went:
# 0 passed, 77 skipped, else failed; what it prints becomes comments. A fuzz target gets its corpus,
# a benchmark makes one iteration.
# TEST_TIMEOUT: seconds after which a test that hangs is killed.
# TEST_WRAPPER: a command that runs the programs that are not Criterion's, such as valgrind.
set -u

program=$1
name=$(basename "$program")
limit="timeout -k 5 ${TEST_TIMEOUT:-240}"

as_tap() {
    status_file=$(mktemp) || exit 99
    { $limit "$@" 2>&1; echo $? >"$status_file"; } | sed 's/^/# /'
    status=$(cat "$status_file")
    rm -f "$status_file"
    echo 1..1
    case $status in
        0) echo "ok 1 - $name" ;;
        77) echo "ok 1 - $name # SKIP" ;;
        124) echo "not ok 1 - $name: no end after ${TEST_TIMEOUT:-240} s" ;;
        *) echo "not ok 1 - $name: exit status $status" ;;
    esac
}

case $program in
    */unit/*) exec $limit "$program" --output=tap:- --jobs=1 ;;
    */bench/*) as_tap "$program" -benchtime 1x ;;
    */fuzz/*) as_tap "$program" "$top_srcdir/tests/fuzz/corpus/$name" ;;
    *) as_tap ${TEST_WRAPPER:-} "$program" ;;
esac
