/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/clock.h"
#include "mon/dump_command.h"
#include "mon/dumpjob.h"
#include "mon/peek.h"
#include "mon/symbol.h"
#include "mon/unwind.h"
#include "tests/support/fake_mail.h"
#include "tests/support/fakepage.h"
#include "tests/support/park.h"

#define WITHIN_NS (30 * NS_PER_S)
#define NOINLINE  __attribute__((noinline))

/* ---- Two tasks of this very process, parked for ever ---- */

static uintptr_t stacks[2][8 << 10] __attribute__((aligned(64)));
static uintptr_t sps[2];
static volatile int kept;

static NOINLINE int waits_in_reader(int n)
{
    park_here();
    return n + 1;
}

static void reader(void)
{
    kept = waits_in_reader(1);
}

/* Not the same code as in the reader: the compiler would make one function of both. */
static NOINLINE int waits_in_writer(int n)
{
    park_here();
    return n + 2;
}

static void writer(void)
{
    kept = waits_in_writer(1);
}

static uint64_t end_of(size_t i)
{
    return (uint64_t)(uintptr_t)(stacks[i] + ARRAY_COUNT(stacks[i]));
}

static void park_both(void)
{
    sps[0] = park_start(stacks[0], stacks[0] + ARRAY_COUNT(stacks[0]), reader);
    sps[1] = park_start(stacks[1], stacks[1] + ARRAY_COUNT(stacks[1]), writer);
}

/* A row of the task table for a task that stands where parked task I does. */
static struct page_task row_of(size_t i, uint64_t id)
{
    return (struct page_task){
        .word = PAGE_TASK_WORD(PAGE_TASK_WAITING, PAGE_WAIT_CHAN_RECV, id),
        .id = id,
        .since_ns = 1000000000,
        .start_fn = (uint64_t)(uintptr_t)(i == 0 ? reader : writer),
        .sp = sps[i],
        .stack_hi = end_of(i),
    };
}

/* ---- Driving a job ---- */

static struct fake_mail fake;
static struct fakepage page;
static struct symbols *symbols;

static void setup(void)
{
    if (!HAVE_LIBDW)
        cr_skip_test("built without libdw");
    fake_mail_init(&fake, FAKE_SEALED); /* before the page, whose own mailbox is empty */
    fakepage_init(&page, &(struct fakepage_options){.name = "test", .nprocs = 1, .task_rows = 64});
    symbols = symbols_new(getpid(), SYMBOL_LOCAL);
    park_both();
}

static void teardown(void)
{
    symbols_free(symbols);
    fakepage_fini(&page);
    fake_mail_fini(&fake);
}

static enum dump_stage stage_of(const struct dumpjob *job)
{
    return dumpjob_status(job)->stage;
}

/* One turn of an event loop. */
static void turn(struct dumpjob *job)
{
    int64_t left_ns = dumpjob_wake_ns(job) - clock_mono_ns();
    struct pollfd fd = {.fd = dumpjob_fd(job), .events = POLLIN};

    if (left_ns > 0)
        poll(&fd, 1, left_ns > NS_PER_S ? 1000 : (int)(left_ns / NS_PER_MS) + 1);
    dumpjob_step(job, 20 * NS_PER_MS);
}

static void run_until(struct dumpjob *job, enum dump_stage stage)
{
    int64_t deadline_ns = clock_mono_ns() + WITHIN_NS;

    while (stage_of(job) != stage) {
        cr_assert_lt(clock_mono_ns(), deadline_ns, "stage %d", (int)stage_of(job));
        cr_assert_neq(stage_of(job), DUMP_STAGE_FAILED, "%s", dumpjob_status(job)->message);
        turn(job);
    }
}

static struct page_mail_slot *taken_up(void)
{
    struct page_mail_slot *slot = fake_mail_request(&fake);

    cr_assert_not_null(slot, "nothing is requested");
    fake_mail_take(slot);
    return slot;
}

