/* SPDX-License-Identifier: MIT */
/* expr.h - conditions over figures: "heap.live > 512M and rate(gc.count) > 5".
 * Figures, rate(FIGURE), numbers with a unit, + - * /, < <= > >= == !=, and, or, not, parentheses.
 * Values are in bytes, seconds, shares of one and counts: 512M is 2^29, 5ms is 0.005, 20% is 0.2.
 * Of two sides that are compared or added, neither may have a unit that the other cannot have.
 * A text is parsed once without a target, bound to the names that a target has, and then judged
 * as often as wanted. A figure that is missing makes what rests on it unknown, never false.
 * Threads: values; pure functions. It allocates nothing. */
#ifndef MON_EXPR_H
#define MON_EXPR_H

#include <stdbool.h>
#include <stdint.h>

#include "mon/metric.h"

#define EXPR_NODES_MAX   64
#define EXPR_TERMS_MAX   16
#define EXPR_ERROR_BYTES 160

struct model;

enum expr_op {
    EXPR_NUMBER,
    EXPR_TERM,
    EXPR_NEGATE,
    EXPR_ADD,
    EXPR_SUBTRACT,
    EXPR_MULTIPLY,
    EXPR_DIVIDE,
    EXPR_LESS, /* from here on conditions */
    EXPR_LESS_EQUAL,
    EXPR_GREATER,
    EXPR_GREATER_EQUAL,
    EXPR_EQUAL,
    EXPR_NOT_EQUAL,
    EXPR_NOT,
    EXPR_AND,
    EXPR_OR,
};

/* What a number may be, or-ed. */
enum expr_unit {
    EXPR_COUNT = 1,
    EXPR_BYTES = 2,
    EXPR_SECONDS = 4,
    EXPR_SHARE = 8,
    EXPR_ANYTHING = EXPR_COUNT | EXPR_BYTES | EXPR_SECONDS | EXPR_SHARE,
};

struct expr_node {
    enum expr_op op;
    int16_t left; /* node numbers; of EXPR_TERM, left is the term's */
    int16_t right;
    double number;
    uint8_t may; /* of EXPR_NUMBER: enum expr_unit, by the unit that it was written with */
};

struct expr_term {
    char name[METRIC_NAME_BYTES];
    bool is_rate;
    int figure; /* figure.h; -1: not bound */
};

struct expr {
    int nnodes;
    int nterms;
    int root;
    struct expr_node node[EXPR_NODES_MAX];
    struct expr_term term[EXPR_TERMS_MAX];
};

enum expr_truth { EXPR_IS_FALSE, EXPR_IS_TRUE, EXPR_IS_UNKNOWN };

/* Parses TEXT. False: ERROR says what is wrong, and where. */
bool expr_parse(struct expr *e, const char *text, char error[static EXPR_ERROR_BYTES]);

/* Whether no comparison and no sum mixes units, as far as T has the figures; else ERROR says which
 * two. */
bool expr_units_agree(const struct expr *e, const struct metric_table *t,
                      char error[static EXPR_ERROR_BYTES]);

/* Finds the figures that it names. False: ERROR says which one there is not, or is compared with
 * what it cannot be. */
bool expr_bind(struct expr *e, const struct metric_table *t, char error[static EXPR_ERROR_BYTES]);

/* Whether it needs two samples. */
bool expr_has_rate(const struct expr *e);

/* The value of a term of a bound expression; false: not known. */
bool expr_term_value(const struct expr_term *term, const struct model *m, double *value);

enum expr_truth expr_judge(const struct expr *e, const struct model *m);

/* Where a term alone is compared with a number: the comparison, as seen from the term, and the
 * number. False: it never is. */
bool expr_bound_of(const struct expr *e, int term, enum expr_op *op, double *number);

#endif
