/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "demo/resp.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

void resp_init(struct resp_parser *p)
{
    *p = (struct resp_parser){.text_bytes = -1};
}

void resp_fini(struct resp_parser *p)
{
    free(p->args);
    resp_init(p);
}

void resp_next(struct resp_parser *p)
{
    p->nargs = 0;
    p->wanted = 0;
    p->text_bytes = -1;
    p->pos = 0;
    p->line_scanned = 0;
}

int resp_number(const char *text, size_t bytes, int64_t *out)
{
    bool negative = bytes > 0 && text[0] == '-';
    uint64_t limit = negative ? (uint64_t)INT64_MAX + 1 : (uint64_t)INT64_MAX;
    uint64_t value = 0;

    if (bytes == (negative ? 1u : 0u))
        return -1;
    for (size_t i = negative ? 1 : 0; i < bytes; i++) {
        unsigned digit = (unsigned)((unsigned char)text[i] - '0');

        if (digit > 9 || value > (limit - digit) / 10)
            return -1;
        value = value * 10 + digit;
    }
    *out = negative ? (int64_t)(0 - value) : (int64_t)value;
    return 0;
}

static enum resp_status bad(struct resp_parser *p, const char *error)
{
    p->error = error;
    return RESP_BAD;
}

/* Finds the line at pos. RESP_COMMAND: *LINE_BYTES are before its end, and pos is behind it. */
static enum resp_status take_line(struct resp_parser *p, const char *data, size_t bytes,
                                  size_t *line_bytes)
{
    const char *line = data + p->pos;
    const char *end = memchr(line + p->line_scanned, '\n', bytes - p->pos - p->line_scanned);
    size_t n;

    if (end == NULL) {
        p->line_scanned = bytes - p->pos;
        return p->line_scanned > RESP_MAX_LINE_BYTES ? bad(p, "too big inline request") : RESP_MORE;
    }
    n = (size_t)(end - line);
    if (n > RESP_MAX_LINE_BYTES)
        return bad(p, "too big inline request");
    p->pos += n + 1;
    p->line_scanned = 0;
    *line_bytes = n > 0 && line[n - 1] == '\r' ? n - 1 : n;
    return RESP_COMMAND;
}

static bool add_arg(struct resp_parser *p, size_t offset, size_t bytes)
{
    if (p->nargs == p->args_cap) {
        uint32_t cap = p->args_cap > 0 ? p->args_cap * 2 : 8;
        struct resp_arg *args = realloc(p->args, cap * sizeof *args);

        if (args == NULL)
            return false;
        p->args = args;
        p->args_cap = cap;
    }
    p->args[p->nargs++] = (struct resp_arg){.offset = (uint32_t)offset, .bytes = (uint32_t)bytes};
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* A command that is one line of words. */
static enum resp_status parse_plain(struct resp_parser *p, const char *data, size_t bytes)
{
    size_t line_bytes = 0;
    enum resp_status status = take_line(p, data, bytes, &line_bytes);

    if (status != RESP_COMMAND)
        return status;
    for (size_t i = 0; i < line_bytes;) {
        size_t start;

        if (is_blank(data[i])) {
            i++;
            continue;
        }
        start = i;
        while (i < line_bytes && !is_blank(data[i]))
            i++;
        if (!add_arg(p, start, i - start))
            return bad(p, "out of memory");
    }
    return RESP_COMMAND;
}

/* A line that is MARK and a number. */
static enum resp_status take_number(struct resp_parser *p, const char *data, size_t bytes,
                                    char mark, int64_t *out)
{
    const char *line = data + p->pos;
    size_t line_bytes = 0;
    enum resp_status status = take_line(p, data, bytes, &line_bytes);

    if (status != RESP_COMMAND)
        return status;
    if (line_bytes == 0 || line[0] != mark)
        return bad(p, mark == '$' ? "expected '$'" : "expected '*'");
    if (resp_number(line + 1, line_bytes - 1, out) != 0)
        return bad(p, mark == '$' ? "invalid bulk length" : "invalid multibulk length");
    return RESP_COMMAND;
}

/* The next argument of an array. RESP_COMMAND: it is there whole. */
static enum resp_status parse_text(struct resp_parser *p, const char *data, size_t bytes)
{
    if (p->text_bytes < 0) {
        int64_t n = 0;
        enum resp_status status = take_number(p, data, bytes, '$', &n);

        if (status != RESP_COMMAND)
            return status;
        if (n < 0 || n > RESP_MAX_TEXT_BYTES)
            return bad(p, "invalid bulk length");
        if (p->pos + (size_t)n + 2 > RESP_MAX_COMMAND_BYTES)
            return bad(p, "too big request");
        p->text_bytes = n;
    }
    if (bytes - p->pos < (size_t)p->text_bytes + 2)
        return RESP_MORE;
    if (memcmp(data + p->pos + p->text_bytes, "\r\n", 2) != 0)
        return bad(p, "expected the end of a bulk");
    if (!add_arg(p, p->pos, (size_t)p->text_bytes))
        return bad(p, "out of memory");
    p->pos += (size_t)p->text_bytes + 2;
    p->text_bytes = -1;
    return RESP_COMMAND;
}

enum resp_status resp_parse(struct resp_parser *p, const char *data, size_t bytes)
{
    if (bytes == 0)
        return RESP_MORE;
    if (data[0] != '*')
        return parse_plain(p, data, bytes);
    if (p->wanted == 0) {
        int64_t n = 0;
        enum resp_status status = take_number(p, data, bytes, '*', &n);

        if (status != RESP_COMMAND)
            return status;
        if (n > RESP_MAX_ARGS)
            return bad(p, "invalid multibulk length");
        if (n <= 0)
            return RESP_COMMAND;
        p->wanted = (uint32_t)n;
    }
    while (p->nargs < p->wanted) {
        enum resp_status status = parse_text(p, data, bytes);

        if (status != RESP_COMMAND)
            return status;
    }
    return RESP_COMMAND;
}
