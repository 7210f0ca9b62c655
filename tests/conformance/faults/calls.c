/* SPDX-License-Identifier: MIT */
/* Both names of each call are defined here, whatever the size of off_t is to be. */
#undef _FILE_OFFSET_BITS

#include "calls.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define DESCRIPTORS 4096

enum { NOT_OURS, DATABASE, BESIDE };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *watched;
static unsigned char ours[DESCRIPTORS];
static bool durable[DESCRIPTORS]; /* opened with O_DSYNC, which is not passed on */
static call_fault fault;
static bool failing;
static long made[CALL_KINDS];
static trace *recorded;

void calls_watch(const char *path)
{
    watched = path;
    memset(ours, NOT_OURS, sizeof ours);
}

void calls_fail(const call_fault *how)
{
    pthread_mutex_lock(&lock);
    failing = how != NULL;
    if (how)
        fault = *how;
    memset(made, 0, sizeof made);
    pthread_mutex_unlock(&lock);
}

long calls_made(call_kind kind)
{
    return made[kind];
}

trace *trace_new(void)
{
    trace *into = mmap(NULL, sizeof *into, PROT_READ | PROT_WRITE,
                       MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    return into == MAP_FAILED ? NULL : into;
}

void trace_free(trace *old)
{
    munmap(old, sizeof *old);
}

void calls_record(trace *into)
{
    recorded = into;
}

/* With `lock` held. */
static void add_event(event_kind kind, int64_t at, const void *bytes, size_t n)
{
    if (recorded->n == TRACE_EVENTS || recorded->used + n > TRACE_BYTES) {
        recorded->full = true;
        return;
    }
    recorded->events[recorded->n++] = (event){
        .kind = kind, .at = at, .n = n, .data = recorded->used};
    if (n)
        memcpy(recorded->bytes + recorded->used, bytes, n);
    recorded->used += n;
}

static void note(event_kind kind, int64_t at, const void *bytes, size_t n)
{
    if (!recorded)
        return;
    pthread_mutex_lock(&lock);
    add_event(kind, at, bytes, n);
    pthread_mutex_unlock(&lock);
}

void trace_note(event_kind kind, int64_t number)
{
    note(kind, number, NULL, 0);
}

static bool is_ours(int fd)
{
    return watched && fd >= 0 && fd < DESCRIPTORS && ours[fd] != NOT_OURS;
}

/* Whether this call is one of those that are to fail. */
static bool fails(call_kind kind)
{
    bool now;

    pthread_mutex_lock(&lock);
    made[kind]++;
    now = failing && fault.kind == kind && made[kind] >= fault.at && made[kind] <= fault.last;
    pthread_mutex_unlock(&lock);
    return now;
}

static int failed(void)
{
    errno = fault.error;
    return -1;
}

/* ---- writes: each goes out in one piece, at `at` ---- */

static void record_write(int fd, const void *bytes, size_t n, off_t at)
{
    if (recorded && ours[fd] == DATABASE)
        note(EVENT_WRITE, at, bytes, n);
}

static ssize_t write_out(call_kind kind, int fd, const void *bytes, size_t n, off_t at)
{
    const bool fail = is_ours(fd) && fails(kind);
    ssize_t written;

    if (fail && fault.error && !fault.carried)
        return failed();
    if (fail && !fault.error)
        n /= 2;
    if (is_ours(fd))
        record_write(fd, bytes, n, at);
    written = syscall(SYS_pwrite64, fd, bytes, n, at);
    if (fail && fault.error)
        return failed();
    if (is_ours(fd) && ours[fd] == DATABASE && durable[fd] && recorded && !recorded->unsynced)
        note(EVENT_WRITTEN, 0, NULL, 0);
    return written;
}

ssize_t pwrite(int fd, const void *bytes, size_t n, off_t at)
{
    return write_out(CALL_PWRITE, fd, bytes, n, at);
}

/* LMDB's pages: at most 64 of them, all in one. */
static ssize_t gather_out(call_kind kind, int fd, const struct iovec *v, int n, off_t at)
{
    static char whole[1 << 20];
    static pthread_mutex_t gathering = PTHREAD_MUTEX_INITIALIZER;
    size_t used = 0;
    ssize_t written;
    int i;

    pthread_mutex_lock(&gathering);
    for (i = 0; i < n && used + v[i].iov_len <= sizeof whole; i++) {
        memcpy(whole + used, v[i].iov_base, v[i].iov_len);
        used += v[i].iov_len;
    }
    written = write_out(kind, fd, whole, used, at);
    pthread_mutex_unlock(&gathering);
    return written;
}

ssize_t pwritev(int fd, const struct iovec *v, int n, off_t at)
{
    return is_ours(fd) ? gather_out(CALL_PWRITE, fd, v, n, at)
                       : syscall(SYS_pwritev, fd, v, n, (long)at, 0L);
}

static ssize_t advance(int fd, off_t at, ssize_t written)
{
    if (written > 0)
        (void)lseek(fd, at + written, SEEK_SET);
    return written;
}

ssize_t writev(int fd, const struct iovec *v, int n)
{
    off_t at;

    if (!is_ours(fd))
        return syscall(SYS_writev, fd, v, n);
    at = lseek(fd, 0, SEEK_CUR);
    return advance(fd, at, gather_out(CALL_WRITE, fd, v, n, at));
}

ssize_t write(int fd, const void *bytes, size_t n)
{
    off_t at;

    if (!is_ours(fd))
        return syscall(SYS_write, fd, bytes, n);
    at = lseek(fd, 0, SEEK_CUR);
    return advance(fd, at, write_out(CALL_WRITE, fd, bytes, n, at));
}

/* ---- syncs: told of, not made: no test cuts the power of the machine ---- */

static int synced(void)
{
    if (fails(CALL_SYNC))
        return failed();
    if (recorded && !recorded->unsynced)
        note(EVENT_SYNCED, 0, NULL, 0);
    return 0;
}

int fdatasync(int fd)
{
    return is_ours(fd) ? synced() : (int)syscall(SYS_fdatasync, fd);
}

int fsync(int fd)
{
    return is_ours(fd) ? synced() : (int)syscall(SYS_fsync, fd);
}

int msync(void *at, size_t n, int flags)
{
    return watched ? synced() : (int)syscall(SYS_msync, at, n, flags);
}

int ftruncate(int fd, off_t n)
{
    if (is_ours(fd) && fails(CALL_TRUNCATE))
        return failed();
    if (is_ours(fd) && ours[fd] == DATABASE)
        note(EVENT_TRUNCATE, n, NULL, 0);
    return (int)syscall(SYS_ftruncate, fd, n);
}

/* ---- open, mmap ---- */

int open(const char *path, int flags, ...)
{
    const bool mine = watched && strncmp(path, watched, strlen(watched)) == 0;
    int fd;
    va_list rest;
    int mode = 0;

    if (flags & (O_CREAT | O_TMPFILE)) {
        va_start(rest, flags);
        mode = va_arg(rest, int);
        va_end(rest);
    }
    if (mine && fails(CALL_OPEN))
        return failed();
    fd = (int)syscall(SYS_openat, AT_FDCWD, path, mine ? flags & ~O_SYNC : flags, mode);
    if (fd < 0 || fd >= DESCRIPTORS)
        return fd;
    durable[fd] = flags & O_DSYNC;
    ours[fd] = !mine ? NOT_OURS : path[strlen(watched)] == '\0' ? DATABASE : BESIDE;
    return fd;
}

int close(int fd)
{
    if (fd >= 0 && fd < DESCRIPTORS)
        ours[fd] = NOT_OURS;
    return (int)syscall(SYS_close, fd);
}

void *mmap(void *at, size_t n, int prot, int flags, int fd, off_t offset)
{
    if (is_ours(fd) && fails(CALL_MMAP)) {
        errno = fault.error;
        return MAP_FAILED;
    }
    return (void *)syscall(SYS_mmap, at, n, prot, flags, fd, offset);
}

int open64(const char *path, int flags, ...) __attribute__((alias("open")));
ssize_t pwrite64(int fd, const void *bytes, size_t n, off_t at) __attribute__((alias("pwrite")));
ssize_t pwritev64(int fd, const struct iovec *v, int n, off_t at) __attribute__((alias("pwritev")));
int ftruncate64(int fd, off_t n) __attribute__((alias("ftruncate")));
void *mmap64(void *at, size_t n, int prot, int flags, int fd, off_t offset)
    __attribute__((alias("mmap")));
