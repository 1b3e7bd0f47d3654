/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/mail.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"
#include "mon/memfd.h"
#include "mon/procmem.h"
#include "page.h"

#define HEADER_BYTES 4096u /* of the mailbox that are mapped: header and slots */
#define DATA_BYTES_MAX (64u << 20)
#define LOOK_EVERY_NS NS_PER_MS
#define ANSWER_WITHIN_NS (1500 * NS_PER_MS) /* a runtime that lives answers within milliseconds */
#define TURN_WITHIN_NS (20 * NS_PER_S)      /* while others are being served */
#define BATCH_WITHIN_NS (2 * NS_PER_S)

enum phase {
    PHASE_NEW,
    PHASE_ASKED,  /* until the runtime takes the request up */
    PHASE_SERVED, /* until the final batch */
    PHASE_LAST,   /* that has come: until the runtime knows */
    PHASE_DONE,
    PHASE_FAILED,
};

struct mail {
    int fd;
    uint8_t *base; /* HEADER_BYTES of the mailbox, shared */
    uint32_t nslots;
    uint32_t slot_bytes;
    uint32_t slots_at;
    uint64_t data_at;
    uint64_t data_bytes;
    unsigned slot; /* ours, if claimed */
    bool is_claimed;
    enum phase phase;
    uint64_t id;
    uint64_t batch_seq; /* of the batch that was taken last */
    uint8_t *batch; /* [data_bytes], mapped when first needed */
    size_t batch_bytes;
    int64_t asked_ns;
    int64_t moved_ns; /* when the runtime last did something */
    char failure[MAIL_TEXT_BYTES];
};

static struct page_mail_slot *slot_at(const struct mail *mail, unsigned i)
{
    size_t at = mail->slots_at + (size_t)i * mail->slot_bytes;

    DCHECK(at + sizeof(struct page_mail_slot) <= HEADER_BYTES);
    return (struct page_mail_slot *)(void *)(mail->base + at);
}

static uint32_t load_state(const struct mail *mail, unsigned i)
{
    /* Acquire: pairs with the runtime's release; what belongs to the state is there. */
    return __atomic_load_n(&slot_at(mail, i)->state, __ATOMIC_ACQUIRE);
}

static void store_state(const struct mail *mail, enum page_mail_state state)
{
    /* Release: the request before it; pairs with the runtime's acquire. */
    __atomic_store_n(&slot_at(mail, mail->slot)->state, (uint32_t)state, __ATOMIC_RELEASE);
}

