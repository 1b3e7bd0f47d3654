/* SPDX-License-Identifier: MIT */
/* region.c - arenas: objects of any size stay as they were written until all go at once; the
 * collector searches an arena only if it was told to; a use after the end is found. */
#include "config.h"

#include <inttypes.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/san.h"
#include "tests/support/conform.h"

#define MANY 200

/* Before the settings are read. Freed objects can be told by it, and arenas stay out of reach. */
__attribute__((constructor)) static void set_debug(void)
{
    const char *before = getenv("GORT_DEBUG");
    char all[256];

    snprintf(all, sizeof all, "%s%sclobberfree=1", before == NULL ? "" : before,
             before == NULL ? "" : ",");
    setenv("GORT_DEBUG", all, 1);
}

CLAIM(objects_are_zero_aligned_and_apart)
{
    gort_arena *a = gort_arena_new(0);
    unsigned char *objects[MANY];
    size_t bytes[MANY];

    for (int i = 0; i < MANY; i++) {
        bytes[i] = i % 20 == 0 ? (size_t)i * 3000 : (size_t)i * 7 % 300;
        objects[i] = gort_arena_alloc(a, bytes[i]);
        EXPECT((uintptr_t)objects[i] % 16 == 0, "%p", (void *)objects[i]);
        for (size_t k = 0; k < bytes[i]; k++)
            EXPECT(objects[i][k] == 0, "byte %zu of object %d is %d", k, i, objects[i][k]);
        memset(objects[i], i + 1, bytes[i]);
    }
    for (int i = 0; i < MANY; i++)
        for (size_t k = 0; k < bytes[i]; k++)
            EXPECT(objects[i][k] == (unsigned char)(i + 1), "byte %zu of object %d", k, i);
    gort_arena_free(a);
}

CLAIM(null_is_nothing)
{
    gort_arena_free(NULL);
}

CLAIM(what_was_taken_goes_back)
{
    gort_memstats before;
    gort_memstats during;
    gort_memstats after;
    gort_arena *a = NULL;

    gort_read_memstats(&before);
    a = gort_arena_new(0);
    for (int i = 0; i < 1000; i++)
        memset(gort_arena_alloc(a, 40000), 1, 40000);
    gort_read_memstats(&during);
    EXPECT(during.other_sys >= before.other_sys + 40000000, "OtherSys %" PRIu64 " from %" PRIu64,
           during.other_sys, before.other_sys);
    EXPECT(during.sys >= during.other_sys + during.heap_sys, "Sys %" PRIu64, during.sys);
    gort_arena_free(a);
    for (int i = 0; i < 256; i++) /* drives those that are kept out of reach away */
        gort_arena_free(gort_arena_new(0));
    gort_read_memstats(&after);
    EXPECT(after.other_sys < before.other_sys + 20000000, "OtherSys %" PRIu64 " from %" PRIu64,
           after.other_sys, before.other_sys);
}

/* ---- references ---- */

static uint64_t disguised[MANY];

__attribute__((noinline)) static void fill(void **slots)
{
    for (int i = 0; i < MANY; i++) {
        unsigned char *p = gort_alloc(200);

        memset(p, 0x11, 200);
        slots[i] = p;
        disguised[i] = (uintptr_t)p ^ UINT64_C(0x5555000000000000);
    }
}

NO_SANITIZE_READS static int count_gone(void)
{
    int gone = 0;

    for (int i = 0; i < MANY; i++)
        gone += *((const volatile unsigned char *)(disguised[i] ^ UINT64_C(0x5555000000000000)) +
                  199) != 0x11;
    return gone;
}

__attribute__((noinline)) static void wipe_stack(void)
{
    volatile char old[8192];

    for (size_t i = 0; i < sizeof old; i++)
        old[i] = 0;
}

CLAIM(a_searched_arena_keeps_what_it_refers_to)
{
    gort_arena *a = gort_arena_new(GORT_ARENA_SCAN);
    void **slots = NULL;

    gort_arena_alloc(a, 60000); /* so that the next one has another chunk */
    slots = gort_arena_alloc(a, MANY * sizeof *slots);
    fill(slots);
    wipe_stack();
    gort_gc();
    EXPECT(count_gone() == 0, "%d of %d are gone", count_gone(), MANY);
    gort_arena_free(a);
    wipe_stack();
    gort_gc();
    EXPECT(count_gone() > MANY * 9 / 10, "only %d of %d are gone with it", count_gone(), MANY);
}

CLAIM(another_arena_keeps_nothing)
{
    gort_arena *a = gort_arena_new(0);

    fill(gort_arena_alloc(a, MANY * sizeof(void *)));
    wipe_stack();
    gort_gc();
    EXPECT(count_gone() > MANY * 9 / 10, "only %d of %d are gone", count_gone(), MANY);
    gort_arena_free(a);
}

/* ---- misuse ---- */

ENDS(flags_that_there_are_not, 2, "unknown flags: 8")
{
    gort_keepalive(gort_arena_new(8));
}

ENDS(an_object_beyond_all_memory, 2, "out of memory")
{
    volatile size_t bytes = SIZE_MAX - 5;

    gort_keepalive(gort_arena_alloc(gort_arena_new(0), bytes));
}

static void use_after_free(void)
{
    gort_arena *a = gort_arena_new(0);
    volatile char *p = gort_arena_alloc(a, 100);

    p[50] = 1;
    gort_arena_free(a);
    p[50] = 2;
}

#if SAN_ADDRESS
ENDS(a_use_afterwards, 1, "use-after-poison")
#elif SAN_THREAD
ENDS(a_use_afterwards, 66, "SEGV")
#else
ENDS(a_use_afterwards, -SIGSEGV, "")
#endif
{
    use_after_free();
}
