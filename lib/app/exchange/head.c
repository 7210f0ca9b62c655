/* SPDX-License-Identifier: MIT */
#include "app/exchange/exchange.h"

#include "app/identity/identity.h"
#include "http/method.h"
#include "http/token.h"

/* Whether a group's prefix stands before a path; parameters in it match any segment. */
static bool is_under(sac_str prefix, sac_str path)
{
    size_t i = 0;
    size_t k = 0;

    while (i < prefix.n) {
        if (prefix.p[i] == '{') {
            while (i < prefix.n && prefix.p[i] != '/')
                i++;
            while (k < path.n && path.p[k] != '/')
                k++;
        } else if (k == path.n || prefix.p[i++] != path.p[k++]) {
            return false;
        }
    }
    return k == path.n || path.p[k] == '/';
}

static const sac_app *group_of(const sac__core *core, sac_str path)
{
    const sac_app *best = &core->root;

    for (const sac_app *group = core->groups; group; group = group->next)
        if (group->prefix.n > best->prefix.n && is_under(group->prefix, path))
            best = group;
    return best;
}

static bool is_of_body(const char *problem)
{
    return strcmp(problem, "body_too_large") == 0 || strcmp(problem, "unsupported_media_type") == 0;
}

void sac__head_refuse(sac_req *req, const char *problem, const char *detail)
{
    req->early_guarded = is_of_body(problem) && sac__req_has_guard(req);
    req->early = problem;
    req->early_detail = detail;
    req->mount = NULL;
    req->action = NULL;
    req->is_inline = req->group->is_inline;
}

static int refuse(sac_req *req, const char *problem, const char *detail)
{
    sac__head_refuse(req, problem, detail);
    return 1;
}

static bool is_served_host(const sac_app_config *config, sac_str host)
{
    if (!config->hosts)
        return true;
    for (size_t i = 0; config->hosts[i]; i++)
        if (sac__token_same(host, sac_str_of(config->hosts[i])))
            return true;
    return false;
}

static bool is_good_host(sac_req *req)
{
    if (req->host.p && !sac__host_valid(req->host))
        return false;
    if (req->target.authority.n > 0) /* RFC 9112 §3.2.2: it goes before Host */
        req->host = req->target.authority;
    return !req->host.p || is_served_host(&req->core->config, req->host);
}

static int check_body(sac_req *req, sac_str encoding)
{
    const bool streams = req->action->slot && req->action->slot->flags & SAC_STREAM_BODY;

    if (!streams && req->head.length > 0 && (uint64_t)req->head.length > req->core->config.max_body)
        return refuse(req, "body_too_large", NULL);
    if (encoding.n > 0 && !sac__token_same(encoding, sac_str_of("identity")))
        return refuse(req, "unsupported_media_type", "no Content-Encoding is taken");
    return 0;
}

static int find_view(sac_req *req)
{
    const sac__route *route;

    if (sac__router_match(req->core->router, req->target.path, req->method, req->arena,
                          &req->match) != SAC_OK)
        return refuse(req, "internal", "no memory");
    route = req->match.route;
    if (!route) {
        req->group = group_of(req->core, req->path);
        return req->match.allowed ? refuse(req, "method_not_allowed", NULL)
                                  : refuse(req, "not_found", NULL);
    }
    req->mount = route->target;
    if (req->mount->declines && req->method & (SAC_GET | SAC_HEAD) &&
        req->mount->declines(req->mount->self, req))
        req->mount = req->mount->instead;
    req->group = req->mount->group;
    req->action = &req->mount->actions[sac__action_of(req->method)];
    req->is_inline = req->action->is_inline;
    sac__coding_ask(req);
    return 0;
}

static sac_str keep(char **to, sac_str s)
{
    char *p = *to;

    if (s.n > 0)
        memcpy(p, s.p, s.n);
    *to += s.n;
    return sac_str_n(p, s.n);
}

/* The host's memory may go while a worker or a ticket still has the request. */
static bool keep_head(sac_req *req)
{
    sac_head *head = &req->head;
    size_t n = head->method.n + head->target.n + head->prefix.n + head->peer.n;
    sac_header *headers;
    char *to;

    for (size_t i = 0; i < head->n_headers; i++)
        n += head->headers[i].name.n + head->headers[i].value.n;
    headers = sac__arena_get(req->arena, head->n_headers * sizeof *headers + n + 1);
    if (!headers)
        return false;
    to = (char *)(headers + head->n_headers);
    for (size_t i = 0; i < head->n_headers; i++)
        headers[i] = (sac_header){keep(&to, head->headers[i].name),
                                  keep(&to, sac__token_trim(head->headers[i].value))};
    head->headers = headers;
    head->method = keep(&to, head->method);
    head->target = keep(&to, head->target);
    head->prefix = keep(&to, head->prefix);
    head->peer = keep(&to, head->peer);
    return true;
}

/* Copies the head, as much of it as is going to be looked at. */
static int take_head(sac_req *req, const sac_head *head)
{
    const sac_app_config *config = &req->core->config;

    if (head->size == 0 || head->size > sizeof req->head)
        return head->size ? SAC_EVERSION : SAC_EINVAL;
    memcpy(&req->head, head, head->size);
    req->head.size = sizeof req->head;
    if (head->target.n > config->max_target)
        req->head.target.n = 0;
    if (head->n_headers > config->max_headers)
        req->head.n_headers = config->max_headers;
    if (keep_head(req))
        return SAC_OK;
    req->head = (sac_head){.size = sizeof req->head, .length = head->length};
    return SAC_ENOMEM;
}

/* A path that cannot be decoded is shown as it came, and matches nothing. */
static int set_path(sac_req *req)
{
    const int rc = sac__url_decode(req->arena, req->target.path, false, &req->path);

    if (rc == SAC_ESYNTAX)
        req->path = req->target.path;
    req->group = group_of(req->core, req->path);
    return rc == SAC_ESYNTAX ? SAC_OK : rc;
}

int sac__head_read(sac_req *req, const sac_head *head)
{
    sac_exchange *exchange = sac__exchange_of(req);
    const char *misread;
    sac_str encoding;
    int rc = take_head(req, head);

    if (rc != SAC_OK && rc != SAC_ENOMEM)
        return rc;
    exchange->misread = true;
    if (rc == SAC_ENOMEM)
        return refuse(req, "internal", "no memory");
    req->method = sac__method_of(head->method); /* a refused HEAD has no body either */
    if (head->n_headers > req->core->config.max_headers)
        return refuse(req, "headers_too_large", NULL);
    misread = sac__framing_read(req, &encoding);
    exchange->misread = misread;
    if (head->target.n > req->core->config.max_target)
        return refuse(req, "uri_too_long", NULL);
    rc = sac__target_parse(req->head.target, &req->target);
    if (rc == SAC_OK && set_path(req) != SAC_OK)
        return refuse(req, "internal", "no memory");
    if (misread || !is_good_host(req)) {
        req->host = sac_str_of(NULL);
        return refuse(req, misread ? misread : "bad_host", NULL);
    }
    if (req->core->config.proxies)
        sac__proxy_read(req);
    if (!req->method)
        return refuse(req, "not_implemented", NULL);
    if (rc != SAC_OK)
        return refuse(req, "bad_request", "the request target is malformed");
    rc = find_view(req);
    return rc ? rc : check_body(req, encoding);
}
