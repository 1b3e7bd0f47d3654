/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "tests/support/refuse.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/bits.h"

static bool install_with(struct sock_filter *code, size_t n, unsigned flags)
{
    struct sock_fprog program = {.len = (unsigned short)n, .filter = code};

    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program) == 0;
}

static bool install(struct sock_filter *code, size_t n)
{
    return install_with(code, n, 0);
}

static bool refuse_with(uint32_t nr, uint32_t error, unsigned flags)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };

    return install_with(code, ARRAY_COUNT(code), flags);
}

bool refuse_call(uint32_t nr, uint32_t error)
{
    return refuse_with(nr, error, 0);
}

bool refuse_call_in_all_threads(uint32_t nr, uint32_t error)
{
    return refuse_with(nr, error, SECCOMP_FILTER_FLAG_TSYNC);
}

bool refuse_call_with(uint32_t nr, unsigned arg, uint32_t value, uint32_t error)
{
    /* Both processors that the runtime knows store the low half first. */
    uint32_t low = (uint32_t)(offsetof(struct seccomp_data, args) + arg * sizeof(uint64_t));
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, low),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };

    return install(code, ARRAY_COUNT(code));
}
