/* SPDX-License-Identifier: MIT */
#include "app/router/router.h"

#include "app/router/converter.h"
#include "app/router/pattern.h"
#include "core/alloc.h"
#include "core/buf.h"
#include "core/hash.h"
#include "http/url.h"

/* Deepest path that is looked at: patterns and requests alike. */
enum { MAX_SEGMENTS = 64 };

typedef struct node node;

typedef struct literal {
    sac_str segment; /* p NULL: a free place */
    node *child;
} literal;

typedef struct branch {
    const sac_converter *converter;
    bool whole; /* takes the rest of the path */
    node *child;
    struct branch *next; /* by rank */
} branch;

typedef struct route {
    sac__route base;
    const sac_converter *converters[SAC__ROUTE_PARAMS];
    node *at;
    size_t size; /* of this block, the pattern behind it */
} route;

struct node {
    literal *literals; /* open addressing, a power of two */
    size_t n_literals, cap;
    branch *branches;
    route *route;
    bool fence;
};

struct sac__router {
    const sac_alloc *alloc;
    node root;
    sac__route *first, *last;
    const sac_converter **customs;
    size_t n_customs;
};

/* Where a segment stands in a node's table, or the free place for it. */
static literal *find_literal(const node *at, sac_str segment)
{
    size_t mask = at->cap - 1;
    size_t i = sac__hash_quick(segment.p, segment.n) & mask;

    while (at->literals[i].segment.p && !sac_str_eq(at->literals[i].segment, segment))
        i = (i + 1) & mask;
    return &at->literals[i];
}

static int grow_literals(sac__router *router, node *at)
{
    node grown = {.cap = at->cap ? at->cap * 2 : 4};

    grown.literals = sac__alloc_zero(router->alloc, grown.cap * sizeof *grown.literals);
    if (!grown.literals)
        return SAC_ENOMEM;
    for (size_t i = 0; i < at->cap; i++)
        if (at->literals[i].segment.p)
            *find_literal(&grown, at->literals[i].segment) = at->literals[i];
    sac__alloc_free(router->alloc, at->literals, at->cap * sizeof *at->literals);
    at->literals = grown.literals;
    at->cap = grown.cap;
    return SAC_OK;
}

/* The child under a literal, made where there is none; NULL when memory ends. */
static node *need_literal(sac__router *router, node *at, sac_str segment)
{
    literal *place;
    char *name;
    node *child;

    if ((at->n_literals + 1) * 2 > at->cap && grow_literals(router, at) != SAC_OK)
        return NULL;
    place = find_literal(at, segment);
    if (place->segment.p)
        return place->child;
    child = sac__alloc_zero(router->alloc, sizeof *child);
    name = sac__alloc(router->alloc, segment.n);
    if (!child || !name) {
        sac__alloc_free(router->alloc, child, sizeof *child);
        sac__alloc_free(router->alloc, name, segment.n);
        return NULL;
    }
    memcpy(name, segment.p, segment.n);
    *place = (literal){sac_str_n(name, segment.n), child};
    at->n_literals++;
    return child;
}

static node *need_branch(sac__router *router, node *at, const sac_converter *converter)
{
    int rank = sac__converter_rank(converter);
    branch **place = &at->branches;
    branch *made;

    for (; *place && sac__converter_rank((*place)->converter) <= rank; place = &(*place)->next)
        if ((*place)->converter == converter)
            return (*place)->child;
    made = sac__alloc_zero(router->alloc, sizeof *made);
    if (!made)
        return NULL;
    made->child = sac__alloc_zero(router->alloc, sizeof *made->child);
    if (!made->child) {
        sac__alloc_free(router->alloc, made, sizeof *made);
        return NULL;
    }
    made->converter = converter;
    made->whole = rank == SAC__RANK_PATH;
    made->next = *place;
    *place = made;
    return made->child;
}

