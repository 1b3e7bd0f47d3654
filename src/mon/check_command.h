/* SPDX-License-Identifier: MIT */
/* check_command.h - gomon --check: one line and a status as Nagios, Icinga and their kin want them.
 * The expressions say what is wrong: with --check true it is a warning, with --critical true it is
 * critical. A target that does not run is critical whatever its last figures were; what cannot be
 * found out is unknown, never OK.
 * Who: main. Threads: main. */
#ifndef MON_CHECK_COMMAND_H
#define MON_CHECK_COMMAND_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "mon/expr.h"

struct model;
struct monitor;
struct options;
struct several;

enum check_status { CHECK_OK = 0, CHECK_WARNING = 1, CHECK_CRITICAL = 2, CHECK_UNKNOWN = 3 };

struct check {
    struct expr expr[2]; /* of a warning, and critical */
    bool has[2];
    char error[EXPR_ERROR_BYTES];
};
enum { CHECK_AT_WARNING, CHECK_AT_CRITICAL };

/* Parses the expressions; one of them may be NULL. False: the error is in C. */
bool check_init(struct check *c, const char *warning, const char *critical);

/* Finds the figures in what the target has. False: the error is in C. */
bool check_bind(struct check *c, const struct model *m);

bool check_has_rate(const struct check *c);

/* Judges the model, and writes the line: status, target, figures, performance data. */
enum check_status check_report(const struct check *c, const struct model *m, FILE *out);

/* The same without performance data, and without the first word and the end of the line. */
enum check_status check_summary(const struct check *c, const struct model *m, FILE *out);

/* The performance data alone, with the target in each label. */
void check_data(const struct check *c, const struct model *m, FILE *out);

/* The worst of two: critical, then unknown, warning, ok, as they are judged of one target. */
enum check_status check_worst(enum check_status a, enum check_status b);

/* The line of what could not be found out. */
enum check_status check_unknown(FILE *out, const char *why);

/* "OK", "WARNING", ... */
const char *check_status_name(enum check_status status);

/* A target that is checked. */
struct checked {
    struct check check;
    struct monitor *monitor; /* NULL: it cannot be judged, check.error says why */
};

/* Takes one sample of each of N, or for rates as many as are needed, INTERVAL_NS apart. */
void check_sample(struct checked *one, unsigned n, int64_t interval_ns);

/* All of it on a target: takes one sample, or for rates as many as are needed, INTERVAL_NS
 * apart. */
enum check_status check_run(const struct check *c, struct monitor *m, int64_t interval_ns,
                            FILE *out);

/* All of it on several targets, looked at together: a line with the worst status, how many have
 * which, and the performance data of all; then a line for each target. */
enum check_status check_command_run_several(const struct options *o, const struct several *targets,
                                            FILE *out);

#endif
