/* SPDX-License-Identifier: MIT */
#include "resource/list.h"

typedef struct links {
    sac_str first, prev, next, last; /* p NULL: none */
} links;

static int no_memory(const sac__list *list)
{
    return sac_fail(list->ask.req, SAC_ENOMEM, "no memory for the links of a list");
}

static int64_t total_pages(const sac__list *list)
{
    return list->total / list->paging.per_page + (list->total % list->paging.per_page != 0);
}

/* What every page of this list shares; `?` or `&` stands before nothing. */
static void add_common(const sac__list *list, sac__buf *out)
{
    static const char *const counts[] = {NULL, "exact", "estimated", "none"};
    const sac__paging *paging = &list->paging;

    sac__buf_add_str(out, sac__req_head(list->ask.req)->prefix);
    sac__buf_add_str(out, list->ask.resource->path);
    sac__buf_add_char(out, '?');
    if (paging->sort_said) {
        sac__buf_add_text(out, paging->descending ? "sort=-" : "sort=");
        sac__url_encode(out, sac_str_of(list->ask.resource->id_key));
        sac__buf_add_char(out, '&');
    }
    if (paging->envelope_said)
        sac__buf_add_text(out, paging->envelope ? "envelope=1&" : "envelope=0&");
    if (paging->counting != SAC__COUNT_UNSAID && paging->counting != SAC__COUNT_EXACT)
        sac__buf_printf(out, "count=%s&", counts[paging->counting]);
}

static sac_str finish(sac__buf *out)
{
    return out->error ? sac_str_n(NULL, 0) : sac__buf_str(out);
}

/* The page of that number, in the words that the client used. */
static sac_str page_url(const sac__list *list, int64_t page)
{
    const long long size = list->paging.per_page;
    sac__buf out;

    sac__render_buf(list->ask.req, &out);
    add_common(list, &out);
    if (list->paging.by_offset)
        sac__buf_printf(&out, "offset=%lld&limit=%lld", (page - 1) * size, size);
    else
        sac__buf_printf(&out, "page=%lld&per_page=%lld", (long long)page, size);
    return finish(&out);
}

static sac_str next_url(const sac__list *list)
{
    const sac__cursor cursor = {list->paging.descending, list->last.value};
    sac_str text;
    sac__buf out;

    if (!list->ask.resource->has_cursors)
        return page_url(list, list->paging.page + 1);
    if (sac__cursor_seal(list->ask.resource, &cursor, sac__req_arena(list->ask.req), &text) !=
        SAC_OK)
        return sac_str_n(NULL, 0);
    sac__render_buf(list->ask.req, &out);
    add_common(list, &out);
    sac__buf_printf(&out, "cursor=%.*s&per_page=%lld", (int)text.n, text.p,
                    (long long)list->paging.per_page);
    return finish(&out);
}

static int64_t previous_page(const sac__list *list)
{
    const int64_t page = list->paging.page - 1;

    if (list->total < 0 || page <= total_pages(list))
        return page;
    return total_pages(list) > 0 ? total_pages(list) : 1;
}

static bool make(const sac__list *list, links *out)
{
    const bool numbered = !list->paging.cursor.p;
    bool ok;

    *out = (links){.first = page_url(list, 1)};
    ok = out->first.p != NULL;
    if (ok && numbered && list->paging.page > 1)
        ok = (out->prev = page_url(list, previous_page(list))).p != NULL;
    if (ok && list->more)
        ok = (out->next = next_url(list)).p != NULL;
    if (ok && numbered && list->total >= 0)
        ok = (out->last = page_url(list, list->total > 0 ? total_pages(list) : 1)).p != NULL;
    return ok;
}

typedef void link_fn(sac__buf *out, const char *rel, sac_str url, bool first);

static void each_link(const links *all, link_fn *add, sac__buf *out)
{
    const struct {
        const char *rel;
        sac_str url;
    } rows[] = {
        {"first", all->first}, {"prev", all->prev}, {"next", all->next}, {"last", all->last}};
    bool first = true;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].url.p) {
            add(out, rows[i].rel, rows[i].url, first);
            first = false;
        }
    }
}

static void add_field(sac__buf *out, const char *rel, sac_str url, bool first)
{
    sac__buf_printf(out, "%s<%.*s>; rel=\"%s\"", first ? "" : ", ", (int)url.n, url.p, rel);
}

static void add_member(sac__buf *out, const char *rel, sac_str url, bool first)
{
    sac__buf_printf(out, "%s\"%s\":", first ? "" : ",", rel);
    sac__json_encode_str(out, url);
}

static int set_number(const sac__list *list, const char *name, int64_t value)
{
    const sac_str text = sac_req_printf(list->ask.req, "%lld", (long long)value);

    return text.p ? sac__ask_header(&list->ask, name, text) : no_memory(list);
}

static int set_count(const sac__list *list)
{
    const bool estimated = list->paging.counting == SAC__COUNT_ESTIMATED;
    int rc;

    if (list->total < 0)
        return SAC_OK;
    rc = set_number(list, "X-Total-Count", list->total);
    if (rc == SAC_OK && list->paging.paged)
        rc = set_number(list, "X-Total-Pages", total_pages(list));
    if (rc == SAC_OK)
        rc = sac__ask_header(&list->ask, "X-Count-Strategy",
                             sac_str_of(estimated ? "estimated" : "exact"));
    return rc;
}

static int set_fields(const sac__list *list, const links *all)
{
    sac__buf out;
    int rc = SAC_OK;

    if (!list->paging.paged)
        return list->paging.counting == SAC__COUNT_UNSAID ? SAC_OK : set_count(list);
    sac__render_buf(list->ask.req, &out);
    each_link(all, add_field, &out);
    if (out.error)
        return no_memory(list);
    rc = sac__ask_header(&list->ask, "Link", sac__buf_str(&out));
    if (rc == SAC_OK && !list->paging.cursor.p)
        rc = set_number(list, "X-Page", list->paging.page);
    if (rc == SAC_OK)
        rc = set_number(list, "X-Per-Page", list->paging.per_page);
    return rc == SAC_OK ? set_count(list) : rc;
}

static void add_meta(const sac__list *list, sac__buf *out)
{
    const char *comma = "";

    sac__buf_add_text(out, "],\"meta\":{");
    if (list->paging.paged && !list->paging.cursor.p) {
        sac__buf_printf(out, "\"page\":%lld", (long long)list->paging.page);
        comma = ",";
    }
    if (list->paging.paged) {
        sac__buf_printf(out, "%s\"per_page\":%lld", comma, (long long)list->paging.per_page);
        comma = ",";
    }
    if (list->total >= 0)
        sac__buf_printf(out, "%s\"total\":%lld", comma, (long long)list->total);
}

int sac__links_add(sac__list *list)
{
    links all = {.first = {NULL, 0}};
    sac__buf out;
    int rc;

    if (list->paging.paged && !make(list, &all))
        return no_memory(list);
    rc = set_fields(list, &all);
    if (rc != SAC_OK)
        return rc;
    list->tail = sac_str_of("]");
    if (!list->paging.envelope)
        return SAC_OK;
    sac__render_buf(list->ask.req, &out);
    add_meta(list, &out);
    sac__buf_add_text(&out, "},\"links\":{");
    each_link(&all, add_member, &out);
    sac__buf_add_text(&out, "}}");
    list->tail = sac__buf_str(&out);
    return out.error ? no_memory(list) : SAC_OK;
}
