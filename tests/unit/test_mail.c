/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "mon/mail.h"
#include "tests/support/fake_mail.h"

#define WITHIN_NS (10 * NS_PER_S)

static struct fake_mail fake;
static char why[MAIL_TEXT_BYTES];

static void setup(void)
{
    fake_mail_init(&fake, FAKE_SEALED);
}

static void teardown(void)
{
    fake_mail_fini(&fake);
}

static struct mail *asked(void)
{
    struct mail *mail = mail_open(getpid(), why);

    cr_assert_not_null(mail, "%s", why);
    cr_assert(mail_ask(mail, PAGE_MAIL_DUMP_STACKS, 77), "%s", mail_failure(mail));
    return mail;
}

/* Steps the client until it has something to say. */
static enum mail_event settle(struct mail *mail)
{
    int64_t deadline_ns = clock_mono_ns() + WITHIN_NS;
    enum mail_event event;

    while ((event = mail_step(mail)) == MAIL_NOTHING)
        cr_assert_lt(clock_mono_ns(), deadline_ns, "no event");
    return event;
}

TestSuite(mail, .init = setup, .fini = teardown, .timeout = 60);

Test(mail, takes_batches_in_turn_and_acknowledges_each)
{
    struct mail *mail = asked();
    struct page_mail_slot *slot = fake_mail_request(&fake);
    size_t bytes;

    cr_assert_not_null(slot, "nothing is requested");
    cr_assert_eq(slot->op, PAGE_MAIL_DUMP_STACKS, "op %u", slot->op);
    cr_assert_eq(slot->arg[0], 77, "arg %lu", (unsigned long)slot->arg[0]);
    cr_assert_eq(mail_step(mail), MAIL_NOTHING, "an event before the answer");
    fake_mail_take(slot);
    cr_assert_eq(mail_step(mail), MAIL_NOTHING, "an event before the first batch");
    for (int i = 0; i < 3; i++) {
        char text[32];

        snprintf(text, sizeof text, "batch %d", i);
        fake_mail_send(&fake, slot, text, strlen(text) + 1, i == 2);
        cr_assert_eq(mail_step(mail), MAIL_BATCH, "no batch %d: %s", i, mail_failure(mail));
        cr_assert(fake_mail_is_acknowledged(slot), "batch %d is not acknowledged", i);
        memset(fake.data, 'x', 64); /* the runtime fills the next one */
        cr_assert_str_eq((const char *)mail_batch(mail, &bytes), text, "%s",
                         (const char *)mail_batch(mail, &bytes));
        cr_assert_eq(bytes, strlen(text) + 1, "%zu bytes", bytes);
        cr_assert_eq(mail_step(mail), MAIL_NOTHING, "an event after batch %d", i);
    }
    fake_mail_end(slot, PAGE_MAIL_DONE, PAGE_MAIL_OK);
    cr_assert_eq(mail_step(mail), MAIL_DONE, "not done: %s", mail_failure(mail));
    mail_close(mail);
    cr_assert_eq(slot->state, PAGE_MAIL_FREE, "state %u", slot->state);
}

Test(mail, rings_so_that_the_runtime_wakes)
{
    uint32_t before = fake.mail->doorbell;
    struct mail *mail = asked();

    cr_assert_neq(fake.mail->doorbell, before, "the doorbell is still at %u", before);
    mail_close(mail);
}

Test(mail, two_clients_get_places_of_their_own)
{
    struct mail *one = asked();
    struct page_mail_slot *first = fake_mail_request(&fake), *second;
    struct mail *two;

    fake_mail_take(first);
    two = asked();
    second = fake_mail_request(&fake);
    cr_assert_neq(first, second, "one slot for two");
    cr_assert_neq(first->id, second->id, "one id for two");
    mail_close(one);
    mail_close(two);
}

Test(mail, says_so_when_all_places_are_taken)
{
    struct mail *taken[PAGE_MAIL_SLOTS], *late;

    for (size_t i = 0; i < PAGE_MAIL_SLOTS; i++)
        taken[i] = asked();
    late = mail_open(getpid(), why);
    cr_assert_not(mail_ask(late, PAGE_MAIL_DUMP_STACKS, 0), "a ninth place");
    cr_assert_not_null(strstr(mail_failure(late), "other watchers"), "%s", mail_failure(late));
    mail_close(late);
    for (size_t i = 0; i < PAGE_MAIL_SLOTS; i++)
        mail_close(taken[i]);
}

Test(mail, a_client_that_dies_leaves_its_place)
{
    struct mail *mail;
    int status;
    pid_t parent = getpid(), pid = fork();

    if (pid == 0) {
        mail = mail_open(parent, why);
        _exit(mail != NULL && mail_ask(mail, PAGE_MAIL_DUMP_STACKS, 0) ? 0 : 1);
    }
    waitpid(pid, &status, 0);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %#x", (unsigned)status);
    mail = asked();
    cr_assert_eq(fake_mail_request(&fake), &fake.mail->slot[0], "the first place is not free");
    mail_close(mail);
}

Test(mail, gives_up_a_runtime_that_does_not_answer)
{
    struct mail *mail = asked();
    int64_t start_ns = clock_mono_ns();

    cr_assert_eq(settle(mail), MAIL_FAILED, "no failure");
    cr_assert_leq(clock_mono_ns() - start_ns, 2 * NS_PER_S, "after %ld ms",
                  (long)((clock_mono_ns() - start_ns) / NS_PER_MS));
    cr_assert_str_eq(mail_failure(mail), "the runtime does not answer", "%s", mail_failure(mail));
    mail_close(mail);
}

