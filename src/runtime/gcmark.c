/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/gcmark.h"

#include "base/clock.h"
#include "runtime/arena.h"
#include "runtime/gcroot.h"
#include "runtime/gcwork.h"
#include "runtime/span.h"

#define QUEUE_REFS   16u /* references looked at later, a power of two */
#define OBLET_BYTES  ((size_t)128 << 10)
#define ADDRESS_BITS 48u
#define ADDRESS_MASK ((UINT64_C(1) << ADDRESS_BITS) - 1)
#define WORD_BYTES   sizeof(uintptr_t)

struct ref { /* a word resolved to an object */
    struct object_bits *bits;
    uint64_t bit;
    grey_t grey;
};

struct marker {   /* one a thread, on its stack; [owner] */
    uintptr_t lo; /* all arenas lie in [lo, lo + range) */
    uintptr_t range;
    bool defines; /* words found are to be made defined, for Valgrind */
    struct workbuf *buf;
    uint32_t head; /* of the queue */
    uint32_t tail;
    struct ref queue[QUEUE_REFS];
    uint64_t objects[SPAN_CLASSES]; /* marked */
    uint64_t large_bytes;           /* marked */
    uint64_t heap_bytes;            /* searched */
    uint64_t root_bytes[2];         /* searched, by enum gcroot_kind */
    enum gcroot_kind root_kind;     /* of the piece at hand */
};

static struct {
    size_t npieces; /* of the roots; [stw] */
    _Atomic(size_t) next_piece;
    /* Sums of the helpers. */
    _Atomic(uint64_t) live_bytes;
    _Atomic(uint64_t) live_objects;
    _Atomic(uint64_t) heap_bytes;
    _Atomic(uint64_t) root_bytes[2];
    _Atomic(uint64_t) thread_ns;
} mark;

/* ---- grey objects ---- */

NO_SANITIZE_READS static void push(struct marker *m, grey_t grey)
{
    struct workbuf *b = m->buf;

    if (UNLIKELY(b->n == WORKBUF_MAX)) {
        work_put(b);
        b = m->buf = work_get_empty();
    }
    b->grey[b->n++] = grey;
}

/* The large object that ADDR, in A, lies in. */
NO_SANITIZE_READS static struct ref resolve_large(const struct arena *a, uintptr_t addr,
                                                  unsigned spanclass)
{
    const struct span *s = a->spans[arena_page_of(addr)];

    return (struct ref){
        .bits = span_bits(s), .bit = 1, .grey = s->base | (grey_t)spanclass << ADDRESS_BITS};
}

/* The object that ADDR points to or into; bits NULL if there is none. */
NO_SANITIZE_READS static inline struct ref resolve(uintptr_t addr)
{
    struct arena *a = arena_of(addr);
    size_t page = arena_page_of(addr);
    unsigned desc = a == NULL ? 0 : a->desc[page];
    unsigned distance = desc >> 8;
    const struct span_class *class = NULL;
    size_t offset = 0;
    uint32_t i = 0;

    if (UNLIKELY(desc == 0)) {
        if (a != NULL)
            arena_note_stray(a, page);
        return (struct ref){0};
    }
    class = &span_classes[(desc & 0xff) - 1];
    if (UNLIKELY(class->bytes == 0))
        return resolve_large(a, addr, (desc & 0xff) - 1);
    offset = (addr & (HEAP_PAGE_BYTES - 1)) + distance * HEAP_PAGE_BYTES;
    i = (uint32_t)((uint64_t)offset * class->magic >> 32);
    if (UNLIKELY(i >= class->nelems))
        return (struct ref){0};
    return (struct ref){.bits = &a->bits[page - distance][i / 64],
                        .bit = UINT64_C(1) << (i % 64),
                        .grey = (addr - offset + (uintptr_t)i * class->bytes) |
                                (grey_t)((desc & 0xff) - 1) << ADDRESS_BITS};
}

/* Marks what R refers to, unless that was done before or the slot is free. */
NO_SANITIZE_READS static inline void settle(struct marker *m, struct ref r)
{
    unsigned spanclass = (unsigned)(r.grey >> ADDRESS_BITS);
    const struct span_class *class = &span_classes[spanclass];

    if ((atomic_load_explicit(&r.bits->mark, memory_order_relaxed) & r.bit) != 0 ||
        (r.bits->alloc & r.bit) == 0)
        return;
    if ((atomic_fetch_or_explicit(&r.bits->mark, r.bit, memory_order_relaxed) & r.bit) != 0)
        return;
    m->objects[spanclass]++;
    if (UNLIKELY(class->bytes == 0))
        m->large_bytes += arena_of(r.grey & ADDRESS_MASK)
                              ->spans[arena_page_of(r.grey & ADDRESS_MASK)]
                              ->elem_bytes;
    if (class->kind != SPAN_NOSCAN)
        push(m, r.grey);
}

