/* SPDX-License-Identifier: MIT */
/* elfnote.h - the build-id among the notes of an ELF file.
 * Compilers give every program and library a number of its own; two files with one number are the
 * same build. Notes may come from the memory of another process: all of it is checked.
 * Threads: pure functions; async-signal-safe. Source: ELF specification, note section. */
#ifndef BASE_ELFNOTE_H
#define BASE_ELFNOTE_H

#include <stddef.h>
#include <stdint.h>

/* The GNU build-id among the NOTES, which are BYTES long: points into them, and *ID_BYTES is its
 * length. NULL: there is none, or the notes are damaged before it. */
const uint8_t *elfnote_build_id(const uint8_t *notes, size_t bytes, size_t *id_bytes);

#endif
