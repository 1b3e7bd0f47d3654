#!/bin/sh
# SPDX-License-Identifier: MIT
# proclib.sh - both arms of the process library that this machine does not have still compile,
# against stub headers. CC is the compiler; needs a configured build in $top_builddir.
lint=$(dirname "$0")/lint.sh
. "$lint"

build=${top_builddir:-build}
[ -f "$build/config.h" ] || { echo "proclib.sh: no config.h in $build"; exit 99; }
arms=$(mktemp -d) || exit 99
trap 'rm -rf "$faults" "$arms"' EXIT

# compiles ARM STUBS DEFINITION...: whether proclib.c compiles with these figures in config.h.
compiles() {
    arm=$1 stubs=$2
    shift 2
    mkdir "$arms/$arm"
    grep -v 'HAVE_LIBPROC' "$build/config.h" >"$arms/$arm/config.h"
    printf '#define %s\n' "$@" | tr = ' ' >>"$arms/$arm/config.h"
    if ! output=$(${CC:-cc} -std=gnu11 -fsyntax-only -Wall -Wextra -Wconversion -Wundef -Werror \
        -I"$arms/$arm" -I"tests/lint/stubs/$stubs" -Isrc src/mon/proclib.c 2>&1); then
        complain "proclib.c: the arm $arm does not compile: $output"
    fi
}

compiles libproc2-4.0.5 libproc2-4.0.5 HAVE_LIBPROC2=1 HAVE_LIBPROC2_4_0_5=1 HAVE_LIBPROCPS=0
compiles libprocps libprocps HAVE_LIBPROC2=0 HAVE_LIBPROC2_4_0_5=0 HAVE_LIBPROCPS=1

verdict
