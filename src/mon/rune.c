/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/rune.h"

#include <stdbool.h>

#include "base/bits.h"

struct range {
    uint32_t first;
    uint32_t last;
};

static const struct range combining[] = {
    {0x0300, 0x036f}, {0x0483, 0x0489}, {0x0591, 0x05bd}, {0x0610, 0x061a}, {0x064b, 0x065f},
    {0x06d6, 0x06dc}, {0x0730, 0x074a}, {0x093a, 0x093a}, {0x093c, 0x093c}, {0x0941, 0x0948},
    {0x0e31, 0x0e31}, {0x0e34, 0x0e3a}, {0x0e47, 0x0e4e}, {0x1ab0, 0x1ace}, {0x1dc0, 0x1dff},
    {0x20d0, 0x20f0}, {0x302a, 0x302d}, {0x3099, 0x309a}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f},
};

static const struct range wide[] = {
    {0x1100, 0x115f},   {0x231a, 0x231b},   {0x2329, 0x232a},   {0x23e9, 0x23ec},
    {0x23f0, 0x23f0},   {0x23f3, 0x23f3},   {0x25fd, 0x25fe},   {0x2614, 0x2615},
    {0x2648, 0x2653},   {0x267f, 0x267f},   {0x2693, 0x2693},   {0x26a1, 0x26a1},
    {0x26aa, 0x26ab},   {0x26bd, 0x26be},   {0x26c4, 0x26c5},   {0x26ce, 0x26ce},
    {0x26d4, 0x26d4},   {0x26ea, 0x26ea},   {0x26f2, 0x26f3},   {0x26f5, 0x26f5},
    {0x26fa, 0x26fa},   {0x26fd, 0x26fd},   {0x2705, 0x2705},   {0x270a, 0x270b},
    {0x2728, 0x2728},   {0x274c, 0x274c},   {0x274e, 0x274e},   {0x2753, 0x2755},
    {0x2757, 0x2757},   {0x2795, 0x2797},   {0x27b0, 0x27b0},   {0x27bf, 0x27bf},
    {0x2b1b, 0x2b1c},   {0x2b50, 0x2b50},   {0x2b55, 0x2b55},   {0x2e80, 0x303e},
    {0x3041, 0xa4c6},   {0xa960, 0xa97c},   {0xac00, 0xd7a3},   {0xf900, 0xfad9},
    {0xfe30, 0xfe6b},   {0xff01, 0xff60},   {0xffe0, 0xffe6},   {0x1f300, 0x1f320},
    {0x1f330, 0x1f335}, {0x1f337, 0x1f37c}, {0x1f3a0, 0x1f3ca}, {0x1f400, 0x1f43e},
    {0x1f442, 0x1f4fc}, {0x1f5fb, 0x1f64f}, {0x1f680, 0x1f6c5}, {0x1f90c, 0x1f93a},
    {0x20000, 0x3fffd},
};

/* Characters that would turn the line around, hide, or take an unknown width. */
static const struct range unsafe[] = {
    {0x0000, 0x001f}, {0x007f, 0x009f}, {0x00ad, 0x00ad},    {0x061c, 0x061c}, {0x180e, 0x180e},
    {0x200b, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x206f},    {0xd800, 0xf8ff}, {0xfeff, 0xfeff},
    {0xfff0, 0xfffb}, {0xfffe, 0xffff}, {0xe0000, 0x10ffff},
};

static bool in_ranges(uint32_t rune, const struct range *range, size_t nranges)
{
    for (size_t i = 0; i < nranges && range[i].first <= rune; i++) {
        if (rune <= range[i].last)
            return true;
    }
    return false;
}

static uint32_t made_safe(uint32_t rune)
{
    return in_ranges(rune, unsafe, ARRAY_COUNT(unsafe)) ? (uint32_t)'?' : rune;
}

