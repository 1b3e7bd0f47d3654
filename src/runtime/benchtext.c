/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/benchtext.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/check.h"

#define N_MAX 1000000000 /* of one run, as in Go */

__extension__ typedef unsigned __int128 uint128;

struct text { /* a buffer that is filled and cut */
    char *buf;
    size_t bytes;
    size_t length;
};

static void __attribute__((format(printf, 2, 3))) put(struct text *t, const char *format, ...)
{
    size_t room = t->bytes - t->length;
    va_list ap;
    int n;

    va_start(ap, format);
    n = vsnprintf(t->buf + t->length, room, format, ap);
    va_end(ap);
    if (n > 0)
        t->length += (size_t)n < room ? (size_t)n : room - 1;
}

/* ---- Numbers ---- */

size_t bench_pretty(char *buf, size_t bytes, double value, const char *unit)
{
    static const struct {
        double from; /* where rounding reaches one more digit before the point */
        int width;
        int decimals;
    } forms[] = {{999.95, 10, 0},   {99.995, 12, 1},    {9.9995, 13, 2},     {0.99995, 14, 3},
                 {0.099995, 15, 4}, {0.0099995, 16, 5}, {0.00099995, 17, 6}, {0, 18, 7}};
    double size = value < 0 ? -value : value;
    struct text t = {.buf = buf, .bytes = bytes};
    unsigned i = 0;

    while (size > 0 && i < ARRAY_COUNT(forms) - 1 && size < forms[i].from)
        i++;
    put(&t, "%*.*f %s", forms[i].width, forms[i].decimals, value, unit);
    return t.length;
}

static const struct bench_metric *find_metric(const struct bench_result *r, const char *unit)
{
    for (unsigned i = 0; i < r->nmetrics; i++) {
        if (strcmp(r->metrics[i].unit, unit) == 0)
            return &r->metrics[i];
    }
    return NULL;
}

static double metric_or(const struct bench_result *r, const char *unit, double otherwise)
{
    const struct bench_metric *m = find_metric(r, unit);

    return m != NULL ? m->value : otherwise;
}

static double mb_per_second(const struct bench_result *r)
{
    if (r->bytes_per_op <= 0 || r->duration_ns <= 0)
        return 0;
    return (double)r->bytes_per_op * (double)r->n / 1e6 / ((double)r->duration_ns / 1e9);
}

static bool is_built_in(const char *unit)
{
    return strcmp(unit, "ns/op") == 0 || strcmp(unit, "MB/s") == 0 || strcmp(unit, "B/op") == 0 ||
           strcmp(unit, "allocs/op") == 0;
}

static int by_unit(const void *a, const void *b)
{
    const struct bench_metric *ma = a;
    const struct bench_metric *mb = b;

    return strcmp(ma->unit, mb->unit);
}

static void put_pretty(struct text *t, double value, const char *unit)
{
    put(t, "\t");
    t->length += bench_pretty(t->buf + t->length, t->bytes - t->length, value, unit);
}

size_t bench_result_text(char *buf, size_t bytes, const struct bench_result *r, bool with_allocs)
{
    struct bench_metric sorted[BENCH_METRICS_MAX];
    struct text t = {.buf = buf, .bytes = bytes};
    double ns = metric_or(r, "ns/op", (double)r->duration_ns / (double)r->n);
    double mbs = metric_or(r, "MB/s", mb_per_second(r));

    CHECK(r->n > 0);
    memcpy(sorted, r->metrics, sizeof sorted);
    qsort(sorted, r->nmetrics, sizeof sorted[0], by_unit);
    put(&t, "%8" PRId64, r->n);
    if (ns < 0 || ns > 0)
        put_pretty(&t, ns, "ns/op");
    if (mbs < 0 || mbs > 0)
        put(&t, "\t%7.2f MB/s", mbs);
    for (unsigned i = 0; i < r->nmetrics; i++) {
        if (!is_built_in(sorted[i].unit))
            put_pretty(&t, sorted[i].value, sorted[i].unit);
    }
    if (with_allocs) {
        uint64_t n = (uint64_t)r->n;

        put(&t, "\t%8" PRId64 " B/op\t%8" PRId64 " allocs/op",
            (int64_t)metric_or(r, "B/op", (double)(r->alloc_bytes / n)),
            (int64_t)metric_or(r, "allocs/op", (double)(r->allocs / n)));
    }
    return t.length;
}

/* ---- Names ---- */

