/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/tasktable.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/check.h"
#include "mon/pagefile.h"
#include "page.h"

#define PIECE_BYTES    ((size_t)1024 * 1024)
#define MOST_ROW_BYTES 4096
#define HASH_SLOTS     4096 /* a power of two */
#define HASH_MOST_USED (HASH_SLOTS / 4 * 3)

/* A count that is under way. */
struct count {
    uint64_t next_row;
    uint64_t nrows;  /* that it is to read */
    uint64_t ntasks; /* what it has come to; so below */
    uint64_t by_state[TASK_STATES];
    uint64_t beyond;
    uint32_t nused; /* slots of hash with a count */
    struct task_group hash[HASH_SLOTS];
    uint8_t piece[PIECE_BYTES];
};

struct tasktable {
    int fd;
    uint32_t header_bytes;
    uint32_t row_bytes;
    uint64_t capacity;
    struct count *count; /* NULL: none is under way */
};

static bool header_is_good(const struct page_tasks_header *h)
{
    static const uint8_t magic[] = PAGE_TASKS_MAGIC;

    return memcmp(h->magic, magic, sizeof magic) == 0 && h->endian == PAGE_ENDIAN_TAG &&
           h->major == PAGE_MAJOR && h->header_bytes >= sizeof *h &&
           h->row_bytes >= sizeof(struct page_task) && h->row_bytes <= MOST_ROW_BYTES &&
           h->row_bytes % sizeof(uint64_t) == 0 &&
           h->capacity <= TASKTABLE_BYTES_MAX / h->row_bytes;
}

bool tasktable_read_header(int fd, struct page_tasks_header *h)
{
    return pread(fd, h, sizeof *h, 0) == (ssize_t)sizeof *h && header_is_good(h);
}

struct tasktable *tasktable_open(int fd)
{
    struct tasktable *t = malloc(sizeof *t);
    struct page_tasks_header h;

    if (t == NULL || !tasktable_read_header(fd, &h)) {
        free(t);
        close(fd);
        return NULL;
    }
    *t = (struct tasktable){
        .fd = fd, .header_bytes = h.header_bytes, .row_bytes = h.row_bytes, .capacity = h.capacity};
    return t;
}

void tasktable_close(struct tasktable *t)
{
    if (t == NULL)
        return;
    close(t->fd);
    free(t->count);
    free(t);
}

/* How many rows may hold a task; false if the header no longer makes sense. */
static bool read_used(const struct tasktable *t, uint64_t *rows)
{
    struct page_tasks_header h;

    if (!tasktable_read_header(t->fd, &h))
        return false;
    *rows = min_size(h.used, t->capacity);
    return true;
}

/* ---- grouping ---- */

