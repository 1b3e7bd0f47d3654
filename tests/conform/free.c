/* SPDX-License-Identifier: MIT */
/* free.c - gort_free: memory is used again at once where that is cheap, what lives is untouched,
 * counts stay exact, misuse is noticed. */
#include "config.h"

#include <inttypes.h>
#include <stdint.h>
#include <string.h>

#include "runtime/debug.h"
#include "runtime/san.h"
#include "tests/support/conform.h"

#define MANY 300

static bool is_zero(const unsigned char *p, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        if (p[i] != 0)
            return false;
    return true;
}

static gort_memstats stats(void)
{
    gort_memstats m;

    gort_read_memstats(&m);
    return m;
}

CLAIM(null_is_nothing)
{
    gort_free(NULL);
}

/* On one proc, where nobody comes between. */
CLAIM(what_was_freed_last_is_used_next)
{
    void *p = gort_alloc(40);
    uintptr_t was = (uintptr_t)p;
    bool used = false;

    gort_set_gc_percent(-1);
    memset(p, 1, 40);
    gort_free(p);
    for (int i = 0; i < 200 && !used; i++) {
        unsigned char *q = gort_alloc(40);

        EXPECT(is_zero(q, 40), "object %d is not zero", i);
        used = (uintptr_t)q == was;
    }
    gort_set_gc_percent(100);
    EXPECT(used || gort_maxprocs() > 1 || debug.gcstress != 0 || debug.yield != 0,
           "%#" PRIxPTR " was not used again", was);
}

/* Freed into the slots that a proc allocates from, which a collection gives back to their span. */
CLAIM(what_was_freed_and_given_back_unused_is_zero)
{
    enum { BYTES = 1100, OBJECTS = 40 };

    for (int round = 0; round < 3; round++) {
        void *neighbour = gort_alloc(BYTES);
        void *p = gort_alloc(BYTES);

        memset(p, 1, BYTES);
        gort_free(p);
        gort_gc();
        for (int i = 0; i < OBJECTS; i++)
            EXPECT(is_zero(gort_alloc(BYTES), BYTES), "round %d: object %d is not zero", round, i);
        gort_keepalive(neighbour);
    }
}

static void fill_and_check(unsigned char **objects, size_t bytes)
{
    for (int i = 0; i < MANY; i++) {
        objects[i] = gort_alloc(bytes);
        EXPECT(is_zero(objects[i], bytes), "%d of %zu bytes is not zero", i, bytes);
        memset(objects[i], 1 + i % 100, bytes);
    }
}

/* Frees every second one and makes as many anew: all that live are as they were left. */
static void churn(size_t bytes)
{
    unsigned char **objects = gort_make(unsigned char *, MANY);

    fill_and_check(objects, bytes);
    for (int round = 0; round < 4; round++) {
        for (int i = round % 2; i < MANY; i += 2)
            gort_free(objects[i]);
        gort_yield();
        for (int i = round % 2; i < MANY; i += 2) {
            objects[i] = gort_alloc(bytes);
            EXPECT(is_zero(objects[i], bytes), "%d of %zu bytes is not zero", i, bytes);
            memset(objects[i], 1 + i % 100, bytes);
        }
        for (int i = 0; i < MANY; i++)
            for (size_t k = 0; k < bytes; k++)
                EXPECT(objects[i][k] == 1 + i % 100, "byte %zu of object %d is %d", k, i,
                       objects[i][k]);
    }
}

static void churn_all(void *arg)
{
    (void)arg;
    churn(24);
    churn(100);
}

CLAIM(what_lives_is_left_alone)
{
    gort_waitgroup wg = {0};

    for (int i = 0; i < 4; i++)
        gort_waitgroup_go(&wg, churn_all, NULL);
    gort_gc();
    gort_waitgroup_wait(&wg);
}

/* Tasks on other procs free what this one has made. */
struct batch {
    unsigned char *objects[MANY];
    gort_waitgroup done;
};

static void free_batch(void *arg)
{
    struct batch *b = arg;

    for (int i = 0; i < MANY; i++)
        gort_free(b->objects[i]);
    churn(56);
}

CLAIM(others_may_free_what_one_has_made)
{
    struct batch *b = gort_new(struct batch);

    for (int round = 0; round < 3; round++) {
        fill_and_check(b->objects, 56);
        gort_waitgroup_go(&b->done, free_batch, b);
        churn(56);
        gort_waitgroup_wait(&b->done);
        if (round == 1)
            gort_gc();
    }
}

