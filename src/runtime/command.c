/* SPDX-License-Identifier: MIT */
/* command.c - the mailbox: requests of watchers, and where sysmon sleeps.
 * Everything in it may be changed at any time by whoever has opened it. So a request is copied once
 * and only the copy is believed; of the rest only three words matter, and whatever they say the
 * worst that can come of it is an answer that nobody can read:
 *   state    not SERVING any more: the request is dropped;
 *   ack_seq  as announced: the next batch follows;
 *   doorbell rung without need: after a few times sysmon sleeps where it can't be heard. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/check.h"
#include "base/clock.h"
#include "page.h"
#include "runtime/command.h"
#include "runtime/dump.h"
#include "runtime/os_linux.h"
#include "runtime/publish.h"
#include "runtime/sealed.h"

#define STEP_NS        NS_PER_MS
#define ACK_LIMIT_NS   (2 * NS_PER_S)
#define CLAIM_EVERY_NS (10 * NS_PER_MS) /* looks at the lock of a client that keeps us waiting */
#define ACK_SLEEP_NS   (2 * NS_PER_MS)  /* for clients that don't ring after an ack */
#define IDLE_RINGS_MAX 16               /* rings in a row without a request */
#define DEAF_NS        (100 * NS_PER_MS)
#define BLIND_NS       (10 * NS_PER_MS) /* sleep when the kernel refuses to wait */

enum phase { PHASE_FREE, PHASE_FILLING, PHASE_WAITING };

static struct {
    struct page_mail *mail; /* NULL: there is none; [const] until command_leave */
    struct sealed memory;   /* as mail */
    _Atomic(uint64_t) ndumps;
    /* The request that is served; [owner: sysmon] */
    enum phase phase;
    unsigned slot;
    struct dump_job dump;
    struct dump_batch batch;
    bool last;          /* the batch that waits is the final one */
    uint64_t batch_seq; /* of the batch that waits */
    int64_t sent_ns;    /* when it was sent */
    int64_t claim_ns;   /* when the client's lock was last seen */
} box = {.memory = SEALED_INIT};

/* How sysmon sleeps, and is woken. */
static struct {
    _Atomic(uint32_t) called;   /* command_wake since the last sleep */
    _Atomic(uint32_t) sleeping; /* enum sleep */
    uint32_t bell;              /* the doorbell before the slots were looked at; [owner: sysmon] */
    unsigned idle_rings;        /* [owner: sysmon] */
} nap;

enum sleep { SLEEP_NOT, SLEEP_AT_BELL, SLEEP_DEAF };

/* ---- words of the mailbox ---- */

static struct page_mail_slot *slot_at(unsigned i)
{
    return &box.mail->slot[i];
}

static uint32_t load_state(unsigned i)
{
    /* Acquire: pairs with the client's release of REQUESTED, behind which the request lies. */
    return __atomic_load_n(&slot_at(i)->state, __ATOMIC_ACQUIRE);
}

static void store_state(unsigned i, enum page_mail_state state)
{
    /* Release: the error or the counters of batches before it; pairs with the client's acquire. */
    __atomic_store_n(&slot_at(i)->state, (uint32_t)state, __ATOMIC_RELEASE);
}

static void fail(unsigned i, enum page_mail_error error)
{
    __atomic_store_n(&slot_at(i)->error, (uint32_t)error, __ATOMIC_RELAXED);
    store_state(i, PAGE_MAIL_FAILED);
}

/* Whether someone holds the lock of slot I. If the kernel won't tell, time limits must do. */
static bool is_claimed(unsigned i)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = (off_t)i, .l_len = 1};

    return fcntl(box.memory.fd, F_OFD_GETLK, &lock) != 0 || lock.l_type != F_UNLCK;
}

/* ---- taking a request ---- */

/* The request of slot I, copied once. */
static bool start(unsigned i, int64_t now_ns)
{
    struct page_mail_slot *slot = slot_at(i);
    uint32_t op = __atomic_load_n(&slot->op, __ATOMIC_RELAXED);
    uint64_t id = __atomic_load_n(&slot->id, __ATOMIC_RELAXED);
    uint64_t stack_max = __atomic_load_n(&slot->arg[0], __ATOMIC_RELAXED);

    if (op != PAGE_MAIL_DUMP_STACKS) {
        fail(i, PAGE_MAIL_UNKNOWN_OP);
        return false;
    }
    __atomic_store_n(&slot->error, (uint32_t)PAGE_MAIL_OK, __ATOMIC_RELAXED);
    __atomic_store_n(&slot->last, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&slot->batch_seq, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&slot->ack_seq, 0, __ATOMIC_RELAXED);
    store_state(i, PAGE_MAIL_SERVING);
    dump_begin(&box.dump, id, stack_max);
    box.batch.used = 0;
    box.batch_seq = 0;
    box.slot = i;
    box.claim_ns = now_ns;
    box.phase = PHASE_FILLING;
    nap.idle_rings = 0;
    return true;
}

