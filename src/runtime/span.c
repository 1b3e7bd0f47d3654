/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/span.h"

#include "base/check.h"

#define WORD_BYTES sizeof(uint64_t)

struct span_class span_classes[SPAN_CLASSES];

static void init_class(struct span_class *c, unsigned size_class, enum span_kind kind)
{
    const struct size_class *size = &size_classes[size_class];

    c->bytes = size->bytes;
    c->magic = size->magic;
    c->nelems = size_class == 0 ? 1 : (uint16_t)size->nelems;
    c->size_class = (uint8_t)size_class;
    c->kind = (uint8_t)kind;
}

void span_init_classes(void)
{
    _Static_assert(SPAN_CLASSES < UINT8_MAX, "a span class + 1 fits into a byte of desc");

    sizeclass_init();
    for (unsigned size = 0; size < SIZE_CLASSES; size++)
        for (unsigned kind = 0; kind < SPAN_KINDS; kind++)
            init_class(&span_classes[span_class_of(size, (enum span_kind)kind)], size,
                       (enum span_kind)kind);
}

/* The bits of word W that stand for objects. */
static uint64_t valid_mask(const struct span *s, unsigned w)
{
    uint32_t n = s->nelems - w * 64;

    return n >= 64 ? UINT64_MAX : (UINT64_C(1) << n) - 1;
}

/* Enters S, or nobody (OWNER NULL), as the span of its pages. */
static void enter_pages(const struct span *s, struct span *owner)
{
    bool large = span_classes[s->spanclass].bytes == 0;

    for (size_t i = 0; i < s->npages; i++) {
        uintptr_t addr = s->base + i * HEAP_PAGE_BYTES;
        struct arena *a = arena_of(addr);
        size_t page = arena_page_of(addr);
        unsigned distance = large ? 0 : (unsigned)i << 8;

        a->spans[page] = owner;
        /* Release: pairs with the acquire in arena_desc. */
        __atomic_store_n(&a->desc[page],
                         owner == NULL ? 0 : (uint16_t)(distance | (s->spanclass + 1u)),
                         __ATOMIC_RELEASE);
    }
}

void span_open(struct span *s, unsigned spanclass, bool needzero)
{
    const struct span_class *c = &span_classes[spanclass];

    DCHECK(s->base == s->arena->base + s->first_page * HEAP_PAGE_BYTES);
    s->spanclass = (uint8_t)spanclass;
    s->elem_bytes = c->bytes != 0 ? c->bytes : s->npages * HEAP_PAGE_BYTES;
    s->nelems = c->nelems;
    s->nfree = c->nelems;
    s->next_word = 0;
    s->needzero = needzero;
    s->samples = NULL;
    atomic_store_explicit(&s->nspecials, 0, memory_order_relaxed);
    list_init(&s->node);
    for (unsigned w = 0; w < span_words(s); w++) {
        atomic_store_explicit(&span_bits(s)[w].mark, 0, memory_order_relaxed);
        span_bits(s)[w].alloc = ~valid_mask(s, w);
    }
    enter_pages(s, s);
    DCHECK(span_is_valid(s));
}

void span_close(struct span *s)
{
    DCHECK(span_is_valid(s));
    CHECK(atomic_load_explicit(&s->nspecials, memory_order_relaxed) == 0);
    enter_pages(s, NULL);
}

void span_extend(struct span *s, size_t npages)
{
    DCHECK(span_classes[s->spanclass].bytes == 0 && npages > s->npages);
    s->npages = npages;
    s->elem_bytes = npages * HEAP_PAGE_BYTES;
    enter_pages(s, s);
    DCHECK(span_is_valid(s));
}

/* The types of the slots of WORD that are among BITS are those of objects that are gone. */
static void forget_types(struct span *s, unsigned word, uint64_t bits)
{
    if (span_kind_of(s) != SPAN_TYPED || s->elem_bytes <= SPAN_BITMAP_MAX_BYTES)
        return;
    for (; bits != 0; bits &= bits - 1)
        s->arena->types[s->first_page][word * 64 + bits_lowest(bits)] = 0;
}

bool span_take_word(struct span *s, unsigned *word, uint64_t *bits)
{
    struct object_bits *b = span_bits(s);

    for (unsigned w = s->next_word; w < span_words(s); w++) {
        uint64_t free = ~b[w].alloc;

        if (free == 0)
            continue;
        forget_types(s, w, free);
        /* Release: pairs with the acquire in gcsearch.c. */
        __atomic_store_n(&b[w].alloc, UINT64_MAX, __ATOMIC_RELEASE);
        s->nfree -= bits_count(free);
        s->next_word = (uint16_t)(w + 1);
        *word = w;
        *bits = free;
        return true;
    }
    s->next_word = (uint16_t)span_words(s);
    DCHECK(span_is_valid(s));
    return false;
}

