/* SPDX-License-Identifier: MIT */
#include <sacrum/host/loopback.h>

#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include <sacrum/impl/host.h>

#include "app/app.h"
#include "core/alloc.h"
#include "core/buf.h"
#include "http/token.h"

enum { PIECE = 64 * 1024, MAX_FIELDS = 160 };

struct sac_loopback {
    sac_app *app;
    const sac_alloc *alloc;
    pthread_mutex_t lock;
    pthread_cond_t cond;
    bool woken;                        /* lock: it may come before it is waited for */
    sac_header ask[MAX_FIELDS];        /* of the request */
    sac_header fields[MAX_FIELDS + 2]; /* of the answer */
    size_t n_fields;
    sac__buf text; /* what `fields` speak of */
    sac__buf body;
};

static void wake(void *self)
{
    sac_loopback *client = self;

    pthread_mutex_lock(&client->lock);
    client->woken = true;
    pthread_cond_signal(&client->cond);
    pthread_mutex_unlock(&client->lock);
}

static const sac_host_ops host_ops = SAC_HOST_OPS(.name = "loopback", .wake = wake);

static void wait_for_wake(sac_loopback *client)
{
    pthread_mutex_lock(&client->lock);
    while (!client->woken)
        pthread_cond_wait(&client->cond, &client->lock);
    client->woken = false;
    pthread_mutex_unlock(&client->lock);
}

static int read_fields(sac_loopback *client, const char *const *lines, size_t *n, sac_err *err)
{
    *n = 0;
    for (size_t i = 0; lines && lines[i]; i++) {
        const char *colon = strchr(lines[i], ':');

        if (!colon || colon == lines[i])
            return sac_err_set(err, SAC_EINVAL, "header line %zu has no name and ':'", i);
        if (*n == MAX_FIELDS)
            return sac_err_set(err, SAC_EINVAL, "more than %d header lines", MAX_FIELDS);
        client->ask[(*n)++] = (sac_header){.name = sac_str_n(lines[i], (size_t)(colon - lines[i])),
                                           .value = sac__token_trim(sac_str_of(colon + 1))};
    }
    return SAC_OK;
}

/* 1: the answer is there already. */
static int give_body(sac_loopback *client, sac_exchange *exchange,
                     const sac_loopback_request *request)
{
    sac_str rest = request->body;
    int rc = SAC_OK;

    while (rest.n > 0 && rc != 1) {
        size_t n = request->piece > 0 && request->piece < rest.n ? request->piece : rest.n;
        size_t taken = 0;

        rc = sac_exchange_body(exchange, rest.p, n, &taken);
        if (rc < 0)
            return rc;
        rest = sac_str_n(rest.p + taken, rest.n - taken);
        if (rc == SAC_LATER)
            wait_for_wake(client);
    }
    return rc == 1 ? 1 : SAC_OK;
}

static int give_request(sac_loopback *client, sac_exchange *exchange,
                        const sac_loopback_request *request, size_t n_fields)
{
    const sac_head head = SAC_HEAD_INIT(.method = sac_str_of(request->method),
                                        .target = sac_str_of(request->target),
                                        .headers = client->ask, .n_headers = n_fields,
                                        .length = request->chunked ? -1 : (int64_t)request->body.n,
                                        .peer = sac_str_of("127.0.0.1"));
    int rc = sac_exchange_head(exchange, &head);

    if (rc == SAC_OK)
        rc = give_body(client, exchange, request);
    if (rc == SAC_OK)
        rc = sac_exchange_end(exchange);
    return rc < 0 ? rc : SAC_OK;
}

static void add_field(sac_loopback *client, sac_str name, sac_str value)
{
    /* Places now, pointers when the buffer has stopped moving. */
    client->fields[client->n_fields++] = (sac_header){sac_str_n(NULL, name.n),
                                                      sac_str_n(NULL, value.n)};
    sac__buf_add_str(&client->text, name);
    sac__buf_add_str(&client->text, value);
}

static void take_head(sac_loopback *client, const sac_answer *answer)
{
    char length[24];
    size_t at = 0;

    for (size_t i = 0; i < answer->n_headers && client->n_fields < MAX_FIELDS; i++)
        add_field(client, answer->headers[i].name, answer->headers[i].value);
    if (answer->length >= 0 && answer->status != 204 && answer->status != 304) {
        snprintf(length, sizeof length, "%lld", (long long)answer->length);
        add_field(client, sac_str_of("Content-Length"), sac_str_of(length));
    }
    if (answer->close)
        add_field(client, sac_str_of("Connection"), sac_str_of("close"));
    for (size_t i = 0; i < client->n_fields && !client->text.error; i++) {
        client->fields[i].name.p = client->text.p + at;
        at += client->fields[i].name.n;
        client->fields[i].value.p = client->text.p + at;
        at += client->fields[i].value.n;
    }
}

