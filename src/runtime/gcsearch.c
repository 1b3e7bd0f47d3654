/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/gcsearch.h"

#include "base/check.h"
#include "runtime/arena.h"
#include "runtime/gcleaknote.h"
#include "runtime/gcmarked.h"

#define OBLET_BYTES  ((size_t)32 << 10) /* full of references: about 0.2 ms */
#define ADDRESS_BITS 48u
#define ADDRESS_MASK ((UINT64_C(1) << ADDRESS_BITS) - 1)
#define WORD_BYTES   sizeof(uintptr_t)

/* The arena of ADDR, which is in one. */
NO_SANITIZE_READS static inline struct arena *arena_at(uintptr_t addr)
{
    return atomic_load_explicit(&arena_map[addr >> ARENA_SHIFT], memory_order_acquire);
}

/* ---- grey objects ---- */

NO_SANITIZE_READS static void push(struct marker *m, grey_t grey)
{
    struct workbuf *b = m->buf;

    if (UNLIKELY(b->n == WORKBUF_MAX)) {
        work_put(b);
        b = m->buf = work_get_empty();
    }
    b->grey[b->n++] = grey;
}

/* The large object that ADDR, in A, lies in. */
NO_SANITIZE_READS static struct ref resolve_large(const struct arena *a, uintptr_t addr,
                                                  unsigned spanclass)
{
    const struct span *s = a->spans[arena_page_of(addr)];

    return (struct ref){
        .bits = span_bits(s), .bit = 1, .grey = s->base | (grey_t)spanclass << ADDRESS_BITS};
}

/* The small object that ADDR, in PAGE of A, points to or into; false if there is none. Memory that
 * is going to be looked at is sent for: the object's own, if it is likely to be reached first here.
 */
NO_SANITIZE_READS static ALWAYS_INLINE bool resolve_small(struct arena *a, size_t page,
                                                          unsigned desc, uintptr_t addr,
                                                          bool first_here, struct ref *r)
{
    unsigned spanclass = (desc & 0xff) - 1;
    const struct span_class *class = &span_classes[spanclass];
    size_t first = page - (desc >> 8);
    size_t offset = addr - a->base - first * HEAP_PAGE_BYTES;
    uint32_t i = (uint32_t)((uint64_t)offset * class->magic >> 32);
    struct object_bits *bits = &a->bits[first][i / 64];

    addr += (uintptr_t)i * class->bytes - offset;
    __builtin_prefetch(bits, 1);
    if (first_here) {
        __builtin_prefetch((const void *)addr); /* it may lie in two lines */
        __builtin_prefetch((const void *)(addr + class->bytes - WORD_BYTES));
    }
    *r = (struct ref){.bits = bits,
                      .bit = UINT64_C(1) << (i % 64),
                      .grey = addr | (grey_t)spanclass << ADDRESS_BITS};
    return i < class->nelems;
}

/* The object that ADDR points to or into; false if there is none. FIRST_HERE as above. */
NO_SANITIZE_READS static ALWAYS_INLINE bool resolve(uintptr_t addr, bool first_here, struct ref *r)
{
    struct arena *a = arena_at(addr);
    size_t page = arena_page_of(addr);
    unsigned desc = a == NULL ? 0 : arena_desc(a, page);

    if (UNLIKELY(desc == 0)) {
        if (a != NULL)
            arena_note_stray(a, page);
        return false;
    }
    if (LIKELY(span_classes[(desc & 0xff) - 1].bytes != 0))
        return resolve_small(a, page, desc, addr, first_here, r);
    *r = resolve_large(a, addr, (desc & 0xff) - 1);
    return true;
}

NO_SANITIZE_READS static size_t large_bytes(uintptr_t base)
{
    return arena_at(base)->spans[arena_page_of(base)]->elem_bytes;
}

/* Which slots hold objects; as word_at. The fence pairs with the release in span_take_word: what a
 * slot was before is cleared. */
NO_SANITIZE_READS static inline uint64_t alloc_of(const struct object_bits *b)
{
    uint64_t alloc = *(const volatile uint64_t *)&b->alloc;

    atomic_thread_fence(memory_order_acquire);
    return alloc;
}

/* Apart from settle, which most often has no need of it. */
NO_SANITIZE_READS static __attribute__((noinline)) void note_pages(uintptr_t base,
                                                                   const struct span_class *class)
{
    marked_note(base, base + (class->bytes != 0 ? class->bytes : large_bytes(base)));
}

