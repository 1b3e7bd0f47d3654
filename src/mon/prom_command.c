/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/prom_command.h"

#include <stdlib.h>

#include "base/clock.h"
#include "mon/export_prom.h"
#include "mon/monitor.h"

/* Takes one sample; a monitor is large, so each is gone before the next is opened. */
static bool read_target(const struct target *target, struct prom_target *out,
                        struct monitor_failure *failure)
{
    struct monitor_options how = {0};
    struct monitor *monitor = monitor_new(target, &how, failure);

    if (monitor == NULL)
        return false;
    monitor_tick(monitor, clock_mono_ns(), clock_real_ns());
    const struct model *m = monitor_model(monitor);
    out->target = m->target;
    out->state = m->status.state;
    out->metrics = *m->metrics;
    out->snapshot = *m->snapshot;
    out->alerts = *m->alerts;
    monitor_free(monitor);
    return true;
}

enum exit_status prom_command_run(const struct target *targets, unsigned n, FILE *out)
{
    struct prom_target *read = calloc(n == 0 ? 1 : n, sizeof *read);
    struct monitor_failure failure = {.status = EXIT_FAILED, .text = "out of memory"};
    unsigned nread = 0;

    if (read == NULL) {
        fputs("gomon: out of memory\n", stderr);
        return EXIT_FAILED;
    }
    for (unsigned i = 0; i < n; i++)
        nread += read_target(&targets[i], &read[nread], &failure);
    export_prom(out, read, nread);
    free(read);
    if (n != 1 || nread == 1)
        return EXIT_OK;
    fprintf(stderr, "gomon: %s\n", failure.text);
    return failure.status;
}