static void add_task(struct fake_batch *b, size_t i, uint64_t id)
{
    struct page_dump_task task = {.row = row_of(i, id), .stack_lo = sps[i]};

    task.valid = park_regs(sps[i], task.reg, &task.pc);
    fake_batch_task(b, &task, (const void *)sps[i], end_of(i) - sps[i]);
}

/* Lets the job read a batch to its end. */
static void pass(struct dumpjob *job, struct page_mail_slot *slot, struct fake_batch *b, bool last)
{
    int64_t deadline_ns = clock_mono_ns() + WITHIN_NS;

    fake_mail_send(&fake, slot, b->data, b->bytes, last);
    while (!fake_mail_is_acknowledged(slot)) {
        cr_assert_lt(clock_mono_ns(), deadline_ns, "not acknowledged");
        turn(job);
    }
    fake_batch_fini(b);
}

static const char *innermost(const struct dump_group *g, size_t i)
{
    return i < g->nframes ? g->frame[i].function : "-";
}

static void check_both(const struct dump *dump, size_t nreaders, size_t nwriters)
{
    static const char *const names[2][3] = {{"park_here", "waits_in_reader", "reader"},
                                            {"park_here", "waits_in_writer", "writer"}};

    cr_assert_eq(dump->ngroups, 2, "%zu groups", dump->ngroups);
    cr_assert_eq(dump->group[0].ntasks, nreaders, "%zu readers", dump->group[0].ntasks);
    cr_assert_eq(dump->group[1].ntasks, nwriters, "%zu writers", dump->group[1].ntasks);
    for (size_t g = 0; g < 2; g++) {
        const struct dump_group *group = &dump->group[g];

        cr_assert_eq(group->end, DUMP_END_START, "end %d", (int)group->end);
        cr_assert_eq(group->nframes, 3, "%zu frames", group->nframes);
        for (size_t i = 0; i < 3; i++)
            cr_assert_str_eq(innermost(group, i), names[g][i], "frame %zu of group %zu is %s", i, g,
                             innermost(group, i));
    }
}

TestSuite(dumpjob, .init = setup, .fini = teardown, .timeout = 100);

Test(dumpjob, asks_unwinds_groups_and_names)
{
    struct dumpjob *job = dumpjob_new(getpid(), symbols, DUMPJOB_ASK_OR_PEEK);
    struct page_mail_slot *slot = taken_up();
    struct fake_batch b = {0};
    struct dump *dump;

    fake_batch_begin(&b, slot->id);
    for (uint64_t id = 1; id <= 30; id++)
        add_task(&b, id % 3 == 0, id);
    pass(job, slot, &b, false);
    for (uint64_t id = 31; id <= 60; id++)
        add_task(&b, id % 3 == 0, id);
    fake_batch_end(&b, 60);
    pass(job, slot, &b, true);
    fake_mail_end(slot, PAGE_MAIL_DONE, PAGE_MAIL_OK);
    run_until(job, DUMP_STAGE_DONE);
    dump = dumpjob_take(job);

    cr_assert_not_null(dump, "nothing to take");
    cr_assert_eq(dump->origin, DUMP_ASKED, "peeked: %s", dump->note);
    cr_assert_eq(dump->took_ns, 1500000, "took %" PRIu64, dump->took_ns);
    check_both(dump, 40, 20);
    cr_assert_null(dumpjob_take(job), "the dump was taken twice");
    dump_free(dump);
    dumpjob_free(job);
}

Test(dumpjob, peeks_when_the_runtime_does_not_answer)
{
    struct dumpjob *job;
    struct dump *dump;

    for (uint64_t i = 0; i < 30; i++) {
        struct page_task row = row_of(i % 3 == 0, i + 1);

        fakepage_task(&page, i, &row);
    }
    job = dumpjob_new(getpid(), symbols, DUMPJOB_ASK_OR_PEEK);
    run_until(job, DUMP_STAGE_DONE);
    dump = dumpjob_take(job);

    cr_assert_eq(dump->origin, DUMP_PEEKED, "it answered");
    cr_assert_not_null(strstr(dump->note, "does not answer"), "%s", dump->note);
    check_both(dump, 20, 10);
    dump_free(dump);
    dumpjob_free(job);
}

