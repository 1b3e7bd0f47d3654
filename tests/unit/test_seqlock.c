/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <string.h>

#include "base/seqlock.h"

#define NWORDS 4

Test(seqlock, double_begins_with_the_copy_that_is_not_shown)
{
    uint64_t seq = 0;

    cr_assert_eq(seq_double_newest(seq), 0, "newest copy %u", seq_double_newest(seq));
    cr_assert_eq(seq_double_begin(&seq), 1, "copy to fill %u", seq_double_begin(&seq));

    seq_double_commit(&seq);

    cr_assert_eq(seq_double_newest(seq), 1, "newest copy %u", seq_double_newest(seq));
    cr_assert_eq(seq_double_begin(&seq), 0, "copy to fill %u", seq_double_begin(&seq));
}

Test(seqlock, double_survives_a_writer_that_stops_in_the_middle)
{
    uint64_t seq = 0;
    uint64_t copies[2][NWORDS] = {{0}};
    uint64_t good[NWORDS] = {1, 2, 3, 4};
    uint64_t half[2] = {9, 9};
    uint64_t seen[NWORDS];

    seq_store_words(copies[seq_double_begin(&seq)], good, NWORDS);
    seq_double_commit(&seq);
    seq_store_words(copies[seq_double_begin(&seq)], half, 2);
    seq_load_words(seen, copies[seq_double_newest(seq)], NWORDS);

    cr_assert_eq(memcmp(seen, good, sizeof good), 0, "first word %" PRIu64, seen[0]);
}

Test(seqlock, a_copy_is_torn_once_the_writer_went_on)
{
    uint64_t seq = 7;
    uint64_t before = seq_load(&seq);

    cr_assert(seq_double_is_whole(before, seq_load(&seq)), "seq %" PRIu64, seq);
    seq_double_commit(&seq);
    cr_assert_not(seq_double_is_whole(before, seq_load(&seq)), "seq %" PRIu64, seq);
}

Test(seqlock, a_ring_slot_never_written_holds_nothing)
{
    cr_assert_not(seq_ring_is_whole(0), "seq 0");
}

Test(seqlock, a_ring_slot_tells_the_number_of_its_entry)
{
    for (uint64_t n = 0; n < 5; n++) {
        uint64_t seq = 0;

        seq_ring_begin(&seq, n);
        cr_assert_not(seq_ring_is_whole(seq), "entry %" PRIu64 " begun, seq %" PRIu64, n, seq);
        cr_assert_eq(seq_ring_number(seq), n, "seq %" PRIu64 " of entry %" PRIu64, seq, n);

        seq_ring_commit(&seq, n);
        cr_assert(seq_ring_is_whole(seq), "entry %" PRIu64 " done, seq %" PRIu64, n, seq);
        cr_assert_eq(seq_ring_number(seq), n, "seq %" PRIu64 " of entry %" PRIu64, seq, n);
    }
}