/* The character at *P, which moves behind it; U+FFFD for a byte that begins none. */
static uint32_t next_rune(const unsigned char **p)
{
    const unsigned char *s = *p;
    unsigned more = s[0] >= 0xf0 ? 3 : s[0] >= 0xe0 ? 2 : 1;
    uint32_t rune = s[0] & (0x3fu >> more);
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};

    *p = s + 1;
    if (s[0] < 0x80)
        return s[0];
    if (s[0] < 0xc2 || s[0] > 0xf4)
        return 0xfffd;
    for (unsigned i = 1; i <= more; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0xfffd;
        rune = rune << 6 | (s[i] & 0x3fu);
    }
    if (rune < least[more] || rune > 0x10ffff || (rune >= 0xd800 && rune <= 0xdfff))
        return 0xfffd;
    *p = s + 1 + more;
    return rune;
}

struct range {
    uint32_t from;
    uint32_t to;
};

static bool is_in(const struct range *ranges, size_t n, uint32_t rune)
{
    for (size_t i = 0; i < n; i++) {
        if (rune >= ranges[i].from && rune <= ranges[i].to)
            return true;
    }
    return false;
}

static bool is_space(uint32_t rune)
{
    static const struct range spaces[] = {
        {0x09, 0x0d},     {0x20, 0x20},     {0x85, 0x85},     {0xa0, 0xa0},     {0x1680, 0x1680},
        {0x2000, 0x200a}, {0x2028, 0x2029}, {0x202f, 0x202f}, {0x205f, 0x205f}, {0x3000, 0x3000}};

    return is_in(spaces, ARRAY_COUNT(spaces), rune);
}

/* Control and format characters, private use; Go also escapes what Unicode has not assigned. */
static bool is_hidden(uint32_t rune)
{
    static const struct range hidden[] = {
        {0x00, 0x1f},     {0x7f, 0x9f},     {0xad, 0xad},       {0x200b, 0x200f},
        {0x202a, 0x202e}, {0x2060, 0x206f}, {0xe000, 0xf8ff},   {0xfeff, 0xfeff},
        {0xfff0, 0xfffb}, {0xfffe, 0xffff}, {0xe0000, 0xeffff}, {0xf0000, 0x10ffff}};

    return is_in(hidden, ARRAY_COUNT(hidden), rune);
}

/* What Go writes for a character that cannot be printed. */
static size_t escape_rune(char *buf, size_t bytes, uint32_t rune)
{
    struct text t = {.buf = buf, .bytes = bytes};

    if (rune == 0x07 || rune == 0x08)
        put(&t, "\\%c", rune == 0x07 ? 'a' : 'b');
    else if (rune < 0x20 || rune == 0x7f)
        put(&t, "\\x%02" PRIx32, rune);
    else if (rune < 0x10000)
        put(&t, "\\u%04" PRIx32, rune);
    else
        put(&t, "\\U%08" PRIx32, rune);
    return t.length;
}

size_t bench_escape(char *buf, size_t bytes, const char *name)
{
    const unsigned char *p = (const unsigned char *)name;
    size_t length = 0;

    while (*p != '\0') {
        const unsigned char *start = p;
        uint32_t rune = next_rune(&p);
        char text[16];
        size_t n = (size_t)(p - start);

        if (is_space(rune))
            text[0] = '_', n = 1;
        else if (is_hidden(rune))
            n = escape_rune(text, sizeof text, rune);
        else if (rune == 0xfffd)
            memcpy(text, "\xef\xbf\xbd", 3), n = 3;
        else
            memcpy(text, start, n);
        if (length + n >= bytes)
            break;
        memcpy(buf + length, text, n);
        length += n;
    }
    buf[length] = '\0';
    return length;
}

/* ---- How often ---- */

int64_t bench_predict(int64_t goal_ns, int64_t prev_n, int64_t prev_ns, int64_t last)
{
    uint128 n;

    DCHECK(goal_ns >= 0 && prev_n >= 0 && last >= 0);
    /* Multiply first: a quotient of small numbers would lose its digits. */
    n = (uint128)goal_ns * (uint128)prev_n / (uint128)(prev_ns > 0 ? prev_ns : 1);
    n += n / 5;
    if (n > (uint128)last * 100)
        n = (uint128)last * 100;
    if (n < (uint128)last + 1)
        n = (uint128)last + 1;
    return n > N_MAX ? N_MAX : (int64_t)n;
}
