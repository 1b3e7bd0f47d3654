/* SPDX-License-Identifier: MIT */
/* info.c - the answer to INFO: what the server, its tasks and its heap are doing, as "name:value"
 * lines under "# Part" headings. The names of memory figures are those of Go's MemStats. */
#include "config.h"

#include "demo/commands.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <gort.h>

#define INFO_BYTES 4096

/* Text that grows in a fixed buffer; what does not fit is cut off. */
struct info {
    char text[INFO_BYTES];
    size_t bytes;
};

static __attribute__((format(printf, 2, 3))) void add_line(struct info *info, const char *format,
                                                           ...)
{
    size_t room = sizeof info->text - info->bytes;
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(info->text + info->bytes, room, format, args);
    va_end(args);
    if (n >= 0 && (size_t)n + 2 < room) {
        info->bytes += (size_t)n;
        memcpy(info->text + info->bytes, "\r\n", 2);
        info->bytes += 2;
    }
}

static void add_server(struct kv *kv, struct info *info)
{
    add_line(info, "gort_kv_version:" PACKAGE_VERSION);
    add_line(info, "process_id:%d", (int)getpid());
    add_line(info, "tcp_port:%d", kv->port);
    add_line(info, "uptime_in_seconds:%" PRId64, (gort_now() - kv->start_ns) / GORT_S);
}

static void add_clients(struct kv *kv, struct info *info)
{
    add_line(info, "connected_clients:%" PRId64,
             atomic_load_explicit(&kv->clients, memory_order_relaxed));
    add_line(info, "maxclients:%" PRId64, kv->max_clients);
}

static void add_stats(struct kv *kv, struct info *info)
{
    add_line(info, "total_connections_received:%" PRIu64,
             atomic_load_explicit(&kv->accepted, memory_order_relaxed));
    add_line(info, "rejected_connections:%" PRIu64,
             atomic_load_explicit(&kv->refused, memory_order_relaxed));
    add_line(info, "total_commands_processed:%" PRIu64,
             atomic_load_explicit(&kv->commands, memory_order_relaxed));
}

static void add_runtime(struct kv *kv, struct info *info)
{
    (void)kv;
    add_line(info, "tasks:%" PRId64, gort_num_tasks());
    add_line(info, "procs:%d", gort_maxprocs());
}

static void add_memory(struct kv *kv, struct info *info)
{
    gort_memstats s;

    (void)kv;
    gort_read_memstats(&s);
    add_line(info, "used_memory:%" PRIu64, s.alloc);
    add_line(info, "Alloc:%" PRIu64, s.alloc);
    add_line(info, "TotalAlloc:%" PRIu64, s.total_alloc);
    add_line(info, "Sys:%" PRIu64, s.sys);
    add_line(info, "Mallocs:%" PRIu64, s.mallocs);
    add_line(info, "Frees:%" PRIu64, s.frees);
    add_line(info, "HeapAlloc:%" PRIu64, s.heap_alloc);
    add_line(info, "HeapSys:%" PRIu64, s.heap_sys);
    add_line(info, "HeapIdle:%" PRIu64, s.heap_idle);
    add_line(info, "HeapInuse:%" PRIu64, s.heap_inuse);
    add_line(info, "HeapReleased:%" PRIu64, s.heap_released);
    add_line(info, "HeapObjects:%" PRIu64, s.heap_objects);
    add_line(info, "StackInuse:%" PRIu64, s.stack_inuse);
    add_line(info, "StackSys:%" PRIu64, s.stack_sys);
    add_line(info, "GCSys:%" PRIu64, s.gc_sys);
    add_line(info, "OtherSys:%" PRIu64, s.other_sys);
    add_line(info, "NextGC:%" PRIu64, s.next_gc);
    add_line(info, "LastGC:%" PRIu64, s.last_gc);
    add_line(info, "PauseTotalNs:%" PRIu64, s.pause_total_ns);
    add_line(info, "NumGC:%" PRIu32, s.num_gc);
    add_line(info, "NumForcedGC:%" PRIu32, s.num_forced_gc);
    add_line(info, "GCCPUFraction:%.6f", s.gc_cpu_fraction);
}

static void add_keyspace(struct kv *kv, struct info *info)
{
    uint64_t keys = table_count(kv->table);

    if (keys > 0)
        add_line(info, "db0:keys=%" PRIu64 ",expires=0,avg_ttl=0", keys);
}

static const struct {
    const char *name;
    void (*add)(struct kv *kv, struct info *info);
} parts[] = {
    {"Server", add_server},   {"Clients", add_clients}, {"Stats", add_stats},
    {"Runtime", add_runtime}, {"Memory", add_memory},   {"Keyspace", add_keyspace},
};

static bool wants(const struct text *part, const char *name)
{
    return part == NULL || (part->bytes == 3 && strncasecmp(part->data, "all", 3) == 0) ||
           (part->bytes == strlen(name) && strncasecmp(part->data, name, part->bytes) == 0);
}

void info_answer(struct kv *kv, const struct text *part, struct outbuf *out)
{
    struct info info = {.bytes = 0};

    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (!wants(part, parts[i].name))
            continue;
        if (info.bytes > 0)
            add_line(&info, "%s", "");
        add_line(&info, "# %s", parts[i].name);
        parts[i].add(kv, &info);
    }
    outbuf_text(out, info.text, info.bytes);
}
