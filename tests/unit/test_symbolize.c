/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/elfnote.h"
#include "mon/dump_command.h"

static uintptr_t address;

static __attribute__((noinline)) void note_caller(void)
{
    address = (uintptr_t)__builtin_return_address(0);
}

static __attribute__((noinline)) void on_a_known_line(void)
{
    note_caller();
    __asm__ volatile("");
}
enum { KNOWN_LINE = __LINE__ - 3 };

/* This program: its path, where it lies, its build-id. */
static char self[1024];
static uintptr_t bias;
static char build_id[160];

static int look(struct dl_phdr_info *info, size_t bytes, void *arg)
{
    (void)bytes;
    (void)arg;
    bias = info->dlpi_addr;
    for (size_t i = 0; i < info->dlpi_phnum && build_id[0] == '\0'; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        size_t n = 0;
        const uint8_t *id = p->p_type != PT_NOTE
                                ? NULL
                                : elfnote_build_id((const uint8_t *)(bias + p->p_vaddr), p->p_memsz,
                                                   &n);

        for (size_t b = 0; id != NULL && b < n; b++)
            snprintf(build_id + 2 * b, sizeof build_id - 2 * b, "%02x", id[b]);
    }
    return 1; /* the program comes first */
}

static void setup(void)
{
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

    if (!HAVE_LIBDW)
        cr_skip_test("built without libdw");
    self[n > 0 ? n : 0] = '\0';
    dl_iterate_phdr(look, NULL);
    on_a_known_line();
}

/* What symbolising TEXT gives. */
static const char *symbolized(const char *text)
{
    static char out_text[8192];
    FILE *in = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
    FILE *out = fmemopen(out_text, sizeof out_text, "w");

    cr_assert_eq(symbolize_run(in, out, SYMBOL_LOCAL), EXIT_OK, "failed");
    fclose(in);
    fclose(out);
    return out_text;
}

static char text[8192], want[8192];

TestSuite(symbolize, .init = setup, .timeout = 60);

Test(symbolize, adds_file_and_line_to_frames)
{
    snprintf(text, sizeof text,
             "fatal error: oops\n    on_a_known_line+0x5  %s+0x%" PRIxPTR "\nmodules:\n"
             "    %s build-id %s\n",
             self, address - bias, self, build_id);
    snprintf(want, sizeof want, "test_symbolize.c:%d\n", KNOWN_LINE);

    cr_assert_not_null(strstr(symbolized(text), want), "%s", symbolized(text));
    cr_assert_not_null(strstr(symbolized(text), "fatal error: oops\n"), "%s", symbolized(text));
}

Test(symbolize, works_behind_what_a_log_puts_in_front)
{
    snprintf(text, sizeof text, "Nov 23 03:12:44 host prog[7]:     x+0x5  %s+0x%" PRIxPTR "\n",
             self, address - bias);
    snprintf(want, sizeof want, "test_symbolize.c:%d\n", KNOWN_LINE);

    cr_assert_not_null(strstr(symbolized(text), want), "%s", symbolized(text));
}

Test(symbolize, leaves_frames_of_another_build_alone)
{
    build_id[0] = build_id[0] == 'f' ? '0' : 'f';
    snprintf(text, sizeof text, "    x+0x5  %s+0x%" PRIxPTR "\nmodules:\n    %s build-id %s\n",
             self, address - bias, self, build_id);

    cr_assert_str_eq(symbolized(text), text, "%s", symbolized(text));
}

/* The digits end where the buffer does: the address sanitizer sees a look beyond it. */
Test(symbolize, does_not_read_beyond_a_build_id_that_is_cut)
{
    for (int bytes = 63; bytes < 4096; bytes = 2 * bytes + 1) {
        snprintf(text, sizeof text, "%*s", bytes, "/x build-id abc");
        cr_assert_eq(strncmp(symbolized(text), text, strlen(text)), 0, "%d bytes became \"%s\"",
                     bytes, symbolized(text));
    }
}

Test(symbolize, copies_everything_else_as_it_is)
{
    static const char *const texts[] = {
        "",
        "\n",
        "no newline at the end",
        "    ?  ?+0x10\n",
        "    x+0x5  /no/such/file+0x10\n",
        "    x+0x5  /bin/sh+0xzz\n",
        "  /+0x\n",
        "    x  /etc/passwd+0x1\n",
        "a +0x5\n",
    };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (texts[i][0] == '\0')
            continue;
        cr_assert_eq(strncmp(symbolized(texts[i]), texts[i], strcspn(texts[i], "\n")), 0,
                     "\"%s\" became \"%s\"", texts[i], symbolized(texts[i]));
    }
}
