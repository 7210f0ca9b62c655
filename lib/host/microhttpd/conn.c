/* SPDX-License-Identifier: MIT */
#include "server.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

/* Bytes of a body that are read past an early answer, so that the client gets to see it. */
static const uint64_t max_discarded = 16 * 1024 * 1024;

static conn *conn_of(struct MHD_Connection *mhd)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(
        mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    return info ? info->socket_context : NULL;
}

static void enter_phase(conn *c, int phase)
{
    atomic_store_explicit(&c->body_read, 0, memory_order_relaxed);
    atomic_store_explicit(&c->since_ns, sac__microhttpd_server_now_ns(), memory_order_relaxed);
    atomic_store_explicit(&c->phase, phase, memory_order_release);
}

static void add_body_read(conn *c, size_t n)
{
    const uint64_t was = atomic_load_explicit(&c->body_read, memory_order_relaxed);

    atomic_store_explicit(&c->body_read, was + n, memory_order_relaxed);
}

static void print_peer(struct MHD_Connection *mhd, conn *c)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(
        mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *addr = info ? info->client_addr : NULL;
    int family = addr ? addr->sa_family : AF_UNSPEC;
    const void *ip = NULL;

    if (family == AF_INET) {
        ip = &((const struct sockaddr_in *)addr)->sin_addr;
    } else if (family == AF_INET6) {
        const struct in6_addr *v6 = &((const struct sockaddr_in6 *)addr)->sin6_addr;

        ip = v6;
        if (IN6_IS_ADDR_V4MAPPED(v6)) { /* one client has one name on a socket for both */
            family = AF_INET;
            ip = &v6->s6_addr[12];
        }
    }
    if (!ip || !inet_ntop(family, ip, c->peer, sizeof c->peer))
        c->peer[0] = '\0';
}

static void conn_started(sac_microhttpd *server, struct MHD_Connection *mhd, void **socket)
{
    conn *c = server->alloc->resize(server->alloc->self, NULL, 0, sizeof *c);
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(
        mhd, MHD_CONNECTION_INFO_CONNECTION_FD);

    *socket = c;
    if (!c)
        return;
    memset(c, 0, sizeof *c);
    c->server = server;
    c->mhd = mhd;
    c->fd = info ? info->connect_fd : -1;
    enter_phase(c, PHASE_HEAD);
    print_peer(mhd, c);
    pthread_mutex_lock(&server->mutex);
    c->next = server->conns;
    if (c->next)
        c->next->prev = c;
    server->conns = c;
    pthread_mutex_unlock(&server->mutex);
}

static void conn_closed(sac_microhttpd *server, conn *c)
{
    const sac_alloc *alloc = server->alloc;

    if (!c)
        return;
    pthread_mutex_lock(&server->mutex);
    if (c->prev)
        c->prev->next = c->next;
    else
        server->conns = c->next;
    if (c->next)
        c->next->prev = c->prev;
    pthread_mutex_unlock(&server->mutex);
    if (c->target)
        alloc->resize(alloc->self, c->target, c->target_cap, 0);
    if (c->headers)
        alloc->resize(alloc->self, c->headers, c->headers_cap * sizeof *c->headers, 0);
    alloc->resize(alloc->self, c, sizeof *c, 0);
}

void sac__microhttpd_conn_notify(void *self, struct MHD_Connection *mhd, void **socket,
                                 enum MHD_ConnectionNotificationCode code)
{
    if (code == MHD_CONNECTION_NOTIFY_STARTED)
        conn_started(self, mhd, socket);
    else
        conn_closed(self, *socket);
}

/* The request line, before libmicrohttpd cuts the query off and decodes it. */
void *sac__microhttpd_conn_uri(void *self, const char *uri, struct MHD_Connection *mhd)
{
    conn *c = conn_of(mhd);
    size_t n = strlen(uri);

    (void)self;
    if (!c)
        return NULL;
    c->target_n = 0;
    if (n > c->target_cap) {
        const sac_alloc *alloc = c->server->alloc;
        char *grown = alloc->resize(alloc->self, c->target, c->target_cap, n);

        if (!grown)
            return NULL;
        c->target = grown;
        c->target_cap = n;
    }
    memcpy(c->target, uri, n);
    c->target_n = n;
    c->target_at = uri;
    enter_phase(c, PHASE_HEAD);
    return NULL;
}

static const sac_host_ops host_ops = SAC_HOST_OPS(.name = "microhttpd",
                                                  .wake = sac__microhttpd_conn_wake);

/* The first call for a request: its head. */
static enum MHD_Result begin(conn *c, const char *method, const char *version)
{
    sac_head head = SAC_HEAD_INIT(.method = sac_str_of(method),
                                  .target = sac_str_n(c->target, c->target_n),
                                  .peer = sac_str_of(c->peer));
    int rc;

