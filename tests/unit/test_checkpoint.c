/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mon/checkpoint.h"
#include "tests/support/recorded.h"

#define DEADLINE_NS (60 * NS_PER_S)
#define PAGE        4096
#define SPARE_PAGES 256 /* that one commit may have, and the head of the log */
#define METHODS     4

/* What the processes that use SQLite here have in common. */
struct seen {
    _Atomic pid_t other;    /* that opened a file, or 0 */
    _Atomic unsigned here;  /* times that this process has waited for the disk */
    _Atomic unsigned apart; /* times that another has begun to */
    _Atomic bool hang;      /* the disk of the other does not answer any more */
};

static struct seen *seen;
static pid_t self;
static sqlite3_vfs *real;
static sqlite3_vfs shim;
static struct {
    sqlite3_io_methods ours;
    const sqlite3_io_methods *theirs;
} methods[METHODS];

static unsigned syncs_here(void)
{
    return atomic_load_explicit(&seen->here, memory_order_relaxed);
}

static unsigned syncs_apart(void)
{
    return atomic_load_explicit(&seen->apart, memory_order_relaxed);
}

static pid_t other(void)
{
    return atomic_load_explicit(&seen->other, memory_order_relaxed);
}

/* ---- SQLite's way to the disk, watched ---- */

static int note_sync(sqlite3_file *file, int flags)
{
    for (int i = 0; i < METHODS; i++) {
        if (file->pMethods != &methods[i].ours)
            continue;
        atomic_fetch_add_explicit(getpid() == self ? &seen->here : &seen->apart, 1,
                                  memory_order_relaxed);
        while (getpid() != self && atomic_load_explicit(&seen->hang, memory_order_relaxed))
            pause();
        return methods[i].theirs->xSync(file, flags);
    }
    return SQLITE_IOERR_FSYNC;
}

static void watch(sqlite3_file *file)
{
    for (int i = 0; i < METHODS; i++) {
        if (methods[i].theirs != NULL && methods[i].theirs != file->pMethods)
            continue;
        methods[i].theirs = file->pMethods;
        methods[i].ours = *file->pMethods;
        methods[i].ours.xSync = note_sync;
        file->pMethods = &methods[i].ours;
        return;
    }
}

static int open_watched(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out)
{
    int code = real->xOpen(vfs, name, file, flags, out);

    if (getpid() != self)
        atomic_store_explicit(&seen->other, getpid(), memory_order_relaxed);
    if (code == SQLITE_OK && file->pMethods != NULL)
        watch(file);
    return code;
}

