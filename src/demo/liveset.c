/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "demo/liveset.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include <gort.h>

#include "demo/random.h"

#define OBJECT_MIN_BYTES  32
#define OBJECT_SCALES     8 /* sizes from 32 bytes to 8 KiB, each power of two as likely */
#define OBJECT_MEAN_BYTES 1536
#define WATCHED_ONE_IN    16

enum kind { PLAIN, SEARCHED, BRANCH, KINDS };

/* The head of every object. */
struct head {
    uint64_t number;
};

/* An object with references, to two small ones of its own. */
struct branch {
    struct head head;
    struct head *left;
    struct head *right;
};

struct slot {
    struct head *object; /* NULL: none yet */
    gort_weak *weak;     /* NULL: it is not watched */
    uint64_t number;
    uint32_t bytes;
    enum kind kind;
};

struct liveset {
    struct slot *slots;
    size_t nslots;
    uint64_t random;
};

static struct {
    _Atomic(int64_t) checked;
    _Atomic(int64_t) faults;
    _Atomic(int64_t) watched;
    _Atomic(int64_t) cleaned;
} sums;

static void count(_Atomic(int64_t) *of, int64_t n)
{
    atomic_fetch_add_explicit(of, n, memory_order_relaxed);
}

/* ---- making ---- */

static uint32_t random_bytes(uint64_t *random)
{
    uint32_t bytes = (uint32_t)OBJECT_MIN_BYTES << random_below(random, OBJECT_SCALES);

    return bytes + (uint32_t)random_below(random, bytes);
}

static struct head *make_plain(size_t bytes, uint64_t number)
{
    struct head *head = gort_alloc_noscan(bytes);

    memset(head, 'n', bytes);
    head->number = number;
    return head;
}

static struct head *make_branch(size_t bytes, uint64_t number)
{
    struct branch *branch = gort_new(struct branch);

    branch->head.number = number;
    branch->left = make_plain(bytes / 2, number);
    branch->right = make_plain(bytes / 2, number);
    return &branch->head;
}

static struct head *make_object(enum kind kind, size_t bytes, uint64_t number)
{
    struct head *head = NULL;

    if (kind == PLAIN)
        return make_plain(bytes, number);
    if (kind == BRANCH)
        return make_branch(bytes, number);
    head = gort_alloc(bytes);
    head->number = number;
    return head;
}

static void note_cleaned(void *arg)
{
    (void)arg;
    count(&sums.cleaned, 1);
}

/* Makes the object of a slot that says its size and kind. */
static void make(struct slot *slot, uint64_t *random)
{
    slot->number = random_next(random);
    slot->object = make_object(slot->kind, slot->bytes, slot->number);
    slot->weak = NULL;
    if (random_below(random, WATCHED_ONE_IN) == 0) {
        slot->weak = gort_weak_new(slot->object);
        gort_cleanup_add(slot->object, note_cleaned, NULL);
        count(&sums.watched, 1);
    }
}

static int64_t fill(struct slot *slot, uint64_t *random)
{
    slot->bytes = random_bytes(random);
    slot->kind = (enum kind)random_below(random, KINDS);
    make(slot, random);
    return slot->bytes;
}

struct liveset *liveset_new(int64_t bytes, uint64_t seed)
{
    struct liveset *set = gort_new(struct liveset);

    set->nslots = (size_t)(bytes / OBJECT_MEAN_BYTES) + 1;
    set->slots = gort_make(struct slot, set->nslots);
    set->random = seed;
    for (size_t i = 0; i < set->nslots; i++)
        fill(&set->slots[i], &set->random);
    return set;
}

/* ---- looking ---- */

static bool is_whole(const struct slot *slot)
{
    const struct branch *branch = (const struct branch *)slot->object;

    if (slot->object->number != slot->number)
        return false;
    return slot->kind != BRANCH ||
           (branch->left->number == slot->number && branch->right->number == slot->number);
}

static void check(const struct slot *slot)
{
    bool good = is_whole(slot);

    if (slot->weak != NULL && gort_weak_get(slot->weak) != slot->object)
        good = false;
    count(&sums.checked, 1);
    if (!good)
        count(&sums.faults, 1);
}

static struct slot *draw(struct liveset *set)
{
    return &set->slots[random_below(&set->random, set->nslots)];
}

static void swap(struct slot *a, struct slot *b)
{
    struct slot was = *a;

    *a = *b;
    *b = was;
}

/* A slot at random, whose object comes from another and was looked at. */
static struct slot *draw_checked(struct liveset *set)
{
    struct slot *slot = draw(set);

    swap(slot, draw(set));
    check(slot);
    return slot;
}

int64_t liveset_replace(struct liveset *set)
{
    return fill(draw_checked(set), &set->random);
}

void liveset_renew(struct liveset *set)
{
    make(draw_checked(set), &set->random);
}

/* ---- ending ---- */

void liveset_drop(struct liveset *set)
{
    for (size_t i = 0; i < set->nslots; i++) {
        check(&set->slots[i]);
        set->slots[i] = (struct slot){0};
    }
}

struct liveset_sums liveset_sums(void)
{
    return (struct liveset_sums){
        .checked = atomic_load_explicit(&sums.checked, memory_order_relaxed),
        .faults = atomic_load_explicit(&sums.faults, memory_order_relaxed),
        .watched = atomic_load_explicit(&sums.watched, memory_order_relaxed),
        .cleaned = atomic_load_explicit(&sums.cleaned, memory_order_relaxed),
    };
}
