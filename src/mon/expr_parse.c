/* SPDX-License-Identifier: MIT */
/* expr_parse.c - the half of expr.h that reads text: by recursive descent, one function a level of
 * the grammar. It stops at the first error and keeps it. */
#include "config.h"

#include "mon/expr.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"

#define DEPTH_MAX 32 /* of parentheses and signs: the text may come from anywhere */

struct parser {
    struct expr *e;
    const char *at;
    char *error; /* "" while all is well */
    int depth;
};

__attribute__((format(printf, 2, 3))) static int wrong(struct parser *p, const char *format, ...)
{
    va_list args;

    if (p->error[0] != '\0')
        return 0;
    va_start(args, format);
    vsnprintf(p->error, EXPR_ERROR_BYTES, format, args);
    va_end(args);
    return 0;
}

static bool failed(const struct parser *p)
{
    return p->error[0] != '\0';
}

/* What the error points at. */
static const char *here(const struct parser *p)
{
    return *p->at == '\0' ? "the end" : p->at;
}

/* ---- words ---- */

static void skip_blanks(struct parser *p)
{
    while (isspace((unsigned char)*p->at))
        p->at++;
}

static bool is_name_byte(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '.';
}

/* Names hold hyphens before letters (alerts.heap-growth): a minus between names wants a blank. */
static size_t name_bytes(const char *text)
{
    size_t n = 0;

    while (is_name_byte(text[n]) ||
           (n > 0 && text[n] == '-' && isalpha((unsigned char)text[n + 1])))
        n++;
    return n;
}

/* Takes a sign, or a word that stands alone. */
static bool take(struct parser *p, const char *word)
{
    size_t n = strlen(word);

    skip_blanks(p);
    if (strncmp(p->at, word, n) != 0)
        return false;
    if (isalpha((unsigned char)word[0]) && name_bytes(p->at) != n)
        return false;
    p->at += n;
    return true;
}

/* ---- nodes ---- */

static int add(struct parser *p, struct expr_node node)
{
    if (failed(p))
        return 0;
    if (p->e->nnodes == EXPR_NODES_MAX)
        return wrong(p, "too long: more than %d parts", EXPR_NODES_MAX);
    p->e->node[p->e->nnodes] = node;
    return p->e->nnodes++;
}

static int join(struct parser *p, enum expr_op op, int left, int right)
{
    return add(p, (struct expr_node){.op = op, .left = (int16_t)left, .right = (int16_t)right});
}

static bool is_condition(const struct parser *p, int node)
{
    return !failed(p) && p->e->node[node].op >= EXPR_LESS;
}

static void want_number(struct parser *p, int node)
{
    if (is_condition(p, node))
        wrong(p, "a number is wanted, not a condition, before \"%s\"", here(p));
}

static void want_condition(struct parser *p, int node)
{
    if (!is_condition(p, node))
        wrong(p, "a comparison is wanted before \"%s\"", here(p));
}

/* ---- numbers and figures ---- */

struct unit {
    const char *name;
    double factor;
    uint8_t may; /* enum expr_unit */
};

#define SIZE (EXPR_BYTES | EXPR_COUNT)

static const struct unit *find_unit(const char *name, size_t bytes)
{
    static const struct unit units[] = {
        {"", 1.0, EXPR_ANYTHING},    {"k", 1e3, EXPR_ANYTHING},    {"K", 0x1p10, SIZE},
        {"M", 0x1p20, SIZE},         {"G", 0x1p30, SIZE},          {"T", 0x1p40, SIZE},
        {"B", 1.0, EXPR_BYTES},      {"KB", 0x1p10, EXPR_BYTES},   {"MB", 0x1p20, EXPR_BYTES},
        {"GB", 0x1p30, EXPR_BYTES},  {"TB", 0x1p40, EXPR_BYTES},   {"KiB", 0x1p10, EXPR_BYTES},
        {"MiB", 0x1p20, EXPR_BYTES}, {"GiB", 0x1p30, EXPR_BYTES},  {"TiB", 0x1p40, EXPR_BYTES},
        {"ns", 1e-9, EXPR_SECONDS},  {"us", 1e-6, EXPR_SECONDS},   {"ms", 1e-3, EXPR_SECONDS},
        {"s", 1.0, EXPR_SECONDS},    {"m", 60.0, EXPR_SECONDS},    {"min", 60.0, EXPR_SECONDS},
        {"h", 3600.0, EXPR_SECONDS}, {"d", 86400.0, EXPR_SECONDS}, {"%", 0.01, EXPR_SHARE},
    };

    for (size_t i = 0; i < ARRAY_COUNT(units); i++)
        if (strlen(units[i].name) == bytes && strncmp(name, units[i].name, bytes) == 0)
            return &units[i];
    return NULL;
}

