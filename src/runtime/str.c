/* SPDX-License-Identifier: MIT */
/* str.c - views of text: comparing, finding, cutting. */
#include "config.h"

#include "gort/str.h"

#include <stdbool.h>

#include "base/bits.h"
#include "base/check.h"
#include "gort/mem.h"
#include "runtime/fatal.h"

gort_str gort_str_part(gort_str s, size_t lo, size_t hi)
{
    if (lo > hi || hi > s.len)
        gort_fatal("gort_str_part: %zu to %zu of %zu characters", lo, hi, s.len);
    return lo == hi ? (gort_str){0} : (gort_str){s.ptr + lo, hi - lo};
}

int gort_str_compare(gort_str a, gort_str b)
{
    size_t n = min_size(a.len, b.len);
    int order = n == 0 ? 0 : memcmp(a.ptr, b.ptr, n);

    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

ptrdiff_t gort_str_find_char(gort_str s, char c)
{
    const char *at = s.len == 0 ? NULL : memchr(s.ptr, c, s.len);

    return at == NULL ? -1 : at - s.ptr;
}

ptrdiff_t gort_str_find(gort_str s, gort_str wanted)
{
    const char *at;

    if (wanted.len == 0)
        return 0;
    if (wanted.len == 1)
        return gort_str_find_char(s, wanted.ptr[0]);
    if (s.len < wanted.len)
        return -1;
    at = memmem(s.ptr, s.len, wanted.ptr, wanted.len);
    return at == NULL ? -1 : at - s.ptr;
}

int gort_str_has_prefix(gort_str s, gort_str prefix)
{
    return s.len >= prefix.len && gort_str_equal(gort_str_part(s, 0, prefix.len), prefix);
}

int gort_str_has_suffix(gort_str s, gort_str suffix)
{
    return s.len >= suffix.len &&
           gort_str_equal(gort_str_part(s, s.len - suffix.len, s.len), suffix);
}

int gort_str_cut(gort_str s, gort_str separator, gort_str *before, gort_str *behind)
{
    ptrdiff_t at = gort_str_find(s, separator);

    if (at < 0) {
        *before = s;
        *behind = (gort_str){0};
        return 0;
    }
    *before = gort_str_part(s, 0, (size_t)at);
    *behind = gort_str_part(s, (size_t)at + separator.len, s.len);
    return 1;
}

/* After the last part *REST is marked by a length that no text has. */
int gort_str_next(gort_str *rest, gort_str separator, gort_str *part)
{
    if (separator.len == 0)
        gort_fatal("gort_str_next: the separator is empty");
    if (rest->len == SIZE_MAX)
        return 0;
    if (!gort_str_cut(*rest, separator, part, rest))
        *rest = (gort_str){.len = SIZE_MAX};
    return 1;
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

gort_str gort_str_trim(gort_str s)
{
    size_t lo = 0;
    size_t hi = s.len;

    while (lo < hi && is_space(s.ptr[lo]))
        lo++;
    while (lo < hi && is_space(s.ptr[hi - 1]))
        hi--;
    return gort_str_part(s, lo, hi);
}

/* Refused as too much when it overflows. */
static size_t add_up(size_t a, size_t b)
{
    size_t sum;

    return __builtin_add_overflow(a, b, &sum) ? SIZE_MAX : sum;
}

/* Appends S to the text that ends at AT; where it ends then. */
static char *put(char *at, gort_str s)
{
    if (s.len > 0)
        memcpy(at, s.ptr, s.len);
    return at + s.len;
}

char *gort_str_copy(gort_str s)
{
    char *copy = gort_alloc_noscan(add_up(s.len, 1));

    put(copy, s);
    return copy;
}

gort_str gort_str_join(const gort_str *parts, size_t n, gort_str separator)
{
    size_t bytes = 1;
    char *text;
    char *at;

    for (size_t i = 0; i < n; i++)
        bytes = add_up(bytes, add_up(parts[i].len, i > 0 ? separator.len : 0));
    at = text = gort_alloc_noscan(bytes);
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            at = put(at, separator);
        at = put(at, parts[i]);
    }
    return (gort_str){text, bytes - 1};
}
