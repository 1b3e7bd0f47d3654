/* SPDX-License-Identifier: MIT */
/* fuzz_resp.c - the request parser of gort-kv on arbitrary bytes. They are fed twice: whole, and in
 * pieces of a size that they choose; both must find the same commands. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "demo/resp.h"
#include "tests/fuzz/fuzz.h"

/* What the parser found in the data. */
struct found {
    uint64_t commands;
    uint64_t args;
    uint64_t sum; /* of offsets and lengths, with the place of each command */
    enum resp_status last;
};

static void note_command(struct found *found, const struct resp_parser *p, const uint8_t *data,
                         size_t start, size_t bytes)
{
    found->commands++;
    for (uint32_t i = 0; i < p->nargs; i++) {
        size_t offset = start + p->args[i].offset;

        if (offset + p->args[i].bytes > bytes)
            abort();
        found->args++;
        found->sum += offset * 31 + p->args[i].bytes;
        if (p->args[i].bytes > 0)
            found->sum += data[offset];
    }
}

/* Parses DATA as it would come in pieces of STEP bytes. */
static struct found parse_in_steps(const uint8_t *data, size_t bytes, size_t step)
{
    struct found found = {.last = RESP_MORE};
    struct resp_parser p;
    size_t start = 0;
    size_t end = 0;

    resp_init(&p);
    while (end < bytes && found.last != RESP_BAD) {
        end = bytes - end > step ? end + step : bytes;
        do {
            found.last = resp_parse(&p, (const char *)data + start, end - start);
            if (found.last != RESP_COMMAND)
                break;
            if (p.pos == 0 || p.pos > end - start)
                abort();
            note_command(&found, &p, data, start, bytes);
            start += p.pos;
            resp_next(&p);
        } while (start < end);
    }
    resp_fini(&p);
    return found;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    size_t step = bytes > 0 ? data[0] % 7 + 1u : 1;
    struct found whole = parse_in_steps(data, bytes, bytes > 0 ? bytes : 1);
    struct found pieces = parse_in_steps(data, bytes, step);

    if (whole.commands != pieces.commands || whole.args != pieces.args || whole.sum != pieces.sum)
        abort();
    return 0;
}
