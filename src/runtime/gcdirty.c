/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/gcdirty.h"

#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/check.h"
#include "runtime/os_linux.h"

/* ---- what the headers of older systems lack ---- */

#ifndef UFFD_USER_MODE_ONLY
#define UFFD_USER_MODE_ONLY 1
#endif
#ifndef UFFD_FEATURE_WP_UNPOPULATED
#define UFFD_FEATURE_WP_UNPOPULATED (1 << 13)
#endif
#ifndef UFFD_FEATURE_WP_ASYNC
#define UFFD_FEATURE_WP_ASYNC (1 << 15)
#endif

#define PAGE_WRITTEN       UINT64_C(2)
#define SCAN_RENEWS        UINT64_C(1) /* PM_SCAN_WP_MATCHING */
#define SCAN_CHECKS_WATCH  UINT64_C(2) /* PM_SCAN_CHECK_WPASYNC */
#define PAGEMAP_SCAN_QUERY _IOWR('f', 16, struct pagemap_query)

struct page_run { /* struct page_region of the kernel */
    uint64_t lo;
    uint64_t hi;
    uint64_t categories;
};

struct pagemap_query { /* struct pm_scan_arg of the kernel */
    uint64_t size;
    uint64_t flags;
    uint64_t start;
    uint64_t end;
    uint64_t walk_end; /* set: how far it got */
    uint64_t vec;
    uint64_t vec_len;
    uint64_t max_pages;
    uint64_t category_inverted;
    uint64_t category_mask;
    uint64_t category_anyof_mask;
    uint64_t return_mask;
};

_Static_assert(sizeof(struct page_run) == 24 && sizeof(struct pagemap_query) == 96,
               "the kernel's layout");

#define RUNS_AT_ONCE 256u
#define TRIAL_PAGES  4u

static struct {
    int watch_fd;         /* of userfaultfd; [const] after dirty_init */
    int map_fd;           /* /proc/self/pagemap; [const] after dirty_init */
    _Atomic(bool) on;     /* [atomic] */
    _Atomic(bool) failed; /* [atomic] */
} dirty = {.watch_fd = -1, .map_fd = -1};

/* By the raw call: sanitizers intercept ioctl. Keeps errno. */
static long control(int fd, unsigned long request, void *arg)
{
    int saved = os_errno();
    long rc = syscall(SYS_ioctl, fd, request, arg);

    os_set_errno(saved);
    return rc;
}

static void fail(void)
{
    atomic_store_explicit(&dirty.failed, true, memory_order_relaxed);
    atomic_store_explicit(&dirty.on, false, memory_order_relaxed);
}

bool dirty_is_on(void)
{
    return atomic_load_explicit(&dirty.on, memory_order_relaxed);
}

bool dirty_has_failed(void)
{
    return atomic_load_explicit(&dirty.failed, memory_order_relaxed);
}

/* ---- asking ---- */

static bool watch(uintptr_t lo, size_t bytes)
{
    struct uffdio_register r = {.range = {lo, bytes}, .mode = UFFDIO_REGISTER_MODE_WP};

    return control(dirty.watch_fd, UFFDIO_REGISTER, &r) == 0;
}

/* The mask of what is wanted and that of what is told have to be the same: the kernel has a short
 * way for that. */
static bool clean(uintptr_t lo, uintptr_t hi)
{
    struct pagemap_query q = {.size = sizeof q,
                              .flags = SCAN_RENEWS | SCAN_CHECKS_WATCH,
                              .start = lo,
                              .end = hi,
                              .category_mask = PAGE_WRITTEN};

    return control(dirty.map_fd, PAGEMAP_SCAN_QUERY, &q) >= 0;
}

/* Fills RUN with the first runs from *LO on and steps over what was looked at; how many, or -1. */
static long find_some(uintptr_t *lo, uintptr_t hi, enum dirty_how how, struct page_run *run)
{
    struct pagemap_query q = {.size = sizeof q,
                              .flags = how == DIRTY_RENEW ? SCAN_RENEWS | SCAN_CHECKS_WATCH : 0,
                              .start = *lo,
                              .end = hi,
                              .vec = (uintptr_t)run,
                              .vec_len = RUNS_AT_ONCE,
                              .category_mask = PAGE_WRITTEN,
                              .return_mask = PAGE_WRITTEN};
    long n = control(dirty.map_fd, PAGEMAP_SCAN_QUERY, &q);

    if (n < 0 || q.walk_end <= *lo)
        return -1;
    *lo = q.walk_end;
    return n;
}

/* As dirty_find for up to DIRTY_AT_ONCE bytes. SIZE_MAX if the kernel refuses: then part of it may
 * have been told, and declared clean. */
static size_t find(uintptr_t lo, uintptr_t hi, enum dirty_how how, dirty_fn fn, void *ctx)
{
    struct page_run run[RUNS_AT_ONCE];
    size_t npages = 0;

    while (lo < hi) {
        long n = find_some(&lo, hi, how, run);

        if (n < 0)
            return SIZE_MAX;
        for (long i = 0; i < n; i++) {
            npages += (run[i].hi - run[i].lo) / DIRTY_PAGE_BYTES;
            fn(ctx, run[i].lo, run[i].hi);
        }
    }
    return npages;
}

