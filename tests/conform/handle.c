/* SPDX-License-Identifier: MIT */
/* handle.c - handles, and the other ways to say that something is in reach: added roots, keeping
 * alive. Worth running under GORT_DEBUG=gcstress=1,clobberfree=1 too. */
#include "config.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/conform.h"
#include "tests/support/gone.h"

#define MANY   5000 /* more than a chunk of records holds */
#define MOST   (MANY * 9 / 10)
#define FILLER UINT64_C(0x68616e646c65)

static uint64_t handles[MANY];
static gort_weak *weaks[MANY];

__attribute__((noinline)) static void make_all(void)
{
    for (int i = 0; i < MANY; i++) {
        uint64_t *p = gort_new(uint64_t);

        *p = FILLER + (uint64_t)i;
        handles[i] = gort_handle_new(p);
        weaks[i] = gort_weak_new(p);
    }
}

__attribute__((noinline)) static int cleared(void)
{
    int n = 0;

    for (int i = 0; i < MANY; i++)
        n += gort_weak_get(weaks[i]) == NULL;
    return n;
}

static void delete_all(void)
{
    for (int i = 0; i < MANY; i++)
        gort_handle_delete(handles[i]);
}

CLAIM(it_keeps_what_it_stands_for_until_it_is_deleted)
{
    uint64_t before = gort_handle_count();

    make_all();
    EXPECT(gort_handle_count() == before + MANY, "%llu handles",
           (unsigned long long)gort_handle_count());
    collect();
    for (int i = 0; i < MANY; i++) {
        const uint64_t *p = gort_handle_get(handles[i]);

        EXPECT(*p == FILLER + (uint64_t)i, "%d stands for %#llx", i, (unsigned long long)*p);
    }
    delete_all();
    EXPECT(gort_handle_count() == before, "%llu handles", (unsigned long long)gort_handle_count());
    EVENTUALLY_COLLECTED(cleared() >= MOST, "%d are gone", cleared());
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

CLAIM(no_two_are_alike_and_none_is_zero)
{
    static uint64_t all[4 * 500];

    for (int round = 0; round < 4; round++)
        for (int i = 0; i < 500; i++) {
            uint64_t h = gort_handle_new(NULL);

            all[round * 500 + i] = h;
            EXPECT(h != 0, "0");
            EXPECT(gort_handle_get(h) == NULL, "it stands for %p", gort_handle_get(h));
            gort_handle_delete(h);
        }
    qsort(all, 2000, sizeof all[0], by_value);
    for (int i = 1; i < 2000; i++)
        EXPECT(all[i] != all[i - 1], "%llu twice", (unsigned long long)all[i]);
}

CLAIM(it_may_stand_for_what_is_no_object)
{
    int local = 0;
    uint64_t h = gort_handle_new(&local);

    collect();
    EXPECT(gort_handle_get(h) == &local, "it stands for %p", gort_handle_get(h));
    gort_handle_delete(h);
}

/* Under the address sanitizer the process says at its end if it is taken for a leak. */
CLAIM(it_may_be_all_that_refers_to_malloced_memory)
{
    static uint64_t h;

    h = gort_handle_new(calloc(10, 100));
    gort_cleanup_add(gort_alloc(40), free, calloc(10, 100));
    EXPECT(gort_handle_get(h) != NULL, "no memory");
}

static void *get_outside(void *arg)
{
    return gort_handle_get(*(uint64_t *)arg);
}

CLAIM(any_thread_may_ask_what_it_stands_for)
{
    uint64_t h = gort_handle_new(gort_alloc(50));
    pthread_t thread;
    void *got = NULL;
    int rc = 0;

    GORT_BLOCKING
    {
        rc = pthread_create(&thread, NULL, get_outside, &h);
        if (rc == 0)
            pthread_join(thread, &got);
    }
    EXPECT(rc == 0 && got == gort_handle_get(h), "%p, not %p", got, gort_handle_get(h));
    gort_handle_delete(h);
}

static void make_and_delete(void *arg)
{
    uint64_t own[20];

    for (int round = 0; round < 20; round++) {
        for (int i = 0; i < 20; i++) {
            uint64_t *p = gort_new(uint64_t);

            *p = FILLER + (uint64_t)i;
            own[i] = gort_handle_new(p);
        }
        gort_yield();
        for (int i = 0; i < 20; i++) {
            const uint64_t *p = gort_handle_get(own[i]);

            EXPECT(*p == FILLER + (uint64_t)i, "another's object");
            gort_handle_delete(own[i]);
        }
    }
    gort_waitgroup_done(arg);
}

CLAIM(tasks_make_and_delete_them_beside_each_other)
{
    uint64_t before = gort_handle_count();
    gort_waitgroup all = {0};

    gort_waitgroup_add(&all, 20);
    for (int i = 0; i < 20; i++)
        gort_go(make_and_delete, &all);
    gort_waitgroup_wait(&all);
    EXPECT(gort_handle_count() == before, "%llu are left", (unsigned long long)gort_handle_count());
}

ENDS(one_that_was_deleted_stands_for_nothing, 2, "gort_handle_get: ")
{
    uint64_t h = 0;

    h = gort_handle_new(&h);

    gort_handle_delete(h);
    gort_handle_new(&h);
    gort_handle_get(h);
}

ENDS(it_is_deleted_once, 2, "gort_handle_delete: ")
{
    uint64_t h = 0;

    h = gort_handle_new(&h);

    gort_handle_delete(h);
    gort_handle_delete(h);
}

ENDS(not_every_number_is_a_handle, 2, "is not a handle, or was deleted")
{
    gort_handle_get(UINT64_C(0x100000fff));
}

/* ---- roots ---- */

__attribute__((noinline)) static void fill(void **places, int n, size_t offset)
{
    for (int i = 0; i < n; i++) {
        char *p = gort_alloc(100);

        weaks[i] = gort_weak_new(p);
        places[i] = p + offset;
    }
}

__attribute__((noinline)) static int gone(int n)
{
    int cleared_ones = 0;

    for (int i = 0; i < n; i++)
        cleared_ones += gort_weak_get(weaks[i]) == NULL;
    return cleared_ones;
}

static void expect_root_keeps(size_t offset)
{
    void **places = calloc(200, sizeof places[0]);

    EXPECT(places != NULL && gort_root_add(places, 200 * sizeof places[0]) == 0, "no root");
    fill(places, 200, offset);
    collect();
    EXPECT(gone(200) == 0, "%d are gone", gone(200));
    gort_root_remove(places);
    EVENTUALLY_COLLECTED(gone(200) >= 180, "%d are gone", gone(200));
    free(places);
}

CLAIM(an_added_root_keeps_by_the_beginning)
{
    expect_root_keeps(0);
}

CLAIM(an_added_root_keeps_by_the_inside)
{
    expect_root_keeps(53);
}

CLAIM(an_added_root_keeps_by_the_end)
{
    expect_root_keeps(100);
}

CLAIM(a_root_ends_where_it_was_said_to)
{
    void **places = calloc(400, sizeof places[0]);

    EXPECT(places != NULL && gort_root_add(places, 200 * sizeof places[0]) == 0, "no root");
    fill(places + 200, 200, 0);
    EVENTUALLY_COLLECTED(gone(200) >= 180, "%d are gone", gone(200));
    gort_root_remove(places);
    free(places);
}

CLAIM(malloced_memory_is_no_root)
{
    void **places = calloc(200, sizeof places[0]);

    fill(places, 200, 0);
    EVENTUALLY_COLLECTED(gone(200) >= 180, "%d are gone", gone(200));
    free(places);
}

/* The address is nowhere but in a disguise, until it is said to be kept. */
__attribute__((noinline)) static int cleared_while_kept(int n)
{
    int early = 0;

    for (int i = 0; i < n; i++) {
        char *p = gort_alloc(100);
        const gort_weak *w = gort_weak_new(p);

        collect();
        early += gort_weak_get(w) == NULL;
        gort_keepalive(p);
    }
    return early;
}

CLAIM(what_is_kept_alive_is_there_until_then)
{
    EXPECT(cleared_while_kept(20) == 0, "some are gone");
}

ENDS(what_was_not_added_is_not_removed, 2, "was not added")
{
    gort_root_remove(handles);
}
