/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/expr.h"

#include <math.h>
#include <string.h>

#include "base/check.h"
#include "mon/figure.h"

/* ---- judging ---- */

struct result {
    bool known;
    double number; /* of a condition, 1 or 0 */
};

static const struct result unknown = {.known = false};

static struct result known(double number)
{
    return (struct result){.known = true, .number = number};
}

static double combine(enum expr_op op, double a, double b)
{
    switch (op) {
    case EXPR_ADD:
        return a + b;
    case EXPR_SUBTRACT:
        return a - b;
    case EXPR_MULTIPLY:
        return a * b;
    case EXPR_DIVIDE:
        return a / b;
    case EXPR_LESS:
        return a < b;
    case EXPR_LESS_EQUAL:
        return a <= b;
    case EXPR_GREATER:
        return a > b;
    case EXPR_GREATER_EQUAL:
        return a >= b;
    case EXPR_EQUAL:
        return !(a < b) && !(a > b);
    case EXPR_NOT_EQUAL:
        return a < b || a > b;
    case EXPR_NUMBER:
    case EXPR_TERM:
    case EXPR_NEGATE:
    case EXPR_NOT:
    case EXPR_AND:
    case EXPR_OR:
        break;
    }
    UNREACHABLE();
}

static struct result judge(const struct expr *e, const struct model *m, int at);

/* One side may settle it while the other is not known. */
static struct result judge_logic(const struct expr *e, const struct model *m,
                                 const struct expr_node *node)
{
    double settles = node->op == EXPR_OR ? 1.0 : 0.0;
    struct result left = judge(e, m, node->left);
    struct result right = judge(e, m, node->right);

    if ((left.known && left.number == settles) || (right.known && right.number == settles))
        return known(settles);
    return left.known && right.known ? known(1.0 - settles) : unknown;
}

static struct result judge_pair(const struct expr *e, const struct model *m,
                                const struct expr_node *node)
{
    struct result left = judge(e, m, node->left);
    struct result right = judge(e, m, node->right);

    if (!left.known || !right.known)
        return unknown;
    double number = combine(node->op, left.number, right.number);
    return isnan(number) ? unknown : known(number);
}

/* No deeper than the parser was. */
static struct result judge(const struct expr *e, const struct model *m, int at)
{
    const struct expr_node *node = &e->node[at];
    struct result r = unknown;

    switch (node->op) {
    case EXPR_NUMBER:
        return known(node->number);
    case EXPR_TERM:
        r.known = expr_term_value(&e->term[node->left], m, &r.number);
        return r;
    case EXPR_NEGATE:
        r = judge(e, m, node->left);
        r.number = -r.number;
        return r;
    case EXPR_NOT:
        r = judge(e, m, node->left);
        r.number = 1.0 - r.number;
        return r;
    case EXPR_AND:
    case EXPR_OR:
        return judge_logic(e, m, node);
    case EXPR_ADD:
    case EXPR_SUBTRACT:
    case EXPR_MULTIPLY:
    case EXPR_DIVIDE:
    case EXPR_LESS:
    case EXPR_LESS_EQUAL:
    case EXPR_GREATER:
    case EXPR_GREATER_EQUAL:
    case EXPR_EQUAL:
    case EXPR_NOT_EQUAL:
        return judge_pair(e, m, node);
    }
    UNREACHABLE();
}

bool expr_term_value(const struct expr_term *term, const struct model *m, double *value)
{
    DCHECK(term->figure >= 0);
    return term->is_rate ? figure_rate(m, term->figure, value)
                         : figure_value(m, term->figure, value);
}

enum expr_truth expr_judge(const struct expr *e, const struct model *m)
{
    struct result r = judge(e, m, e->root);

    if (!r.known)
        return EXPR_IS_UNKNOWN;
    return r.number != 0.0 ? EXPR_IS_TRUE : EXPR_IS_FALSE;
}

/* ---- binding ---- */

bool expr_bind(struct expr *e, const struct metric_table *t, char error[static EXPR_ERROR_BYTES])
{
    for (int i = 0; i < e->nterms; i++) {
        e->term[i].figure = figure_find(t, e->term[i].name);
        if (e->term[i].figure < 0) {
            snprintf(error, EXPR_ERROR_BYTES, "there is no figure %s: gomon --list-metrics",
                     e->term[i].name);
            return false;
        }
    }
    return expr_units_agree(e, t, error);
}

bool expr_has_rate(const struct expr *e)
{
    for (int i = 0; i < e->nterms; i++)
        if (e->term[i].is_rate)
            return true;
    return false;
}

/* ---- bounds ---- */

/* The comparison as it is seen from the right. */
static enum expr_op turned(enum expr_op op)
{
    static const enum expr_op of[EXPR_OR + 1] = {
        [EXPR_LESS] = EXPR_GREATER, [EXPR_LESS_EQUAL] = EXPR_GREATER_EQUAL,
        [EXPR_GREATER] = EXPR_LESS, [EXPR_GREATER_EQUAL] = EXPR_LESS_EQUAL,
        [EXPR_EQUAL] = EXPR_EQUAL,  [EXPR_NOT_EQUAL] = EXPR_NOT_EQUAL};

    return of[op];
}

bool expr_bound_of(const struct expr *e, int term, enum expr_op *op, double *number)
{
    for (int i = 0; i < e->nnodes; i++) {
        const struct expr_node *node = &e->node[i];

        if (node->op < EXPR_LESS || node->op > EXPR_NOT_EQUAL)
            continue;
        const struct expr_node *left = &e->node[node->left];
        const struct expr_node *right = &e->node[node->right];
        bool is_turned = left->op == EXPR_NUMBER;
        const struct expr_node *named = is_turned ? right : left;
        const struct expr_node *bound = is_turned ? left : right;

        if (named->op != EXPR_TERM || named->left != term || bound->op != EXPR_NUMBER)
            continue;
        *op = is_turned ? turned(node->op) : node->op;
        *number = bound->number;
        return true;
    }
    return false;
}
