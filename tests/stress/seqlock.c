/* SPDX-License-Identifier: MIT */
/* seqlock.c - one writer against two readers, on both shapes: whatever is accepted as whole must
 * belong together.
 * Each publish writes one number into all words, so a mixture shows. */
#include "config.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/seqlock.h"

#define NWORDS 64
#define NSLOTS 4
#define NREADERS 2
#define RUN_NS (NS_PER_S / 2)

struct slot {
    uint64_t seq;            /* [atomic] */
    uint64_t words[NWORDS]; /* [atomic] */
};

static struct {
    uint64_t seq;              /* [atomic] */
    uint64_t copies[2][NWORDS]; /* [atomic] */
    struct slot ring[NSLOTS];
    int stop; /* [atomic] */
} shared;

struct reader {
    pthread_t thread;
    uint64_t whole; /* [owner] */
    uint64_t torn;  /* [owner] accepted, and yet a mixture */
};

static bool all_are(const uint64_t *words, uint64_t value)
{
    for (size_t i = 0; i < NWORDS; i++)
        if (words[i] != value)
            return false;
    return true;
}

static void publish(uint64_t n)
{
    uint64_t words[NWORDS];
    struct slot *slot = &shared.ring[n % NSLOTS];

    for (size_t i = 0; i < NWORDS; i++)
        words[i] = n;
    seq_store_words(shared.copies[seq_double_begin(&shared.seq)], words, NWORDS);
    seq_double_commit(&shared.seq);
    seq_ring_begin(&slot->seq, n);
    seq_store_words(slot->words, words, NWORDS);
    seq_ring_commit(&slot->seq, n);
}

static void *write_until_stopped(void *arg)
{
    uint64_t *published = arg;

    /* Copy number seq holds the value seq - 1, as does entry seq - 1 of the ring. */
    while (!__atomic_load_n(&shared.stop, __ATOMIC_RELAXED))
        publish((*published)++);
    return NULL;
}

static void read_double(struct reader *r)
{
    uint64_t words[NWORDS];
    uint64_t before = seq_load(&shared.seq);

    if (before == 0)
        return;
    seq_load_words(words, shared.copies[seq_double_newest(before)], NWORDS);
    if (!seq_double_is_whole(before, seq_load(&shared.seq)))
        return;
    r->whole++;
    r->torn += !all_are(words, before - 1);
}

static void read_ring(struct reader *r, size_t i)
{
    uint64_t words[NWORDS];
    uint64_t before = seq_load(&shared.ring[i].seq);

    if (!seq_ring_is_whole(before))
        return;
    seq_load_words(words, shared.ring[i].words, NWORDS);
    if (before != seq_load(&shared.ring[i].seq))
        return;
    r->whole++;
    r->torn += !all_are(words, seq_ring_number(before));
}

static void *read_until_stopped(void *arg)
{
    struct reader *r = arg;

    for (size_t i = 0; !__atomic_load_n(&shared.stop, __ATOMIC_RELAXED); i++) {
        read_double(r);
        read_ring(r, i % NSLOTS);
    }
    return NULL;
}

static void start(pthread_t *thread, void *(*fn)(void *), void *arg)
{
    if (pthread_create(thread, NULL, fn, arg) != 0) {
        perror("pthread_create");
        exit(77);
    }
}

int main(void)
{
    struct reader readers[NREADERS] = {0};
    pthread_t writer;
    uint64_t published = 0;
    uint64_t whole = 0;
    uint64_t torn = 0;
    int64_t end = clock_mono_ns() + RUN_NS;

    start(&writer, write_until_stopped, &published);
    for (int i = 0; i < NREADERS; i++)
        start(&readers[i].thread, read_until_stopped, &readers[i]);
    while (clock_mono_ns() < end)
        sched_yield();
    __atomic_store_n(&shared.stop, 1, __ATOMIC_RELAXED);
    pthread_join(writer, NULL);
    for (int i = 0; i < NREADERS; i++) {
        pthread_join(readers[i].thread, NULL);
        whole += readers[i].whole;
        torn += readers[i].torn;
    }
    printf("%" PRIu64 " published, %" PRIu64 " read whole, %" PRIu64 " torn\n", published, whole,
           torn);
    return torn == 0 && whole > 0 ? 0 : 1;
}
