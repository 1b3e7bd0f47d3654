/* SPDX-License-Identifier: MIT */
/* kv.c - gort-kv: a key-value server that speaks the Redis protocol, on libgort's tasks and heap.
 * Its purpose is to be put under real load, by redis-benchmark say, and to be watched with
 * gomon. */
#include "config.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <gort.h>

#include "demo/commands.h"
#include "demo/options.h"
#include "demo/server.h"

#define EXIT_USAGE 2

struct settings {
    int64_t port;
    const char *bind;
    int64_t max_clients;
};

static const struct option_row rows[] = {
    {"port", "N", "TCP port; 0 takes a free one and says which", OPTION_COUNT, 1,
     offsetof(struct settings, port), 0, 65535},
    {"bind", "ADDRESS", "address to listen on, or unix:PATH", OPTION_TEXT, 1,
     offsetof(struct settings, bind), 0, 0},
    {"max-clients", "N", "connections at a time", OPTION_COUNT, 1,
     offsetof(struct settings, max_clients), 1, 1000000},
};
static const struct option_table table = {rows, sizeof rows / sizeof rows[0], 1};

/* A signal to end has come: then the first task returns. */
static void stop_listening(void *arg)
{
    gort_listener_close(arg);
}

static int listen_on(const struct settings *settings, gort_listener **listener)
{
    char address[512];

    if (strncmp(settings->bind, "unix:", 5) == 0)
        snprintf(address, sizeof address, "%s", settings->bind);
    else if (strchr(settings->bind, ':') != NULL)
        snprintf(address, sizeof address, "[%s]:%d", settings->bind, (int)settings->port);
    else
        snprintf(address, sizeof address, "%s:%d", settings->bind, (int)settings->port);
    return gort_listen(address, listener);
}

static int run_server(void *arg)
{
    const struct settings *settings = arg;
    gort_ctx *ctx = gort_ctx_with_signals(gort_ctx_background(),
                                          GORT_SIGNAL(SIGINT) | GORT_SIGNAL(SIGTERM));
    gort_listener *listener = NULL;
    struct kv *kv;
    int err = listen_on(settings, &listener);

    if (err != 0) {
        fprintf(stderr, "gort-kv: cannot listen on %s, port %d: %s\n", settings->bind,
                (int)settings->port, gort_strerror(err));
        return 1;
    }
    kv = gort_new(struct kv);
    kv->table = table_new();
    kv->start_ns = gort_now();
    kv->port = gort_listener_port(listener);
    kv->max_clients = settings->max_clients;
    gort_ctx_after_func(ctx, stop_listening, listener);
    printf("gort-kv: process %d serves %s, port %d\n", (int)getpid(), settings->bind, kv->port);
    fflush(stdout);
    server_accept_all(kv, listener);
    printf("gort-kv: ending on signal %d\n", gort_ctx_cause(ctx));
    return 0;
}

static void print_help(const struct settings *defaults)
{
    printf("usage: gort-kv [OPTION]...\n"
           "A key-value server for the Redis protocol, on libgort.\n\n");
    options_print(&table, defaults, stdout);
    printf("\nSee gort-kv(1) for the commands that it knows.\n");
}

int main(int argc, char **argv)
{
    struct settings settings = {.port = 6380, .bind = "127.0.0.1", .max_clients = 10000};
    char error[OPTIONS_ERROR_BYTES];
    int status;

    switch (options_parse(&table, argc - 1, argv + 1, &settings, error)) {
    case OPTIONS_OK:
        break;
    case OPTIONS_HELP:
        print_help(&settings);
        return 0;
    case OPTIONS_BAD:
        fprintf(stderr, "gort-kv: %s\n", error);
        return EXIT_USAGE;
    }
    status = gort_run(NULL, run_server, &settings);
    if (status < 0) {
        fprintf(stderr, "gort-kv: the runtime could not start: %s\n", gort_strerror(status));
        return 1;
    }
    return status;
}