static int take_file(sac_loopback *client, const sac_answer *answer)
{
    uint64_t at = answer->offset;
    uint64_t left = (uint64_t)answer->length;

    while (left > 0) {
        const size_t n = left < PIECE ? (size_t)left : PIECE;
        ssize_t got;

        if (!sac__buf_room(&client->body, n))
            return client->body.error;
        got = pread(answer->fd, client->body.p + client->body.n, n, (off_t)at);
        if (got <= 0)
            return SAC_EIO;
        client->body.n += (size_t)got;
        at += (uint64_t)got;
        left -= (uint64_t)got;
    }
    return SAC_OK;
}

static int take_stream(sac_loopback *client, sac_exchange *exchange)
{
    int rc = 1;

    while (rc > 0) {
        size_t n = 0;

        if (!sac__buf_room(&client->body, PIECE))
            return client->body.error;
        rc = sac_exchange_pull(exchange, client->body.p + client->body.n, PIECE, &n);
        if (rc == 1)
            client->body.n += n;
        else if (rc == SAC_LATER)
            wait_for_wake(client);
    }
    return rc;
}

static int take_answer(sac_loopback *client, sac_exchange *exchange, sac_loopback_reply *reply)
{
    const sac_answer *answer;
    int rc;

    while ((rc = sac_exchange_answer(exchange, &answer)) == SAC_LATER)
        wait_for_wake(client);
    if (rc != SAC_OK)
        return rc;
    take_head(client, answer);
    if (answer->head)
        rc = SAC_OK;
    else if (answer->kind == SAC_ANSWER_BYTES)
        sac__buf_add_str(&client->body, answer->bytes);
    else
        rc = answer->kind == SAC_ANSWER_FILE ? take_file(client, answer)
                                             : take_stream(client, exchange);
    if (client->text.error || client->body.error)
        return SAC_ENOMEM;
    *reply = (sac_loopback_reply){
        .status = answer->status,
        .headers = client->fields,
        .n_headers = client->n_fields,
        .body = sac_str_n(client->body.p ? client->body.p : "", client->body.n),
        .cut = rc != SAC_OK};
    return SAC_OK;
}

int sac_loopback_send(sac_loopback *client, const sac_loopback_request *request,
                      sac_loopback_reply *reply, sac_err *err)
{
    sac_exchange *exchange;
    size_t n_fields;
    int rc = sac__app_check_size(request->size, sizeof *request, "sac_loopback_request", err);

    if (rc == SAC_OK)
        rc = read_fields(client, request->headers, &n_fields, err);
    if (rc != SAC_OK)
        return rc;
    client->woken = false;
    client->n_fields = client->text.n = client->body.n = 0;
    client->text.error = client->body.error = 0;
    rc = sac_exchange_open(client->app, &host_ops, client, &exchange);
    if (rc != SAC_OK)
        return sac_err_set(err, rc, "loopback: %s", sac_err_text(rc));
    rc = give_request(client, exchange, request, n_fields);
    if (rc == SAC_OK)
        rc = take_answer(client, exchange, reply);
    sac_exchange_close(exchange);
    return rc == SAC_OK ? rc : sac_err_set(err, rc, "loopback: %s", sac_err_text(rc));
}

int sac_loopback_json(sac_loopback *client, const char *method, const char *target,
                      const char *json, sac_loopback_reply *reply)
{
    static const char *const headers[] = {"Content-Type: application/json", NULL};
    const sac_loopback_request request = SAC_LOOPBACK_REQUEST(.method = method, .target = target,
                                                              .headers = json ? headers : NULL,
                                                              .body = sac_str_of(json));

    return sac_loopback_send(client, &request, reply, NULL);
}

sac_str sac_loopback_header(const sac_loopback_reply *reply, const char *name)
{
    for (size_t i = 0; i < reply->n_headers; i++)
        if (sac__token_same(reply->headers[i].name, sac_str_of(name)))
            return reply->headers[i].value;
    return sac_str_of(NULL);
}

int sac_loopback_new(sac_app *app, sac_loopback **out, sac_err *err)
{
    const sac_alloc *alloc = sac__app_config(app)->alloc;
    sac_loopback *client;
    int rc = sac_app_seal(app, err);

    if (rc != SAC_OK)
        return rc;
    client = sac__alloc_zero(alloc, sizeof *client);
    if (!client)
        return sac_err_set(err, SAC_ENOMEM, "loopback: no memory");
    client->app = app;
    client->alloc = alloc;
    if (pthread_mutex_init(&client->lock, NULL) != 0)
        goto no_lock;
    if (pthread_cond_init(&client->cond, NULL) != 0)
        goto no_cond;
    sac__buf_init(&client->text, alloc, SIZE_MAX);
    sac__buf_init(&client->body, alloc, SIZE_MAX);
    *out = client;
    return SAC_OK;
no_cond:
    pthread_mutex_destroy(&client->lock);
no_lock:
    sac__alloc_free(alloc, client, sizeof *client);
    return sac_err_set(err, SAC_ENOMEM, "loopback: no lock");
}

void sac_loopback_free(sac_loopback *client)
{
    if (!client)
        return;
    sac__buf_fini(&client->text);
    sac__buf_fini(&client->body);
    pthread_cond_destroy(&client->cond);
    pthread_mutex_destroy(&client->lock);
    sac__alloc_free(client->alloc, client, sizeof *client);
}
