/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/modmap.h"

#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "base/bits.h"
#include "base/elfnote.h"
#include "mon/procmem.h"
#include "mon/text.h"

#define LINE_BYTES 4400 /* a path of 4,096 bytes and what is in front of it */
#define LINES_MAX 200000
#define HEADER_BYTES 4096
#define NOTES_BYTES 4096
#define IMAGE_BYTES_MAX ((size_t)64 << 10)

/* One line of /proc/PID/maps. */
struct line {
    uint64_t lo, hi, offset, ino;
    unsigned major, minor;
    bool executable;
    const char *path;
};

static bool parse_line(char *text, struct line *line)
{
    char rights[8];
    int path_at = 0;

    if (sscanf(text, "%" SCNx64 "-%" SCNx64 " %7s %" SCNx64 " %x:%x %" SCNu64 " %n", &line->lo,
               &line->hi, rights, &line->offset, &line->major, &line->minor, &line->ino,
               &path_at) < 7 || path_at == 0)
        return false;
    text[strcspn(text, "\n")] = '\0';
    line->executable = strchr(rights, 'x') != NULL;
    line->path = text + path_at;
    return line->hi > line->lo;
}

/* The path without the kernel's remark that its file was deleted. */
static const char *keep_path(struct modmap *map, const char *path)
{
    static const char remark[] = " (deleted)";
    char copy[LINE_BYTES];
    size_t n = strlen(path), tail = sizeof remark - 1;

    if (n < tail || n >= sizeof copy || strcmp(path + n - tail, remark) != 0)
        return pool_text(&map->pool, path);
    memcpy(copy, path, n - tail);
    copy[n - tail] = '\0';
    return pool_text(&map->pool, copy);
}

static struct modmap_module *append(struct modmap *map, const char *path, uint64_t lo, uint64_t hi)
{
    struct modmap_module *m;
    char shown[512];

    map->module = array_grow(map->module, map->n, &map->room, sizeof *map->module);
    m = &map->module[map->n++];
    memset(m, 0, sizeof *m);
    text_clean(shown, sizeof shown, path, strlen(path));
    m->path = pool_text(&map->pool, path);
    m->shown = pool_text(&map->pool, shown);
    m->lo = lo;
    m->hi = hi;
    m->bias = lo;
    return m;
}

/* Reads the whole vdso. */
static void take_image(struct modmap *map, struct modmap_module *m)
{
    size_t bytes = min_size(m->hi - m->lo, IMAGE_BYTES_MAX);
    uint8_t *image = pool_alloc(&map->pool, bytes);

    if (procmem_read(map->pid, m->lo, image, bytes) == (ssize_t)bytes) {
        m->image = image;
        m->image_bytes = bytes;
    }
}

static void take_notes(const struct modmap *map, struct modmap_module *m, const Elf64_Phdr *segment)
{
    uint8_t notes[NOTES_BYTES];
    size_t bytes = min_size(segment->p_memsz, sizeof notes), id_bytes;
    ssize_t got = procmem_read(map->pid, m->bias + segment->p_vaddr, notes, bytes);
    const uint8_t *id = got > 0 ? elfnote_build_id(notes, (size_t)got, &id_bytes) : NULL;

    if (id != NULL && id_bytes <= sizeof m->build_id) {
        memcpy(m->build_id, id, id_bytes);
        m->build_id_bytes = id_bytes;
    }
}

/* Learns bias and build-id from the ELF header in memory. That it is none, or cannot be read, is no
 * reason to leave the module out. */
static void take_header(const struct modmap *map, struct modmap_module *m)
{
    uint8_t header[HEADER_BYTES];
    ssize_t got = procmem_read(map->pid, m->lo, header, sizeof header);
    Elf64_Phdr segment[HEADER_BYTES / sizeof(Elf64_Phdr)];
    Elf64_Ehdr elf;

    if (got < (ssize_t)sizeof elf)
        return;
    memcpy(&elf, header, sizeof elf);
    if (memcmp(elf.e_ident, ELFMAG, SELFMAG) != 0 || elf.e_ident[EI_CLASS] != ELFCLASS64 ||
        elf.e_phentsize != sizeof segment[0] || elf.e_phoff > (size_t)got ||
        elf.e_phnum > ((size_t)got - elf.e_phoff) / sizeof segment[0])
        return;
    memcpy(segment, header + elf.e_phoff, elf.e_phnum * sizeof segment[0]);
    for (size_t i = 0; i < elf.e_phnum; i++) {
        if (segment[i].p_type == PT_LOAD && segment[i].p_offset == 0)
            m->bias = m->lo - segment[i].p_vaddr;
    }
    for (size_t i = 0; i < elf.e_phnum && m->build_id_bytes == 0; i++) {
        if (segment[i].p_type == PT_NOTE)
            take_notes(map, m, &segment[i]);
    }
}

