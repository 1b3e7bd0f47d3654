/* SPDX-License-Identifier: MIT */
/* resp.h - the requests of the Redis protocol, version 2, taken apart.
 * A command is an array of binary-safe texts ("*2\r\n$3\r\nGET\r\n$1\r\nk\r\n") or one plain line
 * of words. The parser is fed the bytes that have come so far, from the start of a command; it
 * remembers how far it got, so that a command that comes in many pieces is looked at once. Pure: it
 * knows no socket and keeps nothing of the data but offsets. What a peer may announce is limited,
 * and memory is taken for what has come, never for what was announced.
 * Threads: one owner. Source: the Redis serialization protocol specification (redis.io). */
#ifndef DEMO_RESP_H
#define DEMO_RESP_H

#include <stddef.h>
#include <stdint.h>

#define RESP_MAX_ARGS 65536
#define RESP_MAX_TEXT_BYTES (8u << 20)     /* of one argument */
#define RESP_MAX_COMMAND_BYTES (16u << 20) /* of a whole command */
#define RESP_MAX_LINE_BYTES 65536u         /* of a plain line, or of a length */

/* One argument, in the data that the parser was fed. */
struct resp_arg {
    uint32_t offset;
    uint32_t bytes;
};

enum resp_status {
    RESP_COMMAND, /* args[0] to args[nargs - 1] and `pos` are set; nargs 0 is an empty command */
    RESP_MORE,    /* the command goes on behind the data */
    RESP_BAD,     /* `error` says why; nothing more can be read from this peer */
};

struct resp_parser {
    struct resp_arg *args; /* from malloc; grown as arguments come */
    uint32_t nargs;
    uint32_t args_cap;
    uint32_t wanted;     /* arguments announced; 0: the array has not begun */
    int64_t text_bytes;  /* announced length of the argument to come; -1: none yet */
    size_t pos;          /* bytes taken; those of the whole command for RESP_COMMAND */
    size_t line_scanned; /* bytes behind pos that hold no end of line */
    const char *error;   /* for RESP_BAD: a static text */
};

void resp_init(struct resp_parser *p);
void resp_fini(struct resp_parser *p);

/* Goes on with the command that DATA begins with, BYTES of which have come; the beginning must be
 * what it was in the calls before. */
enum resp_status resp_parse(struct resp_parser *p, const char *data, size_t bytes);

/* Forgets the command: the next data begin a new one. */
void resp_next(struct resp_parser *p);

/* Reads all of TEXT as a decimal number without blanks or a plus sign. Returns 0, or -1 if it is
 * none or does not fit. */
int resp_number(const char *text, size_t bytes, int64_t *out);

#endif
