/* SPDX-License-Identifier: MIT */
/* outbuf.h - answers on their way out.
 * Small answers gather in one buffer, so that a batch of requests costs one write; what does not
 * fit pushes the buffer out, and what is larger than it goes out by itself, uncopied. So a
 * connection holds a fixed amount of memory however much it is asked for.
 * Once a write failed, everything is dropped: the owner sees `failed` and ends the connection.
 * Threads: one owner. Writing may block the task, as the flush function does. */
#ifndef DEMO_OUTBUF_H
#define DEMO_OUTBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OUTBUF_BYTES 16384

/* Sends all of BYTES; returns false if it could not. */
typedef bool outbuf_flush_fn(void *context, const char *data, size_t bytes);

struct outbuf {
    char *data; /* OUTBUF_BYTES; borrowed */
    size_t bytes;
    outbuf_flush_fn *flush;
    void *context;
    bool failed;
};

/* DATA is room for OUTBUF_BYTES, borrowed for the life of the buffer. */
void outbuf_init(struct outbuf *out, char *data, outbuf_flush_fn *flush, void *context);

/* Sends what has gathered. */
void outbuf_push(struct outbuf *out);

void outbuf_add(struct outbuf *out, const char *data, size_t bytes);

/* The answers of the protocol: "+OK", "-ERR ...", ":1", "$3 abc", "$-1", "*2". TEXT must hold no
 * end of line. */
void outbuf_status(struct outbuf *out, const char *text);
void outbuf_error(struct outbuf *out, const char *text);
void outbuf_number(struct outbuf *out, int64_t number);
void outbuf_text(struct outbuf *out, const char *data, size_t bytes);
void outbuf_null(struct outbuf *out);
void outbuf_array(struct outbuf *out, size_t elements);

#endif
