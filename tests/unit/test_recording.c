/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/recorded.h"

TestSuite(recording, .init = recorded_setup, .fini = recorded_teardown, .timeout = 120);

Test(recording, a_moment_is_read_as_it_was_written)
{
    static struct snapshot then;

    recorded_open((struct recorder_options){.path = rec.path});
    recorded_run(0, 50);
    then = *monitor_model(rec.monitor)->snapshot;
    recorded_run(50, 50);
    recorded_close();
    const struct model *m = recorded_replay("+49", NULL);

    cr_assert_eq(m->mono_ns, then.mono_ns, "at %" PRId64, m->mono_ns);
    cr_assert_eq(m->real_ns, then.real_ns, "at %" PRId64, m->real_ns);
    cr_assert(m->view.past && m->view.replay, "it is not told that this is not now");
    for (unsigned i = 0; i < m->metrics->n; i++) {
        cr_assert(m->snapshot->has_value[i] == then.has_value[i] &&
                      m->snapshot->value[i] == then.value[i],
                  "%s: %" PRIu64, m->metrics->info[i].name, m->snapshot->value[i]);
        cr_assert(m->snapshot->has_rate[i] == then.has_rate[i] &&
                      m->snapshot->rate[i] == then.rate[i],
                  "%s: %g/s", m->metrics->info[i].name, m->snapshot->rate[i]);
    }
    cr_assert_eq(m->snapshot->nprocs, 2, "%u procs", m->snapshot->nprocs);
}

Test(recording, a_replay_steps_plays_and_ends)
{
    recorded_open((struct recorder_options){.path = rec.path});
    recorded_run(0, 30);
    recorded_close();
    recorded_replay(NULL, "+20");

    cr_assert_eq(recorded_value(MON_HEAP_ALLOC), 50000, "%" PRIu64, recorded_value(MON_HEAP_ALLOC));
    cr_assert(monitor_move(rec.monitor, MOVE_SAMPLE, 1, 60 * S), "no step");
    cr_assert_eq(recorded_value(MON_HEAP_ALLOC), 50001, "%" PRIu64, recorded_value(MON_HEAP_ALLOC));
    monitor_play(rec.monitor, true);
    monitor_tick(rec.monitor, 4 * S, 4 * S);
    cr_assert_eq(recorded_value(MON_HEAP_ALLOC), 50004, "%" PRIu64, recorded_value(MON_HEAP_ALLOC));
    monitor_tick(rec.monitor, 400 * S, 400 * S);
    cr_assert_eq(recorded_value(MON_HEAP_ALLOC), 50020, "beyond -E: %" PRIu64,
                 recorded_value(MON_HEAP_ALLOC));
    cr_assert_not(monitor_move(rec.monitor, MOVE_SAMPLE, 1, 60 * S) &&
                      recorded_value(MON_HEAP_ALLOC) != 50020,
                  "beyond -E");
    cr_assert(monitor_move(rec.monitor, MOVE_TO_CLOCK, REAL_NS + 7 * S, 60 * S), "no jump");
    cr_assert_eq(recorded_value(MON_HEAP_ALLOC), 50007, "%" PRIu64, recorded_value(MON_HEAP_ALLOC));
}

Test(recording, plots_of_a_replay_have_the_seconds_around_the_cursor)
{
    struct history_bucket b;

    recorded_open((struct recorder_options){.path = rec.path});
    recorded_run(0, 4000);
    recorded_close();
    const struct model *m = recorded_replay(NULL, NULL);
    cr_assert(monitor_move(rec.monitor, MOVE_TO, MONO_NS + 500 * S, 300 * S), "no move");
    m = monitor_model(rec.monitor);

    cr_assert(history_range(m->history, MON_HEAP_ALLOC, MONO_NS + 400 * S, MONO_NS + 401 * S, &b),
              "nothing");
    cr_assert(b.n == 1 && b.last == 50400, "n %u last %g", b.n, b.last);
    cr_assert(history_range(m->history, MON_HEAP_ALLOC, MONO_NS + 3100 * S, MONO_NS + 3160 * S, &b),
              "no minutes");
    cr_assert(b.last > 53000, "last %g", b.last);
}