/* Looks at WORD, which may be a reference. */
NO_SANITIZE_READS static inline void offer(struct marker *m, uintptr_t word)
{
    struct ref r;

    if (LIKELY(word - m->lo >= m->range))
        return;
    if (UNLIKELY(m->defines))
        san_define(&word, sizeof word);
    r = resolve(word);
    if (r.bits == NULL)
        return;
    __builtin_prefetch(r.bits, 1);
    __builtin_prefetch((const void *)(r.grey & ADDRESS_MASK));
    if (m->tail - m->head == QUEUE_REFS)
        settle(m, m->queue[m->head++ % QUEUE_REFS]);
    m->queue[m->tail++ % QUEUE_REFS] = r;
}

/* ---- searching memory ---- */

NO_SANITIZE_READS static void search_all(struct marker *m, uintptr_t lo, uintptr_t hi)
{
    for (const uintptr_t *p = (const uintptr_t *)lo; p + 1 <= (const uintptr_t *)hi; p++)
        offer(m, *p);
}

/* Searches the words from BASE on whose bits are set. */
NO_SANITIZE_READS static void search_bits(struct marker *m, uintptr_t base, uint64_t bits)
{
    for (; bits != 0; bits &= bits - 1)
        offer(m, ((const uintptr_t *)base)[bits_lowest(bits)]);
}

/* As search_bits, but only words that lie in [LO, HI). */
NO_SANITIZE_READS static void search_bits_within(struct marker *m, uintptr_t base, uint64_t bits,
                                                 uintptr_t lo, uintptr_t hi)
{
    for (; bits != 0; bits &= bits - 1) {
        uintptr_t word = base + bits_lowest(bits) * WORD_BYTES;

        if (word >= lo && word + WORD_BYTES <= hi)
            offer(m, *(const uintptr_t *)word);
    }
}

/* Searches [LO, HI) of an object that begins at BASE and consists of elements of TYPE. */
NO_SANITIZE_READS static void search_elements(struct marker *m, uintptr_t base, uintptr_t lo,
                                              uintptr_t hi, const gort_type *type)
{
    uintptr_t element = base + (lo - base) / type->bytes * type->bytes;

    for (; element < hi; element += type->bytes)
        for (size_t w = 0; w < type->nwords; w += 64)
            search_bits_within(m, element + w * WORD_BYTES, span_type_bits(type, w / 64), lo, hi);
}

/* ADDR is the beginning of a large object, or of a piece of it: searches one piece; the first one
 * makes the others known. */
NO_SANITIZE_READS static void search_large(struct marker *m, uintptr_t addr, unsigned spanclass)
{
    const struct arena *a = arena_of(addr);
    const struct span *s = a->spans[arena_page_of(addr)];
    uintptr_t end = s->base + s->elem_bytes;
    uintptr_t hi = min_size(addr + OBLET_BYTES, end);

    if (addr == s->base)
        for (uintptr_t p = hi; p < end; p += OBLET_BYTES)
            push(m, p | (grey_t)spanclass << ADDRESS_BITS);
    m->heap_bytes += hi - addr;
    if (span_classes[spanclass].kind == SPAN_TYPED)
        search_elements(m, s->base, addr, hi, span_type_of(s, 0));
    else
        search_all(m, addr, hi);
}

/* Searches a small typed object: its words' bits lie beside the arena, or its type does. */
NO_SANITIZE_READS static void search_small_typed(struct marker *m, uintptr_t base, size_t bytes)
{
    const struct arena *a = arena_of(base);
    size_t nwords = bytes / WORD_BYTES;
    const struct span *s = NULL;

    if (bytes <= SPAN_BITMAP_MAX_BYTES) {
        uint64_t mask = nwords == 64 ? UINT64_MAX : (UINT64_C(1) << nwords) - 1;

        search_bits(m, base, arena_ptr_bits(a, base) & mask);
        return;
    }
    s = a->spans[arena_page_of(base)];
    search_elements(m, base, base, base + bytes, span_type_of(s, (base - s->base) / bytes));
}

