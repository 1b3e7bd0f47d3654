/* SPDX-License-Identifier: MIT */
/* process.c - processes that tasks start, and the ends of a process that are not the runtime's. */
#include "config.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/conform.h"

/* ---- tasks that run meanwhile --------------------------------------------------------------- */

enum { SPINNERS = 2, TALKERS = 8 };

struct crowd {
    _Atomic(int) over;
    gort_waitgroup wg;
};

static void spin(void *arg)
{
    struct crowd *c = arg;

    while (atomic_load_explicit(&c->over, memory_order_relaxed) == 0)
        gort_safepoint();
}

static void talk(void *arg)
{
    struct crowd *c = arg;

    while (atomic_load_explicit(&c->over, memory_order_relaxed) == 0) {
        void *garbage = malloc(100);

        (void)gort_alloc(200);
        free(garbage);
        gort_yield();
    }
}

/* Tasks that keep the runtime's and libc's locks busy. */
static void crowd_begin(struct crowd *c)
{
    for (int i = 0; i < SPINNERS; i++)
        gort_waitgroup_go(&c->wg, spin, c);
    for (int i = 0; i < TALKERS; i++)
        gort_waitgroup_go(&c->wg, talk, c);
}

static void crowd_end(struct crowd *c)
{
    atomic_store_explicit(&c->over, 1, memory_order_relaxed);
    gort_waitgroup_wait(&c->wg);
}

/* ---- children ------------------------------------------------------------------------------- */

