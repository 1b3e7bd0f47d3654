#!/bin/sh
# SPDX-License-Identifier: MIT
# run.sh [SECONDS [NAME...]] - runs the fuzz targets, or those named, for SECONDS (60) each, with
# clang's libFuzzer and the address and undefined sanitizers, in build-fuzz/. What it finds is under
# build-fuzz/found/NAME: put the input that shows a bug, once mended, into tests/fuzz/corpus/NAME.
set -eu

cd "$(dirname "$0")/../.."
top=$PWD
build=$top/build-fuzz
seconds=${1:-60}
[ $# -eq 0 ] || shift
[ $# -gt 0 ] || set -- $(cd tests/fuzz && ls fuzz_*.c | sed 's/\.c$//')
sanitizers=address,undefined
flags="-g -O1 -fno-sanitize-recover=all"

[ -x configure ] || autoreconf -i
mkdir -p "$build"
cd "$build"
[ -f Makefile ] || "$top/configure" CC=clang --disable-shared --enable-debug \
    CFLAGS="$flags -fsanitize=fuzzer-no-link,$sanitizers" >configure.log
make -j"$(nproc)" all tests/support/libfakepage.a >make.log
libs="libscreen.a libmon.a .libs/libruntime.a .libs/libbase.a"
libs="tests/support/libfakepage.a $libs -lm -pthread"
libs="$libs $(pkg-config --libs libproc2 libdw jansson sqlite3 ncursesw)"

for name in "$@"; do
    mkdir -p "found/$name"
    fixture="fixture fixture_alerts fixture_cycle fixture_dump fixture_groups"
    support=
    case $name in
        fuzz_expr) support=$fixture ;;
        fuzz_recording) support="rechange drawcheck $fixture" ;;
        fuzz_screen) support="drawcheck $fixture" ;;
        fuzz_mail) support="faketask mailclient procfd" ;;
    esac
    of_name=$libs
    [ "$name" != fuzz_resp ] || of_name="libdemo.a $libs" # it has an options_parse, as gomon has
    sources=$top/tests/fuzz/$name.c
    for file in $support; do
        sources="$sources $top/tests/support/$file.c"
    done
    # shellcheck disable=SC2086 # flags, sources and libraries are words
    clang $flags -fsanitize=fuzzer,$sanitizers -std=gnu11 -I. -I"$top" -I"$top/src" \
        -o "$name" $sources $of_name
    echo "fuzz: $name for $seconds s"
    "./$name" -max_total_time="$seconds" -artifact_prefix="found/$name/" -print_final_stats=1 \
        "found/$name" "$top/tests/fuzz/corpus/$name" 2>"$name.log" ||
        {
            tail -n 30 "$name.log"
            echo "fuzz: $name failed; the input is in $build/found/$name"
            exit 1
        }
    grep -E 'stat::number_of_executed_units|cov:' "$name.log" | tail -n 2
done
