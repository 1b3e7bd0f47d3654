/* SPDX-License-Identifier: MIT */
/* records.h - many small records of one size, whose memory stays theirs.
 * They are cut from aligned chunks of 64 KiB that are never given back, so that a stale pointer to
 * a record is still one, perhaps another; whoever needs to tell writes a serial number into it. A
 * record has a number, by which it is found as fast. The collector finds all by the chunks: those
 * that were given back too, which must look as if they referred to nothing.
 * Threads: any. Lock: one of rank RECORDS each; no other is taken under it. */
#ifndef RUNTIME_RECORDS_H
#define RUNTIME_RECORDS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/lock.h"

struct records_chunk;

struct records {
    struct lock lock;
    size_t bytes;                           /* of a record, 8 at least; [const] */
    _Atomic(struct records_chunk *) *chunk; /* [const] once there is one */
    _Atomic(uint32_t) nchunks;              /* [atomic], grows under the lock */
    _Atomic(uint64_t) inuse;                /* records; [atomic], changes under the lock */
    void *free;                             /* linked by their first word; [lock:lock] */
};

#define RECORDS_INIT(record_bytes)                               \
    {                                                            \
        .lock = LOCK_INIT(RANK_RECORDS), .bytes = (record_bytes) \
    }

/* A record: zero when it is new, else as it was given back but for its first
 * word. Ends the process
 * when memory runs out. */
void *records_take(struct records *r);
void records_give(struct records *r, void *record);

/* The number of RECORD, below 2^32, and the record of that number; NULL if there never was one. */
uint32_t records_number(const struct records *r, const void *record);
void *records_at(const struct records *r, uint32_t number);

/* Chunk I, below nchunks: its first record, and how many there are. */
void *records_chunk(const struct records *r, uint32_t i, uint32_t *n);

#endif
