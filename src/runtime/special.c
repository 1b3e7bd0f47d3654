/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/special.h"

#include "base/check.h"
#include "runtime/fatal.h"
#include "runtime/gc.h"
#include "runtime/specials.h"
#include "runtime/sysmem.h"

struct records special_records = RECORDS_INIT(sizeof(struct special));
_Atomic(uint32_t) special_cycle;
struct special_lock special_locks[SPECIAL_LOCKS];

static _Atomic(uint64_t) last_serial;

void special_init(void)
{
    for (unsigned i = 0; i < SPECIAL_LOCKS; i++)
        lock_init(&special_locks[i].lock, RANK_SPECIAL);
}

static uint32_t cycle_now(void)
{
    return atomic_load_explicit(&special_cycle, memory_order_relaxed);
}

/* ---- places ---- */

/* Counts the page of the table that the list of BASE lies in, when it comes into use. */
static void count_table(struct arena *a, uintptr_t base)
{
    size_t i = arena_page_of(base) * sizeof a->specials[0] / SPECIAL_PAGE_BYTES;
    uint64_t bit = UINT64_C(1) << (i % 64);

    if ((atomic_load_explicit(&a->special_pages[i / 64], memory_order_relaxed) & bit) != 0)
        return;
    if ((atomic_fetch_or_explicit(&a->special_pages[i / 64], bit, memory_order_relaxed) & bit) == 0)
        sys_count(SYS_GC, SPECIAL_PAGE_BYTES);
}

/* The allocation bits of other objects may change meanwhile. */
NO_SANITIZE_READS bool special_find_place(uintptr_t addr, struct special_place *at)
{
    struct span *s = span_of(addr);
    size_t i = 0;

    if (s == NULL)
        return false;
    i = span_slot_of(s, addr);
    if (i >= s->nelems || (span_bits(s)[i / 64].alloc >> (i % 64) & 1) == 0)
        return false;
    *at = (struct special_place){.span = s, .base = s->base + i * s->elem_bytes};
    return true;
}

struct special_place special_place_of(const char *what, const void *p)
{
    struct special_place at = {0};

    if (!special_find_place((uintptr_t)p, &at))
        gort_fatal("%s: %p is not in an object of the collected heap", what, p);
    return at;
}

/* ---- attaching and detaching ---- */

static struct special *record_new(enum special_kind kind, struct special_place at, uintptr_t addr,
                                  void (*fn)(void *arg), void *arg)
{
    struct special *s = records_take(&special_records);
    uint64_t serial = atomic_fetch_add_explicit(&last_serial, 1, memory_order_relaxed) + 1;

    s->addr = addr;
    s->fn = fn;
    atomic_store_explicit(&s->object, at.base, memory_order_relaxed);
    atomic_store_explicit(&s->arg, arg, memory_order_relaxed);
    /* Release: pairs with the acquire in special_scan. */
    atomic_store_explicit(&s->word,
                          serial << SPECIAL_SERIAL_SHIFT |
                              special_lock_number(at.span) << SPECIAL_KIND_BITS | kind,
                          memory_order_release);
    return s;
}

void special_free(struct special *s)
{
    special_set_kind(s, SPECIAL_FREE);
    atomic_store_explicit(&s->arg, NULL, memory_order_relaxed);
    records_give(&special_records, s);
}

static void add_count(struct span *s, uint32_t n)
{
    uint32_t before = atomic_load_explicit(&s->nspecials, memory_order_relaxed);

    atomic_store_explicit(&s->nspecials, before + n, memory_order_relaxed);
}

static void attach_locked(struct special_place at, struct special *s)
{
    struct special **list = special_list(at.span, at.base);

    DCHECK(lock_is_held(special_lock_of(at.span)));
    s->next = *list;
    *list = s;
    add_count(at.span, 1);
}

/* The link to the record of KIND for ADDR; to NULL if there is none. */
static struct special **find_locked(struct special_place at, enum special_kind kind, uintptr_t addr)
{
    struct special **link = special_list(at.span, at.base);

    while (*link != NULL && (special_kind_of(*link) != kind || (*link)->addr != addr))
        link = &(*link)->next;
    return link;
}

struct special *special_detach_locked(struct span *span, struct special **link)
{
    struct special *s = *link;

    *link = s->next;
    add_count(span, (uint32_t)-1);
    return s;
}

/* ---- cleanups ---- */

struct special *special_add_cleanup(struct special_place at, void (*fn)(void *arg), void *arg,
                                    uint64_t *serial)
{
    struct special *s = record_new(SPECIAL_CLEANUP, at, at.base, fn, arg);

    *serial = special_word(s) >> SPECIAL_SERIAL_SHIFT;
    count_table(at.span->arena, at.base);
    lock_take(special_lock_of(at.span));
    attach_locked(at, s);
    lock_release(special_lock_of(at.span));
    return s;
}

