/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/noroot.h"

#include "base/bits.h"
#include "base/check.h"

static struct noroot_words table[NOROOT_MAX];
static unsigned ntables;

void noroot_add(const void *at, size_t bytes)
{
    CHECK(ntables < NOROOT_MAX);
    table[ntables++] = (struct noroot_words){
        .lo = align_up((uintptr_t)at, sizeof(uintptr_t)),
        .hi = align_down((uintptr_t)at + bytes, sizeof(uintptr_t)),
    };
}

struct noroot_words noroot_first(uintptr_t lo, uintptr_t hi)
{
    struct noroot_words first = {hi, hi};

    for (unsigned i = 0; i < ntables; i++)
        if (table[i].lo < table[i].hi && table[i].lo >= lo && table[i].lo < first.lo &&
            table[i].hi <= hi)
            first = table[i];
    return first;
}
