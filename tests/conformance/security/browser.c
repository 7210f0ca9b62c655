/* SPDX-License-Identifier: MIT */
#include "whole.h"

#include <stdio.h>
#include <strings.h>

enum { LINES = 24 };

void browser_open(browser *b, whole *w)
{
    memset(b, 0, sizeof *b);
    b->whole = w;
}

static void keep_cookie(browser *b)
{
    const sac_str set = reply_header(&b->reply, "Set-Cookie", 0);

    b->set[0] = '\0';
    if (!set.p)
        return;
    CHECK(set.n < sizeof b->set);
    memcpy(b->set, set.p, set.n);
    b->set[set.n] = '\0';
    CHECK(!reply_header(&b->reply, "Set-Cookie", 1).p);
    if (strcasestr(b->set, "max-age=0"))
        b->cookie[0] = '\0';
    else
        snprintf(b->cookie, sizeof b->cookie, "%.*s", (int)strcspn(b->set, ";"), b->set);
}

int browse(browser *b, const char *method, const char *target, const char *body,
           const char *const *lines)
{
    char cookie[4300];
    const char *all[LINES] = {NULL};
    bool has_type = !body, has_host = false;
    size_t n = 0;

    for (; lines && lines[n]; n++) {
        CHECK(n < LINES - 4);
        all[n] = lines[n];
        has_type = has_type || strncasecmp(lines[n], "content-type:", 13) == 0;
        has_host = has_host || strncasecmp(lines[n], "host:", 5) == 0;
    }
    if (!has_type)
        all[n++] = "Content-Type: application/json";
    if (!has_host)
        all[n++] = "Host: localhost";
    if (b->cookie[0]) {
        snprintf(cookie, sizeof cookie, "Cookie: %s", b->cookie);
        all[n++] = cookie;
    }
    b->whole->on->send(
        b->whole->open,
        &(const host_ask){
            .method = method, .target = target, .headers = all, .body = sac_str_of(body)},
        &b->reply);
    keep_cookie(b);
    return b->reply.status;
}

int get(browser *b, const char *target)
{
    return browse(b, "GET", target, NULL, NULL);
}

int post(browser *b, const char *target, const char *json)
{
    return browse(b, "POST", target, json, NULL);
}

void sign_in(browser *b, const char *name)
{
    char json[160];

    snprintf(json, sizeof json, "{\"username\":\"%s\",\"password\":\"" PASSWORD "\"}", name);
    if (post(b, "/login", json) != 200)
        fail_msg("login: %d %.*s", b->reply.status, (int)b->reply.body.n, b->reply.body.p);
    CHECK(member(b, "csrf_token", b->token, sizeof b->token));
}

void make(browser *b, const char *list, const char *json)
{
    sac_str etag;

    if (post(b, list, json) != 201)
        fail_msg("%s: %d %.*s", list, b->reply.status, (int)b->reply.body.n, b->reply.body.p);
    CHECK(member(b, "_id", b->id, sizeof b->id));
    etag = field(b, "ETag");
    snprintf(b->etag, sizeof b->etag, "%.*s", (int)etag.n, etag.p ? etag.p : "");
}

const char *item(const browser *b, const char *list)
{
    static char path[4][200];
    static unsigned next;
    char *out = path[next++ % 4];

    snprintf(out, sizeof path[0], "%s/%s", list, b->id);
    return out;
}

sac_str field(const browser *b, const char *name)
{
    return reply_header(&b->reply, name, 0);
}

bool has_field(const browser *b, const char *name, const char *text)
{
    sac_str value;

    for (size_t i = 0; (value = reply_header(&b->reply, name, i)).p; i++)
        if (memmem(value.p, value.n, text, strlen(text)))
            return true;
    return false;
}

bool says(const browser *b, const char *text)
{
    return reply_says(&b->reply, text);
}

bool problem(const browser *b, const char *code)
{
    char text[80];

    snprintf(text, sizeof text, "\"code\":\"%s\"", code);
    return has_field(b, "Content-Type", "application/problem+json") && says(b, text);
}

bool member(const browser *b, const char *name, char *out, size_t cap)
{
    char key[64];
    const char *at, *end;
    int n = snprintf(key, sizeof key, "\"%s\":\"", name);

    at = b->reply.body.n ? memmem(b->reply.body.p, b->reply.body.n, key, (size_t)n) : NULL;
    if (!at)
        return false;
    at += n;
    end = memchr(at, '"', b->reply.body.n - (size_t)(at - b->reply.body.p));
    if (!end || (size_t)(end - at) >= cap)
        return false;
    memcpy(out, at, (size_t)(end - at));
    out[end - at] = '\0';
    return true;
}
