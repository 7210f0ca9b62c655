/* SPDX-License-Identifier: MIT */
#include "page/beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#if defined(__linux__) && defined(__has_include)
#if __has_include(<linux/openat2.h>)
#include <linux/openat2.h>
#include <sys/syscall.h>
#endif
#endif

#ifdef O_PATH
enum { OPEN_FOLDER = O_PATH | O_DIRECTORY | O_CLOEXEC };
#else
enum { OPEN_FOLDER = O_RDONLY | O_DIRECTORY | O_CLOEXEC };
#endif

enum { OPEN_FILE = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK };

int sac__beneath_open_folder(const char *folder)
{
    return open(folder, OPEN_FOLDER);
}

#ifdef SYS_openat2
static int open_by_kernel(int folder, const char *path)
{
    const struct open_how how = {.flags = OPEN_FILE,
                                 .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};

    return (int)syscall(SYS_openat2, folder, path, &how, sizeof how);
}
#else
static int open_by_kernel(int folder, const char *path)
{
    (void)folder;
    (void)path;
    errno = ENOSYS;
    return -1;
}
#endif

static bool is_climbing(const char *name)
{
    return *name == '\0' || !strcmp(name, "..");
}

int sac__beneath_open_by_steps(int folder, const char *path)
{
    char name[NAME_MAX + 1];
    int at = folder, fd = -1;

    for (bool last = false; !last; path++) {
        const size_t n = strcspn(path, "/");
        int reason;

        last = path[n] == '\0';
        if (n < sizeof name) {
            memcpy(name, path, n);
            name[n] = '\0';
        }
        errno = n >= sizeof name ? ENAMETOOLONG : EXDEV;
        fd = n >= sizeof name || is_climbing(name)
                 ? -1
                 : openat(at, name, (last ? OPEN_FILE : OPEN_FOLDER) | O_NOFOLLOW);
        reason = errno;
        if (at != folder)
            close(at);
        errno = reason;
        if (fd < 0)
            return -1;
        at = fd;
        path += n;
    }
    return fd;
}

int sac__beneath_open(int folder, const char *path)
{
    const int fd = open_by_kernel(folder, path);

    /* EPERM: a sandbox that does not know the call; EAGAIN: the tree is being changed. */
    if (fd < 0 && (errno == ENOSYS || errno == EPERM || errno == EAGAIN))
        return sac__beneath_open_by_steps(folder, path);
    return fd;
}
