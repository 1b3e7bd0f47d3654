/* SPDX-License-Identifier: MIT */
/* helper.h - the child process that reads debug information, so that gomon need not.
 * A crafted file can make a parser crash, loop, or do worse. So it runs in a child: with the user
 * of the target if gomon is root, no new privileges, little memory and processor time, no other
 * descriptors. It is asked through a socket of packets, and whatever it answers is checked as if
 * it came from the target itself. It holds no state that matters: it may be killed at any time.
 * Threads: one owner; the process must have a single thread when it forks.
 * Source: fork(2), prctl(2), setrlimit(2). */
#ifndef MON_HELPER_H
#define MON_HELPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "mon/debuginfo.h"
#include "mon/modmap.h"
#include "mon/symbol.h"
#include "mon/unwind.h"

#define HELPER_TEXT_MAX 480      /* bytes of a name that are kept */
#define HELPER_QUESTIONS_MAX 64  /* in one packet */
#define HELPER_ANSWER_BYTES 20000

enum helper_kind { HELPER_RULE = 1, HELPER_SYMBOL = 2 };

struct helper_question {
    uint32_t kind; /* enum helper_kind */
    uint32_t number; /* repeated in the answer */
    uint64_t pc;
};

/* One packet back: this, then nframes struct helper_frame, then their texts. */
struct helper_answer {
    struct helper_question question;
    uint32_t nframes;
    uint32_t reserved;
    struct unwind_rule rule;
};

struct helper_frame {
    uint32_t line;
    uint16_t function_bytes; /* without a NUL, as below */
    uint16_t file_bytes;
};

/* An answer, checked. */
struct helper_reply {
    struct helper_question question;
    struct unwind_rule rule;
    size_t nframes;
    struct {
        char function[HELPER_TEXT_MAX + 1]; /* fit for a screen */
        char file[HELPER_TEXT_MAX + 1];
        uint32_t line;
    } frame[DEBUGINFO_FRAMES_MAX];
};

struct helper {
    pid_t pid; /* 0: there is none */
    int fd;
    pid_t killed; /* one that was ended and whose end has not been seen yet, or 0 */
};

#define HELPER_NONE ((struct helper){.fd = -1})

/* Starts the child for the modules of MAP, which it has its own copy of. Returns 0 or a negative
 * errno. */
int helper_start(struct helper *helper, const struct modmap *map, enum symbol_download download);

/* Ends it, whatever it does, and does not wait for that. */
void helper_stop(struct helper *helper);

/* Ends it and waits a little for the end. */
void helper_fini(struct helper *helper);

/* Takes note that a child that was ended is gone, so that no zombie stays. */
void helper_reap(struct helper *helper);

/* Asks N questions, at most HELPER_QUESTIONS_MAX. False: not now, or not any more. */
bool helper_ask(struct helper *helper, const struct helper_question *question, size_t n);

enum helper_event { HELPER_NOTHING, HELPER_ANSWERED, HELPER_ENDED };

/* Takes one answer if there is one. A child that sends anything else counts as ended. */
enum helper_event helper_receive(struct helper *helper, struct helper_reply *reply);

/* ---- For the child and for tests ---- */

/* Serves questions from FD until it is closed. */
_Noreturn void helper_child(int fd, const struct modmap *map, enum symbol_download download);

/* Writes the packet of an answer into OUT; returns its length. */
size_t helper_encode(const struct helper_answer *answer, const struct debuginfo_symbol *symbol,
                     uint8_t out[HELPER_ANSWER_BYTES]);

/* Reads one; false if it is malformed. */
bool helper_decode(const uint8_t *packet, size_t bytes, struct helper_reply *reply);

#endif
