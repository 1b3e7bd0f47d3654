/* SPDX-License-Identifier: MIT */
/* services.c - gort-services: three services that start, beat and stop together.
 * A store counts, a web server tells the count to whoever connects, and a janitor looks in now and
 * then; --silent-after makes the janitor hang, as one day it would. */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <gort.h>

#include "demo/options.h"

struct settings {
    int64_t port;
    int64_t beat_ms;
    int64_t silent_after;
    gort_listener *listener; /* once the web server is up */
    gort_chan *count;        /* the store answers here */
};

static const struct option_row rows[] = {
    OPTION_NUMBER("port", settings, port, "TCP port; 0 takes a free one and says which", 0, 65535),
    OPTION_NUMBER("beat-ms", settings, beat_ms, "a service may be silent for so long", 1, 60000),
    OPTION_NUMBER("silent-after", settings, silent_after,
                  "the janitor hangs after N beats; 0 is never", 0, 1000000),
};
static const struct option_program program = {
    "gort-services", "", "Three services with heartbeats, which end together.", {rows, 3, 1}, 0, 0};

static void report(enum gort_service_event event, const char *name, int result, void *arg)
{
    static const char *const texts[] = {
        [GORT_SERVICE_STARTED] = "starts",
        [GORT_SERVICE_READY] = "is ready",
        [GORT_SERVICE_MISSED] = "has missed its heartbeat",
        [GORT_SERVICE_STOPPING] = "shall stop",
        [GORT_SERVICE_ENDED] = "has ended",
        [GORT_SERVICE_ABANDONED] = "is left behind",
    };

    (void)arg;
    printf("gort-services: %s %s", name, texts[event]);
    if (event == GORT_SERVICE_ENDED && result != 0)
        printf(": %s", gort_strerror(result));
    printf("\n");
    fflush(stdout);
}

static int run_store(gort_ctx *ctx, void *arg)
{
    struct settings *s = arg;
    gort_ticker *beat = gort_ticker_new(s->beat_ms * GORT_MS / 4);
    int64_t count = 0;
    gort_case cases[] = {GORT_SEND(s->count, &count), GORT_RECV(gort_ticker_chan(beat), NULL),
                         GORT_RECV(gort_ctx_done(ctx), NULL)};

    gort_service_ready(ctx);
    for (;;) {
        switch (gort_select(cases, 3)) {
        case 0:
            count++;
            break;
        case 1:
            gort_service_beat(ctx);
            break;
        case 2:
            gort_ticker_stop(beat);
            return 0;
        }
    }
}

static void close_listener(void *arg)
{
    gort_listener_close(arg);
}

static int run_web(gort_ctx *ctx, void *arg)
{
    struct settings *s = arg;
    char address[32];
    char answer[32];
    gort_conn *conn;
    int64_t count;
    int err;

    snprintf(address, sizeof address, "127.0.0.1:%d", (int)s->port);
    err = gort_listen(address, &s->listener);
    if (err != 0)
        return err;
    gort_ctx_after_func(ctx, close_listener, s->listener);
    printf("gort-services: process %d, port %d\n", (int)getpid(), gort_listener_port(s->listener));
    gort_service_ready(ctx);
    while ((err = gort_accept(s->listener, &conn)) == 0) {
        if (gort_recv_ctx(s->count, &count, ctx) == 1) {
            int len = snprintf(answer, sizeof answer, "%" PRId64 "\n", count);

            err = gort_write_by(conn, answer, (size_t)len, gort_in(GORT_S)) < 0;
        }
        gort_conn_close(conn);
    }
    return gort_ctx_err(ctx) != 0 ? 0 : err;
}

static int run_janitor(gort_ctx *ctx, void *arg)
{
    const struct settings *s = arg;

    for (int64_t n = 1; gort_sleep_ctx(s->beat_ms * GORT_MS / 4, ctx) == 0; n++) {
        if (n == s->silent_after) {
            gort_recv(gort_ctx_done(ctx), NULL);
            break;
        }
        gort_service_beat(ctx);
    }
    return 0;
}

static int app(int argc, char **argv)
{
    struct settings *s = gort_new(struct settings);
    gort_services *set = gort_services_new(
        &(gort_services_options){.report = report, .stop_ns = 5 * GORT_S});
    gort_service store = {.name = "store", .run = run_store, .arg = s, .announces = 1};
    gort_service web = {.name = "web", .run = run_web, .arg = s, .announces = 1};
    gort_service janitor = {.name = "janitor", .run = run_janitor, .arg = s};
    int status;

    s->port = 8080;
    s->beat_ms = 2000;
    s->count = gort_chan_new(sizeof(int64_t), 0);
    status = options_take(&program, argc, argv, s, NULL);
    if (status >= 0)
        return status;
    store.beat_ns = janitor.beat_ns = s->beat_ms * GORT_MS;
    gort_services_add(set, &store);
    gort_services_add(set, &web);
    gort_services_add(set, &janitor);
    status = gort_services_run(set, gort_ctx_background());
    printf("gort-services: ended: %s\n", gort_strerror(status));
    return status != 0;
}
GORT_MAIN(app)
