/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <inttypes.h>

#include "mon/alert.h"

static struct alerts alerts;

Test(alert, raising_twice_is_one_alert)
{
    struct alert *first = alerts_raise(&alerts, LINT_TASK_GROWTH, 7, 100, 1000);
    struct alert *again = alerts_raise(&alerts, LINT_TASK_GROWTH, 7, 200, 2000);

    cr_assert_eq(first, again, "two places");
    cr_assert(alerts.n == 1 && again->raised_ns == 100 && again->raised_real_ns == 1000,
              "%" PRIu32 " alerts, raised at %" PRId64, alerts.n, again->raised_ns);
}

Test(alert, keys_tell_alerts_of_one_lint_apart)
{
    alerts_raise(&alerts, LINT_TASK_GROWTH, 7, 100, 0);
    alerts_raise(&alerts, LINT_TASK_GROWTH, 8, 200, 0);
    alerts_raise(&alerts, LINT_HEAP_GROWTH, 8, 300, 0);

    cr_assert_eq(alerts.nstanding, 3, "%" PRIu32 " standing", alerts.nstanding);
    cr_assert_eq(alerts.alert[0].raised_ns, 300, "first %" PRId64, alerts.alert[0].raised_ns);
}

Test(alert, a_cleared_one_stays_behind_those_that_stand)
{
    alerts_raise(&alerts, LINT_TASK_GROWTH, 1, 100, 0);
    alerts_raise(&alerts, LINT_TASK_GROWTH, 2, 200, 0);
    alerts_raise(&alerts, LINT_TASK_GROWTH, 3, 300, 0);
    alerts_clear(&alerts, LINT_TASK_GROWTH, 3, 400);
    alerts_clear(&alerts, LINT_TASK_GROWTH, 1, 500);

    cr_assert(alerts.n == 3 && alerts.nstanding == 1, "%" PRIu32 " of %" PRIu32 " stand",
              alerts.nstanding, alerts.n);
    cr_assert_eq(alerts.alert[0].key, 2, "standing %" PRIu64, alerts.alert[0].key);
    cr_assert(alerts.alert[1].key == 1 && alerts.alert[1].cleared_ns == 500,
              "last cleared %" PRIu64, alerts.alert[1].key);
    cr_assert(alerts.alert[2].key == 3 && alerts.alert[2].cleared_ns == 400,
              "first cleared %" PRIu64, alerts.alert[2].key);
}

Test(alert, one_that_was_cleared_may_come_again)
{
    alerts_raise(&alerts, LINT_DEADLOCK, 0, 100, 0);
    alerts_clear(&alerts, LINT_DEADLOCK, 0, 200);
    alerts_raise(&alerts, LINT_DEADLOCK, 0, 300, 0);

    cr_assert(alerts.n == 2 && alerts.nstanding == 1 && alerts.alert[0].raised_ns == 300,
              "%" PRIu32 " alerts, the standing one of %" PRId64, alerts.n,
              alerts.alert[0].raised_ns);
}

Test(alert, clearing_what_does_not_stand_does_nothing)
{
    alerts_clear(&alerts, LINT_DEADLOCK, 0, 200);
    cr_assert_eq(alerts.n, 0, "%" PRIu32 " alerts", alerts.n);
}

Test(alert, the_oldest_cleared_ones_make_room)
{
    for (uint64_t i = 0; i < 3 * ALERTS_MAX; i++) {
        alerts_raise(&alerts, LINT_TASK_GROWTH, i, (int64_t)i, 0);
        alerts_clear(&alerts, LINT_TASK_GROWTH, i, (int64_t)i + 1);
    }

    cr_assert(alerts.n == ALERTS_MAX && alerts.nstanding == 0, "%" PRIu32 " alerts", alerts.n);
    cr_assert_eq(alerts.alert[0].key, 3 * ALERTS_MAX - 1, "newest %" PRIu64, alerts.alert[0].key);
}

Test(alert, standing_ones_may_fill_the_list)
{
    for (uint64_t i = 0; i < 2 * ALERTS_MAX; i++)
        alerts_raise(&alerts, LINT_TASK_GROWTH, i, (int64_t)i, 0);

    cr_assert(alerts.n == ALERTS_MAX && alerts.nstanding == ALERTS_MAX,
              "%" PRIu32 " of %" PRIu32 " stand", alerts.nstanding, alerts.n);
    cr_assert_eq(alerts.alert[0].key, 2 * ALERTS_MAX - 1, "newest %" PRIu64, alerts.alert[0].key);
}