static const sac_converter *find_converter(const sac__router *router, sac_str kind)
{
    if (!kind.p)
        kind = sac_str_of("string");
    for (size_t i = 0; i < router->n_customs; i++)
        if (sac_str_is(kind, router->customs[i]->name))
            return router->customs[i];
    return sac__converter_builtin(kind);
}

/* Takes a parameter into a route's list. */
static int note_param(const sac__router *router, route *made, const sac__segment *segment,
                      sac_err *err)
{
    sac__route *base = &made->base;
    const sac_converter *converter = find_converter(router, segment->kind);

    if (!converter)
        return sac_err_set(err, SAC_EINVAL, "unknown kind of parameter \"%.*s\"",
                           (int)segment->kind.n, segment->kind.p);
    if (base->n_params == SAC__ROUTE_PARAMS)
        return sac_err_set(err, SAC_EINVAL, "more than %d parameters", SAC__ROUTE_PARAMS);
    for (size_t i = 0; i < base->n_params; i++)
        if (sac_str_eq(base->params[i], segment->name))
            return sac_err_set(err, SAC_EINVAL, "parameter \"%.*s\" stands there twice",
                               (int)segment->name.n, segment->name.p);
    made->converters[base->n_params] = converter;
    base->params[base->n_params++] = segment->name;
    return SAC_OK;
}

/* Reads a pattern into a route without touching the tree. */
static int read_pattern(const sac__router *router, route *made, sac_err *err)
{
    sac_str rest = made->base.pattern;
    bool ended = false;
    sac__segment segment;
    size_t n = 0;
    int rc;

    if (rest.n == 0)
        return sac_err_set(err, SAC_EINVAL, "a path starts with a slash");
    while ((rc = sac__pattern_next(&rest, &segment, err)) > 0) {
        if (ended)
            return sac_err_set(err, SAC_EINVAL, "nothing may follow a parameter of kind path");
        if (++n > MAX_SEGMENTS)
            return sac_err_set(err, SAC_EINVAL, "more than %d segments", MAX_SEGMENTS);
        if (segment.literal.p)
            continue;
        rc = note_param(router, made, &segment, err);
        if (rc != SAC_OK)
            return rc;
        ended = sac__converter_rank(made->converters[made->base.n_params - 1]) == SAC__RANK_PATH;
    }
    return rc;
}

/* The node of a pattern that was read without error. NULL when memory ends. */
static node *need_node(sac__router *router, const route *made)
{
    sac_str rest = made->base.pattern;
    node *at = &router->root;
    sac__segment segment;
    size_t param = 0;

    while (at && sac__pattern_next(&rest, &segment, NULL) > 0)
        at = segment.literal.p ? need_literal(router, at, segment.literal)
                               : need_branch(router, at, made->converters[param++]);
    return at;
}

static route *new_route(sac__router *router, const char *pattern, const char *name, void *target)
{
    size_t n = strlen(pattern), size = sizeof(route) + n + 1;
    route *made = sac__alloc_zero(router->alloc, size);

    if (!made)
        return NULL;
    memcpy(made + 1, pattern, n + 1);
    made->size = size;
    made->base = (sac__route){.pattern = sac_str_n(made + 1, n), .name = name, .target = target};
    return made;
}

int sac__router_add(sac__router *router, const char *pattern, const char *name, void *target,
                    sac__route **out, sac_err *err)
{
    sac_err why = {.code = 0};
    route *made = new_route(router, pattern, name, target);
    node *at = NULL;
    int rc;

    if (!made)
        return sac_err_set(err, SAC_ENOMEM, "path \"%s\": out of memory", pattern);
    rc = read_pattern(router, made, &why);
    if (rc == SAC_OK) {
        at = need_node(router, made);
        if (!at)
            rc = sac_err_set(&why, SAC_ENOMEM, "out of memory");
        else if (at->route)
            rc = sac_err_set(&why, SAC_EEXIST, "taken by view \"%s\"", at->route->base.name);
    }
    if (rc != SAC_OK) {
        sac__alloc_free(router->alloc, made, made->size);
        return sac_err_set(err, rc, "path \"%s\": %s", pattern, why.text);
    }
    at->route = made;
    made->at = at;
    if (router->last)
        router->last->next = &made->base;
    else
        router->first = &made->base;
    router->last = &made->base;
    *out = &made->base;
    return SAC_OK;
}

