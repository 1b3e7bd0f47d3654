/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "gort/sync.h"
#include "runtime/command.h"
#include "runtime/parklot.h"
#include "runtime/publish.h"
#include "tests/support/faketask.h"
#include "tests/support/mailclient.h"

#define ANSWER_NS (20 * NS_PER_S)
#define ID        77

static struct mailclient client;
static int64_t now_ns = NS_PER_S; /* of the mailbox: a fake clock, but for the budget of a step */

static void open_client(struct mailclient *c, unsigned slot)
{
    cr_assert(mailclient_open(c, getpid()), "no mailbox");
    cr_assert(mailclient_claim(c, slot), "slot %u is taken", slot);
}

static void setup(void)
{
    faketask_init(4096);
    cr_assert_eq(command_init(), 0, "no mailbox");
    open_client(&client, 0);
}

TestSuite(command, .init = setup);

static void step(void)
{
    now_ns = clock_mono_ns();
    command_step(now_ns);
}

/* Steps, as sysmon would, until C has a batch or an end; takes the batch in. */
static bool take_batch(struct mailclient *c, struct maildump *d)
{
    const char *data = NULL;
    size_t bytes = 0;
    bool last = false;

    for (int64_t end_ns = clock_mono_ns() + ANSWER_NS; clock_mono_ns() < end_ns;) {
        uint64_t number = mailclient_batch(c, &data, &bytes, &last);

        if (number != 0) {
            cr_assert(maildump_read(d, data, bytes), "batch %" PRIu64 " makes no sense", number);
            mailclient_ack(c, number);
            return true;
        }
        if (mailclient_state(c) >= PAGE_MAIL_DONE)
            return false;
        step();
    }
    cr_assert_fail("no answer, state %u", mailclient_state(c));
    return false;
}

static unsigned take_all(struct mailclient *c, struct maildump *d)
{
    unsigned batches = 0;

    memset(d, 0, sizeof *d);
    while (take_batch(c, d))
        batches++;
    return batches;
}

Test(command, a_dump_shows_every_task)
{
    struct maildump d;

    for (int i = 0; i < 300; i++)
        faketask_waiting(256);
    mailclient_ask(&client, PAGE_MAIL_DUMP_STACKS, ID, 0);
    take_all(&client, &d);

    cr_assert_eq(mailclient_state(&client), PAGE_MAIL_DONE, "state %u", mailclient_state(&client));
    cr_assert(d.begun && d.ended, "begun %d, ended %d", d.begun, d.ended);
    cr_assert_eq(d.ntasks, 300, "%" PRIu64 " tasks", d.ntasks);
    cr_assert_eq(d.ended_with, 300, "the end says %" PRIu64, d.ended_with);
    cr_assert_eq(d.flags, 0, "flags %" PRIx64, d.flags);
    cr_assert_eq(command_dumps(), 1, "%" PRIu64 " dumps", command_dumps());
}

Test(command, a_waiting_task_has_its_row_registers_and_stack)
{
    struct maildump d;
    struct task *t = faketask_waiting(512);

    mailclient_ask(&client, PAGE_MAIL_DUMP_STACKS, ID, 0);
    take_all(&client, &d);

    cr_assert_eq(d.first.row.id, t->id, "id %" PRIu64, d.first.row.id);
    cr_assert_eq(PAGE_TASK_STATE(d.first.row.word), PAGE_TASK_WAITING, "word %" PRIx64,
                 d.first.row.word);
    cr_assert_eq(PAGE_TASK_REASON(d.first.row.word), PAGE_WAIT_CHAN_RECV, "word %" PRIx64,
                 d.first.row.word);
    cr_assert_eq(d.first.stack_lo, (uintptr_t)t->sp, "stack at %" PRIx64, d.first.stack_lo);
    cr_assert_eq(d.first.stack_bytes, 512, "%" PRIu64 " bytes", d.first.stack_bytes);
    for (uint64_t i = 0; i < 16; i++)
        cr_assert_eq(d.first_words[i], i, "word %" PRIu64 " is %" PRIu64, i, d.first_words[i]);
    cr_assert_str_eq((const char *)d.first.name, t->name, "name %s", (const char *)d.first.name);
#if defined(__x86_64__)
    static const unsigned saved[] = {15, 14, 13, 12, 3, 6}; /* DWARF's numbers, lowest first */

    for (unsigned i = 0; i < 6; i++) {
        cr_assert(d.first.valid >> saved[i] & 1, "register %u is unknown", saved[i]);
        cr_assert_eq(d.first.reg[saved[i]], i, "register %u is %" PRIx64, saved[i],
                     d.first.reg[saved[i]]);
    }
    cr_assert_eq(d.first.pc, 6, "pc %" PRIx64, d.first.pc);
    cr_assert_eq(d.first.reg[7], (uintptr_t)t->sp + 56, "sp %" PRIx64, d.first.reg[7]);
#endif
}

