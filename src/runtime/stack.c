/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/stack.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

#include "base/bits.h"
#include "base/check.h"
#include "runtime/gcdirty.h"
#include "runtime/lock.h"
#include "runtime/os_linux.h"
#include "runtime/san.h"
#include "runtime/sysmem.h"

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102 /* Linux 6.13 */
#endif

#define SLAB_BYTES      STACK_SLAB_BYTES
#define SLABS_MAX       16384u
#define GUARD_BATCH     64u    /* stacks that get their guards at a time: the first one is quick */
#define MPROTECT_BUDGET 16384u /* guards by mprotect: each splits a mapping, 65,530 are allowed */
#define TRIM_AT_ONCE    64u
#define OS_PAGE         4096u /* at least; what a used stack keeps resident */

struct slab {
    char *base;           /* [const] */
    size_t bytes;         /* [const] */
    size_t stack_bytes;   /* [const] */
    size_t counted_bytes; /* its share of stacks.resident_bytes; [lock:lock] */
    /* Stacks that begin below this offset have guards that fault; grows under lock. [atomic] */
    _Atomic(size_t) guarded_bytes;
};

/* How the next stacks are guarded; it only ever gets worse. */
enum guard_kind { GUARD_MADVISE, GUARD_MPROTECT, GUARD_CANARY };

struct free_stack { /* at the end of a free stack, whose top page has been touched before */
    char *next;
};

static struct {
    struct lock lock;
    struct slab *slab;                /* SLABS_MAX; entries are filled in below nslabs */
    _Atomic(uint32_t) nslabs;         /* grows under lock */
    uint32_t filling[STACK_CLASSES];  /* the class's last slab; [lock:lock] */
    char *fresh[STACK_CLASSES];       /* its next stack never used; [lock:lock] */
    char *guarded[STACK_CLASSES];     /* stacks below it have the guards they get; [lock:lock] */
    char *fresh_end[STACK_CLASSES];   /* [lock:lock] */
    char *free[STACK_CLASSES];        /* [lock:lock] */
    enum guard_kind guard;            /* [lock:lock] */
    uint32_t nmprotected;             /* [lock:lock] */
    _Atomic(uint32_t) canaries;       /* 1: there are stacks whose guard is a canary; [atomic] */
    uint32_t measured;                /* the slab that was measured last; [owner: sysmon] */
    _Atomic(uint64_t) resident_bytes; /* measured, and a page for each stack since; [lock:lock] */
    _Atomic(uint64_t) made;           /* stacks ever handed out, each once; [lock:lock] */
    _Atomic(int64_t) inuse;           /* stacks handed out, but for what caches count; [atomic] */
    _Atomic(int64_t) virtual_bytes;   /* of those; [atomic] */
    _Atomic(struct stack_cache *) caches; /* all there are; grows under lock; [atomic] */
} stacks = {
    .lock = LOCK_INIT(RANK_STACK),
    /* LeakSanitizer reads whole slabs and skips only what the mappings say is unreadable. */
    .guard = SAN_ADDRESS ? GUARD_MPROTECT : GUARD_MADVISE,
};

static unsigned class_of(size_t bytes)
{
    return bits_highest(bytes) - bits_highest(STACK_MIN_BYTES);
}

static struct free_stack *link_of(char *lo, size_t bytes)
{
    return (struct free_stack *)(void *)(lo + bytes - sizeof(struct free_stack));
}

/* ---- Guards ---- */

/* Each returns the first stack in [FROM, TO) that got no guard, or TO. */

static char *guard_by_madvise(char *from, char *to, size_t stride)
{
    char *lo = from;

    while (lo < to && sys_advise(lo, STACK_GUARD_BYTES, MADV_GUARD_INSTALL))
        lo += stride;
    if (lo < to)
        stacks.guard = GUARD_MPROTECT;
    return lo;
}

static char *guard_by_mprotect(char *from, char *to, size_t stride)
{
    int saved = os_errno();
    char *lo = from;

    for (; lo < to && stacks.nmprotected < MPROTECT_BUDGET; lo += stride) {
        if (mprotect(lo, STACK_GUARD_BYTES, PROT_NONE) != 0)
            break;
        stacks.nmprotected++;
    }
    if (lo < to)
        stacks.guard = GUARD_CANARY;
    os_set_errno(saved);
    return lo;
}

