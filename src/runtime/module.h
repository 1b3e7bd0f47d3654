/* SPDX-License-Identifier: MIT */
/* module.h - the program and its libraries as they lie in memory, kept so that a signal handler
 * can ask.
 * The loader's own list is behind its lock; this is a copy that only grows: a module is written
 * whole, then counted in, and one that was unloaded is only marked. What a row points to lies in
 * the mapped file itself and must not be touched once it is gone.
 * Threads: modules_refresh from one thread at a time (a second one returns at once); the others
 * from any, async-signal-safe. */
#ifndef RUNTIME_MODULE_H
#define RUNTIME_MODULE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MODULES_MAX 256

struct module {
    uintptr_t bias; /* [const] address = bias + the address in the file */
    uintptr_t lo;   /* [const] its segments lie in [lo, hi) */
    uintptr_t hi;
    const uint8_t *eh_hdr; /* [const] .eh_frame_hdr, or NULL */
    size_t eh_hdr_bytes;
    const char *path;        /* [const] never NULL, "" if it did not fit */
    const uint8_t *build_id; /* [const] of build_id_bytes, or NULL */
    size_t build_id_bytes;
    uint64_t build_id_offset; /* [const] where the same bytes lie in the file */
    _Atomic bool gone;        /* [atomic] unloaded: only its path may be used */
};

/* Looks for modules that came or went. Takes the loader's lock: not from a signal handler. */
void modules_refresh(void);

/* The module that PC lies in, or NULL. */
const struct module *module_find(uintptr_t pc);

/* How many were ever seen; module_at gives one of them. */
size_t modules_count(void);
const struct module *module_at(size_t index);

#endif
