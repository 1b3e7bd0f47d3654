/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <locale.h>
#include <wchar.h>

#include "mon/rune.h"

static uint32_t first_of(const char *text)
{
    return rune_next(&text);
}

Test(rune, ascii_is_itself)
{
    for (char c = ' '; c < 0x7f; c++) {
        char text[] = {c, '\0'};
        cr_assert_eq(first_of(text), (uint32_t)c, "'%c' read as U+%04x", c, first_of(text));
    }
}

Test(rune, control_characters_read_as_a_question_mark)
{
    for (char c = 1; c < ' '; c++) {
        char text[] = {c, '\0'};
        cr_assert_eq(first_of(text), '?', "0x%02x read as U+%04x", c, first_of(text));
    }
    cr_assert_eq(first_of("\x7f"), '?', "DEL read as U+%04x", first_of("\x7f"));
    cr_assert_eq(first_of("\xc2\x9b"), '?', "CSI read as U+%04x", first_of("\xc2\x9b"));
}

Test(rune, what_turns_the_line_around_is_not_printed)
{
    cr_assert_eq(first_of("\u202e"), '?', "RLO read as U+%04x", first_of("\u202e"));
    cr_assert_eq(first_of("\u200b"), '?', "ZWSP read as U+%04x", first_of("\u200b"));
    cr_assert_eq(first_of("\ufeff"), '?', "BOM read as U+%04x", first_of("\ufeff"));
}

Test(rune, well_formed_sequences_are_decoded_and_encoded_back)
{
    static const uint32_t runes[] = {0x80 + 0x20, 0x7ff, 0x800, 0x4e2d, 0xfffd, 0x1f600, 0x2ffff};

    for (size_t i = 0; i < sizeof runes / sizeof runes[0]; i++) {
        char text[RUNE_UTF8_MAX + 1] = {0};
        size_t bytes = rune_encode(runes[i], text);
        const char *at = text;
        uint32_t back = rune_next(&at);
        cr_assert_eq(back, runes[i], "U+%04x came back as U+%04x", runes[i], back);
        cr_assert_eq((size_t)(at - text), bytes, "U+%04x: %zu bytes written, %zu read", runes[i],
                     bytes, (size_t)(at - text));
    }
}

Test(rune, malformed_sequences_read_as_one_replacement_and_end_in_time)
{
    static const char *const bad[] = {"\x80",         "\xff",        "\xc0\x80",
                                      "\xe0\x80\x80", "\xed\xa0",    "\xf5\x80\x80\x80",
                                      "\xe4\xb8",     "\xf0\x9f\x98"};

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const char *at = bad[i];
        uint32_t rune = rune_next(&at);
        cr_assert_eq(rune, RUNE_BAD, "case %zu read as U+%04x", i, rune);
        cr_assert_leq(at, bad[i] + strlen(bad[i]), "case %zu was read past its end", i);
    }
}

Test(rune, a_surrogate_is_not_a_character)
{
    cr_assert_eq(first_of("\xed\xa0\x80"), '?', "read as U+%04x", first_of("\xed\xa0\x80"));
}

Test(rune, widths_are_those_of_the_c_library_wherever_it_says_more_than_one)
{
    if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
        cr_skip_test("no locale C.UTF-8");
    int wrong = 0;
    uint32_t one = 0;
    for (uint32_t rune = 0xa0; rune < 0x3000; rune++) {
        int theirs = wcwidth((wchar_t)rune);
        if (theirs == 2 && rune_width(rune) != 2) {
            wrong++;
            one = rune;
        }
    }
    for (uint32_t rune = 0x3041; rune < 0xa000; rune++) {
        int theirs = wcwidth((wchar_t)rune);
        if (theirs > 0 && rune_width(rune) != theirs) {
            wrong++;
            one = rune;
        }
    }
    cr_assert_eq(wrong, 0, "%d characters have another width, U+%04x for one", wrong, one);
}

Test(rune, what_the_screen_draws_with_is_one_column_wide)
{
    for (uint32_t rune = 0x2500; rune < 0x25fd; rune++)
        cr_assert_eq(rune_width(rune), 1, "U+%04x has width %d", rune, rune_width(rune));
    for (uint32_t rune = 0x2800; rune < 0x2900; rune++)
        cr_assert_eq(rune_width(rune), 1, "U+%04x has width %d", rune, rune_width(rune));
}

Test(rune, every_replacement_is_printable_ascii)
{
    for (uint32_t rune = ' '; rune < 0x3000; rune++) {
        char ascii = rune_ascii(rune);
        cr_assert(rune == 0x7f || (ascii >= ' ' && ascii <= '~'), "U+%04x becomes 0x%02x", rune,
                  (unsigned)ascii);
    }
}

Test(rune, text_width_counts_columns_not_bytes)
{
    cr_assert_eq(rune_text_width("ab"), 2, "%d", rune_text_width("ab"));
    cr_assert_eq(rune_text_width("中文"), 4, "%d", rune_text_width("中文"));
    cr_assert_eq(rune_text_width("e\u0301"), 1, "%d", rune_text_width("e\u0301"));
}
