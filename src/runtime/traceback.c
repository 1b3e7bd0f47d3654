/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/traceback.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/bits.h"
#include "runtime/elfname.h"
#include "runtime/module.h"

#define NAMES_AT_ONCE 8 /* they lie on the stack, which may be a signal stack */

/* Where text goes: a buffer that is emptied into a file, or that is all there is (fd -1). */
struct sink {
    char *text;
    size_t bytes;
    size_t used;
    int fd;
};

static void flush(struct sink *sink)
{
    size_t done = 0;

    while (done < sink->used) {
        ssize_t n = write(sink->fd, sink->text + done, sink->used - done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break; /* nobody reads: nothing can be done about it here */
        done += (size_t)n;
    }
    sink->used = 0;
}

static void put_bytes(struct sink *sink, const char *s, size_t bytes)
{
    while (bytes > 0) {
        size_t some = min_size(bytes, sink->bytes - sink->used);

        memcpy(sink->text + sink->used, s, some);
        sink->used += some;
        s += some;
        bytes -= some;
        if (bytes > 0 && sink->fd < 0)
            return; /* full */
        if (bytes > 0)
            flush(sink);
    }
}

static void put(struct sink *sink, const char *s)
{
    put_bytes(sink, s, strlen(s));
}

static void put_hex(struct sink *sink, uintptr_t v)
{
    char digit[16];
    size_t n = sizeof digit;

    do {
        digit[--n] = "0123456789abcdef"[v & 15];
        v >>= 4;
    } while (v != 0);
    put(sink, "0x");
    put_bytes(sink, digit + n, sizeof digit - n);
}

/* One frame: "    worker+0x1f  /usr/bin/server+0x1c20f". */
static void put_frame(struct sink *sink, const struct elfname *name)
{
    const struct module *m = module_find(name->pc - 1);

    put(sink, "    ");
    put(sink, name->text[0] != '\0' ? name->text : "?");
    if (name->text[0] != '\0') {
        put(sink, "+");
        put_hex(sink, name->offset);
    }
    put(sink, "  ");
    put(sink, m == NULL ? "?" : m->path);
    put(sink, "+");
    put_hex(sink, m == NULL ? name->pc : name->pc - m->bias);
    put(sink, "\n");
}

static void put_frames(struct sink *sink, const uintptr_t *pcs, size_t n)
{
    struct elfname name[NAMES_AT_ONCE];

    while (n > 0) {
        size_t some = min_size(n, NAMES_AT_ONCE);

        for (size_t i = 0; i < some; i++)
            name[i].pc = pcs[i];
        elfname_find(name, some);
        for (size_t i = 0; i < some; i++)
            put_frame(sink, &name[i]);
        pcs += some;
        n -= some;
    }
}

void traceback_print(int fd, const uintptr_t *pcs, size_t n)
{
    char text[256];
    struct sink sink = {.text = text, .bytes = sizeof text, .fd = fd};

    put_frames(&sink, pcs, n);
    flush(&sink);
}

size_t traceback_format(char *text, size_t bytes, const uintptr_t *pcs, size_t n)
{
    struct sink sink = {.text = text, .bytes = bytes - 1, .fd = -1};

    put_frames(&sink, pcs, n);
    text[sink.used] = '\0';
    return sink.used;
}

void traceback_print_modules(int fd)
{
    char text[256];
    struct sink sink = {.text = text, .bytes = sizeof text, .fd = fd};

    put(&sink, "modules:\n");
    for (size_t i = 0; i < modules_count(); i++) {
        const struct module *m = module_at(i);

        if (m->build_id == NULL || atomic_load_explicit(&m->gone, memory_order_relaxed))
            continue;
        put(&sink, "    ");
        put(&sink, m->path);
        put(&sink, " build-id ");
        for (size_t b = 0; b < m->build_id_bytes; b++) {
            put_bytes(&sink, &"0123456789abcdef"[m->build_id[b] >> 4], 1);
            put_bytes(&sink, &"0123456789abcdef"[m->build_id[b] & 15], 1);
        }
        put(&sink, "\n");
    }
    flush(&sink);
}
