/* SPDX-License-Identifier: MIT */
/* live.c - objects with cleanups, weak pointers and finalizers, made, passed on, dropped and
 * stopped by many tasks while collections come and go.
 * Each object has a number, and each call that hangs on its life a count: none may come twice, none
 * while a weak pointer still gives the object; what a weak pointer gives is that object, whole. At
 * the end, each object that is gone has had all its calls, and each that is not none. */
#include "config.h"

#include <stdatomic.h>

#include "tests/support/stress.h"

const struct stress stress_defaults = {.tasks = 100, .seconds = 1};

#define OBJECTS  100000
#define SLOTS    64 /* objects that a task holds */
#define CLEANUPS 3
#define MAGIC    UINT64_C(0x6c6976652e63)

struct object {
    uint64_t magic;
    uint64_t number;
    struct object *friend; /* another one, of any task */
};

struct fate {
    gort_weak *weak;
    _Atomic(uint32_t) called[CLEANUPS];
    _Atomic(uint32_t) stopped[CLEANUPS];
    _Atomic(uint32_t) finalized;
    uint32_t ncleanups; /* before its weak pointer is shown */
    bool has_finalizer;
    bool freed; /* by its maker, at once */
    _Atomic(uint32_t) made;
};

static struct fate fates[OBJECTS];
static _Atomic(uint32_t) nobjects;
static _Atomic(uint64_t) ncalls;
static _Atomic(struct object *) shared[SLOTS]; /* through which objects change hands */

struct crowd {
    const struct stress *s;
    gort_waitgroup wg;
};

struct member {
    struct crowd *c;
    int number;
};

static bool is_set(_Atomic(uint32_t) *word)
{
    return atomic_load_explicit(word, memory_order_acquire) != 0;
}

static void check(const struct object *o)
{
    REQUIRE(o->magic == MAGIC && o->number < OBJECTS, "an object holds %#llx, %llu",
            (unsigned long long)o->magic, (unsigned long long)o->number);
}

/* ---- calls ---- */

static void be_called(void *arg)
{
    _Atomic(uint32_t) *count = arg;

    REQUIRE(atomic_fetch_add_explicit(count, 1, memory_order_relaxed) == 0, "a cleanup ran twice");
    atomic_fetch_add_explicit(&ncalls, 1, memory_order_relaxed);
}

static void finalize(void *p)
{
    struct object *o = p;
    struct fate *f = &fates[o->number];

    check(o);
    REQUIRE(gort_weak_get(f->weak) == NULL, "a finalizer ran before weak pointers were cleared");
    REQUIRE(atomic_fetch_add_explicit(&f->finalized, 1, memory_order_relaxed) == 0,
            "a finalizer ran twice");
    for (uint32_t i = 0; i < f->ncleanups; i++)
        REQUIRE(!is_set(&f->called[i]), "a cleanup ran before the finalizer");
    if (o->number % 3 == 0) /* back into circulation */
        atomic_store_explicit(&shared[o->number % SLOTS], o, memory_order_release);
    atomic_fetch_add_explicit(&ncalls, 1, memory_order_relaxed);
}

/* ---- objects ---- */

static void add_cleanups(struct object *o, struct fate *f, struct stress_random *r)
{
    f->ncleanups = stress_below(r, CLEANUPS + 1);
    for (uint32_t i = 0; i < f->ncleanups; i++) {
        gort_cleanup c = gort_cleanup_add((char *)o + 8 * i, be_called, &f->called[i]);

        if (stress_below(r, 8) != 0)
            continue;
        REQUIRE(gort_cleanup_stop(c) == 1, "a cleanup of an object in hand was not stopped");
        atomic_store_explicit(&f->stopped[i], 1, memory_order_relaxed);
    }
}

static struct object *object_new(struct stress_random *r)
{
    uint32_t number = atomic_fetch_add_explicit(&nobjects, 1, memory_order_relaxed);
    size_t bytes = sizeof(struct object) + stress_below(r, 20) * sizeof(uint64_t);
    struct fate *f = NULL;
    struct object *o = NULL;

    if (number >= OBJECTS)
        return NULL;
    f = &fates[number];
    o = gort_alloc(stress_below(r, 200) == 0 ? 50000 + bytes : bytes);
    o->magic = MAGIC;
    o->number = number;
    o->friend = NULL;
    f->weak = gort_weak_new(o);
    f->has_finalizer = stress_below(r, 4) == 0;
    if (f->has_finalizer)
        gort_finalizer_set(o, finalize);
    else /* no circles of those that have one */
        o->friend = atomic_load_explicit(&shared[stress_below(r, SLOTS)], memory_order_acquire);
    add_cleanups(o, f, r);
    f->freed = stress_below(r, 16) == 0;
    if (f->freed) {
        gort_free(o);
        return NULL;
    }
    /* Release: pairs with the acquire in is_set. */
    atomic_store_explicit(&f->made, 1, memory_order_release);
    return o;
}

