/* SPDX-License-Identifier: MIT */
#include "page/path.h"

#include "app/app.h"
#include "app/req.h"

bool sac__path_is_fit(sac_str path)
{
    for (size_t i = 0; i < path.n; i++) {
        const bool starts = i == 0 || path.p[i - 1] == '/';

        if ((unsigned char)path.p[i] < ' ' || path.p[i] == '\\' || path.p[i] == 0x7f ||
            (starts && (path.p[i] == '.' || path.p[i] == '/')))
            return false;
    }
    return true;
}

static bool contains_any_case(sac_str s, const char *lower)
{
    const size_t n = strlen(lower);

    for (size_t i = 0; i + n <= s.n; i++)
        if (sac__header_is(sac_str_n(s.p + i, n), lower))
            return true;
    return false;
}

bool sac__path_is_fit_raw(sac_str raw)
{
    return raw.n > 0 && !contains_any_case(raw, "//") && !contains_any_case(raw, "%2f");
}

int sac__path_redirect(sac_req *req, int status, size_t cut, const char *add)
{
    const sac_head *head = sac__req_head(req);
    const sac_str raw = sac__req_raw_path(req);
    const char *query = memchr(head->target.p, '?', head->target.n);
    const size_t n = query ? head->target.n - (size_t)(query - head->target.p) : 0;
    const sac_str to = sac_req_printf(req, "%.*s%.*s%s%.*s", (int)head->prefix.n,
                                      head->prefix.n ? head->prefix.p : "", (int)(raw.n - cut),
                                      raw.p, add, (int)n, n ? query : "");

    return to.p ? sac_reply_redirect(req, status, to.p)
                : sac_fail(req, SAC_ENOMEM, "out of memory");
}

int sac__path_patterns(sac_app *app, const char *path, char **root, char **beneath)
{
    static const char any[] = "/{path:path}";
    size_t n = strlen(path);
    char *short_one = sac__app_get(app, n + 2);
    char *long_one = sac__app_get(app, n + sizeof any);

    if (!short_one || !long_one)
        return SAC_ENOMEM;
    while (n > 0 && path[n - 1] == '/')
        n--;
    memcpy(long_one, path, n);
    memcpy(long_one + n, any, sizeof any);
    memcpy(short_one, n ? path : "/", n ? n : 1);
    *root = short_one;
    *beneath = long_one;
    return SAC_OK;
}
