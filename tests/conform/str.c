/* SPDX-License-Identifier: MIT */
/* str.c - views compare, find and cut as Go's strings do; a builder's views stay as they were. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/conform.h"

#define S(text) gort_str_of(text)

static int sign(int n)
{
    return (n > 0) - (n < 0);
}

CLAIM(views_compare_by_bytes)
{
    static const char *rising[] = {"", "a", "aa", "ab", "b", "\x80"};

    for (int i = 0; i < 6; i++) {
        for (int j = 0; j < 6; j++) {
            EXPECT(sign(gort_str_compare(S(rising[i]), S(rising[j]))) == sign(i - j), "%d and %d",
                   i, j);
            EXPECT(gort_str_equal(S(rising[i]), S(rising[j])) == (i == j), "%d and %d", i, j);
        }
    }
    EXPECT(gort_str_equal((gort_str){0}, GORT_STR("")), "empty ones differ");
}

CLAIM(what_is_looked_for_is_found_where_it_is_first)
{
    EXPECT(gort_str_find(S("banana"), S("an")) == 1, "an");
    EXPECT(gort_str_find(S("banana"), S("nab")) == -1, "nab");
    EXPECT(gort_str_find(S("banana"), S("")) == 0, "nothing");
    EXPECT(gort_str_find(S("an"), S("banana")) == -1, "more than there is");
    EXPECT(gort_str_find((gort_str){0}, S("a")) == -1, "in nothing");
    EXPECT(gort_str_find((gort_str){0}, (gort_str){0}) == 0, "nothing in nothing");
    EXPECT(gort_str_find(gort_str_part(S("banana"), 0, 4), S("ana")) == 1, "ana");
    EXPECT(gort_str_find(gort_str_part(S("banana"), 0, 3), S("ana")) == -1, "behind the end");
    EXPECT(gort_str_find_char(S("banana"), 'n') == 2, "n");
    EXPECT(gort_str_find_char(gort_str_part(S("banana"), 0, 2), 'n') == -1, "n behind the end");
    EXPECT(gort_str_find_char((gort_str){0}, 'n') == -1, "n in nothing");
}

CLAIM(beginnings_and_ends)
{
    EXPECT(gort_str_has_prefix(S("banana"), S("ban")), "ban");
    EXPECT(!gort_str_has_prefix(S("ba"), S("ban")), "too short");
    EXPECT(!gort_str_has_prefix(S("banana"), S("an")), "an");
    EXPECT(gort_str_has_suffix(S("banana"), S("nana")), "nana");
    EXPECT(!gort_str_has_suffix(S("a"), S("na")), "too short");
    EXPECT(gort_str_has_suffix(S(""), S("")), "nothing");
}

static void expect_cut(const char *text, const char *before, const char *behind, int found)
{
    gort_str a;
    gort_str b;

    EXPECT(gort_str_cut(S(text), S("="), &a, &b) == found, "%s", text);
    EXPECT(gort_str_equal(a, S(before)) && gort_str_equal(b, S(behind)), "%s: '%.*s' '%.*s'", text,
           (int)a.len, a.ptr, (int)b.len, b.ptr);
}

CLAIM(a_cut_is_at_the_first_separator)
{
    expect_cut("key=value=more", "key", "value=more", 1);
    expect_cut("key", "key", "", 0);
    expect_cut("=", "", "", 1);
    expect_cut("", "", "", 0);
}

/* The parts of TEXT between commas, joined by bars. */
static void expect_parts(const char *text, const char *expected)
{
    GORT_SLICE(gort_str) parts = {0};
    gort_str rest = S(text);
    gort_str part;
    gort_str all;

    while (gort_str_next(&rest, GORT_STR(","), &part))
        GORT_APPEND(&parts, part);
    all = gort_str_join(parts.ptr, parts.len, GORT_STR("|"));
    EXPECT(gort_str_equal(all, S(expected)), "%s: '%s'", text, all.ptr);
    EXPECT(all.ptr[all.len] == '\0', "no NUL behind it");
}

CLAIM(parts_are_those_between_separators)
{
    expect_parts("a,b,c", "a|b|c");
    expect_parts("abc", "abc");
    expect_parts(",a,,", "|a||");
    expect_parts("", "");
    expect_parts(",", "|");
}

CLAIM(nothing_joins_to_nothing)
{
    gort_str nothing = gort_str_join(NULL, 0, GORT_STR(", "));

    EXPECT(nothing.len == 0 && nothing.ptr[0] == '\0', "len %zu", nothing.len);
}

CLAIM(white_space_is_trimmed_at_the_ends)
{
    EXPECT(gort_str_equal(gort_str_trim(S(" \t\r\n\v\fa b \n")), S("a b")), "a b");
    EXPECT(gort_str_trim(S(" \n ")).len == 0, "only white space");
    EXPECT(gort_str_trim((gort_str){0}).len == 0, "nothing");
    EXPECT(gort_str_equal(gort_str_trim(S("\x85\xa0")), S("\x85\xa0")), "bytes above ASCII");
}

