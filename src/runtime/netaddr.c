/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/netaddr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <string.h>

#include "base/check.h"
#include "gort/base.h"
#include "runtime/neterr.h"

static const char unix_prefix[] = "unix:";

static struct netaddr *add(struct netaddrs *a)
{
    DCHECK(a->count < NETADDR_MAX);
    return &a->addr[a->count++];
}

static void add_v4(struct netaddrs *a, struct in_addr ip)
{
    struct netaddr *to = add(a);

    to->u.v4 = (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(a->port), .sin_addr = ip};
    to->bytes = sizeof to->u.v4;
}

static void add_v6(struct netaddrs *a, struct in6_addr ip)
{
    struct netaddr *to = add(a);

    to->u.v6 = (struct sockaddr_in6){
        .sin6_family = AF_INET6, .sin6_port = htons(a->port), .sin6_addr = ip};
    to->bytes = sizeof to->u.v6;
}

static int parse_unix(const char *path, struct netaddrs *out)
{
    size_t length = strlen(path);
    struct netaddr *to = add(out);

    if (length == 0 || length >= sizeof to->u.local.sun_path)
        return GORT_EINVAL;
    to->u.local = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(to->u.local.sun_path, path, length);
    to->bytes = sizeof to->u.local;
    return GORT_OK;
}

/* One to five digits, at most 65535. */
static bool parse_port(const char *text, in_port_t *port)
{
    unsigned n = 0;
    size_t digits = 0;

    for (; text[digits] >= '0' && text[digits] <= '9' && digits < 5; digits++)
        n = 10 * n + (unsigned)(text[digits] - '0');
    *port = (in_port_t)n;
    return digits > 0 && text[digits] == '\0' && n <= UINT16_MAX;
}

/* Parts "host:port" or "[host]:port"; a host with colons needs the brackets. */
static bool split_host(const char *text, struct netaddrs *out)
{
    const char *colon = strrchr(text, ':');
    size_t length;

    if (colon == NULL || !parse_port(colon + 1, &out->port))
        return false;
    length = (size_t)(colon - text);
    if (length >= 2 && text[0] == '[' && text[length - 1] == ']') {
        text++;
        length -= 2;
        if (length == 0)
            return false;
    } else if (memchr(text, ':', length) != NULL) {
        return false;
    }
    if (length >= sizeof out->host || memchr(text, '[', length) || memchr(text, ']', length))
        return false;
    memcpy(out->host, text, length);
    out->host[length] = '\0';
    return true;
}

/* No host: to listen, all addresses of both families, or of the older one where the newer is
 * missing; to dial, this machine, as "localhost". */
static void add_default(struct netaddrs *out, enum netaddr_use use)
{
    if (use == NETADDR_LISTEN) {
        add_v6(out, in6addr_any);
        add_v4(out, (struct in_addr){.s_addr = htonl(INADDR_ANY)});
    } else {
        add_v4(out, (struct in_addr){.s_addr = htonl(INADDR_LOOPBACK)});
        add_v6(out, in6addr_loopback);
    }
}

int netaddr_parse(const char *text, enum netaddr_use use, struct netaddrs *out)
{
    struct in_addr v4;
    struct in6_addr v6;

    out->count = 0;
    out->host[0] = '\0';
    if (strncmp(text, unix_prefix, sizeof unix_prefix - 1) == 0)
        return parse_unix(text + sizeof unix_prefix - 1, out);
    if (!split_host(text, out))
        return GORT_EINVAL;
    if (inet_pton(AF_INET, out->host, &v4) == 1)
        add_v4(out, v4);
    else if (inet_pton(AF_INET6, out->host, &v6) == 1)
        add_v6(out, v6);
    else if (strcmp(out->host, "localhost") == 0)
        add_default(out, NETADDR_DIAL);
    else if (out->host[0] == '\0')
        add_default(out, use);
    if (out->count > 0)
        out->host[0] = '\0';
    return GORT_OK;
}

static int err_from_lookup(int code)
{
    switch (code) {
    case EAI_NONAME:
    case EAI_NODATA:
    case EAI_ADDRFAMILY:
        return GORT_ENOTFOUND;
    case EAI_MEMORY:
        return GORT_ENOMEM;
    case EAI_SYSTEM:
        return err_from_errno(errno);
    default:
        return GORT_ESYSTEM;
    }
}

static void add_found(struct netaddrs *a, const struct addrinfo *found)
{
    struct netaddr *to;

    if (a->count == NETADDR_MAX || found->ai_addrlen > sizeof to->u)
        return;
    to = add(a);
    memcpy(&to->u, found->ai_addr, found->ai_addrlen);
    to->bytes = found->ai_addrlen;
    if (to->u.any.sa_family == AF_INET6)
        to->u.v6.sin6_port = htons(a->port);
    else
        to->u.v4.sin_port = htons(a->port);
}

int netaddr_lookup(struct netaddrs *a)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found;
    int code = getaddrinfo(a->host, NULL, &hints, &found);

    if (code != 0)
        return err_from_lookup(code);
    for (const struct addrinfo *each = found; each != NULL; each = each->ai_next)
        add_found(a, each);
    freeaddrinfo(found);
    return a->count > 0 ? GORT_OK : GORT_ENOTFOUND;
}

int netaddr_port(const struct netaddr *a)
{
    switch (a->u.any.sa_family) {
    case AF_INET:
        return ntohs(a->u.v4.sin_port);
    case AF_INET6:
        return ntohs(a->u.v6.sin6_port);
    default:
        return 0;
    }
}
