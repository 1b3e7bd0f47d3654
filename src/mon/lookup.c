/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/lookup.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/check.h"
#include "base/clock.h"

#define ANSWER_WITHIN_NS (3 * NS_PER_S) /* the first one opens files of debug information */
#define IDLE_NS (10 * NS_PER_S)
#define REAP_NS NS_PER_S /* between looks at a child that does not end */
#define WINDOW 256 /* questions that the child may have at once */

static struct helper_question *question_at(const struct lookup *l, size_t i)
{
    DCHECK(i < l->n);
    return &l->question[(l->first + i) & (l->room - 1)];
}

void lookup_init(struct lookup *l, const struct modmap *map, enum symbol_download download,
                 lookup_answered *answered, void *arg)
{
    memset(l, 0, sizeof *l);
    l->map = map;
    l->download = download;
    l->answered = answered;
    l->arg = arg;
    l->helper = HELPER_NONE;
}

void lookup_fini(struct lookup *l)
{
    helper_fini(&l->helper);
    free(l->question);
    l->question = NULL;
    l->n = 0;
}

static void grow(struct lookup *l)
{
    size_t room = max_size(l->room * 2, WINDOW);
    struct helper_question *bigger = calloc(room, sizeof *bigger);

    CHECK(bigger != NULL);
    for (size_t i = 0; i < l->n; i++)
        bigger[i] = *question_at(l, i);
    free(l->question);
    l->question = bigger;
    l->first = 0;
    l->room = room;
}

void lookup_ask(struct lookup *l, enum helper_kind kind, uint64_t pc)
{
    if (l->n == l->room)
        grow(l);
    l->n++;
    *question_at(l, l->n - 1) =
        (struct helper_question){.kind = kind, .number = l->next_number++, .pc = pc};
}

/* Takes the oldest question off and tells its end. */
static void settle_first(struct lookup *l, const struct helper_reply *reply)
{
    struct helper_question question = *question_at(l, 0);

    l->first = (l->first + 1) & (l->room - 1);
    l->n--;
    l->nsent -= l->nsent > 0;
    l->answered(l->arg, &question, reply);
}

bool lookup_is_dead(const struct lookup *l)
{
    return l->ndeaths >= LOOKUP_DEATHS_MAX;
}

/* The child died or is too late over its oldest question. */
static void give_up_first(struct lookup *l)
{
    helper_stop(&l->helper);
    l->ndeaths++;
    if (l->n > 0)
        settle_first(l, NULL);
    l->nsent = 0;
}

static void send_some(struct lookup *l, int64_t now_ns)
{
    struct helper_question batch[HELPER_QUESTIONS_MAX];

    if (l->helper.pid == 0 && helper_start(&l->helper, l->map, l->download) != 0) {
        l->ndeaths = LOOKUP_DEATHS_MAX;
        return;
    }
    while (l->nsent < l->n && l->nsent < WINDOW) {
        size_t some = min_size(l->n - l->nsent, HELPER_QUESTIONS_MAX);

        for (size_t i = 0; i < some; i++)
            batch[i] = *question_at(l, l->nsent + i);
        if (!helper_ask(&l->helper, batch, some))
            return; /* full, or dead: receiving will tell */
        if (l->nsent == 0)
            l->deadline_ns = now_ns + ANSWER_WITHIN_NS;
        l->nsent += some;
    }
}

/* Whether REPLY is to the oldest question. */
static bool is_expected(const struct lookup *l, const struct helper_reply *reply)
{
    return l->nsent > 0 &&
           memcmp(&reply->question, question_at(l, 0), sizeof reply->question) == 0;
}

static bool receive_all(struct lookup *l, int64_t now_ns)
{
    struct helper_reply reply;
    bool any = false;

    for (;;) {
        switch (helper_receive(&l->helper, &reply)) {
        case HELPER_NOTHING:
            return any;
        case HELPER_ANSWERED:
            if (is_expected(l, &reply)) {
                l->deadline_ns = now_ns + ANSWER_WITHIN_NS;
                settle_first(l, &reply);
                any = true;
                break;
            }
            give_up_first(l);
            return true;
        case HELPER_ENDED:
            give_up_first(l);
            return true;
        }
    }
}

static bool settle_all(struct lookup *l)
{
    bool any = l->n > 0;

    while (l->n > 0)
        settle_first(l, NULL);
    return any;
}

bool lookup_step(struct lookup *l)
{
    int64_t now_ns = clock_mono_ns();
    bool any = false;

    helper_reap(&l->helper);
    if (lookup_is_dead(l))
        return settle_all(l);
    if (l->helper.pid != 0)
        any = receive_all(l, now_ns);
    if (l->helper.pid != 0 && now_ns >= l->deadline_ns) {
        if (l->nsent > 0) {
            give_up_first(l);
            any = true;
        } else {
            helper_stop(&l->helper);
        }
    }
    if (l->n > l->nsent && !lookup_is_dead(l))
        send_some(l, now_ns);
    if (l->n == 0 && l->helper.pid != 0 && any)
        l->deadline_ns = now_ns + IDLE_NS;
    return any;
}

void lookup_restart(struct lookup *l)
{
    helper_stop(&l->helper);
    l->nsent = 0;
}

void lookup_forgive(struct lookup *l)
{
    l->ndeaths = 0;
}

int lookup_fd(const struct lookup *l)
{
    return l->helper.fd;
}

int64_t lookup_wake_ns(const struct lookup *l)
{
    bool is_waiting = l->helper.pid != 0 && !lookup_is_dead(l);

    if (l->n > 0 && (!is_waiting || l->nsent == 0))
        return 0;
    if (is_waiting)
        return l->deadline_ns;
    return l->helper.killed != 0 ? clock_mono_ns() + REAP_NS : INT64_MAX;
}
