#!/bin/sh
# SPDX-License-Identifier: MIT
# examples.sh - every program in the EXAMPLES of the manual pages compiles as C11 without a warning
# and runs to its end with status 0.
build=$(cd "${top_builddir:-build}" && pwd) || exit 99
lint=$(dirname "$0")/lint.sh
. "$lint"

cc=${CC:-cc}
work=$(mktemp -d) || exit 99
trap 'rm -rf "$faults" "$work"' EXIT
[ -f "$build/libgort.la" ] || { echo "examples.sh: no libgort.la in $build"; exit 99; }

# programs PAGE: writes each literal block that includes gort.h to $work/NAME-NUMBER.c.
programs() {
    awk -v stem="$work/$(basename "$1")" '
        /^\.Sh / { wanted = $2 == "EXAMPLES" }
        wanted && /^\.Bd / { file = stem "-" ++n ".c"; text = ""; next }
        wanted && /^\.Ed/ { if (text ~ /<gort\.h>/) printf "%s", text > file; file = ""; next }
        file { gsub(/\\e/, "\\"); gsub(/\\&/, ""); gsub(/\\-/, "-"); text = text $0 "\n" }
    ' "$1"
}

# try FILE: compiles and runs it.
try() {
    program=${1%.c}
    # Unquoted on purpose: these hold several words.
    if ! "$build/libtool" --silent --tag=CC --mode=link $cc -std=c11 -Wall -Wextra -Wpedantic \
        -Werror ${SANITIZER:-} -Isrc "$1" "$build/libgort.la" -pthread -o "$program" \
        >"$work/output" 2>&1; then
        complain_of "${1##*/}: does not compile" <"$work/output"
        return
    fi
    timeout 60 "$program" >"$work/output" 2>&1 || {
        complain_of "${1##*/}: ends with status $?" <"$work/output"
        complain "${1##*/}: does not run to its end"
    }
}

for page in man/*.[1-8]; do
    programs "$page"
done
ran=0
for file in "$work"/*.c; do
    [ -f "$file" ] || continue
    try "$file"
    ran=$((ran + 1))
done
[ "$ran" -ge 4 ] || complain "only $ran programs were found in the manual pages"

verdict
