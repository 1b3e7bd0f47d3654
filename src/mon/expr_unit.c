/* SPDX-License-Identifier: MIT */
/* expr_unit.c - the part of expr.h that knows units: bytes are not compared with a time.
 * Of each number and figure it is known what it may be, as a set: a bare number may be anything,
 * 10M bytes or a count, the rate of a time a time or a share. A set that would be empty is the
 * error. Products and quotients whose unit has no name may be anything. */
#include "config.h"

#include "mon/expr.h"

#include <stdio.h>

#include "base/check.h"
#include "mon/figure.h"

#define PURE (EXPR_COUNT | EXPR_SHARE)

static unsigned of_figure(enum fmt_unit unit, bool is_rate)
{
    switch (unit) {
    case FMT_NS:
        return is_rate ? EXPR_SECONDS | EXPR_SHARE : EXPR_SECONDS;
    case FMT_UNIX_NS:
        return EXPR_SECONDS;
    case FMT_PPM:
        return EXPR_SHARE;
    case FMT_BYTES:
        return EXPR_BYTES;
    case FMT_COUNT:
    case FMT_ENUM:
        return EXPR_COUNT;
    }
    UNREACHABLE();
}

static unsigned of_term(const struct expr_term *term, const struct metric_table *t)
{
    struct figure_info info;

    return figure_info(t, figure_find(t, term->name), &info) ? of_figure(info.unit, term->is_rate)
                                                             : EXPR_ANYTHING;
}

static bool is_pure(unsigned may)
{
    return (may & ~(unsigned)PURE) == 0;
}

static unsigned of_product(unsigned a, unsigned b)
{
    if (a == EXPR_ANYTHING)
        return b;
    if (b == EXPR_ANYTHING)
        return a;
    if (is_pure(a) && is_pure(b))
        return PURE;
    if (is_pure(a))
        return b;
    return is_pure(b) ? a : EXPR_ANYTHING;
}

static unsigned of_quotient(unsigned a, unsigned b)
{
    if (a == EXPR_ANYTHING || b == EXPR_ANYTHING)
        return a;
    if ((a & b) != 0)
        return is_pure(b) ? a | PURE : PURE;
    return is_pure(b) ? a : EXPR_ANYTHING;
}

static unsigned of_node(const struct expr *e, const struct metric_table *t, const unsigned may[],
                        const struct expr_node *node)
{
    switch (node->op) {
    case EXPR_NUMBER:
        return node->may;
    case EXPR_TERM:
        return of_term(&e->term[node->left], t);
    case EXPR_NEGATE:
        return may[node->left];
    case EXPR_MULTIPLY:
        return of_product(may[node->left], may[node->right]);
    case EXPR_DIVIDE:
        return of_quotient(may[node->left], may[node->right]);
    case EXPR_ADD:
    case EXPR_SUBTRACT:
    case EXPR_LESS:
    case EXPR_LESS_EQUAL:
    case EXPR_GREATER:
    case EXPR_GREATER_EQUAL:
    case EXPR_EQUAL:
    case EXPR_NOT_EQUAL:
        return may[node->left] & may[node->right];
    case EXPR_NOT:
    case EXPR_AND:
    case EXPR_OR:
        return EXPR_ANYTHING;
    }
    UNREACHABLE();
}

/* ---- the error ---- */

#define WORDS_BYTES (METRIC_NAME_BYTES + 24)

static const char *unit_name(unsigned may)
{
    if ((may & EXPR_BYTES) != 0)
        return "bytes";
    if ((may & EXPR_SECONDS) != 0)
        return "seconds";
    return (may & EXPR_SHARE) != 0 ? "%" : "count";
}

/* "heap.live (bytes)", "a number in seconds" */
static const char *describe(const struct expr *e, const unsigned may[], int at,
                            char words[WORDS_BYTES])
{
    const struct expr_node *node = &e->node[at];
    const struct expr_term *term = &e->term[node->op == EXPR_TERM ? node->left : 0];

    if (node->op == EXPR_NUMBER)
        snprintf(words, WORDS_BYTES, "a number in %s", unit_name(may[at]));
    else if (node->op == EXPR_TERM)
        snprintf(words, WORDS_BYTES, term->is_rate ? "rate(%s) (%s)" : "%s (%s)", term->name,
                 unit_name(may[at]));
    else
        snprintf(words, WORDS_BYTES, "a calculation in %s", unit_name(may[at]));
    return words;
}

static void tell(const struct expr *e, const unsigned may[], const struct expr_node *node,
                 char error[static EXPR_ERROR_BYTES])
{
    char left[WORDS_BYTES];
    char right[WORDS_BYTES];
    bool sum = node->op == EXPR_ADD || node->op == EXPR_SUBTRACT;

    snprintf(error, EXPR_ERROR_BYTES, "%s cannot be %s %s", describe(e, may, node->left, left),
             sum ? "reckoned together with" : "compared with",
             describe(e, may, node->right, right));
}

/* Nodes come after those that they rest on. */
bool expr_units_agree(const struct expr *e, const struct metric_table *t,
                      char error[static EXPR_ERROR_BYTES])
{
    unsigned may[EXPR_NODES_MAX];

    for (int i = 0; i < e->nnodes; i++) {
        may[i] = of_node(e, t, may, &e->node[i]);
        if (may[i] != 0)
            continue;
        tell(e, may, &e->node[i], error);
        return false;
    }
    return true;
}
