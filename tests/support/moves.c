/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "tests/support/moves.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "gort.h"

#define DEPTH       9  /* of a task's tree */
#define SHARED      32 /* places that all tasks exchange subtrees through */
#define LONG_ARRAY  ((size_t)5000)
#define HEIGHT_MIN  2  /* of a subtree that wanders */
#define CHECK_EVERY 16 /* rounds */

struct node {
    uint64_t height;
    struct node *left;
    uint64_t check; /* of the address and the height */
    struct node *right;
};
GORT_TYPE(node_type, struct node, GORT_PTR(struct node, left) | GORT_PTR(struct node, right));

struct mover {
    uint64_t rng;
    int rounds;
    struct node *root;
    gort_waitgroup *done;
};

static struct {
    _Atomic(struct node *) *in_heap; /* SHARED of them, in one object */
    _Atomic(struct node *) in_data[SHARED];
    _Atomic(struct node *) *in_stack; /* SHARED of them, on that of a task that waits to the end */
    _Atomic(struct node *) *in_root;  /* SHARED of them, in memory of malloc that was added */
    gort_chan *channel;               /* of struct node * */
} shared;

_Noreturn static void fail(const char *what, const void *at)
{
    fprintf(stderr, "moves: %s at %p\n", what, at);
    abort();
}

static uint64_t draw(struct mover *m, uint64_t below)
{
    m->rng ^= m->rng << 13;
    m->rng ^= m->rng >> 7;
    m->rng ^= m->rng << 17;
    return m->rng % below;
}

/* ---- trees ---- */

static uint64_t check_of(const struct node *n)
{
    return ((uintptr_t)n ^ UINT64_C(0x5eed5eed5eed5eed)) * 31 + n->height;
}

static struct node *new_node(struct mover *m, uint64_t height)
{
    struct node *n = NULL;

    switch (draw(m, 8)) {
    case 0:
        n = gort_alloc(sizeof *n + draw(m, 2000));
        break;
    case 1: /* long, of a type: its type is a word beside the span */
        n = gort_alloc_typed(&node_type, 20 + draw(m, 40));
        break;
    case 2:
        n = draw(m, 64) == 0 ? gort_alloc(40000 + draw(m, 300000)) : gort_alloc_object(sizeof *n);
        break;
    default:
        n = gort_alloc_typed(&node_type, 1);
    }
    n->height = height;
    n->check = check_of(n);
    return n;
}

static struct node *new_tree(struct mover *m, uint64_t height)
{
    struct node *n = new_node(m, height);

    if (height > 0) {
        n->left = new_tree(m, height - 1);
        n->right = new_tree(m, height - 1);
    }
    return n;
}

static void check_tree(const struct node *n, uint64_t height)
{
    if (n == NULL || n->height != height || n->check != check_of(n))
        fail("a node is damaged", n);
    if (height == 0)
        return;
    check_tree(n->left, height - 1);
    check_tree(n->right, height - 1);
}

/* The place of some subtree of HEIGHT in M's tree. */
static struct node **place(struct mover *m, uint64_t height)
{
    struct node **at = &m->root;

    while ((*at)->height > height)
        at = draw(m, 2) == 0 ? &(*at)->left : &(*at)->right;
    return at;
}

static uint64_t some_height(struct mover *m)
{
    return HEIGHT_MIN + draw(m, DEPTH - HEIGHT_MIN - 1);
}

static void make_garbage(struct mover *m)
{
    for (uint64_t n = draw(m, 30); n > 0; n--)
        new_node(m, 0);
    if (draw(m, 50) == 0)
        gort_alloc(LONG_ARRAY * sizeof(void *));
}

static void pause_a_little(struct mover *m)
{
    if (draw(m, 3) == 0)
        gort_yield();
}

/* ---- moves ---- */

/* Two subtrees of a task change places. */
static void swap_own(struct mover *m)
{
    uint64_t height = some_height(m);
    struct node **a = place(m, height);
    struct node **b = place(m, height);
    struct node *moved = *a;

    *a = *b;
    *b = moved;
}

/* A subtree is nowhere but on the stack for a while. */
static void hold(struct mover *m)
{
    struct node **from = place(m, some_height(m));
    struct node *volatile held = *from;

    *from = NULL;
    make_garbage(m);
    pause_a_little(m);
    *from = held;
}

static _Atomic(struct node *) *some_shared(struct mover *m, uint64_t height)
{
    /* Of one height at each place, so that what comes fits in where something was taken out. */
    uint64_t i = height % 8 + 8 * draw(m, SHARED / 8);

    switch (draw(m, 4)) {
    case 0:
        return &shared.in_heap[i];
    case 1:
        return &shared.in_data[i];
    case 2:
        return &shared.in_stack[i];
    default:
        return &shared.in_root[i];
    }
}

