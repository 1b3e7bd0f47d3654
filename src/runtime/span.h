/* SPDX-License-Identifier: MIT */
/* span.h - a run of pages that holds objects of one size, or one large object.
 * A span has a class: a size class and one of three kinds.
 *   conservative  every aligned word of an object may be a reference.
 *   typed         which words are references is written beside the span, in the type words of its
 *                 pages: for objects up to 512 bytes one bit a word (a 64th of the memory), laid
 *                 out as the words are; for larger ones the type of object i in type word i.
 *   noscan        nothing is a reference. Spans of this kind have arenas of their own.
 * Of each object two bits are kept (arena.h): alloc, and mark, which is set in a collection and
 * becomes alloc when the span is swept. A proc allocates from a word of 64 objects at a time: it
 * takes all that are free, which sets their alloc bits, and gives back the rest when it has to.
 *
 * Invariants (span_is_valid): alloc bits behind the last object are set; nfree is the number of
 * clear alloc bits; words before next_word have no clear bit.
 * Threads: a span belongs to the cache that allocates from it, the central list that it lies in, or
 * whoever sweeps it. Source: Go's mspan; Whippet for the side tables. */
#ifndef RUNTIME_SPAN_H
#define RUNTIME_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "gort/mem.h"
#include "runtime/arena.h"
#include "runtime/sizeclass.h"

enum span_kind { SPAN_CONSERVATIVE, SPAN_TYPED, SPAN_NOSCAN, SPAN_KINDS };

#define SPAN_CLASSES          (SIZE_CLASSES * SPAN_KINDS)
#define SPAN_BITMAP_MAX_BYTES ((size_t)512) /* larger typed objects have a type word each */

/* What the mark loop and the caches ask of a class, one line of a table. */
struct span_class {
    uint32_t bytes;  /* of an object; 0: large, ask the span */
    uint32_t magic;  /* as in struct size_class */
    uint16_t nelems; /* 1 for large */
    uint8_t size_class;
    uint8_t kind; /* enum span_kind */
};

extern struct span_class span_classes[SPAN_CLASSES]; /* [const] after span_init_classes */

struct alloc_sample;

struct span {
    uintptr_t base;               /* [const] while in use */
    size_t npages;                /* [const] while in use */
    size_t elem_bytes;            /* [const] while in use */
    struct arena *arena;          /* of the first page; [const] while in use */
    uint32_t first_page;          /* in that arena; [const] while in use */
    uint32_t nelems;              /* [const] while in use */
    uint32_t nfree;               /* [owner] */
    uint16_t next_word;           /* [owner] */
    uint8_t spanclass;            /* [const] while in use */
    bool needzero;                /* free slots may hold old data; [owner] */
    _Atomic(uint32_t) nspecials;  /* attached to its objects, see special.h; [atomic] */
    struct alloc_sample *samples; /* sampled objects; [owner] */
    struct list node;             /* in a central list; next links free records; [lock:central] */
    unsigned parity;              /* of the generation of that list; [lock:central] */
};

static inline unsigned span_class_of(unsigned size_class, enum span_kind kind)
{
    return size_class * SPAN_KINDS + kind;
}

static inline enum span_kind span_kind_of(const struct span *s)
{
    return (enum span_kind)span_classes[s->spanclass].kind;
}

static inline struct object_bits *span_bits(const struct span *s)
{
    return s->arena->bits[s->first_page];
}

static inline unsigned span_words(const struct span *s)
{
    return (s->nelems + 63) / 64;
}

static inline uintptr_t span_end(const struct span *s)
{
    return s->base + s->npages * HEAP_PAGE_BYTES;
}

/* Fills span_classes; calls sizeclass_init. Before anything else here. */
void span_init_classes(void);

/* Makes S the span of SPANCLASS on its pages (base, npages, arena, first_page are set): enters it
 * in the tables of its arenas and frees all slots. The caller owns the pages. */
void span_open(struct span *s, unsigned spanclass, bool needzero);

/* Takes S out of the tables again. */
void span_close(struct span *s);

/* S, of one large object, has NPAGES pages from now on, which is more. The caller owns S, and the
 * pages. No mark runs. */
void span_extend(struct span *s, size_t npages);

/* Whether objects of S are sampled; for who doesn't own it, but knows one of them. */
static inline NO_SANITIZE_READS bool span_has_samples(const struct span *s)
{
    return s->samples != NULL;
}

/* The span of ADDR, an address in an object of the heap; NULL if ADDR is none. */
static inline NO_SANITIZE_READS struct span *span_of(uintptr_t addr)
{
    const struct arena *a = arena_of(addr);

    return a == NULL ? NULL : a->spans[arena_page_of(addr)];
}

/* The number of the slot of S that ADDR lies in. */
static inline size_t span_slot_of(const struct span *s, uintptr_t addr)
{
    /* magic is 0 in the one class whose only slot has number 0. */
    return (addr - s->base) * span_classes[s->spanclass].magic >> 32;
}

/* Takes all free slots of the next word that has any. False when the span is full; else *WORD is
 * its number and *BITS are the slots. Caller owns S. */
bool span_take_word(struct span *s, unsigned *word, uint64_t *bits);

/* Gives back slots that span_take_word gave and that were not used. */
void span_give_back(struct span *s, unsigned word, uint64_t bits);

/* The mark bits become the allocation bits, all marks are cleared; FREED[w] (one word for each 64
 * objects) are the slots that became free. Returns their number. */
uint32_t span_sweep_bits(struct span *s, uint64_t freed[PAGE_BIT_WORDS]);

/* The type of object I, of more than 512 bytes, in a span of typed objects. */
static inline NO_SANITIZE_READS const gort_type *span_type_of(const struct span *s, size_t i)
{
    return (const gort_type *)s->arena->types[s->first_page][i];
}

/* Word K of TYPE's bitmap, without the bits that do not matter. */
static inline NO_SANITIZE_READS uint64_t span_type_bits(const gort_type *type, size_t k)
{
    size_t n = type->nwords - k * 64;

    return n >= 64 ? type->ptrs[k] : type->ptrs[k] & ((UINT64_C(1) << n) - 1);
}

/* Writes what the words of the object at ADDR, in a typed span, are. N elements of TYPE. */
void span_set_type(const struct span *s, uintptr_t addr, const gort_type *type, size_t n);

/* The same for the slots BITS of word WORD of S, of up to 512 bytes: one element each. */
void span_set_types(const struct span *s, unsigned word, uint64_t bits, const gort_type *type);

/* The bits of the 64 words from ADDR on, in a span of typed objects up to 512 bytes; ADDR is that
 * of an object in arena A. Bits behind the object's end are those of its neighbour. */
static inline NO_SANITIZE_READS uint64_t arena_ptr_bits(const struct arena *a, uintptr_t addr)
{
    size_t i = (addr - a->base) / sizeof(uint64_t);
    const uint64_t *words = &a->types[0][0];
    unsigned shift = i % 64;
    uint64_t low = words[i / 64] >> shift;

    /* The last page's bits are followed by padding of the struct or the next reservation: the
     * caller never needs them, but must not read them either. */
    if (shift == 0 || i / 64 + 1 == ARENA_PAGES * PAGE_TYPE_WORDS)
        return low;
    return low | words[i / 64 + 1] << (64 - shift);
}

bool span_is_valid(const struct span *s);

#endif
