/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/sysmem.h"

#include <sys/mman.h>

#include "base/bits.h"
#include "base/check.h"
#include "runtime/fatal.h"
#include "runtime/lock.h"
#include "runtime/os_linux.h"

#define SYS_PAGE_BYTES      ((size_t)4096)
#define PERSIST_CHUNK_BYTES ((size_t)256 << 10)
#define PERSIST_LARGE_BYTES ((size_t)32 << 10) /* from here on: a mapping of its own */

static _Atomic(uint64_t) counted[SYS_USES];

/* The chunk that small records are cut from. What is left of it counts as OTHER. */
static struct {
    struct lock lock;
    char *next; /* [lock:lock] */
    char *end;  /* [lock:lock] */
} persist = {.lock = LOCK_INIT(RANK_PERSIST)};

static void *map_anonymous(size_t bytes)
{
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                   -1, 0);

    return p == MAP_FAILED ? NULL : p;
}

static void unmap(void *p, size_t bytes)
{
    if (bytes > 0)
        CHECK(munmap(p, bytes) == 0);
}

void *sys_reserve(size_t bytes, size_t align)
{
    size_t want = 0;
    char *p = NULL;
    size_t head = 0;

    DCHECK(is_pow2(align) && align >= SYS_PAGE_BYTES);
    if (bytes > SIZE_MAX - SYS_PAGE_BYTES)
        return NULL;
    bytes = align_up(bytes, SYS_PAGE_BYTES);
    if (__builtin_add_overflow(bytes, align - SYS_PAGE_BYTES, &want))
        return NULL;
    p = map_anonymous(want);
    if (p == NULL)
        return NULL;
    head = align_up((uintptr_t)p, align) - (uintptr_t)p;
    unmap(p, head);
    unmap(p + head + bytes, want - head - bytes);
    return p + head;
}

void *sys_map(size_t bytes, enum sys_use use)
{
    void *p = sys_reserve(bytes, SYS_PAGE_BYTES);

    if (p != NULL)
        sys_count(use, (int64_t)align_up(bytes, SYS_PAGE_BYTES));
    return p;
}

void sys_unmap(void *p, size_t bytes, enum sys_use use)
{
    bytes = align_up(bytes, SYS_PAGE_BYTES);
    unmap(p, bytes);
    sys_count(use, -(int64_t)bytes);
}

bool sys_advise(void *p, size_t bytes, int advice)
{
    int saved = os_errno();
    bool taken = madvise(p, bytes, advice) == 0;

    os_set_errno(saved);
    return taken;
}

void sys_count(enum sys_use use, int64_t bytes)
{
    uint64_t before = 0;

    CHECK(use < SYS_USES);
    before = atomic_fetch_add_explicit(&counted[use], (uint64_t)bytes, memory_order_relaxed);
    DCHECK(bytes >= 0 || before >= (uint64_t)-bytes);
    (void)before;
}

uint64_t sys_bytes(enum sys_use use)
{
    CHECK(use < SYS_USES);
    return atomic_load_explicit(&counted[use], memory_order_relaxed);
}

/* Whether a record of BYTES fits into what is left; *AT is where. */
static bool persist_fits_locked(size_t bytes, size_t align, char **at)
{
    char *p = NULL;

    DCHECK(lock_is_held(&persist.lock));
    if (persist.next == NULL)
        return false;
    p = persist.next + (align_up((uintptr_t)persist.next, align) - (uintptr_t)persist.next);
    *at = p;
    return p <= persist.end && bytes <= (size_t)(persist.end - p);
}

/* Cuts a record off; NULL if the system refuses another chunk. */
static void *persist_cut_locked(size_t bytes, size_t align)
{
    char *p = NULL;

    if (!persist_fits_locked(bytes, align, &p)) {
        persist.next = sys_map(PERSIST_CHUNK_BYTES, SYS_OTHER);
        if (persist.next == NULL)
            return NULL;
        persist.end = persist.next + PERSIST_CHUNK_BYTES;
        CHECK(persist_fits_locked(bytes, align, &p));
    }
    persist.next = p + bytes;
    return p;
}

void *persist_try_alloc(size_t bytes, size_t align, enum sys_use use)
{
    void *p = NULL;

    CHECK(is_pow2(align) && align <= SYS_PAGE_BYTES);
    if (bytes >= PERSIST_LARGE_BYTES) {
        p = sys_map(bytes, use);
    } else {
        lock_take(&persist.lock);
        p = persist_cut_locked(bytes, align);
        lock_release(&persist.lock);
        if (p != NULL) {
            sys_count(use, (int64_t)bytes);
            sys_count(SYS_OTHER, -(int64_t)bytes);
        }
    }
    return p;
}

void *persist_alloc(size_t bytes, size_t align, enum sys_use use)
{
    void *p = persist_try_alloc(bytes, align, use);

    if (p == NULL)
        gort_fatal("out of memory: the system refuses %zu bytes for the runtime's records", bytes);
    return p;
}
