/* SPDX-License-Identifier: MIT */
#include "server.h"

#include <string.h>
#include <strings.h>

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

/* RFC 9110's tchar. */
static bool is_name(sac_str name)
{
    static const uint64_t token[4] = {0x3ff6cfa00000000, 0x57ffffffc7fffffe, 0, 0};
    uint64_t good = name.n > 0;

    for (size_t i = 0; i < name.n; i++) {
        const unsigned char c = (unsigned char)name.p[i];

        good &= token[c / 64] >> c % 64;
    }
    return good & 1;
}

static bool is_value(sac_str value)
{
    unsigned bad = 0;

    for (size_t i = 0; i < value.n; i++) {
        const unsigned char c = (unsigned char)value.p[i];

        bad |= (c < ' ' && c != '\t') | (c == 0x7f);
    }
    return !bad;
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

typedef struct framing {
    const sac_str *length, *coding;
    size_t lengths, codings, hosts;
} framing;

static void trim_end(sac_str *value)
{
    while (value->n > 0 && (value->p[value->n - 1] == ' ' || value->p[value->n - 1] == '\t'))
        value->n--;
}

static bool read_fields(const conn *c, framing *out)
{
    *out = (framing){.length = NULL};
    for (size_t i = 0; i < c->n_headers; i++) {
        sac_header *header = &c->headers[i];

        trim_end(&header->value);
        if (!is_name(header->name) || !is_value(header->value))
            return false;
        if (header->name.n == 4 && strncasecmp(header->name.p, "host", 4) == 0) {
            out->hosts++;
        } else if (header->name.n == 14 && strncasecmp(header->name.p, "content-length", 14) == 0) {
            out->length = &header->value;
            out->lengths++;
        } else if (header->name.n == 17 &&
                   strncasecmp(header->name.p, "transfer-encoding", 17) == 0) {
            out->coding = &header->value;
            out->codings++;
        }
    }
    return true;
}

static bool read_length(sac_str text, int64_t *length)
{
    int64_t n = 0;

    for (size_t i = 0; i < text.n; i++) {
        char digit = text.p[i];

        if (digit < '0' || digit > '9' || n > (INT64_MAX - 9) / 10)
            return false;
        n = n * 10 + (digit - '0');
    }
    *length = n;
    return text.n > 0;
}

/*
 * How the body is framed, read anew: libmicrohttpd takes the first of two
 * lengths and forgives a length beside a transfer coding, which is how
 * requests are smuggled (RFC 9112 §6.3).
 */
static bool read_framing(const framing *found, bool http_1_0, int64_t *length)
{
    if (found->lengths + found->codings > 1)
        return false;
    *length = 0;
    if (found->length)
        return read_length(*found->length, length);
    if (!found->coding)
        return true;
    *length = -1;
    return !http_1_0 && found->coding->n == 7 && strncasecmp(found->coding->p, "chunked", 7) == 0;
}

bool conn_read_head(conn *c, const char *method, const char *version, sac_head *head,
                    const char **problem)
{
    const bool http_1_0 = strcmp(version, "HTTP/1.0") == 0;
    framing found;

    c->n_headers = 0;
    c->out_of_memory = false;
    MHD_get_connection_values_n(c->mhd, MHD_HEADER_KIND, collect, c);
    if (c->out_of_memory)
        return false;
    head->headers = c->headers;
    head->n_headers = c->n_headers;
    *problem = NULL;
    if (!is_contiguous(c, method, version) || !read_fields(c, &found) ||
        !read_framing(&found, http_1_0, &head->length))
        *problem = "bad_request";
    else if (found.hosts != 1 && !http_1_0)
        *problem = "bad_host";
    return true;
}
