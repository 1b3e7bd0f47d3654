/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/elfname.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/check.h"
#include "runtime/module.h"
#include "runtime/noroot.h"

#define SYMBOLS_AT_ONCE 256
#define SECTIONS_AT_ONCE 64
#define TRIES_FOR_LOCK 1000
#define KEPT 512 /* names found before; a power of two */

static atomic_flag busy = ATOMIC_FLAG_INIT;

/* The best symbol for one name so far. */
struct candidate {
    const struct module *module;
    uint64_t start; /* address in the file */
    uint64_t text;  /* where its name lies in the file; 0: none was found */
};

/* Everything that a search needs; static, for it may run on a small signal stack. */
static struct {
    int fd;
    const struct module *module;
    struct candidate best[ELFNAME_BATCH];
    union {
        Elf64_Sym symbol[SYMBOLS_AT_ONCE];
        Elf64_Shdr section[SECTIONS_AT_ONCE];
    } buffer;
} search; /* [lock:busy] */
NO_ROOT(search);

/* Ten thousand tasks stand at a dozen places. A module's row is never used again for another, so
 * that a name of an unloaded one can't be mistaken. */
static struct {
    const struct module *module;
    struct elfname name;
} kept[KEPT]; /* [lock:busy] */
NO_ROOT(kept);

/* Reads BYTES at OFFSET; false at the end of the file or on an error. */
static bool read_at(void *out, size_t bytes, uint64_t offset)
{
    return offset <= INT64_MAX && pread(search.fd, out, bytes, (off_t)offset) == (ssize_t)bytes;
}

static bool is_loaded_build(void)
{
    const struct module *m = search.module;
    uint8_t id[64];

    return m->build_id != NULL && m->build_id_bytes <= sizeof id &&
           read_at(id, m->build_id_bytes, m->build_id_offset) &&
           memcmp(id, m->build_id, m->build_id_bytes) == 0;
}

/* Reads section header INDEX. */
static bool section_at(const Elf64_Ehdr *elf, size_t index, Elf64_Shdr *section)
{
    return index < elf->e_shnum &&
           read_at(section, sizeof *section, elf->e_shoff + index * sizeof *section);
}

/* Finds the symbol table, the dynamic one if there is no other. */
static bool find_table(Elf64_Shdr *symbols, Elf64_Shdr *strings)
{
    Elf64_Ehdr elf;
    Elf64_Shdr section;

    symbols->sh_type = SHT_NULL;
    if (!read_at(&elf, sizeof elf, 0) || memcmp(elf.e_ident, ELFMAG, SELFMAG) != 0 ||
        elf.e_shentsize != sizeof section)
        return false;
    for (size_t i = 0; symbols->sh_type != SHT_SYMTAB && section_at(&elf, i, &section); i++) {
        if (section.sh_type == SHT_SYMTAB || section.sh_type == SHT_DYNSYM)
            *symbols = section;
    }
    return symbols->sh_type != SHT_NULL && section_at(&elf, symbols->sh_link, strings);
}

/* Takes SYMBOL for every address that it covers and that has no nearer one. */
static void offer(const Elf64_Sym *symbol, const struct elfname *name, size_t n, uint64_t strings)
{
    if (ELF64_ST_TYPE(symbol->st_info) != STT_FUNC || symbol->st_shndx == SHN_UNDEF)
        return;
    for (size_t i = 0; i < n; i++) {
        struct candidate *best = &search.best[i];
        uint64_t at = name[i].pc - 1 - search.module->bias;

        if (best->module == search.module && at >= symbol->st_value &&
            at - symbol->st_value < max_size(symbol->st_size, 1) &&
            (best->text == 0 || symbol->st_value > best->start)) {
            best->start = symbol->st_value;
            best->text = strings + symbol->st_name;
        }
    }
}

static void scan_symbols(const struct elfname *name, size_t n)
{
    Elf64_Shdr symbols, strings;
    uint64_t count, done = 0;

    if (!find_table(&symbols, &strings))
        return;
    count = symbols.sh_size / sizeof(Elf64_Sym);
    while (done < count) {
        size_t some = min_size(count - done, SYMBOLS_AT_ONCE);

        if (!read_at(search.buffer.symbol, some * sizeof(Elf64_Sym),
                     symbols.sh_offset + done * sizeof(Elf64_Sym)))
            return;
        for (size_t i = 0; i < some; i++)
            offer(&search.buffer.symbol[i], name, n, strings.sh_offset);
        done += some;
    }
}

static void read_name(struct elfname *name, const struct candidate *best)
{
    ssize_t got;

    if (best->text == 0)
        return;
    got = pread(search.fd, name->text, sizeof name->text - 1, (off_t)best->text);
    name->text[got > 0 ? got : 0] = '\0'; /* the file has a terminator of its own before that */
    name->offset = name->pc - (best->start + best->module->bias);
}

/* Names all addresses in MODULE. */
static void search_module(const struct module *module, struct elfname *name, size_t n)
{
    search.module = module;
    search.fd = open(module->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (search.fd < 0)
        return;
    if (is_loaded_build()) {
        scan_symbols(name, n);
        for (size_t i = 0; i < n; i++) {
            if (search.best[i].module == module)
                read_name(&name[i], &search.best[i]);
        }
    }
    close(search.fd);
}

/* Waits a little for another thread; never for ever, for it may be the one that was interrupted. */
static bool take_lock(void)
{
    for (unsigned i = 0; i < TRIES_FOR_LOCK; i++) {
        /* Pairs with the release in elfname_find. */
        if (!atomic_flag_test_and_set_explicit(&busy, memory_order_acquire))
            return true;
        sched_yield();
    }
    return false;
}

static size_t kept_index(uintptr_t pc)
{
    return (pc ^ pc >> 9) % KEPT;
}

/* Fills NAME with one that was found before. */
static bool recall(struct elfname *name, const struct module *module)
{
    size_t i = kept_index(name->pc);

    if (kept[i].module != module || kept[i].name.pc != name->pc)
        return false;
    *name = kept[i].name;
    return true;
}

static void keep(const struct elfname *name, const struct module *module)
{
    size_t i = kept_index(name->pc);

    kept[i].module = module;
    kept[i].name = *name;
}

/* Names the N addresses whose modules are in search.best; a name without one is done. */
static void find_by_module(struct elfname *name, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct module *module = search.best[i].module;
        bool done = module == NULL;

        for (size_t j = 0; j < i && !done; j++)
            done = search.best[j].module == module;
        if (!done)
            search_module(module, name, n);
    }
    for (size_t i = 0; i < n; i++) {
        if (search.best[i].module != NULL)
            keep(&name[i], search.best[i].module);
    }
}

void elfname_find(struct elfname *name, size_t n)
{
    int saved = errno;

    CHECK(n <= ELFNAME_BATCH);
    for (size_t i = 0; i < n; i++) {
        name[i].text[0] = '\0';
        name[i].offset = 0;
    }
    if (!take_lock())
        return;
    for (size_t i = 0; i < n; i++) {
        const struct module *module = module_find(name[i].pc - 1);
        bool known = module == NULL || recall(&name[i], module);

        search.best[i] = (struct candidate){.module = known ? NULL : module};
    }
    find_by_module(name, n);
    atomic_flag_clear_explicit(&busy, memory_order_release);
    errno = saved;
}
