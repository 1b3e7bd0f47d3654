/* SPDX-License-Identifier: MIT */
/* schedtrace.c - GORT_DEBUG=schedtrace=N writes lines as Go 1.27 does, also while nothing runs. */
#include "config.h"

#include <fcntl.h>
#include <inttypes.h>
#include <regex.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gort.h"

#define PROCS      3
#define TEXT_BYTES 65536
#define NUMBERS    "\\[ ([0-9]+ ){3}\\]"
#define FORMAT                                                                               \
    "^SCHED ([0-9]+)ms: gomaxprocs=3 idleprocs=[0-3] threads=[0-9]+ spinningthreads=[0-9]+ " \
    "needspinning=[01] idlethreads=[0-9]+ runqueue=[0-9]+ " NUMBERS " schedticks=" NUMBERS "$"

static char text[TEXT_BYTES];

/* What was written to FD so far; returns how many lines. */
static int read_back(int fd)
{
    ssize_t n = pread(fd, text, sizeof text - 1, 0);
    int lines = 0;

    text[n > 0 ? n : 0] = '\0';
    for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    return lines;
}

/* Waits without running anything until there are LINES lines. */
static bool await(int fd, int lines)
{
    int64_t end_ns = gort_in(10 * GORT_S);

    while (read_back(fd) < lines && gort_now() < end_ns)
        gort_sleep(GORT_MS);
    return read_back(fd) >= lines;
}

/* 0 if all whole lines are as they should be and their times rise. */
static int judge(void)
{
    regmatch_t match[2];
    long last = -1;
    regex_t format;
    char *line, *rest = text;

    *(strrchr(text, '\n') + 1) = '\0';
    if (regcomp(&format, FORMAT, REG_EXTENDED) != 0)
        return 99;
    while ((line = strsep(&rest, "\n")) != NULL && *line != '\0') {
        long ms = 0;

        if (regexec(&format, line, 2, match, 0) != 0) {
            printf("not as Go's: %s\n", line);
            return 1;
        }
        ms = strtol(line + match[1].rm_so, NULL, 10);
        if (ms <= last) {
            printf("%ld ms after %ld ms\n", ms, last);
            return 1;
        }
        last = ms;
    }
    regfree(&format);
    return 0;
}

static int app(void *arg)
{
    int fd = *(int *)arg;

    if (!await(fd, 5)) {
        printf("no five lines within ten seconds:\n%s", text);
        return 1;
    }
    return judge();
}

int main(void)
{
    const gort_options options = {.maxprocs = PROCS};
    FILE *file = tmpfile();
    int fd;

    if (file == NULL)
        return 77;
    fd = fileno(file);
    setenv("GORT_DEBUG", "schedtrace=5", 1);
    unsetenv("GORT_MAXPROCS");
    fflush(stdout);
    if (dup2(fd, STDERR_FILENO) < 0)
        return 99;
    return gort_run(&options, app, &fd);
}
