/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/procmem.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

ssize_t procmem_read(pid_t pid, uint64_t address, void *out, size_t bytes)
{
    struct iovec local = {.iov_base = out, .iov_len = bytes};
    struct iovec remote = {.iov_base = (void *)(uintptr_t)address, .iov_len = bytes};
    ssize_t n = process_vm_readv(pid, &local, 1, &remote, 1, 0);

    return n < 0 ? -errno : n;
}

/* Yama's rule on who may look into whom; 0 where there is none. */
static int ptrace_scope(void)
{
    FILE *file = fopen("/proc/sys/kernel/yama/ptrace_scope", "re");
    int scope = 0;

    if (file == NULL)
        return 0;
    if (fscanf(file, "%d", &scope) != 1)
        scope = 0;
    fclose(file);
    return scope;
}

void procmem_explain(pid_t pid, int error, char *text, size_t bytes)
{
    char path[32];
    struct stat st;

    snprintf(path, sizeof path, "/proc/%d", (int)pid);
    if (error == ESRCH || stat(path, &st) != 0)
        snprintf(text, bytes, "process %d has ended", (int)pid);
    else if (error != EPERM && error != EACCES)
        snprintf(text, bytes, "the memory of process %d cannot be read: %s", (int)pid,
                 strerror(error));
    else if (geteuid() != 0 && st.st_uid != geteuid())
        snprintf(text, bytes, "process %d is another user's: run gomon as uid %u or root",
                 (int)pid, (unsigned)st.st_uid);
    else if (geteuid() != 0 && ptrace_scope() > 0)
        snprintf(text, bytes,
                 "kernel.yama.ptrace_scope is %d: run gomon as root to read process %d",
                 ptrace_scope(), (int)pid);
    else
        snprintf(text, bytes, "reading the memory of process %d needs CAP_SYS_PTRACE", (int)pid);
}
