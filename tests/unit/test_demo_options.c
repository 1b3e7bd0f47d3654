/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>

#include "demo/options.h"

struct target {
    int64_t count;
    int64_t bytes;
    int64_t milli;
    const char *text;
};

static const struct option_row rows[] = {
    {"count", "N", "a number", OPTION_COUNT, 1, offsetof(struct target, count), 1, 1000},
    {"bytes", "BYTES", "a size", OPTION_BYTES, 1, offsetof(struct target, bytes), 0,
     INT64_C(8) << 30},
    {"milli", "P", "with decimals", OPTION_MILLI, 1, offsetof(struct target, milli), -2500, 100000},
    {"text", "TEXT", "words", OPTION_TEXT, 1, offsetof(struct target, text), 0, 0},
    {"other", "N", "not for this user", OPTION_COUNT, 2, offsetof(struct target, count), 0, 9},
};
static const struct option_table table = {rows, sizeof rows / sizeof rows[0], 1};

static struct target target;
static char error[OPTIONS_ERROR_BYTES];

/* Parses up to three words. */
static enum options_result parse(const char *a, const char *b, const char *c)
{
    static char copies[3][64];
    const char *words[] = {a, b, c};
    char *argv[4] = {NULL};
    int argc = 0;

    while (argc < 3 && words[argc] != NULL) {
        snprintf(copies[argc], sizeof copies[argc], "%s", words[argc]);
        argv[argc] = copies[argc];
        argc++;
    }
    return options_parse(&table, argc, argv, &target, error);
}

Test(demo_options, both_spellings_store_the_value)
{
    cr_assert_eq(parse("--count", "7", "--bytes=12"), OPTIONS_OK, "%s", error);
    cr_assert_eq(target.count, 7, "count %ld", (long)target.count);
    cr_assert_eq(target.bytes, 12, "bytes %ld", (long)target.bytes);
}

Test(demo_options, bytes_take_suffixes)
{
    cr_assert_eq(parse("--bytes", "3K", NULL), OPTIONS_OK, "%s", error);
    cr_assert_eq(target.bytes, 3072, "bytes %ld", (long)target.bytes);
    cr_assert_eq(parse("--bytes", "8G", NULL), OPTIONS_OK, "%s", error);
    cr_assert_eq(target.bytes, INT64_C(8) << 30, "bytes %ld", (long)target.bytes);
}

Test(demo_options, decimals_are_kept_in_thousandths)
{
    static const struct {
        const char *word;
        int64_t milli;
    } cases[] = {
        {"10", 10000},    {"0.5", 500}, {".25", 250},    {"0.001", 1},
        {"1.0006", 1001}, {"0", 0},     {"-2.5", -2500}, {"100", 100000},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cr_assert_eq(parse("--milli", cases[i].word, NULL), OPTIONS_OK, "%s", error);
        cr_assert_eq(target.milli, cases[i].milli, "%s is %ld", cases[i].word, (long)target.milli);
    }
}

Test(demo_options, what_is_wrong_is_named)
{
    static const struct {
        const char *words[2];
        const char *named;
    } cases[] = {
        {{"--count", "0"}, "--count takes a number from 1 to 1000, not '0'"},
        {{"--count", "1001"}, "'1001'"},
        {{"--count", "1K"}, "'1K'"},
        {{"--count", ""}, "''"},
        {{"--bytes", "1T"}, "--bytes takes a number from 0 to 8G, not '1T'"},
        {{"--bytes", "9G"}, "'9G'"},
        {{"--bytes", "9223372036854775807G"}, "not '9"},
        {{"--bytes", "-1"}, "'-1'"},
        {{"--milli", "100.1"}, "--milli takes a number from -2.5 to 100, not '100.1'"},
        {{"--milli", "-2.501"}, "'-2.501'"},
        {{"--milli", "1%"}, "'1%'"},
        {{"--milli", "nan"}, "'nan'"},
        {{"--milli", "inf"}, "'inf'"},
        {{"--milli", ""}, "''"},
        {{"--count", NULL}, "--count needs a value"},
        {{"--nothing", "1"}, "'--nothing'"},
        {{"--other", "1"}, "'--other'"},
        {{"--coun", "1"}, "'--coun'"},
        {{"count", NULL}, "'count' is not an option"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum options_result result = parse(cases[i].words[0], cases[i].words[1], NULL);

        cr_assert_eq(result, OPTIONS_BAD, "case %zu gives %d", i, (int)result);
        cr_assert_not_null(strstr(error, cases[i].named), "case %zu says: %s", i, error);
    }
}

Test(demo_options, help_wins_over_what_follows)
{
    cr_assert_eq(parse("--help", "--nothing", NULL), OPTIONS_HELP, "no help");
}

Test(demo_options, the_help_shows_the_defaults_as_they_are_given)
{
    const struct target defaults = {.count = 7, .bytes = 2048, .milli = 1250, .text = "words"};
    char text[1024] = "";
    FILE *file = fmemopen(text, sizeof text, "w");

    cr_assert_not_null(file, "no file in memory");
    options_print(&table, &defaults, file);
    fclose(file);
    cr_assert_not_null(strstr(text, "a number (7)\n"), "%s", text);
    cr_assert_not_null(strstr(text, "a size (2K)\n"), "%s", text);
    cr_assert_not_null(strstr(text, "with decimals (1.25)\n"), "%s", text);
    cr_assert_not_null(strstr(text, "words (words)\n"), "%s", text);
    cr_assert_null(strstr(text, "--other"), "%s", text);
}

Test(demo_options, sizes_read_as_they_are_given)
{
    char buf[24];

    cr_assert_str_eq(options_bytes_text(0, buf), "0", "%s", buf);
    cr_assert_str_eq(options_bytes_text(1000, buf), "1000", "%s", buf);
    cr_assert_str_eq(options_bytes_text(64 << 20, buf), "64M", "%s", buf);
    cr_assert_str_eq(options_bytes_text(INT64_C(5) << 40, buf), "5120G", "%s", buf);
}
