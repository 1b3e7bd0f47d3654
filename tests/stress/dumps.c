/* SPDX-License-Identifier: MIT */
/* dumps.c - two clients that dump all stacks again and again while tasks run, wait, begin and end:
 * each dump is well-formed and has at least the tasks that live through it. */
#include "config.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "gort.h"
#include "tests/support/mailclient.h"
#include "tests/support/pageload.h"
#include "tests/support/wait.h"

#define NCLIENTS  2
#define RUN_S     2
#define LASTING   200 /* tasks that pageload keeps all the time, at least */
#define ANSWER_NS (60 * NS_PER_S)

static _Atomic(int) stop;

struct client {
    pthread_t thread;
    struct mailclient mail;
    struct maildump dump;
    uint64_t dumps; /* [owner] */
    uint64_t moved; /* dumps in which a task ran on */
    const char *fault;
};

/* Takes what has come. True at the end of the request. */
static bool is_answered(void *arg)
{
    struct client *c = arg;
    const char *data = NULL;
    size_t bytes = 0;
    bool last = false;
    uint64_t number = mailclient_batch(&c->mail, &data, &bytes, &last);

    if (number != 0) {
        if (!maildump_read(&c->dump, data, bytes))
            c->fault = "a batch makes no sense";
        mailclient_ack(&c->mail, number);
    }
    return mailclient_state(&c->mail) >= PAGE_MAIL_DONE || c->fault != NULL;
}

static void dump_once(struct client *c)
{
    memset(&c->dump, 0, sizeof c->dump);
    mailclient_ask(&c->mail, PAGE_MAIL_DUMP_STACKS, c->dumps, 0);
    if (!wait_until(is_answered, c, ANSWER_NS))
        c->fault = "no answer";
    else if (c->fault == NULL && mailclient_state(&c->mail) != PAGE_MAIL_DONE)
        c->fault = "the request failed";
    else if (c->fault == NULL && (!c->dump.ended || c->dump.ended_with != c->dump.ntasks))
        c->fault = "the dump has no end, or another number of tasks than it says";
    else if (c->fault == NULL && c->dump.ntasks < LASTING)
        c->fault = "tasks are missing";
    c->moved += (c->dump.flags & PAGE_DUMP_MOVED) != 0;
    c->dumps++;
}

static void *dump_until_stopped(void *arg)
{
    struct client *c = arg;

    while (!atomic_load_explicit(&stop, memory_order_relaxed) && c->fault == NULL)
        dump_once(c);
    return NULL;
}

static struct client clients[NCLIENTS];

static void dump_for_a_while(void)
{
    for (unsigned i = 0; i < NCLIENTS; i++) {
        struct client *c = &clients[i];

        if (!mailclient_open(&c->mail, getpid()) || !mailclient_claim(&c->mail, i))
            c->fault = "there is no mailbox";
        else if (pthread_create(&c->thread, NULL, dump_until_stopped, c) != 0)
            exit(77);
    }
    gort_sleep(RUN_S * GORT_S);
    atomic_store_explicit(&stop, 1, memory_order_relaxed);
    GORT_BLOCKING
    {
        for (unsigned i = 0; i < NCLIENTS; i++)
            pthread_join(clients[i].thread, NULL);
    }
}

int main(void)
{
    void (*fn)(void) = dump_for_a_while;
    void *arg = NULL;
    int failed = 0;

    memcpy(&arg, &fn, sizeof arg);
    if (gort_run(&(gort_options){.maxprocs = 2}, pageload_run, arg) != 0)
        return 1;
    for (unsigned i = 0; i < NCLIENTS; i++) {
        const struct client *c = &clients[i];

        printf("client %u: %" PRIu64 " dumps, in %" PRIu64 " a task ran on: %s\n", i, c->dumps,
               c->moved, c->fault != NULL ? c->fault : "all good");
        failed += c->fault != NULL || c->dumps < 2;
    }
    return failed == 0 ? 0 : 1;
}
