/* SPDX-License-Identifier: MIT */
/* str.h - text: views of it, and a builder that puts it together.
 * A view is an address and a length. It refers to characters that lie elsewhere, copies nothing,
 * and keeps the object in the collected heap that they are part of; there need be no NUL behind
 * them. Characters are bytes. None of these calls blocks; a length beyond all memory ends the
 * process. Views and builders have no lock.
 * Source: Go's strings package, strings.Builder. */
#ifndef GORT_STR_H
#define GORT_STR_H

#include <gort/base.h>
#include <string.h>

typedef struct gort_str {
    const char *ptr;
    size_t len;
} gort_str;

/* A view of a string literal, and of a string that ends in NUL. */
#define GORT_STR(literal) ((gort_str){"" literal, sizeof(literal) - 1})

static inline gort_str gort_str_of(const char *s)
{
    gort_str view = {s, strlen(s)};

    return view;
}

/* The characters from LO up to HI. LO <= HI <= len, else it is misuse. */
GORT_API gort_str gort_str_part(gort_str s, size_t lo, size_t hi);

/* Whether they have the same characters: 1 or 0. */
static inline int gort_str_equal(gort_str a, gort_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* Below 0, 0 or above 0 as A comes before B, is the same or comes behind it, by bytes. */
GORT_API int gort_str_compare(gort_str a, gort_str b);

/* Where WANTED begins in S for the first time, or -1. An empty one begins at 0. */
GORT_API ptrdiff_t gort_str_find(gort_str s, gort_str wanted);
/* Where C is in S for the first time, or -1. */
GORT_API ptrdiff_t gort_str_find_char(gort_str s, char c);

/* Whether S begins with PREFIX, or ends with SUFFIX: 1 or 0. */
GORT_API int gort_str_has_prefix(gort_str s, gort_str prefix);
GORT_API int gort_str_has_suffix(gort_str s, gort_str suffix);

/* Cuts S at the first SEPARATOR: *BEFORE and *BEHIND are what lies on its sides. Returns 1, or 0 if
 * there is none; then *BEFORE is all and *BEHIND empty. */
GORT_API int gort_str_cut(gort_str s, gort_str separator, gort_str *before, gort_str *behind);

/* Takes the next part off *REST, up to a SEPARATOR or the end: 1, and 0 when there was none left.
 * N separators make N + 1 parts. *REST begins as the whole; SEPARATOR must not be empty.
 *     while (gort_str_next(&rest, GORT_STR(","), &part)) ... */
GORT_API int gort_str_next(gort_str *rest, gort_str separator, gort_str *part);

/* S without white space (of ASCII) at its ends. */
GORT_API gort_str gort_str_trim(gort_str s);

/* A copy in the collected heap, with a NUL behind it. */
GORT_API char *gort_str_copy(gort_str s) __attribute__((returns_nonnull));

/* The N parts with SEPARATOR between them, in one allocation, with a NUL behind. */
GORT_API gort_str gort_str_join(const gort_str *parts, size_t n, gort_str separator);

/* Text that is put together piece by piece; ready when it is zero. What was appended is never moved
 * or changed under a view of it: growing makes a copy, and leaves the old one to who has a view. */
typedef struct gort_builder {
    char *ptr;
    size_t len;
    size_t cap;
} gort_builder;

/* Makes room for MORE characters. */
GORT_API void gort_builder_reserve(gort_builder *b, size_t more);

GORT_API void gort_builder_append(gort_builder *b, const void *from, size_t n);
GORT_API void gort_builder_printf(gort_builder *b, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static inline void gort_builder_char(gort_builder *b, char c)
{
    if (b->len == b->cap)
        gort_builder_reserve(b, 1);
    b->ptr[b->len++] = c;
}

static inline void gort_builder_str(gort_builder *b, gort_str s)
{
    gort_builder_append(b, s.ptr, s.len);
}

static inline void gort_builder_cstr(gort_builder *b, const char *s)
{
    gort_builder_append(b, s, strlen(s));
}

/* What was put together so far, without a copy; it never changes, unless the builder is cleared. */
static inline gort_str gort_builder_view(const gort_builder *b)
{
    gort_str view = {b->ptr, b->len};

    return view;
}

/* The same with a NUL behind it, which is there until the next append. Never NULL. */
GORT_API const char *gort_builder_string(gort_builder *b) __attribute__((returns_nonnull));

/* Empties the builder. Clearing keeps its room: what is appended then overwrites what views show.
 */
static inline void gort_builder_clear(gort_builder *b)
{
    b->len = 0;
}

/* The text, with a NUL behind it, for the caller alone; B is empty then. Never NULL. */
GORT_API char *gort_builder_take(gort_builder *b) __attribute__((returns_nonnull));

#endif
