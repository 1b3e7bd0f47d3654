#!/bin/sh
# SPDX-License-Identifier: MIT
# style.sh - what a machine can see of the style: length of lines and files, licences, words that
# must not occur, atomics without an order, tests that sleep.
lint=$(dirname "$0")/lint.sh
. "$lint"

code=$(sources src panels tests)
scripts=$(find bootstrap .ci tests -type f \( -name '*.sh' -o -name bootstrap -o -name run \) \
    2>/dev/null | sort)

# find_in PATTERN REASON FILE...: complains of each line that PATTERN (extended) matches.
find_in() {
    pattern=$1 reason=$2
    shift 2
    [ $# -gt 0 ] || return 0
    grep -nHE -e "$pattern" "$@" /dev/null | cut -c1-160 | complain_of "$reason"
}

# only PATTERN / without PATTERN: filters the names of $code.
only() { printf '%s\n' $code | grep -E "$1"; }
without() { printf '%s\n' $code | grep -vE "$1"; }

for file in $code $scripts; do
    head -n 2 "$file" | grep -q 'SPDX-License-Identifier: MIT' ||
        complain "$file: no SPDX line at its top"
done
for file in $code; do
    lines=$(wc -l <"$file")
    [ "$lines" -le 500 ] || complain "$file: $lines lines, above 500"
done

# Columns, not bytes: a box-drawing character in a string is one column.
printf '%s\n' $code $scripts | LC_ALL=C.UTF-8 xargs grep -nHE '^.{101,}' | cut -d: -f1,2 |
    complain_of 'above 100 columns'

find_in '	' 'a tab' $code
find_in '[ 	]+$' 'blanks at the end of the line' $code $scripts
find_in '\<(TO''DO|X''XX|HA''CK)\>' 'say when it matters, as FIXME(area):' $code $scripts
find_in 'FIXME[^(]' 'FIXME needs its area' $code
find_in '\<atomic_(load|store|exchange|fetch_[a-z]+|compare_exchange_[a-z]+)\(|__sync_' \
    'an atomic without its order' $code
find_in '# *(ifdef|ifndef) +HAVE_|defined *\(? *HAVE_' 'HAVE_ names are 0 or 1, use if' $code
find_in '__(x86_64|aarch64|linux)__' 'a system or processor outside its own files' \
    $(without '^src/runtime/(os_|ctx|cycles|san|self|unwind)|^src/gort/here|^tests/')
find_in '\<(strcpy|strcat|sprintf|gets|alloca)\(' 'a function without a bound' $code
no_sleep='a test waits for an event with a deadline, never for a time'
find_in '(^|[^_a-z])(sleep|usleep|nanosleep)\(' "$no_sleep" \
    $(only '^tests/' | grep -v '^tests/support/')
find_in '(^|[;&|( ])sleep +[0-9.$"]' "$no_sleep" \
    $(printf '%s\n' $scripts | grep '^tests/' | grep -vE '^tests/(support|bench)/') # those measure
find_in '\<(kill''all|p''kill)\>' 'end a process by its pid' $scripts

verdict
