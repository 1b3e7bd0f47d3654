/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/pidlist.h"

#include <stddef.h>

bool pidlist_has(const struct pidlist *l, pid_t pid)
{
    for (unsigned i = 0; l != NULL && i < l->n; i++)
        if (l->pid[i] == pid)
            return true;
    return false;
}
