/* SPDX-License-Identifier: MIT */
/* fuzz_expr.c - expressions of --check and --critical, which a NUL parts, from anywhere: parsed,
 * bound and judged on the models of the fixture. What is written must be whole lines of text, and
 * what holds must not hold once it is negated. */
#include "config.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "mon/check_command.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/fixture.h"

/* A node rests on nodes before it, as judging recurses. */
static void check_nodes(const struct expr *e)
{
    CHECK(e->nnodes > 0 && e->nnodes <= EXPR_NODES_MAX && e->nterms <= EXPR_TERMS_MAX);
    CHECK(e->root >= 0 && e->root < e->nnodes);
    for (int i = 0; i < e->nnodes; i++) {
        const struct expr_node *node = &e->node[i];

        if (node->op == EXPR_NUMBER) {
            CHECK(isfinite(node->number));
            continue;
        }
        CHECK(node->left >= 0 && node->left < (node->op == EXPR_TERM ? e->nterms : i));
        CHECK(node->right >= 0 && (node->right < i || node->right == 0));
    }
}

static void check_bounds(const struct expr *e)
{
    for (int i = 0; i < e->nterms; i++) {
        enum expr_op op;
        double number;

        if (expr_bound_of(e, i, &op, &number))
            CHECK(op >= EXPR_LESS && op <= EXPR_NOT_EQUAL && !isnan(number));
    }
}

/* A negation may be too deep to be parsed. */
static void judge_negated(const struct expr *e, const char *text, const struct model *m)
{
    char error[EXPR_ERROR_BYTES];
    size_t bytes = strlen(text) + sizeof "not ()";
    char *negated = malloc(bytes);
    struct expr n;
    enum expr_truth is = expr_judge(e, m);

    CHECK(negated != NULL);
    snprintf(negated, bytes, "not (%s)", text);
    if (expr_parse(&n, negated, error)) {
        CHECK(expr_bind(&n, m->metrics, error));
        CHECK(expr_judge(&n, m) == (is == EXPR_IS_UNKNOWN ? is
                                    : is == EXPR_IS_TRUE  ? EXPR_IS_FALSE
                                                          : EXPR_IS_TRUE));
    }
    free(negated);
}

static void check_output(const char *text, size_t bytes)
{
    CHECK(bytes > 0 && text[bytes - 1] == '\n');
    for (size_t i = 0; i < bytes; i++)
        CHECK(text[i] == '\n' || !iscntrl((unsigned char)text[i]));
}

static void report(const struct check *c, const struct model *m)
{
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);

    CHECK(out != NULL);
    check_report(c, m, out);
    check_summary(c, m, out);
    check_data(c, m, out);
    fputc('\n', out);
    fclose(out);
    check_output(text, bytes);
    free(text);
}

static void refuse(const struct check *c)
{
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);

    CHECK(out != NULL && c->error[0] != '\0');
    check_unknown(out, c->error);
    fclose(out);
    check_output(text, bytes);
    free(text);
}

static void judge(struct check *c, const char *const text[2], const struct model *m)
{
    if (!check_bind(c, m)) {
        refuse(c);
        return;
    }
    report(c, m);
    for (int i = 0; i < 2; i++)
        if (c->has[i])
            judge_negated(&c->expr[i], text[i], m);
}

static void run(const char *const text[2])
{
    static struct fixture *fixture[FIXTURES];
    struct check c;

    if (fixture[0] == NULL)
        for (int i = 0; i < FIXTURES; i++)
            fixture[i] = fixture_new((enum fixture_kind)i);
    if (!check_init(&c, text[0], text[1])) {
        refuse(&c);
        return;
    }
    for (int i = 0; i < 2; i++) {
        if (!c.has[i])
            continue;
        check_nodes(&c.expr[i]);
        check_bounds(&c.expr[i]);
    }
    for (int i = 0; i < FIXTURE_HOSTILE; i++) /* whose name was not made safe, as models want it */
        judge(&c, text, &fixture[i]->model);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    char *text = malloc(bytes + 1);

    CHECK(text != NULL);
    memcpy(text, data, bytes);
    text[bytes] = '\0';
    size_t first = strlen(text);
    run((const char *[2]){text, first < bytes ? text + first + 1 : NULL});
    free(text);
    return 0;
}
