/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/sizeclass.h"

#include "base/bits.h"
#include "base/check.h"

static const uint16_t class_bytes[SIZE_CLASSES] = {
    0,     8,     16,    24,    32,    48,    64,    80,    96,    112,   128,   144,  160,   176,
    192,   208,   224,   240,   256,   288,   320,   352,   384,   416,   448,   480,  512,   576,
    640,   704,   768,   896,   1024,  1152,  1280,  1408,  1536,  1792,  2048,  2304, 2688,  3072,
    3200,  3456,  4096,  4864,  5376,  6144,  6528,  6784,  6912,  8192,  9472,  9728, 10240, 10880,
    12288, 13568, 14336, 16384, 18432, 19072, 20480, 21760, 24576, 27264, 28672, 32768};

static const uint8_t class_pages[SIZE_CLASSES] = {
    0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,  1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 1, 2, 1, 2, 1, 3, 2,  3, 1, 3,
    2, 3, 4, 5, 6, 1, 7, 6, 5, 4, 3, 5, 7, 2, 9, 7, 5, 8, 3, 10, 7, 4};

struct size_class size_classes[SIZE_CLASSES];
uint8_t size_class_by_8[129];
uint8_t size_class_by_128[249];

static void derive(unsigned i)
{
    struct size_class *c = &size_classes[i];

    c->bytes = class_bytes[i];
    c->npages = class_pages[i];
    c->nelems = c->npages * (uint32_t)HEAP_PAGE_BYTES / c->bytes;
    c->magic = UINT32_MAX / c->bytes + 1;
    CHECK(c->nelems > 0 && c->nelems <= SPAN_MAX_OBJECTS);
}

/* Fills TABLE, whose entry i stands for sizes up to FIRST + i * STEP. */
static void index_by(uint8_t *table, size_t count, size_t first, size_t step)
{
    unsigned c = 1;

    for (size_t i = 0; i < count; i++) {
        while (size_classes[c].bytes < first + i * step)
            c++;
        table[i] = (uint8_t)c;
    }
}

void sizeclass_init(void)
{
    for (unsigned i = 1; i < SIZE_CLASSES; i++)
        derive(i);
    CHECK(class_bytes[SIZE_CLASSES - 1] == SMALL_MAX_BYTES);
    index_by(size_class_by_8, ARRAY_COUNT(size_class_by_8), 0, 8);
    index_by(size_class_by_128, ARRAY_COUNT(size_class_by_128), SIZE_BY_8_MAX, 128);
}
