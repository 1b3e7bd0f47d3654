/* SPDX-License-Identifier: MIT */
/* stray.c - numbers that look like references: once a collection has met them, no large object with
 * references is made where they point to, as long as there is any other place. */
#include "config.h"

#include <inttypes.h>
#include <stdint.h>

#include "tests/support/conform.h"

#define BYTES ((size_t)300000)
#define MANY  20
#define MASK  UINT64_C(0x5555000000000000) /* no address has these bits */

static volatile uintptr_t strays[4]; /* numbers in a global */

/* Objects that are gone, and numbers that point into them. */
__attribute__((noinline)) static void scatter(void)
{
    for (int i = 0; i < 4; i++) {
        char *p = gort_alloc(BYTES);

        strays[i] = (uintptr_t)p + BYTES / 2;
        gort_free(p);
    }
}

static bool covers_a_stray(const void *p)
{
    for (int i = 0; i < 4; i++)
        if (strays[i] - (uintptr_t)p < BYTES)
            return true;
    return false;
}

static void forget(void)
{
    for (int i = 0; i < 4; i++)
        strays[i] = 0;
    gort_gc();
}

CLAIM(large_objects_avoid_what_numbers_point_to)
{
    void **objects = gort_make(void *, MANY);

    scatter();
    gort_gc();
    for (int i = 0; i < MANY; i++) {
        objects[i] = gort_alloc(BYTES);
        EXPECT(!covers_a_stray(objects[i]), "object %d at %p", i, objects[i]);
    }
    gort_keepalive(objects);
    forget();
}

/* Overwrites what calls have left on the stack. */
__attribute__((noinline)) static void wipe_stack(void)
{
    volatile char old[8192];

    for (size_t i = 0; i < sizeof old; i++)
        old[i] = 0;
}

/* Which of the places that were HIDDEN P covers: bits. */
__attribute__((noinline)) static unsigned covers_hidden(const uintptr_t hidden[4], const void *p)
{
    unsigned which = 0;

    for (int i = 0; i < 4; i++)
        if ((hidden[i] ^ MASK) - (uintptr_t)p < BYTES)
            which |= 1u << i;
    return which;
}

/* No place is lost for good: where no number points any more, objects are made again. The stack may
 * hold one or the other by chance. */
CLAIM(places_are_used_again_when_the_numbers_are_gone)
{
    uintptr_t hidden[4];
    unsigned used = 0;
    void **objects = gort_make(void *, 200);

    scatter();
    for (int i = 0; i < 4; i++)
        hidden[i] = strays[i] ^ MASK;
    gort_gc();
    wipe_stack();
    forget();
    for (int i = 0; i < 200; i++) {
        objects[i] = gort_alloc(BYTES);
        used |= covers_hidden(hidden, objects[i]);
    }
    EXPECT(used != 0, "200 objects cover none of 4 places");
    gort_keepalive(objects);
}
