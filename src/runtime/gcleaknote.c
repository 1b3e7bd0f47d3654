/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/gcleaknote.h"

#include <sys/mman.h>

#include "base/bits.h"
#include "base/check.h"
#include "runtime/stack.h"
#include "runtime/sysmem.h"

#define ADDRESS_BITS 48u
#define SLAB_PLACES  (((uint64_t)1 << ADDRESS_BITS) / STACK_SLAB_BYTES)
#define UNIT_BYTES   ((uintptr_t)8)
#define WORD_BYTES   (64 * UNIT_BYTES) /* of stack that a word is about */
#define SLAB_WORDS   (STACK_SLAB_BYTES / WORD_BYTES)
#define OS_PAGE      ((uintptr_t)4096)

typedef _Atomic(uint64_t) note_word;

/* The words of a slab lie in the order of the pages that they are about: first for the lowest page
 * of each stack, then for the next of each. Of most stacks only the highest is in use: so what is
 * noted of a thousand lies close together. */
struct slab {
    note_word *words;     /* SLAB_WORDS; NULL: there is none, or it is new */
    unsigned stack_shift; /* a stack has so many bits of address */
};

_Atomic(uint32_t) leaknote_on;

/* [owner] of the cycle; read by markers while it is on */
static struct {
    struct slab *slab; /* by the address of the slab */
    note_word *words;  /* of all */
    size_t nslabs;
    uintptr_t lo; /* all slabs lie in [lo, hi) */
    uintptr_t hi;
} notes;

static bool enter_slabs(void)
{
    notes.lo = UINTPTR_MAX;
    notes.hi = 0;
    for (size_t i = 0; i < notes.nslabs; i++) {
        uintptr_t lo = 0;
        uintptr_t hi = 0;

        size_t stack_bytes = stack_slab_used((uint32_t)i, &lo, &hi);

        lo = align_down(lo, STACK_SLAB_BYTES);
        notes.slab[lo / STACK_SLAB_BYTES] = (struct slab){notes.words + i * SLAB_WORDS,
                                                          bits_highest(stack_bytes)};
        notes.lo = min_size(notes.lo, lo);
        notes.hi = max_size(notes.hi, lo + STACK_SLAB_BYTES);
    }
    return notes.hi > notes.lo;
}

bool leaknote_begin(void)
{
    DCHECK(!leaknote_is_on());
    if (notes.slab == NULL)
        notes.slab = sys_reserve(SLAB_PLACES * sizeof notes.slab[0], 4096);
    notes.nslabs = stack_slab_count();
    if (notes.slab == NULL || notes.nslabs == 0)
        return false;
    notes.words = sys_reserve(notes.nslabs * SLAB_WORDS * sizeof(note_word), 4096);
    if (notes.words == NULL)
        return false;
    CHECK(enter_slabs());
    atomic_store_explicit(&leaknote_on, 1, memory_order_relaxed);
    return true;
}

void leaknote_end(void)
{
    DCHECK(leaknote_is_on());
    atomic_store_explicit(&leaknote_on, 0, memory_order_relaxed);
    for (uintptr_t at = notes.lo; at < notes.hi; at += STACK_SLAB_BYTES)
        if (notes.slab[at / STACK_SLAB_BYTES].words != NULL)
            notes.slab[at / STACK_SLAB_BYTES].words = NULL;
    CHECK(munmap(notes.words, notes.nslabs * SLAB_WORDS * sizeof(note_word)) == 0);
}

void leaknote_widen(uintptr_t *lo, uintptr_t *hi)
{
    *lo = min_size(*lo, notes.lo);
    *hi = max_size(*hi, notes.hi);
}

/* The word that is about ADDR, in the slab S; and its bit. */
static note_word *word_of(const struct slab *s, uintptr_t addr)
{
    size_t at = addr % STACK_SLAB_BYTES;
    size_t stack = at >> s->stack_shift;
    size_t page = (at - (stack << s->stack_shift)) / OS_PAGE;
    size_t before = page * (STACK_SLAB_BYTES >> s->stack_shift) + stack; /* pages of any stack */

    return &s->words[(before * OS_PAGE + at % OS_PAGE) / WORD_BYTES];
}

static uint64_t bit_of(uintptr_t addr)
{
    return UINT64_C(1) << (addr / UNIT_BYTES % 64);
}

void leaknote_add(uintptr_t word)
{
    const struct slab *slab = NULL;
    note_word *w = NULL;

    if (word < notes.lo || word >= notes.hi)
        return;
    slab = &notes.slab[word / STACK_SLAB_BYTES];
    if (slab->words == NULL)
        return;
    w = word_of(slab, word);
    if ((atomic_load_explicit(w, memory_order_relaxed) & bit_of(word)) == 0)
        atomic_fetch_or_explicit(w, bit_of(word), memory_order_relaxed);
}

bool leaknote_any(uintptr_t lo, uintptr_t hi, uintptr_t except)
{
    const struct slab *slab = &notes.slab[lo / STACK_SLAB_BYTES];

    if (slab->words == NULL)
        return true;
    for (uintptr_t end; lo < hi; lo = end) {
        uint64_t bits = atomic_load_explicit(word_of(slab, lo), memory_order_relaxed);

        end = min_size(align_down(lo, WORD_BYTES) + WORD_BYTES, hi);
        bits &= -bit_of(lo) & ~(-bit_of(end - 1) << 1); /* from the one to the other */
        if (except >= lo && except < end)
            bits &= ~bit_of(except);
        if (bits != 0)
            return true;
    }
    return false;
}
