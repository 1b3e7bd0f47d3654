/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "tests/support/fakepage.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/check.h"
#include "base/seqlock.h"

#define ALIGN 64

struct metric_text {
    const char *name;
    const char *help;
    uint8_t kind;
    uint8_t unit;
    uint8_t level;
    uint8_t keep;
};

static const struct metric_text metric_text[] = {
#define METRIC(id, name, kind, unit, level, keep, help) \
    {name, help, PAGE_KIND_##kind, PAGE_UNIT_##unit, PAGE_LEVEL_##level, keep},
#include "metrics.def"
#undef METRIC
};

static _Noreturn void die(const char *what)
{
    perror(what);
    exit(1);
}

static size_t words_of(size_t bytes)
{
    return bytes / sizeof(uint64_t);
}

static uint64_t *words_at(void *p)
{
    CHECK((uintptr_t)p % sizeof(uint64_t) == 0);
    return p;
}

/* ---- building ---- */

static uint32_t count_kept(void)
{
    uint32_t n = 0;

    for (size_t i = 0; i < ARRAY_COUNT(metric_text); i++)
        n += metric_text[i].keep;
    return n;
}

static size_t strings_bytes(void)
{
    size_t bytes = 1;

    for (size_t i = 0; i < ARRAY_COUNT(metric_text); i++)
        bytes += strlen(metric_text[i].name) + strlen(metric_text[i].help) + 2;
    return bytes;
}

/* A section behind the ones before: COUNT entries of STRIDE bytes, twice for a double. */
static struct page_section plan(size_t *end, enum page_section_type type, size_t stride,
                                size_t count, int is_double)
{
    struct page_section s = {.type = type, .offset = align_up(*end, ALIGN)};

    s.stride = (uint32_t)(is_double ? align_up(stride * count, sizeof(uint64_t)) : stride);
    s.count = (uint32_t)count;
    s.bytes = is_double ? sizeof(struct page_double) + 2 * (uint64_t)s.stride
                        : (uint64_t)stride * count;
    *end = s.offset + s.bytes;
    return s;
}

#define NSECTIONS 14

static size_t plan_all(struct page_section s[NSECTIONS], uint32_t nprocs, uint32_t nkept)
{
    size_t end = sizeof(struct page_header) + NSECTIONS * sizeof(struct page_section);
    size_t minute_bytes = sizeof(struct page_history_slot) + nkept * sizeof(struct page_minute);
    size_t n = 0;

    s[n++] = plan(&end, PAGE_SECTION_METRICS, sizeof(struct page_metric), METRIC_COUNT, 0);
    s[n++] = plan(&end, PAGE_SECTION_STRINGS, 1, strings_bytes(), 0);
    s[n++] = plan(&end, PAGE_SECTION_VALUES, sizeof(uint64_t), METRIC_COUNT, 1);
    s[n++] = plan(&end, PAGE_SECTION_PROCS, sizeof(struct page_proc), nprocs, 0);
    s[n++] = plan(&end, PAGE_SECTION_SIZE_CLASSES, sizeof(struct page_size_class),
                  FAKEPAGE_CLASSES, 1);
    s[n++] = plan(&end, PAGE_SECTION_GC_CYCLES, sizeof(struct page_gc_cycle), FAKEPAGE_CYCLES, 0);
    s[n++] = plan(&end, PAGE_SECTION_EVENTS, sizeof(struct page_event), FAKEPAGE_EVENTS, 0);
    s[n++] = plan(&end, PAGE_SECTION_TASK_GROUPS, sizeof(struct page_task_group), FAKEPAGE_GROUPS,
                  1);
    s[n++] = plan(&end, PAGE_SECTION_ALLOC_SITES, sizeof(struct page_alloc_site), FAKEPAGE_SITES,
                  1);
    s[n++] = plan(&end, PAGE_SECTION_HISTORY_1S,
                  sizeof(struct page_history_slot) + nkept * sizeof(uint64_t), FAKEPAGE_SECONDS, 0);
    s[n++] = plan(&end, PAGE_SECTION_HISTORY_1M, minute_bytes, FAKEPAGE_MINUTES, 0);
    s[n++] = plan(&end, PAGE_SECTION_SITES_1M, sizeof(struct page_sites_minute), FAKEPAGE_MINUTES,
                  0);
    s[n++] = plan(&end, PAGE_SECTION_LATENCY, sizeof(struct page_latency), FAKEPAGE_LATENCIES, 1);
    s[n++] = plan(&end, PAGE_SECTION_LEAKS, sizeof(struct page_leak), FAKEPAGE_LEAKS, 1);
    CHECK(n == NSECTIONS);
    return align_up(end, 4096);
}

static void *make_shared(const char *name, size_t bytes, int *fd)
{
    void *p;

    *fd = memfd_create(name, MFD_CLOEXEC);
    if (*fd < 0 || ftruncate(*fd, (off_t)bytes) != 0)
        die(name);
    p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, *fd, 0);
    if (p == MAP_FAILED)
        die(name);
    return p;
}

