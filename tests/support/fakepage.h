/* SPDX-License-Identifier: MIT */
/* fakepage.h - a writer of pages for tests: what the runtime would publish, set by hand.
 * The page and the task table are memfds of this process under their real names, so that a reader
 * finds them through /proc/self/fd; both are mapped, and tests may spoil any byte of them.
 * Threads: one writer. Source: gort-page(5). */
#ifndef SUPPORT_FAKEPAGE_H
#define SUPPORT_FAKEPAGE_H

#include <stddef.h>
#include <stdint.h>

#include "page.h"

#define FAKEPAGE_CLASSES 68
#define FAKEPAGE_CYCLES 256
#define FAKEPAGE_EVENTS 64
#define FAKEPAGE_GROUPS 256
#define FAKEPAGE_SITES 64
#define FAKEPAGE_SECONDS 900
#define FAKEPAGE_MINUTES 1440
#define FAKEPAGE_LATENCIES 500
#define FAKEPAGE_LEAKS 300 /* more than a snapshot takes */

struct fakepage_options {
    const char *name;
    uint32_t nprocs;
    uint64_t task_rows;
    int64_t mono_ns; /* the program started then */
    int64_t real_ns;
};

struct fakepage {
    int page_fd;
    int tasks_fd;
    int mail_fd;
    size_t page_bytes;
    size_t tasks_bytes;
    uint8_t *page; /* mapped, as all below */
    struct page_header *header;
    struct page_section *section; /* [header->section_count] */
    struct page_proc *proc;
    struct page_tasks_header *tasks;
    struct page_task *row;
    uint32_t nkept;
    uint64_t value[METRIC_COUNT]; /* for the next fakepage_publish */
    uint64_t nseconds;            /* written so far; so below */
    uint64_t nminutes;
    uint64_t nsites_minutes;
    uint64_t ncycles;
    uint64_t nevents;
};

/* Builds a page in state live, without values. Ends the process with a message if it can't. */
void fakepage_init(struct fakepage *f, const struct fakepage_options *options);
void fakepage_fini(struct fakepage *f);

/* The section of this type, and its first byte. */
struct page_section *fakepage_section(const struct fakepage *f, enum page_section_type type);
void *fakepage_at(const struct fakepage *f, enum page_section_type type);

/* Copies f->value into the page and moves the heartbeat to MONO_NS. */
void fakepage_publish(struct fakepage *f, int64_t mono_ns);

/* Adds what f->value holds to the history of seconds. */
void fakepage_second(struct fakepage *f, int64_t mono_ns);

/* Adds a minute: f->value is the last of each, LOW and HIGH the others as parts of it in
 * percent. */
void fakepage_minute(struct fakepage *f, int64_t mono_ns, unsigned low, unsigned high);

/* Adds a minute of the top sites; both lists are ended by a pc of 0 or are full. */
void fakepage_sites_minute(struct fakepage *f, int64_t mono_ns,
                           const struct page_site_count *tasks,
                           const struct page_site_count *allocs);

/* Adds a collection; its seq and number are set here. */
void fakepage_cycle(struct fakepage *f, const struct page_gc_cycle *cycle);

void fakepage_event(struct fakepage *f, int64_t mono_ns, enum page_event_kind kind,
                    const char *text);

/* Publish whole tables of N entries. */
void fakepage_alloc_sites(struct fakepage *f, int64_t mono_ns, const struct page_alloc_site *site,
                          size_t n);
void fakepage_task_groups(struct fakepage *f, int64_t mono_ns, const struct page_task_group *group,
                          size_t n);
void fakepage_latency(struct fakepage *f, int64_t mono_ns, const struct page_latency *bucket,
                      size_t n);
void fakepage_leaks(struct fakepage *f, int64_t mono_ns, const struct page_leak *leak, size_t n);
void fakepage_size_classes(struct fakepage *f, int64_t mono_ns, const struct page_size_class *c,
                           size_t n);

/* Writes row I of the task table. */
void fakepage_task(struct fakepage *f, uint64_t i, const struct page_task *task);

/* The start time of this process as /proc/self/stat has it. */
uint64_t fakepage_own_start_ticks(void);

#endif
