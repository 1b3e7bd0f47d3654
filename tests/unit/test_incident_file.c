/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "mon/incident_file.h"

#define REAL_NS (INT64_C(1795403564) * NS_PER_S) /* 2026-11-23 03:12:44 UTC */

static char root[] = "/tmp/gomon-test-incident.XXXXXX";
static char dir[64];
static char path[INCIDENT_PATH_BYTES];
static char why[INCIDENT_WHY_BYTES];

static void setup(void)
{
    cr_assert_not_null(mkdtemp(root), "no folder");
    snprintf(dir, sizeof dir, "%s/state/gomon/incidents", root);
}

static void teardown(void)
{
    char command[96];

    snprintf(command, sizeof command, "rm -rf %s", root);
    cr_assert_eq(system(command), 0, "%s", command);
}

TestSuite(incident_file, .init = setup, .fini = teardown, .timeout = 60);

static enum incident_verdict make(const char *lint, int pid, int64_t after_s)
{
    struct incident_folder folder = {.path = dir, .keep = 3, .most_bytes = 4096};
    struct incident_what what = {
        .lint = lint, .name = "kv", .pid = pid, .real_ns = REAL_NS + after_s * NS_PER_S};

    why[0] = '\0';
    return incident_file_make(&folder, &what, path, why);
}

static bool is_there(const char *name)
{
    char at[256];
    struct stat st;

    snprintf(at, sizeof at, "%s/%s", dir, name);
    return lstat(at, &st) == 0;
}

static void put(const char *name)
{
    char at[256];

    snprintf(at, sizeof at, "%s/%s", dir, name);
    int fd = open(at, O_CREAT | O_WRONLY, 0600);
    cr_assert_geq(fd, 0, "%s", at);
    close(fd);
}

Test(incident_file, is_made_with_its_folder_for_this_user_only)
{
    struct stat st;

    cr_assert_eq(make("stale", 12, 0), INCIDENT_READY, "%s", why);
    cr_assert(is_there("incident-20261123T031244Z-kv-12-stale.gmr"), "%s", path);
    cr_assert(stat(path, &st) == 0 && (st.st_mode & 0777) == 0600 && st.st_size == 0, "%s: %o",
              path, st.st_mode);
    cr_assert(stat(dir, &st) == 0 && (st.st_mode & 0777) == 0700, "%o", st.st_mode);
}

Test(incident_file, the_path_is_known_before_there_is_a_file)
{
    struct incident_folder folder = {.path = dir, .keep = 3, .most_bytes = 4096};
    struct incident_what what = {.lint = "stale", .name = "k/v", .pid = 1, .real_ns = REAL_NS};
    char spelled[INCIDENT_PATH_BYTES];

    cr_assert(incident_file_path(&folder, &what, spelled), "no path");
    cr_assert_neq(access(dir, F_OK), 0, "the folder was made");
    cr_assert_eq(incident_file_make(&folder, &what, path, why), INCIDENT_READY, "%s", why);
    cr_assert_str_eq(path, spelled, "%s, not %s", path, spelled);
    cr_assert_not(incident_file_path(&(struct incident_folder){.keep = 3}, &what, spelled), "%s",
                  spelled);
}

Test(incident_file, the_oldest_is_found_by_its_name)
{
    struct incident_folder folder = {.path = dir, .keep = 3, .most_bytes = 4096};
    char name[INCIDENT_NAME_BYTES] = "?";

    incident_file_oldest(&folder, name);
    cr_assert_str_empty(name, "%s", name);
    make("stale", 3, 20);
    make("stale", 2, 10);
    make(NULL, 1, 0);
    incident_file_oldest(&folder, name);
    cr_assert_str_eq(name, "incident-20261123T031254Z-kv-2-stale.gmr", "%s", name);
}

Test(incident_file, the_oldest_make_room_with_what_lies_beside_them)
{
    make("stale", 1, 0);
    put("incident-20261123T031244Z-kv-1-stale.gmr-wal");
    put("incident-20261123T031244Z-kv-1-stale.gmr-shm");
    make("stale", 2, 10);
    make("stale", 3, 20);
    cr_assert(is_there("incident-20261123T031244Z-kv-1-stale.gmr"), "too early");
    cr_assert_eq(make("stale", 4, 30), INCIDENT_READY, "%s", why);

    cr_assert_not(is_there("incident-20261123T031244Z-kv-1-stale.gmr"), "it is still there");
    cr_assert_not(is_there("incident-20261123T031244Z-kv-1-stale.gmr-wal"), "its log is");
    cr_assert_not(is_there("incident-20261123T031244Z-kv-1-stale.gmr-shm"), "its index is");
    cr_assert(is_there("incident-20261123T031254Z-kv-2-stale.gmr"), "one too many");
}

