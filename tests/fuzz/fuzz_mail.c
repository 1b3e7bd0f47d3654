/* SPDX-License-Identifier: MIT */
/* fuzz_mail.c - the mailbox under a client that writes what it likes where it likes.
 * The input is a list of its deeds: stores into the header and the slots, locks taken and dropped,
 * time that passes, steps of the runtime. Whatever they were, a good client that comes afterwards
 * must get a whole dump. */
#include "config.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "runtime/command.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/faketask.h"
#include "tests/support/mailclient.h"

#define NTASKS    5
#define GOOD_SLOT 7
#define STEPS_MAX 1000

enum deed {
    DEED_STORE_32,
    DEED_STORE_64,
    DEED_CLAIM,
    DEED_UNCLAIM,
    DEED_WAIT,
    DEED_STEP,
    DEED_ASK,
    DEED_ACK,
    DEEDS,
};

struct script {
    const uint8_t *at;
    const uint8_t *end;
};

static struct mailclient bad;
static struct mailclient good;
static struct page_mail_slot clean[PAGE_MAIL_SLOTS];
static char header[offsetof(struct page_mail, slot)]; /* as the runtime made it */
static int64_t ahead_ns;                              /* of the mailbox's clock */

static void set_up(void)
{
    static int done;

    if (done++ > 0)
        return;
    faketask_init(64);
    for (int i = 0; i < NTASKS; i++)
        faketask_waiting(128);
    if (command_init() != 0 || !mailclient_open(&bad, getpid()) ||
        !mailclient_open(&good, getpid()))
        abort();
    memcpy(header, bad.mail, sizeof header);
}

/* The next N bytes as a number; zeroes behind the end. */
static uint64_t take(struct script *s, unsigned n)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < n && s->at < s->end; i++)
        value |= (uint64_t)*s->at++ << 8 * i;
    return value;
}

static void step(void)
{
    command_step(clock_mono_ns() + ahead_ns);
}

/* An aligned place in the header or the slots. */
static char *place(struct script *s, size_t bytes)
{
    size_t offset = (size_t)take(s, 2) % sizeof *bad.mail;

    return (char *)bad.mail + offset / bytes * bytes;
}

static void unclaim(short type, off_t from, off_t count)
{
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = from, .l_len = count};

    fcntl(bad.fd, F_OFD_SETLK, &lock);
}

static void ask(unsigned i)
{
    bad.mail->slot[i].op = PAGE_MAIL_DUMP_STACKS;
    bad.mail->slot[i].arg[0] = 0;
    __atomic_store_n(&bad.mail->slot[i].state, PAGE_MAIL_REQUESTED, __ATOMIC_RELEASE);
}

static void act(struct script *s)
{
    switch ((enum deed)(take(s, 1) % DEEDS)) {
    case DEED_STORE_32: {
        uint32_t *word = (uint32_t *)(void *)place(s, 4);

        __atomic_store_n(word, (uint32_t)take(s, 4), __ATOMIC_RELAXED);
        break;
    }
    case DEED_STORE_64: {
        uint64_t *word = (uint64_t *)(void *)place(s, 8);

        __atomic_store_n(word, take(s, 8), __ATOMIC_RELAXED);
        break;
    }
    case DEED_CLAIM:
        mailclient_claim(&bad, (unsigned)take(s, 1) % PAGE_MAIL_SLOTS);
        break;
    case DEED_UNCLAIM:
        unclaim(F_UNLCK, (off_t)(take(s, 1) % PAGE_MAIL_SLOTS), 1);
        break;
    case DEED_WAIT:
        ahead_ns += (int64_t)take(s, 2) * NS_PER_MS;
        break;
    case DEED_STEP:
        step();
        break;
    case DEED_ASK:
        ask((unsigned)take(s, 1) % PAGE_MAIL_SLOTS);
        break;
    case DEED_ACK: {
        struct page_mail_slot *slot = &bad.mail->slot[take(s, 1) % PAGE_MAIL_SLOTS];

        __atomic_store_n(&slot->ack_seq, slot->batch_seq, __ATOMIC_RELEASE);
        break;
    }
    case DEEDS:
        break;
    }
}

/* What the bad client leaves behind, but for the slots: those are the runtime's to mend. */
static void end_of_bad(void)
{
    unclaim(F_UNLCK, 0, 0);
    memcpy(bad.mail, header, sizeof header);
}

static void good_client_gets_its_dump(void)
{
    struct maildump d = {0};
    const char *data = NULL;
    size_t bytes = 0;
    bool last = false;

    if (!mailclient_claim(&good, GOOD_SLOT))
        abort();
    mailclient_ask(&good, PAGE_MAIL_DUMP_STACKS, 1, 0);
    for (int i = 0; i < STEPS_MAX && mailclient_state(&good) != PAGE_MAIL_DONE; i++) {
        uint64_t number = mailclient_batch(&good, &data, &bytes, &last);

        if (number != 0 && !maildump_read(&d, data, bytes))
            abort();
        if (number != 0)
            mailclient_ack(&good, number);
        ahead_ns += NS_PER_MS;
        step();
    }
    if (mailclient_state(&good) != PAGE_MAIL_DONE || !d.ended || d.ntasks != NTASKS)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct script s = {data, data + bytes};
    struct flock unlock = {.l_type = F_UNLCK, .l_whence = SEEK_SET};

    set_up();
    memcpy(bad.mail->slot, clean, sizeof clean);
    while (s.at < s.end)
        act(&s);
    end_of_bad();
    good_client_gets_its_dump();
    fcntl(good.fd, F_OFD_SETLK, &unlock);
    return 0;
}
