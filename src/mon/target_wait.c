/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/target_wait.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

/* Looking costs a walk through /proc: often while somebody may be looking on, rarely later. */
#define OFTEN_NS     (100 * NS_PER_MS)
#define RARE_NS      NS_PER_S
#define OFTEN_FOR_NS (60 * NS_PER_S)

static void pause_ns(int64_t ns)
{
    struct timespec t = {.tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S};

    nanosleep(&t, NULL);
}

static bool is_number(const char *word)
{
    return word[strspn(word, "0123456789")] == '\0';
}

/* Whether looking again may have another result. A pid that no process has will not be given to the
 * one that is meant. */
static bool may_come(const char *word, enum target_match match)
{
    return match == (is_number(word) ? TARGET_NO_PAGE : TARGET_NONE);
}

enum target_match target_wait(const char *word, struct target_list *list, struct target *found,
                              char error[static TARGET_ERROR_BYTES])
{
    int64_t start_ns = clock_mono_ns();
    enum target_match match = target_find_live(word, list, found, error);

    if (may_come(word, match))
        fprintf(stderr, "gomon: waiting for %.64s; ^C gives up\n", word);
    while (may_come(word, match)) {
        pause_ns(clock_mono_ns() - start_ns < OFTEN_FOR_NS ? OFTEN_NS : RARE_NS);
        match = target_find_live(word, list, found, error);
    }
    return match;
}

bool target_wait_page(pid_t pid, int64_t wait_ns, struct target_list *list, struct target *found,
                      char error[static TARGET_ERROR_BYTES])
{
    int64_t deadline_ns = clock_mono_ns() + wait_ns;
    enum target_match match = target_find_pid(pid, list, found, error);

    while (match == TARGET_NO_PAGE && clock_mono_ns() < deadline_ns) {
        pause_ns(OFTEN_NS / 10);
        match = target_find_pid(pid, list, found, error);
    }
    return match == TARGET_FOUND;
}
