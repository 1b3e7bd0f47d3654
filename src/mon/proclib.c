/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/proclib.h"

#include <stdio.h>
#include <stdlib.h>

#define KIB UINT64_C(1024)

#if HAVE_LIBPROC2

#include <libproc2/pids.h>

/* Since 4.0.5 the macro takes no info argument. */
#if HAVE_LIBPROC2_4_0_5
#define FIGURE(item, type, stack, info) PIDS_VAL(item, type, stack)
#else
#define FIGURE(item, type, stack, info) PIDS_VAL(item, type, stack, info)
#endif

enum { AT_CMD, AT_STATE, AT_EUID, AT_NLWP, AT_RES, AT_VIRT, AT_TICS, ITEMS };

struct proclib {
    struct pids_info *info;
};

struct proclib *proclib_new(void)
{
    enum pids_item items[ITEMS] = {
        [AT_CMD] = PIDS_CMD,      [AT_STATE] = PIDS_STATE,   [AT_EUID] = PIDS_ID_EUID,
        [AT_NLWP] = PIDS_NLWP,    [AT_RES] = PIDS_MEM_RES,   [AT_VIRT] = PIDS_MEM_VIRT,
        [AT_TICS] = PIDS_TICS_ALL,
    };
    struct proclib *lib = calloc(1, sizeof *lib);

    if (lib != NULL && procps_pids_new(&lib->info, items, ITEMS) < 0) {
        free(lib);
        return NULL;
    }
    return lib;
}

void proclib_free(struct proclib *lib)
{
    if (lib == NULL)
        return;
    procps_pids_unref(&lib->info);
    free(lib);
}

bool proclib_read(struct proclib *lib, pid_t pid, struct proclib_figures *figures)
{
    unsigned wanted = (unsigned)pid;
    struct pids_fetch *found = procps_pids_select(lib->info, &wanted, 1, PIDS_SELECT_PID);
    struct pids_stack *s;

    if (found == NULL || found->counts->total < 1)
        return false;
    s = found->stacks[0];
    *figures = (struct proclib_figures){
        .state = (char)FIGURE(AT_STATE, s_ch, s, lib->info),
        .uid = FIGURE(AT_EUID, u_int, s, lib->info),
        .nthreads = (uint32_t)FIGURE(AT_NLWP, s_int, s, lib->info),
        .rss_bytes = FIGURE(AT_RES, ul_int, s, lib->info) * KIB,
        .virtual_bytes = FIGURE(AT_VIRT, ul_int, s, lib->info) * KIB,
        .cpu_ticks = FIGURE(AT_TICS, ull_int, s, lib->info),
    };
    snprintf(figures->name, sizeof figures->name, "%s", FIGURE(AT_CMD, str, s, lib->info));
    return true;
}

#else /* libprocps */

#include <proc/readproc.h>

struct proclib {
    proc_t process; /* the library keeps memory of its own in it from one reading to the next */
};

struct proclib *proclib_new(void)
{
    return calloc(1, sizeof(struct proclib));
}

void proclib_free(struct proclib *lib)
{
    free(lib);
}

bool proclib_read(struct proclib *lib, pid_t pid, struct proclib_figures *figures)
{
    pid_t wanted[2] = {pid, 0};
    PROCTAB *table = openproc(PROC_FILLSTAT | PROC_FILLSTATUS | PROC_PID, wanted);
    const proc_t *p = table == NULL ? NULL : readproc(table, &lib->process);

    if (p != NULL) {
        *figures = (struct proclib_figures){
            .state = p->state,
            .uid = p->euid,
            .nthreads = (uint32_t)p->nlwp,
            .rss_bytes = p->vm_rss * KIB,
            .virtual_bytes = p->vm_size * KIB,
            .cpu_ticks = p->utime + p->stime,
        };
        snprintf(figures->name, sizeof figures->name, "%s", p->cmd);
    }
    if (table != NULL)
        closeproc(table);
    return p != NULL;
}

#endif