/* Marks what R refers to, unless that was done before or the slot is free. */
NO_SANITIZE_READS static inline void settle(struct marker *m, const struct ref *r)
{
    unsigned spanclass = (unsigned)(r->grey >> ADDRESS_BITS);
    const struct span_class *class = &span_classes[spanclass];

    if ((atomic_load_explicit(&r->bits->mark, memory_order_relaxed) & r->bit) != 0 ||
        (alloc_of(r->bits) & r->bit) == 0)
        return;
    if ((atomic_fetch_or_explicit(&r->bits->mark, r->bit, memory_order_relaxed) & r->bit) != 0)
        return;
    m->live_objects++;
    m->live_bytes += LIKELY(class->bytes != 0) ? class->bytes : large_bytes(r->grey & ADDRESS_MASK);
    if (class->kind == SPAN_NOSCAN)
        return;
    if (UNLIKELY(m->notes_pages))
        note_pages(r->grey & ADDRESS_MASK, class);
    push(m, r->grey);
}

/* Notes those of the words that were put aside that refer to stacks. */
NO_SANITIZE_READS static void note_words(const struct marker *m)
{
    for (uint32_t i = 0; i < m->nwords; i++)
        if (m->word[i] - m->root_lo >= m->root_range)
            leaknote_add(m->word[i]);
}

/* Resolves all words that were put aside, into REF; their number. */
NO_SANITIZE_READS static ALWAYS_INLINE size_t resolve_words(const struct marker *m, bool first_here,
                                                            struct ref *ref)
{
    size_t n = 0;

    for (uint32_t i = 0; i < m->nwords; i++)
        n += resolve(m->word[i], first_here, ref + n);
    return n;
}

/* Marks what the words that were put aside refer to. First all are resolved, so that the memory
 * that the marks and then the search need comes side by side. */
NO_SANITIZE_READS static void settle_words(struct marker *m)
{
    struct ref ref[MARKER_WORDS];
    size_t n = 0;

    if (UNLIKELY(m->defines))
        san_define(m->word, m->nwords * sizeof m->word[0]);
    if (UNLIKELY(m->notes))
        note_words(m);
    n = m->again ? resolve_words(m, false, ref) : resolve_words(m, true, ref);
    m->nwords = 0;
    while (n > 0) /* what was sent for first is pushed last, and searched first */
        settle(m, &ref[--n]);
}

/* Puts WORD aside if it may be a reference. A branch would often be foreseen wrongly. */
NO_SANITIZE_READS static inline void offer(struct marker *m, uintptr_t word)
{
    m->word[m->nwords] = word;
    m->nwords += word - m->lo < m->range;
    if (UNLIKELY(m->nwords == MARKER_WORDS))
        settle_words(m);
}

/* ---- searching memory ---- */

/* The program may write it at the same time: read once, but not by an atomic function, which the
 * thread sanitizer would look at wherever it is called. */
NO_SANITIZE_READS static inline uintptr_t word_at(uintptr_t addr)
{
    return *(const volatile uintptr_t *)addr;
}

NO_SANITIZE_READS static void search_all(struct marker *m, uintptr_t lo, uintptr_t hi)
{
    for (; lo + WORD_BYTES <= hi; lo += WORD_BYTES)
        offer(m, word_at(lo));
}

/* As search_all, for roots, where hardly any word is a reference: four of them cost one branch. If
 * one may be, they are read again; what has changed in between is as good as written later. */
NO_SANITIZE_READS static void search_sparse(struct marker *m, uintptr_t lo, uintptr_t hi)
{
    for (; lo + 4 * WORD_BYTES <= hi; lo += 4 * WORD_BYTES) {
        bool any = word_at(lo) - m->lo < m->range;

        for (size_t i = 1; i < 4; i++)
            any |= word_at(lo + i * WORD_BYTES) - m->lo < m->range;
        if (UNLIKELY(any))
            search_all(m, lo, lo + 4 * WORD_BYTES);
    }
    search_all(m, lo, hi);
}

/* Searches the words from BASE on whose bits are set. */
NO_SANITIZE_READS static void search_bits(struct marker *m, uintptr_t base, uint64_t bits)
{
    for (; bits != 0; bits &= bits - 1)
        offer(m, word_at(base + bits_lowest(bits) * WORD_BYTES));
}

/* As search_bits, but only words that lie in [LO, HI). */
NO_SANITIZE_READS static void search_bits_within(struct marker *m, uintptr_t base, uint64_t bits,
                                                 uintptr_t lo, uintptr_t hi)
{
    for (; bits != 0; bits &= bits - 1) {
        uintptr_t word = base + bits_lowest(bits) * WORD_BYTES;

        if (word >= lo && word + WORD_BYTES <= hi)
            offer(m, word_at(word));
    }
}

/* Searches [LO, HI) of an object that begins at BASE and consists of elements of TYPE. Without a
 * type it is just being made, and nothing is stored in it yet. */