Test(recording, a_recording_is_read_while_it_is_written)
{
    struct monitor *writer;

    recorded_open((struct recorder_options){.path = rec.path});
    recorded_run(0, 10);
    writer = rec.monitor;
    recorded_replay(NULL, NULL);
    struct monitor *reader = rec.monitor;
    monitor_move(reader, MOVE_LIVE, 0, 60 * S);
    cr_assert_eq(recorded_value(MON_HEAP_ALLOC), 50009, "%" PRIu64, recorded_value(MON_HEAP_ALLOC));
    rec.monitor = writer;
    recorded_run(10, 10);
    rec.monitor = reader;
    monitor_tick(reader, 2 * S, 2 * S);
    monitor_move(reader, MOVE_LIVE, 0, 60 * S);
    cr_assert_eq(recorded_value(MON_HEAP_ALLOC), 50019, "%" PRIu64, recorded_value(MON_HEAP_ALLOC));
    monitor_free(writer);
}

Test(recording, columns_of_a_later_gomon_are_shown_and_missing_ones_are_blank)
{
    uint64_t value;

    recorded_open((struct recorder_options){.path = rec.path});
    recorded_run(0, 3);
    recorded_close();
    recorded_change(
        "ALTER TABLE samples ADD COLUMN warp_factor; UPDATE samples SET warp_factor = 9;"
        "ALTER TABLE samples ADD COLUMN undescribed;"
        "INSERT INTO metrics VALUES ('warp.factor','warp_factor',1,0,0,1,'speed');"
        "ALTER TABLE samples DROP COLUMN heap_alloc; CREATE TABLE new_things (x);"
        "DROP TABLE alloc_sites; DROP TABLE alerts");
    const struct model *m = recorded_replay(NULL, NULL);
    int metric = metric_find(m->metrics, "warp.factor");

    cr_assert(metric >= MON_KNOWN && m->metrics->info[metric].present, "number %d", metric);
    cr_assert_eq(recorded_value((unsigned)metric), 9, "value");
    cr_assert_not(snapshot_value(m->snapshot, MON_HEAP_ALLOC, &value), "heap.alloc is made up");
    cr_assert_not(m->metrics->info[MON_HEAP_ALLOC].present, "heap.alloc is there");
    cr_assert_eq(recorded_value(MON_MEM_SYS), 1000000, "mem.sys");
}

/* Makes a recording of the SQL in tests/recordings/NAME. */
static void restore(const char *name)
{
    const char *top = getenv("top_srcdir");
    static char sql[1 << 20];
    char from[256];
    FILE *f;
    size_t n;

    snprintf(from, sizeof from, "%s/tests/recordings/%s", top != NULL ? top : "..", name);
    f = fopen(from, "r");
    cr_assert_not_null(f, "%s", from);
    n = fread(sql, 1, sizeof sql - 1, f);
    cr_assert(n > 0 && n < sizeof sql - 1, "%s: %zu bytes", from, n);
    sql[n] = '\0';
    fclose(f);
    recorded_change(sql);
}

