/* SPDX-License-Identifier: MIT */
/* pagemail.h - the part of page.h that is asked for: the mailbox, and the dump that comes of it.
 * Who: included by page.h, which says what holds for both. Layout only. */
#ifndef GOMON_PAGEMAIL_H
#define GOMON_PAGEMAIL_H

#include <stdint.h>

#include "page.h"

/* ---- Mailbox ----
 * A client opens gomon-mail through /proc/PID/fd for reading and writing and takes an
 * open-file-description write lock (F_OFD_SETLK) on byte i of the file: slot i is then its own
 * until it unlocks or dies. It writes the request, stores `state` = REQUESTED with release,
 * increments `doorbell` and wakes it (FUTEX_WAKE, shared). The runtime copies the request, sets
 * batch_seq and ack_seq to 0 and then state to SERVING, and answers in batches through the one data
 * area: it fills it, sets batch_bytes and stores batch_seq + 1 with release; the client copies it,
 * stores ack_seq = batch_seq with release and rings the doorbell again. The batch whose `last` is
 * set is the final one: once it is acknowledged, state becomes DONE. What can't be answered becomes
 * FAILED, at any time. Requests are served one after the other. A client whose lock is gone, or
 * that lets 2 s go by without an ack, loses its turn. */

#define PAGE_MAIL_SLOTS 8
#define PAGE_MAIL_DATA_BYTES (8u << 20)

enum page_mail_state {
    PAGE_MAIL_FREE = 0,
    PAGE_MAIL_REQUESTED = 1, /* client */
    PAGE_MAIL_SERVING = 2,   /* runtime */
    PAGE_MAIL_DONE = 3,      /* runtime */
    PAGE_MAIL_FAILED = 4,    /* runtime: error says why */
};
enum page_mail_op { PAGE_MAIL_DUMP_STACKS = 1 };
enum page_mail_error {
    PAGE_MAIL_OK = 0,
    PAGE_MAIL_UNKNOWN_OP = 1,
    PAGE_MAIL_TIMED_OUT = 2, /* no ack within 2 s */
    PAGE_MAIL_EXITING = 3,
};

struct page_mail_slot {
    uint32_t state; /* enum page_mail_state */
    uint32_t op;    /* enum page_mail_op */
    uint64_t id;    /* chosen by the client, repeated in every batch */
    uint64_t arg[4]; /* DUMP_STACKS: [0] most stack bytes wanted of a task, 0: all that is used */
    uint32_t error; /* enum page_mail_error */
    uint32_t last;  /* 1: this batch is the final one */
    uint64_t batch_seq;
    uint64_t batch_bytes;
    uint64_t ack_seq;
    uint8_t reserved[48];
};

struct page_mail {
    uint8_t magic[8];
    uint32_t endian;
    uint16_t major;
    uint16_t minor;
    uint32_t header_bytes; /* slots begin here */
    uint32_t slot_bytes;
    uint32_t nslots;
    uint32_t doorbell; /* shared futex */
    uint64_t data_offset;
    uint64_t data_bytes;
    uint64_t reserved[2];
    struct page_mail_slot slot[PAGE_MAIL_SLOTS];
};

/* ---- A dump: records, each 8-byte aligned, in batches; a record never crosses a batch ---- */

enum page_dump_kind {
    PAGE_DUMP_BEGIN = 1, /* struct page_dump_begin */
    PAGE_DUMP_TASK = 2,  /* struct page_dump_task + stack bytes */
    PAGE_DUMP_END = 3,   /* struct page_dump_end */
    PAGE_DUMP_LOCK = 4,  /* struct page_dump_lock; since 1.1 */
};

struct page_dump_record {
    uint32_t kind;
    uint32_t bytes; /* of the whole record, this head included */
};

struct page_dump_begin {
    struct page_dump_record head;
    uint64_t id; /* of the request */
    uint64_t mono_ns;
    uint64_t real_ns;
    uint32_t machine; /* EM_X86_64 or EM_AARCH64 */
    uint32_t reserved;
};

/* Register numbers are DWARF's for the machine; those not in `valid` are unknown. A parked task has
 * its callee-saved registers, a running one that answered the snapshot has all. */
#define PAGE_DUMP_REGS 34
enum page_dump_flag {
    PAGE_DUMP_TRUNCATED = 1, /* the stack is longer than what was copied */
    PAGE_DUMP_MOVED = 2,     /* the task ran on while it was copied: the stack is a guess */
    PAGE_DUMP_NO_REGS = 4,   /* running, and its thread did not answer */
    PAGE_DUMP_NOT_STARTED = 8,
};

struct page_dump_task {
    struct page_dump_record head;
    struct page_task row;
    uint32_t flags; /* enum page_dump_flag */
    int32_t tid;    /* kernel thread while running or blocking, else 0 */
    uint64_t pc;    /* as a call leaves it: the byte before lies in the instruction that is meant */
    uint64_t valid; /* bit r: reg[r] is known */
    uint64_t reg[PAGE_DUMP_REGS];
    uint64_t stack_lo; /* address of the first stack byte that follows */
    uint64_t stack_bytes;
    uint8_t name[32];
};

/* What the task of the record before it waits for; one of holder and readers is not 0. */
struct page_dump_lock {
    struct page_dump_record head;
    uint64_t task;    /* id of the task that waits */
    uint64_t holder;  /* id of the task that holds it; of a read-write mutex the writer */
    uint64_t readers; /* that have to leave before the task can write */
};

struct page_dump_end {
    struct page_dump_record head;
    uint64_t ntasks;
    uint64_t took_ns;
};

/* ---- Layout, proved ---- */

_Static_assert(sizeof(struct page_mail_slot) == 128, "mail slot layout");
_Static_assert(offsetof(struct page_mail, slot) == 64, "mailbox layout");
_Static_assert(sizeof(struct page_dump_task) == 144 + PAGE_DUMP_REGS * 8, "dump layout");
_Static_assert(sizeof(struct page_dump_begin) == 40, "dump layout");
_Static_assert(sizeof(struct page_dump_lock) == 32, "dump layout");
_Static_assert(sizeof(struct page_dump_end) == 24, "dump layout");

#endif
