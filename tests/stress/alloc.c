/* SPDX-License-Identifier: MIT */
/* alloc.c - many tasks build structures of all kinds, check them, and drop them, while collections
 * run. The claim: nothing that is reachable is ever lost or overwritten, and what is new is zero.
 * Run plainly, with the collector's second mark, and with a collection at every turn; each mode is
 * this program again, with GORT_DEBUG set. "alloc SEED" takes the seed of a failed run back. */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "gort.h"
#include "tests/support/selfexec.h"

#define TASKS       24
#define TREE_DEPTH  7
#define ARRAY_SLOTS 300
#define KEPT        8

static const struct mode {
    const char *debug;
    const char *procs;
    int rounds;
} modes[] = {
    {"yield=0,seed=1", "4", 120},
    {"verify=1", "4", 40},
    {"gcstress=1,clobberfree=1", "2", 1},
    {"clobberfree=1,yield=50,gctrace=1", "8", 30},
};

struct node {
    uint64_t check; /* of the number and both subtrees */
    struct node *left;
    uint64_t number;
    struct node *right;
};
GORT_TYPE(node_type, struct node, GORT_PTR(struct node, left) | GORT_PTR(struct node, right));

struct worker {
    uint64_t rng;
    int rounds;
    struct node *kept[KEPT]; /* trees that live over many rounds */
    gort_waitgroup *done;
};

static uint64_t draw(struct worker *w, uint64_t below)
{
    w->rng ^= w->rng << 13;
    w->rng ^= w->rng >> 7;
    w->rng ^= w->rng << 17;
    return w->rng % below;
}

_Noreturn static void fail(const char *what, const void *at)
{
    fprintf(stderr, "alloc: %s at %p\n", what, at);
    abort();
}

static void expect_zero(const void *p, size_t bytes)
{
    const unsigned char *c = p;

    for (size_t i = 0; i < bytes; i++)
        if (c[i] != 0)
            fail("a new object is not zero", c + i);
}

/* ---- trees: of typed, of plain and of large objects ---- */

static struct node *new_node(struct worker *w)
{
    struct node *n = NULL;

    switch (draw(w, 4)) {
    case 0:
        n = gort_alloc(sizeof *n + draw(w, 200));
        break;
    case 1:
        n = gort_new(struct node);
        break;
    case 2:
        n = gort_alloc_typed(&node_type, 1 + draw(w, 30));
        break;
    default:
        n = gort_alloc_typed(&node_type, 1);
        break;
    }
    expect_zero(n, sizeof *n);
    return n;
}

static uint64_t check_of(const struct node *n)
{
    uint64_t check = n->number * 31;

    if (n->left != NULL)
        check += n->left->check * 3;
    if (n->right != NULL)
        check += n->right->check * 5;
    return check;
}

static struct node *build(struct worker *w, int depth)
{
    struct node *n = new_node(w);

    n->number = draw(w, UINT32_MAX);
    if (depth > 0) {
        n->left = build(w, depth - 1);
        n->right = build(w, depth - 1);
    }
    n->check = check_of(n);
    return n;
}

static void verify(const struct node *n)
{
    if (n == NULL)
        return;
    if (n->check != check_of(n))
        fail("a node does not match its check", n);
    verify(n->left);
    verify(n->right);
}

/* ---- arrays that hold the only references, some by address into the object ---- */

static void use_array(struct worker *w)
{
    size_t slots = ARRAY_SLOTS + draw(w, 20000);
    char **array = gort_make(char *, slots);

    expect_zero(array, slots * sizeof array[0]);
    for (size_t i = 0; i < slots; i += 1 + slots / 64) {
        size_t bytes = 1 + draw(w, 600);
        char *text = gort_alloc_noscan(bytes);

        expect_zero(text, bytes);
        memset(text, (int)(i % 200) + 1, bytes);
        array[i] = text + draw(w, bytes); /* into it */
    }
    gort_yield();
    for (size_t i = 0; i < slots; i += 1 + slots / 64)
        if (array[i][0] != (char)(i % 200 + 1))
            fail("a text was lost that an array refers to", array[i]);
}

/* A large buffer is used after it is referred to by its end only. */
static void use_end(struct worker *w)
{
    size_t bytes = draw(w, 2) == 0 ? 1000 + draw(w, 60000) : (size_t)1024 << draw(w, 6);
    unsigned char *end = (unsigned char *)gort_alloc_noscan(bytes) + bytes;

    memset(end - bytes, 0x5a, bytes);
    gort_keepalive(end);
    use_array(w);
    for (size_t i = 1; i <= bytes; i++)
        if (end[-(ptrdiff_t)i] != 0x5a)
            fail("a buffer was lost that its end refers to", end - i);
}

static void work(void *arg)
{
    struct worker *w = arg;

    for (int i = 0; i < w->rounds; i++) {
        struct node *tree = build(w, TREE_DEPTH);

        w->kept[draw(w, KEPT)] = tree;
        use_array(w);
        use_end(w);
        verify(tree);
        for (int k = 0; k < KEPT; k++)
            verify(w->kept[k]);
    }
    gort_waitgroup_done(w->done);
}

static int run_tasks(void *arg)
{
    const struct mode *mode = arg;
    uint64_t seed = strtoull(getenv("ALLOC_SEED"), NULL, 10);
    static gort_waitgroup done;

    gort_waitgroup_add(&done, TASKS);
    for (uint64_t i = 0; i < TASKS; i++) {
        struct worker *w = gort_new(struct worker);

        w->rng = (seed + i) * UINT64_C(0x9e3779b97f4a7c15) | 1;
        w->rounds = mode->rounds;
        w->done = &done;
        /* A third with the shortest stack there is: a collection must do with it. */
        gort_go_with(&(gort_attr){.stack_bytes = i % 3 == 0 ? 16 << 10 : 0}, work, w);
    }
    gort_waitgroup_wait(&done);
    return 0;
}

/* ---- modes ---- */

static int run_mode(size_t i)
{
    char number[24];
    int status = 0;
    pid_t child = 0;

    snprintf(number, sizeof number, "%zu", i);
    setenv("ALLOC_MODE", number, 1);
    setenv("GORT_DEBUG", modes[i].debug, 1);
    setenv("GORT_MAXPROCS", modes[i].procs, 1);
    child = fork();
    if (child == 0) {
        self_exec((const char *[]){"alloc", NULL});
        _exit(127);
    }
    if (child < 0 || waitpid(child, &status, 0) != child)
        return -1;
    return status;
}

int main(int argc, char **argv)
{
    const char *mode = getenv("ALLOC_MODE");
    char seed[24];

    if (mode != NULL)
        return gort_run(NULL, run_tasks, (void *)(uintptr_t)&modes[strtoul(mode, NULL, 10)]);
    snprintf(seed, sizeof seed, "%" PRIu64,
             argc > 1 ? (uint64_t)strtoull(argv[1], NULL, 10) : (uint64_t)clock_real_ns());
    setenv("ALLOC_SEED", seed, 1);
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        int64_t start_ns = clock_mono_ns();
        int status = run_mode(i);

        printf("%s: %s, %" PRId64 " ms\n", modes[i].debug, status == 0 ? "ok" : "failed",
               (clock_mono_ns() - start_ns) / NS_PER_MS);
        if (status != 0) {
            printf("again with: %s %s (status %#x)\n", argv[0], seed, (unsigned)status);
            return 1;
        }
    }
    return 0;
}
