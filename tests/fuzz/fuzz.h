/* SPDX-License-Identifier: MIT */
/* fuzz.h - what a fuzz target defines: one run on one input, which it must not keep or change.
 * Returns 0. The caller is replay.c in `make check`, libFuzzer in `make fuzz`. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

#endif
