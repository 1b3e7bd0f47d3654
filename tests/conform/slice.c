/* SPDX-License-Identifier: MIT */
/* slice.c - slices grow as Go's do, share and copy, and keep what the type says that they keep. */
#include "config.h"

#include <stdbool.h>
#include <string.h>

#include "tests/support/conform.h"

typedef GORT_SLICE(int) ints;
typedef GORT_SLICE(double) doubles;
typedef GORT_SLICE(char *) texts;

CLAIM(what_is_appended_is_there)
{
    ints s = {0};

    for (int i = 0; i < 10000; i++) {
        GORT_APPEND(&s, i * 3);
        EXPECT(s.len == (size_t)i + 1 && s.cap >= s.len, "len %zu, cap %zu", s.len, s.cap);
    }
    for (int i = 0; i < 10000; i++)
        EXPECT(s.ptr[i] == i * 3, "element %d is %d", i, s.ptr[i]);
}

/* Appends 1 to N; returns N + 1. */
static int append_below(ints *s, int n)
{
    if (n > 0)
        GORT_APPEND(s, append_below(s, n - 1));
    return n + 1;
}

CLAIM(what_appends_to_the_slice_may_make_a_value_for_it)
{
    ints s = {0};

    GORT_APPEND(&s, append_below(&s, 50));
    EXPECT(s.len == 51, "%zu elements", s.len);
    for (size_t i = 0; i < s.len; i++)
        EXPECT(s.ptr[i] == (int)i + 1, "element %zu is %d", i, s.ptr[i]);
}

CLAIM(many_are_appended_at_once_also_from_itself)
{
    static const int more[] = {4, 5, 6};
    ints s = {0};

    GORT_APPEND_N(&s, more, 3);
    GORT_APPEND_N(&s, s.ptr + 1, 2);
    GORT_APPEND_N(&s, more, 0);
    for (int i = 0; i < 8; i++)
        GORT_APPEND_N(&s, s.ptr, s.len);
    EXPECT(s.len == 5 * 256, "len %zu", s.len);
    for (size_t i = 0; i < s.len; i += 5)
        EXPECT(s.ptr[i] == 4 && s.ptr[i + 2] == 6 && s.ptr[i + 3] == 5 && s.ptr[i + 4] == 6,
               "at %zu: %d ... %d", i, s.ptr[i], s.ptr[i + 4]);
}

/* The capacities that a slice of doubles goes through, one element at a time. */
CLAIM(it_doubles_first_and_grows_by_a_quarter_then)
{
    doubles s = {.type = &gort_noscan};
    size_t before = 0;

    for (int i = 0; i < 100000; i++) {
        GORT_APPEND(&s, i);
        if (s.cap == before)
            continue;
        if (before > 0 && before < 256)
            EXPECT(s.cap >= 2 * before && s.cap <= before * 5 / 2 + 2, "%zu after %zu", s.cap,
                   before);
        else if (before > 0)
            EXPECT(s.cap >= before + (before + 768) / 4 && s.cap <= before * 3 / 2 + 2048,
                   "%zu after %zu", s.cap, before);
        before = s.cap;
    }
}

CLAIM(room_is_made_once)
{
    ints s = {0};
    const int *at;

    GORT_RESERVE(&s, 1000);
    at = s.ptr;
    EXPECT(s.len == 0 && s.cap >= 1000, "len %zu, cap %zu", s.len, s.cap);
    for (int i = 0; i < 1000; i++)
        GORT_APPEND(&s, i);
    EXPECT(s.ptr == at, "it has moved");
    GORT_RESERVE(&s, 0);
    EXPECT(s.ptr == at, "it has moved for nothing");
    GORT_CLEAR(&s);
    GORT_APPEND(&s, 7);
    EXPECT(s.ptr == at && s.len == 1 && s.ptr[0] == 7, "room was not used again");
}

CLAIM(copies_share_nothing_and_parts_share_until_they_grow)
{
    ints s = {0};
    ints copy;
    ints part;

    for (int i = 0; i < 10; i++)
        GORT_APPEND(&s, i);
    GORT_COPY(&copy, &s);
    GORT_PART(&part, &s, 2, 5);
    s.ptr[3] = 100;
    EXPECT(copy.len == 10 && copy.ptr[3] == 3, "the copy has %d", copy.ptr[3]);
    EXPECT(part.len == 3 && part.ptr[1] == 100, "the part has %d", part.ptr[1]);
    GORT_APPEND(&part, 200);
    EXPECT(s.ptr[5] == 5, "appending to a part has overwritten the whole: %d", s.ptr[5]);
    EXPECT(part.len == 4 && part.ptr[1] == 100 && part.ptr[3] == 200, "the part is wrong");
    GORT_PART(&part, &s, 10, 10);
    EXPECT(part.len == 0, "len %zu", part.len);
}