NO_SANITIZE_READS static void search_elements(struct marker *m, uintptr_t base, uintptr_t lo,
                                              uintptr_t hi, const gort_type *type)
{
    uintptr_t element = 0;

    if (UNLIKELY(type == NULL))
        return;
    element = base + (lo - base) / type->bytes * type->bytes;
    for (; element < hi; element += type->bytes)
        for (size_t w = 0; w < type->nwords; w += 64)
            search_bits_within(m, element + w * WORD_BYTES, span_type_bits(type, w / 64), lo, hi);
}

/* ADDR is the beginning of a large object, or of a piece of it: searches one piece; the first one
 * makes the others known. */
NO_SANITIZE_READS static void search_large(struct marker *m, uintptr_t addr, unsigned spanclass)
{
    const struct arena *a = arena_at(addr);
    const struct span *s = a->spans[arena_page_of(addr)];
    uintptr_t end = s->base + s->elem_bytes;
    uintptr_t hi = min_size(addr + OBLET_BYTES, end);

    if (addr == s->base)
        for (uintptr_t p = hi; p < end; p += OBLET_BYTES)
            push(m, p | (grey_t)spanclass << ADDRESS_BITS);
    m->heap_bytes += hi - addr;
    if (span_classes[spanclass].kind == SPAN_TYPED)
        search_elements(m, s->base, addr, hi, span_type_of(s, 0));
    else
        search_all(m, addr, hi);
}

/* Which of the words of the typed object of BYTES, 512 at most, at BASE are references. */
NO_SANITIZE_READS static uint64_t small_bits(uintptr_t base, size_t bytes)
{
    size_t nwords = bytes / WORD_BYTES;
    uint64_t mask = nwords == 64 ? UINT64_MAX : (UINT64_C(1) << nwords) - 1;

    return arena_ptr_bits(arena_at(base), base) & mask;
}

NO_SANITIZE_READS static const gort_type *type_at(uintptr_t base, size_t bytes)
{
    const struct span *s = arena_at(base)->spans[arena_page_of(base)];

    return span_type_of(s, (base - s->base) / bytes);
}

/* Searches a small typed object: its words' bits lie beside the arena, or its type does. */
NO_SANITIZE_READS static void search_small_typed(struct marker *m, uintptr_t base, size_t bytes)
{
    if (bytes <= SPAN_BITMAP_MAX_BYTES)
        search_bits(m, base, small_bits(base, bytes));
    else
        search_elements(m, base, base, base + bytes, type_at(base, bytes));
}

/* Whether it was a small object, which is searched in no time. */
NO_SANITIZE_READS static bool search(struct marker *m, grey_t grey)
{
    uintptr_t addr = grey & ADDRESS_MASK;
    unsigned spanclass = (unsigned)(grey >> ADDRESS_BITS);
    const struct span_class *class = &span_classes[spanclass];

    if (UNLIKELY(class->bytes == 0)) {
        search_large(m, addr, spanclass);
        return false;
    }
    m->heap_bytes += class->bytes;
    if (class->kind == SPAN_TYPED)
        search_small_typed(m, addr, class->bytes);
    else
        search_all(m, addr, addr + class->bytes);
    return true;
}

/* ---- what lies on a page ---- */

/* The part [LO, HI) of a marked object of CLASS, a typed one, at BASE. */
NO_SANITIZE_READS static void search_part(struct marker *m, uintptr_t base,
                                          const struct span_class *class, uintptr_t lo,
                                          uintptr_t hi)
{
    lo = max_size(lo, base);
    hi = min_size(hi, base + class->bytes);
    m->heap_bytes += hi - lo;
    if (class->bytes <= SPAN_BITMAP_MAX_BYTES)
        search_bits_within(m, base, small_bits(base, class->bytes), lo, hi);
    else
        search_elements(m, base, lo, hi, type_at(base, class->bytes));
}

/* The objects [FROM, TO) of the span at BASE, all of which are marked, as far as they lie in
 * [LO, HI). */
NO_SANITIZE_READS static void search_run(struct marker *m, uintptr_t base,
                                         const struct span_class *class, size_t from, size_t to,
                                         uintptr_t lo, uintptr_t hi)
{
    if (class->kind == SPAN_TYPED) {
        for (; from < to; from++)
            search_part(m, base + from * class->bytes, class, lo, hi);
        return;
    }
    lo = max_size(lo, base + from * class->bytes);
    hi = min_size(hi, base + to * class->bytes);
    m->heap_bytes += hi - lo;
    search_all(m, lo, hi);
}

