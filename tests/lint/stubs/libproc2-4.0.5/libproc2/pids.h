/* SPDX-License-Identifier: MIT */
/* pids.h - as much of libproc2's interface since 4.0.5 as proclib.c uses, to compile that arm where
 * an older one is installed. Never linked. */
#ifndef STUBS_LIBPROC2_PIDS_H
#define STUBS_LIBPROC2_PIDS_H

enum pids_item {
    PIDS_CMD,
    PIDS_STATE,
    PIDS_ID_EUID,
    PIDS_NLWP,
    PIDS_MEM_RES,
    PIDS_MEM_VIRT,
    PIDS_TICS_ALL,
};
enum pids_select_type { PIDS_SELECT_PID };

struct pids_result {
    enum pids_item item;
    union {
        signed char s_ch;
        signed int s_int;
        unsigned int u_int;
        unsigned long ul_int;
        unsigned long long ull_int;
        char *str;
    } result;
};
struct pids_stack {
    struct pids_result *head;
};
struct pids_counts {
    int total;
};
struct pids_fetch {
    struct pids_counts *counts;
    struct pids_stack **stacks;
};
struct pids_info;

#define PIDS_VAL(place, type, stack) ((stack)->head[place].result.type)

int procps_pids_new(struct pids_info **info, enum pids_item *items, int nitems);
int procps_pids_unref(struct pids_info **info);
struct pids_fetch *procps_pids_select(struct pids_info *info, unsigned *pids, int npids,
                                      enum pids_select_type which);

#endif
