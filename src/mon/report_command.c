/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/report_command.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "mon/fail.h"
#include "mon/monitor.h"
#include "mon/report.h"

#define AFTER_NS   NS_PER_S /* rates need two samples */
#define PATH_BYTES 512
#define ROOM_BYTES (INT64_C(4) << 20) /* of a place where it is made */

/* ---- the place ---- */

/* An empty file in FOLDER, which has room; -1 if that can't be had. */
static int make_in(const char *folder, char path[PATH_BYTES])
{
    int fd;

    if (folder == NULL ||
        snprintf(path, PATH_BYTES, "%s/gomon-report.XXXXXX", folder) >= PATH_BYTES)
        return -1;
    fd = mkostemp(path, O_CLOEXEC);
    if (fd < 0)
        return -1;
    if (posix_fallocate(fd, 0, ROOM_BYTES) == 0 && ftruncate(fd, 0) == 0)
        return fd;
    close(fd);
    unlink(path);
    return -1;
}

/* Of disks that are full and of those that can't be written there is always another. */
static int make(char path[PATH_BYTES])
{
    const char *const folder[] = {getenv("TMPDIR"), getenv("XDG_RUNTIME_DIR"), "/var/tmp", "/tmp",
                                  "/dev/shm"};
    int fd = -1;

    for (size_t i = 0; i < sizeof folder / sizeof folder[0] && fd < 0; i++)
        fd = make_in(folder[i], path);
    return fd;
}

/* ---- the copy ---- */

static bool write_all(int out, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t done = write(out, bytes, n);

        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return false;
        bytes += done;
        n -= (size_t)done;
    }
    return true;
}

static enum exit_status copy(int in, int out)
{
    char bytes[65536];
    off_t at = 0;
    ssize_t n;

    while ((n = pread(in, bytes, sizeof bytes, at)) > 0) {
        if (!write_all(out, bytes, (size_t)n))
            return fail(EXIT_FAILED, "standard output: %s", strerror(errno));
        at += n;
    }
    return n == 0 ? EXIT_OK : fail(EXIT_FAILED, "the report cannot be read: %s", strerror(errno));
}

/* ---- the report ---- */

static enum exit_status write_report(const struct options *o, const struct target *target,
                                     const char *path)
{
    struct monitor_options how = {.lint_window_ns = o->lint_window_ns,
                                  .record = MONITOR_RECORDS_FILE,
                                  .recorder = {.path = path, .is_draft = true}};
    struct monitor_failure failure;
    struct report report = {.options = o,
                            .cause = "asked for",
                            .way = o->read_only ? DUMPJOB_PEEK : DUMPJOB_ASK_OR_PEEK,
                            .after_ns = AFTER_NS};
    char why[RECORDER_WHY_BYTES] = "";
    bool good;

    report.monitor = monitor_new(target, &how, &failure);
    unlink(path);
    if (report.monitor == NULL)
        return fail(failure.status, "%s", failure.text);
    good = report_run(&report, why);
    monitor_free(report.monitor);
    return good ? EXIT_OK : fail(EXIT_FAILED, "no report: %s", why);
}

enum exit_status report_command_run(const struct options *o, const struct target *target, int out)
{
    char path[PATH_BYTES];
    int fd = make(path);
    enum exit_status status;

    if (fd < 0)
        return fail(EXIT_FAILED, "there is no room for a report in $TMPDIR, /var/tmp or /tmp: %s",
                    strerror(errno));
    status = write_report(o, target, path);
    if (status == EXIT_OK)
        status = copy(fd, out);
    close(fd);
    return status;
}

bool report_command_may_write(int out)
{
    if (!isatty(out))
        return true;
    fail(EXIT_USAGE, "a report is a database: write it to a file, gomon --report 8123 > FILE");
    return false;
}
