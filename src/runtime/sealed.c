/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/sealed.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/check.h"
#include "runtime/filelimit.h"
#include "runtime/os_linux.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008u /* since Linux 6.3 */
#endif
#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010 /* since Linux 5.1 */
#endif

static int create(const char *name)
{
    const unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
    int fd = memfd_create(name, flags | MFD_NOEXEC_SEAL);

    if (fd < 0 && errno == EINVAL)
        fd = memfd_create(name, flags);
    return os_off_stdio(fd);
}

/* The seals on the size are what keeps us safe and must hold. An old kernel knows no seal against
 * later writers; then only our own user can spoil a figure. */
static int seal(int fd, enum sealed_writers writers)
{
    const int size = F_SEAL_SHRINK | F_SEAL_GROW;

    if (fcntl(fd, F_ADD_SEALS, size) != 0)
        return -1;
    if (writers == SEALED_OURS_ONLY && fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE) != 0 &&
        errno != EINVAL)
        return -1;
    return fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL);
}

/* Sizes, maps and seals FD. The mapping must come before the seal that forbids it to others. */
static int set_up(int fd, struct sealed *m, size_t bytes, enum sealed_writers writers)
{
    void *base = MAP_FAILED;

    if (fchmod(fd, S_IRUSR | S_IWUSR) != 0 || ftruncate(fd, (off_t)bytes) != 0)
        return errno;
    base = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
    if (base == MAP_FAILED)
        return errno;
    if (seal(fd, writers) != 0 || madvise(base, bytes, MADV_DONTFORK) != 0) {
        int error = errno;

        munmap(base, bytes);
        return error;
    }
    *m = (struct sealed){.base = base, .bytes = bytes, .fd = fd, .id = fileid_of(fd)};
    return 0;
}

int sealed_make(struct sealed *m, const char *name, size_t bytes, enum sealed_writers writers)
{
    int error = 0;
    int fd = -1;

    *m = (struct sealed)SEALED_INIT;
    bytes = align_up(bytes, (size_t)sysconf(_SC_PAGESIZE));
    if (!filelimit_allows(bytes))
        return EFBIG;
    fd = create(name);
    if (fd < 0)
        return errno;
    error = set_up(fd, m, bytes, writers);
    if (error != 0)
        close(fd);
    return error;
}

void sealed_leave(struct sealed *m)
{
    if (m->fd < 0)
        return;
    CHECK(mmap(m->base, m->bytes, PROT_READ | PROT_WRITE,
               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) == m->base);
    fileid_close(m->fd, m->id);
    m->fd = -1;
}
