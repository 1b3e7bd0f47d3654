/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/elfnote.h"

#include <elf.h>
#include <string.h>

#include "base/bits.h"

const uint8_t *elfnote_build_id(const uint8_t *notes, size_t bytes, size_t *id_bytes)
{
    size_t at = 0;

    while (bytes - at >= sizeof(Elf64_Nhdr)) {
        Elf64_Nhdr note;
        size_t name = at + sizeof note, id, end;

        memcpy(&note, notes + at, sizeof note);
        id = name + align_up(note.n_namesz, 4);
        end = id + align_up(note.n_descsz, 4);
        if (end > bytes)
            return NULL;
        if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
            memcmp(notes + name, "GNU", 4) == 0) {
            *id_bytes = note.n_descsz;
            return notes + id;
        }
        at = end;
    }
    return NULL;
}
