/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "mon/timetext.h"

#define EARLIEST (INT64_C(1795700000) * NS_PER_S) /* 2026-11-26 13:33:20 UTC */
#define LATEST   (INT64_C(1795748762) * NS_PER_S) /* 2026-11-27 03:06:02 UTC */

static void setup(void)
{
    setenv("TZ", "UTC", 1);
    tzset();
}

TestSuite(timetext, .init = setup);

static int64_t parse(const char *text)
{
    int64_t real_ns;

    cr_assert(timetext_parse(text, EARLIEST, LATEST, &real_ns), "\"%s\" is no time", text);
    return real_ns / NS_PER_S;
}

static void assert_time(const char *text, int64_t seconds)
{
    cr_assert_eq(parse(text), seconds, "\"%s\" is %" PRId64 ", not %" PRId64, text, parse(text),
                 seconds);
}

Test(timetext, a_time_of_day_is_the_last_one_that_was)
{
    assert_time("03:06", 1795748760);
    assert_time("03:06:02", 1795748762);
    assert_time("03:06:03", 1795748763 - 86400);
    assert_time("23:00", 1795748762 - 4 * 3600 - 6 * 60 - 2);
}

Test(timetext, a_date_may_stand_before_it)
{
    assert_time("2026-11-27 03:06:02", 1795748762);
    assert_time("2026-11-26T03:06:02", 1795748762 - 86400);
    assert_time("11-26 03:06:02", 1795748762 - 86400);
    assert_time("2026-11-27", 1795748762 - 3 * 3600 - 6 * 60 - 2);
}

Test(timetext, spans_are_before_the_end_or_after_the_beginning)
{
    assert_time("-15m", 1795748762 - 900);
    assert_time("-2h30m", 1795748762 - 9000);
    assert_time("-90", 1795748762 - 90);
    assert_time("+1d", 1795700000 + 86400);
    assert_time("@1795740000", 1795740000);
}

Test(timetext, the_time_zone_is_that_of_the_user)
{
    setenv("TZ", "America/New_York", 1);
    tzset();
    assert_time("2026-11-26 22:06:02", 1795748762);
    assert_time("22:06:02", 1795748762);
}

Test(timetext, what_is_none_is_refused)
{
    static const char *const texts[] = {"",
                                        "x",
                                        "25:00",
                                        "12:60",
                                        "12",
                                        "1:05",
                                        "12:00:61",
                                        "12:00x",
                                        "-",
                                        "-5x",
                                        "+",
                                        "--5m",
                                        "-5m-5m",
                                        "@",
                                        "@-1",
                                        "@5m",
                                        "2026-13-01",
                                        "2026-11-27x",
                                        "2026-11-27 ",
                                        "-999999999999999999999",
                                        "@99999999999999999999"};
    int64_t real_ns;

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        cr_assert_not(timetext_parse(texts[i], EARLIEST, LATEST, &real_ns), "\"%s\" is a time",
                      texts[i]);
}