Test(dumpjob, writes_nothing_to_the_target_when_it_peeks)
{
    uint32_t bell = fake.mail->doorbell;
    struct page_task row = row_of(0, 1);
    struct dumpjob *job;
    struct dump *dump;

    fakepage_task(&page, 0, &row);
    job = dumpjob_new(getpid(), symbols, DUMPJOB_PEEK);
    run_until(job, DUMP_STAGE_DONE);
    dump = dumpjob_take(job);

    cr_assert_null(fake_mail_request(&fake), "it asked");
    cr_assert_eq(fake.mail->doorbell, bell, "it rang");
    cr_assert_eq(dump->ntasks, 1, "%" PRIu64 " tasks", dump->ntasks);
    cr_assert_str_eq(dump->note, "", "%s", dump->note);
    dump_free(dump);
    dumpjob_free(job);
}

Test(dumpjob, shows_tasks_without_a_stack_at_their_function)
{
    struct page_task running = row_of(0, 1), fresh = row_of(1, 2);
    struct dumpjob *job;
    struct dump *dump;

    running.word = PAGE_TASK_WORD(PAGE_TASK_RUNNING, 0, 1);
    fresh.word = PAGE_TASK_WORD(PAGE_TASK_RUNNABLE, 0, 1);
    fresh.stack_hi = 0;
    fakepage_task(&page, 0, &running);
    fakepage_task(&page, 1, &fresh);
    job = dumpjob_new(getpid(), symbols, DUMPJOB_PEEK);
    run_until(job, DUMP_STAGE_DONE);
    dump = dumpjob_take(job);

    cr_assert_eq(dump->ngroups, 2, "%zu groups", dump->ngroups);
    cr_assert_eq(dump->group[0].end, DUMP_END_UNKNOWN, "end %d", (int)dump->group[0].end);
    cr_assert_str_eq(innermost(&dump->group[0], 0), "reader", "%s", innermost(&dump->group[0], 0));
    cr_assert_eq(dump->group[1].end, DUMP_END_UNSTARTED, "end %d", (int)dump->group[1].end);
    cr_assert_str_eq(innermost(&dump->group[1], 0), "writer", "%s", innermost(&dump->group[1], 0));
    dump_free(dump);
    dumpjob_free(job);
}

Test(dumpjob, peeks_when_the_answer_is_damaged)
{
    struct page_task row = row_of(0, 1);
    struct fake_batch b = {0};
    struct page_mail_slot *slot;
    struct dumpjob *job;
    struct dump *dump;

    fakepage_task(&page, 0, &row);
    job = dumpjob_new(getpid(), symbols, DUMPJOB_ASK_OR_PEEK);
    slot = taken_up();
    fake_batch_begin(&b, slot->id + 1);
    fake_mail_send(&fake, slot, b.data, b.bytes, true);
    run_until(job, DUMP_STAGE_DONE);
    dump = dumpjob_take(job);

    cr_assert_eq(dump->origin, DUMP_PEEKED, "an answer to another request was taken");
    cr_assert_eq(dump->ntasks, 1, "%" PRIu64 " tasks", dump->ntasks);
    dump_free(dump);
    dumpjob_free(job);
    fake_batch_fini(&b);
}

Test(dumpjob, cancelling_withdraws_the_request)
{
    struct dumpjob *job = dumpjob_new(getpid(), symbols, DUMPJOB_ASK_OR_PEEK);
    struct page_mail_slot *slot = taken_up();

    dumpjob_step(job, NS_PER_MS);
    dumpjob_free(job);
    cr_assert_eq(slot->state, PAGE_MAIL_FREE, "state %u", slot->state);
}

