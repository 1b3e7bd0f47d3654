/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <gort.h>

#include "demo/table.h"

/* The bodies run as tasks, on other stacks than Criterion's: they expect and do not assert, which
 * would jump out of the runtime. */

static struct text text_of(const char *s)
{
    return (struct text){s, (uint32_t)strlen(s)};
}

/* Runs BODY as the first task of a runtime, with a new table. */
static int with_table(void *body)
{
    void (*fn)(struct table *t);

    memcpy(&fn, &body, sizeof fn);
    fn(table_new());
    return 0;
}

#define TABLE_TEST(name)                                                                           \
    static void name(struct table *t);                                                             \
    Test(table, name)                                                                              \
    {                                                                                              \
        void (*fn)(struct table *t) = name;                                                        \
        void *arg;                                                                                 \
        int status;                                                                                \
                                                                                                   \
        memcpy(&arg, &fn, sizeof arg);                                                             \
        status = gort_run(NULL, with_table, arg);                                                  \
        cr_assert_eq(status, 0, "the runtime ended with %d", status);                              \
    }                                                                                              \
    static void name(struct table *t)

static void check_value(struct table *t, const char *key, const char *expected)
{
    const struct blob *value = table_get(t, text_of(key));

    cr_expect_not_null(value, "%s has no value", key);
    if (value == NULL)
        return;
    cr_expect_eq(value->bytes, strlen(expected), "%s has %u bytes", key, value->bytes);
    cr_expect_eq(memcmp(value->data, expected, value->bytes), 0, "%s is '%.*s'", key,
                 (int)value->bytes, value->data);
}

TABLE_TEST(key_that_was_never_set_has_no_value)
{
    cr_expect_null(table_get(t, text_of("k")), "a value from nowhere");
    cr_expect_eq(table_delete(t, text_of("k")), 0, "deleted what is not there");
    cr_expect_eq(table_count(t), 0, "%" PRIu64 " keys", table_count(t));
}

TABLE_TEST(second_set_replaces_the_value)
{
    table_set(t, text_of("k"), text_of("one"));
    table_set(t, text_of("k"), text_of("two, longer"));

    check_value(t, "k", "two, longer");
    cr_expect_eq(table_count(t), 1, "%" PRIu64 " keys", table_count(t));
}

TABLE_TEST(value_that_was_read_outlives_its_key)
{
    const struct blob *value;

    table_set(t, text_of("k"), text_of("kept"));
    value = table_get(t, text_of("k"));
    table_delete(t, text_of("k"));
    gort_gc();

    cr_expect_eq(memcmp(value->data, "kept", 4), 0, "'%.4s'", value->data);
}

TABLE_TEST(keys_may_hold_any_bytes)
{
    table_set(t, (struct text){"a\0b", 3}, text_of("1"));
    table_set(t, (struct text){"a\0c", 3}, text_of("2"));
    table_set(t, (struct text){"", 0}, text_of("3"));

    cr_expect_eq(table_count(t), 3, "%" PRIu64 " keys", table_count(t));
    cr_expect_eq(table_get(t, (struct text){"a\0b", 3})->data[0], '1', "mixed up");
    check_value(t, "", "3");
}

/* Enough keys that every shard grows several times, with collections between. */
TABLE_TEST(growth_loses_no_key)
{
    const int nkeys = 100000;
    char key[32];
    char value[32];

    for (int i = 0; i < nkeys; i++) {
        snprintf(key, sizeof key, "key:%d", i);
        snprintf(value, sizeof value, "%d", 7 * i);
        table_set(t, text_of(key), text_of(value));
        if (i % 30000 == 0)
            gort_gc();
    }
    cr_expect_eq(table_count(t), (uint64_t)nkeys, "%" PRIu64 " keys", table_count(t));
    for (int i = 0; i < nkeys; i++) {
        snprintf(key, sizeof key, "key:%d", i);
        snprintf(value, sizeof value, "%d", 7 * i);
        check_value(t, key, value);
    }
}

TABLE_TEST(deleting_while_it_grows_leaves_the_others)
{
    const int nkeys = 30000;
    char key[32];
    uint64_t left;

    for (int i = 0; i < nkeys; i++) {
        snprintf(key, sizeof key, "%d", i);
        table_set(t, text_of(key), text_of("v"));
        if (i % 3 == 0) {
            snprintf(key, sizeof key, "%d", i / 3 * 2);
            cr_expect_eq(table_delete(t, text_of(key)), 1, "key %s was lost", key);
        }
    }
    left = table_count(t);
    cr_expect_eq(left, (uint64_t)(nkeys - nkeys / 3), "%" PRIu64 " keys left", left);
    for (int i = 0; i < nkeys; i++) {
        int deleted = i % 2 == 0 && i / 2 * 3 < nkeys;

        snprintf(key, sizeof key, "%d", i);
        cr_expect_eq(table_get(t, text_of(key)) == NULL, deleted, "key %s", key);
    }
}

TABLE_TEST(adding_begins_at_zero)
{
    int64_t sum = 0;

    cr_expect_eq(table_add(t, text_of("n"), 1, &sum), TABLE_OK, "refused");
    cr_expect_eq(sum, 1, "%" PRId64, sum);
    cr_expect_eq(table_add(t, text_of("n"), -5, &sum), TABLE_OK, "refused");
    cr_expect_eq(sum, -4, "%" PRId64, sum);
    check_value(t, "n", "-4");
}

TABLE_TEST(adding_to_what_is_no_number_changes_nothing)
{
    int64_t sum = 0;

    table_set(t, text_of("s"), text_of("12a"));
    table_set(t, text_of("max"), text_of("9223372036854775807"));

    cr_expect_eq(table_add(t, text_of("s"), 1, &sum), TABLE_NOT_A_NUMBER, "12a was a number");
    cr_expect_eq(table_add(t, text_of("max"), 1, &sum), TABLE_OVERFLOW, "sum %" PRId64, sum);
    check_value(t, "s", "12a");
    check_value(t, "max", "9223372036854775807");
}

TABLE_TEST(cleared_table_takes_new_keys)
{
    table_set(t, text_of("a"), text_of("1"));
    table_clear(t);
    cr_expect_null(table_get(t, text_of("a")), "a survived");
    table_set(t, text_of("b"), text_of("2"));

    check_value(t, "b", "2");
    cr_expect_eq(table_count(t), 1, "%" PRIu64 " keys", table_count(t));
}

/* Many tasks count one key up: a lost update shows in the sum. */
struct counting {
    struct table *table;
    gort_waitgroup done;
};

static void count_up(void *arg)
{
    struct counting *c = arg;
    int64_t sum;

    for (int i = 0; i < 1000; i++) {
        if (table_add(c->table, text_of("n"), 1, &sum) != TABLE_OK)
            return;
        if (i % 100 == 0)
            gort_yield();
    }
}

TABLE_TEST(tasks_that_add_lose_nothing)
{
    struct counting *c = gort_new(struct counting);

    c->table = t;
    for (int i = 0; i < 16; i++)
        gort_waitgroup_go(&c->done, count_up, c);
    gort_waitgroup_wait(&c->done);

    check_value(t, "n", "16000");
}
