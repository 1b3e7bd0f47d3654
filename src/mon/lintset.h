/* SPDX-License-Identifier: MIT */
/* lintset.h - which lints are judged, and from which limits on: the table of lints.def, and what
 * the command line and gomonrc changed of it.
 * Threads: values; pure functions. */
#ifndef MON_LINTSET_H
#define MON_LINTSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mon/alert.h"

enum lint_unit { LINT_NONE, LINT_SHARE, LINT_NS, LINT_BYTES, LINT_COUNT };

#define LINT_SETTING_BYTES 48

struct lint_info {
    enum alert_severity severity;
    enum lint_unit unit;
    double limit; /* unless it is tuned */
    double clear; /* of the limit */
    int64_t slot_ns;
    unsigned need; /* of the last `of` judgements */
    unsigned of;
    int64_t warm_ns;
};

/* The row of the table. */
const struct lint_info *lint_info(enum alert_lint lint);

struct lint_rule {
    bool on;
    double limit;
};

struct lint_set {
    struct lint_rule rule[LINTS];
};

/* All are on, with the limits of the table. */
void lint_set_init(struct lint_set *s);

/* Takes "NAME=LIMIT", "NAME=off", "NAME=on" (with the limit of the table) or NAME, which means on;
 * several with commas between. The name "all" means each. False: TEXT is wrong, and S as it was. */
bool lint_set_take(struct lint_set *s, const char *text);

/* Takes "NAME,..." as lints that are off. False as above. */
bool lint_set_allow(struct lint_set *s, const char *text);

/* "gc-thrash=25%": what lint_set_take reads. Returns TEXT. */
const char *lint_set_text(const struct lint_set *s, enum alert_lint lint,
                          char text[static LINT_SETTING_BYTES]);

/* A value in the unit of the lint's limit: "25%", "100ms", "1.00M", "16". Returns TEXT. */
const char *lint_value_text(enum alert_lint lint, double value, char text[static FMT_BYTES_MAX]);

#endif