/* Appends TEXT to the strings; returns its offset. */
static uint32_t put_string(char *strings, size_t *end, const char *text)
{
    size_t at = *end;

    memcpy(strings + at, text, strlen(text) + 1);
    *end += strlen(text) + 1;
    return (uint32_t)at;
}

static void describe_metrics(struct fakepage *f)
{
    struct page_metric *m = fakepage_at(f, PAGE_SECTION_METRICS);
    char *strings = fakepage_at(f, PAGE_SECTION_STRINGS);
    size_t end = 1;
    uint32_t kept = 0;

    for (uint32_t i = 0; i < METRIC_COUNT; i++) {
        m[i] = (struct page_metric){.slot = i,
                                    .history = metric_text[i].keep ? kept++ : PAGE_NO_HISTORY,
                                    .kind = metric_text[i].kind,
                                    .unit = metric_text[i].unit,
                                    .level = metric_text[i].level};
        m[i].name = put_string(strings, &end, metric_text[i].name);
        m[i].help = put_string(strings, &end, metric_text[i].help);
    }
}

static void fill_header(struct fakepage *f, const struct fakepage_options *o)
{
    struct page_header h = {
        .magic = PAGE_MAGIC,
        .endian = PAGE_ENDIAN_TAG,
        .major = PAGE_MAJOR,
        .minor = PAGE_MINOR,
        .header_bytes = sizeof h,
        .section_bytes = sizeof(struct page_section),
        .page_bytes = f->page_bytes,
        .state = PAGE_STATE_LIVE,
        .uid = (uint32_t)getuid(),
        .pid = getpid(),
        .nspid = getpid(),
        .start_ticks = fakepage_own_start_ticks(),
        .epoch_real_ns = (uint64_t)o->real_ns,
        .epoch_mono_ns = (uint64_t)o->mono_ns,
        .start_real_ns = (uint64_t)o->real_ns,
        .heartbeat_mono_ns = (uint64_t)o->mono_ns,
        .publish_interval_ns = 100000000,
        .section_count = NSECTIONS,
        .section_offset = sizeof h,
        .os_page_bytes = 4096,
        .nmetrics = METRIC_COUNT,
    };

    memcpy(h.name, o->name, min_size(strlen(o->name), sizeof h.name - 1));
    *f->header = h;
}

static void init_tasks(struct fakepage *f, uint64_t rows)
{
    f->tasks_bytes = sizeof *f->tasks + rows * sizeof *f->row;
    f->tasks = make_shared(PAGE_TASKS_MEMFD_NAME, f->tasks_bytes, &f->tasks_fd);
    f->row = (struct page_task *)(f->tasks + 1);
    *f->tasks = (struct page_tasks_header){.magic = PAGE_TASKS_MAGIC,
                                           .endian = PAGE_ENDIAN_TAG,
                                           .major = PAGE_MAJOR,
                                           .minor = PAGE_MINOR,
                                           .header_bytes = sizeof *f->tasks,
                                           .row_bytes = sizeof *f->row,
                                           .capacity = rows,
                                           .page_pid = (uint64_t)getpid()};
}

