/* SPDX-License-Identifier: MIT */
/* calls.c - benchmarks for those who tune: a direct call, the same through a table of functions,
 * and that guarded by a guess and made direct. Fifteen of sixteen operations are of one kind, as is
 * common where a table is worth a guess. */
#include "config.h"

#include "tests/bench/bench.h"

#define NOPS 1024

struct op;

struct op_table {
    int64_t (*apply)(const struct op *op, int64_t x);
};

struct op {
    const struct op_table *table;
    int64_t by;
};

static int64_t add(const struct op *op, int64_t x)
{
    return x + op->by;
}

__attribute__((noinline)) static int64_t add_apart(const struct op *op, int64_t x)
{
    return add(op, x);
}

__attribute__((noinline)) static int64_t xor_apart(const struct op *op, int64_t x)
{
    return x ^ op->by;
}

static const struct op_table adder = {add_apart};
static const struct op_table xorer = {xor_apart};

static struct op *ops_new(int all_add)
{
    struct op *ops = gort_make(struct op, NOPS);

    for (int i = 0; i < NOPS; i++) {
        ops[i].table = all_add || i % 16 != 5 ? &adder : &xorer;
        ops[i].by = i;
    }
    return ops;
}

GORT_BENCH(CallDirect)
{
    const struct op *ops = ops_new(1);
    int64_t x = 0;

    gort_bench_reset_timer(b);
    for (int64_t i = 0; i < b->n; i++)
        x = add_apart(&ops[i % NOPS], x);
    bench_keep(x);
}

GORT_BENCH(CallTable)
{
    const struct op *ops = ops_new(0);
    int64_t x = 0;

    gort_bench_reset_timer(b);
    for (int64_t i = 0; i < b->n; i++) {
        const struct op *op = &ops[i % NOPS];

        x = op->table->apply(op, x);
    }
    bench_keep(x);
}

GORT_BENCH(CallGuarded)
{
    const struct op *ops = ops_new(0);
    int64_t x = 0;

    gort_bench_reset_timer(b);
    for (int64_t i = 0; i < b->n; i++) {
        const struct op *op = &ops[i % NOPS];

        x = op->table == &adder ? add(op, x) : op->table->apply(op, x);
    }
    bench_keep(x);
}

GORT_BENCH_MAIN
