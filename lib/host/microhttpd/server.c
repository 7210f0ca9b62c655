/* SPDX-License-Identifier: MIT */
#include "server.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

uint64_t sac__microhttpd_server_now_ns(void)
{
#ifdef CLOCK_MONOTONIC_COARSE
    const clockid_t clock = CLOCK_MONOTONIC_COARSE; /* costs a tenth */
#else
    const clockid_t clock = CLOCK_MONOTONIC;
#endif
    struct timespec now;

    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

void sac__microhttpd_server_wait(sac_microhttpd *server, uint64_t ns)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    ns += (uint64_t)until.tv_nsec;
    until.tv_sec += (time_t)(ns / 1000000000);
    until.tv_nsec = (long)(ns % 1000000000);
    (void)pthread_cond_timedwait(&server->changed, &server->mutex, &until);
}

/* Paths reach the router as they were sent. */
static size_t leave_escaped(void *self, struct MHD_Connection *mhd, char *s)
{
    (void)self;
    (void)mhd;
    return strlen(s);
}

static void log_mhd(void *self, const char *format, va_list args)
{
    sac_microhttpd *server = self;
    char line[256];

    (void)vsnprintf(line, sizeof line, format, args);
    line[strcspn(line, "\n")] = '\0';
    sac_app_log(server->app, SAC_LOG_DEBUG, "microhttpd: %s", line);
}

/* Leaves files for the program itself. */
static unsigned bound_connections(unsigned wanted)
{
    enum { SPARE = 64 };
    struct rlimit files;

    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < (rlim_t)wanted + SPARE)
        return files.rlim_cur > 2 * SPARE ? (unsigned)files.rlim_cur - SPARE : SPARE;
    return wanted;
}

static int read_config(const sac_microhttpd_config *given, sac_microhttpd_config *out, sac_err *err)
{
    memset(out, 0, sizeof *out);
    if (given->size > sizeof *out)
        return sac_err_set(err, SAC_EVERSION,
                           "sac_microhttpd_config of a newer libsacrum: %zu bytes, %zu are known",
                           given->size, sizeof *out);
    memcpy(out, given, given->size);
    if (!out->listen)
        return sac_err_set(err, SAC_EINVAL, "listen: no address");
    out->threads = out->threads ? out->threads : 1;
    out->max_connections = out->max_connections ? out->max_connections : 10000;
    out->max_connections = bound_connections(out->max_connections);
    out->idle_timeout = out->idle_timeout ? out->idle_timeout : 30;
    out->header_timeout = out->header_timeout ? out->header_timeout : 10;
    out->min_body_rate = out->min_body_rate ? out->min_body_rate : 512;
    out->stop_timeout = out->stop_timeout ? out->stop_timeout : 5;
    out->connection_memory = out->connection_memory ? out->connection_memory : 16 * 1024;
    return SAC_OK;
}

static struct MHD_Daemon *start_daemon(sac_microhttpd *server, int fd)
{
    const sac_microhttpd_config *config = &server->config;
    struct MHD_OptionItem options[] = {
        {MHD_OPTION_EXTERNAL_LOGGER, (intptr_t)log_mhd, server},
        {MHD_OPTION_LISTEN_SOCKET, fd, NULL},
        {MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)sac__microhttpd_conn_uri, server},
        {MHD_OPTION_UNESCAPE_CALLBACK, (intptr_t)leave_escaped, server},
        {MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)sac__microhttpd_conn_notify, server},
        {MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)sac__microhttpd_conn_completed, server},
        {MHD_OPTION_CONNECTION_LIMIT, config->max_connections, NULL},
        {MHD_OPTION_PER_IP_CONNECTION_LIMIT, config->max_connections_per_ip, NULL},
        {MHD_OPTION_CONNECTION_TIMEOUT, config->idle_timeout, NULL},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, (intptr_t)config->connection_memory, NULL},
        /* Where we read the head anew, we refuse it too: with a problem document. */
        {MHD_OPTION_STRICT_FOR_CLIENT, server->lines_stay ? 0 : 1, NULL},
        {config->threads > 1 ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END, config->threads, NULL},
        {MHD_OPTION_END, 0, NULL},
    };

    return MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC |
                                MHD_USE_ERROR_LOG,
                            0, NULL, NULL, sac__microhttpd_conn_access, server, MHD_OPTION_ARRAY,
                            options, MHD_OPTION_END);
}