Test(recording, a_recording_of_format_1_is_read_for_ever)
{
    restore("format-1.sql");
    const struct model *m = recorded_replay(NULL, NULL);

    cr_assert_eq(m->target.pid, 25798, "pid %d", (int)m->target.pid);
    cr_assert_str_eq(m->target.name, "gort-demo", "%s", m->target.name);
    cr_assert_eq(m->mono_ns, 40464647207082, "at %" PRId64, m->mono_ns);
    cr_assert_eq(recorded_value(MON_HEAP_ALLOC), 35573856, "heap.alloc");
    cr_assert_eq(recorded_value(MON_PROCESS_RSS), 45826048, "process.rss");
    monitor_move(rec.monitor, MOVE_LIVE, 0, 60 * S);
    m = monitor_model(rec.monitor);
    cr_assert_eq(recorded_value(MON_GC_COUNT), 2726, "gc.count");
    cr_assert(m->snapshot->has_rate[MON_GC_COUNT] && m->snapshot->rate[MON_GC_COUNT] > 1, "rate %g",
              m->snapshot->rate[MON_GC_COUNT]);
    cr_assert(m->snapshot->ncycles == 9 && m->snapshot->pauses.max_ns == 2185198, "%u cycles",
              m->snapshot->ncycles);
    cr_assert(m->snapshot->nprocs == 2 && m->snapshot->nsites > 0 && m->snapshot->nclasses > 0,
              "%u procs, %u sites, %u classes", m->snapshot->nprocs, m->snapshot->nsites,
              m->snapshot->nclasses);
    cr_assert(m->tasks->n > 0 && m->tasks->group[0].count == 1038 &&
                  m->tasks->group[0].state == TASK_WAITING,
              "%u groups", m->tasks->n);
    cr_assert_str_eq(model_code_line(m, m->tasks->group[0].spawn_pc), "ask_peer leak.c:38");
    cr_assert_eq(m->status.state, TARGET_LIVE, "state %d", (int)m->status.state);
}

Test(recording, cycles_have_all_that_the_page_tells)
{
    const struct page_gc_cycle told = {.start_mono_ns = MONO_NS,
                                       .mode = PAGE_GC_CONCURRENT,
                                       .first_stop_ns = {100, 101, 103, 106},
                                       .last_stop_ns = {200, 205, 211, 218},
                                       .clean_ns = 8,
                                       .beside_ns = 94,
                                       .marker_ns = 9,
                                       .assist_ns = 10,
                                       .rounds = 11,
                                       .written_pages = 12,
                                       .last_pages = 13,
                                       .heap_end = 14,
                                       .last_stopped_task = 42,
                                       .last_stopped_name = "keeper",
                                       .last_stopped_how = PAGE_STOPPED_IN_RUNTIME,
                                       .last_stopped_frames = PAGE_GC_FRAMES,
                                       .last_stopped_pc = {UINT64_MAX, 0x401020},
                                       .first_off_cpu_ns = UINT64_MAX,
                                       .last_off_cpu_ns = 4};

    fakepage_cycle(&rec.page, &told);
    recorded_open((struct recorder_options){.path = rec.path});
    recorded_run(0, 3);
    struct gc_cycle live = *snapshot_last_cycle(monitor_model(rec.monitor)->snapshot);
    recorded_close();
    const struct gc_cycle *again = snapshot_last_cycle(recorded_replay("+2", NULL)->snapshot);

    cr_assert_not_null(again, "no collection");
    cr_assert(live.first.restart_ns == 3 && live.last.work_ns == 6 && live.heap_end == 14 &&
                  live.last_stopped.pc[1] == 0x401020 && live.last_stopped.task == 42,
              "the page is not read");
    cr_assert(live.first.off_cpu_ns == 6 && live.last.off_cpu_ns == 4,
              "no thread is off CPU for longer than the stop lasted");
    cr_assert_arr_eq(&again->first, &live.first, sizeof live.first, "the first stop");
    cr_assert_arr_eq(&again->last, &live.last, sizeof live.last, "the last stop");
    cr_assert(again->clean_ns == 8 && again->beside_ns == 94 && again->marker_ns == 9 &&
                  again->assist_ns == 10 && again->rounds == 11 && again->written_pages == 12 &&
                  again->last_pages == 13 && again->heap_end == 14,
              "what was done beside the program");
    cr_assert_str_eq(again->last_stopped.name, "keeper", "%s", again->last_stopped.name);
    cr_assert(again->last_stopped.task == 42 && again->last_stopped.how == STOPPED_IN_RUNTIME,
              "task %" PRIu64, again->last_stopped.task);
    cr_assert_eq(again->last_stopped.nframes, PAGE_GC_FRAMES, "%u", again->last_stopped.nframes);
    cr_assert_arr_eq(again->last_stopped.pc, live.last_stopped.pc, sizeof live.last_stopped.pc,
                     "the stack");
}