void sac__router_remove(sac__router *router, sac__route *gone)
{
    sac__route *before = NULL;
    route *made = (route *)gone;

    for (sac__route *r = router->first; r != gone; r = r->next)
        before = r;
    *(before ? &before->next : &router->first) = gone->next;
    if (router->last == gone)
        router->last = before;
    made->at->route = NULL;
    sac__alloc_free(router->alloc, made, made->size);
}

int sac__router_fence(sac__router *router, const char *path, sac_err *err)
{
    sac_str rest = sac_str_of(path);
    node *at = &router->root;
    sac__segment segment;
    sac_err why;
    int rc;

    while ((rc = sac__pattern_next(&rest, &segment, &why)) > 0) {
        if (!segment.literal.p)
            return sac_err_set(err, SAC_EINVAL, "path \"%s\": a fence has no parameters", path);
        at = need_literal(router, at, segment.literal);
        if (!at)
            return sac_err_set(err, SAC_ENOMEM, "path \"%s\": out of memory", path);
    }
    if (rc < 0)
        return sac_err_set(err, rc, "path \"%s\": %s", path, why.text);
    at->fence = true;
    return SAC_OK;
}

int sac__router_converter(sac__router *router, const sac_converter *converter, sac_err *err)
{
    size_t size = router->n_customs * sizeof *router->customs;
    const sac_converter **grown;

    if (find_converter(router, sac_str_of(converter->name)))
        return sac_err_set(err, SAC_EEXIST, "kind of parameter \"%s\" exists", converter->name);
    grown = sac__alloc_resize(router->alloc, router->customs, size, size + sizeof *grown);
    if (!grown)
        return sac_err_set(err, SAC_ENOMEM, "out of memory");
    router->customs = grown;
    router->customs[router->n_customs++] = converter;
    return SAC_OK;
}

/* A request's path, split; segments are decoded. */
typedef struct search {
    const sac__router *router;
    sac__arena *arena;
    unsigned method;
    bool plain; /* nothing in the path is escaped, all of it is checked */
    size_t n;
    sac_str raw[MAX_SEGMENTS]; /* from the segment's start to the path's end */
    sac_str segments[MAX_SEGMENTS];
    size_t n_values;
    sac__match *out;
    bool out_of_memory;
} search;

static bool decode(search *s, sac_str raw, sac_str *out)
{
    int rc = SAC_OK;

    if (s->plain)
        *out = raw;
    else
        rc = sac__url_decode(s->arena, raw, false, out);
    s->out_of_memory = s->out_of_memory || rc == SAC_ENOMEM;
    return rc == SAC_OK;
}

/*
 * False when the path is too deep or cannot be decoded: it matches nothing.
 * One slash at the end opens no segment.
 */
static bool split(search *s, sac_str path)
{
    const char *p = path.p + 1, *end = path.p + path.n;

    if (path.n == 0 || path.p[0] != '/')
        return false;
    s->plain = !memchr(path.p, '%', path.n);
    if (s->plain && sac__url_decode(s->arena, path, false, &path) != SAC_OK)
        return false;
    while (p < end) {
        const char *slash = memchr(p, '/', (size_t)(end - p));
        const char *stop = slash ? slash : end;
        sac_str segment = sac_str_n(p, (size_t)(stop - p));

        if (s->n == MAX_SEGMENTS)
            return false;
        s->raw[s->n] = sac_str_n(p, (size_t)(end - p));
        if (!decode(s, segment, &s->segments[s->n]))
            return false;
        s->n++;
        p = stop + 1;
    }
    return true;
}

