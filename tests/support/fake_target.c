/* SPDX-License-Identifier: MIT */
/* fake_target.c - a process with a page that moves, but without a runtime: for looking at gomon.
 * usage: fake_target [SECONDS [TASKS [HEARD]]]
 * Publishes ten times a second for SECONDS (0: for ever) with TASKS tasks: a heap that saws, a
 * collection every 2 s, one spawn site that leaks a task a second, 10 minutes of history. After
 * HEARD seconds it lives on and publishes nothing. */
#include "config.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/support/fakepage.h"

#define STEP_NS (100 * NS_PER_MS)
#define CYCLE_STEPS 20
#define MIB (1024.0 * 1024.0)
#define PAST_NS (600 * NS_PER_S)
#define NPROCS 4

struct state {
    struct fakepage page;
    uint64_t ntasks;
    uint64_t step;
    int64_t real_less_mono_ns;
};

static uint64_t live_bytes(const struct state *s)
{
    double t = (double)s->step / 10.0;

    return (uint64_t)((40.0 + 5.0 * sin(t / 60.0)) * MIB);
}

static void set_values(struct state *s)
{
    uint64_t *v = s->page.value;
    uint64_t live = live_bytes(s);
    uint64_t grown = live / CYCLE_STEPS * (s->step % CYCLE_STEPS);

    v[METRIC_HEAP_LIVE] = live;
    v[METRIC_HEAP_ALLOC] = live + grown;
    v[METRIC_HEAP_TOTAL_ALLOC] += live / CYCLE_STEPS;
    v[METRIC_HEAP_MALLOCS] += live / CYCLE_STEPS / 64;
    v[METRIC_GC_GOAL] = 2 * live;
    v[METRIC_MEM_SYS] = (uint64_t)(120 * MIB);
    v[METRIC_HEAP_SYS] = (uint64_t)(110 * MIB);
    v[METRIC_HEAP_INUSE] = v[METRIC_HEAP_ALLOC];
    v[METRIC_GC_PERCENT] = 100;
    v[METRIC_GC_MEMORY_LIMIT] = INT64_MAX;
    v[METRIC_GC_CPU] = 31000;
    v[METRIC_TASKS] = s->ntasks + s->step / 10;
    v[METRIC_TASKS_CREATED] = v[METRIC_TASKS] + s->step;
    v[METRIC_TASKS_WAITING] = v[METRIC_TASKS] - 2;
    v[METRIC_TASKS_RUNNING] = 2;
    v[METRIC_PROCS] = NPROCS;
    v[METRIC_PROCS_IDLE] = 1;
    v[METRIC_THREADS] = NPROCS + 2;
    v[METRIC_SWITCHES] += 1000 + s->step % 70;
    v[METRIC_RUNQ] = s->step % 7;
}

static void collect(struct state *s, int64_t mono_ns)
{
    uint64_t pause_ns = 80000 + s->step * 7919 % 400000;

    s->page.value[METRIC_GC_COUNT]++;
    s->page.value[METRIC_GC_PAUSE_TOTAL] += pause_ns;
    s->page.value[METRIC_GC_LAST] = (uint64_t)(mono_ns + s->real_less_mono_ns);
    fakepage_cycle(&s->page,
                   &(struct page_gc_cycle){
                       .start_mono_ns = (uint64_t)mono_ns,
                       .end_real_ns = (uint64_t)(mono_ns + s->real_less_mono_ns) + pause_ns,
                       .pause_ns = pause_ns,
                       .stop_ns = pause_ns / 4,
                       .mark_ns = pause_ns / 2,
                       .restart_ns = pause_ns / 4,
                       .heap_before = s->page.value[METRIC_HEAP_ALLOC],
                       .heap_live = live_bytes(s),
                       .heap_goal = 2 * live_bytes(s),
                       .procs = NPROCS,
                       .tasks = (uint32_t)s->page.value[METRIC_TASKS]});
}

static void move_procs(struct state *s)
{
    for (uint64_t i = 0; i < NPROCS; i++) {
        struct page_proc *p = &s->page.proc[i];
        uint32_t state = (uint32_t)((s->step / (i + 3)) % 3);
        uint64_t *spent[] = {&p->idle_ns, &p->running_ns, &p->blocking_ns};

        p->state = state;
        p->switches += 250;
        p->task = state == PAGE_PROC_RUNNING ? s->step % s->ntasks + 1 : 0;
        *spent[state] += (uint64_t)STEP_NS;
    }
}

static void spawn(struct state *s, uint64_t row, int64_t mono_ns)
{
    bool leaked = row >= s->ntasks;
    uintptr_t site = leaked ? (uintptr_t)&fakepage_task : (uintptr_t)&spawn;

    if (row >= s->page.tasks->capacity)
        return;
    fakepage_task(&s->page, row,
                  &(struct page_task){
                      .word = PAGE_TASK_WORD(PAGE_TASK_WAITING,
                                             leaked ? PAGE_WAIT_CHAN_RECV : PAGE_WAIT_SLEEP, 2),
                      .id = row + 1,
                      .since_ns = (uint64_t)mono_ns,
                      .spawn_pc = site,
                      .start_fn = (uint64_t)(uintptr_t)&set_values});
}

/* One step of a tenth of a second. */
static void step(struct state *s, int64_t mono_ns)
{
    set_values(s);
    move_procs(s);
    if (s->step % CYCLE_STEPS == 0)
        collect(s, mono_ns);
    if (s->step % 10 == 0) {
        spawn(s, s->ntasks + s->step / 10, mono_ns);
        fakepage_second(&s->page, mono_ns);
    }
    if (s->step % 600 == 599)
        fakepage_minute(&s->page, mono_ns, 90, 105);
    fakepage_publish(&s->page, mono_ns);
    s->step++;
}

int main(int argc, char **argv)
{
    static struct state s;
    int64_t seconds = argc > 1 ? atoll(argv[1]) : 0;
    int64_t now_ns = clock_mono_ns();
    int64_t end_ns = seconds > 0 ? now_ns + seconds * NS_PER_S : INT64_MAX;
    int64_t silent_ns = argc > 3 ? now_ns + atoll(argv[3]) * NS_PER_S : INT64_MAX;

    s.ntasks = argc > 2 ? (uint64_t)atoll(argv[2]) : 1000;
    s.real_less_mono_ns = clock_real_ns() - now_ns;
    fakepage_init(&s.page, &(struct fakepage_options){.name = "fake_target",
                                                      .nprocs = NPROCS,
                                                      .task_rows = s.ntasks + 100000,
                                                      .mono_ns = now_ns,
                                                      .real_ns = now_ns + s.real_less_mono_ns});
    for (uint64_t i = 0; i < s.ntasks; i++)
        spawn(&s, i, now_ns);
    for (int64_t t = now_ns - PAST_NS; t < now_ns; t += STEP_NS)
        step(&s, t);
    printf("%d\n", (int)getpid());
    fflush(stdout);
    while ((now_ns = clock_mono_ns()) < end_ns) {
        if (now_ns < silent_ns)
            step(&s, now_ns);
        clock_nanosleep(CLOCK_MONOTONIC, 0, &(struct timespec){.tv_nsec = STEP_NS}, NULL);
    }
    s.page.header->state = PAGE_STATE_EXITED;
    fakepage_fini(&s.page);
    return 0;
}