static int status_of(pid_t pid)
{
    int status = 0;
    pid_t got;

    do
        got = waitpid(pid, &status, 0);
    while (got < 0 && errno == EINTR);
    return got == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

enum { CHILDREN = 10 };

CLAIM(a_forked_child_may_exec)
{
    struct crowd *c = gort_new(struct crowd);

    crowd_begin(c);
    for (int i = 0; i < CHILDREN; i++) {
        pid_t pid = fork();
        int status;

        if (pid == 0) {
            execl("/bin/sh", "sh", "-c", "exit 7", (char *)NULL);
            _exit(99);
        }
        status = status_of(pid);
        EXPECT(status == 7, "status %d", status);
    }
    crowd_end(c);
}

/* All that a child may do of libc: memory, formatting, files. */
static _Noreturn void use_libc(int fd)
{
    char *text = malloc(64);

    snprintf(text, 64, "%d bytes", 64);
    if (write(fd, text, strlen(text) + 1) < 0)
        _exit(98);
    free(text);
    _exit(5);
}

CLAIM(a_forked_child_may_use_libc)
{
    struct crowd *c = gort_new(struct crowd);

    crowd_begin(c);
    for (int i = 0; i < CHILDREN; i++) {
        char text[64] = "";
        int fds[2];
        pid_t pid;
        int status;

        EXPECT(pipe(fds) == 0, "no pipe");
        pid = fork();
        if (pid == 0)
            use_libc(fds[1]);
        status = status_of(pid);
        EXPECT(status == 5 && read(fds[0], text, sizeof text) > 0, "status %d", status);
        EXPECT(strcmp(text, "64 bytes") == 0, "got %s", text);
        close(fds[0]);
        close(fds[1]);
    }
    crowd_end(c);
}

static void nothing(void *arg)
{
    (void)arg;
}

static void call_runtime(int which)
{
    switch (which) {
    case 0:
        gort_go(nothing, NULL);
        break;
    case 1:
        (void)gort_alloc(100000);
        break;
    case 2:
        (void)gort_chan_new(8, 1);
        break;
    case 3:
        gort_sleep(GORT_MS);
        break;
    case 4:
        gort_blocking_enter();
        break;
    default:
        gort_gc();
        break;
    }
}

enum { CALLS = 6 };

/* A child that does what it must not; what it says, its status is returned. */
static int misbehave(int which, char *text, size_t bytes)
{
    size_t length = 0;
    int fds[2];
    ssize_t n;
    pid_t pid;

    EXPECT(pipe(fds) == 0, "no pipe");
    pid = fork();
    if (pid == 0) {
        dup2(fds[1], STDERR_FILENO);
        call_runtime(which);
        _exit(0);
    }
    close(fds[1]);
    while ((n = read(fds[0], text + length, bytes - 1 - length)) > 0)
        length += (size_t)n;
    text[length] = '\0';
    close(fds[0]);
    return status_of(pid);
}

CLAIM(a_forked_child_that_calls_the_runtime_is_told_and_ends)
{
    struct crowd *c = gort_new(struct crowd);
    static char text[16384];

    crowd_begin(c);
    for (int i = 0; i < CALLS; i++) {
        int status = misbehave(i, text, sizeof text);

        EXPECT(status == 2, "call %d: status %d, %s", i, status, text);
        EXPECT(strstr(text, "fatal error: a function of the runtime was called in the child of a "
                            "fork") != NULL,
               "call %d: %s", i, text);
    }
    crowd_end(c);
}

CLAIM(a_child_of_a_fork_in_a_blocking_section_may_exec)
{
    pid_t pid = -1;
    int status;

    GORT_BLOCKING
    {
        pid = fork();
        if (pid == 0) {
            execl("/bin/sh", "sh", "-c", "exit 6", (char *)NULL);
            _exit(99);
        }
    }
    status = status_of(pid);
    EXPECT(status == 6, "status %d", status);
}

static void spawn_some(void *arg)
{
    _Atomic(int) *good = arg;
    char *argv[] = {(char *)(uintptr_t) "sh", (char *)(uintptr_t) "-c",
                    (char *)(uintptr_t) "exit 3", NULL};
    pid_t pid;

    if (posix_spawn(&pid, "/bin/sh", NULL, NULL, argv, environ) == 0 && status_of(pid) == 3)
        atomic_fetch_add_explicit(good, 1, memory_order_relaxed);
}

static void popen_some(void *arg)
{
    _Atomic(int) *good = arg;
    FILE *f = popen("echo 42", "r");
    int n = 0;

    if (f != NULL && fscanf(f, "%d", &n) == 1 && n == 42 && pclose(f) == 0)
        atomic_fetch_add_explicit(good, 1, memory_order_relaxed);
}

static void system_some(void *arg)
{
    _Atomic(int) *good = arg;
    int status = system("exit 4");

    if (WIFEXITED(status) && WEXITSTATUS(status) == 4)
        atomic_fetch_add_explicit(good, 1, memory_order_relaxed);
}

CLAIM(libc_starts_programs_from_many_tasks)
{
    struct crowd *c = gort_new(struct crowd);
    gort_waitgroup wg = {0};
    _Atomic(int) good = 0;

    crowd_begin(c);
    for (int i = 0; i < 4; i++) {
        gort_waitgroup_go(&wg, spawn_some, &good);
        gort_waitgroup_go(&wg, popen_some, &good);
        gort_waitgroup_go(&wg, system_some, &good);
    }
    gort_waitgroup_wait(&wg);
    crowd_end(c);
    EXPECT(good == 12, "%d of 12 went well", good);
}

ENDS(exec_replaces_the_program, 7, "replaced")
{
    crowd_begin(gort_new(struct crowd));
    execl("/bin/sh", "sh", "-c", "echo replaced; exit 7", (char *)NULL);
}

/* ---- ends ----------------------------------------------------------------------------------- */

static void exit_seven(void *arg)
{
    (void)arg;
    exit(7);
}

static void exit_at_once(void *arg)
{
    (void)arg;
    _exit(9);
}

static void run_in_a_task(void (*fn)(void *arg))
{
    crowd_begin(gort_new(struct crowd));
    gort_go(fn, NULL);
    gort_recv(NULL, NULL);
}

ENDS(any_task_may_exit, 7, "")
{
    run_in_a_task(exit_seven);
}

ENDS(any_task_may_exit_at_once, 9, "")
{
    run_in_a_task(exit_at_once);
}

static void abort_here(void *arg)
{
    (void)arg;
    abort();
}

ENDS(abort_in_a_task_aborts, -SIGABRT, "")
{
    run_in_a_task(abort_here);
}

static void use_a_channel(void)
{
    gort_chan *c = gort_chan_new(sizeof(int), 1);
    int v = 3;

    gort_send(c, &v);
    gort_recv(c, &v);
    gort_sleep(GORT_MS);
    dprintf(STDOUT_FILENO, "handler got %d\n", v);
}

ENDS(an_exit_handler_in_a_task_may_use_the_runtime, 7, "handler got 3")
{
    atexit(use_a_channel);
    run_in_a_task(exit_seven);
}

ENDS(an_exit_handler_after_the_runtime_is_no_task, 2, "gort_chan_new: called outside a task")
{
    atexit(use_a_channel);
}

/* ---- threads and libraries ------------------------------------------------------------------ */

static void *answer(void *arg)
{
    int fd = *(int *)arg;
    int v = 17;

    return write(fd, &v, sizeof v) == sizeof v ? arg : NULL;
}

CLAIM(a_task_may_make_threads_and_join_them)
{
    struct crowd *c = gort_new(struct crowd);

    crowd_begin(c);
    for (int i = 0; i < CHILDREN; i++) {
        pthread_t thread;
        int fds[2];
        void *result = NULL;
        int v = 0;

        EXPECT(pipe(fds) == 0, "no pipe");
        EXPECT(pthread_create(&thread, NULL, answer, &fds[1]) == 0, "no thread");
        EXPECT(read(fds[0], &v, sizeof v) == sizeof v && v == 17, "got %d", v);
        GORT_BLOCKING
        {
            pthread_join(thread, &result);
        }
        EXPECT(result == &fds[1], "it failed");
        close(fds[0]);
        close(fds[1]);
        gort_gc();
    }
    crowd_end(c);
}

static void *yield_here(void *arg)
{
    gort_yield();
    return arg;
}

ENDS(a_thread_of_the_program_is_no_task, 2, "gort_yield: called outside a task")
{
    pthread_t thread;

    pthread_create(&thread, NULL, yield_here, NULL);
    pthread_join(thread, NULL);
}

static void load(void *arg)
{
    _Atomic(int) *good = arg;

    for (int i = 0; i < CHILDREN; i++) {
        void *lib = dlopen("libutil.so.1", RTLD_NOW | RTLD_LOCAL);

        if (lib == NULL)
            return;
        (void)gort_alloc(100);
        if (dlclose(lib) == 0)
            atomic_fetch_add_explicit(good, 1, memory_order_relaxed);
    }
}

CLAIM(tasks_may_load_libraries_while_others_collect)
{
    struct crowd *c = gort_new(struct crowd);
    gort_waitgroup wg = {0};
    _Atomic(int) good = 0;

    crowd_begin(c);
    for (int i = 0; i < 4; i++)
        gort_waitgroup_go(&wg, load, &good);
    for (int i = 0; i < CHILDREN; i++)
        gort_gc();
    gort_waitgroup_wait(&wg);
    crowd_end(c);
    EXPECT(good == 4 * CHILDREN, "%d of %d went well", good, 4 * CHILDREN);
}
