/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/elfname.h"
#include "runtime/module.h"
#include "runtime/traceback.h"
#include "runtime/unwind.h"

/* Local: its name is in .symtab only. */
static __attribute__((noinline)) uintptr_t where_am_i(void)
{
    return (uintptr_t)__builtin_return_address(0);
}

static uintptr_t here;

static __attribute__((noinline)) void named_function(void)
{
    here = where_am_i();
}

/* All of FD, written by FILL to a temporary file. */
static char *written(void (*fill)(int fd))
{
    static char text[64 << 10];
    FILE *file = tmpfile();
    ssize_t n;

    cr_assert_not_null(file, "tmpfile: %s", strerror(errno));
    fill(fileno(file));
    n = pread(fileno(file), text, sizeof text - 1, 0);
    cr_assert_geq(n, 0, "pread: %s", strerror(errno));
    text[n] = '\0';
    fclose(file);
    return text;
}

TestSuite(traceback, .init = unwind_init, .timeout = 60);

Test(traceback, names_function_and_module_with_offsets)
{
    char text[1024], want[1024];
    const struct module *m;
    size_t n;

    named_function();
    m = module_find(here);
    n = traceback_format(text, sizeof text, &here, 1);
    snprintf(want, sizeof want, "    named_function+0x%" PRIxPTR "  %s+0x%" PRIxPTR "\n",
             here - (uintptr_t)named_function, m->path, here - m->bias);

    cr_assert_str_eq(text, want, "%s", text);
    cr_assert_eq(n, strlen(text), "length %zu", n);
}

Test(traceback, names_functions_of_libraries)
{
    char text[1024];
    uintptr_t pc = (uintptr_t)getenv + 1;

    traceback_format(text, sizeof text, &pc, 1);

    cr_assert_not_null(strstr(text, "libc.so.6+0x"), "%s", text);
    cr_assert_not_null(strstr(text, "getenv+0x1 "), "%s", text);
}

Test(traceback, says_so_when_nothing_is_known)
{
    char text[256];
    uintptr_t pc = 0x10;

    traceback_format(text, sizeof text, &pc, 1);

    cr_assert_str_eq(text, "    ?  ?+0x10\n", "%s", text);
}

Test(traceback, cuts_what_does_not_fit)
{
    char text[16];
    uintptr_t pcs[] = {0x10, 0x20};
    size_t n = traceback_format(text, sizeof text, pcs, 2);

    cr_assert_eq(n, 15, "length %zu", n);
    cr_assert_str_eq(text, "    ?  ?+0x10\n ", "%s", text);
}

static void print_many(int fd)
{
    uintptr_t pcs[200];

    for (size_t i = 0; i < 200; i++)
        pcs[i] = here;
    traceback_print(fd, pcs, 200);
}

Test(traceback, prints_one_line_a_frame)
{
    size_t lines = 0;

    named_function();
    for (const char *p = written(print_many); (p = strchr(p, '\n')) != NULL; p++)
        lines++;

    cr_assert_eq(lines, 200, "%zu lines", lines);
}

Test(traceback, lists_modules_with_their_build)
{
    const struct module *m = module_find((uintptr_t)named_function);
    char *text = written(traceback_print_modules);
    char want[8];

    snprintf(want, sizeof want, "%02x%02x%02x", m->build_id[0], m->build_id[1], m->build_id[2]);
    text = strstr(text, m->path);
    cr_assert_not_null(text, "%s is not listed", m->path);
    text += strlen(m->path);
    cr_assert_eq(strncmp(text, " build-id ", 10), 0, "%s", text);
    cr_assert_eq(strncmp(text + 10, want, 6), 0, "%s and not %s", text, want);
}

Test(traceback, keeps_errno)
{
    struct elfname name;

    named_function();
    name.pc = here;
    errno = 77;
    elfname_find(&name, 1);

    cr_assert_eq(errno, 77, "errno %d", errno);
    cr_assert_str_eq(name.text, "named_function", "%s", name.text);
}

Test(traceback, finds_many_names_and_remembers_them)
{
    struct elfname name[ELFNAME_BATCH];

    named_function();
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < ELFNAME_BATCH; i++)
            name[i].pc = i % 2 ? here : (uintptr_t)malloc + 1 + i % 3;
        elfname_find(name, ELFNAME_BATCH);
        for (size_t i = 0; i < ELFNAME_BATCH; i++)
            cr_assert(strstr(name[i].text, i % 2 ? "named_function" : "malloc") != NULL,
                      "name %zu in round %d: %s", i, round, name[i].text);
    }
}