Test(mail, waits_longer_while_another_client_is_served)
{
    struct mail *mail = asked();
    int64_t until_ns = clock_mono_ns() + 1700 * NS_PER_MS;

    fake.mail->slot[5].state = PAGE_MAIL_SERVING;
    while (clock_mono_ns() < until_ns)
        cr_assert_eq(mail_step(mail), MAIL_NOTHING, "%s", mail_failure(mail));
    mail_close(mail);
}

Test(mail, gives_up_a_runtime_that_stops_in_the_middle)
{
    struct mail *mail = asked();
    struct page_mail_slot *slot = fake_mail_request(&fake);

    fake_mail_take(slot);
    fake_mail_send(&fake, slot, "1", 2, false);
    cr_assert_eq(settle(mail), MAIL_BATCH, "no batch");
    cr_assert_eq(settle(mail), MAIL_FAILED, "no failure");
    cr_assert_str_eq(mail_failure(mail), "the runtime stopped answering", "%s",
                     mail_failure(mail));
    mail_close(mail);
}

Test(mail, tells_why_a_request_was_refused)
{
    static const char *const texts[] = {"could not answer", "older than gomon", "too slow",
                                        "is ending"};

    for (uint32_t error = PAGE_MAIL_OK; error <= PAGE_MAIL_EXITING + 1; error++) {
        struct mail *mail = asked();
        struct page_mail_slot *slot = fake_mail_request(&fake);
        const char *text = texts[error <= PAGE_MAIL_EXITING ? error : 0];

        fake_mail_take(slot);
        fake_mail_end(slot, PAGE_MAIL_FAILED, (enum page_mail_error)error);
        cr_assert_eq(mail_step(mail), MAIL_FAILED, "error %u", error);
        cr_assert_not_null(strstr(mail_failure(mail), text), "%s", mail_failure(mail));
        mail_close(mail);
    }
}

Test(mail, refuses_numbers_out_of_turn)
{
    static const uint64_t seqs[] = {2, 3, UINT64_MAX};

    for (size_t i = 0; i < sizeof seqs / sizeof seqs[0]; i++) {
        struct mail *mail = asked();
        struct page_mail_slot *slot = fake_mail_request(&fake);

        fake_mail_take(slot);
        slot->batch_seq = seqs[i];
        cr_assert_eq(mail_step(mail), MAIL_FAILED, "batch %lu was taken", (unsigned long)seqs[i]);
        cr_assert_not_null(strstr(mail_failure(mail), "damaged"), "%s", mail_failure(mail));
        mail_close(mail);
    }
}

Test(mail, refuses_batches_larger_than_the_mailbox)
{
    static const uint64_t sizes[] = {(1u << 20) + 1, UINT64_MAX, (uint64_t)INT64_MAX + 1};

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct mail *mail = asked();
        struct page_mail_slot *slot = fake_mail_request(&fake);

        fake_mail_take(slot);
        slot->batch_bytes = sizes[i];
        slot->batch_seq = 1;
        cr_assert_eq(mail_step(mail), MAIL_FAILED, "%lu bytes", (unsigned long)sizes[i]);
        mail_close(mail);
    }
}

Test(mail, refuses_a_state_that_does_not_follow)
{
    static const uint32_t states[] = {PAGE_MAIL_FREE, PAGE_MAIL_DONE, 99};

    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        struct mail *mail = asked();
        struct page_mail_slot *slot = fake_mail_request(&fake);

        fake_mail_take(slot);
        mail_step(mail);
        slot->state = states[i];
        cr_assert_eq(mail_step(mail), MAIL_FAILED, "state %u", states[i]);
        mail_close(mail);
    }
}

Test(mail, opens_no_mailbox_with_a_damaged_header)
{
    const struct page_mail good = *fake.mail;
    const char *given = getenv("TEST_SEED");
    unsigned seed = given ? (unsigned)strtoul(given, NULL, 0) : (unsigned)time(NULL);
    size_t opened = 0;

    srand(seed);
    for (int round = 0; round < 3000; round++) {
        uint8_t *head = (uint8_t *)fake.mail;
        struct mail *mail;

        memcpy(fake.mail, &good, sizeof good);
        for (int i = 0; i < 1 + round % 8; i++)
            head[(size_t)rand() % offsetof(struct page_mail, slot)] = (uint8_t)rand();
        mail = mail_open(getpid(), why);
        opened += mail != NULL;
        if (mail != NULL && mail_ask(mail, PAGE_MAIL_DUMP_STACKS, 0))
            mail_step(mail);
        mail_close(mail);
    }
    cr_assert_lt(opened, 3000, "TEST_SEED=%u: every damaged header was believed", seed);
}

Test(mail_absent, is_not_mapped_if_it_can_be_taken_away)
{
    struct mail *mail;

    fake_mail_init(&fake, FAKE_UNSEALED);
    mail = mail_open(getpid(), why);
    cr_assert_null(mail, "a mailbox that can shrink was mapped");
    cr_assert_not_null(strstr(why, "damaged"), "%s", why);
    fake_mail_fini(&fake);
}

Test(mail_absent, is_said_so)
{
    cr_assert_null(mail_open(getpid(), why), "a mailbox out of nothing");
    cr_assert_not_null(strstr(why, "has no mailbox"), "%s", why);
    cr_assert_null(mail_open(0x3fffff, why), "a mailbox of no process");
    cr_assert_not_null(strstr(why, "has ended"), "%s", why);
}
