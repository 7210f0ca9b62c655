/* SPDX-License-Identifier: MIT */
#ifndef RESOURCE_LISTS_H
#define RESOURCE_LISTS_H

#include "list_store.h"
#include "support/todos.h"

/* What lists are asked for in tests. */

/* As todos_open(), over the_list_store. */
static inline void lists_serve(todos *t, const sac_resource *resource)
{
    sac_err err = {.code = 0};

    todos_begin(t);
    t->config.database = "memory:";
    t->config.stores[0] = list_store_open;
    t->config.secret = "sixteen bytes and more";
    todos_make(t);
    if (sac_app_resource(t->app, "/api/todos", resource, &err) != SAC_OK)
        fail_msg("%s", err.text);
    todos_serve(t);
}

/* The same with documents as JSON. */
static inline void lists_open(todos *t, const sac_resource *resource, const char *const *json)
{
    the_list_store = (list_store){.json = json, .revision = 7, .why = ""};
    lists_serve(t, resource);
}

static inline int lists_ask(todos *t, const char *query)
{
    static char target[256 * 1024];

    snprintf(target, sizeof target, "/api/todos?%s", query);
    return todos_ask(t, "GET", target, NULL);
}

/* The ids of a list, as "i000 i001". */
static inline const char *lists_ids(const todos *t)
{
    static char text[8192];
    const char *p = t->reply.body.p, *end = p + t->reply.body.n;
    size_t used = 0;

    text[0] = '\0';
    while ((p = memmem(p, (size_t)(end - p), "\"_id\":\"", 7))) {
        const char *quote = memchr(p + 7, '"', (size_t)(end - p - 7));

        used += (size_t)snprintf(text + used, sizeof text - used, "%s%.*s", used ? " " : "",
                                 (int)(quote - p - 7), p + 7);
        p = quote;
    }
    return text;
}

/* The URL of a link of the last answer, in memory of its own until the next one; NULL: none. */
static inline const char *lists_link(todos *t, const char *rel)
{
    static char url[4096], links[16384];
    const sac_str header = sac_loopback_header(&t->reply, "link");
    char wanted[32];
    char *at, *from;

    snprintf(links, sizeof links, "%.*s", (int)header.n, header.n ? header.p : "");
    snprintf(wanted, sizeof wanted, ">; rel=\"%s\"", rel);
    at = strstr(links, wanted);
    if (!at)
        return NULL;
    *at = '\0';
    from = strrchr(links, '<');
    snprintf(url, sizeof url, "%s", from + 1);
    return url;
}

/* A query gives these ids. */
static inline void lists_gives(todos *t, const char *query, const char *ids)
{
    const int status = lists_ask(t, query);

    if (status != 200)
        fail_msg("%s: %d %.*s", query, status, (int)t->reply.body.n, t->reply.body.p);
    if (strcmp(lists_ids(t), ids) != 0)
        fail_msg("%s: %s, not %s (filter %s)", query, lists_ids(t), ids, the_list_store.filter);
}

/* A query is 400 with this code, and says this. */
static inline void lists_refuses(todos *t, const char *query, const char *code, const char *says)
{
    const int status = lists_ask(t, query);

    if (status != 400 || !todos_problem(t, code) || !todos_says(t, says))
        fail_msg("%s: %d %.*s", query, status, (int)t->reply.body.n, t->reply.body.p);
}

#endif