void span_give_back(struct span *s, unsigned word, uint64_t bits)
{
    struct object_bits *b = &span_bits(s)[word];

    DCHECK((b->alloc & bits) == bits && (bits & ~valid_mask(s, word)) == 0);
    b->alloc &= ~bits;
    s->nfree += bits_count(bits);
    if (bits != 0 && word < s->next_word)
        s->next_word = (uint16_t)word;
    DCHECK(span_is_valid(s));
}

uint32_t span_sweep_bits(struct span *s, uint64_t freed[PAGE_BIT_WORDS])
{
    struct object_bits *b = span_bits(s);
    uint32_t nfreed = 0;

    DCHECK(span_is_valid(s));
    for (unsigned w = 0; w < span_words(s); w++) {
        uint64_t valid = valid_mask(s, w);
        uint64_t mark = atomic_load_explicit(&b[w].mark, memory_order_relaxed);

        freed[w] = b[w].alloc & ~mark & valid;
        nfreed += bits_count(freed[w]);
        b[w].alloc &= ~freed[w];
        atomic_store_explicit(&b[w].mark, 0, memory_order_relaxed);
    }
    s->nfree += nfreed;
    if (nfreed > 0) {
        s->next_word = 0;
        s->needzero = true;
    }
    DCHECK(span_is_valid(s));
    return nfreed;
}

/* TYPE's bits repeated for N elements, which are 64 words at most. */
static uint64_t bits_of_elements(const gort_type *type, size_t n)
{
    size_t words = type->bytes / WORD_BYTES;
    uint64_t one = type->nwords == 0 ? 0 : span_type_bits(type, 0);
    uint64_t all = 0;

    for (size_t i = 0; i < n; i++)
        all |= one << (i * words);
    return all;
}

/* Replaces the N (up to 64) bits that begin at bit AT of WORDS. */
static void put_bits(uint64_t *words, size_t at, size_t n, uint64_t bits)
{
    uint64_t mask = n == 64 ? UINT64_MAX : (UINT64_C(1) << n) - 1;
    unsigned shift = at % 64;
    uint64_t *low = &words[at / 64];

    *low = (*low & ~(mask << shift)) | bits << shift;
    if (shift + n > 64)
        low[1] = (low[1] & ~(mask >> (64 - shift))) | bits >> (64 - shift);
}

void span_set_type(const struct span *s, uintptr_t addr, const gort_type *type, size_t n)
{
    DCHECK(span_kind_of(s) == SPAN_TYPED && addr >= s->base && addr < span_end(s));
    if (s->elem_bytes > SPAN_BITMAP_MAX_BYTES)
        s->arena->types[s->first_page][(addr - s->base) / s->elem_bytes] = (uintptr_t)type;
    else
        put_bits(&s->arena->types[0][0], (addr - s->arena->base) / WORD_BYTES,
                 s->elem_bytes / WORD_BYTES, bits_of_elements(type, n));
    /* Release: a mark that finds what the task is about to store finds the type, too. */
    atomic_thread_fence(memory_order_release);
}

void span_set_types(const struct span *s, unsigned word, uint64_t bits, const gort_type *type)
{
    size_t n = s->elem_bytes / WORD_BYTES;
    uint64_t one = bits_of_elements(type, 1);
    uintptr_t base = s->base - s->arena->base + (uintptr_t)word * 64 * s->elem_bytes;
    uint64_t *words = &s->arena->types[0][0] + base / WORD_BYTES / 64;

    DCHECK(span_kind_of(s) == SPAN_TYPED && s->elem_bytes <= SPAN_BITMAP_MAX_BYTES);
    if (bits == UINT64_MAX && 64 % n == 0) {
        uint64_t all = one * (UINT64_MAX / (UINT64_MAX >> (64 - n)));

        for (size_t i = 0; i < n; i++)
            words[i] = all;
        return;
    }
    for (; bits != 0; bits &= bits - 1)
        put_bits(words, bits_lowest(bits) * n, n, one);
}

bool span_is_valid(const struct span *s)
{
    const struct object_bits *b = span_bits(s);
    uint32_t nfree = 0;

    if (s->npages == 0 || s->nelems == 0 || s->nelems > SPAN_MAX_OBJECTS ||
        s->spanclass >= SPAN_CLASSES || s->next_word > span_words(s))
        return false;
    for (unsigned w = 0; w < span_words(s); w++) {
        uint64_t free = ~b[w].alloc;

        if ((free & ~valid_mask(s, w)) != 0 || (w < s->next_word && free != 0))
            return false;
        nfree += bits_count(free);
    }
    return nfree == s->nfree;
}
