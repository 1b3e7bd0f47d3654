/* SPDX-License-Identifier: MIT */
/* sealed.h - shared memory that nobody else can take away from under the runtime.
 * A memfd of a fixed size, mapped once, owned by the user alone. It is sealed against shrinking and
 * growing, so that no watcher can turn a store of ours into SIGBUS; and, if it is for reading only,
 * against every writer but the mapping that exists already.
 * A forked child must not write into its parent's memory: the mapping is not inherited, and private
 * zeroes take its place.
 * Threads: one at a time; the memory itself belongs to its users. */
#ifndef RUNTIME_SEALED_H
#define RUNTIME_SEALED_H

#include <stddef.h>

#include "runtime/fileid.h"

enum sealed_writers {
    SEALED_OURS_ONLY, /* others may read */
    SEALED_SHARED,    /* others may write as well */
};

struct sealed {
    void *base;       /* NULL: there is none; [const] until sealed_leave */
    size_t bytes;     /* of the mapping, whole pages; [const] */
    int fd;           /* -1: there is none; [const] until sealed_leave */
    struct fileid id; /* of fd */
};

#define SEALED_INIT \
    {               \
        .fd = -1    \
    }

/* Makes zeroed memory of at least BYTES that other processes find as NAME. Returns 0, or a positive
 * errno: then *M is as SEALED_INIT. */
int sealed_make(struct sealed *m, const char *name, size_t bytes, enum sealed_writers writers);

/* In a forked child: closes the file and puts private zeroed memory where the mapping was.
 * Async-signal-safe. */
void sealed_leave(struct sealed *m);

#endif