/* Joins LINE to the module that it goes on with, or opens one. Returns the module of the line, or
 * NULL if it belongs to none. */
static struct modmap_module *place_line(struct modmap *map, const struct line *line)
{
    struct modmap_module *last = map->n > 0 ? &map->module[map->n - 1] : NULL;
    bool is_vdso = strcmp(line->path, "[vdso]") == 0;

    if (!is_vdso && (line->path[0] != '/' || line->ino == 0))
        return NULL;
    if (last != NULL && line->offset != 0 && last->ino == line->ino &&
        last->dev == makedev(line->major, line->minor)) {
        last->hi = line->hi;
        return last;
    }
    if (line->offset != 0 || map->n == MODMAP_MAX)
        return NULL;
    last = append(map, keep_path(map, line->path), line->lo, line->hi);
    last->ino = line->ino;
    last->dev = makedev(line->major, line->minor);
    if (is_vdso)
        take_image(map, last);
    return last;
}

static void read_lines(struct modmap *map, FILE *file)
{
    char text[LINE_BYTES];
    struct line line;

    for (size_t i = 0; i < LINES_MAX && fgets(text, sizeof text, file) != NULL; i++) {
        struct modmap_module *m = parse_line(text, &line) ? place_line(map, &line) : NULL;

        if (m != NULL)
            m->has_code = m->has_code || line.executable;
    }
}

/* Files of data may be mapped whole as well. */
static void drop_data(struct modmap *map)
{
    size_t kept = 0;

    for (size_t i = 0; i < map->n; i++) {
        if (map->module[i].has_code)
            map->module[kept++] = map->module[i];
    }
    map->n = kept;
}

void modmap_init(struct modmap *map, pid_t pid)
{
    memset(map, 0, sizeof *map);
    map->pid = pid;
    pool_init(&map->pool);
}

void modmap_fini(struct modmap *map)
{
    free(map->module);
    pool_fini(&map->pool);
    modmap_init(map, map->pid);
}

int modmap_read(struct modmap *map)
{
    char path[32];
    FILE *file;

    modmap_fini(map);
    snprintf(path, sizeof path, "/proc/%d/maps", (int)map->pid);
    file = fopen(path, "re");
    if (file == NULL)
        return errno == ENOENT ? -ESRCH : -errno;
    read_lines(map, file);
    fclose(file);
    drop_data(map);
    for (size_t i = 0; i < map->n; i++)
        take_header(map, &map->module[i]);
    return 0;
}

void modmap_add(struct modmap *map, const char *path, uint64_t lo, uint64_t hi, const uint8_t *id,
                size_t id_bytes)
{
    struct modmap_module *m = append(map, path, lo, hi);

    m->is_trusted = id_bytes == 0;
    m->build_id_bytes = min_size(id_bytes, sizeof m->build_id);
    if (!m->is_trusted)
        memcpy(m->build_id, id, m->build_id_bytes);
}

const struct modmap_module *modmap_find(const struct modmap *map, uint64_t address)
{
    size_t lo = 0, hi = map->n;

    while (lo < hi) { /* modules below lo end at or before the address */
        size_t mid = lo + (hi - lo) / 2;

        if (map->module[mid].hi <= address)
            lo = mid + 1;
        else
            hi = mid;
    }
    if (lo == map->n || map->module[lo].lo > address)
        return NULL;
    return &map->module[lo];
}

bool modmap_equal(const struct modmap *a, const struct modmap *b)
{
    if (a->n != b->n)
        return false;
    for (size_t i = 0; i < a->n; i++) {
        const struct modmap_module *m = &a->module[i], *n = &b->module[i];

        if (m->lo != n->lo || m->hi != n->hi || m->ino != n->ino || m->dev != n->dev ||
            m->build_id_bytes != n->build_id_bytes ||
            memcmp(m->build_id, n->build_id, m->build_id_bytes) != 0)
            return false;
    }
    return true;
}
