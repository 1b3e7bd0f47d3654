/* SPDX-License-Identifier: MIT */
/* prom_command.h - gomon --prom: one sample of one target or of all, for Prometheus.
 * Who: main. */
#ifndef MON_PROM_COMMAND_H
#define MON_PROM_COMMAND_H

#include <stdio.h>

#include "mon/options.h"
#include "mon/target.h"

/* Writes the figures of N targets; one that ends or cannot be opened meanwhile is left out. Returns
 * why, if none is left of a single one that was asked for. */
enum exit_status prom_command_run(const struct target *targets, unsigned n, FILE *out);

#endif
