#!/bin/sh
# SPDX-License-Identifier: MIT
# planted.sh - the lints can fail: each fault planted in a small tree is found, and its clean twin
# passes.
here=$(cd "$(dirname "$0")" && pwd) || exit 99
build=$(cd "${top_builddir:-build}" && pwd) || exit 99
tree=$(mktemp -d) || exit 99
trap 'rm -rf "$tree"' EXIT
status=0

# A clean tree of one file a layer.
clean_tree() {
    rm -rf "${tree:?}"/*
    mkdir -p "$tree/src/base" "$tree/src/runtime" "$tree/src/mon" "$tree/panels" \
        "$tree/tests/unit" "$tree/man"
    for file in src/base/leaf.h src/runtime/core.h src/mon/canvas.h panels/heap.c \
        tests/unit/leaf.c; do
        printf '/* SPDX-License-Identifier: MIT */\n' >"$tree/$file"
    done
    cat >"$tree/man/gort.3" <<'PAGE'
.\" SPDX-License-Identifier: MIT
.Dd January 1, 2026
.Dt GORT 3
.Os
.Sh NAME
.Nm gort
.Nd a leaf
.Sh SEE ALSO
PAGE
    cat >"$tree/src/CODE-MAP" <<MAP
src/base/     helpers
  leaf.h      a leaf
src/runtime/  the runtime
  core.h      its core
src/mon/      the monitor
  canvas.h    cells
panels/       the panels
  heap.c      the heap
MAP
}

# run_lint NAME: runs it on the tree, quietly.
run_lint() {
    top_builddir=$build "$here/$1.sh" "$tree" >/dev/null 2>&1
}

# finds LINT FILE LINE: whether LINT passes the clean tree and fails it with LINE added to FILE.
finds() {
    clean_tree
    run_lint "$1" || { echo "$1 fails a clean tree"; status=1; }
    printf '%s\n' "$3" >>"$tree/$2"
    if run_lint "$1"; then
        echo "$1 does not find '$3' in $2"
        status=1
    fi
}

finds layers src/base/leaf.h '#include "runtime/core.h"'
finds layers src/runtime/core.h '#include "page.h"'
finds layers src/runtime/core.h '#include "runtime/pagelayout.h"'
finds layers src/runtime/core.h '#include "mon/canvas.h"'
finds layers src/mon/canvas.h '#include "runtime/core.h"'
finds layers src/mon/canvas.h '#include <gort/task.h>'
finds layers src/mon/canvas.h '#include <curses.h>'
finds layers panels/heap.c '#include "mon/history.h"'
finds layers panels/heap.c '#include <time.h>'
finds headers src/base/leaf.h 'static inline unknown_type leaf(void) { return 0; }'
finds codemap src/CODE-MAP '  gone.c      is not there'
finds codemap src/runtime/new.c '/* not mapped */'
finds style src/base/leaf.h '	tab'
finds style src/base/leaf.h 'blanks at the end '
finds style src/base/leaf.h "/* $(printf '%0100d' 0) */"
finds style src/base/leaf.h 'int v = atomic_load(&shared);'
finds style src/base/leaf.h '#ifdef HAVE_LIBDW'
finds style src/base/new.c 'no licence'
finds style tests/unit/leaf.c 'usleep(1000);'
finds manuals man/gort.3 '.Xr gort-nowhere 7'

[ $status = 0 ] && echo "all planted faults were found"
exit $status
