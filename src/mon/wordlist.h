/* SPDX-License-Identifier: MIT */
/* wordlist.h - the targets that -p names, by pid or by the name of a program: 4711,kv.
 * Threads: values. */
#ifndef MON_WORDLIST_H
#define MON_WORDLIST_H

#include <stdbool.h>

#include "mon/pidlist.h"

#define WORDLIST_WORD_BYTES 64 /* as many as the name of a target has */

struct wordlist {
    unsigned n;
    bool is_full; /* there were more than that */
    char word[PIDLIST_MAX][WORDLIST_WORD_BYTES];
};

/* Adds the words of TEXT, which commas separate; one that is there already is not added again.
 * False: TEXT is no such list, and what stood before the fault has been added. */
bool wordlist_add(struct wordlist *l, const char *text);

/* Whether WORD means a process, and not the name of a program. */
bool wordlist_is_pid(const char *word);

#endif