/* 60 sites, of which the last has most growth and least bytes. */
Test(recording, sites_that_have_grown_are_kept_beside_the_largest)
{
    struct page_alloc_site site[60] = {0};

    for (uint64_t i = 0; i < 60; i++)
        site[i] = (struct page_alloc_site){.pc = 0x1000 + i,
                                           .live_bytes = 1000 - i,
                                           .before_bytes = i == 59 ? 1 : 1000 - i,
                                           .before_mono_ns = MONO_NS - 7};
    fakepage_alloc_sites(&rec.page, MONO_NS, site, 60);
    recorded_open((struct recorder_options){.path = rec.path});
    recorded_run(0, 3);
    recorded_close();
    const struct snapshot *s = recorded_replay("+2", NULL)->snapshot;

    cr_assert_eq(s->nsites, 33, "%u sites", s->nsites);
    cr_assert(s->site[0].pc == 0x1000 && s->site[0].before_bytes == 1000, "the largest");
    cr_assert(s->site[32].pc == 0x1000 + 59 && s->site[32].live_bytes == 941 &&
                  s->site[32].before_bytes == 1 && s->site[32].before_mono_ns == MONO_NS - 7,
              "the one that grew");
}

/* Goes on with a file whose tables an earlier gomon made. */
Test(recording, columns_that_came_later_are_added)
{
    recorded_open((struct recorder_options){.path = rec.path});
    recorded_run(0, 1);
    recorded_close();
    recorded_change("ALTER TABLE cycles DROP COLUMN rounds;"
                    "ALTER TABLE cycles DROP COLUMN last_stopped_stack");
    fakepage_cycle(&rec.page, &(struct page_gc_cycle){.start_mono_ns = MONO_NS, .rounds = 3});
    recorded_open((struct recorder_options){.path = rec.path});
    recorded_run(10, 3);

    ASSERT_QUERY("SELECT rounds FROM cycles", 3);
    ASSERT_QUERY("SELECT count(*) FROM cycles WHERE last_stopped_stack = ''", 1);
}

Test(recording, alerts_are_those_of_the_moment)
{
    restore("format-1.sql");
    recorded_change(
        "INSERT INTO alerts (mono_ns,lint,key,severity,raised_real_ns,cleared_ns,pc,text)"
        " SELECT min(mono_ns)+1,'task-growth',5,2,real_ns,max(mono_ns),7,'up'||char(27)"
        " FROM samples;"
        "INSERT INTO alerts (mono_ns,lint,key) SELECT min(mono_ns),'of-later',0"
        " FROM samples");
    const struct model *m = recorded_replay(NULL, NULL);

    cr_assert_eq(m->alerts->n, 0, "%u before it was raised", m->alerts->n);
    cr_assert(monitor_move(rec.monitor, MOVE_SAMPLE, 1, 60 * S), "no step");
    m = monitor_model(rec.monitor);
    cr_assert(m->alerts->n == 1 && m->alerts->nstanding == 1, "%u, %u standing", m->alerts->n,
              m->alerts->nstanding);
    cr_assert(m->alerts->alert[0].lint == LINT_TASK_GROWTH && m->alerts->alert[0].key == 5, "lint");
    cr_assert_str_eq(m->alerts->alert[0].text, "up?", "%s", m->alerts->alert[0].text);
    monitor_move(rec.monitor, MOVE_LIVE, 0, 60 * S);
    m = monitor_model(rec.monitor);
    cr_assert(m->alerts->n == 1 && m->alerts->nstanding == 0, "%u standing", m->alerts->nstanding);
}

Test(recording, who_waits_in_a_circle_is_kept)
{
    const struct page_task_group group = {.spawn_pc = 7,
                                          .start_fn = 8,
                                          .state = PAGE_TASK_WAITING,
                                          .reason = PAGE_WAIT_MUTEX,
                                          .count = 2,
                                          .oldest_since_ns = MONO_NS - 60 * S,
                                          .held = 2,
                                          .holder = 55,
                                          .circle = 3};

    recorded_open((struct recorder_options){.path = rec.path});
    fakepage_task(&rec.page, 0,
                  &(struct page_task){.word = PAGE_TASK_WORD(group.state, group.reason, 2),
                                      .id = 1,
                                      .since_ns = group.oldest_since_ns,
                                      .spawn_pc = group.spawn_pc,
                                      .start_fn = group.start_fn});
    fakepage_task_groups(&rec.page, MONO_NS, &group, 1);
    recorded_run(0, 20);
    recorded_close();
    const struct model *m = recorded_replay("+15", NULL);
    const struct task_holder *h = task_group_holder(m->tasks, &m->tasks->group[0]);

    cr_assert(m->tasks->n == 1 && h != NULL && h->id == 55, "%u groups", m->tasks->n);
    cr_assert_eq(h->circle, 3, "a circle of %u", h->circle);
}

