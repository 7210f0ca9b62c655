/* SPDX-License-Identifier: MIT */
#ifndef SACRUM_HOST_MICROHTTPD_H
#define SACRUM_HOST_MICROHTTPD_H

/**
 * The default host: HTTP/1.1 over libmicrohttpd (0.9.75 or newer).
 *
 * It runs in threads of its own: its event loops and one that closes slow
 * connections. They block the signals that are not their own fault. What
 * libmicrohttpd answers by itself, without the app: malformed request lines,
 * lengths and chunks (400, 413, 505), heads beyond its pool (414, 431), with
 * its own short pages.
 */
#include <sacrum/app.h>

SAC_BEGIN

typedef struct sac_microhttpd sac_microhttpd;

/** 0 stands for the default. */
typedef struct sac_microhttpd_config {
    size_t size;            /**< sizeof this struct: SAC_MICROHTTPD_CONFIG sets it. */
    const char *listen;     /**< `127.0.0.1:8080`, `[::1]:8080`, `:8080` (every address); port 0: any. */
    unsigned threads;       /**< Event loops; 0: 1. */
    unsigned max_connections;        /**< 0: 10,000, less where the process may open fewer files. */
    unsigned max_connections_per_ip; /**< 0: no bound. */
    unsigned idle_timeout;  /**< Seconds without a byte; 0: 30. */
    unsigned header_timeout; /**< Seconds for a request's head; 0: 10. */
    unsigned min_body_rate; /**< Bytes a second that a body must bring on the average, after its
                                 first header_timeout seconds; 0: 512. */
    unsigned stop_timeout;  /**< Seconds that a graceful stop waits; 0: 5. */
    size_t connection_memory; /**< Bytes of a connection's pool; 0: 16 KiB. */
} sac_microhttpd_config;
#define SAC_MICROHTTPD_CONFIG(...) { .size = sizeof(sac_microhttpd_config), __VA_ARGS__ }

/**
 * Listen, then seal the app and begin to serve it.
 *
 * Ownership: `app` must outlive the server; stop it with sac_microhttpd_stop().
 * Errors: SAC_EINVAL naming a bad address, SAC_EIO when it cannot be bound (the
 * text says why), SAC_EVERSION, SAC_EUNAVAILABLE when there is no thread,
 * SAC_ENOMEM; as sac_app_seal().
 * Threads: build phase.
 */
SAC_API int sac_microhttpd_start(sac_app *app, const sac_microhttpd_config *config,
                                 sac_microhttpd **out, sac_err *err) SAC_MUST_USE;

/** The port that it listens on. Threads: any. */
SAC_API unsigned sac_microhttpd_port(const sac_microhttpd *server);

/**
 * Refuse new connections, finish the requests in flight (up to stop_timeout,
 * then 503), end the threads, free. NULL is a no-op.
 * Threads: any but the server's own.
 */
SAC_API void sac_microhttpd_stop(sac_microhttpd *server);

/**
 * For programs without a loop: serve until SIGINT or SIGTERM, then stop
 * gracefully. The two signals are blocked meanwhile and the mask is restored;
 * no handler is installed.
 *
 * Errors: as sac_microhttpd_start().
 */
SAC_API int sac_microhttpd_run(sac_app *app, const char *listen, sac_err *err) SAC_MUST_USE;

SAC_END

#endif
