/* SPDX-License-Identifier: MIT */
/* benchmain.c - a program of benchmarks: flags, header, a runtime for each number of procs. */
#include "config.h"

#include "gort/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"
#include "gort.h"
#include "runtime/benchrun.h"

static struct { /* set by constructors, before main */
    gort_bench_entry *first;
    gort_bench_entry **end;
} registered = {.end = &registered.first};

void gort_bench_register(gort_bench_entry *entry)
{
    entry->next = NULL;
    *registered.end = entry;
    registered.end = &entry->next;
}

/* ---- What is printed around the lines ---- */

static const char usage[] =
    "  -bench REGEX   only those whose name it matches; '/' separates levels (default .)\n"
    "  -benchtime T   how long each is measured, as 1s or 100ms, or how often: 100x (1s)\n"
    "  -count N       how many times each is measured (1)\n"
    "  -cpu LIST      numbers of procs to measure with, as 1,2,4\n"
    "  -benchmem      bytes and allocations an iteration, too\n"
    "  -list          only list the names\n";

/* The model of the processor as Linux names it, or "". */
static void read_cpu_model(char *buf, size_t bytes)
{
    FILE *f = fopen("/proc/cpuinfo", "re");
    char line[256];

    buf[0] = '\0';
    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        const char *colon = strchr(line, ':');

        if (strncmp(line, "model name", 10) == 0 && colon != NULL) {
            colon += 1 + strspn(colon + 1, " \t");
            snprintf(buf, bytes, "%.*s", (int)strcspn(colon, "\n"), colon);
            break;
        }
    }
    if (f != NULL)
        fclose(f);
}

/* The names are Go's, so that benchstat compares the results of both. */
static void print_header(void)
{
    struct utsname system;
    const char *arch;
    char model[128];

    CHECK(uname(&system) == 0);
    arch = system.machine;
    if (strcmp(arch, "x86_64") == 0)
        arch = "amd64";
    else if (strcmp(arch, "aarch64") == 0)
        arch = "arm64";
    read_cpu_model(model, sizeof model);
    printf("goos: linux\ngoarch: %s\n", arch);
    if (model[0] != '\0')
        printf("cpu: %s\n", model);
}

static bool fits(const struct bench_match *match, const gort_bench_entry *e)
{
    char name[BENCH_NAME_BYTES];

    snprintf(name, sizeof name, "Benchmark%s", e->name);
    return bench_match_name(match, name) != BENCH_FIT_NO;
}

static void list_names(const struct bench_match *match)
{
    for (const gort_bench_entry *e = registered.first; e != NULL; e = e->next) {
        if (fits(match, e))
            printf("Benchmark%s\n", e->name);
    }
}

/* ---- Running ---- */

/* The columns are those of Go: for the largest number of procs, whose digits count twice. */
static void set_widths(struct bench_suite *suite)
{
    const struct bench_flags *f = suite->flags;
    int procs = f->ncpus == 0 ? suite->procs : 1;
    char suffix[BENCH_NAME_BYTES];

    for (unsigned i = 0; i < f->ncpus; i++)
        procs = f->cpus[i] > procs ? f->cpus[i] : procs;
    suite->suffix_width = bench_full_name(suffix, sizeof suffix, "", procs) + 1;
    for (const gort_bench_entry *e = registered.first; e != NULL; e = e->next) {
        size_t width = strlen("Benchmark") + strlen(e->name) + 2 * suite->suffix_width - 1;

        if (fits(suite->match, e) && width > suite->width)
            suite->width = width;
    }
}

static void call_entry(gort_bench *b, void *arg)
{
    gort_bench_entry *e = arg;

    e->fn(b);
}

struct session { /* one runtime */
    struct bench_suite *suite;
    gort_waitgroup end;
};

