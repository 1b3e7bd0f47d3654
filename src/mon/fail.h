/* SPDX-License-Identifier: MIT */
/* fail.h - the one line on stderr of a command that fails. */
#ifndef MON_FAIL_H
#define MON_FAIL_H

#include "mon/options.h"

/* Writes "gomon: " and the text as a line; returns STATUS. */
__attribute__((format(printf, 2, 3))) enum exit_status fail(enum exit_status status,
                                                            const char *format, ...);

#endif
