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
#define SLAB_WORDS   (STACK_SLAB_BYTES / UNIT_BYTES / 64)

typedef _Atomic(uint64_t) note_word;

_Atomic(uint32_t) leaknote_on;

/* [owner] of the cycle; read by markers while it is on */
static struct {
    note_word **slab; /* by the address of the slab; NULL: there is none, or it is new */
    note_word *words; /* SLAB_WORDS for each */
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

        stack_slab_used((uint32_t)i, &lo, &hi);
        lo = align_down(lo, STACK_SLAB_BYTES);
        notes.slab[lo / STACK_SLAB_BYTES] = notes.words + i * SLAB_WORDS;
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
        if (notes.slab[at / STACK_SLAB_BYTES] != NULL)
            notes.slab[at / STACK_SLAB_BYTES] = NULL;
    CHECK(munmap(notes.words, notes.nslabs * SLAB_WORDS * sizeof(note_word)) == 0);
}

void leaknote_widen(uintptr_t *lo, uintptr_t *hi)
{
    *lo = min_size(*lo, notes.lo);
    *hi = max_size(*hi, notes.hi);
}

void leaknote_add(uintptr_t word)
{
    note_word *slab = NULL;
    size_t unit = word % STACK_SLAB_BYTES / UNIT_BYTES;
    uint64_t bit = UINT64_C(1) << (unit % 64);

    if (word < notes.lo || word >= notes.hi)
        return;
    slab = notes.slab[word / STACK_SLAB_BYTES];
    if (slab == NULL || (atomic_load_explicit(&slab[unit / 64], memory_order_relaxed) & bit) != 0)
        return;
    atomic_fetch_or_explicit(&slab[unit / 64], bit, memory_order_relaxed);
}

bool leaknote_any(uintptr_t lo, uintptr_t hi, uintptr_t except)
{
    note_word *slab = notes.slab[lo / STACK_SLAB_BYTES];
    size_t skip = except % STACK_SLAB_BYTES / UNIT_BYTES;
    size_t unit = lo % STACK_SLAB_BYTES / UNIT_BYTES;
    size_t end = unit + (hi - lo + UNIT_BYTES - 1) / UNIT_BYTES;

    if (slab == NULL)
        return true;
    while (unit < end) {
        size_t next = min_size((unit / 64 + 1) * 64, end);
        uint64_t bits = atomic_load_explicit(&slab[unit / 64], memory_order_relaxed);

        bits = bits >> (unit % 64) << (unit % 64);
        if (next % 64 != 0)
            bits &= (UINT64_C(1) << (next % 64)) - 1;
        if (except >= lo && except < hi && skip / 64 == unit / 64)
            bits &= ~(UINT64_C(1) << (skip % 64));
        if (bits != 0)
            return true;
        unit = next;
    }
    return false;
}
