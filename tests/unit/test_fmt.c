/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/bits.h"
#include "base/fmt.h"

struct example {
    enum fmt_unit unit;
    double value;
    const char *text;
};

static const struct example examples[] = {
    {FMT_COUNT, 0, "0"},
    {FMT_COUNT, 7, "7"},
    {FMT_COUNT, 3.25, "3.25"},
    {FMT_COUNT, 42.34, "42.3"},
    {FMT_COUNT, 9999, "9999"},
    {FMT_COUNT, 9999.6, "10.0k"},
    {FMT_COUNT, 18442, "18.4k"},
    {FMT_COUNT, 999999, "1.00M"},
    {FMT_COUNT, 18446744073709551615.0, "18.4E"},
    {FMT_COUNT, -18442, "-18.4k"},
    {FMT_BYTES, 0, "0B"},
    {FMT_BYTES, 1023, "1023B"},
    {FMT_BYTES, 1024, "1.00K"},
    {FMT_BYTES, 432316416, "412.3M"},
    {FMT_BYTES, 1023.0 * 1024, "1023K"},
    {FMT_BYTES, 1024.0 * 1024 - 1, "1.00M"},
    {FMT_BYTES, -2048, "-2.00K"},
    {FMT_NS, 0, "0ns"},
    {FMT_NS, 840, "840ns"},
    {FMT_NS, 84000, "84.0us"},
    {FMT_NS, 1900000, "1.90ms"},
    {FMT_NS, 999960000, "1.00s"},
    {FMT_NS, 2.5e9, "2.50s"},
    {FMT_NS, 59.96e9, "1m00s"},
    {FMT_NS, 200e9, "3m20s"},
    {FMT_NS, 18720e9, "5h12m"},
    {FMT_NS, 1051200e9, "12d04h"},
    {FMT_NS, 3e17, "9y"},
    {FMT_PPM, 31000, "3.1%"},
    {FMT_PPM, 1000000, "100%"},
    {FMT_ENUM, 2, "2"},
    {FMT_COUNT, (double)NAN, "-"},
    {FMT_BYTES, (double)INFINITY, "-"},
};

Test(fmt, writes_each_unit_in_its_own_way)
{
    for (size_t i = 0; i < ARRAY_COUNT(examples); i++) {
        char text[FMT_BYTES_MAX];

        fmt_value(text, sizeof text, examples[i].unit, examples[i].value);
        cr_assert_str_eq(text, examples[i].text, "%g of unit %d is \"%s\", not \"%s\"",
                         examples[i].value, examples[i].unit, text, examples[i].text);
    }
}

Test(fmt, keeps_to_its_width_for_every_magnitude)
{
    for (int unit = 0; unit < FMT_UNITS; unit++) {
        for (double v = 1e-3; v < 1e19; v *= 1.07) {
            char text[FMT_BYTES_MAX];

            fmt_value(text, sizeof text, (enum fmt_unit)unit, v);
            cr_assert_leq(strlen(text), FMT_WIDTH, "%g of unit %d: \"%s\"", v, unit, text);
            fmt_value(text, sizeof text, (enum fmt_unit)unit, -v);
            cr_assert_leq(strlen(text), FMT_WIDTH, "%g of unit %d: \"%s\"", -v, unit, text);
        }
    }
}

Test(fmt, picks_the_time_of_a_rate)
{
    char text[FMT_BYTES_MAX];

    cr_assert_str_eq(fmt_rate(text, sizeof text, FMT_BYTES, 31457.28), "+30.7K/s", "%s", text);
    cr_assert_str_eq(fmt_rate(text, sizeof text, FMT_COUNT, 40.0 / 60), "+40/min", "%s", text);
    cr_assert_str_eq(fmt_rate(text, sizeof text, FMT_COUNT, -3.0 / 3600), "-3/h", "%s", text);
    cr_assert_str_eq(fmt_rate(text, sizeof text, FMT_COUNT, 0), "0/s", "%s", text);
}

Test(fmt, groups_digits_by_three)
{
    char text[FMT_BYTES_MAX];

    cr_assert_str_eq(fmt_grouped(text, sizeof text, 0), "0", "%s", text);
    cr_assert_str_eq(fmt_grouped(text, sizeof text, 999), "999", "%s", text);
    cr_assert_str_eq(fmt_grouped(text, sizeof text, 18442), "18 442", "%s", text);
    cr_assert_str_eq(fmt_grouped(text, sizeof text, UINT64_MAX), "18 446 744 073 709 551 615", "%s",
                     text);
}

Test(fmt, writes_times)
{
    char text[FMT_BYTES_MAX];

    setenv("TZ", "UTC-1", 1);
    tzset();
    cr_assert_str_eq(fmt_clock(text, sizeof text, 1), "01:00:00", "%s", text);
    cr_assert_str_eq(fmt_date(text, sizeof text, INT64_C(1795403564000000000)),
                     "2026-11-23 04:12:44", "%s", text);
    cr_assert_str_eq(fmt_rfc3339(text, sizeof text, INT64_C(1795403564007000000)),
                     "2026-11-23T03:12:44.007Z", "%s", text);
    cr_assert_str_eq(fmt_rfc3339(text, sizeof text, -1), "1969-12-31T23:59:59.999Z", "%s", text);
    cr_assert_str_eq(fmt_rfc3339(text, sizeof text, INT64_MIN), "1677-09-21T00:12:43.145Z", "%s",
                     text);
}

Test(fmt, cuts_to_the_room_there_is)
{
    char text[4] = "xxx";

    cr_assert_str_eq(fmt_bytes(text, sizeof text, 432316416), "412", "%s", text);
}