static char *install_guards_locked(char *from, char *to, size_t stride)
{
    if (stacks.guard == GUARD_MADVISE)
        from = guard_by_madvise(from, to, stride);
    if (stacks.guard == GUARD_MPROTECT)
        from = guard_by_mprotect(from, to, stride);
    return from;
}

/* ---- Slabs ---- */

static bool add_slab_locked(unsigned class, size_t stack_bytes)
{
    uint32_t n = atomic_load_explicit(&stacks.nslabs, memory_order_relaxed);
    size_t bytes = max_size(SLAB_BYTES, stack_bytes);
    char *base;

    /* Not a static array: the collector would search it for references. */
    if (stacks.slab == NULL)
        stacks.slab = sys_map(SLABS_MAX * sizeof *stacks.slab, SYS_OTHER);
    if (stacks.slab == NULL || n == SLABS_MAX)
        return false;
    base = sys_reserve(bytes, SLAB_BYTES);
    if (base == NULL)
        return false;
    sys_advise(base, bytes, MADV_NOHUGEPAGE);
    san_root_add(base, bytes);
    dirty_watch(base, bytes);
    stacks.slab[n] = (struct slab){.base = base, .bytes = bytes, .stack_bytes = stack_bytes};
    /* Release: stack_guard_hit, which takes no lock, sees a whole entry. */
    atomic_store_explicit(&stacks.nslabs, n + 1, memory_order_release);
    stacks.filling[class] = n;
    stacks.fresh[class] = base;
    stacks.guarded[class] = base;
    stacks.fresh_end[class] = base + bytes;
    return true;
}

static void count_locked(struct slab *s, int64_t bytes)
{
    s->counted_bytes = (size_t)((int64_t)s->counted_bytes + bytes);
    atomic_fetch_add_explicit(&stacks.resident_bytes, (uint64_t)bytes, memory_order_relaxed);
    sys_count(SYS_STACK, bytes);
}

static char *take_fresh_locked(unsigned class, size_t bytes)
{
    char *lo;

    if (stacks.fresh[class] == stacks.fresh_end[class] && !add_slab_locked(class, bytes))
        return NULL;
    lo = stacks.fresh[class];
    if (lo == stacks.guarded[class]) {
        size_t left = (size_t)(stacks.fresh_end[class] - lo);
        char *to = lo + min_size(left, GUARD_BATCH * bytes);

        struct slab *s = &stacks.slab[stacks.filling[class]];
        char *end = install_guards_locked(lo, to, bytes);

        if (end < to)
            atomic_store_explicit(&stacks.canaries, 1, memory_order_relaxed);
        if (end > lo)
            atomic_store_explicit(&s->guarded_bytes, (size_t)(end - s->base), memory_order_relaxed);
        stacks.guarded[class] = to;
    }
    stacks.fresh[class] = lo + bytes;
    count_locked(&stacks.slab[stacks.filling[class]], OS_PAGE);
    atomic_fetch_add_explicit(&stacks.made, 1, memory_order_relaxed);
    return lo;
}

static char *take_shared(size_t bytes)
{
    unsigned class = class_of(bytes);
    char *lo;

    lock_take(&stacks.lock);
    lo = stacks.free[class];
    if (lo != NULL)
        stacks.free[class] = link_of(lo, bytes)->next;
    else
        lo = take_fresh_locked(class, bytes);
    lock_release(&stacks.lock);
    return lo;
}

static void give_shared_locked(char *lo, size_t bytes)
{
    unsigned class = class_of(bytes);

    link_of(lo, bytes)->next = stacks.free[class];
    stacks.free[class] = lo;
}

/* ---- Public ---- */

void stack_cache_init(struct stack_cache *cache)
{
    lock_take(&stacks.lock);
    cache->other = atomic_load_explicit(&stacks.caches, memory_order_relaxed);
    /* Release: pairs with the acquire in sum_caches, which sees a whole entry. */
    atomic_store_explicit(&stacks.caches, cache, memory_order_release);
    lock_release(&stacks.lock);
}

/* N stacks of BYTES were handed out, or -N taken back. By the owner of CACHE without a locked
 * instruction: two for each task that comes and two for each that ends are a fifth of its cost. */
