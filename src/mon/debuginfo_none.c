/* SPDX-License-Identifier: MIT */
/* debuginfo_none.c - for a build without libdw. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "mon/debuginfo.h"

struct debuginfo *debuginfo_new(const struct modmap *map, const char *root)
{
    (void)map;
    (void)root;
    return NULL;
}

void debuginfo_free(struct debuginfo *info)
{
    (void)info;
}

void debuginfo_rule(struct debuginfo *info, uint64_t pc, struct unwind_rule *rule)
{
    (void)info;
    (void)pc;
    memset(rule, 0, sizeof *rule);
}

void debuginfo_symbol(struct debuginfo *info, uint64_t pc, struct debuginfo_symbol *symbol)
{
    (void)info;
    (void)pc;
    symbol->nframes = 0;
}
