/* SPDX-License-Identifier: MIT */
/* scheddetail.c - GORT_DEBUG=schedtrace=N,scheddetail=1 writes of procs, threads and tasks as Go
 * 1.27 does. */
#include "config.h"

#include <fcntl.h>
#include <regex.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gort.h"

#define PROCS      3
#define WAITERS    20
#define TEXT_BYTES (1 << 20)
#define OR_NIL     "(nil|[0-9]+)"
#define TRUTH      "(true|false)"

static char text[TEXT_BYTES];

enum kind { HEAD, PROC, THREAD, TASK, KINDS };

static const char *const formats[KINDS] = {
    [HEAD] = "^SCHED [0-9]+ms: gomaxprocs=3 idleprocs=[0-3] threads=[0-9]+ spinningthreads=[0-9]+ "
             "needspinning=[01] idlethreads=[0-9]+ runqueue=[0-9]+ gcwaiting=" TRUTH
             " nmidlelocked=-?[0-9]+ stopwait=[0-9]+ sysmonwait=" TRUTH "$",
    [PROC] = "^  P[0-9]+: status=[0-4] schedtick=[0-9]+ syscalltick=[0-9]+ m=" OR_NIL
             " runqsize=[0-9]+ gfreecnt=[0-9]+ timerslen=[0-9]+$",
    [THREAD] = "^  M[0-9]+: p=" OR_NIL " curg=" OR_NIL " mallocing=0 throwing=0 preemptoff= "
               "locks=[0-9]+ dying=0 spinning=" TRUTH " blocked=" TRUTH " lockedg=" OR_NIL "$",
    [TASK] = "^  G[0-9]+: status=[0-9]\\(.*\\) m=" OR_NIL " lockedm=" OR_NIL "$",
};

/* What was written to FD so far; returns how many reports have begun. */
static int read_back(int fd)
{
    ssize_t n = pread(fd, text, sizeof text - 1, 0);
    int reports = 0;

    text[n > 0 ? n : 0] = '\0';
    for (const char *at = text; (at = strstr(at, "SCHED ")) != NULL; at++)
        reports++;
    return reports;
}

static bool await(int fd, int reports)
{
    int64_t end_ns = gort_in(10 * GORT_S);

    while (read_back(fd) < reports && gort_now() < end_ns)
        gort_sleep(GORT_MS);
    return read_back(fd) >= reports;
}

static int kind_of(regex_t format[KINDS], const char *line)
{
    for (int kind = 0; kind < KINDS; kind++) {
        if (regexec(&format[kind], line, 0, NULL, 0) == 0)
            return kind;
    }
    return -1;
}

/* 0 if the report that begins at REPORT, and ends with it, is as it should be. */
static int judge(regex_t format[KINDS], char *report)
{
    int count[KINDS] = {0}, waiters = 0;
    char *line;

    while ((line = strsep(&report, "\n")) != NULL && *line != '\0') {
        int kind = kind_of(format, line);

        if (kind < 0) {
            printf("not as Go's: %s\n", line);
            return 1;
        }
        count[kind]++;
        waiters += strstr(line, "status=4(sync.Mutex.Lock) m=nil") != NULL;
    }
    if (count[HEAD] != 1 || count[PROC] != PROCS || count[THREAD] == 0 || waiters != WAITERS ||
        count[TASK] < WAITERS + 1) {
        printf("%d heads, %d procs, %d threads, %d tasks, %d wait\n", count[HEAD], count[PROC],
               count[THREAD], count[TASK], waiters);
        return 1;
    }
    return 0;
}

/* The last whole report: tasks have come to where they wait by then. */
static int judge_last(void)
{
    regex_t format[KINDS];
    char *last = NULL, *before = NULL;
    int status;

    for (char *at = text; (at = strstr(at, "SCHED ")) != NULL; at++) {
        before = last;
        last = at;
    }
    *last = '\0';
    for (int kind = 0; kind < KINDS; kind++) {
        if (regcomp(&format[kind], formats[kind], REG_EXTENDED | REG_NOSUB) != 0)
            return 99;
    }
    status = judge(format, before);
    for (int kind = 0; kind < KINDS; kind++)
        regfree(&format[kind]);
    return status;
}

static void wait_for_it(void *arg)
{
    gort_mutex_lock(arg);
    gort_mutex_unlock(arg);
}

static int app(void *arg)
{
    gort_mutex m = {0};
    gort_waitgroup tasks = {0};
    int fd = *(int *)arg;
    int status = 1, reports;

    gort_mutex_lock(&m);
    for (int i = 0; i < WAITERS; i++)
        gort_waitgroup_go(&tasks, wait_for_it, &m);
    gort_sleep(GORT_MS);
    reports = read_back(fd);
    for (int i = 0; i < 100 && status != 0 && await(fd, reports + 3); i++) {
        status = judge_last();
        reports = read_back(fd);
    }
    gort_mutex_unlock(&m);
    gort_waitgroup_wait(&tasks);
    return status;
}

int main(void)
{
    const gort_options options = {.maxprocs = PROCS};
    FILE *file = tmpfile();
    int fd;

    if (file == NULL)
        return 77;
    fd = fileno(file);
    setenv("GORT_DEBUG", "schedtrace=5,scheddetail=1", 1);
    unsetenv("GORT_MAXPROCS");
    fflush(stdout);
    if (dup2(fd, STDERR_FILENO) < 0)
        return 99;
    return gort_run(&options, app, &fd);
}
