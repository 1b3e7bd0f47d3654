/* SPDX-License-Identifier: MIT */
/* options_agree.h - which options go together, and what some of them want.
 * Who: options.c. Threads: main only. */
#ifndef MON_OPTIONS_AGREE_H
#define MON_OPTIONS_AGREE_H

#include "mon/options.h"

/* False: O asks for what makes no sense, and ERROR says why. */
bool options_agree(const struct options *o, char error[static OPTIONS_ERROR_BYTES]);

#endif
