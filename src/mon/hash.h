/* SPDX-License-Identifier: MIT */
/* hash.h - mixing numbers and texts into table indices.
 * Not for adversaries that choose keys to collide: tables of foreign keys bound their size, and a
 * long probe costs time only to the dump that was asked of that target.
 * Threads: pure functions. Source: Steele, Lea, Flood, Fast Splittable Pseudorandom Number
 * Generators (2014), the finaliser of SplitMix64. */
#ifndef MON_HASH_H
#define MON_HASH_H

#include <stddef.h>
#include <stdint.h>

/* HASH with V mixed in. */
static inline uint64_t hash_u64(uint64_t hash, uint64_t v)
{
    uint64_t x = (hash ^ v) + UINT64_C(0x9e3779b97f4a7c15);

    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static inline uint64_t hash_text(const char *text)
{
    uint64_t hash = 0;

    while (*text != '\0')
        hash = hash_u64(hash, (unsigned char)*text++);
    return hash;
}

#endif
