/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/check_command.h"

#include <math.h>
#include <poll.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "mon/figure.h"
#include "mon/monitor.h"
#include "mon/text.h"

#define RATE_NS (10 * NS_PER_S) /* the longest that a second sample is waited for */

static const char *const status_name[] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};

/* ---- parsing ---- */

/* Units that do not go together are told before there is a target, if gomon knows the figures. */
static bool is_right(struct expr *e, const char *text, char error[static EXPR_ERROR_BYTES])
{
    struct metric_table known;

    metric_table_init(&known);
    return expr_parse(e, text, error) && expr_units_agree(e, &known, error);
}

static bool parse_one(struct check *c, int at, const char *text)
{
    static const char *const option[] = {"--check", "--critical"};
    char error[EXPR_ERROR_BYTES];

    c->has[at] = text != NULL;
    if (text == NULL || is_right(&c->expr[at], text, error))
        return true;
    snprintf(c->error, sizeof c->error, "%s: %.140s", option[at], error);
    return false;
}

bool check_init(struct check *c, const char *warning, const char *critical)
{
    *c = (struct check){0};
    return parse_one(c, CHECK_AT_WARNING, warning) && parse_one(c, CHECK_AT_CRITICAL, critical);
}

bool check_bind(struct check *c, const struct model *m)
{
    for (int i = 0; i < 2; i++)
        if (c->has[i] && !expr_bind(&c->expr[i], m->metrics, c->error))
            return false;
    return true;
}

bool check_has_rate(const struct check *c)
{
    return (c->has[0] && expr_has_rate(&c->expr[0])) || (c->has[1] && expr_has_rate(&c->expr[1]));
}

/* ---- judging ---- */

static enum expr_truth truth(const struct check *c, int at, const struct model *m)
{
    return c->has[at] ? expr_judge(&c->expr[at], m) : EXPR_IS_FALSE;
}

static enum check_status judge(const struct check *c, const struct model *m)
{
    enum expr_truth warning = truth(c, CHECK_AT_WARNING, m);
    enum expr_truth critical = truth(c, CHECK_AT_CRITICAL, m);

    if (m->status.state != TARGET_LIVE || critical == EXPR_IS_TRUE)
        return CHECK_CRITICAL;
    if (critical == EXPR_IS_UNKNOWN || warning == EXPR_IS_UNKNOWN)
        return CHECK_UNKNOWN;
    return warning == EXPR_IS_TRUE ? CHECK_WARNING : CHECK_OK;
}

/* ---- the line ---- */

static enum fmt_unit unit_of(const struct model *m, const struct expr_term *term)
{
    struct figure_info info;

    return figure_info(m->metrics, term->figure, &info) ? info.unit : FMT_COUNT;
}

/* "heap.live 412.3M" */
static void put_term(FILE *out, const struct model *m, const struct expr_term *term)
{
    char text[FMT_BYTES_MAX];
    double value;

    if (!expr_term_value(term, m, &value))
        snprintf(text, sizeof text, "not known");
    else
        figure_text(text, sizeof text, unit_of(m, term), value);
    fprintf(out, term->is_rate ? "rate(%s) %s/s" : "%s %s", term->name, text);
}

/* Whether the second expression names a term that the first did not. */
static bool is_new_term(const struct check *c, int at, const struct expr_term *term)
{
    const struct expr *first = &c->expr[CHECK_AT_WARNING];

    for (int i = 0; at != CHECK_AT_WARNING && i < first->nterms; i++)
        if (first->term[i].figure == term->figure && first->term[i].is_rate == term->is_rate)
            return false;
    return true;
}

typedef void term_writer(FILE *out, const struct check *c, const struct model *m,
                         const struct expr_term *term);

/* Each term of both expressions once. */
static void for_each_term(FILE *out, const struct check *c, const struct model *m,
                          const char *between, term_writer *write)
{
    const char *before = "";

    for (int at = 0; at < 2; at++) {
        for (int i = 0; i < c->expr[at].nterms; i++) {
            const struct expr_term *term = &c->expr[at].term[i];

            if (!is_new_term(c, at, term))
                continue;
            fputs(before, out);
            write(out, c, m, term);
            before = between;
        }
    }
}

static void put_words(FILE *out, const struct check *c, const struct model *m,
                      const struct expr_term *term)
{
    (void)c;
    put_term(out, m, term);
}

static void put_number(FILE *out, double value)
{
    fprintf(out, "%.15g", value);
}

/* The range outside of which there is an alert: "10:" is below 10, "0:10" or "10" above. */
static void put_range(FILE *out, const struct expr *e, const struct expr_term *term)
{
    enum expr_op op;
    double bound;
    int number = -1;

    for (int i = 0; i < e->nterms; i++)
        if (e->term[i].figure == term->figure && e->term[i].is_rate == term->is_rate)
            number = i;
    if (number < 0 || !expr_bound_of(e, number, &op, &bound))
        return;
    if (op == EXPR_GREATER || op == EXPR_GREATER_EQUAL) {
        fputs(bound < 0 ? "~:" : "", out);
        put_number(out, bound);
    } else if (op == EXPR_LESS || op == EXPR_LESS_EQUAL) {
        put_number(out, bound);
        fputc(':', out);
    }
}

static const char *unit_of_measurement(const struct model *m, const struct expr_term *term)
{
    struct figure_info info;

    if (term->is_rate || !figure_info(m->metrics, term->figure, &info))
        return "";
    if (info.unit == FMT_NS)
        return "s";
    if (info.unit == FMT_BYTES)
        return "B";
    return info.kind == KIND_COUNTER ? "c" : "";
}