CLAIM(elements_are_kept_by_a_slice_of_references)
{
    texts s = {0};

    for (int i = 0; i < 3000; i++) {
        char *text = gort_alloc_noscan(100);

        memset(text, 'a' + i % 26, 100);
        GORT_APPEND(&s, text);
        if (i % 1000 == 999)
            gort_gc();
    }
    for (int i = 0; i < 3000; i++) /* overwrites what was freed by mistake */
        gort_keepalive(memset(gort_alloc_noscan(100), '#', 100));
    for (int i = 0; i < 3000; i++)
        EXPECT(s.ptr[i][0] == 'a' + i % 26 && s.ptr[i][99] == 'a' + i % 26, "text %d: %c", i,
               s.ptr[i][0]);
}

struct entry {
    char *name;
    uintptr_t number;
};
GORT_TYPE(entry_type, struct entry, GORT_PTR(struct entry, name));
typedef GORT_SLICE(struct entry) entries;

/* Bytes of the heap that are left when 64 objects of 256 KiB are referred to by a slice of TYPE, by
 * its elements' references or by their numbers. */
static uint64_t bytes_kept(const gort_type *type, bool by_name)
{
    entries s = {.type = type};
    gort_memstats before;
    gort_memstats after;

    GORT_RESERVE(&s, 64); /* or old addresses of smaller arrays keep what those refer to */
    gort_gc();
    gort_read_memstats(&before);
    for (int i = 0; i < 64; i++) {
        char *large = gort_alloc_noscan(256 << 10);
        struct entry e = {.name = by_name ? large : NULL, .number = by_name ? 0 : (uintptr_t)large};

        GORT_APPEND(&s, e);
    }
    gort_gc();
    gort_read_memstats(&after);
    memset(s.ptr, 0, s.len * sizeof *s.ptr); /* an old address of it keeps nothing any more */
    return after.heap_alloc > before.heap_alloc ? after.heap_alloc - before.heap_alloc : 0;
}

#define LARGE_BYTES ((uint64_t)64 << 18)

/* Bounds leave room for some: words left on the stack may keep a few of the objects before for a
 * while, which count when they are there already and are missed when they go. */
static void expect_kept(const gort_type *type, bool by_name)
{
    uint64_t bytes = bytes_kept(type, by_name);

    EXPECT(bytes >= LARGE_BYTES / 4 * 3, "only %llu bytes were found", (unsigned long long)bytes);
}

static void expect_lost(const gort_type *type, bool by_name)
{
    uint64_t bytes = bytes_kept(type, by_name);

    EXPECT(bytes < LARGE_BYTES / 4, "%llu bytes were found", (unsigned long long)bytes);
}

CLAIM(words_are_searched_without_a_type)
{
    expect_kept(NULL, true);
    expect_kept(NULL, false);
}

CLAIM(the_type_says_what_is_searched)
{
    expect_kept(&entry_type, true);
    expect_lost(&entry_type, false);
    expect_lost(&gort_noscan, true);
}

CLAIM(empty_ones_work)
{
    ints s = {0};
    ints copy;

    GORT_COPY(&copy, &s);
    EXPECT(copy.len == 0 && copy.cap == 0, "len %zu", copy.len);
    GORT_PART(&copy, &s, 0, 0);
    EXPECT(copy.len == 0, "len %zu", copy.len);
    GORT_APPEND_N(&s, copy.ptr, 0);
    EXPECT(s.len == 0, "len %zu", s.len);
}

ENDS(a_part_beyond_the_end, 2, "gort_slice_part: 1 to 3 of 2 elements")
{
    ints s = {0};
    ints part;

    GORT_APPEND(&s, 1);
    GORT_APPEND(&s, 2);
    GORT_PART(&part, &s, 1, 3);
}

ENDS(a_type_of_another_size, 2, "has 16")
{
    doubles s = {.type = &entry_type};

    GORT_APPEND(&s, 1.0);
}

ENDS(more_than_there_can_be, 2, "out of memory")
{
    doubles s = {0};

    GORT_APPEND(&s, 1.0);
    GORT_RESERVE(&s, SIZE_MAX / sizeof(double));
}

ENDS(more_than_can_be_counted, 2, "out of memory")
{
    doubles s = {0};

    GORT_APPEND(&s, 1.0);
    GORT_RESERVE(&s, SIZE_MAX);
}
