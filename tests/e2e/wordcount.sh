#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# wordcount.sh - gort-wordcount counts what sort and uniq count, whatever the parallelism.
. "$(dirname "$0")/../support/e2e.sh"
wordcount=$top_builddir/gort-wordcount

head -c 300 /dev/zero | tr '\0' L >"$work/long"
files=("$top_srcdir"/man/*.[1-8] "$top_srcdir/README.md" "$top_srcdir/CHANGELOG.md" "$work/long")
export LC_ALL=C
cat "${files[@]}" | tr -cs 'A-Za-z0-9' '\n' | tr 'A-Z' 'a-z' | grep . | sort | uniq -c |
    sort -k1,1nr -k2,2 | sed 's/^ *//' >"$work/expected"
for parallel in 1 2 8; do
    timeout 60 "$wordcount" --top 1000000 --parallel $parallel "${files[@]}" >"$work/out" \
        2>"$work/err" || fail "status $?: $(cat "$work/err")"
    sed 's/^ *//' "$work/out" >"$work/told"
    cmp -s "$work/told" "$work/expected" ||
        fail "--parallel $parallel: $(diff "$work/told" "$work/expected" | head -n 5)"
done

: >"$work/empty"
timeout 10 "$wordcount" "$work/empty" >"$work/out" 2>&1 || fail "an empty file: status $?"
[ ! -s "$work/out" ] || fail "an empty file: $(cat "$work/out")"

# fails FILE: the pipeline ends, and only the reason is told.
fails() {
    timeout 10 "$wordcount" "${files[@]}" "$1" >"$work/out" 2>"$work/err"
    [ $? = 1 ] || fail "$1 does not end with 1"
    [ "$(cat "$work/err")" = "gort-wordcount: cannot read $1" ] || fail "it says $(cat "$work/err")"
    [ ! -s "$work/out" ] || fail "it prints a part: $(head -n 3 "$work/out")"
}
fails "$work/none"
fails "$work"
