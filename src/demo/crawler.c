/* SPDX-License-Identifier: MIT */
/* crawler.c - gort-crawler: follows the links of one web server, slowly enough.
 * The first task knows what has been seen and what is to be fetched; workers fetch; a ticker says
 * when the next page may be asked for. */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gort.h>

#include "demo/options.h"

#define PAGE_BYTES ((size_t)1 << 20)
#define TIMEOUT_NS (10 * GORT_S)

struct page {
    struct page *next; /* in the order in which they were found */
    int64_t depth;
    int status;      /* of HTTP; below 0: an error */
    char *text;      /* ends with NUL */
    char path[1024]; /* begins with / */
};

struct settings {
    int64_t depth, pages, rate, workers;
};

static const struct option_row rows[] = {
    OPTION_NUMBER("depth", settings, depth, "links to follow from the first page", 0, 1000),
    OPTION_NUMBER("pages", settings, pages, "pages to fetch", 1, 1000000),
    OPTION_NUMBER("rate", settings, rate, "pages a second", 1, 1000000),
    OPTION_NUMBER("workers", settings, workers, "pages at a time", 1, 1000),
};
static const struct option_program program = {
    "gort-crawler", "HOST:PORT", "Fetches the pages of a web server, following its links from /.",
    {rows, 4, 1},   1,           1};

/* Returns the status of HTTP, or an error. */
static int read_page(gort_conn *conn, struct page *page, const char *host)
{
    int64_t by_ns = gort_in(TIMEOUT_NS);
    char *buf = gort_alloc_noscan(PAGE_BYTES);
    int64_t len = snprintf(buf, PAGE_BYTES, "GET %s HTTP/1.0\r\nHost: %s\r\n\r\n", page->path,
                           host);
    int64_t n = gort_write_by(conn, buf, (size_t)len, by_ns);

    for (len = 0; n > 0 && (size_t)len < PAGE_BYTES - 1; len += n)
        n = gort_read_by(conn, buf + len, PAGE_BYTES - 1 - (size_t)len, by_ns);
    if (n < 0)
        return (int)n;
    buf[len] = '\0';
    page->text = buf;
    return strncmp(buf, "HTTP/1.", 7) == 0 && len > 12 ? atoi(buf + 9) : GORT_EINVAL;
}

/* Does the work of one worker: from a page to the same page with its text. */
static int fetch(gort_ctx *ctx, const void *job, void *result, void *arg)
{
    struct page *page = *(struct page *const *)job;
    gort_conn *conn;
    int err = gort_dial_by(arg, &conn, gort_in(TIMEOUT_NS));

    (void)ctx;
    page->status = err;
    if (err == 0) {
        page->status = read_page(conn, page, arg);
        gort_conn_close(conn);
    }
    *(struct page **)result = page;
    return 0;
}

/* The absolute path of the link HREF on PAGE; 0 if it leads elsewhere. */
static int resolve(const struct page *page, const char *href, char path[1024])
{
    int dir = href[0] == '/' ? 0 : (int)(strrchr(page->path, '/') - page->path) + 1;
    size_t len = strcspn(href, "#\"? \t\r\n");

    if (len == 0 || memchr(href, ':', len) != NULL || strncmp(href, "//", 2) == 0)
        return 0;
    return snprintf(path, 1024, "%.*s%.*s", dir, page->path, (int)len, href) < 1024;
}

/* Puts the links of PAGE that are new to the end of the list, whose first page is FIRST. */
static void add_links(struct page *first, const struct page *page)
{
    struct page *found = gort_new(struct page);

    for (const char *at = page->text; (at = strstr(at, "href=\"")) != NULL;) {
        struct page *last = first;

        if (!resolve(page, at += 6, found->path))
            continue;
        while (strcmp(last->path, found->path) != 0 && last->next != NULL)
            last = last->next;
        if (strcmp(last->path, found->path) == 0)
            continue;
        found->depth = page->depth + 1;
        last->next = found;
        found = gort_new(struct page);
    }
}

static void note(const struct settings *s, struct page *first, struct page *page)
{
    if (page->status < 0)
        printf("--- %s: %s\n", page->path, gort_strerror(page->status));
    else
        printf("%d %s\n", page->status, page->path);
    fflush(stdout);
    if (page->status == 200 && page->depth < s->depth)
        add_links(first, page);
    page->text = NULL;
}

/* Fetches all that can be reached from FIRST; returns how many pages that were. */
static int64_t crawl(const struct settings *s, struct page *first, char *address)
{
    gort_workers_options options = {.work = fetch,
                                    .arg = address,
                                    .workers = (int)s->workers,
                                    .job_bytes = sizeof(struct page *),
                                    .result_bytes = sizeof(struct page *)};
    gort_workers *w = gort_workers_new(gort_ctx_background(), &options);
    gort_ticker *ticker = gort_ticker_new(GORT_S / s->rate);
    struct page *page, *asked = NULL;
    gort_case cases[] = {GORT_RECV(gort_workers_results(w), &page), GORT_RECV(NULL, NULL)};
    int64_t nasked = 0;
    int64_t ndone = 0;

    for (;;) {
        struct page *due = asked == NULL ? first : asked->next;

        if (nasked == s->pages)
            due = NULL;
        if (due == NULL && ndone == nasked)
            break;
        cases[1].c = due != NULL ? gort_ticker_chan(ticker) : NULL;
        if (gort_select(cases, 2) == 0) {
            ndone++;
            note(s, first, page);
        } else if (gort_workers_try_submit(w, &due) == 0) {
            nasked++;
            asked = due;
        }
    }
    gort_ticker_stop(ticker);
    gort_workers_wait(w);
    return ndone;
}

static int app(int argc, char **argv)
{
    struct settings settings = {.depth = 5, .pages = 1000, .rate = 20, .workers = 4};
    struct page *first = gort_new(struct page);
    char **rest;
    int status = options_take(&program, argv, &settings, &rest);

    (void)argc;
    if (status >= 0)
        return status;
    first->path[0] = '/';
    printf("gort-crawler: %" PRId64 " pages\n", crawl(&settings, first, rest[0]));
    return first->status != 200;
}
GORT_MAIN(app)