NO_SANITIZE_READS static void search(struct marker *m, grey_t grey)
{
    uintptr_t addr = grey & ADDRESS_MASK;
    unsigned spanclass = (unsigned)(grey >> ADDRESS_BITS);
    const struct span_class *class = &span_classes[spanclass];

    if (UNLIKELY(class->bytes == 0)) {
        search_large(m, addr, spanclass);
        return;
    }
    m->heap_bytes += class->bytes;
    if (class->kind == SPAN_TYPED)
        search_small_typed(m, addr, class->bytes);
    else
        search_all(m, addr, addr + class->bytes);
}

/* ---- the markers' loop ---- */

/* Searches until the marker has nothing left. */
NO_SANITIZE_READS static void drain(struct marker *m)
{
    for (;;) {
        while (m->buf->n > 0) {
            search(m, m->buf->grey[--m->buf->n]);
            if (UNLIKELY(work_is_wanted()) && m->buf->n >= 4 && !work_is_there())
                work_share(m->buf);
        }
        if (m->tail == m->head)
            return;
        settle(m, m->queue[m->head++ % QUEUE_REFS]);
    }
}

static void search_root(void *ctx, const void *lo, const void *hi)
{
    struct marker *m = ctx;

    m->root_bytes[m->root_kind] += (uintptr_t)hi - (uintptr_t)lo;
    search_all(m, (uintptr_t)lo, (uintptr_t)hi);
}

static bool take_root_piece(struct marker *m)
{
    size_t i = 0;

    if (atomic_load_explicit(&mark.next_piece, memory_order_relaxed) >= mark.npieces)
        return false;
    i = atomic_fetch_add_explicit(&mark.next_piece, 1, memory_order_relaxed);
    if (i >= mark.npieces)
        return false;
    m->root_kind = gcroot_kind(i);
    gcroot_scan(i, search_root, m);
    return true;
}

static bool take_buffer(struct marker *m)
{
    struct workbuf *b = work_get_full();

    if (b == NULL)
        return false;
    work_put(m->buf); /* empty */
    m->buf = b;
    return true;
}

static void publish_sums(struct marker *m)
{
    uint64_t bytes = m->large_bytes;
    uint64_t objects = 0;

    for (unsigned i = 0; i < SPAN_CLASSES; i++) {
        bytes += m->objects[i] * span_classes[i].bytes;
        objects += m->objects[i];
    }
    atomic_fetch_add_explicit(&mark.live_bytes, bytes, memory_order_relaxed);
    atomic_fetch_add_explicit(&mark.live_objects, objects, memory_order_relaxed);
    atomic_fetch_add_explicit(&mark.heap_bytes, m->heap_bytes, memory_order_relaxed);
    for (int i = 0; i < 2; i++)
        atomic_fetch_add_explicit(&mark.root_bytes[i], m->root_bytes[i], memory_order_relaxed);
    *m = (struct marker){.lo = m->lo, .range = m->range, .defines = m->defines, .buf = m->buf};
}

/* The work of one marker, from joining to the end of the mark. */
static void work_to_the_end(void)
{
    int64_t start_ns = clock_mono_ns();
    uintptr_t lo = atomic_load_explicit(&arenas_lo, memory_order_relaxed);
    uintptr_t hi = atomic_load_explicit(&arenas_hi, memory_order_relaxed);
    struct marker m = {
        .lo = lo,
        .range = hi > lo ? hi - lo : 0,
        .defines = san_search_begin(),
        .buf = work_get_empty(),
    };

    do {
        while (take_root_piece(&m) || take_buffer(&m))
            drain(&m);
        /* What is counted after the end would be lost: the first member reads the sums. */
        publish_sums(&m);
        atomic_fetch_add_explicit(&mark.thread_ns, (uint64_t)(clock_mono_ns() - start_ns),
                                  memory_order_relaxed);
        start_ns = clock_mono_ns();
    } while (crew_wait());
    work_put(m.buf);
    san_search_end();
}

void mark_help(void)
{
    if (crew_join())
        work_to_the_end();
}

static uint64_t take(_Atomic(uint64_t) *sum)
{
    return atomic_exchange_explicit(sum, 0, memory_order_relaxed);
}

void mark_run(struct mark_result *result, void (*wake)(void))
{
    mark.npieces = gcroot_prepare();
    atomic_store_explicit(&mark.next_piece, 0, memory_order_relaxed);
    crew_open();
    wake();
    work_to_the_end();
    crew_disband();
    *result = (struct mark_result){
        .live_bytes = take(&mark.live_bytes),
        .live_objects = take(&mark.live_objects),
        .heap_bytes = take(&mark.heap_bytes),
        .stack_bytes = take(&mark.root_bytes[GCROOT_STACKS]),
        .globals_bytes = take(&mark.root_bytes[GCROOT_GLOBALS]),
        .thread_ns = take(&mark.thread_ns),
    };
}
