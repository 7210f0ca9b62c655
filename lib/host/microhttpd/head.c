/* SPDX-License-Identifier: MIT */
#include "server.h"

#include <string.h>

static bool grow(conn *c)
{
    const sac_alloc *alloc = c->server->alloc;
    const size_t cap = c->headers_cap ? 2 * c->headers_cap : 16;
    sac_header *grown = alloc->resize(alloc->self, c->headers, c->headers_cap * sizeof *grown,
                                      cap * sizeof *grown);

    if (!grown)
        return false;
    c->headers = grown;
    c->headers_cap = cap;
    return true;
}

static enum MHD_Result collect(void *self, enum MHD_ValueKind kind, const char *name, size_t name_n,
                               const char *value, size_t value_n)
{
    conn *c = self;

    (void)kind;
    if (c->n_headers == c->headers_cap && !grow(c)) {
        c->out_of_memory = true;
        return MHD_NO;
    }
    c->headers[c->n_headers++] = (sac_header){sac_str_n(name, name_n),
                                              sac_str_n(value ? value : "", value_n)};
    return MHD_YES;
}

/*
 * libmicrohttpd up to 0.9.75 takes a bare LF for the end of a line, cuts lines
 * at a NUL, joins folded ones wrongly and drops fields without a name: all of
 * them ways to smuggle a request past a proxy that reads it otherwise. It cuts
 * lines in place and turns CR and LF into NULs, so what was read well lies side
 * by side: method, target, version, fields. (Of the last line's end and the
 * empty line together one CR may be missing unseen, when nothing follows.)
 * Later versions refuse all this by themselves, and move blanks.
 */
static bool is_contiguous(const conn *c, const char *method, const char *version)
{
    const char *next = version + strlen(version) + 2;

    if (!c->server->lines_stay)
        return true;
    if (method + strlen(method) + 1 != c->target_at || version != c->target_at + c->target_n + 1)
        return false;
    for (size_t i = 0; i < c->n_headers; i++) {
        if (c->headers[i].name.p != next)
            return false;
        next = c->headers[i].value.p + c->headers[i].value.n + 2;
    }
    return next[-1] == '\0' && next[0] == '\0' && next[1] == '\0';
}

static bool find(const conn *c, const char *name, sac_str *value)
{
    return MHD_lookup_connection_value_n(c->mhd, MHD_HEADER_KIND, name, strlen(name), &value->p,
                                         &value->n) == MHD_YES;
}

/*
 * Of the body, as libmicrohttpd reads it: a transfer coding goes before a
 * length, and of two lengths it takes the first. The app compares.
 */
static int64_t body_length(const conn *c)
{
    int64_t length = 0;
    sac_str value;

    if (find(c, "Transfer-Encoding", &value))
        return -1;
    if (!find(c, "Content-Length", &value))
        return 0;
    for (size_t i = 0; i < value.n && value.p[i] >= '0' && value.p[i] <= '9'; i++) {
        if (length > (INT64_MAX - 9) / 10)
            return -1;
        length = length * 10 + (value.p[i] - '0');
    }
    return length;
}

bool sac__microhttpd_conn_read_head(conn *c, const char *method, const char *version,
                                    sac_head *head)
{
    c->n_headers = 0;
    c->out_of_memory = false;
    MHD_get_connection_values_n(c->mhd, MHD_HEADER_KIND, collect, c);
    if (c->out_of_memory)
        return false;
    head->headers = c->headers;
    head->n_headers = c->n_headers;
    head->length = body_length(c);
    head->version = strcmp(version, "HTTP/1.0") == 0 ? 10 : 11;
    c->refused = !is_contiguous(c, method, version);
    return true;
}
