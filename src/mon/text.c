/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/text.h"

#include <stdint.h>
#include <string.h>

#include "base/bits.h"
#include "base/check.h"
#include "mon/rune.h"

#define TEXT_MAX 512

void text_clean(char *to, size_t to_bytes, const void *from, size_t from_bytes)
{
    char ended[TEXT_MAX + 1];
    size_t n = strnlen(from, min_size(from_bytes, TEXT_MAX));
    const char *at = ended;
    size_t used = 0;

    CHECK(to_bytes > 0);
    memcpy(ended, from, n);
    ended[n] = '\0';
    while (*at != '\0') {
        char utf8[RUNE_UTF8_MAX];
        size_t bytes = rune_encode(rune_next(&at), utf8);

        if (used + bytes >= to_bytes)
            break;
        memcpy(to + used, utf8, bytes);
        used += bytes;
    }
    to[used] = '\0';
}
