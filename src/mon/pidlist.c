/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/pidlist.h"

#include <stdlib.h>
#include <string.h>

#define PID_DIGITS 9 /* more than any pid has, and no overflow yet */

bool pidlist_has(const struct pidlist *l, pid_t pid)
{
    for (unsigned i = 0; l != NULL && i < l->n; i++)
        if (l->pid[i] == pid)
            return true;
    return false;
}

static void add(struct pidlist *l, pid_t pid)
{
    if (pidlist_has(l, pid))
        return;
    if (l->n == PIDLIST_MAX)
        l->is_full = true;
    else
        l->pid[l->n++] = pid;
}

bool pidlist_add(struct pidlist *l, const char *text)
{
    for (;;) {
        size_t digits = strspn(text, "0123456789");

        if (digits == 0 || digits > PID_DIGITS || text[0] == '0')
            return false;
        add(l, (pid_t)strtol(text, NULL, 10));
        text += digits;
        if (*text == '\0')
            return true;
        if (*text++ != ',')
            return false;
    }
}
