/* SPDX-License-Identifier: MIT */
/* leb.h - reading DWARF's byte streams, never past their end.
 * A read past the end gives 0, moves to the end and is remembered in `bad`: callers look once.
 * Threads: pure; async-signal-safe. */
#ifndef RUNTIME_LEB_H
#define RUNTIME_LEB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct cursor {
    const uint8_t *at;
    const uint8_t *end;
    bool bad;
};

static inline size_t cursor_left(const struct cursor *c)
{
    return (size_t)(c->end - c->at);
}

/* Copies BYTES to OUT, or zeroes. */
static inline void cursor_take(struct cursor *c, void *out, size_t bytes)
{
    if (cursor_left(c) < bytes) {
        c->bad = true;
        c->at = c->end;
        memset(out, 0, bytes);
        return;
    }
    memcpy(out, c->at, bytes);
    c->at += bytes;
}

static inline void cursor_skip(struct cursor *c, uint64_t bytes)
{
    c->bad |= cursor_left(c) < bytes;
    c->at = cursor_left(c) < bytes ? c->end : c->at + bytes;
}

static inline uint8_t cursor_u8(struct cursor *c)
{
    uint8_t v;

    cursor_take(c, &v, sizeof v);
    return v;
}

static inline uint16_t cursor_u16(struct cursor *c)
{
    uint16_t v;

    cursor_take(c, &v, sizeof v);
    return v;
}

static inline uint32_t cursor_u32(struct cursor *c)
{
    uint32_t v;

    cursor_take(c, &v, sizeof v);
    return v;
}

static inline uint64_t cursor_u64(struct cursor *c)
{
    uint64_t v;

    cursor_take(c, &v, sizeof v);
    return v;
}

/* Seven bits a byte, lowest first; bits past 64 are dropped. */
static inline uint64_t cursor_uleb(struct cursor *c)
{
    uint64_t v = 0;
    uint8_t byte;
    unsigned shift = 0;

    do {
        byte = cursor_u8(c);
        if (shift < 64)
            v |= (uint64_t)(byte & 0x7f) << shift;
        shift += 7;
    } while (byte & 0x80);
    return v;
}

/* The same in two's complement: bit 6 of the last byte is the sign. */
static inline int64_t cursor_sleb(struct cursor *c)
{
    uint64_t v = 0;
    uint8_t byte;
    unsigned shift = 0;

    do {
        byte = cursor_u8(c);
        if (shift < 64)
            v |= (uint64_t)(byte & 0x7f) << shift;
        shift += 7;
    } while (byte & 0x80);
    if (shift < 64 && (byte & 0x40))
        v |= ~UINT64_C(0) << shift;
    return (int64_t)v;
}

#endif
