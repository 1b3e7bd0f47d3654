#!/bin/sh
# SPDX-License-Identifier: MIT
# tables.sh - the manual pages agree with the tables that the programs are made of: keys, metrics,
# wait reasons, options, settings of GORT_DEBUG, functions of the public headers.
build=$(cd "${top_builddir:-build}" && pwd) || exit 99
lint=$(dirname "$0")/lint.sh
. "$lint"
command -v mandoc >/dev/null || { echo "tables.sh: no mandoc here"; exit 77; }

cc=${CC:-cc}
text=$(mktemp) || exit 99
trap 'rm -f "$faults" "$text"' EXIT

# read_page PAGE: its words, as a reader sees them, on one line in $text.
read_page() {
    page=man/$1
    [ -f "$page" ] || { complain "$page: missing"; : >"$text"; return; }
    mandoc -T ascii -O width=400 "$page" | without_overstrike | tr -s ' \t\n' ' ' >"$text"
}

# expect_words WHAT: each line of the standard input stands in the page that was read.
expect_words() {
    while IFS= read -r words; do
        grep -qF -e "$words" "$text" || complain "$page: does not mention $1: $words"
    done
}

# column TABLE MACRO ARGUMENTS PICK: one argument of each row of a table, without its quotes.
column() {
    printf '#define %s(%s) ROW: %s\n#include "%s"\n' "$2" "$3" "$4" "$1" |
        $cc -E -P -Isrc -I. -x c - | sed -n 's/^ROW: //p' |
        sed 's/" *"//g; s/^"//; s/"$//; s/\\\\/\\/g'
}

# options_in COMMAND...: the options that its help shows.
options_in() {
    "$@" --help 2>/dev/null | grep -oE -e '(^|[ ,[])--[a-z][a-z-]*' |
        grep -oE -e '--[a-z-]+' | sort -u
}

read_page gomon.1
column src/mon/keys.def KEY 'id, scope, keys, help' 'keys " " help' | expect_words 'a key'
column src/mon/process.def METRIC 'id, name, kind, unit, level, keep, help' name |
    expect_words 'a figure'
column src/mon/derived.def DERIVED 'id, name, unit, help' name | expect_words 'a figure'
options_in "$build/gomon" | expect_words 'an option'

read_page gomonrc.5
"$build/gomon" --config /dev/null --print-config | sed -n 's/^\([a-z-]*\) =.*/\1 =/p' |
    expect_words 'a setting'

read_page gort-page.5
column src/metrics.def METRIC 'id, name, kind, unit, level, keep, help' name |
    expect_words 'a metric'
column src/waits.def WAIT 'id, text' text | grep . | expect_words 'a wait reason'

read_page gort.3
sed -n 's/^GORT_API [^(]*[ *]\(gort_[a-z0-9_]*\)(.*/\1/p' src/gort.h src/gort/*.h |
    expect_words 'a function'

read_page gort.7
sed -n 's/.*getenv("\([A-Z_]*\)").*/\1/p' src/runtime/*.c | sort -u |
    expect_words 'an environment variable'
grep -oE '\{"[a-z]+", &debug\.' src/runtime/debug.c | sed 's/{"\([a-z]*\)".*/\1=/' |
    expect_words 'a setting of GORT_DEBUG'

read_page gort-demo.1
for scenario in $("$build/gort-demo" --help | sed -n 's/^  \([a-z]*\) .*/\1/p'); do
    echo "$scenario" | expect_words 'a scenario'
    options_in "$build/gort-demo" "$scenario" | expect_words "an option of $scenario"
done
read_page gort-kv.1
options_in "$build/gort-kv" | expect_words 'an option'

verdict