static void ring(const struct mail *mail)
{
    struct page_mail *head = (struct page_mail *)(void *)mail->base;

    __atomic_fetch_add(&head->doorbell, 1, __ATOMIC_RELEASE); /* pairs with sysmon's acquire */
    syscall(SYS_futex, &head->doorbell, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

static enum mail_event fail(struct mail *mail, const char *why)
{
    mail->phase = PHASE_FAILED;
    snprintf(mail->failure, sizeof mail->failure, "%s", why);
    return MAIL_FAILED;
}

/* ---- Opening ---- */

/* Whether the file can be mapped without risk: it is so large and can't be made smaller. */
static bool is_firm(int fd, uint64_t bytes)
{
    struct stat st;
    int seals = fcntl(fd, F_GET_SEALS);

    return seals >= 0 && (seals & F_SEAL_SHRINK) && fstat(fd, &st) == 0 &&
           (uint64_t)st.st_size >= bytes;
}

/* Takes sizes and offsets from the header, whatever it says later. NULL, or what is wrong. */
static const char *read_header(struct mail *mail)
{
    static const uint8_t magic[8] = PAGE_MAIL_MAGIC;
    struct page_mail head;

    if (!is_firm(mail->fd, HEADER_BYTES) ||
        pread(mail->fd, &head, sizeof head, 0) != (ssize_t)sizeof head)
        return "its mailbox is damaged";
    if (memcmp(head.magic, magic, sizeof magic) != 0 || head.endian != PAGE_ENDIAN_TAG)
        return "its mailbox is damaged";
    if (head.major != PAGE_MAJOR)
        return "its mailbox is of another version";
    mail->slots_at = head.header_bytes;
    mail->slot_bytes = head.slot_bytes;
    mail->nslots = head.nslots;
    mail->data_at = head.data_offset;
    mail->data_bytes = head.data_bytes;
    if (mail->slots_at < offsetof(struct page_mail, slot) || mail->slots_at > HEADER_BYTES ||
        mail->slots_at % 8 != 0 || mail->slot_bytes < sizeof(struct page_mail_slot) ||
        mail->slot_bytes % 8 != 0 || mail->nslots == 0 ||
        mail->nslots > (HEADER_BYTES - mail->slots_at) / mail->slot_bytes ||
        mail->data_bytes == 0 || mail->data_bytes > DATA_BYTES_MAX ||
        mail->data_at > INT64_MAX - DATA_BYTES_MAX)
        return "its mailbox is damaged";
    return NULL;
}

struct mail *mail_open(pid_t pid, char why[MAIL_TEXT_BYTES])
{
    struct mail *mail;
    const char *wrong;
    int fd = memfd_open(pid, PAGE_MAIL_MEMFD_NAME, O_RDWR);

    if (fd == -ENOENT)
        snprintf(why, MAIL_TEXT_BYTES, "process %d has no mailbox", (int)pid);
    else if (fd < 0)
        procmem_explain(pid, -fd, why, MAIL_TEXT_BYTES);
    if (fd < 0)
        return NULL;
    mail = calloc(1, sizeof *mail);
    CHECK(mail != NULL);
    mail->fd = fd;
    wrong = read_header(mail);
    if (wrong == NULL) {
        mail->base = mmap(NULL, HEADER_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (mail->base != MAP_FAILED)
            return mail;
        wrong = "its mailbox cannot be mapped";
    }
    snprintf(why, MAIL_TEXT_BYTES, "process %d: %s", (int)pid, wrong);
    close(fd);
    free(mail);
    return NULL;
}

void mail_close(struct mail *mail)
{
    if (mail == NULL)
        return;
    if (mail->is_claimed) {
        store_state(mail, PAGE_MAIL_FREE);
        ring(mail);
    }
    munmap(mail->base, HEADER_BYTES);
    if (mail->batch != NULL)
        munmap(mail->batch, mail->data_bytes);
    close(mail->fd); /* and with it goes the lock */
    free(mail);
}

/* ---- Asking ---- */

static bool claim(struct mail *mail)
{
    for (unsigned i = 0; i < mail->nslots; i++) {
        struct flock lock = {
            .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = (off_t)i, .l_len = 1};

        if (fcntl(mail->fd, F_OFD_SETLK, &lock) == 0) {
            mail->slot = i;
            mail->is_claimed = true;
            return true;
        }
    }
    return false;
}

bool mail_ask(struct mail *mail, uint32_t op, uint64_t arg)
{
    struct page_mail_slot *slot;

    CHECK(mail->phase == PHASE_NEW);
    if (!claim(mail)) {
        fail(mail, "all places of its mailbox are taken by other watchers: try again");
        return false;
    }
    slot = slot_at(mail, mail->slot);
    mail->asked_ns = clock_mono_ns();
    mail->moved_ns = mail->asked_ns;
    mail->id = (uint64_t)mail->asked_ns << 20 ^ (uint64_t)getpid();
    __atomic_store_n(&slot->op, op, __ATOMIC_RELAXED);
    __atomic_store_n(&slot->id, mail->id, __ATOMIC_RELAXED);
    __atomic_store_n(&slot->arg[0], arg, __ATOMIC_RELAXED);
    for (size_t i = 1; i < sizeof slot->arg / sizeof slot->arg[0]; i++)
        __atomic_store_n(&slot->arg[i], 0, __ATOMIC_RELAXED);
    mail->phase = PHASE_ASKED;
    store_state(mail, PAGE_MAIL_REQUESTED);
    ring(mail);
    return true;
}

uint64_t mail_id(const struct mail *mail)
{
    return mail->id;
}

/* ---- Taking the answer ---- */

/* Whether another client is being served, so that it is no wonder that we wait. */
static bool others_are_served(const struct mail *mail)
{
    for (unsigned i = 0; i < mail->nslots; i++) {
        if (i != mail->slot && load_state(mail, i) == PAGE_MAIL_SERVING)
            return true;
    }
    return false;
}

/* Copies the batch that the slot announces, and says so. */
static enum mail_event take_batch(struct mail *mail, uint64_t seq, int64_t now_ns)
{
    struct page_mail_slot *slot = slot_at(mail, mail->slot);
    uint64_t bytes = __atomic_load_n(&slot->batch_bytes, __ATOMIC_RELAXED);
    bool is_last = __atomic_load_n(&slot->last, __ATOMIC_RELAXED) != 0;

    if (seq != mail->batch_seq + 1 || bytes > mail->data_bytes)
        return fail(mail, "its mailbox is damaged");
    if (mail->batch == NULL) {
        mail->batch = mmap(NULL, mail->data_bytes, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        CHECK(mail->batch != MAP_FAILED);
    }
    if (pread(mail->fd, mail->batch, bytes, (off_t)mail->data_at) != (ssize_t)bytes)
        return fail(mail, "its mailbox is damaged");
    mail->batch_bytes = bytes;
    mail->batch_seq = seq;
    mail->moved_ns = now_ns;
    mail->phase = is_last ? PHASE_LAST : PHASE_SERVED;
    /* Release: the batch has been copied; pairs with the runtime's acquire. */
    __atomic_store_n(&slot->ack_seq, seq, __ATOMIC_RELEASE);
    ring(mail);
    return MAIL_BATCH;
}

static enum mail_event look_for_batch(struct mail *mail, int64_t now_ns)
{
    const struct page_mail_slot *slot = slot_at(mail, mail->slot);
    /* Acquire: pairs with the runtime's release; batch_bytes, last and the data are there. */
    uint64_t seq = __atomic_load_n(&slot->batch_seq, __ATOMIC_ACQUIRE);

    if (seq != mail->batch_seq)
        return take_batch(mail, seq, now_ns);
    if (now_ns - mail->moved_ns > BATCH_WITHIN_NS)
        return fail(mail, "the runtime stopped answering");
    return MAIL_NOTHING;
}

static enum mail_event look_for_turn(struct mail *mail, int64_t now_ns)
{
    int64_t waited_ns = now_ns - mail->asked_ns;

    if (waited_ns > TURN_WITHIN_NS ||
        (waited_ns > ANSWER_WITHIN_NS && !others_are_served(mail)))
        return fail(mail, "the runtime does not answer");
    return MAIL_NOTHING;
}

static enum mail_event refused(struct mail *mail)
{
    switch ((enum page_mail_error)slot_at(mail, mail->slot)->error) {
    case PAGE_MAIL_UNKNOWN_OP:
        return fail(mail, "the runtime does not know this request: it is older than gomon");
    case PAGE_MAIL_TIMED_OUT:
        return fail(mail, "gomon was too slow for the runtime: try again");
    case PAGE_MAIL_EXITING:
        return fail(mail, "the program is ending");
    case PAGE_MAIL_OK:
        break;
    }
    return fail(mail, "the runtime could not answer");
}

/* What the state of our slot says, while a request is under way. */
static enum mail_event look_at_slot(struct mail *mail, int64_t now_ns)
{
    switch ((enum page_mail_state)load_state(mail, mail->slot)) {
    case PAGE_MAIL_REQUESTED:
        return mail->phase == PHASE_ASKED ? look_for_turn(mail, now_ns)
                                          : fail(mail, "its mailbox is damaged");
    case PAGE_MAIL_SERVING:
        if (mail->phase == PHASE_ASKED) {
            mail->phase = PHASE_SERVED;
            mail->moved_ns = now_ns;
        }
        if (mail->phase == PHASE_SERVED)
            return look_for_batch(mail, now_ns);
        if (now_ns - mail->moved_ns > BATCH_WITHIN_NS)
            return fail(mail, "the runtime stopped answering");
        return MAIL_NOTHING;
    case PAGE_MAIL_DONE:
        if (mail->phase != PHASE_LAST)
            return fail(mail, "its mailbox is damaged");
        mail->phase = PHASE_DONE;
        return MAIL_DONE;
    case PAGE_MAIL_FAILED:
        return refused(mail);
    case PAGE_MAIL_FREE:
        break;
    }
    return fail(mail, "its mailbox is damaged");
}

enum mail_event mail_step(struct mail *mail)
{
    switch (mail->phase) {
    case PHASE_NEW:
        return MAIL_NOTHING;
    case PHASE_ASKED:
    case PHASE_SERVED:
    case PHASE_LAST:
        return look_at_slot(mail, clock_mono_ns());
    case PHASE_DONE:
        return MAIL_DONE;
    case PHASE_FAILED:
        return MAIL_FAILED;
    }
    return MAIL_FAILED;
}

const uint8_t *mail_batch(const struct mail *mail, size_t *bytes)
{
    *bytes = mail->batch_bytes;
    return mail->batch;
}

int64_t mail_wake_ns(const struct mail *mail)
{
    switch (mail->phase) {
    case PHASE_NEW:
        return INT64_MAX;
    case PHASE_ASKED:
    case PHASE_SERVED:
    case PHASE_LAST:
        return clock_mono_ns() + LOOK_EVERY_NS;
    case PHASE_DONE:
    case PHASE_FAILED:
        return 0;
    }
    return 0;
}

const char *mail_failure(const struct mail *mail)
{
    return mail->failure;
}
