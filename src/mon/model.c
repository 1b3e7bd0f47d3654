/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/model.h"

const char *model_code_line(const struct model *m, uint64_t pc)
{
    for (uint32_t i = 0; i < m->code.n; i++)
        if (m->code.line[i].pc == pc)
            return m->code.line[i].text;
    return NULL;
}
