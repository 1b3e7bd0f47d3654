/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/pcmap.h"

#include <stdlib.h>

#include "base/check.h"
#include "mon/hash.h"

#define FIRST_SLOTS 256

void pcmap_fini(struct pcmap *map)
{
    free(map->entry);
    *map = (struct pcmap){0};
}

/* Where PC is, or belongs. */
static struct pcmap_entry *find(struct pcmap_entry *entry, size_t nslots, uint64_t pc)
{
    size_t i = hash_u64(0, pc) & (nslots - 1);

    while (entry[i].value != NULL && entry[i].pc != pc)
        i = (i + 1) & (nslots - 1);
    return &entry[i];
}

const void *pcmap_get(const struct pcmap *map, uint64_t pc)
{
    return map->nslots == 0 ? NULL : find(map->entry, map->nslots, pc)->value;
}

static void grow(struct pcmap *map)
{
    size_t nslots = map->nslots == 0 ? FIRST_SLOTS : map->nslots * 2;
    struct pcmap_entry *entry = calloc(nslots, sizeof *entry);

    CHECK(entry != NULL);
    for (size_t i = 0; i < map->nslots; i++) {
        if (map->entry[i].value != NULL)
            *find(entry, nslots, map->entry[i].pc) = map->entry[i];
    }
    free(map->entry);
    map->entry = entry;
    map->nslots = nslots;
}

bool pcmap_set(struct pcmap *map, uint64_t pc, const void *value)
{
    struct pcmap_entry *e;

    CHECK(value != NULL);
    if (map->n * 2 >= map->nslots)
        grow(map);
    e = find(map->entry, map->nslots, pc);
    if (e->value == NULL && map->n == PCMAP_MAX)
        return false;
    map->n += e->value == NULL;
    e->pc = pc;
    e->value = value;
    return true;
}
