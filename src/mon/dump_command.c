/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/dump_command.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>

#include "base/clock.h"
#include "mon/fail.h"
#include "mon/procstat.h"
#include "mon/recording.h"

#define STEP_NS (50 * NS_PER_MS)

static void wait_for(const struct dumpjob *job)
{
    struct pollfd fd = {.fd = dumpjob_fd(job), .events = POLLIN};
    int64_t left_ns = dumpjob_wake_ns(job) - clock_mono_ns();
    const int64_t longest_ns = NS_PER_S;

    if (left_ns > longest_ns)
        left_ns = longest_ns;
    if (left_ns > 0)
        poll(&fd, 1, (int)(left_ns / NS_PER_MS) + 1);
}

static bool is_over(const struct dumpjob *job)
{
    enum dump_stage stage = dumpjob_status(job)->stage;

    return stage == DUMP_STAGE_DONE || stage == DUMP_STAGE_FAILED;
}

static enum exit_status write_dump(const struct dump *dump, enum dump_format format, FILE *out)
{
    if (dumpsave_write(dump, NULL, format, out))
        return EXIT_OK;
    return fail(EXIT_FAILED, "the dump could not be written: %s", dumpsave_error(errno));
}

/* What a dump that failed is due to. */
static enum exit_status failure_of(pid_t pid)
{
    if (procstat_has_ended(pid))
        return EXIT_NO_TARGET;
    return kill(pid, 0) != 0 && errno == EPERM ? EXIT_PERMISSION : EXIT_FAILED;
}

enum exit_status dump_command_run(const struct dump_command *command, FILE *out)
{
    struct symbols *symbols = symbols_new(command->pid, command->download);
    struct dumpjob *job = dumpjob_new(command->pid, symbols, command->way);
    enum exit_status status;
    struct dump *dump;

    for (dumpjob_step(job, STEP_NS); !is_over(job); dumpjob_step(job, STEP_NS))
        wait_for(job);
    dump = dumpjob_take(job);
    if (dump == NULL) {
        fprintf(stderr, "gomon: %s\n", dumpjob_status(job)->message);
        status = failure_of(command->pid);
    } else {
        status = write_dump(dump, command->format, out);
    }
    dump_free(dump);
    dumpjob_free(job);
    symbols_free(symbols);
    return status;
}

enum exit_status dump_command_recorded(const char *path, enum dump_format format, FILE *out)
{
    struct metric_table table;
    struct source_failure failure;
    struct recording *recording;
    struct dump *dump;
    enum exit_status status;

    metric_table_init(&table);
    recording = recording_open(path, &table, &failure);
    if (recording == NULL)
        return fail(failure.status, "%s", failure.why);
    dump = recording_dump(recording);
    status = dump != NULL ? write_dump(dump, format, out)
                          : fail(EXIT_FAILED, "%s holds no stacks", path);
    dump_free(dump);
    recording_free(recording);
    return status;
}
