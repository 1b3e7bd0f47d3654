/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/noroot.h"

#include "base/bits.h"

/* Made by the linker. */
extern const struct noroot __start_gort_noroot[] __attribute__((visibility("hidden")));
extern const struct noroot __stop_gort_noroot[] __attribute__((visibility("hidden")));

struct noroot_words noroot_first(uintptr_t lo, uintptr_t hi)
{
    struct noroot_words first = {hi, hi};

    for (const struct noroot *n = __start_gort_noroot; n < __stop_gort_noroot; n++) {
        struct noroot_words words = {align_up((uintptr_t)n->at, sizeof(uintptr_t)),
                                     align_down((uintptr_t)n->at + n->bytes, sizeof(uintptr_t))};

        if (words.lo < words.hi && words.lo >= lo && words.lo < first.lo && words.hi <= hi)
            first = words;
    }
    return first;
}
