/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <string.h>

#include "gort/base.h"
#include "runtime/netaddr.h"

static void expect(const char *text, enum netaddr_use use, size_t index, const char *expected)
{
    struct netaddrs a;
    char got[INET6_ADDRSTRLEN] = "";
    int rc = netaddr_parse(text, use, &a);

    cr_assert_eq(rc, GORT_OK, "%s: %s", text, gort_strerror(rc));
    cr_assert_gt(a.count, index, "%s: %zu addresses", text, a.count);
    if (a.addr[index].u.any.sa_family == AF_INET)
        inet_ntop(AF_INET, &a.addr[index].u.v4.sin_addr, got, sizeof got);
    else if (a.addr[index].u.any.sa_family == AF_INET6)
        inet_ntop(AF_INET6, &a.addr[index].u.v6.sin6_addr, got, sizeof got);
    else
        strncpy(got, a.addr[index].u.local.sun_path, sizeof got - 1);
    cr_assert_str_eq(got, expected, "%s: %s", text, got);
    cr_assert_str_empty(a.host, "%s: %s is to be looked up", text, a.host);
}

Test(netaddr, numbers_are_taken_as_they_are)
{
    expect("10.1.2.3:80", NETADDR_DIAL, 0, "10.1.2.3");
    expect("[::1]:80", NETADDR_DIAL, 0, "::1");
    expect("[2001:db8::5]:65535", NETADDR_LISTEN, 0, "2001:db8::5");
}

Test(netaddr, no_host_is_all_to_listen_and_this_machine_to_dial)
{
    expect(":80", NETADDR_LISTEN, 0, "::");
    expect(":80", NETADDR_LISTEN, 1, "0.0.0.0");
    expect(":80", NETADDR_DIAL, 0, "127.0.0.1");
    expect("localhost:80", NETADDR_LISTEN, 0, "127.0.0.1");
    expect("localhost:80", NETADDR_DIAL, 1, "::1");
}

Test(netaddr, a_unix_path_may_hold_anything_but_is_bounded)
{
    char longest[200] = "unix:";
    struct netaddrs a;

    expect("unix:/tmp/a:80", NETADDR_DIAL, 0, "/tmp/a:80");
    memset(longest + 5, 'a', 107);
    cr_assert_eq(netaddr_parse(longest, NETADDR_DIAL, &a), GORT_OK, "107 bytes are refused");
    longest[5 + 107] = 'a';
    cr_assert_eq(netaddr_parse(longest, NETADDR_DIAL, &a), GORT_EINVAL, "108 bytes are taken");
}

Test(netaddr, the_port_is_kept)
{
    static const struct {
        const char *text;
        int port;
    } tries[] = {{"1.2.3.4:0", 0}, {"1.2.3.4:65535", 65535}, {"[::1]:00080", 80}, {":8080", 8080}};

    for (size_t i = 0; i < sizeof tries / sizeof tries[0]; i++) {
        struct netaddrs a;

        cr_assert_eq(netaddr_parse(tries[i].text, NETADDR_DIAL, &a), GORT_OK, "%s", tries[i].text);
        cr_assert_eq(netaddr_port(&a.addr[0]), tries[i].port, "%s: %d", tries[i].text,
                     netaddr_port(&a.addr[0]));
    }
}

Test(netaddr, a_name_is_left_to_be_looked_up)
{
    struct netaddrs a;
    int rc = netaddr_parse("www.example.org:443", NETADDR_DIAL, &a);

    cr_assert_eq(rc, GORT_OK, "%s", gort_strerror(rc));
    cr_assert_str_eq(a.host, "www.example.org", "host %s", a.host);
    cr_assert_eq(a.count, 0, "%zu addresses", a.count);
    cr_assert_eq(a.port, 443, "port %d", a.port);
}

Test(netaddr, what_is_none_is_refused)
{
    static const char *const wrong[] = {
        "",           ":",           "host",    "host:",   "host:x",  "host:1x",
        "host:65536", "host:123456", "host:-1", "::1:80",  "[::1:80", "::1]:80",
        "[]:80",      "[a[b]]:80",   "unix:",   "host: 80"};

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct netaddrs a;
        int rc = netaddr_parse(wrong[i], NETADDR_DIAL, &a);

        cr_assert_eq(rc, GORT_EINVAL, "\"%s\": %s", wrong[i], gort_strerror(rc));
    }
}

Test(netaddr, a_host_longer_than_any_name_is_refused)
{
    char text[300];
    struct netaddrs a;

    memset(text, 'a', sizeof text);
    memcpy(text + 256, ":80", 4);
    cr_assert_eq(netaddr_parse(text, NETADDR_DIAL, &a), GORT_EINVAL, "256 bytes are taken");
    memcpy(text + 255, ":80", 4);
    cr_assert_eq(netaddr_parse(text, NETADDR_DIAL, &a), GORT_OK, "255 bytes are refused");
}