/* ---- the trial ---- */

static void note_run(void *ctx, uintptr_t lo, uintptr_t hi)
{
    uintptr_t *seen = ctx; /* the address of the trial's memory; then a bit for each page */

    for (; lo < hi; lo += DIRTY_PAGE_BYTES)
        seen[1] |= (uintptr_t)1 << ((lo - seen[0]) / DIRTY_PAGE_BYTES);
}

/* Which of the pages at P were written, a bit for each; all ones if it can't be told. */
static uintptr_t written_pages(const char *p, enum dirty_how how)
{
    uintptr_t seen[2] = {(uintptr_t)p, 0};
    size_t n = find(seen[0], seen[0] + TRIAL_PAGES * DIRTY_PAGE_BYTES, how, note_run, seen);

    return n == SIZE_MAX ? UINTPTR_MAX : seen[1];
}

/* The kernel writes a byte to P. */
static bool let_kernel_write(char *p)
{
    int ends[2];
    bool done = false;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return false;
    done = write(ends[1], "", 1) == 1 && read(ends[0], p, 1) == 1;
    close(ends[0]);
    close(ends[1]);
    return done;
}

static bool try_on(char *p)
{
    volatile char *byte = p;

    for (size_t i = 0; i < TRIAL_PAGES; i++)
        byte[i * DIRTY_PAGE_BYTES] = 1;
    if (!watch((uintptr_t)p, TRIAL_PAGES * DIRTY_PAGE_BYTES) ||
        !clean((uintptr_t)p, (uintptr_t)p + TRIAL_PAGES * DIRTY_PAGE_BYTES) ||
        written_pages(p, DIRTY_KEEP) != 0)
        return false;
    byte[0] = 2;
    if (!let_kernel_write(p + 2 * DIRTY_PAGE_BYTES) || written_pages(p, DIRTY_RENEW) != 5)
        return false;
    byte[3 * DIRTY_PAGE_BYTES] = 2;
    return written_pages(p, DIRTY_KEEP) == 8;
}

static bool try_out(void)
{
    size_t bytes = TRIAL_PAGES * DIRTY_PAGE_BYTES;
    char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    bool works = false;

    if (p == MAP_FAILED)
        return false;
    madvise(p, bytes, MADV_NOHUGEPAGE);
    works = try_on(p);
    CHECK(munmap(p, bytes) == 0);
    return works;
}

static bool open_files(void)
{
    struct uffdio_api api = {.api = UFFD_API,
                             .features = UFFD_FEATURE_WP_ASYNC | UFFD_FEATURE_WP_UNPOPULATED};

    if (sysconf(_SC_PAGESIZE) != (long)DIRTY_PAGE_BYTES)
        return false;
    dirty.watch_fd = os_off_stdio((int)syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY));
    if (dirty.watch_fd < 0 || control(dirty.watch_fd, UFFDIO_API, &api) != 0)
        return false;
    dirty.map_fd = os_off_stdio(open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC));
    return dirty.map_fd >= 0;
}

static void close_files(void)
{
    if (dirty.watch_fd >= 0)
        close(dirty.watch_fd);
    if (dirty.map_fd >= 0)
        close(dirty.map_fd);
    dirty.watch_fd = dirty.map_fd = -1;
}

/* ---- public ---- */

bool dirty_init(void)
{
    bool works = false;

    CHECK(dirty.watch_fd < 0);
    works = open_files() && try_out();
    if (!works)
        close_files();
    atomic_store_explicit(&dirty.on, works, memory_order_relaxed);
    return works;
}

void dirty_watch(const void *p, size_t bytes)
{
    if (dirty_is_on() && !watch((uintptr_t)p, bytes))
        fail();
}

void dirty_declare_clean(uintptr_t lo, uintptr_t hi)
{
    for (uintptr_t end; lo < hi && dirty_is_on(); lo = end) {
        end = min_size(lo + DIRTY_AT_ONCE, hi);
        if (!clean(lo, end))
            fail();
    }
}

void dirty_declare_written(uintptr_t lo, uintptr_t hi)
{
    struct uffdio_writeprotect w = {.range = {lo, hi - lo}};

    if (dirty_is_on() && lo < hi)
        control(dirty.watch_fd, UFFDIO_WRITEPROTECT, &w); /* to save time: it may be refused */
}

size_t dirty_find(uintptr_t lo, uintptr_t hi, enum dirty_how how, dirty_fn fn, void *ctx)
{
    size_t npages = 0;

    for (uintptr_t end; lo < hi; lo = end) {
        size_t n = SIZE_MAX;

        end = min_size(lo + DIRTY_AT_ONCE, hi);
        if (dirty_is_on())
            n = find(lo, end, how, fn, ctx);
        if (n == SIZE_MAX) {
            fail();
            n = (end - lo) / DIRTY_PAGE_BYTES;
            fn(ctx, lo, end);
        }
        npages += n;
    }
    return npages;
}
