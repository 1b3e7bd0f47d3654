/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/dump.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/check.h"
#include "mon/dump_holders.h"
#include "mon/hash.h"
#include "mon/pool.h"
#include "mon/symbol.h"
#include "mon/tasks.h"
#include "mon/text.h"

#define GROUPS_MAX    65536      /* different stacks */
#define COARSE_MAX    4096       /* beyond them, of tasks told apart by the innermost calls alone */
#define COARSE_FRAMES 4          /* of these */
#define TASKS_MAX     (1u << 24) /* more is a target that means harm */
#define FRAMES_MAX (1u << 20) /* of all groups together */
#define FIRST_SLOTS 1024

/* A group while tasks come in. */
struct raw_group {
    uint64_t key;
    uint64_t spawn_pc;
    uint64_t start_fn;
    const uint64_t *pc;
    size_t npcs;
    uint8_t state;
    uint8_t reason;
    bool leaked;
    bool moved;
    enum dump_end end;
    size_t ntasks;
};

/* A task while tasks come in. */
struct counted_task {
    struct dump_task task;
    uint32_t group;
};

/* What is behind a struct dump. */
struct builder {
    struct dump dump;
    struct pool pool;
    struct raw_group *raw;
    size_t nraw, raw_room;
    struct counted_task *task;
    size_t ntasks, task_room;
    uint32_t *slot; /* hash of raw: index + 1, 0 is free */
    size_t nslots;
    size_t nframes;
    uint64_t ncoarse; /* tasks in groups beyond GROUPS_MAX */
    bool asked;     /* all addresses have been asked for */
    size_t cursor;  /* addresses of raw groups before it are known */
};

static struct builder *builder_of(struct dump *dump)
{
    return (struct builder *)(void *)dump; /* its first member */
}

struct dump *dump_new(enum dump_origin origin)
{
    struct builder *b = calloc(1, sizeof *b);

    CHECK(b != NULL);
    b->dump.origin = origin;
    pool_init(&b->pool);
    return &b->dump;
}

/* What only building needs. */
static void free_scaffold(struct builder *b)
{
    free(b->raw);
    free(b->task);
    free(b->slot);
    b->raw = NULL;
    b->task = NULL;
    b->slot = NULL;
}

void dump_free(struct dump *dump)
{
    struct builder *b = builder_of(dump);

    if (dump == NULL)
        return;
    free_scaffold(b);
    pool_fini(&b->pool);
    free(b);
}

/* ---- Taking tasks in ---- */

static uint64_t key_of(const struct dump_entry *e)
{
    /* state, reason, and whether it is leaked */
    uint64_t key = hash_u64(0, e->row->word & (0xffff | PAGE_TASK_LEAKED));

    key = hash_u64(key, e->row->spawn_pc);
    key = hash_u64(key, e->row->start_fn);
    key = hash_u64(key, (uint64_t)e->end);
    for (size_t i = 0; i < e->npcs; i++)
        key = hash_u64(key, e->pc[i]);
    return key;
}

static bool is_leaked(const struct dump_entry *e)
{
    return (e->row->word & PAGE_TASK_LEAKED) != 0;
}

static bool is_same(const struct raw_group *h, const struct dump_entry *e, uint64_t key)
{
    return h->key == key && h->state == PAGE_TASK_STATE(e->row->word) &&
           h->reason == PAGE_TASK_REASON(e->row->word) && h->leaked == is_leaked(e) &&
           h->spawn_pc == e->row->spawn_pc &&
           h->start_fn == e->row->start_fn && h->end == e->end && h->npcs == e->npcs &&
           memcmp(h->pc, e->pc, e->npcs * sizeof *e->pc) == 0;
}

