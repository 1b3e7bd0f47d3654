/* SPDX-License-Identifier: MIT */
/* helper_packet.c - answers as bytes. */
#include "config.h"

#include <string.h>

#include "base/bits.h"
#include "base/check.h"
#include "mon/helper.h"
#include "mon/text.h"

_Static_assert(sizeof(struct helper_answer) +
                       DEBUGINFO_FRAMES_MAX * (sizeof(struct helper_frame) + 2 * HELPER_TEXT_MAX) <=
                   HELPER_ANSWER_BYTES,
               "the longest answer fits");

static size_t put(uint8_t *out, size_t at, const void *data, size_t bytes)
{
    memcpy(out + at, data, bytes);
    return at + bytes;
}

size_t helper_encode(const struct helper_answer *answer, const struct debuginfo_symbol *symbol,
                     uint8_t out[HELPER_ANSWER_BYTES])
{
    struct helper_answer head = *answer;
    size_t at = 0;

    CHECK(symbol->nframes <= DEBUGINFO_FRAMES_MAX);
    head.nframes = (uint32_t)symbol->nframes;
    at = put(out, at, &head, sizeof head);
    for (size_t i = 0; i < symbol->nframes; i++) {
        const struct debuginfo_frame *f = &symbol->frame[i];
        struct helper_frame frame = {
            .line = f->line,
            .function_bytes = (uint16_t)strnlen(f->function, HELPER_TEXT_MAX),
            .file_bytes = (uint16_t)strnlen(f->file, HELPER_TEXT_MAX),
        };

        at = put(out, at, &frame, sizeof frame);
        at = put(out, at, f->function, frame.function_bytes);
        at = put(out, at, f->file, frame.file_bytes);
    }
    return at;
}

/* Takes BYTES from the packet's rest; NULL if there are not as many. */
static const uint8_t *take(const uint8_t **at, const uint8_t *end, size_t bytes)
{
    const uint8_t *data = *at;

    if ((size_t)(end - data) < bytes)
        return NULL;
    *at += bytes;
    return data;
}

static bool take_text(const uint8_t **at, const uint8_t *end, size_t bytes,
                      char text[HELPER_TEXT_MAX + 1])
{
    const uint8_t *data = bytes <= HELPER_TEXT_MAX ? take(at, end, bytes) : NULL;

    if (data == NULL)
        return false;
    text_clean(text, HELPER_TEXT_MAX + 1, data, bytes);
    return true;
}

bool helper_decode(const uint8_t *packet, size_t bytes, struct helper_reply *reply)
{
    const uint8_t *at = packet, *end = packet + bytes;
    const uint8_t *data = take(&at, end, sizeof(struct helper_answer));
    struct helper_answer answer;
    struct helper_frame frame;

    if (data == NULL)
        return false;
    memcpy(&answer, data, sizeof answer);
    if (answer.nframes > DEBUGINFO_FRAMES_MAX || !unwind_rule_is_valid(&answer.rule))
        return false;
    reply->question = answer.question;
    reply->rule = answer.rule;
    reply->nframes = answer.nframes;
    for (size_t i = 0; i < answer.nframes; i++) {
        data = take(&at, end, sizeof frame);
        if (data == NULL)
            return false;
        memcpy(&frame, data, sizeof frame);
        reply->frame[i].line = frame.line;
        if (!take_text(&at, end, frame.function_bytes, reply->frame[i].function) ||
            !take_text(&at, end, frame.file_bytes, reply->frame[i].file))
            return false;
    }
    return at == end;
}