/* Looks at the slots in turn, from the one after that served last. Whether a request was found. */
static bool find_request(int64_t now_ns)
{
    for (unsigned n = 1; n <= PAGE_MAIL_SLOTS; n++) {
        unsigned i = (box.slot + n) % PAGE_MAIL_SLOTS;

        if (LIKELY(load_state(i) != PAGE_MAIL_REQUESTED))
            continue;
        if (!is_claimed(i))
            store_state(i, PAGE_MAIL_FREE); /* its client died before its turn came */
        else if (start(i, now_ns))
            return true;
    }
    return false;
}

/* ---- serving it ---- */

/* The request is over: the memory of its batches goes back. */
static void end(void)
{
    madvise(box.batch.at, box.batch.capacity, MADV_REMOVE);
    box.phase = PHASE_FREE;
}

/* Whether the client is still there. If not, the request is dropped. */
static bool is_wanted(int64_t now_ns)
{
    if (load_state(box.slot) != PAGE_MAIL_SERVING) {
        end(); /* the client withdrew it, or another one has the slot by now */
        return false;
    }
    if (now_ns - box.claim_ns < CLAIM_EVERY_NS)
        return true;
    box.claim_ns = now_ns;
    if (is_claimed(box.slot))
        return true;
    store_state(box.slot, PAGE_MAIL_FREE);
    end();
    return false;
}

static void send_batch(bool last, int64_t now_ns)
{
    struct page_mail_slot *slot = slot_at(box.slot);

    box.last = last;
    box.batch_seq++;
    box.sent_ns = now_ns;
    box.phase = PHASE_WAITING;
    __atomic_store_n(&slot->last, last ? 1u : 0u, __ATOMIC_RELAXED);
    __atomic_store_n(&slot->batch_bytes, box.batch.used, __ATOMIC_RELAXED);
    /* Release: the batch and what is said of it; pairs with the client's acquire. */
    __atomic_store_n(&slot->batch_seq, box.batch_seq, __ATOMIC_RELEASE);
}

static void fill(int64_t now_ns)
{
    switch (dump_step(&box.dump, &box.batch, now_ns + STEP_NS)) {
    case DUMP_AGAIN:
        break;
    case DUMP_FULL:
        send_batch(false, clock_mono_ns());
        break;
    case DUMP_DONE:
        send_batch(true, clock_mono_ns());
        break;
    }
}

static void finish(void)
{
    atomic_fetch_add_explicit(&box.ndumps, 1, memory_order_relaxed);
    store_state(box.slot, PAGE_MAIL_DONE);
    end();
}

/* Whether the batch has been taken, so that there is more to do. */
static bool look_for_ack(int64_t now_ns)
{
    /* Acquire: pairs with the client's release; it has copied the data area. */
    if (__atomic_load_n(&slot_at(box.slot)->ack_seq, __ATOMIC_ACQUIRE) == box.batch_seq) {
        nap.idle_rings = 0;
        if (box.last) {
            finish();
        } else {
            box.batch.used = 0;
            box.phase = PHASE_FILLING;
        }
        return true;
    }
    if (now_ns - box.sent_ns >= ACK_LIMIT_NS) {
        fail(box.slot, PAGE_MAIL_TIMED_OUT);
        end();
        return true;
    }
    return false;
}

bool command_step(int64_t now_ns)
{
    if (box.mail == NULL)
        return false;
    /* Acquire: before the slots, so that a ring in between is not slept through. */
    nap.bell = __atomic_load_n(&box.mail->doorbell, __ATOMIC_ACQUIRE);
    if (box.phase != PHASE_FREE && !is_wanted(now_ns))
        return true;
    if (box.phase == PHASE_FREE && !find_request(now_ns))
        return false;
    if (box.phase == PHASE_WAITING && !look_for_ack(now_ns))
        return false;
    if (box.phase == PHASE_FILLING)
        fill(now_ns);
    return box.phase != PHASE_WAITING;
}

/* ---- sleeping ---- */

