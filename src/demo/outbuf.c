/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "demo/outbuf.h"

#include <string.h>

#define NUMBER_BYTES 24 /* a mark, a sign, 19 digits, the end of the line */

void outbuf_init(struct outbuf *out, char *data, outbuf_flush_fn *flush, void *context)
{
    *out = (struct outbuf){.data = data, .flush = flush, .context = context};
}

static void send_now(struct outbuf *out, const char *data, size_t bytes)
{
    if (bytes > 0 && !out->failed && !out->flush(out->context, data, bytes))
        out->failed = true;
}

void outbuf_push(struct outbuf *out)
{
    send_now(out, out->data, out->bytes);
    out->bytes = 0;
}

void outbuf_add(struct outbuf *out, const char *data, size_t bytes)
{
    if (bytes > OUTBUF_BYTES - out->bytes)
        outbuf_push(out);
    if (bytes > OUTBUF_BYTES) {
        send_now(out, data, bytes);
        return;
    }
    memcpy(out->data + out->bytes, data, bytes);
    out->bytes += bytes;
}

/* MARK, NUMBER and the end of the line. */
static void add_marked_number(struct outbuf *out, char mark, int64_t number)
{
    char buf[NUMBER_BYTES];
    char *p = buf + sizeof buf;
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;

    *--p = '\n';
    *--p = '\r';
    do {
        *--p = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (number < 0)
        *--p = '-';
    *--p = mark;
    outbuf_add(out, p, (size_t)(buf + sizeof buf - p));
}

void outbuf_status(struct outbuf *out, const char *text)
{
    outbuf_add(out, "+", 1);
    outbuf_add(out, text, strlen(text));
    outbuf_add(out, "\r\n", 2);
}

void outbuf_error(struct outbuf *out, const char *text)
{
    outbuf_add(out, "-", 1);
    outbuf_add(out, text, strlen(text));
    outbuf_add(out, "\r\n", 2);
}

void outbuf_number(struct outbuf *out, int64_t number)
{
    add_marked_number(out, ':', number);
}

void outbuf_text(struct outbuf *out, const char *data, size_t bytes)
{
    add_marked_number(out, '$', (int64_t)bytes);
    outbuf_add(out, data, bytes);
    outbuf_add(out, "\r\n", 2);
}

void outbuf_null(struct outbuf *out)
{
    outbuf_add(out, "$-1\r\n", 5);
}

void outbuf_array(struct outbuf *out, size_t elements)
{
    add_marked_number(out, '*', (int64_t)elements);
}
