/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "demo/outbuf.h"

/* Where the answers go: memory, with a count of the writes. */
static struct sink {
    char data[4 * OUTBUF_BYTES];
    size_t bytes;
    int writes;
    bool broken;
} sink;

static char room[OUTBUF_BYTES];
static struct outbuf out;

static bool write_to_sink(void *context, const char *data, size_t bytes)
{
    struct sink *to = context;

    to->writes++;
    if (to->broken)
        return false;
    memcpy(to->data + to->bytes, data, bytes);
    to->bytes += bytes;
    return true;
}

static void set_up(void)
{
    memset(&sink, 0, sizeof sink);
    outbuf_init(&out, room, write_to_sink, &sink);
}

TestSuite(outbuf, .init = set_up);

static void check_sink(const char *expected)
{
    cr_assert_eq(sink.bytes, strlen(expected), "%zu bytes went out", sink.bytes);
    cr_assert_eq(memcmp(sink.data, expected, sink.bytes), 0, "'%.*s' went out", (int)sink.bytes,
                 sink.data);
}

Test(outbuf, answers_have_the_forms_of_the_protocol)
{
    outbuf_status(&out, "OK");
    outbuf_error(&out, "ERR no");
    outbuf_number(&out, 0);
    outbuf_number(&out, INT64_MIN);
    outbuf_text(&out, "a\r\nb", 4);
    outbuf_null(&out);
    outbuf_array(&out, 12);
    outbuf_push(&out);

    check_sink("+OK\r\n-ERR no\r\n:0\r\n:-9223372036854775808\r\n$4\r\na\r\nb\r\n$-1\r\n*12\r\n");
}

Test(outbuf, small_answers_go_out_in_one_write)
{
    for (int i = 0; i < 1000; i++)
        outbuf_status(&out, "OK");
    cr_assert_eq(sink.writes, 0, "%d writes before the push", sink.writes);
    outbuf_push(&out);

    cr_assert_eq(sink.writes, 1, "%d writes", sink.writes);
    cr_assert_eq(sink.bytes, 5000, "%zu bytes", sink.bytes);
}

Test(outbuf, push_of_nothing_writes_nothing)
{
    outbuf_push(&out);
    cr_assert_eq(sink.writes, 0, "%d writes", sink.writes);
}

Test(outbuf, large_text_keeps_its_place)
{
    static char text[OUTBUF_BYTES + 1];

    memset(text, 't', sizeof text);
    outbuf_number(&out, 1);
    outbuf_text(&out, text, sizeof text);
    outbuf_number(&out, 2);
    outbuf_push(&out);

    cr_assert_eq(memcmp(sink.data, ":1\r\n$16385\r\nt", 13), 0, "began with '%.13s'", sink.data);
    cr_assert_eq(sink.bytes, 12 + sizeof text + 6, "%zu bytes", sink.bytes);
    cr_assert_eq(memcmp(sink.data + sink.bytes - 6, "\r\n:2\r\n", 6), 0, "ended wrongly");
}

Test(outbuf, failed_write_drops_the_rest)
{
    sink.broken = true;
    outbuf_status(&out, "OK");
    outbuf_push(&out);
    outbuf_status(&out, "OK");
    outbuf_push(&out);

    cr_assert(out.failed, "the failure is not told");
    cr_assert_eq(sink.writes, 1, "%d writes", sink.writes);
}
