/* SPDX-License-Identifier: MIT */
/* typed.c - channels of one type: all operations, a loop over what comes, cases of a select. */
#include "config.h"

#include <string.h>

#include "tests/support/conform.h"

struct point {
    int x;
    char name[12];
};

GORT_CHAN(point, struct point)
GORT_CHAN(text, const char *)

CLAIM(every_operation_has_its_typed_form)
{
    point_chan ch = point_chan_new(2);
    gort_ctx *ctx = gort_ctx_with_cancel(gort_ctx_background());
    struct point got = {0};

    EXPECT(point_cap(ch) == 2 && point_len(ch) == 0, "%zu of %zu", point_len(ch), point_cap(ch));
    point_send(ch, (struct point){1, "one"});
    EXPECT(point_try_send(ch, (struct point){2, "two"}) == 0, "not sent");
    EXPECT(point_try_send(ch, (struct point){3, "three"}) == GORT_EWOULDBLOCK, "sent a third");
    EXPECT(point_send_by(ch, (struct point){3, "three"}, 0) == GORT_ETIMEDOUT, "sent a third");
    EXPECT(point_len(ch) == 2, "%zu elements", point_len(ch));
    EXPECT(point_recv(ch, &got) == 1 && got.x == 1 && strcmp(got.name, "one") == 0, "%d", got.x);
    EXPECT(point_try_recv(ch, &got) == 1 && got.x == 2, "got %d", got.x);
    EXPECT(point_try_recv(ch, &got) == GORT_EWOULDBLOCK, "something from nothing");
    EXPECT(point_recv_by(ch, &got, 0) == GORT_ETIMEDOUT, "something from nothing");
    EXPECT(point_send_ctx(ch, (struct point){4, "four"}, ctx) == 0, "not sent");
    EXPECT(point_recv_ctx(ch, &got, ctx) == 1 && got.x == 4, "got %d", got.x);
    gort_ctx_cancel(ctx, 0);
    EXPECT(point_send_ctx(ch, got, ctx) == GORT_ECANCELED, "sent by the cancelled");
    EXPECT(point_recv_ctx(ch, &got, ctx) == GORT_ECANCELED, "received by the cancelled");
    point_close(ch);
    EXPECT(point_recv(ch, &got) == 0 && got.x == 0, "not closed");
}

static void send_words(void *arg)
{
    text_chan *ch = arg;

    text_send(*ch, "a");
    text_send(*ch, "bc");
    text_send(*ch, "def");
    text_close(*ch);
}

CLAIM(a_range_ends_when_the_channel_is_closed)
{
    text_chan ch = text_chan_new(0);
    char all[16] = "";

    gort_go(send_words, &ch);
    GORT_RANGE (word, ch)
        strncat(all, word, 5);
    EXPECT(strcmp(all, "abcdef") == 0, "got %s", all);
    GORT_RANGE (word, ch)
        EXPECT(word == NULL, "something more: %s", word);
}

CLAIM(cases_of_a_select_take_typed_channels)
{
    point_chan from = point_chan_new(1);
    text_chan to = text_chan_new(1);
    struct point point = {0};
    const char *const word = "word";
    const char *got = NULL;
    gort_case cases[] = {GORT_RECV_FROM(from, &point), GORT_SEND_TO(to, &word),
                         GORT_RECV_FROM(from, NULL)};

    EXPECT(gort_select(cases, 3) == 1, "not sent");
    EXPECT(text_recv(to, &got) == 1 && got == word, "got %s", got);
    point_send(from, (struct point){5, "five"});
    EXPECT(gort_select(cases, 1) == 0 && cases[0].ok == 1 && point.x == 5, "got %d", point.x);
}
