/* SPDX-License-Identifier: MIT */
/* rwmutexes.c - tasks read and write pairs of numbers under a few read-write mutexes. The numbers
 * of a pair are equal but while a writer is in, and written with plain stores: readers never see a
 * half-written pair, no write is lost, and all get their turn. */
#include "config.h"

#include "tests/support/stress.h"

const struct stress stress_defaults = {.tasks = 64, .seconds = 1};

#define NPAIRS 3

struct pair {
    gort_rwmutex rw;
    uint64_t first;
    uint64_t second;
    _Alignas(64) char apart[8];
};

struct library {
    const struct stress *s;
    struct pair pairs[NPAIRS];
    gort_waitgroup wg;
};

struct visitor {
    struct library *lib;
    int number;
    uint64_t reads;
    uint64_t writes;
};

/* Gives others the chance to come between. */
static void dawdle(struct stress_random *r)
{
    if (stress_below(r, 50) == 0)
        gort_yield();
    if (stress_below(r, 500) == 0)
        gort_sleep(stress_below(r, 50) * GORT_US);
}

static void read_pair(struct visitor *v, struct pair *p, struct stress_random *r)
{
    uint64_t first;

    if (stress_below(r, 10) != 0)
        gort_rwmutex_rlock(&p->rw);
    else if (gort_rwmutex_try_rlock(&p->rw) == 0)
        return;
    first = p->first;
    dawdle(r);
    REQUIRE(p->first == first && p->second == first, "half-written: %llu, then %llu and %llu",
            (unsigned long long)first, (unsigned long long)p->first, (unsigned long long)p->second);
    gort_rwmutex_runlock(&p->rw);
    v->reads++;
}

static void write_pair(struct visitor *v, struct pair *p, struct stress_random *r)
{
    if (stress_below(r, 10) != 0)
        gort_rwmutex_lock(&p->rw);
    else if (gort_rwmutex_try_lock(&p->rw) == 0)
        return;
    REQUIRE(p->first == p->second, "a writer beside a writer");
    p->first++;
    dawdle(r);
    p->second++;
    gort_rwmutex_unlock(&p->rw);
    v->writes++;
}

static void visit(void *arg)
{
    struct visitor *v = arg;
    struct stress_random r = stress_random(v->lib->s, v->number);

    while (!stress_is_over(v->lib->s)) {
        struct pair *p = &v->lib->pairs[stress_below(&r, NPAIRS)];

        if (stress_below(&r, 8) == 0)
            write_pair(v, p, &r);
        else
            read_pair(v, p, &r);
    }
}

uint64_t stress_run(const struct stress *s)
{
    struct library *lib = gort_new(struct library);
    struct visitor *all = gort_make(struct visitor, (size_t)s->tasks);
    uint64_t written = 0;
    uint64_t writes = 0;
    uint64_t reads = 0;

    lib->s = s;
    for (int i = 0; i < s->tasks; i++) {
        all[i] = (struct visitor){.lib = lib, .number = i};
        gort_waitgroup_go(&lib->wg, visit, &all[i]);
    }
    gort_waitgroup_wait(&lib->wg);
    for (int i = 0; i < NPAIRS; i++)
        written += lib->pairs[i].first;
    for (int i = 0; i < s->tasks; i++) {
        REQUIRE(all[i].reads + all[i].writes > 0, "task %d never had its turn", i);
        reads += all[i].reads;
        writes += all[i].writes;
    }
    REQUIRE(written == writes, "%llu writes, %llu counted", (unsigned long long)writes,
            (unsigned long long)written);
    return reads + writes;
}
