/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/spill.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int open_in(const char *folder, size_t bytes)
{
    int fd = folder == NULL ? -1 : open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

    if (fd >= 0 && posix_fallocate(fd, 0, (off_t)bytes) != 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

void *spill_new(size_t bytes)
{
    const char *const folder[] = {getenv("TMPDIR"), "/var/tmp", "/tmp"};
    void *memory = MAP_FAILED;
    int fd = -1;

    for (size_t i = 0; i < sizeof folder / sizeof folder[0] && fd < 0; i++)
        fd = open_in(folder[i], bytes);
    if (fd >= 0) {
        memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        close(fd);
    }
    if (memory == MAP_FAILED)
        memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

void spill_free(void *memory, size_t bytes)
{
    if (memory != NULL)
        munmap(memory, bytes);
}

bool spill_part(void *memory, size_t bytes)
{
    void *copy = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (copy == MAP_FAILED)
        return false;
    memcpy(copy, memory, bytes);
    return mremap(copy, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, memory) == memory;
}
