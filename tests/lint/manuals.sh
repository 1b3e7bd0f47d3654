#!/bin/sh
# SPDX-License-Identifier: MIT
# manuals.sh - the manual pages are well-formed (mandoc, else man --warnings), and each one that
# another names is there.
lint=$(dirname "$0")/lint.sh
. "$lint"

pages=$(find man -type f -name '*.[1-8]' 2>/dev/null | sort)
[ -n "$pages" ] || { echo "manuals.sh: no manual page"; exit 77; }

for page in $pages; do
    grep -q 'SPDX-License-Identifier: MIT' "$page" || complain "$page: no SPDX line"
    if command -v mandoc >/dev/null; then
        mandoc -T lint -W warning "$page" >>"$faults" 2>&1
    elif command -v man >/dev/null; then
        man --warnings -E UTF-8 -l -T utf8 -Z "$page" 2>&1 >/dev/null | complain_of "$page"
    fi
    # .Xr NAME SECTION of our own pages: gort, gort-page, gomon ...
    awk -v page="$page" '$1 == ".Xr" && $2 ~ /^(gort|gomon)/ { print page, $2 "." $3 }' "$page"
done | while read -r page wanted; do
    [ -f "man/$wanted" ] || complain "$page: refers to $wanted, which is not there"
done

verdict
