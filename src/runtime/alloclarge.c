/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/alloclarge.h"

#include <string.h>
#include <unistd.h>

#include "runtime/allocsite.h"
#include "runtime/central.h"
#include "runtime/debug.h"
#include "runtime/fatal.h"
#include "runtime/gc.h"
#include "runtime/gcborn.h"
#include "runtime/gcowner.h"
#include "runtime/gcstack.h"
#include "runtime/gcsweep.h"
#include "runtime/heap.h"
#include "runtime/proc.h"
#include "runtime/traceback.h"

#define LARGE_MAX_BYTES ((size_t)1 << 46) /* more than any machine has */
#define ZERO_AT_ONCE    ((size_t)1 << 20) /* between two places where the task may be stopped */
#define TOP_SITES       5u

static struct heap_cache *own_cache(void)
{
    return worker_self()->proc->heap;
}

/* Who holds most of the heap: lines with the frames that have allocated it, as in a stack. */
static void print_sites(void)
{
    struct alloc_site_stats top[TOP_SITES];
    size_t n = allocsite_top(top, TOP_SITES, ALLOCSITE_BY_LIVE);

    runtime_log("%s", "");
    for (size_t i = 0; i < n && top[i].live_bytes > 0; i++) {
        uintptr_t pc = (uintptr_t)top[i].pc;

        runtime_log("about %llu MiB in %llu objects allocated by",
                    (unsigned long long)top[i].live_bytes >> 20,
                    (unsigned long long)top[i].live_objects);
        traceback_print(STDERR_FILENO, &pc, 1);
    }
}

/* So that what is printed is what the last mark has found; by one who is in the runtime and has a
 * proc. */
static void finish_sweep(void)
{
    struct worker *w = worker_self();

    if (w == NULL || atomic_load_explicit(&w->inrt, memory_order_relaxed) == 0)
        return;
    while (w->proc != NULL && sweep_one(w->proc->heap))
        continue;
}

_Noreturn void alloc_out_of_memory(size_t bytes, uintptr_t pc)
{
    struct heap_pages pages;

    finish_sweep();
    heap_read_pages(&pages);
    gort_fatal_with(print_sites,
                    "out of memory: no room for %zu bytes wanted at %p; %llu MiB of heap in use",
                    bytes, (void *)pc, (unsigned long long)pages.inuse >> 20);
}

static struct span *try_span(size_t npages, size_t align_pages, unsigned spanclass)
{
    struct heap_cache *c = own_cache();

    sweep_for_pages(c, npages);
    sweep_assist(c, npages * HEAP_PAGE_BYTES);
    return heap_span_new_aligned(npages, align_pages, spanclass);
}

static size_t pages_of(size_t bytes)
{
    return bytes / HEAP_PAGE_BYTES + (bytes % HEAP_PAGE_BYTES != 0);
}

static struct span *get_span(size_t bytes, size_t align_pages, unsigned spanclass, uintptr_t pc)
{
    size_t npages = pages_of(bytes);
    struct span *s = NULL;

    if (bytes > LARGE_MAX_BYTES)
        alloc_out_of_memory(bytes, pc);
    gc_make_room(npages * HEAP_PAGE_BYTES, pc);
    s = try_span(npages, align_pages, spanclass);
    if (s == NULL) { /* the system gives nothing more: what is dead may do */
        gc_collect(GC_BY_LIMIT, pc);
        s = try_span(npages, align_pages, spanclass);
    }
    if (s == NULL)
        alloc_out_of_memory(bytes, pc);
    return s;
}

/* The only slot of S becomes an object. */
static void occupy(struct span *s, const gort_type *type, uintptr_t pc)
{
    struct heap_cache *c = own_cache();
    unsigned word = 0;
    uint64_t bits = 0;

    CHECK(span_take_word(s, &word, &bits));
    if (type != NULL)
        span_set_type(s, s->base, type, s->elem_bytes / type->bytes);
    if (gc_marks_beside())
        born_taken(s, word, bits);
    counts_begin(&c->counts);
    counts_add(&c->counts.large_allocs, 1);
    counts_add(&c->counts.large_alloc_bytes, s->elem_bytes);
    counts_end(&c->counts);
    gc_count_alloc(s->elem_bytes);
    c->sample_left -= (int64_t)s->elem_bytes;
    if (c->sample_left < 0) {
        allocsite_sample(s, s->base, pc);
        c->sample_left = allocsite_next_gap(&c->rng);
    }
}