static void count_inuse(struct stack_cache *cache, int64_t n, size_t bytes)
{
    if (cache != NULL && bytes == STACK_DEFAULT_BYTES) {
        int64_t inuse = atomic_load_explicit(&cache->inuse, memory_order_relaxed);

        atomic_store_explicit(&cache->inuse, inuse + n, memory_order_relaxed);
        return;
    }
    atomic_fetch_add_explicit(&stacks.inuse, n, memory_order_relaxed);
    atomic_fetch_add_explicit(&stacks.virtual_bytes, n * (int64_t)bytes, memory_order_relaxed);
}

/* The next one's end is fetched into the cache: its first frames are to lie there. */
static char *take_warm(struct stack_cache *cache)
{
    char *lo = cache->lo[--cache->count];

    if (cache->count > 0) {
        struct stack next = {cache->lo[cache->count - 1], STACK_DEFAULT_BYTES};

        for (size_t i = 1; i <= 4; i++)
            __builtin_prefetch(stack_hi(next) - i * CACHE_LINE_BYTES, 1);
    }
    return lo;
}

struct stack stack_alloc(struct stack_cache *cache, size_t bytes)
{
    char *lo;

    CHECK(is_pow2(bytes) && bytes >= STACK_MIN_BYTES && bytes <= STACK_MAX_BYTES);
    if (cache != NULL && bytes == STACK_DEFAULT_BYTES && cache->count > 0)
        lo = take_warm(cache);
    else
        lo = take_shared(bytes);
    if (lo == NULL)
        return (struct stack){0};
    count_inuse(cache, 1, bytes);
    return (struct stack){lo, bytes};
}

/* All but KEEP go to the other procs. */
static void spill(struct stack_cache *cache, uint32_t keep)
{
    lock_take(&stacks.lock);
    while (cache->count > keep)
        give_shared_locked(cache->lo[--cache->count], STACK_DEFAULT_BYTES);
    lock_release(&stacks.lock);
}

void stack_free(struct stack_cache *cache, struct stack s)
{
    count_inuse(cache, -1, s.bytes);
    if (cache == NULL || s.bytes != STACK_DEFAULT_BYTES) {
        lock_take(&stacks.lock);
        give_shared_locked(s.lo, s.bytes);
        lock_release(&stacks.lock);
        return;
    }
    if (cache->count == ARRAY_COUNT(cache->lo))
        spill(cache, ARRAY_COUNT(cache->lo) / 2);
    cache->lo[cache->count++] = s.lo;
}

void stack_cache_flush(struct stack_cache *cache)
{
    spill(cache, 0);
}

/* The slab that ADDR lies in, or NULL. */
static const struct slab *slab_of(const char *addr)
{
    uint32_t n = atomic_load_explicit(&stacks.nslabs, memory_order_acquire);

    for (uint32_t i = 0; i < n; i++) {
        const struct slab *s = &stacks.slab[i];

        if (addr >= s->base && addr < s->base + s->bytes)
            return s;
    }
    return NULL;
}

bool stack_guard_hit(const void *addr, char **lo)
{
    const struct slab *s = slab_of(addr);
    size_t offset;

    if (s == NULL)
        return false;
    offset = (size_t)((const char *)addr - s->base);
    *lo = s->base + align_down(offset, s->stack_bytes);
    return offset % s->stack_bytes < STACK_GUARD_BYTES;
}

bool stack_has_overflowed(struct stack s)
{
    const struct slab *slab;
    const uint64_t *word = (const uint64_t *)(const void *)s.lo;

    if (LIKELY(atomic_load_explicit(&stacks.canaries, memory_order_relaxed) == 0))
        return false;
    slab = slab_of(s.lo);
    CHECK(slab != NULL);
    if ((size_t)(s.lo - slab->base) <
        atomic_load_explicit(&slab->guarded_bytes, memory_order_relaxed))
        return false;
    for (size_t i = 0; i < STACK_GUARD_BYTES / sizeof *word; i++) {
        if (word[i] != 0)
            return true;
    }
    return false;
}

uint32_t stack_slab_count(void)
{
    return atomic_load_explicit(&stacks.nslabs, memory_order_acquire);
}

