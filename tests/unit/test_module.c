/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <dlfcn.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "runtime/module.h"

/* A library that comes with every glibc and that nobody links but debuggers. */
#define LIBRARY "libthread_db.so.1"
#define FUNCTION "td_init"

static void *library;

static uintptr_t load(void)
{
    library = dlopen(LIBRARY, RTLD_LAZY);
    if (library == NULL)
        cr_skip_test("no " LIBRARY " here");
    return (uintptr_t)dlsym(library, FUNCTION);
}

TestSuite(module, .init = modules_refresh);

Test(module, finds_the_program_and_its_libraries)
{
    const struct module *program = module_find((uintptr_t)load);
    const struct module *libc = module_find((uintptr_t)getpid);
    char self[4096] = "";

    cr_assert_gt(readlink("/proc/self/exe", self, sizeof self - 1), 0, "no /proc");
    cr_assert_not_null(program, "the program is not found");
    cr_assert_str_eq(program->path, self, "%s", program->path);
    cr_assert_not_null(libc, "libc is not found");
    cr_assert_not_null(strstr(libc->path, "libc"), "%s", libc->path);
    cr_assert_not_null(program->eh_hdr, "no call frame information");
    cr_assert_gt(program->build_id_bytes, 0, "no build-id");
}

Test(module, finds_nothing_where_no_code_is)
{
    int local;

    cr_assert_null(module_find(0), "something at 0");
    cr_assert_null(module_find(UINTPTR_MAX), "something at the end");
    cr_assert_null(module_find((uintptr_t)&local), "something on the stack");
}

Test(module, sees_libraries_come_and_go)
{
    uintptr_t function = load();
    size_t before = modules_count();

    cr_assert_null(module_find(function), "seen before it was looked for");
    modules_refresh();
    cr_assert_not_null(module_find(function), "not seen");
    cr_assert_gt(modules_count(), before, "%zu modules", modules_count());
    dlclose(library);
    modules_refresh();
    cr_assert_null(module_find(function), "still seen");
}

Test(module, does_not_grow_when_nothing_changes)
{
    size_t before = modules_count();

    for (int i = 0; i < 10; i++)
        modules_refresh();
    cr_assert_eq(modules_count(), before, "%zu modules, then %zu", before, modules_count());
}
