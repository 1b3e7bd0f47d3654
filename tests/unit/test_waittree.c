/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#include "runtime/waittree.h"

#define NADDRS   200
#define NWAITERS 1000

static char places[NADDRS];

static struct lot_waiter *put(struct lot_waiter **root, struct lot_waiter *w, int place,
                              enum lot_end end)
{
    w->addr = &places[place];
    waittree_put(root, w, end);
    return w;
}

Test(waittree, an_address_serves_its_waiters_in_order)
{
    struct lot_waiter *root = NULL;
    struct lot_waiter w[4] = {0};
    bool more = false;

    put(&root, &w[1], 7, LOT_BACK);
    put(&root, &w[2], 7, LOT_BACK);
    put(&root, &w[0], 7, LOT_FRONT);
    put(&root, &w[3], 8, LOT_BACK);
    for (int i = 0; i < 3; i++) {
        struct lot_waiter *got = waittree_take(&root, &places[7], &more);

        cr_assert_eq(got, &w[i], "take %d gave waiter %td", i, got - w);
        cr_assert_eq(more, i < 2, "take %d: more %d", i, more);
    }
    cr_assert_null(waittree_take(&root, &places[7], &more), "a fourth");
    cr_assert_eq(waittree_first(&root, &places[8]), &w[3], "the other address");
}

Test(waittree, any_waiter_may_be_removed)
{
    for (int removed = 0; removed < 4; removed++) {
        struct lot_waiter *root = NULL;
        struct lot_waiter w[4] = {0};
        bool more;

        for (int i = 0; i < 4; i++)
            put(&root, &w[i], 3, LOT_BACK);
        waittree_remove(&root, &w[removed]);
        cr_assert(waittree_is_valid(root), "without waiter %d", removed);
        for (int i = 0; i < 4; i++)
            if (i != removed)
                cr_assert_eq(waittree_take(&root, &places[3], &more), &w[i],
                             "waiter %d does not follow without %d", i, removed);
        cr_assert_null(root, "something is left without %d", removed);
    }
}

static int depth(const struct lot_waiter *t)
{
    int left;
    int right;

    if (t == NULL)
        return 0;
    left = depth(t->left);
    right = depth(t->right);
    return 1 + (left > right ? left : right);
}

Test(waittree, regular_addresses_make_no_deep_tree)
{
    static const size_t strides[] = {8, 64, 4096, 65536, 1 << 20};

    for (size_t k = 0; k < sizeof strides / sizeof strides[0]; k++) {
        struct lot_waiter *w = calloc(10000, sizeof *w);
        struct lot_waiter *root = NULL;

        for (uintptr_t i = 0; i < 10000; i++) {
            w[i].addr = (const void *)(UINTPTR_MAX / 4 + i * strides[k]);
            waittree_put(&root, &w[i], LOT_BACK);
        }
        cr_assert_lt(depth(root), 60, "stride %zu: depth %d", strides[k], depth(root));
        cr_assert(waittree_is_valid(root), "stride %zu", strides[k]);
        free(w);
    }
}

/* Against a count for each address, by random steps. */
Test(waittree, it_stays_in_order_through_random_steps)
{
    static struct lot_waiter w[NWAITERS];
    struct lot_waiter *root = NULL;
    int count[NADDRS] = {0};
    unsigned seed = 12345;

    for (int step = 0; step < 20000; step++) {
        struct lot_waiter *one = &w[rand_r(&seed) % NWAITERS];
        int place = rand_r(&seed) % NADDRS;
        bool more;

        if (!one->queued) {
            put(&root, one, place, rand_r(&seed) % 2 == 0 ? LOT_FRONT : LOT_BACK);
            count[place]++;
        } else if (rand_r(&seed) % 2 == 0) {
            waittree_remove(&root, one);
            count[(const char *)one->addr - places]--;
        } else if (waittree_take(&root, &places[place], &more) != NULL) {
            count[place]--;
            cr_assert_eq(more, count[place] > 0, "step %d: more %d, %d left", step, more,
                         count[place]);
        } else {
            cr_assert_eq(count[place], 0, "step %d: %d are lost", step, count[place]);
        }
        cr_assert(step % 100 != 0 || waittree_is_valid(root), "step %d", step);
    }
}
