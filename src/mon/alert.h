/* SPDX-License-Identifier: MIT */
/* alert.h - what the lints have found, kept with the evidence that it rests on.
 * A lint is judged each tick; an alert is raised when it says yes K times of N and cleared when it
 * has said no for long enough, so that a figure at the edge does not blink. A cleared alert stays
 * in the list, with its times, until the room is needed. One that a person has silenced goes on
 * being judged, but counts no more and nobody is told of it.
 * Threads: one owner; panels read. */
#ifndef MON_ALERT_H
#define MON_ALERT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fmt.h"

#define ALERTS_MAX 32
#define ALERT_SILENCES   32
#define ALERT_TEXT_BYTES 192

enum alert_lint {
#define LINT(id, name, severity, unit, limit, clear, slot_s, need, of, warm_s, help) LINT_##id,
#include "mon/lints.def"
#undef LINT
    LINTS
};

enum alert_severity { ALERT_NOTE, ALERT_WARNING, ALERT_CRITICAL };

/* The trend that a growth alert rests on. */
struct alert_trend {
    uint32_t samples;
    int64_t from_ns; /* monotonic */
    int64_t to_ns;
    double from_value; /* on the fitted line */
    double to_value;
    double per_second; /* Theil-Sen slope */
    double p;          /* Mann-Kendall: chance of this in a series without trend */
    enum fmt_unit unit;
};

struct alert {
    enum alert_lint lint;
    enum alert_severity severity;
    uint64_t key; /* tells two alerts of one lint apart: made of the places in the code, else 0 */
    int64_t raised_ns; /* monotonic */
    int64_t raised_real_ns;
    int64_t cleared_ns; /* 0: it stands */
    bool silenced;
    uint64_t pc;        /* the code that it blames, or 0; model_code_line has its text */
    uint64_t wait_pc;   /* where the tasks of that code wait, or 0 */
    bool has_trend;
    struct alert_trend trend;
    char text[ALERT_TEXT_BYTES]; /* one sentence with the numbers, without the code line */
};

struct alerts {
    uint32_t n;
    uint32_t nstanding;             /* of them neither cleared nor silenced */
    uint32_t nsilenced;             /* that stand: they follow, then those that were cleared */
    struct alert alert[ALERTS_MAX]; /* each part newest first */
    uint32_t nsilences;
    struct {
        enum alert_lint lint;
        uint64_t key;
    } silence[ALERT_SILENCES]; /* the next ones of these are silent too */
};

/* The standing alert of this lint and key, made if there is none: the caller fills in severity,
 * pc, trend and text. Borrowed until the next call. */
struct alert *alerts_raise(struct alerts *a, enum alert_lint lint, uint64_t key, int64_t mono_ns,
                           int64_t real_ns);

/* Notes that it no longer holds. */
void alerts_clear(struct alerts *a, enum alert_lint lint, uint64_t key, int64_t mono_ns);

/* Silences the alerts of this lint and key, that which stands and any that comes, or lets them be
 * heard again. False: there is no room for another silence. */
bool alerts_silence(struct alerts *a, enum alert_lint lint, uint64_t key, bool on);

/* For qsort: those that stand before those that were cleared, each newest first. */
int alert_by_standing(const void *a, const void *b);

bool alerts_is_silenced(const struct alerts *a, enum alert_lint lint, uint64_t key);

/* "heap-growth" and so on: for JSON and the command line. */
const char *alert_lint_name(enum alert_lint lint);

/* What the lint looks for, in one line, for the help and the manual. */
const char *alert_lint_help(enum alert_lint lint);

#endif
