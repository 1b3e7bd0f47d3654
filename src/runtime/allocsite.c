/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/allocsite.h"

#include <stdatomic.h>
#include <stdbool.h>

#include "base/bits.h"
#include "base/check.h"
#include "runtime/lock.h"
#include "runtime/noroot.h"
#include "runtime/sampling.h"
#include "runtime/sysmem.h"

#define BUCKETS         1024u
#define SITES_MAX       8192u
#define RECORDS_AT_ONCE 64u

struct amount {
    uint64_t objects; /* in units of 1 / SAMPLE_ONE */
    uint64_t bytes;
};

struct alloc_site {
    struct alloc_site *next; /* in its bucket; [const] once linked */
    uintptr_t pc;            /* [const] */
    uint64_t samples;        /* [lock:sites] */
    struct amount total;     /* [lock:sites] */
    struct amount fresh[2];  /* allocated in even and odd cycles, not yet settled; [lock:sites] */
    struct amount settled;   /* allocated before the last mark, less what was freed; may be below 0
                                between mark and publication; [lock:sites] */
    struct amount live;      /* settled, as of the last publication; [lock:sites] */
    uint64_t window[2];      /* live bytes when the window before and the present one began;
                                [lock:sites] */
};

struct alloc_sample { /* a sampled object that lives */
    struct alloc_sample *next;
    struct alloc_site *site;
    struct amount amount;
    uint32_t object; /* its number in the span */
};

static struct {
    struct lock lock;
    struct alloc_site *bucket[BUCKETS]; /* [lock:lock] */
    struct alloc_site rest;             /* takes what finds no room; [lock:lock] */
    uint32_t count;                     /* [lock:lock] */
    struct alloc_sample *free;          /* [lock:lock] */
    int64_t window_ns[2];               /* when these began, 0: with the program; [lock:lock] */
    int64_t first_ns;                   /* of the first publication; [lock:lock] */
    _Atomic(uint32_t) cycle;            /* marks done so far; changes in a pause */
} sites = {.lock = LOCK_INIT(RANK_PROFILE)};
NO_ROOT(sites);

static void amount_add(struct amount *to, struct amount n)
{
    to->objects += n.objects;
    to->bytes += n.bytes;
}

static void amount_sub(struct amount *from, struct amount n)
{
    from->objects -= n.objects;
    from->bytes -= n.bytes;
}

int64_t allocsite_next_gap(uint64_t *rng)
{
    return sampling_gap(rng);
}

static struct alloc_site *site_of_locked(uintptr_t pc)
{
    struct alloc_site **bucket = &sites.bucket[(pc * UINT64_C(0x9e3779b97f4a7c15)) >> 54];
    struct alloc_site *s = *bucket;

    _Static_assert(BUCKETS == 1u << 10, "the hash gives ten bits");
    while (s != NULL && s->pc != pc)
        s = s->next;
    if (s != NULL)
        return s;
    if (sites.count == SITES_MAX)
        return &sites.rest;
    s = persist_try_alloc(sizeof *s, CACHE_LINE_BYTES, SYS_BUCKETS);
    if (s == NULL)
        return &sites.rest;
    s->pc = pc;
    s->next = *bucket;
    *bucket = s;
    sites.count++;
    return s;
}

/* NULL when memory runs out. */
static struct alloc_sample *record_new_locked(void)
{
    struct alloc_sample *r = sites.free;

    if (r == NULL) {
        r = persist_try_alloc(RECORDS_AT_ONCE * sizeof *r, CACHE_LINE_BYTES, SYS_BUCKETS);
        if (r == NULL)
            return NULL;
        for (size_t i = 0; i + 1 < RECORDS_AT_ONCE; i++)
            r[i].next = &r[i + 1];
    }
    sites.free = r->next;
    return r;
}

/* A record for AMOUNT, counted for its site; NULL when memory runs out: the heap, which needs some
 * too, is to end the process, for it knows more to say. */
static struct alloc_sample *count_sample(struct amount amount, uintptr_t pc)
{
    unsigned parity = atomic_load_explicit(&sites.cycle, memory_order_relaxed) & 1;
    struct alloc_sample *r = NULL;

    lock_take(&sites.lock);
    r = record_new_locked();
    if (r != NULL) {
        r->site = site_of_locked(pc);
        r->site->samples++;
        amount_add(&r->site->total, amount);
        amount_add(&r->site->fresh[parity], amount);
    }
    lock_release(&sites.lock);
    return r;
}

