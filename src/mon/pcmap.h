/* SPDX-License-Identifier: MIT */
/* pcmap.h - what is known by address of code: a hash table of pointers.
 * Open addressing with linear probing; it only grows, up to PCMAP_MAX, for the addresses come from
 * the target.
 * Threads: one. */
#ifndef MON_PCMAP_H
#define MON_PCMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PCMAP_MAX 65536

struct pcmap_entry {
    uint64_t pc;
    const void *value; /* NULL: free */
};

struct pcmap {
    struct pcmap_entry *entry;
    size_t n;
    size_t nslots; /* a power of two, or 0 */
};

/* Zero is an empty map. */
void pcmap_fini(struct pcmap *map);

/* The value at PC, or NULL. */
const void *pcmap_get(const struct pcmap *map, uint64_t pc);

/* Sets the value at PC, not NULL. False, and nothing done, if PC is new and the map is full. */
bool pcmap_set(struct pcmap *map, uint64_t pc, const void *value);

#endif