void fakepage_init(struct fakepage *f, const struct fakepage_options *options)
{
    struct page_section section[NSECTIONS];
    struct page_mail *mail;

    *f = (struct fakepage){.nkept = count_kept()};
    f->page_bytes = plan_all(section, options->nprocs, f->nkept);
    f->page = make_shared(PAGE_MEMFD_NAME, f->page_bytes, &f->page_fd);
    f->header = (struct page_header *)(void *)f->page;
    f->section = (struct page_section *)(f->header + 1);
    memcpy(f->section, section, sizeof section);
    fill_header(f, options);
    describe_metrics(f);
    f->proc = fakepage_at(f, PAGE_SECTION_PROCS);
    for (uint32_t i = 0; i < options->nprocs; i++)
        f->proc[i].id = i;
    init_tasks(f, options->task_rows);
    mail = make_shared(PAGE_MAIL_MEMFD_NAME, sizeof *mail, &f->mail_fd);
    munmap(mail, sizeof *mail);
}

void fakepage_fini(struct fakepage *f)
{
    munmap(f->page, f->page_bytes);
    munmap(f->tasks, f->tasks_bytes);
    close(f->page_fd);
    close(f->tasks_fd);
    close(f->mail_fd);
}

struct page_section *fakepage_section(const struct fakepage *f, enum page_section_type type)
{
    for (size_t i = 0; i < NSECTIONS; i++)
        if (f->section[i].type == type)
            return &f->section[i];
    UNREACHABLE();
}

void *fakepage_at(const struct fakepage *f, enum page_section_type type)
{
    return f->page + fakepage_section(f, type)->offset;
}

/* ---- publishing ---- */

static void publish_double(struct fakepage *f, enum page_section_type type, int64_t mono_ns,
                           const void *entries, size_t n, size_t entry_bytes)
{
    struct page_double *d = fakepage_at(f, type);
    unsigned copy = seq_double_begin(&d->seq);
    uint8_t *to = (uint8_t *)(d + 1) + copy * fakepage_section(f, type)->stride;

    CHECK(n <= fakepage_section(f, type)->count);
    for (size_t i = 0; i < words_of(n * entry_bytes); i++)
        seq_store(words_at(to) + i, ((const uint64_t *)entries)[i]);
    seq_store(&d->mono_ns[copy], (uint64_t)mono_ns);
    seq_store(&d->count[copy], n);
    seq_double_commit(&d->seq);
}

/* Slot of entry number N of a ring. */
static void *ring_slot(struct fakepage *f, enum page_section_type type, uint64_t n)
{
    struct page_section *s = fakepage_section(f, type);

    return (uint8_t *)fakepage_at(f, type) + n % s->count * s->stride;
}

/* Writes entry N; ENTRY begins with its seq, which is set here. */
static void write_ring(struct fakepage *f, enum page_section_type type, uint64_t n,
                       const uint64_t *entry, size_t nwords)
{
    uint64_t *slot = words_at(ring_slot(f, type, n));

    seq_ring_begin(slot, n);
    seq_store_words(slot + 1, entry + 1, nwords - 1);
    seq_ring_commit(slot, n);
}

void fakepage_publish(struct fakepage *f, int64_t mono_ns)
{
    publish_double(f, PAGE_SECTION_VALUES, mono_ns, f->value, METRIC_COUNT, sizeof f->value[0]);
    seq_store(&f->header->heartbeat_mono_ns, (uint64_t)mono_ns);
}

void fakepage_second(struct fakepage *f, int64_t mono_ns)
{
    uint64_t entry[2 + METRIC_COUNT] = {0, (uint64_t)mono_ns};
    size_t n = 2;

    for (size_t i = 0; i < METRIC_COUNT; i++)
        if (metric_text[i].keep)
            entry[n++] = f->value[i];
    write_ring(f, PAGE_SECTION_HISTORY_1S, f->nseconds++, entry, n);
}

void fakepage_minute(struct fakepage *f, int64_t mono_ns, unsigned low, unsigned high)
{
    uint64_t entry[2 + 3 * METRIC_COUNT] = {0, (uint64_t)mono_ns};
    size_t n = 2;

    for (size_t i = 0; i < METRIC_COUNT; i++) {
        if (!metric_text[i].keep)
            continue;
        entry[n++] = f->value[i] * low / 100;
        entry[n++] = f->value[i] * high / 100;
        entry[n++] = f->value[i];
    }
    write_ring(f, PAGE_SECTION_HISTORY_1M, f->nminutes++, entry, n);
}