/* value[unit];[warning];[critical] */
static void put_datum(FILE *out, const struct check *c, const struct model *m,
                      const struct expr_term *term)
{
    double value;

    if (!expr_term_value(term, m, &value) || isinf(value)) {
        fputc('U', out);
    } else {
        put_number(out, value);
        fputs(unit_of_measurement(m, term), out);
    }
    fputc(';', out);
    put_range(out, &c->expr[CHECK_AT_WARNING], term);
    fputc(';', out);
    put_range(out, &c->expr[CHECK_AT_CRITICAL], term);
}

/* 'label'=value and so on. Names of figures have no quote. */
static void put_data(FILE *out, const struct check *c, const struct model *m,
                     const struct expr_term *term)
{
    fprintf(out, term->is_rate ? "'rate(%s)'=" : "'%s'=", term->name);
    put_datum(out, c, m, term);
}

/* The same where there are several targets: 'orders[8123] heap.live'=... In a label a quote is
 * written twice; a name may hold one. */
static void put_data_of_target(FILE *out, const struct check *c, const struct model *m,
                               const struct expr_term *term)
{
    fputc('\'', out);
    for (const char *at = m->target.name; *at != '\0'; at++) {
        if (*at == '\'')
            fputc('\'', out);
        fputc(*at, out);
    }
    fprintf(out, term->is_rate ? "[%d] rate(%s)'=" : "[%d] %s'=", (int)m->target.pid, term->name);
    put_datum(out, c, m, term);
}

/* What parts the line from its data is no part of a name. */
static void put_name(FILE *out, const char *name)
{
    for (; *name != '\0'; name++)
        fputc(*name == '|' ? '!' : *name, out);
}

const char *check_status_name(enum check_status status)
{
    return status_name[status];
}

enum check_status check_summary(const struct check *c, const struct model *m, FILE *out)
{
    enum check_status status = judge(c, m);

    fprintf(out, "%s - ", status_name[status]);
    put_name(out, m->target.name);
    fprintf(out, "[%d]", (int)m->target.pid);
    if (m->status.state != TARGET_LIVE)
        fprintf(out, " %s", target_state_name(m->status.state));
    fputs(": ", out);
    for_each_term(out, c, m, ", ", put_words);
    return status;
}

void check_data(const struct check *c, const struct model *m, FILE *out)
{
    for_each_term(out, c, m, " ", put_data_of_target);
}

enum check_status check_report(const struct check *c, const struct model *m, FILE *out)
{
    enum check_status status;

    fputs("GOMON ", out);
    status = check_summary(c, m, out);
    fputs(" | ", out);
    for_each_term(out, c, m, " ", put_data);
    fputc('\n', out);
    return status;
}

enum check_status check_unknown(FILE *out, const char *why)
{
    char safe[2 * EXPR_ERROR_BYTES];

    text_clean(safe, sizeof safe, why, strlen(why)); /* it may quote the expression */
    fprintf(out, "GOMON UNKNOWN - %s\n", safe);
    return CHECK_UNKNOWN;
}

enum check_status check_worst(enum check_status a, enum check_status b)
{
    static const int rank[] = {
        [CHECK_OK] = 0, [CHECK_WARNING] = 1, [CHECK_UNKNOWN] = 2, [CHECK_CRITICAL] = 3};

    return rank[a] > rank[b] ? a : b;
}

/* ---- on targets ---- */

static bool rates_are_known(const struct check *c, const struct model *m)
{
    double value;

    for (int at = 0; at < 2; at++)
        for (int i = 0; i < c->expr[at].nterms; i++)
            if (c->expr[at].term[i].is_rate && !expr_term_value(&c->expr[at].term[i], m, &value))
                return false;
    return true;
}

static bool is_ready(const struct checked *one)
{
    const struct model *m = monitor_model(one->monitor);

    return !check_has_rate(&one->check) || rates_are_known(&one->check, m) ||
           target_has_ended(m->status.state);
}

static void wait_until(struct checked *one, unsigned n, int64_t mono_ns)
{
    int64_t left_ns = mono_ns - clock_mono_ns();
    struct timespec t = {.tv_sec = left_ns / NS_PER_S, .tv_nsec = left_ns % NS_PER_S};
    struct pollfd p = {.fd = n == 1 ? monitor_pidfd(one->monitor) : -1, .events = POLLIN};

    if (left_ns > 0)
        ppoll(&p, 1, &t, NULL);
}

void check_sample(struct checked *one, unsigned n, int64_t interval_ns)
{
    int64_t next_ns = clock_mono_ns();
    int64_t deadline_ns = next_ns + (interval_ns > RATE_NS ? interval_ns : RATE_NS);
    bool first = true;

    for (;; first = false) {
        bool all_ready = true;

        for (unsigned i = 0; i < n; i++) {
            if (one[i].monitor == NULL || (!first && is_ready(&one[i])))
                continue;
            monitor_tick(one[i].monitor, clock_mono_ns(), clock_real_ns());
            all_ready = all_ready && is_ready(&one[i]);
        }
        if (all_ready || clock_mono_ns() >= deadline_ns)
            return;
        next_ns += interval_ns;
        wait_until(one, n, next_ns);
    }
}

enum check_status check_run(const struct check *c, struct monitor *m, int64_t interval_ns,
                            FILE *out)
{
    struct checked one = {.check = *c, .monitor = m};

    if (!check_bind(&one.check, monitor_model(m)))
        return check_unknown(out, one.check.error);
    check_sample(&one, 1, interval_ns);
    return check_report(&one.check, monitor_model(m), out);
}
