/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/gcverify.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "base/bits.h"
#include "base/check.h"
#include "runtime/fatal.h"
#include "runtime/gcdirty.h"
#include "runtime/gcroot.h"
#include "runtime/span.h"
#include "runtime/sysmem.h"

#define WORD_BYTES  sizeof(uintptr_t)
#define SEEN_BYTES  (ARENA_BYTES / WORD_BYTES / 8) /* of one arena */
#define STACK_BYTES ((size_t)1 << 34) /* address space; as much as is used gets memory */

static struct {
    unsigned char **seen; /* by arena, a bit for each word that an object begins at */
    uintptr_t *stack;     /* objects to be searched */
    size_t depth;
    uintptr_t from; /* the object that is being searched, or 0: a root */
    uintptr_t at;   /* where the word lies */
    bool defines;   /* words found are to be made defined, for Valgrind */
} verify;

static void *reserve(size_t bytes)
{
    void *p = sys_reserve(bytes, 4096);

    if (p == NULL)
        gort_fatal("verify=1: no room for the second mark");
    return p;
}

/* Whether the object at BASE was seen before; it is from now on. */
NO_SANITIZE_READS static bool was_seen(uintptr_t base)
{
    unsigned char **seen = &verify.seen[base >> ARENA_SHIFT];
    size_t word = (base & (ARENA_BYTES - 1)) / WORD_BYTES;
    unsigned char bit = (unsigned char)(1u << (word % 8));
    bool before = false;

    if (*seen == NULL)
        *seen = reserve(SEEN_BYTES);
    before = ((*seen)[word / 8] & bit) != 0;
    (*seen)[word / 8] |= bit;
    return before;
}

NO_SANITIZE_READS static struct span *span_at(uintptr_t addr)
{
    struct arena *a = arena_of(addr);

    return a == NULL ? NULL : a->spans[arena_page_of(addr)];
}

static void note_written(void *ctx, uintptr_t lo, uintptr_t hi)
{
    (void)lo;
    (void)hi;
    *(const char **)ctx = "written";
}

/* What the kernel says of the page that the reference lies on. */
static const char *state_of_page(uintptr_t addr)
{
    uintptr_t page = align_down(addr, DIRTY_PAGE_BYTES);
    const char *state = "clean";

    if (!dirty_is_on())
        return "not watched";
    dirty_find(page, page + DIRTY_PAGE_BYTES, DIRTY_KEEP, note_written, &state);
    return state;
}

_Noreturn static void report(const struct span *s, uintptr_t base, uintptr_t word)
{
    runtime_log("verify=1: the collector missed an object: %p, %zu bytes, slot %u of the span at "
                "%p, class %u",
                (void *)base, s->elem_bytes, (unsigned)((base - s->base) / s->elem_bytes),
                (void *)s->base, (unsigned)s->spanclass);
    runtime_log("verify=1: it is referred to by %p at %p, in %s %p; that page is %s since it was "
                "looked at",
                (void *)word, (void *)verify.at, verify.from == 0 ? "a root" : "the object",
                (void *)verify.from, state_of_page(verify.at));
    abort();
}

/* Follows WORD, if it is a reference. */
NO_SANITIZE_READS static void follow(uintptr_t word)
{
    const struct span *s = NULL;
    const struct object_bits *bits = NULL;
    uintptr_t base = 0;
    size_t i = 0;

    if (verify.defines)
        san_define(&word, sizeof word);
    s = span_at(word);
    if (s == NULL)
        return;
    i = (word - s->base) / s->elem_bytes;
    if (i >= s->nelems)
        return;
    bits = &s->arena->bits[s->first_page][i / 64];
    base = s->base + i * s->elem_bytes;
    if ((bits->alloc >> (i % 64) & 1) == 0 || was_seen(base))
        return;
    if ((atomic_load_explicit(&bits->mark, memory_order_relaxed) >> (i % 64) & 1) == 0)
        report(s, base, word);
    CHECK((verify.depth + 1) * sizeof verify.stack[0] <= STACK_BYTES);
    verify.stack[verify.depth++] = base;
}

NO_SANITIZE_READS static void follow_range(void *ctx, const void *lo, const void *hi)
{
    (void)ctx;
    for (const uintptr_t *p = lo; p + 1 <= (const uintptr_t *)hi; p++) {
        verify.at = (uintptr_t)p;
        follow(*p);
    }
}

/* Whether word W of a typed object, number I of S, is a reference. */
NO_SANITIZE_READS static bool is_reference(const struct span *s, size_t i, size_t w)
{
    const gort_type *type = NULL;

    if (s->elem_bytes <= SPAN_BITMAP_MAX_BYTES)
        return (arena_ptr_bits(s->arena, s->base + i * s->elem_bytes) >> w & 1) != 0;
    type = span_type_of(s, i);
    w %= type->bytes / WORD_BYTES;
    return w < type->nwords && (type->ptrs[w / 64] >> (w % 64) & 1) != 0;
}

NO_SANITIZE_READS static void search(uintptr_t base)
{
    const struct span *s = span_at(base);
    size_t i = 0;

    CHECK(s != NULL);
    i = (base - s->base) / s->elem_bytes;
    verify.from = base;
    for (size_t w = 0; w < s->elem_bytes / WORD_BYTES; w++) {
        verify.at = base + w * WORD_BYTES;
        if (span_kind_of(s) == SPAN_CONSERVATIVE ||
            (span_kind_of(s) == SPAN_TYPED && is_reference(s, i, w)))
            follow(((const uintptr_t *)base)[w]);
    }
}

NO_SANITIZE_READS static void search_the_rest(void)
{
    while (verify.depth > 0)
        search(verify.stack[--verify.depth]);
    verify.from = 0;
}

static void forget(void)
{
    size_t lo = atomic_load_explicit(&arenas_lo, memory_order_relaxed) >> ARENA_SHIFT;
    size_t hi = atomic_load_explicit(&arenas_hi, memory_order_relaxed) >> ARENA_SHIFT;

    for (size_t i = lo; i < hi; i++) {
        if (verify.seen[i] != NULL)
            CHECK(munmap(verify.seen[i], SEEN_BYTES) == 0);
    }
    CHECK(munmap(verify.seen, ARENA_MAP_ENTRIES * sizeof verify.seen[0]) == 0);
    CHECK(munmap(verify.stack, STACK_BYTES) == 0);
}

void verify_run(void)
{
    size_t npieces = gcroot_prepare(GCROOT_ALL);

    verify.seen = reserve(ARENA_MAP_ENTRIES * sizeof verify.seen[0]);
    verify.stack = reserve(STACK_BYTES);
    verify.defines = san_search_begin();
    for (size_t i = 0; i < npieces; i++) {
        gcroot_scan(i, follow_range, NULL);
        search_the_rest();
    }
    san_search_end();
    forget();
}
