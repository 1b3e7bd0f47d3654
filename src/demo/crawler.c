/* SPDX-License-Identifier: MIT */
/* crawler.c - gort-crawler: follows the links of one web server, slowly enough.
 * The first task knows what has been seen and what is to be fetched; workers fetch; a ticker says
 * when the next page may be asked for. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include <gort.h>

#include "demo/options.h"

#define READ_BYTES 16384u
#define PAGE_BYTES (1u << 20) /* of longer ones the beginning is read */
#define TIMEOUT_NS (10 * GORT_S)

struct page {
    const char *path; /* begins with / */
    int64_t depth;
    int status;       /* of HTTP; below 0: an error */
    const char *text; /* ends with NUL */
};

struct crawl {
    int64_t depth, pages, rate, workers;
    GORT_SLICE(struct page) found; /* in this order */
    int status;                    /* of the first page */
};

static const struct option_row rows[] = {
    OPTION_NUMBER("depth", crawl, depth, "links to follow from the first page", 0, 1000),
    OPTION_NUMBER("pages", crawl, pages, "pages to fetch", 1, 1000000),
    OPTION_NUMBER("rate", crawl, rate, "pages a second", 1, 1000000),
    OPTION_NUMBER("workers", crawl, workers, "pages at a time", 1, 1000),
};
static const struct option_program program = {
    "gort-crawler", "HOST:PORT", "Fetches the pages of a web server, following its links from /.",
    {rows, 4, 1},   1,           1};

/* Does the work of one worker: from a page to the same page with its status and text. */
static int fetch(gort_ctx *ctx, const void *job, void *result, void *address)
{
    int64_t by_ns = gort_in(TIMEOUT_NS);
    struct page *page = result;
    gort_builder text = {0};
    gort_conn *conn;
    int64_t n;

    (void)ctx;
    *page = *(const struct page *)job;
    page->status = gort_dial_by(address, &conn, by_ns);
    if (page->status != 0)
        return 0;
    gort_builder_printf(&text, "GET %s HTTP/1.0\r\nHost: %s\r\n\r\n", page->path, (char *)address);
    n = gort_write_by(conn, text.ptr, text.len, by_ns);
    gort_builder_clear(&text);
    while (n > 0 && text.len < PAGE_BYTES) {
        gort_builder_reserve(&text, READ_BYTES);
        n = gort_read_by(conn, text.ptr + text.len, READ_BYTES, by_ns);
        text.len += n > 0 ? (size_t)n : 0;
    }
    gort_conn_close(conn);
    page->text = gort_builder_string(&text);
    if (n < 0)
        page->status = (int)n;
    else if (sscanf(page->text, "HTTP/1.%*1d %3d", &page->status) != 1)
        page->status = GORT_EINVAL;
    return 0;
}

/* Adds the page that the link HREF on PAGE leads to, if it is of the same server and new. */
static void add_link(struct crawl *c, const struct page *page, const char *href)
{
    gort_str link = {href, strcspn(href, "#\"? \t\r\n")};
    gort_builder path = {0};

    if (link.len == 0 || gort_str_find_char(link, ':') >= 0 ||
        gort_str_has_prefix(link, GORT_STR("//")))
        return;
    if (link.ptr[0] != '/')
        gort_builder_append(&path, page->path, (size_t)(strrchr(page->path, '/') - page->path) + 1);
    gort_builder_str(&path, link);
    for (size_t i = 0; i < c->found.len; i++)
        if (strcmp(c->found.ptr[i].path, gort_builder_string(&path)) == 0)
            return;
    GORT_APPEND(&c->found, ((struct page){gort_builder_take(&path), .depth = page->depth + 1}));
}

static void note(struct crawl *c, const struct page *page)
{
    const char *at = page->status == 200 && page->depth < c->depth ? page->text : "";

    if (page->status < 0)
        printf("--- %s: %s\n", page->path, gort_strerror(page->status));
    else
        printf("%d %s\n", page->status, page->path);
    fflush(stdout);
    if (page->depth == 0)
        c->status = page->status;
    while ((at = strstr(at, "href=\"")) != NULL)
        add_link(c, page, at += 6);
}

/* Fetches all that can be reached from the pages of C; returns how many pages that were. */
static size_t crawl(struct crawl *c, char *address)
{
    gort_workers_options options = {.work = fetch,
                                    .arg = address,
                                    .workers = (int)c->workers,
                                    .job_bytes = sizeof(struct page),
                                    .result_bytes = sizeof(struct page)};
    gort_workers *w = gort_workers_new(gort_ctx_background(), &options);
    gort_ticker *ticker = gort_ticker_new(GORT_S / c->rate);
    struct page page;
    gort_case cases[] = {GORT_RECV(gort_workers_results(w), &page), GORT_RECV(NULL, NULL)};
    size_t nasked = 0, ndone = 0;

    for (;;) {
        int more = nasked < c->found.len && nasked < (size_t)c->pages;

        if (!more && ndone == nasked)
            break;
        cases[1].c = more ? gort_ticker_chan(ticker) : NULL;
        if (gort_select(cases, 2) == 0) {
            ndone++;
            note(c, &page);
        } else if (gort_workers_try_submit(w, &c->found.ptr[nasked]) == 0) {
            nasked++;
        }
    }
    gort_ticker_stop(ticker);
    gort_workers_wait(w);
    return ndone;
}

static int app(int argc, char **argv)
{
    struct crawl c = {.depth = 5, .pages = 1000, .rate = 20, .workers = 4};
    char **rest;
    int status = options_take(&program, argc, argv, &c, &rest);

    if (status >= 0)
        return status;
    GORT_APPEND(&c.found, (struct page){.path = "/"});
    printf("gort-crawler: %zu pages\n", crawl(&c, rest[0]));
    return c.status != 200;
}
GORT_MAIN(app)