void allocsite_sample(struct span *s, uintptr_t addr, uintptr_t pc)
{
    uint64_t weight = sampling_weight(s->elem_bytes);
    struct amount amount = {.objects = weight, .bytes = weight * s->elem_bytes / SAMPLE_ONE};
    struct alloc_sample *r = count_sample(amount, pc);

    if (r == NULL)
        return;
    r->amount = amount;
    r->object = (uint32_t)((addr - s->base) / s->elem_bytes);
    r->next = s->samples;
    s->samples = r;
}

void allocsite_swept(struct span *s, const uint64_t freed[PAGE_BIT_WORDS])
{
    struct alloc_sample **link = &s->samples;

    lock_take(&sites.lock);
    while (*link != NULL) {
        struct alloc_sample *r = *link;

        if ((freed[r->object / 64] >> (r->object % 64) & 1) == 0) {
            link = &r->next;
            continue;
        }
        *link = r->next;
        amount_sub(&r->site->settled, r->amount);
        r->next = sites.free;
        sites.free = r;
    }
    lock_release(&sites.lock);
}

void allocsite_marked(void)
{
    uint32_t cycle = atomic_load_explicit(&sites.cycle, memory_order_relaxed);

    atomic_store_explicit(&sites.cycle, cycle + 1, memory_order_relaxed);
}

static void settle_locked(struct alloc_site *s, unsigned parity, bool next_window)
{
    amount_add(&s->settled, s->fresh[parity]);
    s->fresh[parity] = (struct amount){0};
    s->live = s->settled;
    if (next_window) {
        s->window[0] = s->window[1];
        s->window[1] = s->live.bytes;
    }
}

/* Whether a window begins NOW_NS. The first one begins with the first collection, but what lived
 * before was allocated in it: growth is then that since the program began. */
static bool begin_window_locked(int64_t now_ns)
{
    if (sites.first_ns == 0)
        sites.first_ns = sites.window_ns[1] = now_ns;
    if (now_ns - sites.window_ns[1] < ALLOCSITE_WINDOW_NS)
        return false;
    sites.window_ns[0] = sites.window_ns[1] == sites.first_ns ? 0 : sites.window_ns[1];
    sites.window_ns[1] = now_ns;
    return true;
}

void allocsite_publish(int64_t now_ns)
{
    bool next = false;
    unsigned before_mark = (atomic_load_explicit(&sites.cycle, memory_order_relaxed) & 1) ^ 1;

    lock_take(&sites.lock);
    next = begin_window_locked(now_ns);
    for (unsigned i = 0; i < BUCKETS; i++)
        for (struct alloc_site *s = sites.bucket[i]; s != NULL; s = s->next)
            settle_locked(s, before_mark, next);
    settle_locked(&sites.rest, before_mark, next);
    lock_release(&sites.lock);
}

static struct alloc_site_stats stats_of(const struct alloc_site *s)
{
    return (struct alloc_site_stats){
        .pc = s->pc,
        .live_objects = s->live.objects / SAMPLE_ONE,
        .live_bytes = s->live.bytes,
        .total_objects = s->total.objects / SAMPLE_ONE,
        .total_bytes = s->total.bytes,
        .samples = s->samples,
        .before_bytes = s->window[0],
    };
}

/* Greater comes first. Below 0 are sites that have shrunk. */
static int64_t key_of(const struct alloc_site_stats *s, enum allocsite_order order)
{
    return (int64_t)s->live_bytes - (order == ALLOCSITE_BY_GROWTH ? (int64_t)s->before_bytes : 0);
}

/* Puts S where it belongs among the N best so far; returns how many there are now. */
static size_t insert(struct alloc_site_stats *out, size_t n, size_t most,
                     const struct alloc_site *s, enum allocsite_order order)
{
    struct alloc_site_stats stats = stats_of(s);
    size_t at = n;

    if (s->samples == 0 ||
        (n == most && (n == 0 || key_of(&out[n - 1], order) >= key_of(&stats, order))))
        return n;
    if (n == most)
        at--;
    for (; at > 0 && key_of(&out[at - 1], order) < key_of(&stats, order); at--)
        out[at] = out[at - 1];
    out[at] = stats;
    return n < most ? n + 1 : n;
}

size_t allocsite_top(struct alloc_site_stats *out, size_t most, enum allocsite_order order)
{
    size_t n = 0;

    lock_take(&sites.lock);
    for (unsigned i = 0; i < BUCKETS; i++)
        for (const struct alloc_site *s = sites.bucket[i]; s != NULL; s = s->next)
            n = insert(out, n, most, s, order);
    n = insert(out, n, most, &sites.rest, order);
    lock_release(&sites.lock);
    return n;
}

int64_t allocsite_before_ns(void)
{
    int64_t ns = 0;

    lock_take(&sites.lock);
    ns = sites.window_ns[0];
    lock_release(&sites.lock);
    return ns;
}
