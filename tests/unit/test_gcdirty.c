/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/gcdirty.h"

#define PAGES 64u

struct memory {
    unsigned char *p;
    size_t bytes;
};

/* PAGES watched pages that were all touched; p NULL where the kernel can't. */
static struct memory watched(void)
{
    struct memory m = {.bytes = PAGES * DIRTY_PAGE_BYTES};

    if (!dirty_init())
        return m;
    m.p = mmap(NULL, m.bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    cr_assert_neq(m.p, MAP_FAILED);
    madvise(m.p, m.bytes, MADV_NOHUGEPAGE);
    for (size_t i = 0; i < PAGES; i++)
        m.p[i * DIRTY_PAGE_BYTES] = 1;
    dirty_watch(m.p, m.bytes);
    return m;
}

struct found {
    const struct memory *m;
    uint64_t pages; /* a bit for each */
};

static void note(void *ctx, uintptr_t lo, uintptr_t hi)
{
    struct found *f = ctx;

    for (; lo < hi; lo += DIRTY_PAGE_BYTES)
        f->pages |= UINT64_C(1) << ((lo - (uintptr_t)f->m->p) / DIRTY_PAGE_BYTES);
}

static uint64_t written(const struct memory *m, enum dirty_how how)
{
    struct found f = {.m = m};
    uintptr_t lo = (uintptr_t)m->p;
    size_t n = dirty_find(lo, lo + m->bytes, how, note, &f);

    cr_assert_eq(n, (size_t)__builtin_popcountll(f.pages), "%zu pages counted, %d told", n,
                 __builtin_popcountll(f.pages));
    return f.pages;
}

static void declare_clean(const struct memory *m)
{
    dirty_declare_clean((uintptr_t)m->p, (uintptr_t)m->p + m->bytes);
}

Test(gcdirty, watched_pages_count_as_written_until_they_are_declared_clean)
{
    struct memory m = watched();

    if (m.p == NULL)
        return;
    cr_assert_eq(written(&m, DIRTY_KEEP), UINT64_MAX);
    declare_clean(&m);
    cr_assert_eq(written(&m, DIRTY_KEEP), 0);
}

Test(gcdirty, a_look_keeps_or_renews)
{
    struct memory m = watched();

    if (m.p == NULL)
        return;
    declare_clean(&m);
    m.p[5 * DIRTY_PAGE_BYTES + 77] = 2;
    m.p[6 * DIRTY_PAGE_BYTES] = 2;
    cr_assert_eq(written(&m, DIRTY_KEEP), 0x60);
    cr_assert_eq(written(&m, DIRTY_RENEW), 0x60);
    cr_assert_eq(written(&m, DIRTY_RENEW), 0);
    m.p[63 * DIRTY_PAGE_BYTES] = 2;
    cr_assert_eq(written(&m, DIRTY_RENEW), UINT64_C(1) << 63);
}

Test(gcdirty, the_kernel_s_own_writes_are_noted_and_do_not_fail)
{
    struct memory m = watched();
    int fd = open("/dev/zero", O_RDONLY);

    if (m.p == NULL)
        return;
    declare_clean(&m);
    cr_assert_eq(read(fd, m.p + 8 * DIRTY_PAGE_BYTES - 10, 20), 20);
    cr_assert_eq(written(&m, DIRTY_KEEP), 0x180);
    close(fd);
}

Test(gcdirty, pages_declared_written_are_so)
{
    struct memory m = watched();

    if (m.p == NULL)
        return;
    declare_clean(&m);
    dirty_declare_written((uintptr_t)m.p, (uintptr_t)m.p + 4 * DIRTY_PAGE_BYTES);
    cr_assert_eq(written(&m, DIRTY_KEEP), 0xf);
}

Test(gcdirty, pages_given_back_to_the_system_count_as_written)
{
    struct memory m = watched();

    if (m.p == NULL)
        return;
    declare_clean(&m);
    madvise(m.p + DIRTY_PAGE_BYTES, DIRTY_PAGE_BYTES, MADV_DONTNEED);
    cr_assert_eq(written(&m, DIRTY_KEEP), 2);
    m.p[DIRTY_PAGE_BYTES] = 1;
    cr_assert_eq(written(&m, DIRTY_KEEP), 2);
}

Test(gcdirty, locked_memory_is_noted_too)
{
    struct memory m = watched();

    if (m.p == NULL || mlock(m.p, m.bytes) != 0)
        return;
    declare_clean(&m);
    m.p[9 * DIRTY_PAGE_BYTES] = 3;
    cr_assert_eq(written(&m, DIRTY_KEEP), 0x200);
}

Test(gcdirty, a_fork_changes_nothing_for_the_parent)
{
    struct memory m = watched();
    pid_t child = -1;

    if (m.p == NULL)
        return;
    declare_clean(&m);
    m.p[0] = 7;
    child = fork();
    if (child == 0) {
        m.p[20 * DIRTY_PAGE_BYTES] = 1;
        _exit(0);
    }
    cr_assert_eq(waitpid(child, NULL, 0), child);
    m.p[3 * DIRTY_PAGE_BYTES] = 7;
    cr_assert_eq(written(&m, DIRTY_KEEP), 9);
}

/* As a program does that closes what it does not know. */
static void close_both(void)
{
    for (int fd = 3; fd < 256; fd++) {
        char name[64];
        char to[64] = "";

        snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
        if (readlink(name, to, sizeof to - 1) > 0 &&
            (strstr(to, "userfaultfd") != NULL || strstr(to, "/pagemap") != NULL))
            close(fd);
    }
}

Test(gcdirty, everything_counts_as_written_when_the_kernel_refuses)
{
    struct memory m = watched();

    if (m.p == NULL)
        return;
    declare_clean(&m);
    close_both();
    cr_assert_eq(written(&m, DIRTY_RENEW), UINT64_MAX);
    cr_assert(dirty_has_failed() && !dirty_is_on());
    declare_clean(&m);
    cr_assert_eq(written(&m, DIRTY_KEEP), UINT64_MAX, "it came back");
}
