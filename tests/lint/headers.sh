#!/bin/sh
# SPDX-License-Identifier: MIT
# headers.sh - every header compiles alone; the public ones as strict C11 and as C++ too.
# Needs a configured build (config.h) in $top_builddir; CC is the compiler.
lint=$(dirname "$0")/lint.sh
. "$lint"

build=${top_builddir:-build}
[ -f "$build/config.h" ] || { echo "headers.sh: no config.h in $build"; exit 99; }
cc=${CC:-cc}
libs=$(pkg-config --cflags ncursesw libproc2 libdw jansson sqlite3 2>/dev/null)

# compiles FILE FLAG...: whether FILE passes as a translation unit of its own.
compiles() {
    file=$1
    shift
    if ! output=$($cc -fsyntax-only -Wall -Werror -Isrc -I. -I"$build" "$@" "$file" 2>&1); then
        complain "$file: does not compile alone ($*): $(printf '%s\n' "$output" | grep -m1 error)"
    fi
}

# A header that is included sees config.h, which every .c file has first.
for header in $(sources src panels | grep '\.h$'); do
    case $header in
        src/gort.h | src/gort/*)
            compiles "$header" -x c -std=c11 -Wpedantic
            compiles "$header" -x c -std=gnu17
            ;;
        *) compiles "$header" -x c -std=gnu11 -include config.h -Wno-unused-function $libs ;;
    esac
done

verdict
