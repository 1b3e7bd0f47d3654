/* SPDX-License-Identifier: MIT */
/* rune.h - characters of the screen: reading UTF-8 and knowing how many columns a character takes.
 * Text may come from a hostile target: every byte sequence is read as something that is safe to
 * print. Bytes that are not UTF-8 read as U+FFFD; control characters, and those that reorder or
 * hide their neighbours, as '?'. Widths come from a table of our own, so that a picture does not
 * depend on the locale; the terminal's code drops what the C library measures otherwise.
 * Threads: pure functions.
 * Source: The Unicode Standard, chapter 3 (well-formed UTF-8), Annex 11. */
#ifndef MON_RUNE_H
#define MON_RUNE_H

#include <stddef.h>
#include <stdint.h>

#define RUNE_BAD      0xfffdu /* what a malformed sequence reads as */
#define RUNE_UTF8_MAX 4

/* Reads the character at *TEXT, which must not be at its NUL, and moves *TEXT behind it. */
uint32_t rune_next(const char **text);

/* Columns that RUNE takes: 0 (it combines with the one before), 1 or 2. */
int rune_width(uint32_t rune);

/* Columns of a whole text. */
int rune_text_width(const char *text);

/* Writes RUNE as UTF-8, without a NUL; returns the number of bytes, 1 to RUNE_UTF8_MAX. */
size_t rune_encode(uint32_t rune, char out[RUNE_UTF8_MAX]);

/* An ASCII character that stands for RUNE where the terminal has no more; '?' if none is like
 * it. */
char rune_ascii(uint32_t rune);

#endif
