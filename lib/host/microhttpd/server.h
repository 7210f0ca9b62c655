/* SPDX-License-Identifier: MIT */
#ifndef MICROHTTPD_SERVER_H
#define MICROHTTPD_SERVER_H

#include <pthread.h>
#include <stdatomic.h>

#include <microhttpd.h>

#include <sacrum/host/microhttpd.h>
#include <sacrum/impl/host.h>

enum { PEER_SIZE = 46 /* INET6_ADDRSTRLEN */ };

/* Where a connection stands between its loop and a wake from another thread. */
enum { CONN_RUNNING, CONN_SUSPENDED, CONN_WOKEN };

/* What the reaper judges a connection by. */
enum { PHASE_HEAD, PHASE_BODY, PHASE_ANSWER, PHASE_IDLE };

/* One connection; libmicrohttpd serves one request at a time on it. */
typedef struct conn {
    sac_microhttpd *server;
    struct MHD_Connection *mhd;
    struct conn *prev, *next;
    atomic_int wake;

    sac_exchange *exchange;
    bool ended; /* no more body is given to the exchange */
    bool has_body, refused, out_of_memory;
    uint64_t discarded; /* body bytes that came after an early answer */
    char *target;       /* grows to the longest that came */
    size_t target_n, target_cap;
    const char *target_at; /* in libmicrohttpd's buffer */
    sac_header *headers;   /* grows to the most that came */
    size_t n_headers, headers_cap;
    char peer[PEER_SIZE];

    int fd;
    atomic_int phase;
    _Atomic uint64_t since_ns;  /* when the phase began */
    _Atomic uint64_t body_read; /* bytes in this phase */
} conn;

struct sac_microhttpd {
    sac_app *app;
    const sac_alloc *alloc;
    struct MHD_Daemon *daemon;
    sac_microhttpd_config config;
    unsigned port;
    bool lines_stay; /* this libmicrohttpd leaves the lines of a head where it read them */

    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t changed;
    conn *conns;
    bool reaping;
    pthread_t reaper;

    atomic_size_t in_flight; /* requests */
    atomic_bool stopping;    /* answer what comes, then close */
    atomic_bool aborting;    /* time is up: 503 for what is parked */
};

/* The clock of phases and of `changed`. */
uint64_t sac__microhttpd_server_now_ns(void);
/* With the mutex held: waits for `changed`, so long at most. */
void sac__microhttpd_server_wait(sac_microhttpd *server, uint64_t ns);

/* listen.c: the socket of an address, listening, or SAC_EINVAL, SAC_EIO. */
int sac__microhttpd_server_listen(const char *address, int *fd, unsigned *port, sac_err *err);

/* conn.c: the callbacks of libmicrohttpd. */
void *sac__microhttpd_conn_uri(void *self, const char *uri, struct MHD_Connection *mhd);
enum MHD_Result sac__microhttpd_conn_access(void *self, struct MHD_Connection *mhd, const char *url,
                                            const char *method, const char *version,
                                            const char *upload, size_t *upload_n, void **request);
void sac__microhttpd_conn_completed(void *self, struct MHD_Connection *mhd, void **request,
                                    enum MHD_RequestTerminationCode how);
void sac__microhttpd_conn_notify(void *self, struct MHD_Connection *mhd, void **socket,
                                 enum MHD_ConnectionNotificationCode code);
void sac__microhttpd_conn_wake(void *self);
/* True when the request must wait, and then the connection is suspended. */
bool sac__microhttpd_conn_park(conn *c);

/* head.c: false without memory; `refused` where libmicrohttpd may have misread it. */
bool sac__microhttpd_conn_read_head(conn *c, const char *method, const char *version,
                                    sac_head *head);

/* response.c: queue an answer. */
enum MHD_Result sac__microhttpd_response_send(conn *c, const sac_answer *answer);
enum MHD_Result sac__microhttpd_response_unavailable(conn *c);

/* stop.c: finishes what is in flight and ends the loops. */
void sac__microhttpd_server_stop(sac_microhttpd *server);

/* reaper.c: closes connections that are too slow. */
int sac__microhttpd_reaper_start(sac_microhttpd *server);
void sac__microhttpd_reaper_stop(sac_microhttpd *server);

#endif
