#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# crawler.sh - gort-crawler finds all pages of a server once, and stops where it is told to.
. "$(dirname "$0")/../support/e2e.sh"
need python3
crawler=$top_builddir/gort-crawler

mkdir -p "$work/site/deep"
cat >"$work/site/index.html" <<'END'
<a href="/a.html">a</a> <a href="deep/">deep</a> <a href="http://example.org/">out</a>
<a href="/missing.html">missing</a> <a href="mailto:x@y">mail</a> <a href="#top">here</a>
END
echo '<a href="/">home</a> <a href="a.html#part">self</a> <a href="b.html?x=1">b</a>' \
    >"$work/site/a.html"
echo '<a href="a.html">a</a>' >"$work/site/b.html"
echo '<a href="c.html">c</a> <a href="/a.html">a</a>' >"$work/site/deep/index.html"
echo '<a href="d.html">d</a>' >"$work/site/deep/c.html"
echo 'the end' >"$work/site/deep/d.html"

start python3 -u -m http.server --bind 127.0.0.1 --directory "$work/site" 0
log=$(output_of python3 "$started_pid")
wait_until 20 grep -q 'port [0-9]' "$log" || fail "no server: $(cat "$log")"
port=$(sed -n 's/.*port \([0-9]*\).*/\1/p' "$log" | head -n 1)

# crawls OPTION...: its pages, sorted, in $work/pages.
crawls() {
    timeout 60 "$crawler" "$@" "127.0.0.1:$port" >"$work/out" 2>"$work/err" ||
        fail "$*: status $?: $(cat "$work/out" "$work/err")"
    grep '^[0-9]' "$work/out" | LC_ALL=C sort >"$work/pages"
}

# found LINE...: exactly those.
found() {
    printf '%s\n' "$@" | LC_ALL=C sort | cmp -s - "$work/pages" ||
        fail "found: $(cat "$work/pages")"
}

all=("200 /" "200 /a.html" "200 /b.html" "200 /deep/" "200 /deep/c.html" "200 /deep/d.html"
    "404 /missing.html")
crawls --rate 1000
found "${all[@]}"
grep -q '^gort-crawler: 7 pages$' "$work/out" || fail "at the end: $(tail -n 1 "$work/out")"
crawls --rate 1000 --workers 1
found "${all[@]}"
crawls --rate 1000 --depth 0
found "200 /"
crawls --rate 1000 --depth 1
found "200 /" "200 /a.html" "200 /deep/" "404 /missing.html"
crawls --rate 1000 --pages 3
[ "$(wc -l <"$work/pages")" = 3 ] || fail "--pages 3: $(cat "$work/pages")"

# Seven pages at 20 a second take 0.35 s at least; the clock is that of the crawler's own ticks.
start_ms=$(date +%s%3N)
crawls --rate 20
[ $(($(date +%s%3N) - start_ms)) -ge 340 ] || fail "faster than its rate"

timeout 20 "$crawler" 127.0.0.1:1 >"$work/out" 2>&1
[ $? = 1 ] || fail "no server does not end with 1"
grep -q 'refused' "$work/out" || fail "no server: $(cat "$work/out")"