/* The marked objects of the span at BASE, in A, that reach into [LO, HI). */
NO_SANITIZE_READS static void search_span_part(struct marker *m, struct arena *a, uintptr_t base,
                                               const struct span_class *class, uintptr_t lo,
                                               uintptr_t hi)
{
    struct object_bits *bits = a->bits[arena_page_of(base)];
    size_t end = min_size((hi - base + class->bytes - 1) / class->bytes, class->nelems);
    size_t i = (lo - base) / class->bytes;

    while (i < end) {
        uint64_t mark = atomic_load_explicit(&bits[i / 64].mark, memory_order_relaxed) >> (i % 64);
        size_t first = 0;
        size_t n = 0;

        if (mark == 0) { /* none in the rest of this word */
            i = (i | 63) + 1;
            continue;
        }
        first = i + bits_lowest(mark);
        mark >>= first - i;
        n = ~mark == 0 ? 64 : bits_lowest(~mark);
        if (first < end)
            search_run(m, base, class, first, min_size(first + n, end), lo, hi);
        i = first + n;
    }
}

NO_SANITIZE_READS static void search_large_part(struct marker *m, const struct span *s,
                                                uintptr_t lo, uintptr_t hi)
{
    if ((atomic_load_explicit(&span_bits(s)->mark, memory_order_relaxed) & 1) == 0)
        return;
    m->heap_bytes += hi - lo;
    if (span_kind_of(s) == SPAN_TYPED)
        search_elements(m, s->base, lo, hi, span_type_of(s, 0));
    else
        search_all(m, lo, hi);
}

/* [LO, HI) lies in one page of the heap. */
NO_SANITIZE_READS static void search_page_part(struct marker *m, uintptr_t lo, uintptr_t hi)
{
    struct arena *a = arena_of(lo);
    size_t page = arena_page_of(lo);
    unsigned desc = a == NULL ? 0 : arena_desc(a, page);
    const struct span_class *class = NULL;

    if (desc == 0)
        return;
    class = &span_classes[(desc & 0xff) - 1];
    if (class->bytes == 0)
        search_large_part(m, a->spans[page], lo, hi);
    else
        search_span_part(m, a, a->base + (page - (desc >> 8)) * HEAP_PAGE_BYTES, class, lo, hi);
}

NO_SANITIZE_READS void marker_search_pages(void *ctx, uintptr_t lo, uintptr_t hi)
{
    struct marker *m = ctx;

    m->again = true;
    while (lo < hi) {
        uintptr_t next = min_size(align_down(lo, HEAP_PAGE_BYTES) + HEAP_PAGE_BYTES, hi);

        search_page_part(m, lo, next);
        lo = next;
    }
    m->again = false;
}

/* ---- a marker ---- */

void marker_init(struct marker *m)
{
    uintptr_t lo = atomic_load_explicit(&arenas_lo, memory_order_relaxed);
    uintptr_t hi = atomic_load_explicit(&arenas_hi, memory_order_relaxed);
    bool notes = leaknote_is_on();

    if (notes)
        leaknote_widen(&lo, &hi);
    *m = (struct marker){
        .lo = lo,
        .range = hi > lo ? hi - lo : 0,
        .defines = san_search_begin(),
        .notes = notes,
        .notes_pages = marked_is_on(),
        .buf = work_get_empty(),
    };
}

void marker_fini(struct marker *m)
{
    settle_words(m);
    work_put(m->buf);
    san_search_end();
}

void marker_search_root(void *ctx, const void *lo, const void *hi)
{
    struct marker *m = ctx;

    m->root_lo = (uintptr_t)lo;
    m->root_range = (uintptr_t)hi - (uintptr_t)lo;
    m->root_bytes[m->root_kind] += m->root_range;
    search_sparse(m, (uintptr_t)lo, (uintptr_t)hi);
    if (UNLIKELY(m->notes)) /* while it is known which root they are from */
        settle_words(m);
}

NO_SANITIZE_READS bool marker_drain(struct marker *m, uint64_t most)
{
    uint64_t end = most > UINT64_MAX - m->heap_bytes ? UINT64_MAX : m->heap_bytes + most;

    for (;;) {
        bool goes_on = true;

        while (goes_on && m->buf->n > 0 && m->nwords < MARKER_BATCH)
            goes_on = search(m, m->buf->grey[--m->buf->n]);
        if (m->nwords == 0 && m->buf->n == 0)
            return true;
        settle_words(m);
        if (UNLIKELY(m->heap_bytes >= end))
            return false;
        if (UNLIKELY(work_is_wanted()) && m->buf->n >= 4 && !work_is_there())
            work_share(m->buf);
    }
}

void marker_take(struct marker *m, struct workbuf *b)
{
    DCHECK(m->buf->n == 0 && b->n > 0);
    if (!b->raw) {
        work_put(m->buf);
        m->buf = b;
        return;
    }
    for (size_t i = 0; i < b->n; i++)
        offer(m, b->grey[i]);
    b->n = 0;
    work_put(b);
}
