/* SPDX-License-Identifier: MIT */
#include "server.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

enum {
    MAX_COPIED = 8 * 1024, /* bytes of a body that go behind the head at once */
    LINE = 64              /* the longest that we write into the head by ourselves */
};

static const char *phrase_of(int status)
{
    static const struct {
        int status;
        const char *phrase;
    } known[] = {
        {200, "OK"},
        {201, "Created"},
        {204, "No Content"},
        {304, "Not Modified"},
        {404, "Not Found"},
        {202, "Accepted"},
        {206, "Partial Content"},
        {301, "Moved Permanently"},
        {302, "Found"},
        {303, "See Other"},
        {307, "Temporary Redirect"},
        {308, "Permanent Redirect"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {405, "Method Not Allowed"},
        {406, "Not Acceptable"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {410, "Gone"},
        {412, "Precondition Failed"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {415, "Unsupported Media Type"},
        {416, "Range Not Satisfiable"},
        {422, "Unprocessable Content"},
        {428, "Precondition Required"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
        {507, "Insufficient Storage"},
    };

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].status == status)
            return known[i].phrase;
    return ""; /* may be empty: RFC 9112 §4 */
}

static const char *date_now(sac_libevent *host)
{
    const time_t now = time(NULL);

    if (now != host->date_of) {
        host->date_of = now;
        (void)evutil_date_rfc1123(host->date, sizeof host->date, NULL);
    }
    return host->date;
}

/* Whether bytes follow the head. */
static bool has_body(const sac_answer *answer)
{
    return !answer->head && answer->status != 204 && answer->status != 304;
}

static char *put(char *to, const void *p, size_t n)
{
    if (n > 0)
        memcpy(to, p, n);
    return to + n;
}

static char *put_text(char *to, const char *text)
{
    return put(to, text, strlen(text));
}

static char *put_number(char *to, uint64_t n)
{
    char digits[20];
    size_t at = sizeof digits;

    do
        digits[--at] = (char)('0' + n % 10);
    while ((n /= 10) > 0);
    return put(to, digits + at, sizeof digits - at);
}

static char *put_head(ask *a, const sac_answer *answer, char *to)
{
    const bool may_have_body = answer->status != 204 && answer->status != 304;

    to = put_text(to, "HTTP/1.1 ");
    to = put_number(to, (uint64_t)answer->status);
    to = put_text(to, " ");
    to = put_text(to, phrase_of(answer->status));
    to = put_text(to, "\r\nDate: ");
    to = put_text(to, date_now(a->host));
    to = put_text(to, "\r\n");
    for (size_t i = 0; i < answer->n_headers; i++) {
        to = put(to, answer->headers[i].name.p, answer->headers[i].name.n);
        to = put_text(to, ": ");
        to = put(to, answer->headers[i].value.p, answer->headers[i].value.n);
        to = put_text(to, "\r\n");
    }
    if (answer->length >= 0 && may_have_body) {
        to = put_text(to, "Content-Length: ");
        to = put_number(to, (uint64_t)answer->length);
        to = put_text(to, "\r\n");
    } else if (a->chunked) {
        to = put_text(to, "Transfer-Encoding: chunked\r\n");
    }
    if (a->close)
        to = put_text(to, "Connection: close\r\n");
    else if (a->http_1_0)
        to = put_text(to, "Connection: keep-alive\r\n");
    return put_text(to, "\r\n");
}

/*
 * The head is written here, past evhttp_send_reply(), which gives an answer
 * without a type a type, and begins to read again while the answer goes out: a
 * client that sends and does not read could fill the memory, and a download
 * would end with the timeout for reading.
 */
static bool send_head(ask *a, const sac_answer *answer, sac_str body)
{
    struct evbuffer *out = bufferevent_get_output(a->bev);
    const size_t copied = body.n <= MAX_COPIED ? body.n : 0;
    struct evbuffer_iovec room;
    size_t size = 6 * LINE + copied;
    char *to;

    for (size_t i = 0; i < answer->n_headers; i++)
        size += answer->headers[i].name.n + answer->headers[i].value.n + 4;
    if (evbuffer_reserve_space(out, (ev_ssize_t)size, &room, 1) != 1)
        return false;
    to = put_head(a, answer, room.iov_base);
    to = put(to, body.p, copied);
    room.iov_len = (size_t)(to - (char *)room.iov_base);
    if (evbuffer_commit_space(out, &room, 1) != 0)
        return false;
    /* The bytes live until the exchange is closed, after the last was sent. */
    return copied == body.n || evbuffer_add_reference(out, body.p, body.n, NULL, NULL) == 0;
}

bool sac__libevent_answer_send(ask *a, const sac_answer *answer)
{
    const bool body = has_body(answer);
    const bool streams = body && answer->kind != SAC_ANSWER_BYTES;

    a->answer = answer;
    a->chunked = streams && answer->length < 0 && !a->http_1_0;
    a->close = a->close || answer->close || (streams && answer->length < 0 && a->http_1_0);
    a->state = streams ? ASK_STREAMING : ASK_SENDING;
    a->brief = !streams && (!body || answer->bytes.n <= MAX_COPIED);
    if (!send_head(a, answer, body && !streams ? answer->bytes : sac_str_of("")))
        return false;
    if (streams && !sac__libevent_answer_more(a))
        a->state = ASK_CUTTING;
    return true;
}

static int read_file(ask *a, char *to, size_t cap, size_t *n)
{
    const uint64_t left = (uint64_t)a->answer->length - a->sent;
    ssize_t got;

    if (left == 0)
        return 0;
    do
        got = pread(a->answer->fd, to, left < cap ? (size_t)left : cap,
                    (off_t)(a->answer->offset + a->sent));
    while (got < 0 && errno == EINTR);
    if (got <= 0) /* it has become shorter than it was */
        return SAC_EIO;
    a->sent += (uint64_t)got;
    *n = (size_t)got;
    return 1;
}

/* As much as there is now, up to a piece: 1, 0 at the end, SAC_LATER or an error. */
static int fill(ask *a, char *to, size_t *n)
{
    int rc = 1;

    *n = 0;
    while (*n < PIECE && rc == 1) {
        size_t got = 0;

        rc = a->answer->kind == SAC_ANSWER_FILE
                 ? read_file(a, to + *n, PIECE - *n, &got)
                 : sac_exchange_pull(a->exchange, to + *n, PIECE - *n, &got);
        if (rc == 1)
            *n += got;
    }
    return rc;
}

/* Is called when all before was flushed, so one piece is in memory at a time. */
bool sac__libevent_answer_more(ask *a)
{
    struct evbuffer *out = bufferevent_get_output(a->bev);
    char *data = a->host->piece + CHUNK_HEAD;
    char *from = data, *to;
    size_t n;
    const int rc = fill(a, data, &n);

    to = data + n;
    if (a->chunked && n > 0) {
        char size[CHUNK_HEAD + 1];
        const int digits = snprintf(size, sizeof size, "%zx\r\n", n);

        from -= digits;
        memcpy(from, size, (size_t)digits);
        to = put_text(to, "\r\n");
    }
    if (a->chunked && rc == 0)
        to = put_text(to, "0\r\n\r\n");
    if (rc == 0)
        a->state = ASK_SENDING;
    if (to > from && evbuffer_add(out, from, (size_t)(to - from)) != 0)
        return false;
    return rc >= 0;
}

static const char unavailable[] =
    "{\"type\":\"about:blank\",\"title\":\"Unavailable\",\"status\":503,"
    "\"detail\":\"the app is stopping\",\"code\":\"unavailable\"}";

bool sac__libevent_answer_unavailable(ask *a)
{
    const sac_header headers[] = {
        {sac_str_of("Content-Type"), sac_str_of("application/problem+json")},
        {sac_str_of("Retry-After"), sac_str_of("1")}};
    const sac_answer answer = {.size = sizeof answer,
                               .status = 503,
                               .headers = headers,
                               .n_headers = 2,
                               .head = a->request->type == EVHTTP_REQ_HEAD,
                               .close = true,
                               .bytes = sac_str_n(unavailable, sizeof unavailable - 1),
                               .length = sizeof unavailable - 1};
    const bool sent = sac__libevent_answer_send(a, &answer);

    a->answer = NULL;
    return sent;
}

void sac__libevent_answer_plainly(struct evhttp_request *request)
{
    struct evkeyvalq *headers = evhttp_request_get_output_headers(request);

    (void)evhttp_add_header(headers, "Content-Type", "application/problem+json");
    (void)evhttp_add_header(headers, "Retry-After", "1");
    (void)evhttp_add_header(headers, "Connection", "close");
    if (request->type != EVHTTP_REQ_HEAD)
        (void)evbuffer_add_reference(evhttp_request_get_output_buffer(request), unavailable,
                                     sizeof unavailable - 1, NULL, NULL);
    evhttp_send_reply(request, HTTP_SERVUNAVAIL, NULL, NULL);
}
