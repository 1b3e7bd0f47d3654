/* SPDX-License-Identifier: MIT */
/* leaker.h - tasks that wait, each for something in a box of its own.
 * They are spawned by a task that ends: so nothing refers to a box but the stack of its task, and
 * what KEEP, which is called with each, has made of it. */
#ifndef SUPPORT_LEAKER_H
#define SUPPORT_LEAKER_H

#include <gort.h>
#include <stdint.h>

#include "runtime/san.h"
#include "tests/support/conform.h"

#define LEAKER_MANY 40

/* How many of them are found at least. Code that was built for a sanitizer keeps each word that a
 * function has used on its stack: there the task that is switched to has an address in the stack
 * of the one before it, so that each may reach the next; and one that is reached by chance reaches
 * all of them. */
#if SAN_ADDRESS || SAN_THREAD
#define LEAKER_MOST 0
#else
#define LEAKER_MOST (LEAKER_MANY * 8 / 10)
#endif

struct leaker_box { /* an object of the heap */
    gort_chan *chan;
    gort_mutex mutex;
    gort_rwmutex rwmutex;
    gort_cond cond;
    gort_sem sem;
    gort_waitgroup waitgroup;
    gort_once once;
    struct leaker_box *other;
    unsigned char *words;
    int number;
};

struct leaker_box *leaker_box_new(void);

/* Closes the channel in BOX, a struct leaker_box. NULL is fine: its task was not spawned in time,
 * which has failed the claim already. */
void leaker_close(void *box);

/* Spawns LEAKER_MANY tasks WAIT(box). KEEP may be NULL. Returns when all are spawned. */
typedef void leaker_keep(struct leaker_box *box);
void leaker_spawn(void (*wait)(void *box), leaker_keep *keep);

/* LEAKER_MANY tasks WAIT(link), in chains of LEAKER_CHAIN: each has the box of the next, or NULL.
 * They are spawned from the beginnings or from the ends. KEEP is given the first box of each. */
#define LEAKER_CHAIN 4
struct leaker_link {
    struct leaker_box *own;
    struct leaker_box *next;
};
enum leaker_order { LEAKER_FORWARD, LEAKER_BACKWARD };
void leaker_spawn_chain(void (*wait)(void *link), enum leaker_order order, leaker_keep *keep);

/* Keeps a box in static data, by its number; and drops all of them. Tasks WAIT(box) for all that
 * are kept there. */
extern struct leaker_box *leaker_kept[LEAKER_MANY];
void leaker_keep_static(struct leaker_box *box);
void leaker_drop_static(void);
void leaker_spawn_with_kept(void (*wait)(void *box));

/* Tasks that wait and went on: each says so; how many have. */
void leaker_wake(void);
void leaker_forget_woken(void);
int leaker_woken(void);

/* Forgets those that have gone on, spawns as leaker_spawn, and waits until all are parked. */
void leaker_spawn_parked(void (*wait)(void *box), leaker_keep *keep, enum conform_wait why);

/* Searches for leaks. Nothing is to be found of tasks that go on later: that they do would refute
 * it. Those that were dropped before may be found now. */
void leaker_search(void);

/* Waits until all went on, and fails if that has refuted a proof. */
void leaker_expect_all_woken(void);

/* The same for tasks that go on by themselves, after some searches, or soon enough while these are
 * done. */
void leaker_expect_all_go_on(void);

/* The box of number I, by an address that the collector does not see. */
struct leaker_box *leaker_find_box(int i);

/* How many of the last boxes' words are not what they were. */
int leaker_hidden_words(void);

#endif
