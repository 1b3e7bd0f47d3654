/* SPDX-License-Identifier: MIT */
/* leak.c - the two leaks of a service: tasks that wait for ever, and memory that is remembered for
 * ever. Each comes from one line, which gomon's alerts are to name. Beside them runs honest work
 * that makes garbage, so that the heap is collected often and only its trend tells of the leak. */
#include "config.h"

#include "demo/demo.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <gort.h>

#include "demo/pace.h"

/* What the service thinks it knows of a client that left long ago. */
struct session {
    struct session *next;
    char state[1024 - sizeof(struct session *)];
};

static struct session *sessions; /* [owner] the task that leaks memory */

/* A request that was asked of two peers: the second answer is never taken. */
static void wait_for_answer(void *arg)
{
    gort_chan *answer = arg;

    gort_recv(answer, NULL);
}

/* Not inlined, so that a stack or an alert names this function: here tasks leak. */
static __attribute__((noinline)) void ask_peer(void)
{
    gort_chan *answer = gort_chan_new(0, 0);

    gort_go(wait_for_answer, answer);
}

/* Likewise: here memory leaks. */
static __attribute__((noinline)) void remember_session(void)
{
    struct session *session = gort_alloc(sizeof *session);

    memset(session->state, 'x', sizeof session->state);
    session->next = sessions;
    sessions = session;
}

static void leak_tasks(void *arg)
{
    const struct demo_options *options = arg;
    struct pace pace;

    pace_init(&pace, options->task_rate);
    for (;;) {
        for (int64_t due = pace_wait(&pace); due > 0; due--)
            ask_peer();
    }
}

static void leak_memory(void *arg)
{
    const struct demo_options *options = arg;
    const int64_t session_bytes = sizeof(struct session);
    struct pace pace;
    int64_t due_bytes = 0;

    pace_init(&pace, options->leak_bytes);
    for (;;) {
        due_bytes += pace_wait(&pace);
        for (; due_bytes >= session_bytes; due_bytes -= session_bytes)
            remember_session();
    }
}

/* A request of a service: a buffer, and a few small things that point to each other. */
static int64_t serve_request(void)
{
    struct part {
        struct part *next;
        char *text;
    } *parts = NULL;
    const size_t buffer_bytes = 4096;
    const int nparts = 16;
    char *buffer = gort_alloc_noscan(buffer_bytes);

    memset(buffer, 'r', buffer_bytes);
    for (int i = 0; i < nparts; i++) {
        struct part *part = gort_new(struct part);

        part->text = buffer + i;
        part->next = parts;
        parts = part;
    }
    gort_keepalive(parts);
    return (int64_t)(buffer_bytes + (size_t)nparts * sizeof(struct part));
}

static void make_garbage(void *arg)
{
    const struct demo_options *options = arg;
    struct pace pace;
    int64_t due_bytes = 0;

    pace_init(&pace, options->garbage_bytes);
    for (;;) {
        due_bytes += pace_wait(&pace);
        while (due_bytes > 0)
            due_bytes -= serve_request();
    }
}

static int run_leak(const struct demo_options *options)
{
    struct demo_options *copy = gort_alloc_noscan(sizeof *copy);

    *copy = *options;
    demo_go("leak tasks", leak_tasks, copy);
    demo_go("leak memory", leak_memory, copy);
    demo_go("requests", make_garbage, copy);
    demo_wait(options);
    return 0;
}

const struct scenario leak_scenario = {
    .name = "leak",
    .summary = "tasks leak at one line and memory at another, among honest garbage",
    .options = DEMO_SECONDS | DEMO_TASK_RATE | DEMO_LEAK | DEMO_GARBAGE,
    .defaults = {.task_rate = 5, .leak_bytes = 64 << 10, .garbage_bytes = 64 << 20},
    .run = run_leak,
};
