/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/module.h"

#include <link.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/elfnote.h"
#include "runtime/noroot.h"

#define PATHS_BYTES (32u << 10)

static struct module modules[MODULES_MAX]; /* rows [0, nmodules) */
NO_ROOT(modules);
static _Atomic size_t nmodules;            /* [atomic] only grows */
static char paths[PATHS_BYTES];            /* [lock:refreshing] */
NO_ROOT(paths);
static size_t paths_used;                  /* [lock:refreshing] */
static atomic_flag refreshing = ATOMIC_FLAG_INIT;

/* One walk over the loader's list. */
struct walk {
    uint64_t adds; /* the loader's counters of modules that came and went */
    uint64_t subs;
    bool seen[MODULES_MAX];
};

static uint64_t last_adds; /* [lock:refreshing] */
static uint64_t last_subs;

/* The path of the main program, which the loader calls "". */
static const char *path_of_program(void)
{
    static char path[4096];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);

    path[n > 0 ? n : 0] = '\0';
    return path;
}

static const char *keep_path(const char *path)
{
    size_t bytes = strlen(path) + 1;
    char *kept = paths + paths_used;

    if (bytes > sizeof paths - paths_used)
        return "";
    memcpy(kept, path, bytes);
    paths_used += bytes;
    return kept;
}

/* Takes the build-id from the notes in the segment P. */
static void take_build_id(struct module *m, const ElfW(Phdr) * p)
{
    const uint8_t *notes = (const uint8_t *)(m->bias + p->p_vaddr);

    m->build_id = elfnote_build_id(notes, p->p_memsz, &m->build_id_bytes);
    if (m->build_id != NULL)
        m->build_id_offset = p->p_offset + (size_t)(m->build_id - notes);
}

/* Fills M from the program headers; false if no segment is loaded. */
static bool fill(struct module *m, const struct dl_phdr_info *info)
{
    m->bias = info->dlpi_addr;
    m->lo = UINTPTR_MAX;
    for (size_t i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        uintptr_t start = info->dlpi_addr + p->p_vaddr;

        if (p->p_type == PT_LOAD) {
            m->lo = start < m->lo ? start : m->lo;
            m->hi = start + p->p_memsz > m->hi ? start + p->p_memsz : m->hi;
        } else if (p->p_type == PT_GNU_EH_FRAME) {
            m->eh_hdr = (const uint8_t *)start;
            m->eh_hdr_bytes = p->p_memsz;
        } else if (p->p_type == PT_NOTE && m->build_id == NULL) {
            take_build_id(m, p);
        }
    }
    return m->hi > m->lo;
}

static size_t find_known(const struct dl_phdr_info *info)
{
    size_t n = atomic_load_explicit(&nmodules, memory_order_relaxed);

    for (size_t i = 0; i < n; i++) {
        const struct module *m = &modules[i];
        bool same_path = info->dlpi_name[0] == '\0' || m->path[0] == '\0' ||
                         strcmp(m->path, info->dlpi_name) == 0;

        if (m->bias == info->dlpi_addr && same_path &&
            !atomic_load_explicit(&m->gone, memory_order_relaxed))
            return i;
    }
    return n;
}

static int visit(struct dl_phdr_info *info, size_t bytes, void *arg)
{
    struct walk *walk = arg;
    size_t i = find_known(info);
    size_t n = atomic_load_explicit(&nmodules, memory_order_relaxed);

    (void)bytes;
    walk->adds = info->dlpi_adds;
    walk->subs = info->dlpi_subs;
    if (i == n && n < MODULES_MAX) {
        if (!fill(&modules[n], info))
            return 0;
        modules[n].path = keep_path(info->dlpi_name[0] != '\0' ? info->dlpi_name
                                                               : path_of_program());
        /* Pairs with the acquire in modules_count. */
        atomic_store_explicit(&nmodules, n + 1, memory_order_release);
    }
    if (i < MODULES_MAX)
        walk->seen[i] = true;
    return 0;
}

/* Asks the loader for its counters only. */
static int visit_first(struct dl_phdr_info *info, size_t bytes, void *arg)
{
    struct walk *walk = arg;

    (void)bytes;
    walk->adds = info->dlpi_adds;
    walk->subs = info->dlpi_subs;
    return 1;
}

void modules_refresh(void)
{
    struct walk walk = {0};

    /* Pairs with the release at the end: the counters and paths have one writer at a time. */
    if (atomic_flag_test_and_set_explicit(&refreshing, memory_order_acquire))
        return;
    dl_iterate_phdr(visit_first, &walk);
    if (walk.adds != last_adds || walk.subs != last_subs) {
        dl_iterate_phdr(visit, &walk);
        last_adds = walk.adds;
        last_subs = walk.subs;
        for (size_t i = 0; i < modules_count(); i++) {
            if (!walk.seen[i])
                atomic_store_explicit(&modules[i].gone, true, memory_order_relaxed);
        }
    }
    atomic_flag_clear_explicit(&refreshing, memory_order_release);
}

const struct module *module_find(uintptr_t pc)
{
    size_t n = modules_count();

    for (size_t i = 0; i < n; i++) {
        const struct module *m = &modules[i];

        if (pc >= m->lo && pc < m->hi && !atomic_load_explicit(&m->gone, memory_order_relaxed))
            return m;
    }
    return NULL;
}

size_t modules_count(void)
{
    /* Pairs with the release in visit: rows below the count are whole. */
    return atomic_load_explicit(&nmodules, memory_order_acquire);
}

const struct module *module_at(size_t index)
{
    CHECK(index < modules_count());
    return &modules[index];
}
