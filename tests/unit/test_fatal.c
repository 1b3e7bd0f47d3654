/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <stdarg.h>

#include "runtime/fatal.h"

static size_t format(char *buf, size_t bytes, const char *f, ...)
    __attribute__((format(printf, 3, 4)));
static size_t format(char *buf, size_t bytes, const char *f, ...)
{
    va_list ap;
    size_t n;

    va_start(ap, f);
    n = fatal_format(buf, bytes, f, ap);
    va_end(ap);
    return n;
}

Test(fatal_format, knows_its_conversions)
{
    char buf[200];

    format(buf, sizeof buf, "%s %d %u %zu %lld %llu %p %.*s %%", "a", -1, 2u, (size_t)3, -4LL, 5ULL,
           (void *)0xbeef, 2, "xyz");

    cr_assert_str_eq(buf, "a -1 2 3 -4 5 0xbeef xy %", "got: %s", buf);
}

Test(fatal_format, cuts_at_the_end_of_the_buffer)
{
    char buf[8];
    size_t n = format(buf, sizeof buf, "%s", "0123456789");

    cr_assert_eq(n, 7, "length %zu", n);
    cr_assert_str_eq(buf, "0123456", "got: %s", buf);
}

Test(fatal_format, knows_the_extremes)
{
    char buf[64];

    format(buf, sizeof buf, "%lld %llu", INT64_MIN + 0LL, UINT64_MAX + 0ULL);

    cr_assert_str_eq(buf, "-9223372036854775808 18446744073709551615", "got: %s", buf);
}
