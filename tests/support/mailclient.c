/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "tests/support/mailclient.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/support/procfd.h"

bool mailclient_open(struct mailclient *c, pid_t pid)
{
    struct stat st;
    void *base = NULL;

    c->fd = procfd_open(pid, PAGE_MAIL_MEMFD_NAME, O_RDWR);
    if (c->fd < 0)
        return false;
    if (fstat(c->fd, &st) != 0)
        st.st_size = 0;
    c->bytes = (size_t)st.st_size;
    base = mmap(NULL, c->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, c->fd, 0);
    if (base == MAP_FAILED) {
        close(c->fd);
        return false;
    }
    c->mail = base;
    return true;
}

void mailclient_close(struct mailclient *c)
{
    munmap(c->mail, c->bytes);
    close(c->fd);
}

bool mailclient_claim(struct mailclient *c, unsigned i)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = i, .l_len = 1};

    c->slot = i;
    return fcntl(c->fd, F_OFD_SETLK, &lock) == 0;
}

static struct page_mail_slot *slot_of(const struct mailclient *c)
{
    return &c->mail->slot[c->slot];
}

void mailclient_ring(struct mailclient *c)
{
    __atomic_fetch_add(&c->mail->doorbell, 1, __ATOMIC_RELEASE);
    syscall(SYS_futex, &c->mail->doorbell, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

void mailclient_ask(struct mailclient *c, uint32_t op, uint64_t id, uint64_t stack_max)
{
    struct page_mail_slot *s = slot_of(c);

    s->op = op;
    s->id = id;
    s->arg[0] = stack_max;
    __atomic_store_n(&s->state, PAGE_MAIL_REQUESTED, __ATOMIC_RELEASE);
    mailclient_ring(c);
}

uint32_t mailclient_state(const struct mailclient *c)
{
    return __atomic_load_n(&slot_of(c)->state, __ATOMIC_ACQUIRE);
}

uint32_t mailclient_error(const struct mailclient *c)
{
    return __atomic_load_n(&slot_of(c)->error, __ATOMIC_ACQUIRE);
}

uint64_t mailclient_batch(const struct mailclient *c, const char **data, size_t *bytes, bool *last)
{
    const struct page_mail_slot *s = slot_of(c);
    uint64_t number = 0;

    if (mailclient_state(c) != PAGE_MAIL_SERVING)
        return 0;
    number = __atomic_load_n(&s->batch_seq, __ATOMIC_ACQUIRE);
    if (number == __atomic_load_n(&s->ack_seq, __ATOMIC_ACQUIRE))
        return 0;
    *data = (const char *)c->mail + c->mail->data_offset;
    *bytes = (size_t)s->batch_bytes;
    *last = s->last != 0;
    return number;
}

void mailclient_ack(struct mailclient *c, uint64_t number)
{
    __atomic_store_n(&slot_of(c)->ack_seq, number, __ATOMIC_RELEASE);
    mailclient_ring(c);
}

/* ---- records ---- */

static bool read_task(struct maildump *d, const char *at, size_t bytes)
{
    struct page_dump_task t;

    if (bytes < sizeof t)
        return false;
    memcpy(&t, at, sizeof t);
    if (bytes != sizeof t + t.stack_bytes || t.stack_bytes % 8 != 0)
        return false;
    if (d->ntasks == 0) {
        d->first = t;
        memcpy(d->first_words, at + sizeof t,
               t.stack_bytes < sizeof d->first_words ? t.stack_bytes : sizeof d->first_words);
    }
    d->last = t;
    d->flags |= t.flags;
    d->ntasks++;
    return true;
}

static bool read_lock(struct maildump *d, const char *at, size_t bytes)
{
    struct page_dump_lock lock;

    if (bytes != sizeof lock || d->ntasks == 0)
        return false;
    memcpy(&lock, at, sizeof lock);
    d->nlocks++;
    d->lock = lock;
    return lock.task == d->last.row.id && (lock.holder == 0) != (lock.readers == 0);
}

static bool read_record(struct maildump *d, const struct page_dump_record *head, const char *at)
{
    struct page_dump_end end;

    switch ((enum page_dump_kind)head->kind) {
    case PAGE_DUMP_BEGIN:
        d->begun = true;
        return head->bytes == sizeof(struct page_dump_begin);
    case PAGE_DUMP_TASK:
        return read_task(d, at, head->bytes);
    case PAGE_DUMP_LOCK:
        return read_lock(d, at, head->bytes);
    case PAGE_DUMP_END:
        memcpy(&end, at, sizeof end);
        d->ended = true;
        d->ended_with = end.ntasks;
        return head->bytes == sizeof end;
    }
    return false;
}

bool maildump_read(struct maildump *d, const char *data, size_t bytes)
{
    while (bytes > 0) {
        struct page_dump_record head;

        if (bytes < sizeof head)
            return false;
        memcpy(&head, data, sizeof head);
        if (head.bytes < sizeof head || head.bytes > bytes || head.bytes % 8 != 0 ||
            !read_record(d, &head, data))
            return false;
        data += head.bytes;
        bytes -= head.bytes;
    }
    return true;
}
