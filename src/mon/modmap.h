/* SPDX-License-Identifier: MIT */
/* modmap.h - the program and the libraries of another process, as they lie in its memory.
 * Read from /proc/PID/maps; the build-id of each comes from the process's memory, so that it is
 * that of the code that runs and not that of whatever file has the name by now.
 * Everything is the target's to choose: lines, headers and notes are bounded and checked.
 * Threads: one owner; a copy that fork made is as good. */
#ifndef MON_MODMAP_H
#define MON_MODMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "mon/pool.h"

#define MODMAP_MAX 4096
#define MODMAP_ID_BYTES 64

struct modmap_module {
    uint64_t lo; /* its file is mapped in [lo, hi), from offset 0 on */
    uint64_t hi;
    uint64_t bias;     /* address in the process less address in the file */
    const char *path;  /* as the kernel has it, any bytes */
    const char *shown; /* the same, fit for a screen */
    bool has_code;
    dev_t dev;
    ino_t ino;
    uint8_t build_id[MODMAP_ID_BYTES];
    size_t build_id_bytes; /* 0: it has none, or the memory can't be read */
    bool is_trusted;       /* by path: the user said so */
    const uint8_t *image;  /* the whole of it where there is no file (the vdso), or NULL */
    size_t image_bytes;
};

struct modmap {
    pid_t pid;
    struct modmap_module *module; /* by address */
    size_t n;
    size_t room;
    struct pool pool; /* texts and images */
};

void modmap_init(struct modmap *map, pid_t pid);
void modmap_fini(struct modmap *map);

/* Reads the modules of the process anew. Returns 0 or a negative errno, and then there are none. */
int modmap_read(struct modmap *map);

/* Adds a module of no process: above those that are there, at [LO, HI) with its bias at LO. Without
 * a build-id (ID_BYTES 0) whatever file has the path is believed. */
void modmap_add(struct modmap *map, const char *path, uint64_t lo, uint64_t hi, const uint8_t *id,
                size_t id_bytes);

/* The module that holds ADDRESS, or NULL. */
const struct modmap_module *modmap_find(const struct modmap *map, uint64_t address);

/* Whether both know the same modules at the same places. */
bool modmap_equal(const struct modmap *a, const struct modmap *b);

#endif
