/* SPDX-License-Identifier: MIT */
/* fuzz_helper.c - an answer of the child that reads debug information, as if it had been taken
 * over. */
#include "config.h"

#include <string.h>

#include "mon/helper.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct helper_reply reply;

    if (!helper_decode(data, bytes, &reply))
        return 0;
    if (reply.nframes > DEBUGINFO_FRAMES_MAX || !unwind_rule_is_valid(&reply.rule))
        __builtin_trap();
    for (size_t i = 0; i < reply.nframes; i++) {
        if (strlen(reply.frame[i].function) > HELPER_TEXT_MAX ||
            strlen(reply.frame[i].file) > HELPER_TEXT_MAX)
            __builtin_trap();
    }
    return 0;
}
