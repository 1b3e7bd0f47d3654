/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <math.h>

#include "runtime/sampling.h"

Test(sampling, logarithm_agrees_with_the_library)
{
    for (double x = 1e-16; x < 1e6; x *= 1.013) {
        double want = log(x);

        cr_assert_lt(fabs(sampling_log(x) - want), 1e-6 * fmax(1, fabs(want)),
                     "log(%g) = %.12g, not %.12g", x, sampling_log(x), want);
    }
}

Test(sampling, probability_agrees_with_the_library)
{
    for (double x = 1e-9; x < 100; x *= 1.01) {
        double want = -expm1(-x);

        cr_assert_lt(fabs(sampling_hit(x) - want), 1e-7 * want, "1 - exp(-%g) = %.12g, not %.12g",
                     x, sampling_hit(x), want);
    }
}

Test(sampling, gaps_have_the_mean_and_the_spread_of_an_exponential)
{
    uint64_t state = 42;
    double sum = 0;
    double squares = 0;
    int n = 200000;

    for (int i = 0; i < n; i++) {
        double gap = (double)sampling_gap(&state) / (double)SAMPLE_MEAN_BYTES;

        sum += gap;
        squares += gap * gap;
    }
    cr_assert_float_eq(sum / n, 1, 0.02, "mean %f", sum / n);
    cr_assert_float_eq(squares / n, 2, 0.06, "mean square %f", squares / n);
}

static double weight(size_t bytes)
{
    return (double)sampling_weight(bytes) / (double)SAMPLE_ONE;
}

Test(sampling, small_objects_stand_for_many_and_huge_ones_for_themselves)
{
    size_t mean = (size_t)SAMPLE_MEAN_BYTES;

    cr_assert_float_eq(weight(16), (double)mean / 16 + 0.5, 0.1, "16 bytes: %f", weight(16));
    cr_assert_float_eq(weight(mean), 1.582, 0.001, "the mean: %f", weight(mean));
    cr_assert_float_eq(weight((size_t)1 << 30), 1, 1e-9, "1 GiB: %f", weight((size_t)1 << 30));
}

/* Whatever the sizes, the estimate of what was allocated is right on average. */
Test(sampling, estimates_are_unbiased)
{
    static const size_t sizes[] = {16, 1024, 100000, 600000, 3000000};

    for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
        uint64_t state = 7 + k;
        int64_t left = sampling_gap(&state);
        double estimate = 0;
        double truth = 0;

        while (truth < 4e9) {
            truth += (double)sizes[k];
            left -= (int64_t)sizes[k];
            if (left < 0) {
                estimate += weight(sizes[k]) * (double)sizes[k];
                left = sampling_gap(&state);
            }
        }
        cr_assert_float_eq(estimate / truth, 1, 0.05, "%zu bytes: estimated %.3f of the truth",
                           sizes[k], estimate / truth);
    }
}