/* Clears in stretches. Between them the task may be stopped: the pointer to the object keeps it. */
static void clear(char *p, size_t bytes, uintptr_t pc)
{
    for (size_t at = 0; at < bytes; at += ZERO_AT_ONCE) {
        if (at > 0) {
            rt_leave_to(worker_self(), pc);
            rt_enter("gort_alloc");
        }
        memset(p + at, 0, min_size(bytes - at, ZERO_AT_ONCE));
    }
}

/* The object of S, of BYTES, is made. */
static void *finish(struct span *s, size_t bytes, const gort_type *type, uintptr_t pc)
{
    char *p = (char *)s->base;
    size_t slot_bytes = s->elem_bytes;
    bool needzero = s->needzero;

    occupy(s, type, pc);
    central_put(s); /* S may be swept, and freed, from now on by who finds no pointer to it */
    if (SAN_ADDRESS)
        san_unpoison(p, slot_bytes);
    if (needzero)
        clear(p, slot_bytes, pc);
    if (SAN_ADDRESS)
        san_poison(p + bytes, slot_bytes - bytes);
    return p;
}

void *alloc_large(size_t bytes, enum span_kind kind, const gort_type *type, uintptr_t pc)
{
    return finish(get_span(bytes, 1, span_class_of(0, kind), pc), bytes, type, pc);
}

void *alloc_large_aligned(size_t bytes, size_t align_bytes, enum span_kind kind, uintptr_t pc)
{
    size_t align_pages = align_bytes / HEAP_PAGE_BYTES;

    DCHECK(is_pow2(align_pages) && align_bytes <= LARGE_ALIGN_MAX_BYTES);
    return finish(get_span(bytes, align_pages, span_class_of(0, kind), pc), bytes, NULL, pc);
}

/* ---- objects that exist ---- */

/* Makes the caller the owner of S, swept. False if it belongs to somebody else. *LEAVE says whether
 * to call sweep_leave when S is where it belongs. */
static bool take_over(struct heap_cache *c, struct span *s, bool *leave)
{
    enum central_found found = central_remove(s);

    *leave = found == CENTRAL_UNSWEPT;
    if (*leave)
        sweep_span(c, s);
    return found != CENTRAL_NOWHERE;
}

static void count_large_free(struct heap_cache *c, const struct span *s)
{
    counts_begin(&c->counts);
    counts_free(&c->counts, 0, 1);
    counts_add(&c->counts.large_free_bytes, s->elem_bytes);
    counts_end(&c->counts);
    gc_count_alloc(-(uint64_t)s->elem_bytes); /* it was counted, or is among what was marked */
}

void alloc_large_free(struct span *s)
{
    static const uint64_t all[PAGE_BIT_WORDS] = {1};
    struct heap_cache *c = own_cache();
    bool leave = false;

    if (!take_over(c, s, &leave))
        return;
    if (s->nfree == 0) { /* else the mark missed a hidden reference, and the sweep has counted it */
        if (s->samples != NULL)
            allocsite_swept(s, all);
        span_give_back(s, 0, 1);
        count_large_free(c, s);
    }
    if (debug.clobberfree != 0)
        sweep_clobber((void *)s->base, s->elem_bytes);
    heap_span_free(s);
    if (leave)
        sweep_leave();
}

/* S, which the caller owns, gets pages for BYTES. */
static bool extend(struct heap_cache *c, struct span *s, size_t bytes, bool *zero)
{
    size_t before = s->elem_bytes;

    if (s->nfree != 0 || !heap_span_extend(s, pages_of(bytes), zero))
        return false;
    counts_begin(&c->counts);
    counts_add(&c->counts.large_alloc_bytes, s->elem_bytes - before);
    counts_end(&c->counts);
    gc_count_alloc(s->elem_bytes - before);
    return true;
}

bool alloc_large_grow(struct span *s, size_t bytes, uintptr_t pc)
{
    struct heap_cache *c = own_cache();
    char *p = (char *)s->base;
    size_t before = s->elem_bytes;
    size_t after = 0;
    bool leave = false;
    bool zero = false;
    bool grown = false;

    if (bytes > LARGE_MAX_BYTES || !take_over(c, s, &leave))
        return false;
    grown = extend(c, s, bytes, &zero);
    after = s->elem_bytes;
    zero = zero || span_kind_of(s) == SPAN_NOSCAN;
    central_put(s);
    if (leave)
        sweep_leave();
    if (grown && SAN_ADDRESS)
        san_unpoison(p, after);
    if (grown && !zero)
        clear(p + before, after - before, pc);
    return grown;
}