static int parse_number(struct parser *p)
{
    char *end;
    double number = strtod(p->at, &end);
    size_t bytes = strspn(end, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ%");

    if (end == p->at || !isfinite(number))
        return wrong(p, "no number: \"%s\"", here(p));
    const struct unit *unit = find_unit(end, bytes);
    if (unit == NULL)
        return wrong(p, "no unit: \"%.*s\"; there are K M G T, ns us ms s m h d, %%", (int)bytes,
                     end);
    if (!isfinite(number * unit->factor))
        return wrong(p, "too large a number: \"%s\"", here(p));
    p->at = end + bytes;
    return add(p, (struct expr_node){
                      .op = EXPR_NUMBER, .number = number * unit->factor, .may = unit->may});
}

/* The term of this name, which is kept once. */
static int term_of(struct parser *p, const char *name, size_t bytes, bool is_rate)
{
    struct expr *e = p->e;

    for (int i = 0; i < e->nterms; i++)
        if (e->term[i].is_rate == is_rate && strlen(e->term[i].name) == bytes &&
            memcmp(e->term[i].name, name, bytes) == 0)
            return i;
    if (e->nterms == EXPR_TERMS_MAX)
        return wrong(p, "more than %d figures", EXPR_TERMS_MAX);
    e->term[e->nterms] = (struct expr_term){.is_rate = is_rate, .figure = -1};
    memcpy(e->term[e->nterms].name, name, bytes);
    return e->nterms++;
}

static int parse_name(struct parser *p, bool is_rate)
{
    skip_blanks(p);
    const char *name = p->at;
    size_t bytes = name_bytes(name);

    if (bytes == 0 || !isalpha((unsigned char)name[0]))
        return wrong(p, "a figure or a number is wanted at \"%s\"", here(p));
    if (bytes >= METRIC_NAME_BYTES)
        return wrong(p, "no figure has so long a name: \"%.60s\"", name);
    p->at += bytes;
    return join(p, EXPR_TERM, term_of(p, name, bytes, is_rate), 0);
}

/* ---- the grammar, from the inside out ---- */

static int parse_any(struct parser *p);

static int parse_rate(struct parser *p)
{
    if (!take(p, "("))
        return wrong(p, "rate wants a figure in parentheses");
    int term = parse_name(p, true);
    if (!take(p, ")"))
        return wrong(p, "\")\" is missing at \"%s\"", here(p));
    return term;
}

static int parse_group(struct parser *p)
{
    int inner = parse_any(p);

    if (!take(p, ")"))
        return wrong(p, "\")\" is missing at \"%s\"", here(p));
    return inner;
}

/* A sign before a number belongs to it. */
static int negate(struct parser *p, int node)
{
    want_number(p, node);
    if (failed(p) || p->e->node[node].op != EXPR_NUMBER)
        return join(p, EXPR_NEGATE, node, 0);
    p->e->node[node].number = -p->e->node[node].number;
    return node;
}

static int parse_factor(struct parser *p)
{
    int node;

    if (failed(p))
        return 0;
    if (p->depth == DEPTH_MAX)
        return wrong(p, "nested too deeply");
    p->depth++;
    if (take(p, "("))
        node = parse_group(p);
    else if (take(p, "-"))
        node = negate(p, parse_factor(p));
    else if (take(p, "rate"))
        node = parse_rate(p);
    else if (isdigit((unsigned char)*p->at) || *p->at == '.')
        node = parse_number(p);
    else
        node = parse_name(p, false);
    p->depth--;
    return node;
}

static int arithmetic(struct parser *p, enum expr_op op, int left, int right)
{
    want_number(p, left);
    want_number(p, right);
    return join(p, op, left, right);
}

static int parse_product(struct parser *p)
{
    int left = parse_factor(p);

    while (!failed(p)) {
        if (take(p, "*"))
            left = arithmetic(p, EXPR_MULTIPLY, left, parse_factor(p));
        else if (take(p, "/"))
            left = arithmetic(p, EXPR_DIVIDE, left, parse_factor(p));
        else
            break;
    }
    return left;
}

static int parse_sum(struct parser *p)
{
    int left = parse_product(p);

    while (!failed(p)) {
        if (take(p, "+"))
            left = arithmetic(p, EXPR_ADD, left, parse_product(p));
        else if (take(p, "-"))
            left = arithmetic(p, EXPR_SUBTRACT, left, parse_product(p));
        else
            break;
    }
    return left;
}

static bool take_comparison(struct parser *p, enum expr_op *op)
{
    static const struct {
        const char *sign; /* those that begin with others before these */
        enum expr_op op;
    } signs[] = {
        {"<=", EXPR_LESS_EQUAL}, {">=", EXPR_GREATER_EQUAL}, {"==", EXPR_EQUAL},
        {"!=", EXPR_NOT_EQUAL},  {"<", EXPR_LESS},           {">", EXPR_GREATER},
    };

    for (size_t i = 0; i < ARRAY_COUNT(signs); i++) {
        if (take(p, signs[i].sign)) {
            *op = signs[i].op;
            return true;
        }
    }
    return false;
}

static int parse_comparison(struct parser *p)
{
    int left = parse_sum(p);
    enum expr_op op;

    if (!failed(p) && take_comparison(p, &op))
        return arithmetic(p, op, left, parse_sum(p));
    return left;
}

static int parse_not(struct parser *p)
{
    if (!take(p, "not"))
        return parse_comparison(p);
    if (p->depth == DEPTH_MAX)
        return wrong(p, "nested too deeply");
    p->depth++;
    int inner = parse_not(p);
    p->depth--;
    want_condition(p, inner);
    return join(p, EXPR_NOT, inner, 0);
}

static int logic(struct parser *p, enum expr_op op, int left, int right)
{
    want_condition(p, left);
    want_condition(p, right);
    return join(p, op, left, right);
}

static int parse_and(struct parser *p)
{
    int left = parse_not(p);

    while (!failed(p) && (take(p, "and") || take(p, "&&")))
        left = logic(p, EXPR_AND, left, parse_not(p));
    return left;
}

static int parse_any(struct parser *p)
{
    int left = parse_and(p);

    while (!failed(p) && (take(p, "or") || take(p, "||")))
        left = logic(p, EXPR_OR, left, parse_and(p));
    return left;
}

bool expr_parse(struct expr *e, const char *text, char error[static EXPR_ERROR_BYTES])
{
    struct parser p = {.e = e, .at = text, .error = error};

    *e = (struct expr){0};
    error[0] = '\0';
    e->root = parse_any(&p);
    want_condition(&p, e->root);
    skip_blanks(&p);
    if (*p.at != '\0')
        wrong(&p, "this is left over: \"%s\"", p.at);
    return !failed(&p);
}