static gort_str middle_of_a_copy(char c)
{
    char text[300];

    memset(text, c, sizeof text);
    return gort_str_part((gort_str){gort_str_copy((gort_str){text, sizeof text}), sizeof text}, 100,
                         200);
}

CLAIM(a_view_keeps_what_it_shows)
{
    gort_str views[100];

    for (int i = 0; i < 100; i++)
        views[i] = middle_of_a_copy((char)('a' + i % 26));
    for (int i = 0; i < 3; i++)
        gort_gc();
    for (int i = 0; i < 1000; i++)
        middle_of_a_copy('#');
    for (int i = 0; i < 100; i++)
        EXPECT(views[i].ptr[0] == 'a' + i % 26 && views[i].ptr[99] == 'a' + i % 26, "view %d: %c",
               i, views[i].ptr[0]);
}

/* ---- the builder ---- */

CLAIM(a_builder_puts_pieces_together)
{
    gort_builder b = {0};

    EXPECT(strcmp(gort_builder_string(&b), "") == 0, "it begins with something");
    gort_builder_cstr(&b, "one");
    gort_builder_char(&b, ',');
    gort_builder_str(&b, GORT_STR(" two"));
    gort_builder_append(&b, ", three and more", 7);
    gort_builder_printf(&b, ", %d, %s", 4, "five");
    EXPECT(strcmp(gort_builder_string(&b), "one, two, three, 4, five") == 0, "%s", b.ptr);
    EXPECT(b.len == 24, "len %zu", b.len);
}

CLAIM(it_formats_what_fits_just_and_what_does_not)
{
    for (int n = 0; n < 200; n++) {
        gort_builder b = {0};

        gort_builder_reserve(&b, 1);
        for (int i = 0; i < 3; i++)
            gort_builder_printf(&b, "%0*d", n + 1, 7);
        EXPECT(b.len == 3 * ((size_t)n + 1), "%d: len %zu", n, b.len);
        EXPECT(strlen(gort_builder_string(&b)) == b.len, "%d: '%s'", n, b.ptr);
        EXPECT(b.ptr[n] == '7' && b.ptr[2 * n + 1] == '7', "%d: '%s'", n, b.ptr);
    }
}

CLAIM(views_of_a_builder_stay_as_they_were)
{
    gort_builder b = {0};
    gort_str views[1000];

    for (int i = 0; i < 1000; i++) {
        gort_builder_char(&b, (char)('a' + i % 26));
        gort_builder_string(&b); /* its NUL is overwritten by the next */
        views[i] = gort_builder_view(&b);
    }
    for (size_t i = 0; i < 1000; i++) {
        EXPECT(views[i].len == i + 1, "view %zu: len %zu", i, views[i].len);
        EXPECT(gort_str_equal(views[i], gort_str_part(views[999], 0, i + 1)), "view %zu", i);
    }
}

CLAIM(what_is_taken_is_the_callers)
{
    gort_builder b = {0};
    const char *first;
    const char *empty;

    gort_builder_cstr(&b, "first");
    first = gort_builder_take(&b);
    empty = gort_builder_take(&b);
    gort_builder_cstr(&b, "other");
    EXPECT(strcmp(first, "first") == 0 && empty[0] == '\0', "'%s', '%s'", first, empty);
    EXPECT(strcmp(gort_builder_string(&b), "other") == 0, "'%s'", b.ptr);
}

CLAIM(a_cleared_builder_uses_its_room_again)
{
    gort_builder b = {0};
    const char *at;

    gort_builder_reserve(&b, 100);
    at = b.ptr;
    for (int i = 0; i < 10; i++) {
        gort_builder_clear(&b);
        gort_builder_printf(&b, "%099d", i);
        EXPECT(b.ptr == at && b.len == 99, "it has moved, or has %zu characters", b.len);
    }
}

CLAIM(a_builder_appends_itself)
{
    gort_builder b = {0};

    gort_builder_cstr(&b, "ab");
    for (int i = 0; i < 10; i++)
        gort_builder_str(&b, gort_builder_view(&b));
    EXPECT(b.len == 2048, "len %zu", b.len);
    for (size_t i = 0; i < b.len; i++)
        EXPECT(b.ptr[i] == (i % 2 == 0 ? 'a' : 'b'), "at %zu: %c", i, b.ptr[i]);
}

ENDS(a_view_beyond_the_end, 2, "gort_str_part: 1 to 4 of 3 characters")
{
    gort_str_part(GORT_STR("abc"), 1, 4);
}

ENDS(an_empty_separator, 2, "gort_str_next: the separator is empty")
{
    gort_str rest = GORT_STR("abc");
    gort_str part;

    gort_str_next(&rest, GORT_STR(""), &part);
}

ENDS(a_builder_beyond_all_memory, 2, "out of memory")
{
    gort_builder b = {0};

    gort_builder_char(&b, 'a');
    gort_builder_reserve(&b, SIZE_MAX);
}
