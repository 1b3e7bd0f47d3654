/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "tests/support/fake_mail.h"

#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define DATA_OFFSET 4096u
#define DATA_BYTES (1u << 20)

#if defined(__aarch64__)
#define MACHINE EM_AARCH64
#else
#define MACHINE EM_X86_64
#endif

static void must(bool ok, const char *what)
{
    if (!ok) {
        perror(what);
        exit(1);
    }
}

void fake_mail_init(struct fake_mail *f, enum fake_seals seals)
{
    f->bytes = DATA_OFFSET + DATA_BYTES;
    f->fd = memfd_create(PAGE_MAIL_MEMFD_NAME, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    must(f->fd >= 0 && ftruncate(f->fd, (off_t)f->bytes) == 0, "memfd_create");
    f->mail = mmap(NULL, f->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, f->fd, 0);
    must(f->mail != MAP_FAILED, "mmap");
    f->data = (uint8_t *)f->mail + DATA_OFFSET;
    *f->mail = (struct page_mail){
        .magic = PAGE_MAIL_MAGIC,
        .endian = PAGE_ENDIAN_TAG,
        .major = PAGE_MAJOR,
        .minor = PAGE_MINOR,
        .header_bytes = offsetof(struct page_mail, slot),
        .slot_bytes = sizeof(struct page_mail_slot),
        .nslots = PAGE_MAIL_SLOTS,
        .data_offset = DATA_OFFSET,
        .data_bytes = DATA_BYTES,
    };
    if (seals == FAKE_SEALED)
        must(fcntl(f->fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) == 0, "F_ADD_SEALS");
}

void fake_mail_fini(struct fake_mail *f)
{
    munmap(f->mail, f->bytes);
    close(f->fd);
}

struct page_mail_slot *fake_mail_request(struct fake_mail *f)
{
    for (size_t i = 0; i < PAGE_MAIL_SLOTS; i++) {
        if (__atomic_load_n(&f->mail->slot[i].state, __ATOMIC_ACQUIRE) == PAGE_MAIL_REQUESTED)
            return &f->mail->slot[i];
    }
    return NULL;
}

void fake_mail_take(struct page_mail_slot *slot)
{
    slot->error = PAGE_MAIL_OK;
    slot->last = 0;
    slot->batch_seq = 0;
    slot->ack_seq = 0;
    __atomic_store_n(&slot->state, PAGE_MAIL_SERVING, __ATOMIC_RELEASE);
}

void fake_mail_send(struct fake_mail *f, struct page_mail_slot *slot, const void *batch,
                    size_t bytes, bool last)
{
    must(bytes <= DATA_BYTES, "a batch is too large");
    memcpy(f->data, batch, bytes);
    slot->batch_bytes = bytes;
    slot->last = last;
    __atomic_store_n(&slot->batch_seq, slot->batch_seq + 1, __ATOMIC_RELEASE);
}

bool fake_mail_is_acknowledged(const struct page_mail_slot *slot)
{
    return __atomic_load_n(&slot->ack_seq, __ATOMIC_ACQUIRE) == slot->batch_seq;
}

void fake_mail_end(struct page_mail_slot *slot, enum page_mail_state state,
                   enum page_mail_error error)
{
    slot->error = error;
    __atomic_store_n(&slot->state, (uint32_t)state, __ATOMIC_RELEASE);
}

void fake_batch_fini(struct fake_batch *b)
{
    free(b->data);
    *b = (struct fake_batch){0};
}

static void append(struct fake_batch *b, const void *data, size_t bytes)
{
    if (b->room - b->bytes < bytes) {
        b->room = (b->room + bytes) * 2;
        b->data = realloc(b->data, b->room);
        must(b->data != NULL, "realloc");
    }
    if (bytes > 0)
        memcpy(b->data + b->bytes, data, bytes);
    b->bytes += bytes;
}

void fake_batch_record(struct fake_batch *b, const void *data, size_t bytes)
{
    append(b, data, bytes);
}

void fake_batch_begin(struct fake_batch *b, uint64_t id)
{
    struct page_dump_begin begin = {
        .head = {.kind = PAGE_DUMP_BEGIN, .bytes = sizeof begin},
        .id = id,
        .mono_ns = 5000000000,
        .real_ns = 1700000000000000000,
        .machine = MACHINE,
    };

    append(b, &begin, sizeof begin);
}

void fake_batch_end(struct fake_batch *b, uint64_t ntasks)
{
    struct page_dump_end end = {
        .head = {.kind = PAGE_DUMP_END, .bytes = sizeof end},
        .ntasks = ntasks,
        .took_ns = 1500000,
    };

    append(b, &end, sizeof end);
}

void fake_batch_task(struct fake_batch *b, const struct page_dump_task *task, const void *stack,
                     size_t stack_bytes)
{
    struct page_dump_task copy = *task;

    copy.head.kind = PAGE_DUMP_TASK;
    copy.head.bytes = (uint32_t)(sizeof copy + stack_bytes);
    copy.stack_bytes = stack_bytes;
    append(b, &copy, sizeof copy);
    append(b, stack, stack_bytes);
}