static void grow_slots(struct builder *b)
{
    size_t nslots = b->nslots == 0 ? FIRST_SLOTS : b->nslots * 2;
    uint32_t *slot = calloc(nslots, sizeof *slot);

    CHECK(slot != NULL);
    for (size_t g = 0; g < b->nraw; g++) {
        size_t i = b->raw[g].key & (nslots - 1);

        while (slot[i] != 0)
            i = (i + 1) & (nslots - 1);
        slot[i] = (uint32_t)g + 1;
    }
    free(b->slot);
    b->slot = slot;
    b->nslots = nslots;
}

static struct raw_group *add_raw(struct builder *b, const struct dump_entry *e, uint64_t key)
{
    uint64_t *pc = pool_alloc(&b->pool, e->npcs * sizeof *pc);
    struct raw_group *h;

    memcpy(pc, e->pc, e->npcs * sizeof *pc);
    b->raw = array_grow(b->raw, b->nraw, &b->raw_room, sizeof *b->raw);
    h = &b->raw[b->nraw++];
    *h = (struct raw_group){.key = key,
                                .spawn_pc = e->row->spawn_pc,
                                .start_fn = e->row->start_fn,
                                .pc = pc,
                                .npcs = e->npcs,
                                .state = (uint8_t)PAGE_TASK_STATE(e->row->word),
                                .reason = (uint8_t)PAGE_TASK_REASON(e->row->word),
                                .leaked = is_leaked(e),
                                .end = e->end};
    return h;
}

/* The group that E belongs to; NULL if it would be one more than MOST. */
static struct raw_group *find_raw(struct builder *b, const struct dump_entry *e, size_t most)
{
    uint64_t key = key_of(e);
    size_t i;

    if (b->nraw * 2 >= b->nslots)
        grow_slots(b);
    for (i = key & (b->nslots - 1); b->slot[i] != 0; i = (i + 1) & (b->nslots - 1)) {
        struct raw_group *h = &b->raw[b->slot[i] - 1];

        if (is_same(h, e, key))
            return h;
    }
    if (b->nraw >= most)
        return NULL;
    b->slot[i] = (uint32_t)b->nraw + 1;
    return add_raw(b, e, key);
}

/* The same for a task whose stack is one too many: the outer calls are left off. */
static struct raw_group *find_coarse(struct builder *b, const struct dump_entry *e)
{
    struct dump_entry coarse = *e;
    struct raw_group *h = NULL;

    if (coarse.npcs > COARSE_FRAMES) {
        coarse.npcs = COARSE_FRAMES;
        coarse.end = DUMP_END_LEFT_OFF;
    }
    h = find_raw(b, &coarse, GROUPS_MAX + COARSE_MAX);
    b->ncoarse += h != NULL;
    return h;
}

static struct raw_group *find_group(struct builder *b, const struct dump_entry *e)
{
    struct raw_group *h = NULL;

    if (b->ntasks >= TASKS_MAX)
        return NULL;
    h = find_raw(b, e, GROUPS_MAX);
    return h != NULL ? h : find_coarse(b, e);
}

void dump_add(struct dump *dump, const struct dump_entry *entry)
{
    struct builder *b = builder_of(dump);
    struct raw_group *h = find_group(b, entry);
    char name[sizeof((struct page_dump_task *)0)->name * 3];

    CHECK(dump->group == NULL && entry->npcs <= DUMP_MAX_FRAMES);
    if (h == NULL) {
        dump->nskipped++;
        return;
    }
    text_clean(name, sizeof name, entry->name, strlen(entry->name));
    b->task = array_grow(b->task, b->ntasks, &b->task_room, sizeof *b->task);
    b->task[b->ntasks++] = (struct counted_task){
        .task = {.id = entry->row->id,
                 .since_ns = entry->row->since_ns,
                 .name = pool_text(&b->pool, name),
                 .tid = entry->tid},
        .group = (uint32_t)(h - b->raw)};
    h->ntasks++;
    h->moved = h->moved || entry->moved;
    dump->ntasks++;
}

