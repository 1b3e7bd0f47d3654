/* SPDX-License-Identifier: MIT */
/* text.c - benchmarks for those who tune: text built, joined and strung together; slices that grow,
 * have room, are used again; a loop beside memcpy; views of text beside copies. */
#include "config.h"

#include <string.h>

#include "tests/bench/bench.h"

/* ---- A hundred pieces become one text ---- */

#define NPIECES 100

static const gort_str piece = {"0123456789", 10};

GORT_BENCH(TextBuilder)
{
    for (int64_t n = 0; n < b->n; n++) {
        gort_builder text = {0};

        for (int i = 0; i < NPIECES; i++)
            gort_builder_str(&text, piece);
        gort_keepalive(gort_builder_view(&text).ptr);
    }
}

GORT_BENCH(TextConcat)
{
    for (int64_t n = 0; n < b->n; n++) {
        gort_str text = {0};

        for (int i = 0; i < NPIECES; i++) {
            gort_str both[] = {text, piece};

            text = gort_str_join(both, 2, (gort_str){0});
        }
        gort_keepalive(text.ptr);
    }
}

GORT_BENCH(TextJoin)
{
    gort_str pieces[NPIECES];

    for (int i = 0; i < NPIECES; i++)
        pieces[i] = piece;
    for (int64_t n = 0; n < b->n; n++)
        gort_keepalive(gort_str_join(pieces, NPIECES, (gort_str){0}).ptr);
}

/* ---- A thousand numbers are appended ---- */

#define NNUMBERS 1000

typedef GORT_SLICE(int64_t) numbers;

static numbers fill(numbers s)
{
    for (int64_t i = 0; i < NNUMBERS; i++)
        GORT_APPEND(&s, i);
    gort_keepalive(s.ptr);
    return s;
}

GORT_BENCH(SliceGrown)
{
    for (int64_t n = 0; n < b->n; n++) {
        numbers s = {.type = &gort_noscan};

        fill(s);
    }
}

GORT_BENCH(SliceReserved)
{
    for (int64_t n = 0; n < b->n; n++) {
        numbers s = {.type = &gort_noscan};

        GORT_RESERVE(&s, NNUMBERS);
        fill(s);
    }
}

GORT_BENCH(SliceReused)
{
    numbers s = {.type = &gort_noscan};

    for (int64_t n = 0; n < b->n; n++) {
        GORT_CLEAR(&s);
        s = fill(s);
    }
}

/* ---- 4 KiB are copied ---- */

#define COPY_BYTES 4096

/* The empty assembler keeps the compiler from making a memcpy of it. */
__attribute__((noinline)) static void copy_by_bytes(char *to, const char *from)
{
    for (size_t i = 0; i < COPY_BYTES; i++) {
        to[i] = from[i];
        __asm__ volatile("");
    }
}

GORT_BENCH(CopyLoop)
{
    char *from = gort_alloc_noscan(COPY_BYTES);
    char *to = gort_alloc_noscan(COPY_BYTES);

    gort_bench_set_bytes(b, COPY_BYTES);
    for (int64_t n = 0; n < b->n; n++) {
        copy_by_bytes(to, from);
        gort_keepalive(to);
    }
}

GORT_BENCH(CopyMemcpy)
{
    char *from = gort_alloc_noscan(COPY_BYTES);
    char *to = gort_alloc_noscan(COPY_BYTES);

    gort_bench_set_bytes(b, COPY_BYTES);
    for (int64_t n = 0; n < b->n; n++) {
        memcpy(to, from, COPY_BYTES);
        gort_keepalive(to);
    }
}

/* ---- A line is taken apart at its commas ---- */

static const gort_str line = {"alpha,beta,gamma,delta,epsilon,zeta,eta,theta,iota,kappa", 56};

GORT_BENCH(FieldsViewed)
{
    for (int64_t n = 0; n < b->n; n++) {
        gort_str rest = line;
        gort_str field;

        while (gort_str_next(&rest, GORT_STR(","), &field))
            gort_keepalive(field.ptr);
    }
}

GORT_BENCH(FieldsCopied)
{
    for (int64_t n = 0; n < b->n; n++) {
        gort_str rest = line;
        gort_str field;

        while (gort_str_next(&rest, GORT_STR(","), &field))
            gort_keepalive(gort_str_copy(field));
    }
}

GORT_BENCH_MAIN
