/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/several.h"

#include <stdio.h>
#include <stdlib.h>

#include "mon/fail.h"

enum exit_status several_status_of(enum target_match match)
{
    switch (match) {
    case TARGET_FOUND:
        return EXIT_OK;
    case TARGET_SEVERAL:
        return EXIT_USAGE;
    case TARGET_NONE:
    case TARGET_NO_PAGE:
        return EXIT_NO_TARGET;
    case TARGET_DENIED:
        return EXIT_PERMISSION;
    }
    return EXIT_FAILED;
}

void several_find_one(const struct options *o, struct target_list *list, struct several_one *one)
{
    enum target_match match;
    char word[16];

    snprintf(word, sizeof word, "%d", (int)one->pid);
    match = (o->dead ? target_find_dead : target_find)(word, list, &one->target, one->error);
    one->status = several_status_of(match);
}

struct several *several_find(const struct options *o, struct target_list *list)
{
    struct several *s = calloc(1, sizeof *s);

    if (s == NULL)
        return NULL;
    s->n = o->pids.n;
    for (unsigned i = 0; i < s->n; i++) {
        s->one[i].pid = o->pids.pid[i];
        several_find_one(o, list, &s->one[i]);
        s->nfound += s->one[i].status == EXIT_OK;
    }
    return s;
}

enum exit_status several_tell_missing(const struct several *s)
{
    enum exit_status first = EXIT_OK;

    for (unsigned i = 0; i < s->n; i++) {
        if (s->one[i].status == EXIT_OK)
            continue;
        fail(s->one[i].status, "%s", s->one[i].error);
        if (first == EXIT_OK)
            first = s->one[i].status;
    }
    return first;
}
