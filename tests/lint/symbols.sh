#!/bin/sh
# SPDX-License-Identifier: MIT
# symbols.sh - the libraries keep to their names: the shared one exports gort_ names only, all
# functions and objects that public headers declare are in it, and it needs the C library alone.
top=${top_builddir:-build}
top=$(cd "$top" && pwd) || exit 99
lint=$(dirname "$0")/lint.sh
. "$lint"

library=$top/.libs/libgort.so
[ -f "$library" ] || { echo "symbols.sh: no shared library was built"; exit 77; }
case ${SANITIZER:-} in ?*) echo "symbols.sh: not with a sanitizer"; exit 77 ;; esac

exported=$(mktemp) || exit 99
declared=$(mktemp) || exit 99
trap 'rm -f "$faults" "$exported" "$declared"' EXIT

nm -D --defined-only "$library" | awk '{ print $3 }' | sort >"$exported"
grep -v '^gort_' "$exported" | complain_of 'exported, but not a name of ours'

sed -n -e 's/^GORT_[AI][A-Z]* .*[ *]\(gort_[a-z0-9_]*\)(.*/\1/p' \
    -e 's/^GORT_[AI][A-Z]* extern .*[ *]\(gort_[a-z0-9_]*\)\(;\|\[\|$\).*/\1/p' \
    src/gort.h src/gort/*.h | sort >"$declared"
comm -23 "$declared" "$exported" | complain_of 'declared in a public header, but not in the library'
comm -13 "$declared" "$exported" | grep '^gort_' |
    complain_of 'in the library, but declared in no public header'

readelf -d "$library" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | grep -vE '^(libc|ld-linux.*)\.so' |
    complain_of 'needed by libgort: it may need the C library only'

verdict
