/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/san.h"

#include "base/check.h"

#if SAN_ADDRESS
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#include <sanitizer/lsan_interface.h>
#endif
#if SAN_THREAD
#include <sanitizer/common_interface_defs.h>
#include <sanitizer/tsan_interface.h>
#endif
#if HAVE_VALGRIND
#include <valgrind/memcheck.h>
#else
#define RUNNING_ON_VALGRIND              0u
#define VALGRIND_DISABLE_ERROR_REPORTING ((void)0)
#define VALGRIND_ENABLE_ERROR_REPORTING  ((void)0)
#define VALGRIND_MAKE_MEM_DEFINED(p, n)  ((void)(p), (void)(n))
#define VALGRIND_STACK_REGISTER(lo, hi)  0u
#define VALGRIND_STACK_DEREGISTER(id)    ((void)(id))
#endif

/* ---- One thin layer a tool, empty without it ---- */

#if SAN_THREAD
/* Lets TSan make its list of modules now. For its first report it would take the loader's lock, and
 * hold up all threads until it has it: but the collector holds that while it stops the world. */
static void tsan_list_modules(void)
{
    char name[1];
    void *offset;

    __sanitizer_get_module_and_offset_for_pc(__builtin_return_address(0), name, sizeof name,
                                             &offset);
}

static void tsan_init_thread(struct san_fiber *f)
{
    tsan_list_modules();
    f->tsan = __tsan_get_current_fiber();
}

static void tsan_init(struct san_fiber *f)
{
    f->tsan = __tsan_create_fiber(0);
}

static void tsan_fini(struct san_fiber *f)
{
    __tsan_destroy_fiber(f->tsan);
}
#else
static void tsan_init_thread(struct san_fiber *f)
{
    (void)f;
}

static void tsan_init(struct san_fiber *f)
{
    (void)f;
}

static void tsan_fini(struct san_fiber *f)
{
    (void)f;
}
#endif

#if SAN_ADDRESS
static void asan_unpoison(const void *p, size_t bytes)
{
    __asan_unpoison_memory_region(p, bytes);
}

static void asan_poison(const void *p, size_t bytes)
{
    __asan_poison_memory_region(p, bytes);
}

static void lsan_root(const void *p, size_t bytes)
{
    __lsan_register_root_region(p, bytes);
}

static void asan_init(struct san_fiber *f, const void *lo, size_t bytes)
{
    f->lo = lo;
    f->bytes = bytes;
}

static void asan_fini(struct san_fiber *f)
{
    asan_unpoison(f->lo, f->bytes);
}
#else
static void asan_unpoison(const void *p, size_t bytes)
{
    (void)p;
    (void)bytes;
}

static void asan_poison(const void *p, size_t bytes)
{
    (void)p;
    (void)bytes;
}

static void lsan_root(const void *p, size_t bytes)
{
    (void)p;
    (void)bytes;
}

static void asan_init(struct san_fiber *f, const void *lo, size_t bytes)
{
    (void)f;
    (void)lo;
    (void)bytes;
}

static void asan_fini(struct san_fiber *f)
{
    (void)f;
}
#endif

/* ---- Contexts ---- */

void san_fiber_init_thread(struct san_fiber *f, const void *lo, size_t bytes)
{
    *f = (struct san_fiber){0};
    tsan_init_thread(f);
    asan_init(f, lo, bytes);
}

bool san_listens;

void san_start(void)
{
    san_listens = SAN_ADDRESS || SAN_THREAD || RUNNING_ON_VALGRIND != 0;
}

void san_fiber_init_slow(struct san_fiber *f, const void *lo, size_t bytes)
{
    asan_unpoison(lo, bytes); /* frames of a task that ended in the middle left their red zones */
    *f = (struct san_fiber){0};
    tsan_init(f);
    asan_init(f, lo, bytes);
    f->valgrind = VALGRIND_STACK_REGISTER(lo, (const char *)lo + bytes);
}

void san_fiber_fini_slow(struct san_fiber *f)
{
    VALGRIND_STACK_DEREGISTER(f->valgrind);
    tsan_fini(f);
    asan_fini(f);
    *f = (struct san_fiber){0};
}

/* ---- Memory ---- */

void san_root_add(const void *p, size_t bytes)
{
    lsan_root(p, bytes);
}

void san_poison(const void *p, size_t bytes)
{
    asan_poison(p, bytes);
}

void san_unpoison(const void *p, size_t bytes)
{
    asan_unpoison(p, bytes);
}

/* ---- Searching ---- */

bool san_search_begin(void)
{
    VALGRIND_DISABLE_ERROR_REPORTING;
    return RUNNING_ON_VALGRIND != 0;
}

void san_search_end(void)
{
    VALGRIND_ENABLE_ERROR_REPORTING;
}

void san_define(void *p, size_t bytes)
{
    VALGRIND_MAKE_MEM_DEFINED(p, bytes);
}