/* T waits in a bucket of the parking lot for what lies at ADDR. */
static void let_wait(struct task *t, const void *addr, enum lot_kind kind)
{
    t->lot_word = (uintptr_t)addr | kind;
}

Test(command, a_task_that_waits_for_a_mutex_says_who_holds_it)
{
    struct maildump d;
    struct task *holder = faketask_waiting(256);
    struct task *waiter = faketask_waiting(256);
    gort_mutex m = {.gort_holder = holder->slot + 1};

    lots_init();
    let_wait(waiter, &m, LOT_MUTEX);
    mailclient_ask(&client, PAGE_MAIL_DUMP_STACKS, ID, 0);
    take_all(&client, &d);

    cr_assert_eq(d.ntasks, 2, "%" PRIu64 " tasks", d.ntasks);
    cr_assert_eq(d.nlocks, 1, "%" PRIu64 " locks", d.nlocks);
    cr_assert_eq(d.lock.task, waiter->id, "task %" PRIu64, d.lock.task);
    cr_assert_eq(d.lock.holder, holder->id, "holder %" PRIu64, d.lock.holder);
}

Test(command, a_writer_says_how_many_readers_it_waits_for)
{
    struct maildump d;
    struct task *waiter = faketask_waiting(256);
    gort_rwmutex rw = {.gort_readers = 3};

    lots_init();
    let_wait(waiter, &rw.gort_writers.gort_waiters, LOT_RW_WRITER);
    mailclient_ask(&client, PAGE_MAIL_DUMP_STACKS, ID, 0);
    take_all(&client, &d);

    cr_assert_eq(d.nlocks, 1, "%" PRIu64 " locks", d.nlocks);
    cr_assert_eq(d.lock.readers, 3, "%" PRIu64 " readers", d.lock.readers);
}

/* Records on locks come behind their tasks also where a batch ends. */
Test(command, every_waiter_of_many_batches_says_who_holds_its_mutex)
{
    struct maildump d;
    struct task *holder = faketask_waiting(256);
    gort_mutex m = {.gort_holder = holder->slot + 1};

    lots_init();
    for (int i = 0; i < 300; i++)
        let_wait(faketask_waiting(64 << 10), &m, LOT_MUTEX);
    mailclient_ask(&client, PAGE_MAIL_DUMP_STACKS, ID, 0);
    cr_assert_gt(take_all(&client, &d), 2, "too few batches");

    cr_assert_eq(d.ntasks, 301, "%" PRIu64 " tasks", d.ntasks);
    cr_assert_eq(d.nlocks, 300, "%" PRIu64 " locks", d.nlocks);
}

Test(command, a_task_that_has_not_run_is_told_without_a_stack)
{
    struct maildump d;

    faketask_born();
    mailclient_ask(&client, PAGE_MAIL_DUMP_STACKS, ID, 0);
    take_all(&client, &d);

    cr_assert_eq(d.ntasks, 1, "%" PRIu64 " tasks", d.ntasks);
    cr_assert_eq(d.first.flags, PAGE_DUMP_NOT_STARTED, "flags %x", d.first.flags);
    cr_assert_eq(d.first.stack_bytes, 0, "%" PRIu64 " bytes", d.first.stack_bytes);
}

Test(command, dead_tasks_are_left_out)
{
    struct maildump d;
    struct task *dead = faketask_waiting(128);

    faketask_waiting(128);
    faketask_dead(dead);
    mailclient_ask(&client, PAGE_MAIL_DUMP_STACKS, ID, 0);
    take_all(&client, &d);

    cr_assert_eq(d.ntasks, 1, "%" PRIu64 " tasks", d.ntasks);
}

Test(command, a_stack_is_cut_to_what_was_asked_for)
{
    struct maildump d;

    faketask_waiting(10000);
    mailclient_ask(&client, PAGE_MAIL_DUMP_STACKS, ID, 1001);
    take_all(&client, &d);

    cr_assert_eq(d.first.stack_bytes, 1000, "%" PRIu64 " bytes", d.first.stack_bytes);
    cr_assert_eq(d.first.flags, PAGE_DUMP_TRUNCATED, "flags %x", d.first.flags);
    cr_assert_neq(d.first.valid, 0, "no registers");
}

