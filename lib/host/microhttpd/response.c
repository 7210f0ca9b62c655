/* SPDX-License-Identifier: MIT */
#include "server.h"

#include <string.h>
#include <unistd.h>

enum { PULL_SIZE = 16 * 1024, MAX_FIELD = 16 * 1024 };

/* Body bytes on their way, one pull at a time. */
static ssize_t pull(void *self, uint64_t pos, char *buf, size_t max)
{
    conn *c = self;

    (void)pos;
    for (;;) {
        size_t n = 0;
        int rc = sac_exchange_pull(c->exchange, buf, max, &n);

        if (rc == 1)
            return (ssize_t)n;
        if (rc == 0)
            return MHD_CONTENT_READER_END_OF_STREAM;
        if (rc != SAC_LATER || atomic_load(&c->server->aborting))
            return MHD_CONTENT_READER_END_WITH_ERROR;
        if (sac__microhttpd_conn_park(c))
            return 0;
    }
}

static struct MHD_Response *from_file(const sac_answer *answer)
{
    int fd = dup(answer->fd); /* libmicrohttpd closes what it is given */
    struct MHD_Response *response;

    if (fd < 0)
        return NULL;
    response = MHD_create_response_from_fd_at_offset64((uint64_t)answer->length, fd,
                                                       answer->offset);
    if (!response)
        close(fd);
    return response;
}

/* A stream, or any answer to HEAD: then it is never called. */
static struct MHD_Response *from_callback(conn *c, const sac_answer *answer)
{
    const uint64_t length = answer->length < 0 ? MHD_SIZE_UNKNOWN : (uint64_t)answer->length;
    struct MHD_Response *response = MHD_create_response_from_callback(length, PULL_SIZE, pull, c,
                                                                      NULL);

    /* Up to 0.9.75 a chunked body's end is sent for HEAD too, which the next answer trips on. */
    if (response && answer->head && answer->length < 0)
        (void)MHD_set_response_options(response, MHD_RF_HTTP_1_0_COMPATIBLE_STRICT, MHD_RO_END);
    return response;
}

static struct MHD_Response *make(conn *c, const sac_answer *answer)
{
    if (answer->kind == SAC_ANSWER_FILE && !answer->head)
        return from_file(answer);
    if (answer->kind == SAC_ANSWER_STREAM || answer->head)
        return from_callback(c, answer);
    /* The bytes live until the exchange is closed, after the last was sent. */
    return MHD_create_response_from_buffer(answer->bytes.n, (void *)answer->bytes.p,
                                           MHD_RESPMEM_PERSISTENT);
}

/* libmicrohttpd wants NUL-terminated strings. */
static bool add_header(struct MHD_Response *response, const sac_header *header)
{
    char name[128], value[MAX_FIELD + 1];

    if (header->name.n >= sizeof name || header->value.n >= sizeof value)
        return false;
    memcpy(name, header->name.p, header->name.n);
    name[header->name.n] = '\0';
    memcpy(value, header->value.p, header->value.n);
    value[header->value.n] = '\0';
    return MHD_add_response_header(response, name, value) == MHD_YES;
}

static enum MHD_Result queue(conn *c, int status, struct MHD_Response *response, bool close)
{
    enum MHD_Result rc = MHD_YES;

    if (close || atomic_load(&c->server->stopping))
        rc = MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    if (rc == MHD_YES)
        rc = MHD_queue_response(c->mhd, (unsigned)status, response);
    MHD_destroy_response(response);
    return rc;
}

enum MHD_Result sac__microhttpd_response_send(conn *c, const sac_answer *answer)
{
    struct MHD_Response *response = make(c, answer);

    if (!response)
        return MHD_NO;
    for (size_t i = 0; i < answer->n_headers; i++)
        if (!add_header(response, &answer->headers[i])) {
            MHD_destroy_response(response);
            return MHD_NO;
        }
    return queue(c, answer->status, response, answer->close);
}

enum MHD_Result sac__microhttpd_response_unavailable(conn *c)
{
    static const char body[] = "{\"type\":\"about:blank\",\"title\":\"Unavailable\",\"status\":503,"
                               "\"detail\":\"the server is stopping\",\"code\":\"unavailable\"}";
    struct MHD_Response *response = MHD_create_response_from_buffer(sizeof body - 1, (void *)body,
                                                                    MHD_RESPMEM_PERSISTENT);

    if (!response)
        return MHD_NO;
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
                                  "application/problem+json");
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, "1");
    return queue(c, 503, response, true);
}