    c->discarded = 0;
    /* Nobody else has this request yet. */
    atomic_store_explicit(&c->wake, CONN_RUNNING, memory_order_relaxed);
    if (!sac__microhttpd_conn_read_head(c, method, version, &head) ||
        sac_exchange_open(c->server->app, &host_ops, c, &c->exchange) != SAC_OK)
        return MHD_NO;
    atomic_fetch_add_explicit(&c->server->in_flight, 1, memory_order_relaxed);
    enter_phase(c, head.length != 0 && !c->refused ? PHASE_BODY : PHASE_ANSWER);
    rc = c->refused ? sac_exchange_refuse(c->exchange, &head, "bad_request")
                    : sac_exchange_head(c->exchange, &head);
    c->ended = c->refused || rc == 1;
    c->has_body = c->refused || head.length != 0;
    return rc < 0 ? MHD_NO : MHD_YES;
}

/* Queues the answer, or suspends until there is one. */
static enum MHD_Result answer(conn *c)
{
    const sac_answer *got = NULL;

    enter_phase(c, PHASE_ANSWER);
    for (;;) {
        int rc = sac_exchange_answer(c->exchange, &got);

        if (rc == SAC_OK)
            return sac__microhttpd_response_send(c, got);
        if (rc != SAC_LATER)
            return MHD_NO;
        if (atomic_load(&c->server->aborting))
            return sac__microhttpd_response_unavailable(c);
        if (sac__microhttpd_conn_park(c))
            return MHD_YES;
    }
}

/* libmicrohttpd takes no answer before the body's end. */
static enum MHD_Result discard(conn *c, size_t *n)
{
    add_body_read(c, *n);
    c->discarded += *n;
    *n = 0;
    return c->discarded > max_discarded ? MHD_NO : MHD_YES;
}

/* Feeds body bytes; leaves those that the app cannot take now to libmicrohttpd. */
static enum MHD_Result feed(conn *c, const char *p, size_t *n)
{
    if (atomic_load_explicit(&c->phase, memory_order_relaxed) != PHASE_BODY)
        enter_phase(c, PHASE_BODY);
    while (*n > 0 && !c->ended) {
        size_t taken = 0;
        int rc = sac_exchange_body(c->exchange, p, *n, &taken);

        add_body_read(c, taken);
        p += taken;
        *n -= taken;
        if (rc < 0 || (rc == SAC_LATER && atomic_load(&c->server->aborting)))
            return MHD_NO;
        if (rc == SAC_LATER) {
            /* The app is slow, not the client. */
            enter_phase(c, PHASE_ANSWER);
            if (sac__microhttpd_conn_park(c))
                return MHD_YES;
            enter_phase(c, PHASE_BODY);
        }
        c->ended = rc == 1;
    }
    return discard(c, n);
}

enum MHD_Result sac__microhttpd_conn_access(void *self, struct MHD_Connection *mhd, const char *url,
                                            const char *method, const char *version,
                                            const char *upload, size_t *upload_n, void **request)
{
    conn *c = conn_of(mhd);

    (void)self;
    (void)url;
    if (!c || c->target_n == 0)
        return MHD_NO;
    if (!*request) {
        *request = c;
        if (begin(c, method, version) != MHD_YES)
            return MHD_NO;
        /* An answer queued now spares the body, and costs the connection. */
        return c->ended && c->has_body ? answer(c) : MHD_YES;
    }
    if (*upload_n > 0)
        return feed(c, upload, upload_n);
    if (!c->ended) {
        c->ended = true;
        if (sac_exchange_end(c->exchange) < 0)
            return MHD_NO;
    }
    return answer(c);
}

void sac__microhttpd_conn_completed(void *self, struct MHD_Connection *mhd, void **request,
                                    enum MHD_RequestTerminationCode how)
{
    conn *c = conn_of(mhd);

    (void)self;
    (void)how;
    *request = NULL;
    if (!c || !c->exchange)
        return;
    sac_exchange_close(c->exchange);
    c->exchange = NULL;
    enter_phase(c, PHASE_IDLE);
    if (atomic_fetch_sub(&c->server->in_flight, 1) == 1 && atomic_load(&c->server->stopping)) {
        pthread_mutex_lock(&c->server->mutex);
        pthread_cond_broadcast(&c->server->changed);
        pthread_mutex_unlock(&c->server->mutex);
    }
}

void sac__microhttpd_conn_wake(void *self)
{
    conn *c = self;
    int was = CONN_RUNNING;

    if (atomic_compare_exchange_strong(&c->wake, &was, CONN_WOKEN))
        return;
    was = CONN_SUSPENDED;
    if (atomic_compare_exchange_strong(&c->wake, &was, CONN_RUNNING))
        MHD_resume_connection(c->mhd);
}

bool sac__microhttpd_conn_park(conn *c)
{
    int was = CONN_WOKEN;

    if (atomic_compare_exchange_strong(&c->wake, &was, CONN_RUNNING))
        return false;
    MHD_suspend_connection(c->mhd);
    was = CONN_RUNNING;
    if (!atomic_compare_exchange_strong(&c->wake, &was, CONN_SUSPENDED)) {
        atomic_store(&c->wake, CONN_RUNNING);
        MHD_resume_connection(c->mhd);
    }
    return true;
}