/* A subtree goes to a place that all tasks use; what was there comes. */
static void exchange(struct mover *m)
{
    uint64_t height = HEIGHT_MIN + draw(m, 6);
    struct node **at = place(m, height);
    struct node *mine = *at;
    struct node *got = NULL;

    *at = NULL;
    got = atomic_exchange_explicit(some_shared(m, height), mine, memory_order_acq_rel);
    *at = got != NULL ? got : new_tree(m, height);
}

struct errand {
    struct mover *m;
    struct node **slot; /* on the stack of the task that waits */
    gort_waitgroup *done;
};

/* Puts what belongs there into another task's stack, and drops its own. */
static void run_errand(void *arg)
{
    struct errand *e = arg;
    struct node *volatile fetched = *e->slot;

    *e->slot = NULL;
    gort_yield();
    *e->slot = fetched;
    fetched = NULL;
    gort_waitgroup_done(e->done);
}

/* A subtree is in a variable of a task that waits, and is taken out and put back by another. */
static void let_fetch(struct mover *m)
{
    struct node **from = place(m, some_height(m));
    struct node *volatile held = *from;
    gort_waitgroup done = {0};
    struct errand e = {.m = m, .slot = (struct node **)(uintptr_t)&held, .done = &done};

    *from = NULL;
    gort_waitgroup_add(&done, 1);
    gort_go(run_errand, &e);
    gort_waitgroup_wait(&done);
    make_garbage(m);
    *from = held;
}

/* The argument of a task that has not run yet is all that refers to it. */
static void bring_back(void *arg)
{
    struct node *n = arg;

    gort_send(shared.channel, &n);
}

static void send_round(struct mover *m)
{
    struct node **from = place(m, HEIGHT_MIN);
    struct node *got = NULL;

    gort_go(bring_back, *from);
    *from = NULL;
    make_garbage(m);
    gort_recv(shared.channel, &got);
    *from = got;
}

static void move_once(struct mover *m)
{
    switch (draw(m, 6)) {
    case 0:
        hold(m);
        break;
    case 1:
        exchange(m);
        break;
    case 2:
        let_fetch(m);
        break;
    case 3:
        send_round(m);
        break;
    default:
        swap_own(m);
    }
    make_garbage(m);
    pause_a_little(m);
}

static void run_mover(void *arg)
{
    struct mover *m = arg;

    m->root = new_tree(m, DEPTH);
    for (int i = 1; i <= m->rounds; i++) {
        move_once(m);
        if (i % CHECK_EVERY == 0)
            check_tree(m->root, DEPTH);
    }
    check_tree(m->root, DEPTH);
    gort_waitgroup_done(m->done);
}

/* ---- all ---- */

static void check_shared(void)
{
    for (uint64_t i = 0; i < SHARED; i++) {
        const struct node *n[4] = {
            atomic_load_explicit(&shared.in_heap[i], memory_order_acquire),
            atomic_load_explicit(&shared.in_data[i], memory_order_acquire),
            atomic_load_explicit(&shared.in_root[i], memory_order_acquire),
            atomic_load_explicit(&shared.in_stack[i], memory_order_acquire),
        };

        for (int k = 0; k < 4; k++)
            if (n[k] != NULL)
                check_tree(n[k], n[k]->height);
    }
}

void moves_run(const struct moves *m)
{
    static gort_waitgroup done;
    _Atomic(struct node *) in_stack[SHARED] = {NULL};

    shared.in_stack = in_stack;
    shared.in_heap = gort_alloc(SHARED * sizeof *shared.in_heap);
    shared.in_root = calloc(SHARED, sizeof *shared.in_root);
    if (shared.in_root == NULL ||
        gort_root_add(shared.in_root, SHARED * sizeof *shared.in_root) != GORT_OK)
        fail("no memory", NULL);
    shared.channel = gort_chan_new(sizeof(struct node *), 0);
    gort_waitgroup_add(&done, m->ntasks);
    for (int i = 0; i < m->ntasks; i++) {
        struct mover *mover = gort_alloc(sizeof *mover);

        *mover = (struct mover){
            .rng = (m->seed + (uint64_t)i * 7919) | 1, .rounds = m->rounds, .done = &done};
        gort_go(run_mover, mover);
    }
    gort_waitgroup_wait(&done);
    check_shared();
    gort_gc();
    check_shared();
    gort_root_remove(shared.in_root);
    free(shared.in_root);
}
