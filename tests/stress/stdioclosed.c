/* SPDX-License-Identifier: MIT */
/* stdioclosed.c - a daemon that has closed its three standard streams: none of the descriptors that
 * the runtime keeps gets their numbers, so that what the program prints by mistake goes nowhere. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "gort.h"

#define STREAMS 3

static int report; /* where there is still someone to tell */

/* Whatever the runtime opens for itself: for the page, the collector, the poller, signals. */
static void use_all(void)
{
    gort_chan *c = gort_chan_new(sizeof(int), 1);

    gort_signal_notify(c, GORT_SIGNAL(SIGUSR1));
    raise(SIGUSR1);
    gort_recv(c, NULL);
    gort_signal_stop(c);
    gort_gc();
    gort_sleep(1200 * GORT_MS); /* an image of the page is made within a second */
}

static int first_task(void *arg)
{
    int taken = 0;

    (void)arg;
    use_all();
    printf("to nobody\n");
    fflush(stdout);
    for (int fd = 0; fd < STREAMS; fd++) {
        if (fcntl(fd, F_GETFD) != -1 || errno != EBADF) {
            dprintf(report, "descriptor %d is in use\n", fd);
            taken++;
        }
    }
    return taken;
}

int main(void)
{
    report = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 100);
    if (report < 0)
        return 77;
    for (int fd = 0; fd < STREAMS; fd++)
        close(fd);
    return gort_run(NULL, first_task, NULL) == 0 ? 0 : 1;
}
