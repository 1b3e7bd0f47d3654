/* SPDX-License-Identifier: MIT */
/* check_several.c - the part of check_command.h for several targets. */
#include "config.h"

#include "mon/check_command.h"

#include <stdlib.h>

#include "mon/monitor.h"
#include "mon/options.h"
#include "mon/several.h"

static struct checked open_one(const struct check *parsed, const struct options *o,
                               const struct several_one *target)
{
    struct checked one = {.check = *parsed};
    struct monitor_options how = {
        .lint_window_ns = o->lint_window_ns, .lints = &o->lints, .sparing = true};
    struct monitor_failure failure;

    if (target->status != EXIT_OK) {
        snprintf(one.check.error, sizeof one.check.error, "%.*s", EXPR_ERROR_BYTES - 1,
                 target->error);
        return one;
    }
    one.monitor = monitor_new(&target->target, &how, &failure);
    if (one.monitor == NULL) {
        snprintf(one.check.error, sizeof one.check.error, "%.*s", EXPR_ERROR_BYTES - 1,
                 failure.text);
    } else if (!check_bind(&one.check, monitor_model(one.monitor))) {
        monitor_free(one.monitor);
        one.monitor = NULL;
    }
    return one;
}

static enum check_status report_one(const struct checked *one, FILE *out)
{
    enum check_status status = CHECK_UNKNOWN;

    if (one->monitor == NULL)
        fprintf(out, "%s - %s", check_status_name(status), one->check.error);
    else
        status = check_summary(&one->check, monitor_model(one->monitor), out);
    fputc('\n', out);
    return status;
}

/* "GOMON CRITICAL - 3 processes: 1 CRITICAL, 2 OK" */
static void put_head(const unsigned count[], unsigned n, enum check_status worst, FILE *out)
{
    static const enum check_status order[] = {CHECK_CRITICAL, CHECK_UNKNOWN, CHECK_WARNING,
                                              CHECK_OK};
    const char *before = ": ";

    fprintf(out, "GOMON %s - %u processes", check_status_name(worst), n);
    for (int i = 0; i < 4; i++) {
        if (count[order[i]] == 0)
            continue;
        fprintf(out, "%s%u %s", before, count[order[i]], check_status_name(order[i]));
        before = ", ";
    }
}

/* In the first line, which is not cut off where there are many. One that cannot be judged has
 * none. */
static void put_data(const struct checked *one, unsigned n, FILE *out)
{
    const char *before = " | ";

    for (unsigned i = 0; i < n; i++) {
        if (one[i].monitor == NULL)
            continue;
        fputs(before, out);
        check_data(&one[i].check, monitor_model(one[i].monitor), out);
        before = " ";
    }
}

static enum check_status report(const struct checked *one, unsigned n, FILE *out)
{
    enum check_status worst = CHECK_OK;
    unsigned count[4] = {0};
    char *text = NULL;
    size_t bytes;
    FILE *lines = open_memstream(&text, &bytes);

    if (lines == NULL)
        return check_unknown(out, "out of memory");
    for (unsigned i = 0; i < n; i++) {
        enum check_status status = report_one(&one[i], lines);

        count[status]++;
        worst = check_worst(worst, status);
    }
    fclose(lines);
    put_head(count, n, worst, out);
    put_data(one, n, out);
    fprintf(out, "\n%s", text);
    free(text);
    return worst;
}

enum check_status check_command_run_several(const struct options *o, const struct several *targets,
                                            FILE *out)
{
    struct checked *one = calloc(targets->n, sizeof *one);
    enum check_status status;
    struct check parsed;

    if (one == NULL)
        return check_unknown(out, "out of memory");
    if (!check_init(&parsed, o->check, o->critical)) {
        free(one);
        return check_unknown(out, parsed.error);
    }
    for (unsigned i = 0; i < targets->n; i++)
        one[i] = open_one(&parsed, o, &targets->one[i]);
    check_sample(one, targets->n, o->interval_ns);
    status = report(one, targets->n, out);
    for (unsigned i = 0; i < targets->n; i++)
        monitor_free(one[i].monitor);
    free(one);
    return status;
}