void dump_add_lock(struct dump *dump, uint64_t task, uint64_t holder, uint64_t readers)
{
    struct builder *b = builder_of(dump);
    struct dump_task *last = b->ntasks > 0 ? &b->task[b->ntasks - 1].task : NULL;

    CHECK(dump->group == NULL);
    if (last == NULL || last->id != task)
        return;
    last->holder = holder;
    last->readers = readers;
}

/* ---- Finishing ---- */

static bool is_known(const struct raw_group *h, struct symbols *symbols)
{
    bool known = symbols_find(symbols, h->spawn_pc, SYMBOL_AT_RETURN) != NULL;

    known = symbols_find(symbols, h->start_fn, SYMBOL_AT_EXACT) != NULL && known;
    for (size_t i = 0; i < h->npcs; i++)
        known = symbols_find(symbols, h->pc[i], SYMBOL_AT_RETURN) != NULL && known;
    return known;
}

/* Whether every address is known; asks for those that are not. */
static bool all_known(struct builder *b, struct symbols *symbols)
{
    for (size_t i = 0; i < b->nraw && !b->asked; i++)
        is_known(&b->raw[i], symbols);
    b->asked = true;
    while (b->cursor < b->nraw && is_known(&b->raw[b->cursor], symbols))
        b->cursor++;
    return b->cursor == b->nraw;
}

/* Fills the frame of function I of SYMBOL. */
static void fill_frame(struct builder *b, struct dump_frame *frame, uint64_t pc,
                       const struct symbol *symbol, size_t i)
{
    bool named = i < symbol->nframes;

    *frame = (struct dump_frame){
        .pc = pc,
        .function = named ? pool_text(&b->pool, symbol->frame[i].function) : "",
        .file = named ? pool_text(&b->pool, symbol->frame[i].file) : "",
        .module = pool_text(&b->pool, symbol->module),
        .offset = symbol->offset,
        .line = named ? symbol->frame[i].line : 0,
        .inlined = named && i + 1 < symbol->nframes,
    };
}

/* Leaves off what is outside of the function that the task was started with: the runtime's own. */
static void cut_outside_start(struct dump_group *group, const struct symbol *start)
{
    const char *name = start->nframes > 0 ? start->frame[start->nframes - 1].function : "";

    for (size_t i = group->nframes; i-- > 0 && name[0] != '\0';) {
        if (strcmp(group->frame[i].function, name) == 0 && !group->frame[i].inlined) {
            group->nframes = i + 1;
            return;
        }
    }
}

/* Lines that the stack of H takes, inlined calls spelt out. */
static size_t count_frames(const struct raw_group *h, struct symbols *symbols)
{
    size_t n = 0;

    for (size_t i = 0; i < h->npcs; i++)
        n += max_size(symbols_find(symbols, h->pc[i], SYMBOL_AT_RETURN)->nframes, 1);
    return n;
}

static void fill_frames(struct builder *b, struct dump_group *group, const struct raw_group *h,
                        struct symbols *symbols)
{
    size_t n = count_frames(h, symbols);
    struct dump_frame *frame;

    if (b->nframes + n > FRAMES_MAX) {
        group->end = DUMP_END_LEFT_OFF;
        return;
    }
    b->nframes += n;
    frame = pool_alloc(&b->pool, n * sizeof *frame);
    group->frame = frame;
    group->nframes = n;
    for (size_t i = 0; i < h->npcs; i++) {
        const struct symbol *symbol = symbols_find(symbols, h->pc[i], SYMBOL_AT_RETURN);

        for (size_t f = 0; f < max_size(symbol->nframes, 1); f++)
            fill_frame(b, frame++, h->pc[i], symbol, f);
    }
    cut_outside_start(group, symbols_find(symbols, h->start_fn, SYMBOL_AT_EXACT));
}

