/* SPDX-License-Identifier: MIT */
/* region.c - gort/mem.h: arenas, memory outside the heap that is freed all at once. Called regions
 * here, because an arena is a part of the heap (arena.h).
 * A region is a chain of chunks from the system; objects are cut off the newest one. What is too
 * large for a chunk gets one of its own. Freed chunks go back to the system, but first stay out of
 * reach for a while under the address sanitizer and clobberfree: uses afterwards are found then.
 * Threads: a region belongs to one task at a time; the chunks out of reach, REGION. */
#include "config.h"

#include <sys/mman.h>

#include "base/bits.h"
#include "base/check.h"
#include "gort/mem.h"
#include "runtime/alloclarge.h"
#include "runtime/debug.h"
#include "runtime/fatal.h"
#include "runtime/lock.h"
#include "runtime/san.h"
#include "runtime/sysmem.h"

#define FIRST_BYTES ((size_t)64 << 10)
#define LAST_BYTES  ((size_t)4 << 20)
#define ALIGN_BYTES ((size_t)16)
#define GAP_BYTES   (SAN_ADDRESS ? ALIGN_BYTES : 0) /* that nobody may touch, behind objects */
#define LARGEST     (SIZE_MAX / 2)
#define KEPT_CHUNKS 256u
#define CALLER      ((uintptr_t)__builtin_return_address(0))

struct chunk {
    struct chunk *next; /* [owner] */
    size_t bytes;       /* with this; [const] */
};

struct gort_arena {
    char *next;           /* where the next object goes; [owner] */
    char *end;            /* of the chunk; [owner] */
    struct chunk *chunks; /* newest first, but for those of one object; [owner] */
    size_t chunk_bytes;   /* of the next chunk; [owner] */
    unsigned flags;       /* [const] */
};

static struct { /* chunks out of reach, oldest first */
    struct lock lock;
    struct {
        void *p;
        size_t bytes;
    } kept[KEPT_CHUNKS]; /* [lock:lock] */
    unsigned next;       /* [lock:lock] */
} away = {.lock = LOCK_INIT(RANK_REGION)};

/* ---- chunks ---- */

static struct chunk *chunk_new(size_t bytes, unsigned flags, uintptr_t pc)
{
    struct chunk *c = NULL;

    bytes = align_up(bytes, 4096);
    c = sys_map(bytes, SYS_OTHER);
    if (c == NULL || ((flags & GORT_ARENA_SCAN) != 0 && gort_root_add(c, bytes) != GORT_OK))
        alloc_out_of_memory(bytes, pc);
    c->bytes = bytes;
    san_poison(c + 1, bytes - sizeof *c);
    return c;
}

static void chunk_unmap(void *p, size_t bytes)
{
    san_unpoison(p, bytes);
    sys_unmap(p, bytes, SYS_OTHER);
}

/* Nobody reaches the chunk at P until as many more were freed as are kept. */
static void chunk_put_away(void *p, size_t bytes)
{
    void *old = NULL;
    size_t old_bytes = 0;

    san_poison(p, bytes);
    CHECK(mprotect(p, bytes, PROT_NONE) == 0);
    sys_advise(p, bytes, MADV_DONTNEED);
    lock_take(&away.lock);
    old = away.kept[away.next].p;
    old_bytes = away.kept[away.next].bytes;
    away.kept[away.next].p = p;
    away.kept[away.next].bytes = bytes;
    away.next = (away.next + 1) % KEPT_CHUNKS;
    lock_release(&away.lock);
    if (old != NULL)
        chunk_unmap(old, old_bytes);
}

static void chunk_free(struct chunk *c, unsigned flags)
{
    size_t bytes = c->bytes;

    if ((flags & GORT_ARENA_SCAN) != 0)
        gort_root_remove(c);
    if (SAN_ADDRESS || debug.clobberfree != 0)
        chunk_put_away(c, bytes);
    else
        chunk_unmap(c, bytes);
}

/* ---- objects ---- */

/* Space that an object of BYTES takes. */
static size_t footprint(size_t bytes)
{
    return align_up(bytes, ALIGN_BYTES) + GAP_BYTES;
}

static void *cut(gort_arena *a, size_t bytes)
{
    char *p = a->next;

    a->next += footprint(bytes);
    san_unpoison(p, bytes);
    return p;
}

/* An object with a chunk of its own, which goes behind the newest. */
static void *alloc_apart(gort_arena *a, size_t bytes, uintptr_t pc)
{
    struct chunk *c = chunk_new(sizeof *c + footprint(bytes), a->flags, pc);

    c->next = a->chunks->next;
    a->chunks->next = c;
    san_unpoison(c + 1, bytes);
    return c + 1;
}

static void open_chunk(gort_arena *a, uintptr_t pc)
{
    struct chunk *c = chunk_new(a->chunk_bytes, a->flags, pc);

    c->next = a->chunks;
    a->chunks = c;
    a->next = (char *)(c + 1);
    a->end = (char *)c + c->bytes;
    a->chunk_bytes = min_size(2 * a->chunk_bytes, LAST_BYTES);
}

/* ---- public ---- */

gort_arena *gort_arena_new(unsigned flags)
{
    gort_arena first = {.chunk_bytes = FIRST_BYTES, .flags = flags};
    gort_arena *a = NULL;

    _Static_assert(sizeof(struct chunk) % ALIGN_BYTES == 0, "objects are aligned");
    if ((flags & ~(unsigned)GORT_ARENA_SCAN) != 0)
        gort_fatal("gort_arena_new: unknown flags: %u", flags);
    open_chunk(&first, CALLER);
    a = cut(&first, sizeof *a);
    *a = first;
    return a;
}

void *gort_arena_alloc(gort_arena *a, size_t bytes)
{
    if (bytes > LARGEST)
        alloc_out_of_memory(bytes, CALLER);
    if (footprint(bytes) <= (size_t)(a->end - a->next))
        return cut(a, bytes);
    if (footprint(bytes) > a->chunk_bytes / 4)
        return alloc_apart(a, bytes, CALLER);
    open_chunk(a, CALLER);
    return cut(a, bytes);
}

void gort_arena_free(gort_arena *a)
{
    struct chunk *c = NULL;
    unsigned flags = 0;

    if (a == NULL)
        return;
    c = a->chunks;
    flags = a->flags;
    while (c != NULL) { /* A lies in the last one */
        struct chunk *next = c->next;

        chunk_free(c, flags);
        c = next;
    }
}
