/* SPDX-License-Identifier: MIT */
/* gcbrief.c - cycles that are tried in one stop: little is marked so; what turns out to be more is
 * finished beside the program, and nothing that is reachable is lost either way. */
#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "runtime/debug.h"
#include "runtime/gc.h"
#include "runtime/gcpace.h"
#include "runtime/san.h"
#include "tests/support/conform.h"

#define MOVERS 2

struct node {
    struct node *next;
    uint64_t number;
    uint64_t check; /* ~number */
    char rest[24];
};

static struct node *heads[64];

/* More than a stop may mark, and less than may be tried. Under gcstress, which collects for every
 * thousand objects, just some. */
static uint64_t nodes(void)
{
    return debug.gcstress != 0 ? 5000 : 120000;
}

static struct gc_cycle last_cycle(void)
{
    struct gc_totals totals;
    struct gc_cycle c = {0};

    gc_read_totals(&totals);
    EXPECT(gc_cycles_read(totals.cycles - 1, &c, 1) == 1, "no record of cycle %" PRIu64,
           totals.cycles);
    return c;
}

/* Whether cycles are tried in one stop at all. */
static bool is_tried(void)
{
    return gc_mode() == GC_CONCURRENT && gc_may_be_brief() && debug.gcstress == 0;
}

__attribute__((noinline)) static void build(void)
{
    for (uint64_t i = 0; i < nodes(); i++) {
        struct node *n = gort_alloc_object(sizeof *n);

        n->number = i;
        n->check = ~i;
        n->next = heads[i % 64];
        heads[i % 64] = n;
    }
}

__attribute__((noinline)) static void drop(void)
{
    memset(heads, 0, sizeof heads);
    gort_gc();
    gort_gc();
}

static uint64_t count(void)
{
    uint64_t n = 0;

    for (int i = 0; i < 64; i++)
        for (const struct node *at = heads[i]; at != NULL; at = at->next) {
            EXPECT(at->check == ~at->number, "node %" PRIu64 " was freed", at->number);
            n++;
        }
    return n;
}

/* Moves the first nodes of lists that no other task touches to and fro. */
static void move(void *first)
{
    struct node **mine = first;

    for (uint32_t i = 0; i < nodes() / 3; i++) {
        struct node **from = &mine[i % 32];
        struct node **to = &mine[(i * 7 + 3) % 32];
        struct node *n = *from;

        if (n == NULL || from == to)
            continue;
        *from = n->next;
        n->next = *to;
        *to = n;
        gort_keepalive(gort_alloc_object(48));
        if (i % 256 == 0)
            gort_yield();
    }
}

/* One of them at least: the markers may lose their processor in any stop. */
CLAIM(little_is_marked_in_one_stop)
{
    struct gc_cycle c = {.mode = GC_CONCURRENT};

    for (int i = 0; i < 1000 && c.mode == GC_CONCURRENT; i++) {
        drop();
        c = last_cycle();
        if (!is_tried() || !pace_is_little(c.heap_bytes + c.stack_bytes, c.globals_bytes, 0))
            return; /* a sanitizer has many globals */
    }
    EXPECT(c.mode == GC_STOP_THE_WORLD && c.first.asked_ns == 0,
           "two stops for %" PRIu64 " bytes of heap and %" PRIu64 " of globals", c.heap_bytes,
           c.globals_bytes);
}

/* They are 0.5 MB, and a mark of a small heap would mostly look at them; what is left is mostly of
 * this program. */
CLAIM(large_tables_of_the_runtime_are_no_roots)
{
    struct gc_cycle c;

    gort_gc();
    c = last_cycle();
    EXPECT(SAN_ADDRESS || SAN_THREAD || c.globals_bytes < 800 << 10,
           "%" PRIu64 " bytes of globals were searched", c.globals_bytes);
}

CLAIM(what_turns_out_to_be_much_is_finished_beside_the_program)
{
    int percent = gort_set_gc_percent(-1);
    struct gc_cycle c;

    drop();
    build();
    gort_gc();
    c = last_cycle();
    gort_set_gc_percent(percent);
    EXPECT(count() == nodes(), "%" PRIu64 " nodes of %" PRIu64 " are left", count(), nodes());
    if (is_tried())
        EXPECT(c.mode == GC_CONCURRENT && c.first.asked_ns != 0 && c.rounds > 0,
               "%" PRIu64 " bytes were searched in one stop of %" PRIu64 " ns", c.heap_bytes,
               c.mark_ns);
    drop();
}

CLAIM(nothing_is_lost_when_a_mark_goes_on_beside_the_program)
{
    int percent = gort_set_gc_percent(-1);

    for (int round = 0; round < 4; round++) {
        gort_waitgroup movers = {0};

        drop();
        build();
        for (int i = 0; i < MOVERS; i++)
            gort_waitgroup_go(&movers, move, &heads[32 * i]);
        gort_gc();
        gort_waitgroup_wait(&movers);
        gort_gc();
        EXPECT(count() == nodes(), "round %d: %" PRIu64 " nodes of %" PRIu64 " are left", round,
               count(), nodes());
    }
    gort_set_gc_percent(percent);
    drop();
}
