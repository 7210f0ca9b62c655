/* SPDX-License-Identifier: MIT */
#include "server.h"

#include <strings.h>

#include <event2/keyvalq_struct.h>

/* Where the path begins: behind scheme and authority in the absolute form. */
static const char *path_of(const char *uri)
{
    const char *p = uri;

    if (*p == '/')
        return p;
    while (*p && !strchr(":/?#", *p))
        p++;
    if (strncmp(p, "://", 3) != 0)
        return NULL;
    return p + 3 + strcspn(p + 3, "/?#");
}

bool sac__libevent_head_is_ours(const sac_libevent *host, const char *uri)
{
    const char *path;

    if (host->prefix_n == 0)
        return true;
    path = path_of(uri);
    if (!path || strncmp(path, host->prefix, host->prefix_n) != 0)
        return false;
    path += host->prefix_n;
    return *path == '\0' || *path == '/' || *path == '?';
}

/* Room for `n` items in an array that grows by doubling; false when memory ends. */
static bool make_room(const sac_alloc *alloc, void **array, size_t *cap, size_t n, size_t item)
{
    size_t wanted = *cap ? *cap : 64;
    void *grown;

    if (n <= *cap)
        return true;
    while (wanted < n)
        wanted *= 2;
    grown = alloc->resize(alloc->self, *array, *cap * item, wanted * item);
    if (!grown)
        return false;
    *array = grown;
    *cap = wanted;
    return true;
}

/* The target without the prefix; what is left of it begins with a slash. */
static bool read_target(sac_libevent *host, const char *uri, sac_str *out)
{
    const char *path = host->prefix_n ? path_of(uri) : uri;
    const char *rest = path + host->prefix_n;
    const size_t before = (size_t)(path - uri);
    const size_t n = strlen(rest);
    const bool slash = host->prefix_n && *rest != '/';
    void *target = host->target;

    if (before == 0 && !slash) {
        *out = sac_str_n(rest, n);
        return true;
    }
    if (!make_room(host->alloc, &target, &host->target_cap, before + n + 1, 1))
        return false;
    host->target = target;
    memcpy(host->target, uri, before);
    host->target[before] = '/';
    memcpy(host->target + before + slash, rest, n);
    *out = sac_str_n(target, before + slash + n);
    return true;
}

static bool has_token(const char *list, const char *token)
{
    const size_t n = strlen(token);

    for (const char *p = list; *p; p += strcspn(p, ",")) {
        p += strspn(p, ", \t");
        if (strncasecmp(p, token, n) == 0 && strchr(", \t", p[n])) /* or its end */
            return true;
    }
    return false;
}

/*
 * Fields as they came, but for what evhttp did to them: it joins folded lines
 * by a blank. Of a folded field whose first line was empty, as one that hides
 * a length or a coding, the blank is left before the value.
 */
static bool read_fields(sac_libevent *host, ask *a, sac_head *head, const char **problem)
{
    const struct evkeyvalq *list = evhttp_request_get_input_headers(a->request);
    const char *connection = NULL;
    void *fields = host->fields;
    size_t n = 0;

    for (const struct evkeyval *f = list->tqh_first; f; f = f->next.tqe_next, n++) {
        const char *value = f->value;

        if (*value == ' ')
            *problem = "bad_request";
        value += strspn(value, " \t");
        if (!make_room(host->alloc, &fields, &host->fields_cap, n + 1, sizeof *host->fields))
            return false;
        host->fields = fields;
        host->fields[n] = (sac_header){sac_str_of(f->key), sac_str_of(value)};
        if (host->fields[n].name.n != 10 || strcasecmp(f->key, "connection") != 0)
            continue;
        connection = connection ? connection : f->value;
        a->close = a->close || has_token(value, "close");
    }
    /* As evhttp judges it. */
    if (a->http_1_0 && (!connection || strncasecmp(connection, "keep-alive", 10) != 0))
        a->close = true;
    head->headers = host->fields;
    head->n_headers = n;
    return true;
}

static const char *method_of(enum evhttp_cmd_type type)
{
    switch (type) {
    case EVHTTP_REQ_GET: return "GET";
    case EVHTTP_REQ_POST: return "POST";
    case EVHTTP_REQ_HEAD: return "HEAD";
    case EVHTTP_REQ_PUT: return "PUT";
    case EVHTTP_REQ_DELETE: return "DELETE";
    case EVHTTP_REQ_OPTIONS: return "OPTIONS";
    case EVHTTP_REQ_TRACE: return "TRACE";
    case EVHTTP_REQ_CONNECT: return "CONNECT";
    case EVHTTP_REQ_PATCH: return "PATCH";
    }
    return "UNKNOWN"; /* evhttp has forgotten it */
}

/* A client has one name, also on a socket for both families. */
static sac_str peer_of(struct evhttp_request *request)
{
    static const char mapped[] = "::ffff:";
    char *address = NULL;
    ev_uint16_t port;

    evhttp_connection_get_peer(evhttp_request_get_connection(request), &address, &port);
    if (!address)
        return sac_str_of("");
    if (strncmp(address, mapped, sizeof mapped - 1) == 0 && strchr(address, '.'))
        address += sizeof mapped - 1;
    return sac_str_of(address);
}

bool sac__libevent_head_read(sac_libevent *host, ask *a, sac_head *head, const char **problem)
{
    struct evhttp_request *request = a->request;
    const size_t n = evbuffer_get_length(evhttp_request_get_input_buffer(request));

    *problem = request->major == 1 && request->minor >= 0 ? NULL : "bad_request";
    a->http_1_0 = request->major < 1 || request->minor == 0;
    *head = (sac_head)SAC_HEAD_INIT(.method = sac_str_of(method_of(request->type)),
                                    .prefix = sac_str_n(host->prefix, host->prefix_n),
                                    .length = request->chunked ? -1 : (int64_t)n,
                                    .peer = peer_of(request), .secure = host->config.secure,
                                    .version = a->http_1_0 ? 10 : 11);
    return read_target(host, evhttp_request_get_uri(request), &head->target) &&
           read_fields(host, a, head, problem);
}