static void setup(void)
{
    recorded_setup();
    rec.heavy = true;
    self = getpid();
    seen = mmap(NULL, sizeof *seen, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    cr_assert_neq(seen, MAP_FAILED, "no memory");
    real = sqlite3_vfs_find(NULL);
    shim = *real;
    shim.zName = "watched";
    shim.xOpen = open_watched;
    cr_assert_eq(sqlite3_vfs_register(&shim, 1), SQLITE_OK, "not registered");
}

TestSuite(checkpoint, .init = setup, .fini = recorded_teardown, .timeout = 300);

/* ---- a recording that grows ---- */

static int64_t at;         /* seconds recorded so far */
static int64_t most_pages; /* that the log has had: SQLite cuts it off later */

static int64_t log_pages(void)
{
    char path[80];
    struct stat st;

    snprintf(path, sizeof path, "%s-wal", rec.path);
    return stat(path, &st) == 0 ? st.st_size / PAGE : 0;
}

static void record(int64_t seconds)
{
    for (int64_t end = at + seconds; at < end; at++) {
        recorded_run(at, 1);
        if (log_pages() > most_pages)
            most_pages = log_pages();
    }
}

static void record_pages(int64_t pages)
{
    while (log_pages() < pages)
        record(1);
}

/* Begins a recording; its child has opened the file. */
static void begin(void)
{
    int64_t deadline_ns = clock_mono_ns() + DEADLINE_NS;

    recorded_open((struct recorder_options){.path = rec.path});
    while (other() == 0 && clock_mono_ns() < deadline_ns)
        poll(NULL, 0, 1);
    cr_assert_neq(other(), 0, "nobody else opens the file");
}

static void wait_for_other(unsigned syncs)
{
    int64_t deadline_ns = clock_mono_ns() + DEADLINE_NS;

    while (syncs_apart() < syncs && clock_mono_ns() < deadline_ns)
        poll(NULL, 0, 1);
    cr_assert_geq(syncs_apart(), syncs, "%u of another", syncs_apart());
}

static bool is_whole(void)
{
    return recorded_query("SELECT count(*) FROM pragma_integrity_check "
                          "WHERE integrity_check = 'ok'") == 1 &&
           recorded_query("SELECT count(*) FROM samples") == at;
}

Test(checkpoint, who_draws_does_not_wait_for_the_disk)
{
    begin();
    unsigned before = syncs_here();
    record_pages(CHECKPOINT_PAGES + 1);
    wait_for_other(2); /* the log, the file */
    cr_assert_eq(syncs_here(), before, "waited %u times", syncs_here() - before);
    cr_assert(is_whole(), "%" PRId64 " s", at);
}

/* The other may need some goes at it: until it has all, more has come. */
Test(checkpoint, a_log_that_is_in_the_file_is_used_anew)
{
    int64_t deadline_ns = clock_mono_ns() + DEADLINE_NS;
    unsigned before;

    begin();
    before = syncs_here();
    record_pages(CHECKPOINT_PAGES + 1);
    while (syncs_here() == before && clock_mono_ns() < deadline_ns) {
        poll(NULL, 0, 10);
        record(1);
    }
    cr_assert_eq(syncs_here(), before + 1, "waited %u times, not once for its head",
                 syncs_here() - before);
    cr_assert_lt(log_pages(), CHECKPOINT_MOST_PAGES, "%" PRId64 " pages", log_pages());
    cr_assert(is_whole(), "%" PRId64 " s", at);
}

Test(checkpoint, a_log_is_bounded_while_the_other_is_stopped)
{
    begin();
    unsigned before = syncs_here();
    kill(other(), SIGSTOP);
    record_pages(CHECKPOINT_MOST_PAGES - SPARE_PAGES);
    cr_assert_eq(syncs_here(), before, "waited too early");
    record(4 * CHECKPOINT_MOST_PAGES / (log_pages() / at + 1));
    cr_assert_leq(most_pages, CHECKPOINT_MOST_PAGES + SPARE_PAGES, "%" PRId64 " pages", most_pages);
    cr_assert(is_whole(), "%" PRId64 " s", at);
}

Test(checkpoint, a_log_is_bounded_while_the_other_hangs_at_it)
{
    siginfo_t info;

    begin();
    atomic_store_explicit(&seen->hang, true, memory_order_relaxed);
    record_pages(CHECKPOINT_PAGES + 1);
    wait_for_other(1);
    unsigned before = syncs_here();
    record_pages(2 * CHECKPOINT_MOST_PAGES - SPARE_PAGES);
    cr_assert_eq(syncs_here(), before, "waited too early");
    record(4 * CHECKPOINT_MOST_PAGES / (log_pages() / at + 1));
    cr_assert_leq(most_pages, 2 * CHECKPOINT_MOST_PAGES + SPARE_PAGES, "%" PRId64 " pages",
                  most_pages);
    cr_assert_eq(waitid(P_PID, (id_t)other(), &info, WEXITED | WNOWAIT), 0, "no child");
    cr_assert_eq(info.si_status, SIGKILL, "ended by %d", info.si_status);
    cr_assert(is_whole(), "%" PRId64 " s", at);
}

Test(checkpoint, without_another_all_is_as_it_would_be_without_it)
{
    siginfo_t info;

    begin();
    kill(other(), SIGKILL);
    waitid(P_PID, (id_t)other(), &info, WEXITED | WNOWAIT);
    record(300);
    cr_assert_leq(most_pages, CHECKPOINT_PAGES + SPARE_PAGES, "%" PRId64 " pages", most_pages);
    cr_assert(is_whole(), "%" PRId64 " s", at);
}

Test(checkpoint, in_the_end_there_is_neither_another_nor_a_log)
{
    begin();
    record_pages(CHECKPOINT_PAGES + 1);
    recorded_close();
    cr_assert_neq(kill(other(), 0), 0, "it is there");
    cr_assert_eq(log_pages(), 0, "%" PRId64 " pages", log_pages());
    cr_assert(is_whole(), "%" PRId64 " s", at);
}

Test(checkpoint, a_recording_that_is_to_be_whole_has_no_other)
{
    recorded_open((struct recorder_options){.path = rec.path, .is_whole = true});
    record_pages(CHECKPOINT_PAGES + 1);
    recorded_close();
    cr_assert_eq(other(), 0, "process %d", other());
    cr_assert(is_whole(), "%" PRId64 " s", at);
}