Test(recording, a_format_of_the_future_is_named)
{
    recorded_open((struct recorder_options){.path = rec.path});
    recorded_run(0, 2);
    recorded_close();
    recorded_change("PRAGMA user_version = 2");
    cr_assert_null(monitor_new_replay(rec.path, NULL, NULL, &rec.failure), "it is read");
    cr_assert_not_null(strstr(rec.failure.text, "its format is 2"), "%s", rec.failure.text);
    cr_assert_eq(rec.failure.status, EXIT_BAD_PAGE, "%d", rec.failure.status);
}

Test(recording, bounds_that_make_no_sense_are_refused)
{
    recorded_open((struct recorder_options){.path = rec.path});
    recorded_run(0, 20);
    recorded_close();
    cr_assert_null(monitor_new_replay(rec.path, "soon", NULL, &rec.failure), "soon");
    cr_assert_eq(rec.failure.status, EXIT_USAGE, "%d", rec.failure.status);
    cr_assert_null(monitor_new_replay(rec.path, "+15", "+10", &rec.failure), "+15 to +10");
    cr_assert_null(monitor_new_replay(rec.path, "+1h", NULL, &rec.failure), "+1h");
    cr_assert_null(monitor_new_replay("/nowhere/x", NULL, NULL, &rec.failure), "no file");
    cr_assert_not_null(strstr(rec.failure.text, "/nowhere/x"), "%s", rec.failure.text);
}

/* Reads all that there is, wherever the cursor is put. */
static void read_all(void)
{
    rec.monitor = monitor_new_replay(rec.path, NULL, NULL, &rec.failure);
    if (rec.monitor == NULL) {
        cr_assert(rec.failure.text[0] != '\0', "it does not say why");
        return;
    }
    monitor_tick(rec.monitor, S, S);
    for (int i = 0; i < 5; i++)
        monitor_move(rec.monitor, MOVE_TO, MONO_NS + i * 30 * S, 300 * S);
    while (monitor_move(rec.monitor, MOVE_BY, -10 * S, 60 * S))
        continue;
    recorded_close();
}

Test(recording, damage_anywhere_ends_nothing)
{
    static uint8_t whole[4 << 20];
    unsigned seed = 1;
    int fd;
    ssize_t bytes;

    for (uint64_t i = 0; i < 3; i++)
        fakepage_cycle(&rec.page, &(struct page_gc_cycle){.start_mono_ns = (uint64_t)MONO_NS + i});
    recorded_open((struct recorder_options){.path = rec.path});
    recorded_run(0, 130);
    recorded_close();
    fd = open(rec.path, O_RDWR);
    bytes = read(fd, whole, sizeof whole);
    cr_assert(fd >= 0 && bytes > 8192, "%zd bytes", bytes);
    for (int i = 0; i < 120; i++) {
        size_t at = (size_t)rand_r(&seed) % (size_t)(i % 3 == 0 ? 4096 : bytes);
        uint8_t bad = (uint8_t)(whole[at] ^ (1u << (rand_r(&seed) % 8)));

        cr_assert_eq(pwrite(fd, &bad, 1, (off_t)at), 1, "pwrite");
        read_all();
        cr_assert_eq(pwrite(fd, &whole[at], 1, (off_t)at), 1, "pwrite");
    }
    for (off_t cut = bytes; cut >= 0; cut -= 7001) {
        cr_assert_eq(ftruncate(fd, cut), 0, "ftruncate");
        read_all();
    }
    close(fd);
}
