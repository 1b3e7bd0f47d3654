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

static enum target_match find(const struct options *o, struct target_list *list,
                              struct several_one *one)
{
    if (o->dead)
        return target_find_dead(one->word, list, &one->target, one->error);
    return (o->wait ? target_find_live : target_find)(one->word, list, &one->target, one->error);
}

void several_find_one(const struct options *o, struct target_list *list, struct several_one *one)
{
    enum target_match match = find(o, list, one);

    one->status = several_status_of(match);
    one->pid = 0;
    if (wordlist_is_pid(one->word))
        one->pid = (pid_t)strtol(one->word, NULL, 10);
    else if (match == TARGET_FOUND)
        one->pid = one->target.pid;
}

/* Nothing is watched twice. */
static void refuse_double(const struct several *s, struct several_one *one)
{
    for (const struct several_one *other = s->one; other < one; other++) {
        if (other->status != EXIT_OK || other->pid != one->pid)
            continue;
        one->status = EXIT_USAGE;
        snprintf(one->error, sizeof one->error, "process %d is named twice: by %s and by %s",
                 (int)one->pid, other->word, one->word);
        return;
    }
}

struct several *several_find(const struct options *o, struct target_list *list)
{
    struct several *s = calloc(1, sizeof *s);

    if (s == NULL)
        return NULL;
    s->n = o->several.n;
    for (unsigned i = 0; i < s->n; i++) {
        s->one[i].word = o->several.word[i];
        several_find_one(o, list, &s->one[i]);
        if (s->one[i].status == EXIT_OK)
            refuse_double(s, &s->one[i]);
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