/* 0.9.75 and the versions before it. */
static bool is_lenient(void)
{
    unsigned major = 0, minor = 0, patch = 0;

    return sscanf(MHD_get_version(), "%u.%u.%u", &major, &minor, &patch) == 3 && major == 0 &&
           minor == 9 && patch <= 75;
}

static int new_server(sac_app *app, const sac_microhttpd_config *config, sac_microhttpd **out,
                      sac_err *err)
{
    const sac_alloc *alloc = sac_app_allocator(app);
    sac_microhttpd *server = alloc->resize(alloc->self, NULL, 0, sizeof *server);
    pthread_condattr_t clock;
    int rc;

    if (!server)
        return sac_err_set(err, SAC_ENOMEM, "microhttpd: out of memory");
    memset(server, 0, sizeof *server);
    server->app = app;
    server->alloc = alloc;
    server->lines_stay = is_lenient();
    rc = read_config(config, &server->config, err);
    if (rc != SAC_OK) {
        alloc->resize(alloc->self, server, sizeof *server, 0);
        return rc;
    }
    /* None of these fails on a system with memory for a handful of bytes. */
    pthread_mutex_init(&server->mutex, NULL);
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&server->changed, &clock);
    pthread_condattr_destroy(&clock);
    *out = server;
    return SAC_OK;
}

static void free_server(sac_microhttpd *server)
{
    const sac_alloc *alloc = server->alloc;

    pthread_cond_destroy(&server->changed);
    pthread_mutex_destroy(&server->mutex);
    alloc->resize(alloc->self, server, sizeof *server, 0);
}

/* Threads inherit the mask: signals are the host program's. */
static int start_threads(sac_microhttpd *server, int fd, sac_err *err)
{
    sigset_t most, old;
    int rc = SAC_OK;

    sigfillset(&most);
    sigdelset(&most, SIGSEGV);
    sigdelset(&most, SIGBUS);
    sigdelset(&most, SIGFPE);
    sigdelset(&most, SIGILL);
    sigdelset(&most, SIGTRAP);
    pthread_sigmask(SIG_BLOCK, &most, &old);
    if (sac__microhttpd_reaper_start(server) != SAC_OK) {
        rc = sac_err_set(err, SAC_EUNAVAILABLE, "microhttpd: the system gives no thread");
    } else if (!(server->daemon = start_daemon(server, fd))) {
        sac__microhttpd_reaper_stop(server);
        rc = sac_err_set(err, SAC_EIO, "libmicrohttpd does not start on %s", server->config.listen);
    }
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return rc;
}

int sac_microhttpd_start(sac_app *app, const sac_microhttpd_config *config, sac_microhttpd **out,
                         sac_err *err)
{
    sac_microhttpd *server = NULL;
    int fd = -1;
    int rc = new_server(app, config, &server, err);

    if (rc != SAC_OK)
        return rc;
    rc = sac__microhttpd_server_listen(server->config.listen, &fd, &server->port, err);
    if (rc == SAC_OK)
        rc = sac_app_seal(app, err);
    if (rc == SAC_OK)
        rc = start_threads(server, fd, err);
    if (rc != SAC_OK) {
        if (fd >= 0)
            close(fd);
        free_server(server);
        return rc;
    }
    *out = server;
    return SAC_OK;
}

unsigned sac_microhttpd_port(const sac_microhttpd *server)
{
    return server->port;
}

void sac_microhttpd_stop(sac_microhttpd *server)
{
    if (!server)
        return;
    sac__microhttpd_server_stop(server);
    sac__microhttpd_reaper_stop(server);
    free_server(server);
}

int sac_microhttpd_run(sac_app *app, const char *listen, sac_err *err)
{
    const sac_microhttpd_config config = SAC_MICROHTTPD_CONFIG(.listen = listen);
    sac_microhttpd *server = NULL;
    sigset_t stop, old;
    int rc, got;

    sigemptyset(&stop);
    sigaddset(&stop, SIGINT);
    sigaddset(&stop, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &stop, &old);
    rc = sac_microhttpd_start(app, &config, &server, err);
    if (rc == SAC_OK) {
        sigwait(&stop, &got);
        sac_microhttpd_stop(server);
    }
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return rc;
}
