/* SPDX-License-Identifier: MIT */
/* exec_target.c - a program with libgort that becomes another program: for looking at gomon.
 * usage: exec_target FILE PROGRAM [ARGUMENT...]
 * Once there is FILE, or after 300 s, a task calls exec on a worker's thread. */
#include "config.h"

#include <stdio.h>
#include <unistd.h>

#include "gort.h"

#define LOOK_EVERY_NS (10 * GORT_MS)
#define GIVE_UP_NS    (300 * GORT_S)

static int run(void *arg)
{
    char **words = arg;
    int64_t deadline_ns = gort_now() + GIVE_UP_NS;

    while (access(words[1], F_OK) != 0 && gort_now() < deadline_ns)
        gort_sleep(LOOK_EVERY_NS);
    execvp(words[2], words + 2);
    perror(words[2]);
    return 1;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: exec_target FILE PROGRAM [ARGUMENT...]\n");
        return 2;
    }
    return gort_run(NULL, run, argv);
}