Test(command, a_large_dump_comes_in_batches)
{
    struct maildump d;
    unsigned batches = 0;

    for (int i = 0; i < 200; i++)
        faketask_waiting(100000);
    mailclient_ask(&client, PAGE_MAIL_DUMP_STACKS, ID, 0);
    batches = take_all(&client, &d);

    cr_assert_geq(batches, 3, "%u batches for 20 MB", batches);
    cr_assert_eq(d.ntasks, 200, "%" PRIu64 " tasks", d.ntasks);
    cr_assert_eq(d.flags, 0, "flags %" PRIx64, d.flags);
}

Test(command, a_stack_larger_than_a_batch_is_cut)
{
    struct maildump d;

    faketask_waiting(PAGE_MAIL_DATA_BYTES + 4096);
    mailclient_ask(&client, PAGE_MAIL_DUMP_STACKS, ID, 0);
    take_all(&client, &d);

    cr_assert_eq(d.ntasks, 1, "%" PRIu64 " tasks", d.ntasks);
    cr_assert_eq(d.first.flags, PAGE_DUMP_TRUNCATED, "flags %x", d.first.flags);
    cr_assert_gt(d.first.stack_bytes, PAGE_MAIL_DATA_BYTES / 2, "%" PRIu64 " bytes",
                 d.first.stack_bytes);
}

Test(command, an_unknown_request_fails)
{
    mailclient_ask(&client, 4711, ID, 0);
    step();
    cr_assert_eq(mailclient_state(&client), PAGE_MAIL_FAILED, "state %u",
                 mailclient_state(&client));
    cr_assert_eq(mailclient_error(&client), PAGE_MAIL_UNKNOWN_OP, "error %u",
                 mailclient_error(&client));
}

Test(command, a_request_without_a_lock_is_dropped)
{
    struct mailclient intruder;

    cr_assert(mailclient_open(&intruder, getpid()), "no mailbox");
    intruder.slot = 3;
    mailclient_ask(&intruder, PAGE_MAIL_DUMP_STACKS, ID, 0);
    step();
    cr_assert_eq(mailclient_state(&intruder), PAGE_MAIL_FREE, "state %u",
                 mailclient_state(&intruder));
}

Test(command, clients_are_served_in_turn)
{
    struct mailclient other;
    struct maildump d;
    struct maildump e;

    open_client(&other, 5);
    cr_assert_not(mailclient_claim(&other, 0), "two clients have slot 0");
    other.slot = 5;
    faketask_waiting(64);
    mailclient_ask(&client, PAGE_MAIL_DUMP_STACKS, ID, 0);
    mailclient_ask(&other, PAGE_MAIL_DUMP_STACKS, ID + 1, 0);
    take_all(&client, &d);
    take_all(&other, &e);
    cr_assert_eq(d.ntasks, 1, "%" PRIu64 " tasks for the first", d.ntasks);
    cr_assert_eq(e.ntasks, 1, "%" PRIu64 " tasks for the other", e.ntasks);
}

Test(command, a_client_that_dies_in_the_middle_frees_its_slot)
{
    struct mailclient other;
    struct maildump d;

    open_client(&other, 1);
    for (int i = 0; i < 200; i++)
        faketask_waiting(100000);
    mailclient_ask(&client, PAGE_MAIL_DUMP_STACKS, ID, 0);
    memset(&d, 0, sizeof d);
    cr_assert(take_batch(&client, &d), "no first batch");
    mailclient_ask(&other, PAGE_MAIL_DUMP_STACKS, ID, 0);
    mailclient_close(&client);
    take_all(&other, &d);
    cr_assert_eq(d.ntasks, 200, "%" PRIu64 " tasks", d.ntasks);
    cr_assert_eq(other.mail->slot[0].state, PAGE_MAIL_FREE, "slot 0 in state %u",
                 other.mail->slot[0].state);
}