/* Length of the sequence that LEAD begins, or 0 if it can begin none. */
static int sequence_bytes(uint8_t lead)
{
    if (lead < 0x80)
        return 1;
    if (lead >= 0xc2 && lead <= 0xdf)
        return 2;
    if (lead >= 0xe0 && lead <= 0xef)
        return 3;
    return lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
}

uint32_t rune_next(const char **text)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const uint8_t *byte = (const uint8_t *)*text;
    int nbytes = sequence_bytes(byte[0]);

    if (nbytes == 1) {
        *text += 1;
        return byte[0] >= 0x20 && byte[0] < 0x7f ? byte[0] : (uint32_t)'?';
    }
    uint32_t rune = nbytes > 1 ? byte[0] & (0x7fu >> nbytes) : 0;
    int used = 1;
    while (used < nbytes && (byte[used] & 0xc0) == 0x80)
        rune = rune << 6 | (byte[used++] & 0x3fu);
    *text += used;
    if (used != nbytes || rune < least[nbytes] || rune > 0x10ffff)
        return RUNE_BAD;
    return made_safe(rune);
}

int rune_width(uint32_t rune)
{
    if (rune < 0x300 || (rune >= 0x2500 && rune <= 0x25fc) || (rune >= 0x2800 && rune <= 0x28ff))
        return 1; /* nearly all that is ever drawn */
    if (in_ranges(rune, combining, ARRAY_COUNT(combining)))
        return 0;
    return in_ranges(rune, wide, ARRAY_COUNT(wide)) ? 2 : 1;
}

int rune_text_width(const char *text)
{
    int columns = 0;

    while (*text != '\0')
        columns += rune_width(rune_next(&text));
    return columns;
}

size_t rune_encode(uint32_t rune, char out[RUNE_UTF8_MAX])
{
    if (rune < 0x80) {
        out[0] = (char)rune;
        return 1;
    }
    size_t nbytes = rune < 0x800 ? 2 : rune < 0x10000 ? 3 : 4;
    for (size_t i = nbytes - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (rune & 0x3f));
        rune >>= 6;
    }
    out[0] = (char)((0xf00u >> nbytes & 0xf0) | rune);
    return nbytes;
}

/* Line drawing: corners and crossings are '+', the rest is the direction of the stroke. */
static char ascii_of_line(uint32_t rune)
{
    if (rune == 0x2500 || rune == 0x2501 || rune == 0x2504 || rune == 0x2508)
        return '-';
    if (rune == 0x2502 || rune == 0x2503 || rune == 0x2506 || rune == 0x250a)
        return '|';
    return '+';
}

char rune_ascii(uint32_t rune)
{
    static const struct {
        uint32_t rune;
        char ascii;
    } alike[] = {
        {0x00b1, '~'}, {0x00b5, 'u'}, {0x00b7, '.'},  {0x00d7, 'x'},  {0x0394, 'D'}, {0x03bc, 'u'},
        {0x2013, '-'}, {0x2014, '-'}, {0x2018, '\''}, {0x2019, '\''}, {0x2020, '+'}, {0x2022, '*'},
        {0x2026, '~'}, {0x2190, '<'}, {0x2191, '^'},  {0x2192, '>'},  {0x2193, 'v'}, {0x2212, '-'},
        {0x221e, '*'}, {0x2248, '~'}, {0x2264, '<'},  {0x2265, '>'},  {0x25b2, '^'}, {0x25b6, '>'},
        {0x25b8, '>'}, {0x25bc, 'v'}, {0x25be, 'v'},  {0x25c6, '*'},  {0x25cf, '*'}, {0x2800, ' '},
    };

    if (rune < 0x80)
        return (char)rune;
    if (rune >= 0x2500 && rune <= 0x257f)
        return ascii_of_line(rune);
    if (rune >= 0x2580 && rune <= 0x259f)
        return '#';
    for (size_t i = 0; i < ARRAY_COUNT(alike); i++) {
        if (alike[i].rune == rune)
            return alike[i].ascii;
    }
    return rune >= 0x2801 && rune <= 0x28ff ? ':' : '?';
}
