#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# install.sh - what make install puts in place is enough to build and run a program, against the
# shared and the static library, with pkg-config.
. "$(dirname "$0")/../support/e2e.sh"
need pkg-config make

case ${SANITIZER:-} in ?*) skip "libraries with a sanitizer are not for others" ;; esac
[ -e "$top_builddir/.libs/libgort.so" ] || skip "no shared library was built"

make -C "$top_builddir" install DESTDIR="$work/root" MAKEFLAGS= >"$work/log" 2>&1 ||
    fail "make install: $(tail -n 3 "$work/log")"
pc=$(find "$work/root" -name gort.pc)
[ -n "$pc" ] || fail "no gort.pc was installed"
export PKG_CONFIG_PATH=${pc%/*} PKG_CONFIG_SYSROOT_DIR=$work/root
libdir=$work/root$(PKG_CONFIG_SYSROOT_DIR='' pkg-config --variable=libdir gort)

cat >"$work/hello.c" <<'PROGRAM'
#include <gort.h>
#include <stdio.h>

static void greet(void *arg)
{
    gort_send(arg, NULL);
}

static int app(int argc, char **argv)
{
    gort_chan *done = gort_chan_new(0, 0);

    (void)argc, (void)argv;
    for (int i = 0; i < 1000; i++)
        gort_go(greet, done);
    for (int i = 0; i < 1000; i++)
        gort_recv(done, NULL);
    printf("hello\n");
    return 0;
}
GORT_MAIN(app)
PROGRAM

# shellcheck disable=SC2046 # flags are words
${CC:-cc} -o "$work/shared" "$work/hello.c" $(pkg-config --cflags --libs gort) 2>"$work/log" ||
    fail "the shared library: $(head -n 3 "$work/log")"
# shellcheck disable=SC2046
${CC:-cc} -pthread -o "$work/static" "$work/hello.c" $(pkg-config --cflags gort) \
    "$libdir/libgort.a" 2>"$work/log" || fail "the static library: $(head -n 3 "$work/log")"

for program in shared static; do
    [ "$(LD_LIBRARY_PATH=$libdir timeout 20 "$work/$program")" = hello ] ||
        fail "the program on the $program library does not say hello"
done
for file in bash-completion/completions/gomon.bash zsh/site-functions/_gomon \
    fish/vendor_completions.d/gomon.fish; do
    [ -n "$(find "$work/root" -path "*/share/$file")" ] || fail "no completion $file"
done
for page in gort-demo.1 gort-kv.1; do
    [ -n "$(find "$work/root" -name "$page")" ] || fail "no manual page $page"
done
