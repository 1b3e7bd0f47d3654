/* SPDX-License-Identifier: MIT */
/* lookup.h - questions to the child process, in order, each answered or given up.
 * The child answers in the order of asking, so that when it dies or does not answer in time, the
 * oldest question is the culprit: it is given up, and the others are asked of a new child. After a
 * few deaths nothing more is asked. A child without questions is ended after a while.
 * Threads: one. Never blocks. */
#ifndef MON_LOOKUP_H
#define MON_LOOKUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mon/helper.h"

#define LOOKUP_DEATHS_MAX 5

/* Called for each question in its turn; REPLY is NULL if it was given up. May not ask. */
typedef void lookup_answered(void *arg, const struct helper_question *question,
                             const struct helper_reply *reply);

struct lookup {
    const struct modmap *map; /* borrowed; after a change call lookup_restart */
    enum symbol_download download;
    lookup_answered *answered;
    void *arg;
    struct helper helper;
    struct helper_question *question; /* [first, first + n) are unanswered; a ring */
    size_t first;
    size_t n;
    size_t nsent; /* of these, how many the child has been asked */
    size_t room;  /* a power of two, or 0 */
    uint32_t next_number;
    unsigned ndeaths;
    int64_t deadline_ns; /* for the next answer, or for the end of an idle child */
};

void lookup_init(struct lookup *l, const struct modmap *map, enum symbol_download download,
                 lookup_answered *answered, void *arg);
void lookup_fini(struct lookup *l);

/* Puts a question; the answer comes from lookup_step. */
void lookup_ask(struct lookup *l, enum helper_kind kind, uint64_t pc);

/* Sends and receives what can be. Returns whether a question was answered or given up. */
bool lookup_step(struct lookup *l);

/* The modules have changed: goes on with a new child. */
void lookup_restart(struct lookup *l);

/* Forgets the deaths so far. */
void lookup_forgive(struct lookup *l);

/* Readable when there is something for lookup_step, or -1; and when to call it at the latest. */
int lookup_fd(const struct lookup *l);
int64_t lookup_wake_ns(const struct lookup *l);

/* Whether it has given up asking. */
bool lookup_is_dead(const struct lookup *l);

#endif