struct node {
    struct node *next;
    uint64_t number;
};
GORT_TYPE(node_type, struct node, GORT_PTR(struct node, next));

static struct node *new_chain(uint64_t n)
{
    struct node *head = NULL;

    for (uint64_t i = 0; i < n; i++) {
        struct node *node = gort_alloc_typed(&node_type, 1);

        EXPECT(node->next == NULL && node->number == 0, "not zero");
        node->next = head;
        node->number = i;
        head = node;
    }
    return head;
}

CLAIM(typed_objects_keep_what_they_refer_to)
{
    for (int round = 0; round < 3; round++) {
        struct node *keep = new_chain(MANY);
        struct node *drop = new_chain(MANY);
        uint64_t n = 0;

        while (drop != NULL) {
            struct node *next = drop->next;

            gort_free(drop);
            drop = next;
        }
        new_chain(MANY);
        gort_gc();
        for (struct node *node = keep; node != NULL; node = node->next)
            EXPECT(node->number == MANY - ++n, "node %" PRIu64 " is %" PRIu64, n, node->number);
        EXPECT(n == MANY, "%" PRIu64 " nodes", n);
    }
}

CLAIM(large_objects_go_back_at_once)
{
    uint64_t before = 0;
    gort_memstats m;

    gort_set_gc_percent(-1);
    before = stats().alloc;
    for (int i = 0; i < 50; i++) {
        unsigned char *p = gort_alloc(1 << 20);

        EXPECT(p[i * 1000] == 0, "not zero");
        memset(p + i * 1000, 1, 1000);
        gort_free(p);
    }
    m = stats();
    gort_set_gc_percent(100);
    EXPECT(m.alloc < before + (8 << 20), "%" PRIu64 " bytes from %" PRIu64, m.alloc, before);
}

/* Mallocs and Frees count each once, whether it was freed early or swept. */
CLAIM(counts_stay_exact)
{
    gort_memstats before;
    gort_memstats after;
    uint64_t live = 0;

    gort_gc();
    before = stats();
    live = before.mallocs - before.frees;
    churn(72);
    gort_gc();
    gort_gc();
    after = stats();
    EXPECT(after.mallocs - before.mallocs >= 3 * MANY, "%" PRIu64, after.mallocs - before.mallocs);
    EXPECT(after.frees >= before.frees && after.frees <= after.mallocs, "%" PRIu64 " of %" PRIu64,
           after.frees, after.mallocs);
    /* The stack may hold the last ones still. */
    EXPECT(after.heap_objects <= live + 2 * MANY, "%" PRIu64 " objects live, then %" PRIu64, live,
           after.heap_objects);
    EXPECT(after.alloc == after.heap_alloc && after.heap_alloc <= after.heap_inuse,
           "%" PRIu64 " bytes in %" PRIu64, after.heap_alloc, after.heap_inuse);
}

CLAIM(small_texts_that_share_a_block_are_left_alone)
{
    char *a = gort_alloc_noscan(3);
    char *b = gort_alloc_noscan(3);

    memcpy(a, "ab", 3);
    memcpy(b, "cd", 3);
    gort_free(a);
    for (int i = 0; i < MANY; i++)
        memset(gort_alloc_noscan(3), 1, 3);
    EXPECT(strcmp(b, "cd") == 0, "became %s", b);
}

ENDS(freeing_an_address_inside, 2, "points into an object")
{
    char *p = gort_alloc(100);

    gort_free(p + 8);
}

ENDS(freeing_what_is_not_of_the_heap, 2, "is no object of the heap")
{
    static int number;

    gort_free(&number);
}

ENDS(freeing_a_large_object_twice, 2, "is no object of the heap, or was freed")
{
    volatile uintptr_t p = (uintptr_t)gort_alloc(1 << 20);

    gort_free((void *)p);
    gort_free((void *)p);
}

/* Noticed in every build unless the task goes to another proc in between. */
ENDS(freeing_a_small_object_twice, 2, "was freed before")
{
    gort_set_gc_percent(-1);
    for (int i = 0; i < 100; i++) {
        volatile uintptr_t p = (uintptr_t)gort_alloc(200);

        gort_free((void *)p);
        gort_free((void *)p);
    }
}