static bool take(search *s, const node *at)
{
    const sac__route *found = &at->route->base;
    unsigned methods = found->methods | SAC_OPTIONS | (found->methods & SAC_GET ? SAC_HEAD : 0);

    if (methods & s->method) {
        s->out->route = found;
        return true;
    }
    s->out->allowed |= methods;
    return false;
}

/* 1 found, 0 not here, -1 not here and a fence says not above either. */
static int walk(search *s, const node *at, size_t i);

static int walk_branch(search *s, const branch *by, size_t i)
{
    sac_str value = s->segments[i];
    int rc;

    if (by->whole && !decode(s, s->raw[i], &value))
        return 0;
    if (!by->converter->match(by->converter->self, value))
        return 0;
    s->out->values[s->n_values++] = value;
    rc = walk(s, by->child, by->whole ? s->n : i + 1);
    if (rc <= 0)
        s->n_values--;
    return rc;
}

static int walk(search *s, const node *at, size_t i)
{
    int rc = 0;

    if (i == s->n)
        return at->route && take(s, at) ? 1 : at->fence ? -1 : 0;
    if (at->n_literals) {
        const literal *found = find_literal(at, s->segments[i]);

        if (found->segment.p)
            rc = walk(s, found->child, i + 1);
    }
    for (const branch *by = at->branches; by && rc == 0; by = by->next)
        rc = walk_branch(s, by, i);
    return rc == 0 && at->fence ? -1 : rc;
}

bool sac__router_fenced(const sac__router *router, sac_str path, sac__arena *arena)
{
    search s = {.router = router, .arena = arena};
    const node *at = &router->root;

    if (!split(&s, path))
        return true;
    for (size_t i = 0; i < s.n && at && !at->fence; i++)
        at = at->n_literals ? find_literal(at, s.segments[i])->child : NULL;
    return at && at->fence;
}

int sac__router_match(const sac__router *router, sac_str path, unsigned method, sac__arena *arena,
                      sac__match *out)
{
    search s;

    out->route = NULL;
    out->allowed = 0;
    s.router = router;
    s.arena = arena;
    s.method = method;
    s.plain = false;
    s.n = 0;
    s.n_values = 0;
    s.out = out;
    s.out_of_memory = false;
    if (split(&s, path))
        (void)walk(&s, &router->root, 0);
    return s.out_of_memory ? SAC_ENOMEM : SAC_OK;
}

const sac_converter *sac__route_converter(const sac__route *made, size_t i)
{
    return ((const route *)made)->converters[i];
}

const sac__route *sac__router_first(const sac__router *router)
{
    return router->first;
}

/* The slashes of a path stay, so that it is split and matched as before. */
static void print_value(const sac_converter *converter, sac_str value, sac__buf *out)
{
    const char *slash;

    while (sac__converter_rank(converter) == SAC__RANK_PATH &&
           (slash = memchr(value.p, '/', value.n))) {
        const size_t n = (size_t)(slash - value.p);

        sac__url_encode(out, sac_str_n(value.p, n));
        sac__buf_add_char(out, '/');
        value = sac_str_n(slash + 1, value.n - n - 1);
    }
    sac__url_encode(out, value);
}

/* Appends a route's path; false when a parameter is not among the pairs. */
static int print_path(const route *made, const char *const *pairs, size_t n, uint64_t *used,
                      sac__buf *out)
{
    sac_str rest = made->base.pattern;
    sac__segment segment;
    size_t param = 0;

    while (sac__pattern_next(&rest, &segment, NULL) > 0) {
        const sac_converter *converter;
        size_t i = 0;

        sac__buf_add_char(out, '/');
        if (segment.literal.p) {
            sac__url_encode(out, segment.literal);
            continue;
        }
        while (i < n && !sac_str_is(segment.name, pairs[2 * i]))
            i++;
        if (i == n)
            return SAC_ENOTFOUND;
        converter = made->converters[param++];
        if (!converter->match(converter->self, sac_str_of(pairs[2 * i + 1])))
            return SAC_EINVAL;
        *used |= UINT64_C(1) << i;
        print_value(converter, sac_str_of(pairs[2 * i + 1]), out);
    }
    if (out->n == 0)
        sac__buf_add_char(out, '/');
    return SAC_OK;
}

