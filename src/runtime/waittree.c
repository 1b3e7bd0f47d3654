/* SPDX-License-Identifier: MIT */
/* Invariants of the treap: left < addr < right; a child's priority is below its parent's. */
#include "config.h"

#include "runtime/waittree.h"

#include <stddef.h>

#include "base/check.h"

#define HASH_MULTIPLIER UINT64_C(0x9e3779b97f4a7c15) /* 2^64 / golden ratio */

uint64_t waittree_hash(const void *addr)
{
    uint64_t x = (uint64_t)(uintptr_t)addr * HASH_MULTIPLIER;

    x ^= x >> 32;
    return x * HASH_MULTIPLIER;
}

static uint64_t priority(const struct lot_waiter *w)
{
    return waittree_hash(w->addr) << 8;
}

/* ---- what must hold ---------------------------------------------------------------------------
 */

static bool child_is_valid(const struct lot_waiter *parent, const struct lot_waiter *child)
{
    return child == NULL || priority(child) < priority(parent);
}

/* W is the first of its address. */
static bool node_is_valid(const struct lot_waiter *w)
{
    return w->queued && w->last->queued && w->last->next == NULL && w->last->addr == w->addr &&
           child_is_valid(w, w->left) && child_is_valid(w, w->right);
}

/* All addresses of T lie between LOW and HIGH. */
static bool treap_is_valid(const struct lot_waiter *t, uintptr_t low, uintptr_t high)
{
    uintptr_t at;

    if (t == NULL)
        return true;
    at = (uintptr_t)t->addr;
    return low < at && at < high && node_is_valid(t) && treap_is_valid(t->left, low, at) &&
           treap_is_valid(t->right, at, high);
}

bool waittree_is_valid(const struct lot_waiter *root)
{
    return treap_is_valid(root, 0, UINTPTR_MAX);
}

/* ---- the treap --------------------------------------------------------------------------------
 */

/* The link that leads to ADDR's node, or where it ends. */
static struct lot_waiter **find_link(struct lot_waiter **link, const void *addr)
{
    while (*link != NULL && (*link)->addr != addr)
        link = (uintptr_t)addr < (uintptr_t)(*link)->addr ? &(*link)->left : &(*link)->right;
    return link;
}

/* Parts T into what is below and what is above ADDR, which is not in it. */
static void split(struct lot_waiter *t, const void *addr, struct lot_waiter **below,
                  struct lot_waiter **above)
{
    while (t != NULL) {
        if ((uintptr_t)t->addr < (uintptr_t)addr) {
            *below = t;
            below = &t->right;
            t = t->right;
        } else {
            *above = t;
            above = &t->left;
            t = t->left;
        }
    }
    *below = NULL;
    *above = NULL;
}

/* Joins two treaps, all addresses of LOW being below those of HIGH. */
static struct lot_waiter *join(struct lot_waiter *low, struct lot_waiter *high)
{
    struct lot_waiter *root;
    struct lot_waiter **link = &root;

    while (low != NULL && high != NULL) {
        if (priority(low) > priority(high)) {
            *link = low;
            link = &low->right;
            low = low->right;
        } else {
            *link = high;
            link = &high->left;
            high = high->left;
        }
    }
    *link = low != NULL ? low : high;
    return root;
}

static void insert_node(struct lot_waiter **link, struct lot_waiter *w)
{
    while (*link != NULL && priority(*link) > priority(w))
        link = (uintptr_t)w->addr < (uintptr_t)(*link)->addr ? &(*link)->left : &(*link)->right;
    split(*link, w->addr, &w->left, &w->right);
    *link = w;
}

/* ---- the queue of one address -----------------------------------------------------------------
 */

/* Puts W in the place of the first waiter that LINK leads to. */
static void put_first(struct lot_waiter **link, struct lot_waiter *w, struct lot_waiter *last)
{
    w->left = (*link)->left;
    w->right = (*link)->right;
    w->last = last;
    *link = w;
}

static void take_first(struct lot_waiter **link)
{
    struct lot_waiter *first = *link;

    DCHECK(node_is_valid(first));
    if (first->next == NULL)
        *link = join(first->left, first->right);
    else
        put_first(link, first->next, first->last);
    first->queued = false;
}

static void take_later(struct lot_waiter *first, struct lot_waiter *w)
{
    struct lot_waiter *before = first;

    while (before->next != w)
        before = before->next;
    before->next = w->next;
    if (first->last == w)
        first->last = before;
    w->queued = false;
}

/* ---- public -----------------------------------------------------------------------------------
 */

void waittree_put(struct lot_waiter **root, struct lot_waiter *w, enum lot_end end)
{
    struct lot_waiter **link = find_link(root, w->addr);
    struct lot_waiter *first = *link;

    w->next = NULL;
    w->last = w;
    w->queued = true;
    if (first == NULL) {
        insert_node(root, w);
    } else if (end == LOT_FRONT) {
        w->next = first;
        put_first(link, w, first->last);
    } else {
        first->last->next = w;
        first->last = w;
    }
    DCHECK(node_is_valid(*find_link(root, w->addr)));
}

struct lot_waiter *waittree_first(struct lot_waiter **root, const void *addr)
{
    return *find_link(root, addr);
}

struct lot_waiter *waittree_take(struct lot_waiter **root, const void *addr, bool *more)
{
    struct lot_waiter **link = find_link(root, addr);
    struct lot_waiter *first = *link;

    *more = first != NULL && first->next != NULL;
    if (first != NULL)
        take_first(link);
    return first;
}

void waittree_remove(struct lot_waiter **root, struct lot_waiter *w)
{
    struct lot_waiter **link = find_link(root, w->addr);

    DCHECK(w->queued);
    if (*link == w)
        take_first(link);
    else
        take_later(*link, w);
}