size_t stack_slab_used(uint32_t i, uintptr_t *lo, uintptr_t *hi)
{
    const struct slab *s = &stacks.slab[i];
    unsigned class = class_of(s->stack_bytes);

    *lo = (uintptr_t)s->base;
    *hi = *lo + s->bytes;
    lock_take(&stacks.lock);
    if (stacks.filling[class] == i)
        *hi = (uintptr_t)stacks.fresh[class];
    lock_release(&stacks.lock);
    return s->stack_bytes;
}

void stack_trim_begin(struct stack_trim *t)
{
    lock_take(&stacks.lock);
    memcpy(t->lo, stacks.free, sizeof t->lo);
    memset(stacks.free, 0, sizeof stacks.free);
    lock_release(&stacks.lock);
}

/* All but the top page, which holds the link. */
static void trim_one(char *lo, size_t bytes)
{
    sys_advise(lo + STACK_GUARD_BYTES, bytes - STACK_GUARD_BYTES - OS_PAGE, MADV_DONTNEED);
    lock_take(&stacks.lock);
    give_shared_locked(lo, bytes);
    lock_release(&stacks.lock);
}

bool stack_trim_step(struct stack_trim *t)
{
    unsigned n = 0;

    for (unsigned class = 0; class < STACK_CLASSES; class ++) {
        size_t bytes = (size_t)STACK_MIN_BYTES << class;

        while (t->lo[class] != NULL) {
            char *lo = t->lo[class];

            if (n++ == TRIM_AT_ONCE)
                return true;
            t->lo[class] = link_of(lo, bytes)->next;
            trim_one(lo, bytes);
        }
    }
    return false;
}

/* Pages of S that are in memory, in bytes; SIZE_MAX if the kernel does not say. */
static size_t measure(const struct slab *s)
{
    unsigned char page[SLAB_BYTES / OS_PAGE];
    size_t resident = 0;

    CHECK(s->bytes <= SLAB_BYTES);
    if (mincore(s->base, s->bytes, page) != 0)
        return SIZE_MAX;
    for (size_t i = 0; i < s->bytes / OS_PAGE; i++)
        resident += page[i] & 1u;
    return resident * OS_PAGE;
}

void stack_measure(void)
{
    uint32_t n = atomic_load_explicit(&stacks.nslabs, memory_order_acquire);
    struct slab *s;
    size_t bytes;

    if (n == 0)
        return;
    stacks.measured = (stacks.measured + 1) % n;
    s = &stacks.slab[stacks.measured];
    bytes = measure(s);
    if (bytes == SIZE_MAX)
        return;
    lock_take(&stacks.lock);
    count_locked(s, (int64_t)bytes - (int64_t)s->counted_bytes);
    lock_release(&stacks.lock);
}

/* Stacks in use that the caches count. Without the lock: a thread that reads MemStats may be
 * stopped by the collector at any place. */
static int64_t sum_caches(void)
{
    const struct stack_cache *c = atomic_load_explicit(&stacks.caches, memory_order_acquire);
    int64_t inuse = 0;

    for (; c != NULL; c = c->other)
        inuse += atomic_load_explicit(&c->inuse, memory_order_relaxed);
    return inuse;
}

void stack_read_stats(struct stack_stats *stats)
{
    uint64_t resident = atomic_load_explicit(&stacks.resident_bytes, memory_order_relaxed);
    uint64_t made = atomic_load_explicit(&stacks.made, memory_order_relaxed);
    int64_t cached = sum_caches();
    int64_t inuse = cached + atomic_load_explicit(&stacks.inuse, memory_order_relaxed);
    int64_t bytes = cached * (int64_t)STACK_DEFAULT_BYTES +
                    atomic_load_explicit(&stacks.virtual_bytes, memory_order_relaxed);

    /* Sums of counters that move meanwhile. Free stacks are taken to be as deep as those in use. */
    inuse = inuse > 0 ? inuse : 0;
    stats->inuse_bytes = (uint64_t)inuse >= made
                             ? resident
                             : (uint64_t)((double)resident * (double)inuse / (double)made);
    stats->cached_bytes = resident - stats->inuse_bytes;
    stats->virtual_bytes = bytes > 0 ? (uint64_t)bytes : 0;
}
