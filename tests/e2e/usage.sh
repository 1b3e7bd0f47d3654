#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# usage.sh - the demo programs say in one line what is wrong with a command line, and end with 2;
# help ends with 0.
. "$(dirname "$0")/../support/e2e.sh"

# refuses PATTERN COMMAND...: status 2 and one line on stderr that the pattern matches.
refuses() {
    local pattern=$1 status
    shift
    timeout 10 "$@" >"$work/out" 2>"$work/err" </dev/null
    status=$?
    [ $status = 2 ] || fail "status $status from $*"
    [ ! -s "$work/out" ] || fail "something on stdout from $*"
    [ "$(wc -l <"$work/err")" = 1 ] || fail "not one line from $*: $(cat "$work/err")"
    grep -qE -e "$pattern" "$work/err" || fail "$* says: $(cat "$work/err")"
}

# helps PATTERN COMMAND...: status 0, and the pattern on stdout.
helps() {
    local pattern=$1
    shift
    timeout 10 "$@" >"$work/out" 2>"$work/err" || fail "status $? from $*"
    grep -qE -e "$pattern" "$work/out" || fail "$* does not show '$pattern'"
    [ ! -s "$work/err" ] || fail "something on stderr from $*"
}

refuses 'which scenario' "$gort_demo"
refuses "no scenario 'nothing'" "$gort_demo" nothing
refuses "no option '--live'" "$gort_demo" leak --live 1M
refuses '--leak takes a number from 0 to 8G' "$gort_demo" leak --leak x
refuses '--leak needs a value' "$gort_demo" leak --leak
refuses "'5' is not an option" "$gort_demo" idle 5
refuses '--port takes a number from 0 to 65535' "$gort_kv" --port 65536
refuses "no option '-p'|'-p' is not an option" "$gort_kv" -p 1
refuses 'FILE... is missing' "$top_builddir/gort-wordcount"
refuses '--top takes a number from 1 to' "$top_builddir/gort-wordcount" --top 0 file
refuses 'HOST:PORT is missing' "$top_builddir/gort-crawler" --depth 1
refuses "'more' is one argument too many" "$top_builddir/gort-crawler" localhost:80 more
refuses "no option '--room'" "$top_builddir/gort-chat" --room 1
refuses "'x' is one argument too many" "$top_builddir/gort-services" x
refuses '--beat-ms needs a value' "$top_builddir/gort-services" --beat-ms

helps '^  leak ' "$gort_demo" --help
helps '--task-rate N .*\(5\)' "$gort_demo" leak --help
helps '--port N .*\(6380\)' "$gort_kv" --help
helps '--parallel N .*\(4\)' "$top_builddir/gort-wordcount" --help
helps '--rate N .*\(20\)' "$top_builddir/gort-crawler" --help
helps '--port N .*\(6667\)' "$top_builddir/gort-chat" -h
helps '--silent-after N ' "$top_builddir/gort-services" --help
