/* SPDX-License-Identifier: MIT */
/* symbol.h - what the code of one target is called: address -> functions, files, lines.
 * libdw reads files that the target controls, so it lives in a child process with the target's
 * user, little memory and a deadline (debuginfo.h); here are its answers, kept by address. A
 * lookup never blocks: it returns what is known, or asks and returns NULL; symbols_step takes
 * the answers in. symbols_wait is for callers without an event loop. A file is believed only if
 * its build-id is the one in the target's memory.
 * Threads: one. */
#ifndef MON_SYMBOL_H
#define MON_SYMBOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct symbols;

struct symbol_frame {
    const char *function; /* "" if unknown */
    const char *file;     /* "" if unknown */
    uint32_t line;        /* 0 if unknown */
};

/* One address. The innermost of inlined functions comes first, the function itself last. */
struct symbol {
    const struct symbol_frame *frame;
    size_t nframes;     /* 0: nothing is known but the module */
    const char *module; /* path, or "" if no file is mapped there */
    uint64_t offset;    /* in the module, as addr2line(1) takes it */
};

/* What kind of address: the line of a call is found just before the address that it returns to. */
enum symbol_at {
    SYMBOL_AT_RETURN, /* a return address: spawn sites, allocation sites, frames of a stack */
    SYMBOL_AT_EXACT,  /* start of a function, or where a thread runs */
};

enum symbol_download {
    SYMBOL_LOCAL,    /* debug files of this machine only */
    SYMBOL_DOWNLOAD, /* debuginfod too, where DEBUGINFOD_URLS is set */
};

/* For the process PID; no child is started before the first question. */
struct symbols *symbols_new(pid_t pid, enum symbol_download download);
void symbols_free(struct symbols *symbols);

/* What is known of the code at PC: until symbols_free; or NULL, and it has been asked. An
 * address that cannot be resolved gives a symbol without frames in the end. */
const struct symbol *symbols_find(struct symbols *symbols, uint64_t pc, enum symbol_at at);

/* Takes in the answers that have come, and gives up those past their deadline. True if anything
 * new is known. */
bool symbols_step(struct symbols *symbols);

/* Call symbols_step when this is readable, -1: nothing is under way; */
int symbols_fd(const struct symbols *symbols);

/* and at this monotonic time at the latest, INT64_MAX: never. */
int64_t symbols_wake_ns(const struct symbols *symbols);

/* As symbols_find, but waits for the answer until DEADLINE_NS, monotonic; NULL when it has
 * passed. */
const struct symbol *symbols_wait(struct symbols *symbols, uint64_t pc, enum symbol_at at,
                                  int64_t deadline_ns);

/* Writes what a person calls the code at PC into TEXT: "worker server.c:214", "worker+0x1f",
 * "libfoo.so+0x1234", "0x7f12...". Asks if nothing is known yet, and the text gets better with
 * later calls. Returns true if it is final. */
bool symbols_text(struct symbols *symbols, uint64_t pc, enum symbol_at at, char *text,
                  size_t bytes);

/* The path without its folders. */
const char *symbol_base_name(const char *path);

/* ---- For symbolize.c ---- */

/* Adds the file PATH to SYMBOLS of no process (pid 0): returns the address that its address 0 now
 * has. Without a build-id (ID_BYTES 0) the path is believed. */
uint64_t symbols_add_file(struct symbols *symbols, const char *path, const uint8_t *id,
                          size_t id_bytes);

/* ---- For dumpjob.c and unwind.c ---- */

struct unwind_rule;

/* Looks again what the process has mapped: a library may have come or gone. */
void symbols_refresh(struct symbols *symbols);

/* The process is another program from now on: what it has mapped is not looked at again. */
void symbols_keep(struct symbols *symbols);

/* How to unwind from the instruction at PC: until symbols_free; or NULL, and it has been asked. */
const struct unwind_rule *symbols_rule(struct symbols *symbols, uint64_t pc);

/* Whether a file is mapped at PC. */
bool symbols_has_code(const struct symbols *symbols, uint64_t pc);

/* Why nothing can be resolved, fit for a person, or "" if nothing is wrong. */
const char *symbols_trouble(const struct symbols *symbols);

#endif