/* The last step of splitmix64: every bit of the key moves the upper ones. */
static size_t hash_of(const struct page_task *task)
{
    uint64_t h = task->spawn_pc * UINT64_C(0x9e3779b97f4a7c15);

    h ^= task->start_fn;
    h ^= (task->word & 0xffff) << 48;
    h = (h ^ h >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    h = (h ^ h >> 27) * UINT64_C(0x94d049bb133111eb);
    return (size_t)(h >> 32) & (HASH_SLOTS - 1);
}

/* The group of TASK, with a count of 0 if it is new; NULL if there is no room for a new one. */
static struct task_group *group_of(struct count *c, const struct page_task *task)
{
    unsigned state = PAGE_TASK_STATE(task->word);
    unsigned reason = PAGE_TASK_REASON(task->word);
    size_t i = hash_of(task);

    for (;; i = (i + 1) & (HASH_SLOTS - 1)) {
        struct task_group *g = &c->hash[i];

        if (g->count == 0) {
            if (c->nused == HASH_MOST_USED)
                return NULL;
            c->nused++;
            *g = (struct task_group){.spawn_pc = task->spawn_pc,
                                     .start_fn = task->start_fn,
                                     .state = (enum task_state)state,
                                     .reason = reason,
                                     .oldest_since_ns = INT64_MAX};
            return g;
        }
        if (g->spawn_pc == task->spawn_pc && g->start_fn == task->start_fn &&
            (unsigned)g->state == state && g->reason == reason)
            return g;
    }
}

static void count_task(struct count *c, const struct page_task *task)
{
    unsigned state = PAGE_TASK_STATE(task->word);
    struct task_group *g;

    if (state == TASK_DEAD || state >= TASK_STATES)
        return;
    c->ntasks++;
    c->by_state[state]++;
    g = group_of(c, task);
    if (g == NULL) {
        c->beyond++;
        return;
    }
    g->count++;
    g->leaked += (task->word & PAGE_TASK_LEAKED) != 0;
    if (pagefile_time(task->since_ns) < g->oldest_since_ns)
        g->oldest_since_ns = pagefile_time(task->since_ns);
}

static bool count_piece(struct tasktable *t, uint64_t first, size_t nrows)
{
    struct count *c = t->count;
    size_t bytes = nrows * t->row_bytes;
    off_t at = (off_t)(t->header_bytes + first * t->row_bytes);
    size_t done = 0;

    while (done < bytes) {
        ssize_t n = pread(t->fd, c->piece + done, bytes - done, at + (off_t)done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        done += (size_t)n;
    }
    for (size_t i = 0; i < nrows; i++)
        count_task(c, (const struct page_task *)(const void *)(c->piece + i * t->row_bytes));
    return true;
}

/* ---- the result ---- */

static int compare_groups(const void *a, const void *b)
{
    const struct task_group *x = a;
    const struct task_group *y = b;

    if (x->count != y->count)
        return x->count < y->count ? 1 : -1;
    if (x->spawn_pc != y->spawn_pc)
        return x->spawn_pc < y->spawn_pc ? -1 : 1;
    return (x->state > y->state) - (x->state < y->state);
}

/* Moves the filled groups of the hash to its front, sorts them, and hands the biggest over. */
static void take_groups(struct count *c, struct task_groups *groups)
{
    uint32_t n = 0;

    for (size_t i = 0; i < HASH_SLOTS; i++)
        if (c->hash[i].count > 0)
            c->hash[n++] = c->hash[i];
    DCHECK(n == c->nused);
    qsort(c->hash, n, sizeof c->hash[0], compare_groups);
    groups->valid = true;
    groups->nrows = c->nrows;
    groups->ntasks = c->ntasks;
    memcpy(groups->by_state, c->by_state, sizeof groups->by_state);
    groups->beyond = c->beyond;
    groups->n = (uint32_t)min_size(n, TASK_GROUPS_MAX);
    memcpy(groups->group, c->hash, groups->n * sizeof groups->group[0]);
    for (uint32_t i = groups->n; i < n; i++)
        groups->beyond += c->hash[i].count;
}

/* False: the table is cut, or memory is short. */
static bool begin(struct tasktable *t)
{
    uint64_t nrows;

    if (!read_used(t, &nrows))
        return false;
    t->count = malloc(sizeof *t->count);
    if (t->count == NULL)
        return false;
    memset(t->count, 0, offsetof(struct count, piece));
    t->count->nrows = nrows;
    return true;
}

/* Counts what one call may, from next_row on. */
static bool count_rows(struct tasktable *t)
{
    struct count *c = t->count;
    size_t rows_a_piece = PIECE_BYTES / t->row_bytes;
    uint64_t end = min_size(c->nrows, c->next_row + TASKTABLE_CALL_BYTES / t->row_bytes);

    while (c->next_row < end) {
        size_t n = min_size(rows_a_piece, end - c->next_row);

        if (!count_piece(t, c->next_row, n))
            return false;
        c->next_row += n;
    }
    return true;
}

static void finish(struct tasktable *t)
{
    free(t->count);
    t->count = NULL;
}

enum tasktable_progress tasktable_count(struct tasktable *t, struct task_groups *groups)
{
    if ((t->count == NULL && !begin(t)) || !count_rows(t)) {
        finish(t);
        groups->valid = false;
        return TASKTABLE_CUT;
    }
    if (t->count->next_row < t->count->nrows)
        return TASKTABLE_PART;
    take_groups(t->count, groups);
    finish(t);
    return TASKTABLE_COUNTED;
}