/* ---- silence ---- */

Test(alert, a_silenced_one_stands_but_does_not_count)
{
    alerts_raise(&alerts, LINT_TASK_GROWTH, 1, 100, 0);
    alerts_raise(&alerts, LINT_TASK_GROWTH, 2, 200, 0);
    alerts_raise(&alerts, LINT_TASK_GROWTH, 3, 300, 0);
    alerts_clear(&alerts, LINT_TASK_GROWTH, 1, 350);
    cr_assert(alerts_silence(&alerts, LINT_TASK_GROWTH, 3, true), "refused");

    cr_assert(alerts.nstanding == 1 && alerts.nsilenced == 1 && alerts.n == 3,
              "%" PRIu32 " stand, %" PRIu32 " are silenced, of %" PRIu32, alerts.nstanding,
              alerts.nsilenced, alerts.n);
    cr_assert(alerts.alert[0].key == 2 && alerts.alert[1].key == 3 && alerts.alert[2].key == 1,
              "order %" PRIu64 " %" PRIu64 " %" PRIu64, alerts.alert[0].key, alerts.alert[1].key,
              alerts.alert[2].key);
    cr_assert(alerts.alert[1].silenced && alerts.alert[1].raised_ns == 300, "another one");
    cr_assert_eq(alerts_raise(&alerts, LINT_TASK_GROWTH, 3, 400, 0), &alerts.alert[1],
                 "raised anew");
}

Test(alert, silence_outlives_the_alert_until_it_is_lifted)
{
    alerts_silence(&alerts, LINT_DEADLOCK, 0, true);
    alerts_raise(&alerts, LINT_DEADLOCK, 0, 100, 0);
    cr_assert_eq(alerts.nstanding, 0, "heard");
    alerts_clear(&alerts, LINT_DEADLOCK, 0, 200);
    cr_assert(alerts.nsilenced == 0 && alerts.alert[0].cleared_ns == 200, "not cleared");
    alerts_raise(&alerts, LINT_DEADLOCK, 0, 300, 0);
    cr_assert_eq(alerts.nstanding, 0, "heard the second time");

    alerts_silence(&alerts, LINT_DEADLOCK, 0, false);
    cr_assert(alerts.nstanding == 1 && alerts.nsilenced == 0 && !alerts.alert[0].silenced,
              "not heard again");
    alerts_clear(&alerts, LINT_DEADLOCK, 0, 400);
    alerts_raise(&alerts, LINT_DEADLOCK, 0, 500, 0);
    cr_assert_eq(alerts.nstanding, 1, "the silence is still there");
}

Test(alert, there_is_room_for_so_many_silences_and_no_more)
{
    for (uint64_t i = 0; i < ALERT_SILENCES; i++)
        cr_assert(alerts_silence(&alerts, LINT_TASK_GROWTH, i, true), "silence %" PRIu64, i);
    cr_assert_not(alerts_silence(&alerts, LINT_TASK_GROWTH, 99, true), "one more");
    cr_assert(alerts_silence(&alerts, LINT_TASK_GROWTH, 5, true), "one that is there");
    cr_assert(alerts_silence(&alerts, LINT_TASK_GROWTH, 99, false), "lifting what is not there");
    cr_assert(alerts_silence(&alerts, LINT_TASK_GROWTH, 5, false), "lifting");
    cr_assert(alerts_silence(&alerts, LINT_TASK_GROWTH, 99, true), "no room after that");
}

Test(alert, silenced_ones_make_room_as_others_do)
{
    alerts_silence(&alerts, LINT_TASK_GROWTH, 0, true);
    for (uint64_t i = 0; i < 2 * ALERTS_MAX; i++)
        alerts_raise(&alerts, LINT_TASK_GROWTH, i, (int64_t)i, 0);

    cr_assert(alerts.n == ALERTS_MAX && alerts.nstanding == ALERTS_MAX && alerts.nsilenced == 0,
              "%" PRIu32 " of %" PRIu32 " stand", alerts.nstanding, alerts.n);
}
