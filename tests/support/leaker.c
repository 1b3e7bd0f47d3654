/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "tests/support/leaker.h"

#include <stdatomic.h>
#include <string.h>

#include "runtime/leaked.h"
#include "runtime/san.h"

#define MASK UINT64_C(0x5555000000000000) /* no address has these bits */

struct order {
    void (*wait)(void *box);
    leaker_keep *keep;
    void (*spawn)(const struct order *o);
    enum leaker_order order;
    _Atomic(int) done;
};

struct leaker_box *leaker_kept[LEAKER_MANY];
static uint64_t hidden[LEAKER_MANY];
static _Atomic(int) woken;

struct leaker_box *leaker_box_new(void)
{
    struct leaker_box *b = gort_alloc(sizeof *b);

    b->chan = gort_chan_new(sizeof(int), 0);
    return b;
}

void leaker_close(void *box)
{
    if (box != NULL)
        gort_close(((struct leaker_box *)box)->chan);
}

static struct leaker_box *make(int number)
{
    struct leaker_box *b = leaker_box_new();

    b->number = number;
    hidden[number] = (uintptr_t)b ^ MASK;
    return b;
}

static void spawn_many(const struct order *o)
{
    for (int i = 0; i < LEAKER_MANY; i++) {
        struct leaker_box *b = make(i);

        if (o->keep != NULL)
            o->keep(b);
        gort_go(o->wait, b);
    }
}

static void spawn_chain(const struct order *o)
{
    struct leaker_link *link[LEAKER_MANY];

    for (int i = LEAKER_MANY; i-- > 0;) {
        link[i] = gort_alloc(sizeof *link[i]);
        link[i]->own = make(i);
        link[i]->next = (i + 1) % LEAKER_CHAIN != 0 ? link[i + 1]->own : NULL;
        if (o->keep != NULL && i % LEAKER_CHAIN == 0)
            o->keep(link[i]->own);
    }
    for (int i = 0; i < LEAKER_MANY; i++)
        gort_go(o->wait, link[o->order == LEAKER_FORWARD ? i : LEAKER_MANY - 1 - i]);
}

static void spawn_with_kept(const struct order *o)
{
    for (int i = 0; i < LEAKER_MANY; i++)
        gort_go(o->wait, leaker_kept[i]);
}

static void carry_out(void *arg)
{
    struct order *o = arg;

    o->spawn(o);
    atomic_store_explicit(&o->done, 1, memory_order_release);
}

static void order(struct order *o)
{
    gort_go(carry_out, o);
    EVENTUALLY(atomic_load_explicit(&o->done, memory_order_acquire) != 0, "they are spawned");
}

void leaker_spawn(void (*wait)(void *box), leaker_keep *keep)
{
    static struct order o;

    o = (struct order){.wait = wait, .keep = keep, .spawn = spawn_many};
    order(&o);
}

void leaker_spawn_chain(void (*wait)(void *link), enum leaker_order in_order, leaker_keep *keep)
{
    static struct order o;

    o = (struct order){.wait = wait, .keep = keep, .spawn = spawn_chain, .order = in_order};
    order(&o);
}

void leaker_spawn_with_kept(void (*wait)(void *box))
{
    static struct order o;

    o = (struct order){.wait = wait, .spawn = spawn_with_kept};
    order(&o);
}

void leaker_keep_static(struct leaker_box *box)
{
    leaker_kept[box->number] = box;
}

void leaker_drop_static(void)
{
    memset(leaker_kept, 0, sizeof leaker_kept);
}

struct leaker_box *leaker_find_box(int i)
{
    return (struct leaker_box *)(hidden[i] ^ MASK);
}

NO_SANITIZE_READS int leaker_hidden_words(void)
{
    int n = 0;

    for (int i = 0; i < LEAKER_MANY; i++) {
        const struct leaker_box *b = (const struct leaker_box *)(hidden[i] ^ MASK);

        n += b->words[0] != 0x77 || b->words[4095] != 0x77;
    }
    return n;
}

/* ---- going on ---- */

void leaker_wake(void)
{
    atomic_fetch_add_explicit(&woken, 1, memory_order_relaxed);
}

void leaker_forget_woken(void)
{
    atomic_store_explicit(&woken, 0, memory_order_relaxed);
}

int leaker_woken(void)
{
    return atomic_load_explicit(&woken, memory_order_relaxed);
}

void leaker_spawn_parked(void (*wait)(void *box), leaker_keep *keep, enum conform_wait why)
{
    int parked = conform_parked(why);

    leaker_forget_woken();
    leaker_spawn(wait, keep);
    UNTIL_PARKED(parked + LEAKER_MANY, why);
}

void leaker_search(void)
{
    for (int i = 0; i < 3; i++)
        gort_find_leaks();
}

void leaker_expect_all_woken(void)
{
    EVENTUALLY(leaker_woken() >= LEAKER_MANY, "%d went on", leaker_woken());
    EXPECT(leaked_refuted() == 0, "%d of them were found to be leaked", (int)leaked_refuted());
}

void leaker_expect_all_go_on(void)
{
    for (int i = 0; i < 20 && leaker_woken() < LEAKER_MANY; i++) {
        gort_find_leaks();
        conform_pause();
    }
    leaker_expect_all_woken();
}
