/* SPDX-License-Identifier: MIT */
/* export_prom.h - figures of one or several targets in the text format of Prometheus, 0.0.4.
 * Names are those of Go's collectors where there is one (prom.def), else gort_NAME with its unit;
 * each sample is labelled with the pid and the program of its target. A family's samples stand
 * together, as the format wants, so all targets are given at once.
 * Threads: pure but for the stream. */
#ifndef MON_EXPORT_PROM_H
#define MON_EXPORT_PROM_H

#include <stdio.h>

#include "mon/model.h"

/* What is written of one target: copied, so that its monitor may be gone. */
struct prom_target {
    struct model_target target;
    enum target_state state;
    struct metric_table metrics;
    struct snapshot snapshot;
    struct alerts alerts;
};

void export_prom(FILE *out, const struct prom_target *targets, unsigned n);

#endif