Test(dumpjob, stays_within_its_budget)
{
    struct dumpjob *job = dumpjob_new(getpid(), symbols, DUMPJOB_ASK_OR_PEEK);
    struct page_mail_slot *slot = taken_up();
    struct fake_batch b = {0};
    int64_t longest_ns = 0;

    fake_batch_begin(&b, slot->id);
    for (uint64_t id = 1; id <= 900; id++)
        add_task(&b, 0, id);
    fake_batch_end(&b, 900);
    fake_mail_send(&fake, slot, b.data, b.bytes, true);
    fake_batch_fini(&b);
    while (stage_of(job) != DUMP_STAGE_DONE) {
        int64_t start_ns = clock_mono_ns(), took_ns;

        dumpjob_step(job, NS_PER_MS);
        took_ns = clock_mono_ns() - start_ns;
        longest_ns = took_ns > longest_ns ? took_ns : longest_ns;
        if (fake_mail_is_acknowledged(slot))
            fake_mail_end(slot, PAGE_MAIL_DONE, PAGE_MAIL_OK);
    }
    cr_assert_lt(longest_ns, 200 * NS_PER_MS, "a step took %" PRId64 " ns", longest_ns);
    dumpjob_free(job);
}

/* ---- The command, and a target that is gone ---- */

static void need_libdw(void)
{
    if (!HAVE_LIBDW)
        cr_skip_test("built without libdw");
}

TestSuite(dump_command, .init = need_libdw, .timeout = 100);

Test(dump_command, prints_the_dump_of_another_process)
{
    static char text[1 << 16];
    struct dump_command command = {.way = DUMPJOB_PEEK};
    FILE *out = fmemopen(text, sizeof text, "w");
    struct page_task row;
    int ready[2];
    char byte;

    cr_assert_eq(pipe(ready), 0, "no pipe");
    command.pid = fork();
    if (command.pid == 0) {
        park_both();
        fakepage_init(&page,
                      &(struct fakepage_options){.name = "test", .nprocs = 1, .task_rows = 4});
        row = row_of(1, 33);
        fakepage_task(&page, 0, &row);
        if (write(ready[1], "", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    cr_assert_eq(read(ready[0], &byte, 1), 1, "the target failed");
    kill(command.pid, SIGSTOP); /* reading from outside needs nothing of it */

    cr_assert_eq(dump_command_run(&command, out), EXIT_OK, "no dump");
    kill(command.pid, SIGKILL);
    fclose(out);
    cr_assert_not_null(strstr(text, "1 task  chan receive"), "%s", text);
    cr_assert_not_null(strstr(text, "waits_in_writer"), "%s", text);
    cr_assert_not_null(strstr(text, "test_dumpjob.c:"), "%s", text);
}

Test(dump_command, says_that_there_is_no_such_process)
{
    struct dump_command command = {.pid = 0x3fffff, .way = DUMPJOB_ASK_OR_PEEK};
    FILE *out = fopen("/dev/null", "w");

    cr_assert_eq(dump_command_run(&command, out), EXIT_NO_TARGET, "another status");
    fclose(out);
}

Test(dump_command, says_that_the_process_has_ended)
{
    struct dump_command command = {.way = DUMPJOB_ASK_OR_PEEK};
    char why[PEEK_TEXT_BYTES] = "";
    siginfo_t info;
    FILE *out = fopen("/dev/null", "w");

    command.pid = fork();
    if (command.pid == 0)
        _exit(0);
    cr_assert_eq(waitid(P_PID, (id_t)command.pid, &info, WEXITED | WNOWAIT), 0, "waitid");
    cr_assert_null(peek_open(command.pid, why), "it was opened");
    cr_assert_not_null(strstr(why, "has ended"), "%s", why);
    cr_assert_eq(dump_command_run(&command, out), EXIT_NO_TARGET, "another status");
    fclose(out);
}