static void copy_sites(struct page_site_count *to, const struct page_site_count *from)
{
    for (size_t i = 0; i < PAGE_SITES_KEPT && from[i].pc != 0; i++)
        to[i] = from[i];
}

void fakepage_sites_minute(struct fakepage *f, int64_t mono_ns,
                           const struct page_site_count *tasks,
                           const struct page_site_count *allocs)
{
    struct page_sites_minute minute = {.mono_ns = (uint64_t)mono_ns};

    copy_sites(minute.tasks, tasks);
    copy_sites(minute.allocs, allocs);
    write_ring(f, PAGE_SECTION_SITES_1M, f->nsites_minutes++, &minute.seq,
               words_of(sizeof minute));
}

void fakepage_cycle(struct fakepage *f, const struct page_gc_cycle *cycle)
{
    struct page_gc_cycle c = *cycle;
    uint64_t n = f->ncycles++;

    c.number = n + 1;
    write_ring(f, PAGE_SECTION_GC_CYCLES, n, &c.seq, words_of(sizeof c));
}

void fakepage_event(struct fakepage *f, int64_t mono_ns, enum page_event_kind kind,
                    const char *text)
{
    struct page_event e = {.mono_ns = (uint64_t)mono_ns, .kind = kind};

    memcpy(e.text, text, min_size(strlen(text), sizeof e.text - 1));
    write_ring(f, PAGE_SECTION_EVENTS, f->nevents++, &e.seq, words_of(sizeof e));
}

void fakepage_alloc_sites(struct fakepage *f, int64_t mono_ns, const struct page_alloc_site *site,
                          size_t n)
{
    publish_double(f, PAGE_SECTION_ALLOC_SITES, mono_ns, site, n, sizeof *site);
}

void fakepage_task_groups(struct fakepage *f, int64_t mono_ns, const struct page_task_group *group,
                          size_t n)
{
    publish_double(f, PAGE_SECTION_TASK_GROUPS, mono_ns, group, n, sizeof *group);
}

void fakepage_latency(struct fakepage *f, int64_t mono_ns, const struct page_latency *bucket,
                      size_t n)
{
    publish_double(f, PAGE_SECTION_LATENCY, mono_ns, bucket, n, sizeof *bucket);
}

void fakepage_leaks(struct fakepage *f, int64_t mono_ns, const struct page_leak *leak, size_t n)
{
    publish_double(f, PAGE_SECTION_LEAKS, mono_ns, leak, n, sizeof *leak);
}

void fakepage_size_classes(struct fakepage *f, int64_t mono_ns, const struct page_size_class *c,
                           size_t n)
{
    publish_double(f, PAGE_SECTION_SIZE_CLASSES, mono_ns, c, n, sizeof *c);
}

void fakepage_task(struct fakepage *f, uint64_t i, const struct page_task *task)
{
    CHECK(i < f->tasks->capacity);
    seq_store(&f->row[i].word, 0);
    seq_store_words(&f->row[i].id, &task->id, words_of(sizeof *task) - 1);
    seq_store(&f->row[i].word, task->word);
    if (f->tasks->used <= i)
        seq_store(&f->tasks->used, i + 1);
}

uint64_t fakepage_own_start_ticks(void)
{
    char text[1024];
    FILE *file = fopen("/proc/self/stat", "re");
    size_t n = file == NULL ? 0 : fread(text, 1, sizeof text - 1, file);
    unsigned long long ticks;
    char *p;

    if (file == NULL)
        die("/proc/self/stat");
    fclose(file);
    text[n] = '\0';
    p = strrchr(text, ')');
    /* Field 22; the state after the name is field 3. */
    for (int field = 2; p != NULL && field < 22; field++)
        p = strchr(p + 1, ' ');
    if (p == NULL || sscanf(p, "%llu", &ticks) != 1)
        die("/proc/self/stat");
    return ticks;
}