/* An object of anyone's, if it is there, checked and held for a while. */
static void look_at_any(struct stress_random *r)
{
    uint32_t n = atomic_load_explicit(&nobjects, memory_order_relaxed);
    struct fate *f = &fates[stress_below(r, n < OBJECTS ? n + 1 : OBJECTS)];
    const struct object *o = NULL;

    if (!is_set(&f->made) || (o = gort_weak_get(f->weak)) == NULL)
        return;
    check(o);
    REQUIRE(&fates[o->number] == f, "a weak pointer gives another object");
    gort_yield();
    check(o);
    for (uint32_t i = 0; i < f->ncleanups; i++)
        REQUIRE(!is_set(&f->called[i]), "the cleanup of an object in hand has run");
    REQUIRE(!is_set(&f->finalized), "an object in hand was finalized");
    REQUIRE(gort_weak_get(f->weak) == o, "the weak pointer of an object in hand was cleared");
    gort_keepalive(o);
}

static void use_a_handle(struct object *o)
{
    uint64_t h = gort_handle_new(o);

    gort_yield();
    REQUIRE(gort_handle_get(h) == o, "a handle stands for another object");
    check(gort_handle_get(h));
    gort_handle_delete(h);
}

static void act(struct object **slots, struct stress_random *r)
{
    uint32_t i = stress_below(r, SLOTS);
    struct object *o = slots[i];

    if (o != NULL)
        check(o);
    switch (stress_below(r, 8)) {
    case 0:
        slots[i] = atomic_exchange_explicit(&shared[i], o, memory_order_acq_rel);
        break;
    case 1:
        look_at_any(r);
        break;
    case 2:
        if (o != NULL)
            use_a_handle(o);
        break;
    case 3:
        slots[i] = NULL;
        break;
    default:
        slots[i] = object_new(r);
        break;
    }
}

static void take_part(void *arg)
{
    const struct member *m = arg;
    struct stress_random r = stress_random(m->c->s, m->number);
    struct object *slots[SLOTS] = {0};

    while (!stress_is_over(m->c->s) &&
           atomic_load_explicit(&nobjects, memory_order_relaxed) < OBJECTS) {
        for (int i = 0; i < 20; i++)
            act(slots, &r);
        gort_yield();
    }
    gort_waitgroup_done(&m->c->wg);
}

/* ---- the end ---- */

static void collect_all(void)
{
    for (int i = 0; i < 5; i++) {
        for (int k = 0; k < SLOTS; k++)
            atomic_store_explicit(&shared[k], NULL, memory_order_relaxed);
        gort_gc();
        while (gort_num_tasks() > 1) /* those that call */
            gort_yield();
    }
}

static void judge(struct fate *f)
{
    bool there = gort_weak_get(f->weak) != NULL;

    REQUIRE(is_set(&f->finalized) == (f->has_finalizer && !f->freed && !there),
            "a finalizer was lost, or of an object that was freed");
    for (uint32_t i = 0; i < f->ncleanups; i++) {
        bool due = !there && !is_set(&f->stopped[i]);

        REQUIRE(is_set(&f->called[i]) == due, "a cleanup of an object that is %s has %srun",
                there ? "there" : "gone", due ? "not " : "");
    }
}

uint64_t stress_run(const struct stress *s)
{
    struct crowd crowd = {.s = s};
    struct member *members = gort_make(struct member, (size_t)s->tasks);
    uint32_t n = 0;

    gort_waitgroup_add(&crowd.wg, s->tasks);
    for (int i = 0; i < s->tasks; i++) {
        members[i] = (struct member){&crowd, i};
        gort_go(take_part, &members[i]);
    }
    gort_waitgroup_wait(&crowd.wg);
    collect_all();
    n = atomic_load_explicit(&nobjects, memory_order_relaxed);
    for (uint32_t i = 0; i < n && i < OBJECTS; i++)
        judge(&fates[i]);
    REQUIRE(gort_handle_count() == 0, "%llu handles are left",
            (unsigned long long)gort_handle_count());
    return atomic_load_explicit(&ncalls, memory_order_relaxed);
}