static void fill_group(struct builder *b, struct dump_group *group, const struct raw_group *h,
                       struct symbols *symbols)
{
    *group = (struct dump_group){.key = h->key,
                                 .state = h->state,
                                 .leaked = h->leaked,
                                 .reason = h->reason,
                                 .moved = h->moved,
                                 .end = h->end,
                                 .spawned_at = {.function = "", .file = "", .module = ""},
                                 .ntasks = h->ntasks};
    fill_frames(b, group, h, symbols);
    if (h->spawn_pc != 0)
        fill_frame(b, &group->spawned_at, h->spawn_pc,
                   symbols_find(symbols, h->spawn_pc, SYMBOL_AT_RETURN), 0);
}

static int longest_first(const void *a, const void *b)
{
    const struct dump_task *x = a, *y = b;

    if (x->since_ns != y->since_ns)
        return x->since_ns < y->since_ns ? -1 : 1;
    return x->id < y->id ? -1 : x->id > y->id;
}

/* Gives each group its tasks. */
static void deal_tasks(struct builder *b, struct dump_group *group)
{
    struct dump_task *all = pool_alloc(&b->pool, b->ntasks * sizeof *all);
    struct dump_task **next = calloc(b->nraw, sizeof *next);

    CHECK(next != NULL);
    for (size_t g = 0, at = 0; g < b->nraw; g++) {
        next[g] = all + at;
        group[g].task = all + at;
        at += group[g].ntasks;
    }
    for (size_t i = 0; i < b->ntasks; i++)
        *next[b->task[i].group]++ = b->task[i].task;
    for (size_t g = 0; g < b->nraw; g++)
        qsort(next[g] - group[g].ntasks, group[g].ntasks, sizeof *all, longest_first);
    free(next);
}

static int most_tasks_first(const void *a, const void *b)
{
    const struct dump_group *x = a, *y = b;

    if (x->ntasks != y->ntasks)
        return x->ntasks > y->ntasks ? -1 : 1;
    return longest_first(x->task, y->task);
}

bool dump_finish(struct dump *dump, struct symbols *symbols)
{
    struct builder *b = builder_of(dump);
    struct dump_group *group;

    if (!all_known(b, symbols))
        return false;
    group = pool_alloc(&b->pool, (b->nraw + 1) * sizeof *group);
    for (size_t g = 0; g < b->nraw; g++)
        fill_group(b, &group[g], &b->raw[g], symbols);
    if (b->nraw > 0) {
        deal_tasks(b, group);
        qsort(group, b->nraw, sizeof *group, most_tasks_first);
        dump_holders_find(&b->pool, group, b->nraw);
    }
    if (b->ncoarse > 0 && dump->note[0] == '\0')
        snprintf(dump->note, sizeof dump->note,
                 "more than %d different stacks: %" PRIu64
                 " tasks are told apart by their innermost calls alone",
                 GROUPS_MAX, b->ncoarse);
    dump->group = group;
    dump->ngroups = b->nraw;
    free_scaffold(b);
    return true;
}

struct pool *dump_pool(struct dump *dump)
{
    return &builder_of(dump)->pool;
}

const char *dump_state_text(const struct dump_group *group, char text[DUMP_STATE_BYTES])
{
    const char *reason = task_reason_name(group->reason);

    if (group->state == PAGE_TASK_WAITING && group->leaked) {
        snprintf(text, DUMP_STATE_BYTES, "%s (leaked)", reason);
        return text;
    }
    if (group->state == PAGE_TASK_WAITING && reason[0] != '\0')
        return reason;
    if (group->state > PAGE_TASK_DEAD && group->state < TASK_STATES)
        return task_state_name((enum task_state)group->state);
    snprintf(text, DUMP_STATE_BYTES, "state %u", group->state);
    return text;
}

uint64_t dump_age_ns(const struct dump *dump, const struct dump_task *task)
{
    return dump->mono_ns > task->since_ns ? dump->mono_ns - task->since_ns : 0;
}
