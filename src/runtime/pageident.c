/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/pageident.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bits.h"

#define STAT_FIELDS_BEFORE_START 19 /* after the name: from state, field 3, to field 21 */

/* ---- texts of /proc ---- */

uint64_t pageident_start_ticks(const char *stat)
{
    const char *at = strrchr(stat, ')');

    if (at == NULL)
        return 0;
    for (int i = 0; i <= STAT_FIELDS_BEFORE_START; i++) {
        at = strchr(at + 1, ' ');
        if (at == NULL)
            return 0;
    }
    return strtoull(at, NULL, 10);
}

int32_t pageident_outer_pid(const char *status)
{
    const char *at = strstr(status, "\nNSpid:");

    return at != NULL ? (int32_t)strtol(at + strlen("\nNSpid:"), NULL, 10) : 0;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

void pageident_boot_id(const char *text, uint8_t bytes[16])
{
    unsigned n = 0;

    memset(bytes, 0, 16);
    for (; *text != '\0' && n < 32; text++) {
        int value = hex_value(*text);

        if (value >= 0) {
            bytes[n / 2] = (uint8_t)(bytes[n / 2] << 4 | value);
            n++;
        }
    }
    if (n < 32)
        memset(bytes, 0, 16);
}

/* The start of the file PATH as text; "" if it can't be read. */
static const char *read_text(const char *path, char *text, size_t bytes)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, text, bytes - 1) : -1;

    if (fd >= 0)
        close(fd);
    text[n > 0 ? n : 0] = '\0';
    return text;
}

/* ---- the build-id of the main program ---- */

/* Looks through the notes in [AT, AT + BYTES). */
static bool find_build_id(const char *at, size_t bytes, struct page_header *header)
{
    while (bytes >= sizeof(ElfW(Nhdr))) {
        const ElfW(Nhdr) *note = (const ElfW(Nhdr) *)(const void *)at;
        size_t name_bytes = align_up(note->n_namesz, 4);
        size_t desc_bytes = align_up(note->n_descsz, 4);
        const char *name = at + sizeof *note;

        if (name_bytes > bytes || desc_bytes > bytes ||
            sizeof *note + name_bytes + desc_bytes > bytes)
            return false;
        if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == sizeof ELF_NOTE_GNU &&
            memcmp(name, ELF_NOTE_GNU, sizeof ELF_NOTE_GNU) == 0) {
            header->build_id_bytes = (uint32_t)min_size(note->n_descsz, sizeof header->build_id);
            memcpy(header->build_id, name + name_bytes, header->build_id_bytes);
            return true;
        }
        at = name + name_bytes + desc_bytes;
        bytes -= sizeof *note + name_bytes + desc_bytes;
    }
    return false;
}

/* Called for each module; the main program comes first and ends the walk. */
static int look_at_module(struct dl_phdr_info *info, size_t bytes, void *header)
{
    (void)bytes;
    for (unsigned i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];

        if (segment->p_type == PT_NOTE &&
            find_build_id((const char *)info->dlpi_addr + segment->p_vaddr, segment->p_memsz,
                          header))
            break;
    }
    return 1;
}

void pageident_fill(struct page_header *header)
{
    char text[4096];
    size_t name_bytes = min_size(strlen(program_invocation_short_name), sizeof header->name - 1);

    header->pid = getpid();
    header->nspid = pageident_outer_pid(read_text("/proc/self/status", text, sizeof text));
    if (header->nspid == 0)
        header->nspid = header->pid;
    header->uid = geteuid();
    header->start_ticks = pageident_start_ticks(read_text("/proc/self/stat", text, sizeof text));
    pageident_boot_id(read_text("/proc/sys/kernel/random/boot_id", text, sizeof text),
                      header->boot_id);
    dl_iterate_phdr(look_at_module, header);
    memset(header->name, 0, sizeof header->name);
    memcpy(header->name, program_invocation_short_name, name_bytes);
}