static void print_query(const char *const *pairs, size_t n, uint64_t used, sac__buf *out)
{
    char mark = '?';

    for (size_t i = 0; i < n; i++) {
        if (used >> i & 1)
            continue;
        sac__buf_add_char(out, mark);
        sac__url_encode(out, sac_str_of(pairs[2 * i]));
        sac__buf_add_char(out, '=');
        sac__url_encode(out, sac_str_of(pairs[2 * i + 1]));
        mark = '&';
    }
}

/* The route of a view with the most parameters, all of which are given. */
static const route *choose(const sac__router *router, const char *name, const char *const *pairs,
                           size_t n)
{
    const route *best = NULL;

    for (const sac__route *r = router->first; r; r = r->next) {
        size_t given = 0;

        if (strcmp(r->name, name) != 0)
            continue;
        for (size_t p = 0; p < r->n_params; p++)
            for (size_t i = 0; i < n; i++)
                given += sac_str_is(r->params[p], pairs[2 * i]);
        if (given == r->n_params && (!best || r->n_params > best->base.n_params))
            best = (const route *)r;
    }
    return best;
}

int sac__router_url(const sac__router *router, const char *name, va_list pairs, char *out,
                    size_t cap)
{
    enum { MAX_PAIRS = 32 };
    const char *given[2 * MAX_PAIRS];
    const route *made;
    uint64_t used = 0;
    sac__buf buf;
    size_t n = 0;
    int rc;

    for (const char *key; (key = va_arg(pairs, const char *)) != NULL; n++) {
        if (n == MAX_PAIRS)
            return SAC_ELIMIT;
        given[2 * n] = key;
        given[2 * n + 1] = va_arg(pairs, const char *);
        if (!given[2 * n + 1])
            return SAC_EINVAL;
    }
    made = choose(router, name, given, n);
    if (!made)
        return SAC_ENOTFOUND;
    sac__buf_init_fixed(&buf, out, cap);
    rc = print_path(made, given, n, &used, &buf);
    if (rc != SAC_OK)
        return rc;
    print_query(given, n, used, &buf);
    sac__buf_add_char(&buf, '\0');
    return buf.error;
}

int sac__router_new(const sac_alloc *alloc, sac__router **out)
{
    sac__router *router = sac__alloc_zero(alloc, sizeof *router);

    if (!router)
        return SAC_ENOMEM;
    router->alloc = alloc;
    *out = router;
    return SAC_OK;
}

/* As deep as the deepest pattern: MAX_SEGMENTS. */
static void free_below(const sac_alloc *alloc, node *at)
{
    for (size_t i = 0; i < at->cap; i++) {
        literal *place = &at->literals[i];

        if (!place->segment.p)
            continue;
        free_below(alloc, place->child);
        sac__alloc_free(alloc, place->child, sizeof *place->child);
        sac__alloc_free(alloc, (void *)place->segment.p, place->segment.n);
    }
    sac__alloc_free(alloc, at->literals, at->cap * sizeof *at->literals);
    for (branch *by = at->branches, *next; by; by = next) {
        next = by->next;
        free_below(alloc, by->child);
        sac__alloc_free(alloc, by->child, sizeof *by->child);
        sac__alloc_free(alloc, by, sizeof *by);
    }
    if (at->route)
        sac__alloc_free(alloc, at->route, at->route->size);
}

void sac__router_free(sac__router *router)
{
    if (!router)
        return;
    free_below(router->alloc, &router->root);
    sac__alloc_free(router->alloc, router->customs, router->n_customs * sizeof *router->customs);
    sac__alloc_free(router->alloc, router, sizeof *router);
}