/* FUTEX_WAIT on a word that other processes share. False if the kernel refuses. */
static bool wait_shared(const uint32_t *word, uint32_t value, int64_t timeout_ns)
{
    struct timespec limit = {.tv_sec = timeout_ns / NS_PER_S, .tv_nsec = timeout_ns % NS_PER_S};

    return syscall(SYS_futex, word, FUTEX_WAIT, value, &limit, NULL, 0) == 0 || errno == EAGAIN ||
           errno == EINTR || errno == ETIMEDOUT;
}

/* Sleeps at the doorbell, unless it has rung since the slots were looked at. */
static void sleep_at_bell(int64_t timeout_ns)
{
    const uint32_t *bell = &box.mail->doorbell;
    uint32_t before = nap.bell;

    if (!wait_shared(bell, before, timeout_ns))
        futex_wait(&nap.called, 0, timeout_ns < BLIND_NS ? timeout_ns : BLIND_NS);
    if (__atomic_load_n(bell, __ATOMIC_RELAXED) != before &&
        atomic_load_explicit(&nap.called, memory_order_relaxed) == 0)
        nap.idle_rings++;
}

/* Sleeps where only command_wake is heard: for a client that does nothing but ring. */
static void sleep_deaf(int64_t timeout_ns)
{
    futex_wait(&nap.called, 0, timeout_ns < DEAF_NS ? timeout_ns : DEAF_NS);
    nap.idle_rings = 0;
}

void command_wait(int64_t timeout_ns)
{
    bool deaf = box.mail == NULL || nap.idle_rings > IDLE_RINGS_MAX;

    if (box.phase != PHASE_FREE && timeout_ns > ACK_SLEEP_NS)
        timeout_ns = ACK_SLEEP_NS;
    atomic_store_explicit(&nap.sleeping, deaf ? SLEEP_DEAF : SLEEP_AT_BELL, memory_order_seq_cst);
    /* Sequential consistency: pairs with command_wake, which calls first and then looks who
     * sleeps. One of the two sees the other. */
    if (atomic_load_explicit(&nap.called, memory_order_seq_cst) == 0) {
        if (deaf)
            sleep_deaf(timeout_ns);
        else
            sleep_at_bell(timeout_ns);
    }
    atomic_store_explicit(&nap.sleeping, SLEEP_NOT, memory_order_relaxed);
    atomic_store_explicit(&nap.called, 0, memory_order_relaxed);
}

void command_wake(void)
{
    int saved_errno = errno;

    if (atomic_exchange_explicit(&nap.called, 1, memory_order_seq_cst) != 0)
        return;
    switch ((enum sleep)atomic_load_explicit(&nap.sleeping, memory_order_seq_cst)) {
    case SLEEP_NOT:
        break;
    case SLEEP_AT_BELL:
        __atomic_fetch_add(&box.mail->doorbell, 1, __ATOMIC_RELEASE);
        syscall(SYS_futex, &box.mail->doorbell, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
        break;
    case SLEEP_DEAF:
        futex_wake(&nap.called, 1);
        break;
    }
    errno = saved_errno;
}

/* ---- making and leaving ---- */

int command_init(void)
{
    const size_t data_offset = align_up(sizeof(struct page_mail), 4096);
    int error = 0;

    if (!dump_init())
        return ENOMEM;
    error = sealed_make(&box.memory, PAGE_MAIL_MEMFD_NAME, data_offset + PAGE_MAIL_DATA_BYTES,
                        SEALED_SHARED);
    if (error != 0)
        return error;
    box.batch.at = (char *)box.memory.base + data_offset;
    box.batch.capacity = PAGE_MAIL_DATA_BYTES;
    box.slot = PAGE_MAIL_SLOTS - 1;
    box.mail = box.memory.base;
    *box.mail = (struct page_mail){
        .magic = PAGE_MAIL_MAGIC,
        .endian = PAGE_ENDIAN_TAG,
        .major = PAGE_MAJOR,
        .minor = PAGE_MINOR,
        .header_bytes = offsetof(struct page_mail, slot),
        .slot_bytes = sizeof(struct page_mail_slot),
        .nslots = PAGE_MAIL_SLOTS,
        .data_offset = data_offset,
        .data_bytes = PAGE_MAIL_DATA_BYTES,
    };
    return 0;
}

void command_exit(void)
{
    if (box.mail == NULL)
        return;
    for (unsigned i = 0; i < PAGE_MAIL_SLOTS; i++) {
        uint32_t state = load_state(i);

        if (state == PAGE_MAIL_REQUESTED || state == PAGE_MAIL_SERVING)
            fail(i, PAGE_MAIL_EXITING);
    }
}

void command_leave(void)
{
    sealed_leave(&box.memory);
}

uint64_t command_dumps(void)
{
    return atomic_load_explicit(&box.ndumps, memory_order_relaxed);
}