/* Whether S is still what the caller thinks, and attached: then it is no more. */
static bool detach_cleanup_locked(struct special *s, uint64_t word)
{
    struct special_place at = {0};
    struct special **link = NULL;

    if (special_word(s) != word)
        return false;
    CHECK(special_find_place(atomic_load_explicit(&s->object, memory_order_relaxed), &at));
    link = special_list(at.span, at.base);
    while (*link != s)
        link = &(*link)->next;
    special_detach_locked(at.span, link);
    return true;
}

static bool stop_attached(struct special *s, uint64_t word)
{
    struct lock *lock = &special_locks[word >> SPECIAL_KIND_BITS & (SPECIAL_LOCKS - 1)].lock;
    bool stopped = false;

    lock_take(lock);
    stopped = detach_cleanup_locked(s, word);
    lock_release(lock);
    if (stopped)
        special_free(s);
    return stopped;
}

/* One of this and special_take_call wins. The runner forgets S when it comes to it. */
static bool stop_due(struct special *s, uint64_t word)
{
    return atomic_compare_exchange_strong_explicit(&s->word, &word,
                                                   special_word_as(word, SPECIAL_STOPPED),
                                                   memory_order_relaxed, memory_order_relaxed);
}

bool special_stop_cleanup(struct special *s, uint64_t serial)
{
    uint64_t word = special_word(s);

    if (word >> SPECIAL_SERIAL_SHIFT != serial)
        return false;
    if (special_kind_in(word) == SPECIAL_CLEANUP && stop_attached(s, word))
        return true;
    word = special_word(s); /* it may have become due */
    return word >> SPECIAL_SERIAL_SHIFT == serial && special_kind_in(word) == SPECIAL_DUE_CLEANUP &&
           stop_due(s, word);
}

/* ---- finalizers ---- */

bool special_add_finalizer(struct special_place at, uintptr_t addr, void (*fn)(void *p))
{
    struct special *s = record_new(SPECIAL_FINALIZER, at, addr, fn, NULL);
    bool exists = false;

    count_table(at.span->arena, at.base);
    lock_take(special_lock_of(at.span));
    exists = *find_locked(at, SPECIAL_FINALIZER, addr) != NULL;
    if (!exists)
        attach_locked(at, s);
    lock_release(special_lock_of(at.span));
    if (exists)
        special_free(s);
    return !exists;
}

bool special_remove_finalizer(struct special_place at, uintptr_t addr)
{
    struct special **link = NULL;
    struct special *s = NULL;

    lock_take(special_lock_of(at.span));
    link = find_locked(at, SPECIAL_FINALIZER, addr);
    if (*link != NULL)
        s = special_detach_locked(at.span, link);
    lock_release(special_lock_of(at.span));
    if (s != NULL)
        special_free(s);
    return s != NULL;
}

/* ---- weak pointers ---- */

struct gort_weak *special_weak(struct special_place at, uintptr_t addr, struct gort_weak *weak)
{
    struct special *s = NULL;
    struct special *found = NULL;

    if (weak != NULL) {
        weak->lock = special_lock_number(at.span);
        atomic_store_explicit(&weak->alive, cycle_now(), memory_order_relaxed);
        atomic_store_explicit(&weak->target, addr, memory_order_relaxed);
        s = record_new(SPECIAL_WEAK, at, addr, NULL, weak);
        count_table(at.span->arena, at.base);
    }
    lock_take(special_lock_of(at.span));
    found = *find_locked(at, SPECIAL_WEAK, addr);
    if (found != NULL)
        weak = special_weak_of(found);
    else if (s != NULL)
        attach_locked(at, s);
    lock_release(special_lock_of(at.span));
    if (found != NULL && s != NULL)
        special_free(s);
    return weak;
}

static bool is_known_alive(const struct gort_weak *w)
{
    /* Acquire: pairs with the release in keep_locked in specialgc.c. */
    return atomic_load_explicit(&w->alive, memory_order_acquire) == cycle_now();
}

/* The target's span may not be swept yet. As long as the pointer is not cleared, the span is what
 * it was. */
static uintptr_t read_locked(const struct gort_weak *w)
{
    uintptr_t addr = atomic_load_explicit(&w->target, memory_order_relaxed);
    struct special_place at = {0};

    if (addr == 0 || is_known_alive(w))
        return addr;
    CHECK(special_find_place(addr, &at));
    return special_is_marked(at.span, at.base) ? addr : 0;
}

/* In the phase OFF all is cleared that is to be, and the phases up to the next sweep can't go by
 * inside the runtime. */
void *special_weak_read(const struct gort_weak *w)
{
    uintptr_t addr = 0;

    if (gc_phase() != GC_SWEEP || is_known_alive(w))
        return (void *)atomic_load_explicit(&w->target, memory_order_relaxed);
    lock_take(&special_locks[w->lock].lock);
    addr = read_locked(w);
    lock_release(&special_locks[w->lock].lock);
    return (void *)addr;
}