Test(incident_file, files_that_are_not_its_own_are_left_alone)
{
    static const char *const others[] = {
        "mine.gmr",
        "incident-.gmr",
        "incident-2026-kv-1-stale.gmr",
        "incident-20261123T031244Z-kv-1-stale.gmr.old",
        "report-20261123T031244Z-kv-1.gmr",
    };

    make("stale", 1, 1000);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        put(others[i]);
    snprintf(path, sizeof path, "%s/incident-20261123T000000Z-kv-9-stale.gmr", dir);
    cr_assert_eq(symlink("/etc/passwd", path), 0, "no link");
    for (int i = 2; i < 10; i++)
        cr_assert_eq(make("stale", i, 1000 + i), INCIDENT_READY, "%s", why);
    for (int i = 0; i < 5; i++)
        cr_assert_eq(make(NULL, i, 1000), INCIDENT_READY, "%s", why);

    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        cr_assert(is_there(others[i]), "%s is gone", others[i]);
    cr_assert(is_there("incident-20261123T000000Z-kv-9-stale.gmr"), "the link is gone");
    cr_assert(is_there("incident-20261123T032933Z-kv-9-stale.gmr"), "the last is gone");
    cr_assert_not(is_there("incident-20261123T032930Z-kv-6-stale.gmr"), "more than three");
    cr_assert(is_there("report-20261123T032924Z-kv-0.gmr"), "a report is gone");
}

Test(incident_file, the_same_alert_of_a_process_is_told_once_an_hour)
{
    make("stale", 1, 0);
    cr_assert_eq(make("stale", 1, 3000), INCIDENT_TOLD, "within an hour");
    cr_assert_not_null(strstr(path, "/incident-20261123T031244Z-kv-1-stale.gmr"), "%s", path);
    cr_assert_eq(make("deadlock", 1, 3000), INCIDENT_READY, "another alert: %s", why);
    cr_assert_eq(make("stale", 2, 3000), INCIDENT_READY, "another process: %s", why);
    cr_assert_eq(make("stale", 1, 3601), INCIDENT_READY, "after an hour: %s", why);
}

Test(incident_file, a_clock_that_was_ahead_does_not_silence_alerts)
{
    make("stale", 1, 100000);
    cr_assert_eq(make("stale", 1, 0), INCIDENT_READY, "%s", why);
}

Test(incident_file, a_report_is_made_as_often_as_it_is_asked_for)
{
    cr_assert_eq(make(NULL, 1, 0), INCIDENT_READY, "%s", why);
    cr_assert(is_there("report-20261123T031244Z-kv-1.gmr"), "%s", path);
    cr_assert_eq(make(NULL, 1, 1), INCIDENT_READY, "%s", why);
}

Test(incident_file, a_name_can_do_no_harm)
{
    struct incident_folder folder = {.path = dir, .keep = 3, .most_bytes = 4096};
    struct incident_what what = {.lint = "stale",
                                 .name = "../../x\x1b[31m\xff a-very-long-name-indeed-that-goes-on",
                                 .pid = 1,
                                 .real_ns = REAL_NS};

    cr_assert_eq(incident_file_make(&folder, &what, path, why), INCIDENT_READY, "%s", why);
    cr_assert(is_there("incident-20261123T031244Z-______x__31m__a-very-long-name-i-1-stale.gmr"),
              "%s", path);
}

Test(incident_file, lies_below_the_state_of_the_user)
{
    char state[96], home[96];
    struct incident_folder folder = {.keep = 3, .most_bytes = 4096, .state = state, .home = home};
    struct incident_what what = {.name = "kv", .pid = 1, .real_ns = REAL_NS};

    snprintf(state, sizeof state, "%s/s", root);
    snprintf(home, sizeof home, "%s/h", root);
    incident_file_make(&folder, &what, path, why);
    cr_assert_eq(strncmp(path, state, strlen(state)), 0, "%s", path);
    cr_assert_not_null(strstr(path, "/s/gomon/incidents/report-"), "%s", path);
    folder.state = "relative";
    incident_file_make(&folder, &what, path, why);
    cr_assert_not_null(strstr(path, "/h/.local/state/gomon/incidents/report-"), "%s", path);
    folder.home = NULL;
    cr_assert_eq(incident_file_make(&folder, &what, path, why), INCIDENT_REFUSED, "%s", path);
    cr_assert_not_null(strstr(why, "--incident-dir"), "%s", why);
}

Test(incident_file, refuses_a_folder_that_is_no_good)
{
    cr_assert_eq(make("stale", 1, 0), INCIDENT_READY, "%s", why);
    cr_assert_eq(chmod(dir, 0777), 0, "%s", dir);
    cr_assert_eq(make("stale", 2, 0), INCIDENT_REFUSED, "everybody's");
    cr_assert_not_null(strstr(why, "everybody can write"), "%s", why);
    snprintf(dir, sizeof dir, "%s/state/file", root);
    int fd = open(dir, O_CREAT | O_WRONLY, 0600);
    close(fd);
    cr_assert_eq(make("stale", 2, 0), INCIDENT_REFUSED, "a file");
    snprintf(dir, sizeof dir, "%s/state/file/sub", root);
    cr_assert_eq(make("stale", 2, 0), INCIDENT_REFUSED, "below a file");
    cr_assert_not_null(strstr(why, "file/sub: "), "%s", why);
}

Test(incident_file, is_not_begun_on_a_disk_that_is_about_full)
{
    struct incident_folder folder = {.path = dir, .keep = 3, .most_bytes = INT64_MAX / 8};
    struct incident_what what = {.lint = "stale", .name = "kv", .pid = 1, .real_ns = REAL_NS};

    cr_assert_eq(incident_file_make(&folder, &what, path, why), INCIDENT_REFUSED, "%s", path);
    cr_assert_not_null(strstr(why, "are free there"), "%s", why);
}