Test(command, a_client_that_takes_nothing_loses_its_turn_after_two_seconds)
{
    const char *data = NULL;
    size_t bytes = 0;
    bool last = false;

    faketask_waiting(64);
    mailclient_ask(&client, PAGE_MAIL_DUMP_STACKS, ID, 0);
    for (int i = 0; i < 1000 && mailclient_batch(&client, &data, &bytes, &last) == 0; i++)
        step();
    command_step(now_ns + NS_PER_S * 19 / 10);
    cr_assert_eq(mailclient_state(&client), PAGE_MAIL_SERVING, "after 1.9 s: state %u",
                 mailclient_state(&client));
    command_step(now_ns + NS_PER_S * 21 / 10);
    cr_assert_eq(mailclient_state(&client), PAGE_MAIL_FAILED, "after 2.1 s: state %u",
                 mailclient_state(&client));
    cr_assert_eq(mailclient_error(&client), PAGE_MAIL_TIMED_OUT, "error %u",
                 mailclient_error(&client));
}

Test(command, a_client_that_withdraws_is_forgotten)
{
    struct maildump d;

    for (int i = 0; i < 200; i++)
        faketask_waiting(100000);
    mailclient_ask(&client, PAGE_MAIL_DUMP_STACKS, ID, 0);
    memset(&d, 0, sizeof d);
    cr_assert(take_batch(&client, &d), "no first batch");
    mailclient_ask(&client, PAGE_MAIL_DUMP_STACKS, ID + 1, 8); /* another request instead */
    take_all(&client, &d);
    cr_assert_eq(d.ntasks, 200, "%" PRIu64 " tasks", d.ntasks);
    cr_assert_eq(d.last.stack_bytes, 8, "%" PRIu64 " bytes", d.last.stack_bytes);
}

Test(command, the_end_answers_what_is_asked)
{
    mailclient_ask(&client, PAGE_MAIL_DUMP_STACKS, ID, 0);
    command_exit();
    cr_assert_eq(mailclient_state(&client), PAGE_MAIL_FAILED, "state %u",
                 mailclient_state(&client));
    cr_assert_eq(mailclient_error(&client), PAGE_MAIL_EXITING, "error %u",
                 mailclient_error(&client));
}

Test(command, the_data_area_goes_back_to_the_system)
{
    const char *data = NULL;
    struct maildump d;

    faketask_waiting(1 << 20);
    mailclient_ask(&client, PAGE_MAIL_DUMP_STACKS, ID, 0);
    take_all(&client, &d);
    data = (const char *)client.mail + client.mail->data_offset;
    for (size_t i = 0; i < client.mail->data_bytes; i += 4096)
        cr_assert_eq(data[i], 0, "byte %zu is still there", i);
}

Test(command, others_can_neither_shrink_nor_grow_the_mailbox)
{
    cr_assert_neq(ftruncate(client.fd, 4096), 0, "it was shrunk");
    cr_assert_neq(ftruncate(client.fd, (off_t)client.bytes + 4096), 0, "it was grown");
    cr_assert_neq(fcntl(client.fd, F_ADD_SEALS, F_SEAL_WRITE), 0, "it was sealed by another");
}

/* ---- sleeping ---- */

static int64_t sleep_for(int64_t timeout_ns)
{
    int64_t start_ns = clock_mono_ns();

    command_wait(timeout_ns);
    return clock_mono_ns() - start_ns;
}

Test(command, a_sleep_ends_by_itself)
{
    int64_t slept_ns = 0;

    step();
    slept_ns = sleep_for(20 * NS_PER_MS);
    cr_assert_geq(slept_ns, 19 * NS_PER_MS, "%" PRId64 " ns", slept_ns);
}

Test(command, a_ring_since_the_last_look_is_not_slept_through)
{
    int64_t slept_ns = 0;

    step();
    mailclient_ring(&client);
    slept_ns = sleep_for(20 * NS_PER_S);
    cr_assert_lt(slept_ns, 10 * NS_PER_S, "%" PRId64 " ns", slept_ns);
}

Test(command, a_call_before_the_sleep_is_not_slept_through)
{
    int64_t slept_ns = 0;

    step();
    command_wake();
    slept_ns = sleep_for(20 * NS_PER_S);
    cr_assert_lt(slept_ns, 10 * NS_PER_S, "%" PRId64 " ns", slept_ns);
}

Test(command, a_client_that_does_nothing_but_ring_is_not_heard_for_a_while)
{
    int64_t start_ns = clock_mono_ns();
    int64_t took_ns = 0;

    for (int i = 0; i < 100; i++) {
        step();
        mailclient_ring(&client);
        command_wait(NS_PER_S);
    }
    took_ns = clock_mono_ns() - start_ns;
    cr_assert_geq(took_ns, 400 * NS_PER_MS, "100 rings in %" PRId64 " ns", took_ns);
}
