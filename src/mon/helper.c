/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/helper.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"

#define FINI_MS 50

/* A child that reads from a dead file server ends late: nobody waits for it. */
void helper_reap(struct helper *helper)
{
    if (helper->killed != 0 && waitpid(helper->killed, NULL, WNOHANG) != 0)
        helper->killed = 0;
}

int helper_start(struct helper *helper, const struct modmap *map, enum symbol_download download)
{
    int fd[2];
    pid_t pid;

    CHECK(helper->pid == 0);
    helper_reap(helper);
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd) != 0)
        return -errno;
    pid = fork();
    if (pid == 0) {
        close(fd[0]);
        helper_child(fd[1], map, download);
    }
    close(fd[1]);
    if (pid < 0) {
        int error = errno;

        close(fd[0]);
        return -error;
    }
    helper->pid = pid;
    helper->fd = fd[0];
    return 0;
}

void helper_stop(struct helper *helper)
{
    helper_reap(helper);
    if (helper->pid == 0)
        return;
    close(helper->fd);
    kill(helper->pid, SIGKILL);
    helper->killed = helper->pid;
    helper->pid = 0;
    helper->fd = -1;
    helper_reap(helper);
}

void helper_fini(struct helper *helper)
{
    helper_stop(helper);
    for (int ms = 0; helper->killed != 0 && ms < FINI_MS; ms++) {
        poll(NULL, 0, 1);
        helper_reap(helper);
    }
}

bool helper_ask(struct helper *helper, const struct helper_question *question, size_t n)
{
    size_t bytes = n * sizeof *question;

    CHECK(n > 0 && n <= HELPER_QUESTIONS_MAX);
    return send(helper->fd, question, bytes, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)bytes;
}

enum helper_event helper_receive(struct helper *helper, struct helper_reply *reply)
{
    uint8_t packet[HELPER_ANSWER_BYTES];
    ssize_t n = recv(helper->fd, packet, sizeof packet, MSG_DONTWAIT | MSG_TRUNC);

    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        return HELPER_NOTHING;
    if (n <= 0 || n > (ssize_t)sizeof packet || !helper_decode(packet, (size_t)n, reply))
        return HELPER_ENDED;
    return HELPER_ANSWERED;
}
