/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "demo/resp.h"

static struct resp_parser parser;

static void set_up(void)
{
    resp_init(&parser);
}

static void tear_down(void)
{
    resp_fini(&parser);
}

TestSuite(resp, .init = set_up, .fini = tear_down);

static void check_arg(const char *data, uint32_t i, const char *expected)
{
    const struct resp_arg *arg = &parser.args[i];

    cr_assert_eq(arg->bytes, strlen(expected), "argument %u has %u bytes", i, arg->bytes);
    cr_assert_eq(memcmp(data + arg->offset, expected, arg->bytes), 0, "argument %u is '%.*s'", i,
                 (int)arg->bytes, data + arg->offset);
}

static enum resp_status parse(const char *data)
{
    return resp_parse(&parser, data, strlen(data));
}

Test(resp, array_gives_its_texts)
{
    const char data[] = "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$0\r\n\r\n";

    cr_assert_eq(parse(data), RESP_COMMAND, "error %s", parser.error);
    cr_assert_eq(parser.nargs, 3, "%u arguments", parser.nargs);
    check_arg(data, 0, "SET");
    check_arg(data, 1, "k");
    check_arg(data, 2, "");
    cr_assert_eq(parser.pos, sizeof data - 1, "%zu bytes taken", parser.pos);
}

Test(resp, text_may_hold_ends_of_lines)
{
    const char data[] = "*1\r\n$6\r\na\r\nb\n*\r\n";

    cr_assert_eq(parse(data), RESP_COMMAND, "error %s", parser.error);
    check_arg(data, 0, "a\r\nb\n*");
}

Test(resp, command_is_taken_without_what_follows)
{
    const char data[] = "*1\r\n$4\r\nPING\r\n*1\r\n";

    cr_assert_eq(parse(data), RESP_COMMAND, "error %s", parser.error);
    cr_assert_eq(parser.pos, 14, "%zu bytes taken", parser.pos);
    resp_next(&parser);
    cr_assert_eq(parse(data + 14), RESP_MORE, "the second has only begun");
}

Test(resp, bytes_one_at_a_time_give_the_same)
{
    const char data[] = "*2\r\n$3\r\nGET\r\n$12\r\nhello, world\r\n";
    size_t bytes = sizeof data - 1;

    for (size_t n = 0; n < bytes; n++) {
        enum resp_status status = resp_parse(&parser, data, n);

        cr_assert_eq(status, RESP_MORE, "status %d after %zu bytes", (int)status, n);
    }
    cr_assert_eq(resp_parse(&parser, data, bytes), RESP_COMMAND, "error %s", parser.error);
    cr_assert_eq(parser.nargs, 2, "%u arguments", parser.nargs);
    check_arg(data, 0, "GET");
    check_arg(data, 1, "hello, world");
}

Test(resp, plain_line_gives_its_words)
{
    const char data[] = "  set \t key value\r\n";

    cr_assert_eq(parse(data), RESP_COMMAND, "error %s", parser.error);
    cr_assert_eq(parser.nargs, 3, "%u arguments", parser.nargs);
    check_arg(data, 0, "set");
    check_arg(data, 1, "key");
    check_arg(data, 2, "value");
    cr_assert_eq(parser.pos, sizeof data - 1, "%zu bytes taken", parser.pos);
}

Test(resp, empty_line_is_an_empty_command)
{
    cr_assert_eq(parse("\r\n"), RESP_COMMAND, "error %s", parser.error);
    cr_assert_eq(parser.nargs, 0, "%u arguments", parser.nargs);
    cr_assert_eq(parser.pos, 2, "%zu bytes taken", parser.pos);
}

Test(resp, empty_and_null_arrays_are_empty_commands)
{
    cr_assert_eq(parse("*0\r\n"), RESP_COMMAND, "error %s", parser.error);
    cr_assert_eq(parser.nargs, 0, "%u arguments", parser.nargs);
    resp_next(&parser);
    cr_assert_eq(parse("*-1\r\n"), RESP_COMMAND, "error %s", parser.error);
    cr_assert_eq(parser.nargs, 0, "%u arguments", parser.nargs);
}

Test(resp, what_is_malformed_is_refused)
{
    static const char *const cases[] = {
        "*x\r\n",
        "*\r\n",
        "*1 \r\n",
        "*+1\r\n",
        "*99999999999999999999\r\n",
        "*65537\r\n",
        "*1\r\nGET\r\n",
        "*1\r\n:1\r\n",
        "*1\r\n$-1\r\n",
        "*1\r\n$8388609\r\n",
        "*1\r\n$3\r\nGETxx",
        "*1\r\n$3\r\nGET\n\n",
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum resp_status status = parse(cases[i]);

        cr_assert_eq(status, RESP_BAD, "case %zu gives %d", i, (int)status);
        cr_assert_not_null(parser.error, "case %zu has no reason", i);
        resp_next(&parser);
    }
}

Test(resp, line_without_end_is_refused_at_the_limit)
{
    static char data[RESP_MAX_LINE_BYTES + 2];

    memset(data, 'a', sizeof data);
    cr_assert_eq(resp_parse(&parser, data, RESP_MAX_LINE_BYTES), RESP_MORE, "too early");
    cr_assert_eq(resp_parse(&parser, data, sizeof data), RESP_BAD, "never");
}

/* Writes TEXT at AT in DATA; returns where it ends. */
static size_t put(char *data, size_t at, const char *text)
{
    memcpy(data + at, text, strlen(text));
    return at + strlen(text);
}

Test(resp, command_above_the_limit_is_refused)
{
    static char data[RESP_MAX_COMMAND_BYTES + 64];
    size_t bytes = put(data, 0, "*3\r\n$8388608\r\n");

    bytes = put(data, bytes + 8388608, "\r\n$8388508\r\n");
    cr_assert_eq(resp_parse(&parser, data, bytes), RESP_MORE, "error %s", parser.error);
    bytes = put(data, bytes + 8388508, "\r\n$100\r\n");
    cr_assert_eq(resp_parse(&parser, data, bytes), RESP_BAD, "16 MiB and more were taken");
}

Test(resp, announced_arguments_take_no_memory)
{
    cr_assert_eq(parse("*65536\r\n"), RESP_MORE, "error %s", parser.error);
    cr_assert_eq(parser.args_cap, 0, "room for %u arguments", parser.args_cap);
}

Test(resp, numbers_are_read_to_their_limits)
{
    static const struct {
        const char *text;
        int64_t number;
    } cases[] = {
        {"0", 0},
        {"-1", -1},
        {"007", 7},
        {"9223372036854775807", INT64_MAX},
        {"-9223372036854775808", INT64_MIN},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t number = 1;

        cr_assert_eq(resp_number(cases[i].text, strlen(cases[i].text), &number), 0, "%s refused",
                     cases[i].text);
        cr_assert_eq(number, cases[i].number, "%s gives %ld", cases[i].text, (long)number);
    }
}

Test(resp, what_is_no_number_is_refused)
{
    static const char *const cases[] = {
        "", "-", "+1", " 1", "1 ", "1x", "9223372036854775808", "-9223372036854775809", "0x1",
    };
    int64_t number;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_assert_eq(resp_number(cases[i], strlen(cases[i]), &number), -1, "'%s' taken", cases[i]);
}