static void run_suite(void *arg)
{
    struct session *session = arg;
    struct bench root;

    session->suite->procs = gort_maxprocs();
    set_widths(session->suite);
    bench_root_init(&root, session->suite);
    for (gort_bench_entry *e = registered.first; e != NULL; e = e->next)
        gort_bench_run(&root.pub, e->name, call_entry, e);
    bench_suite_fini(session->suite);
    gort_waitgroup_done(&session->end);
}

static int first_task(void *arg)
{
    struct session *session = arg;
    gort_attr attr = {.name = "benchmarks", .stack_bytes = BENCH_STACK_BYTES};

    gort_waitgroup_add(&session->end, 1);
    gort_go_with(&attr, run_suite, session);
    gort_waitgroup_wait(&session->end);
    return session->suite->failed;
}

/* Runs all with that many procs; 0: as many as the runtime takes by itself. */
static bool run_with(struct bench_suite *suite, int procs)
{
    struct session session = {.suite = suite};
    char text[16];
    int rc;

    if (procs > 0) {
        snprintf(text, sizeof text, "%d", procs);
        CHECK(setenv("GORT_MAXPROCS", text, 1) == 0); /* goes before any option */
    }
    rc = gort_run(NULL, first_task, &session);
    if (rc < 0)
        fprintf(stderr, "gort_bench_main: %s\n", gort_strerror(rc));
    return rc == 0;
}

/* The same in a child process: a runtime starts once a process, with one number of procs. */
static bool run_in_child(struct bench_suite *suite, int procs)
{
    pid_t pid;
    int status;

    fflush(stdout);
    pid = fork();
    if (pid == 0)
        exit(run_with(suite, procs) ? 0 : 1);
    if (pid < 0 || waitpid(pid, &status, 0) != pid) {
        perror("gort_bench_main: fork");
        return false;
    }
    if (WIFSIGNALED(status))
        fprintf(stderr, "gort_bench_main: the run with %d procs ended by signal %d\n", procs,
                WTERMSIG(status));
    return status == 0;
}

static bool run_all(struct bench_suite *suite)
{
    const struct bench_flags *f = suite->flags;
    bool good = true;

    if (f->ncpus <= 1)
        return run_with(suite, f->ncpus == 1 ? f->cpus[0] : 0);
    for (unsigned i = 0; i < f->ncpus; i++)
        good &= run_in_child(suite, f->cpus[i]);
    return good;
}

static bool names_are_good(void)
{
    for (const gort_bench_entry *e = registered.first; e != NULL; e = e->next) {
        if (e->name[0] < 'A' || e->name[0] > 'Z') {
            fprintf(stderr, "gort_bench_main: the benchmark's name '%s' begins with no capital\n",
                    e->name);
            return false;
        }
    }
    return true;
}

/* 0, or the exit status for a wrong command line. */
static int parse(struct bench_flags *flags, struct bench_match *match, int argc, char **argv)
{
    const char *program = argc > 0 ? argv[0] : "benchmarks";
    char why[256];

    if (!bench_flags_parse(flags, argc, argv, why, sizeof why)) {
        fprintf(stderr, "%s: %s\n", program, why);
        return 2;
    }
    if (!bench_match_init(match, flags->pattern, why, sizeof why)) {
        fprintf(stderr, "%s: -bench '%s': %s\n", program, flags->pattern, why);
        return 2;
    }
    return 0;
}

int gort_bench_main(int argc, char **argv)
{
    struct bench_flags flags;
    struct bench_match match;
    struct bench_suite suite = {.flags = &flags, .match = &match};
    bool good = true;

    if (!names_are_good() || parse(&flags, &match, argc, argv) != 0)
        return 2;
    if (flags.help) {
        printf("usage: %s [flags]\n%s", argv[0], usage);
    } else if (flags.list) {
        list_names(&match);
    } else {
        print_header();
        good = run_all(&suite);
        puts(good ? "PASS" : "FAIL");
    }
    bench_match_fini(&match);
    return fflush(stdout) == 0 && good ? 0 : 1;
}
