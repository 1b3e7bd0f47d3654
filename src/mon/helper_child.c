/* SPDX-License-Identifier: MIT */
/* helper_child.c - what runs in the child: it gives up what it does not need, then answers. */
#include "config.h"

#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "mon/child.h"
#include "mon/helper.h"

#define DATA_BYTES_MAX ((rlim_t)1 << 30)
#define FILE_BYTES_MAX ((rlim_t)128 << 10) /* it writes the image of the vdso */
#define FILES_MAX 256
#define CPU_SECONDS_MAX 20

#if defined(__SANITIZE_ADDRESS__)
enum { HAS_SHADOW_MEMORY = 1 }; /* a sanitizer's own memory exceeds any limit */
#else
enum { HAS_SHADOW_MEMORY = 0 };
#endif

static void limit(__rlimit_resource_t resource, rlim_t most)
{
    struct rlimit r = {.rlim_cur = most, .rlim_max = most};

    setrlimit(resource, &r);
}

/* A download runs a network library, which wants threads and writes a cache. */
static void drop_resources(enum symbol_download download)
{
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_CPU, CPU_SECONDS_MAX);
    limit(RLIMIT_NOFILE, FILES_MAX);
    if (!HAS_SHADOW_MEMORY)
        limit(RLIMIT_DATA, DATA_BYTES_MAX);
    if (download == SYMBOL_DOWNLOAD)
        return;
    limit(RLIMIT_FSIZE, FILE_BYTES_MAX);
    limit(RLIMIT_NPROC, 0);
}

/* Reads the real user and group of the process: who controls it. */
static bool owner_of(pid_t pid, uid_t *uid, gid_t *gid)
{
    char path[32], line[256];
    FILE *file;
    int found = 0;

    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    file = fopen(path, "re");
    if (file == NULL)
        return false;
    while (found < 2 && fgets(line, sizeof line, file) != NULL)
        found += sscanf(line, "Uid: %u", uid) == 1 || sscanf(line, "Gid: %u", gid) == 1;
    fclose(file);
    return found == 2;
}

/* Becomes the target's user, for good. */
static void drop_privileges(pid_t pid)
{
    uid_t uid = 0;
    gid_t gid = 0;

    if (geteuid() == 0 && pid != 0) {
        if (!owner_of(pid, &uid, &gid) || setgroups(0, NULL) != 0 ||
            setresgid(gid, gid, gid) != 0 || setresuid(uid, uid, uid) != 0)
            _exit(1);
    }
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
}

static void answer(struct debuginfo *info, const struct helper_question *question)
{
    static struct debuginfo_symbol symbol;
    static uint8_t packet[HELPER_ANSWER_BYTES];
    struct helper_answer head;
    size_t bytes;

    memset(&head, 0, sizeof head);
    head.question = *question;
    symbol.nframes = 0;
    if (question->kind == HELPER_RULE)
        debuginfo_rule(info, question->pc, &head.rule);
    else
        debuginfo_symbol(info, question->pc, &symbol);
    bytes = helper_encode(&head, &symbol, packet);
    if (send(CHILD_FD, packet, bytes, MSG_NOSIGNAL) != (ssize_t)bytes)
        _exit(0);
}

_Noreturn void helper_child(int fd, const struct modmap *map, enum symbol_download download)
{
    struct helper_question question[HELPER_QUESTIONS_MAX];
    struct debuginfo *info;
    char root[32] = "";
    ssize_t n;

    child_keep_only(fd);
    child_drop_signals();
    signal(SIGPIPE, SIG_IGN);
    drop_privileges(map->pid);
    drop_resources(download);
    if (download == SYMBOL_LOCAL)
        unsetenv("DEBUGINFOD_URLS");
    if (map->pid != 0)
        snprintf(root, sizeof root, "/proc/%d/root", (int)map->pid);
    info = debuginfo_new(map, root);
    while ((n = recv(CHILD_FD, question, sizeof question, 0)) > 0 || (n < 0 && errno == EINTR)) {
        for (ssize_t i = 0; i < n / (ssize_t)sizeof question[0]; i++)
            answer(info, &question[i]);
    }
    debuginfo_free(info);
    _exit(0);
}
