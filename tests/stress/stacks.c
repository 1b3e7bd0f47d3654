/* SPDX-License-Identifier: MIT */
/* stacks.c - the stacks of all tasks are asked for by the program itself, again and again, while
 * tasks are born, get their stacks, sleep and end. */
#include "config.h"

#include <string.h>

#include "tests/support/stress.h"

const struct stress stress_defaults = {.tasks = 200, .seconds = 1};

#define TEXT_BYTES ((size_t)1 << 20)

static void doze(void *arg)
{
    gort_sleep(2 * GORT_MS);
    gort_waitgroup_done(arg);
}

static void spawn(void *arg)
{
    const struct stress *s = arg;
    static gort_waitgroup dozing;

    while (!stress_is_over(s)) {
        gort_waitgroup_add(&dozing, s->tasks);
        for (int i = 0; i < s->tasks; i++)
            gort_go(doze, &dozing);
        gort_waitgroup_wait(&dozing);
    }
}

uint64_t stress_run(const struct stress *s)
{
    char *text = gort_alloc_noscan(TEXT_BYTES);
    gort_waitgroup spawner = {0};
    uint64_t asked = 0;

    gort_waitgroup_go(&spawner, spawn, (void *)(uintptr_t)s);
    while (!stress_is_over(s)) {
        size_t n = gort_stack(text, TEXT_BYTES, 1);

        REQUIRE(n > 0 && n < TEXT_BYTES && text[n] == '\0', "%zu bytes of text", n);
        REQUIRE(strstr(text, "stress_run") != NULL, "the caller is not in it");
        asked++;
        gort_yield();
    }
    gort_waitgroup_wait(&spawner);
    return asked;
}
