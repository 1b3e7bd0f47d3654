/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <string.h>

#include "mon/text.h"

static char clean[64];

static const char *cleaned(const char *text)
{
    text_clean(clean, sizeof clean, text, strlen(text));
    return clean;
}

Test(text, plain_words_stay)
{
    cr_assert_str_eq(cleaned("orders-svc \xc3\xa9\xe2\x82\xac"), "orders-svc \xc3\xa9\xe2\x82\xac",
                     "\"%s\"", clean);
}

Test(text, nothing_that_drives_a_terminal_is_left)
{
    cr_assert_str_eq(cleaned("a\x1b[2Jb\r\n\t\x07\x7f"), "a?[2Jb?????", "\"%s\"", clean);
    cr_assert_null(strchr(cleaned("\xc2\x9b" "2J"), '\x9b'), "a control byte of C1: \"%s\"", clean);
}

Test(text, bytes_that_are_no_text_become_the_replacement)
{
    cr_assert_str_eq(cleaned("\xff"), "\xef\xbf\xbd", "\"%s\"", clean);
}

Test(text, a_text_without_an_end_is_cut)
{
    text_clean(clean, sizeof clean, "abcdef", 3);
    cr_assert_str_eq(clean, "abc", "\"%s\"", clean);
}

Test(text, a_character_cut_at_the_end_of_its_field_is_no_text)
{
    text_clean(clean, sizeof clean, "a\xe2\x82\xac", 3);
    cr_assert_str_eq(clean, "a\xef\xbf\xbd", "\"%s\"", clean);
}

Test(text, a_narrow_place_holds_whole_characters)
{
    text_clean(clean, 4, "ab\xe2\x82\xac", 5);
    cr_assert_str_eq(clean, "ab", "\"%s\"", clean);
    text_clean(clean, 1, "ab", 2);
    cr_assert_str_eq(clean, "", "\"%s\"", clean);
}
