/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/sampling.h"

#include "base/check.h"

#define LN2 0.69314718055994530942

uint64_t sampling_random(uint64_t *state)
{
    uint64_t x = *state;

    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    *state = x;
    return x;
}

double sampling_log(double x)
{
    double power = 0;
    double z = 0;
    double z2 = 0;

    DCHECK(x > 0);
    while (x > 1.5) {
        x /= 2;
        power += 1;
    }
    while (x < 0.75) {
        x *= 2;
        power -= 1;
    }
    z = (x - 1) / (x + 1); /* at most a fifth */
    z2 = z * z;
    return power * LN2 +
           2 * z * (1 + z2 * (1.0 / 3 + z2 * (1.0 / 5 + z2 * (1.0 / 7 + z2 * (1.0 / 9)))));
}

double sampling_hit(double x)
{
    int doublings = 0;
    double hit = 0;

    if (x > 40)
        return 1;
    while (x > 0.01) {
        x /= 2;
        doublings++;
    }
    hit = x * (1 - x * (1.0 / 2 - x * (1.0 / 6 - x * (1.0 / 24))));
    while (doublings-- > 0)
        hit = hit * (2 - hit); /* hit in one half or in the other */
    return hit;
}

int64_t sampling_gap(uint64_t *state)
{
    /* 53 random bits; never 0. */
    double u = ((double)(sampling_random(state) >> 11) + 0.5) * (1.0 / 9007199254740992.0);
    double gap = -sampling_log(u) * (double)SAMPLE_MEAN_BYTES;

    return (int64_t)gap + 1;
}

uint64_t sampling_weight(size_t bytes)
{
    double hit = sampling_hit((double)bytes / (double)SAMPLE_MEAN_BYTES);

    return (uint64_t)((double)SAMPLE_ONE / hit + 0.5);
}
