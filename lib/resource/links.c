/* SPDX-License-Identifier: MIT */
#include "resource/list.h"

typedef struct links {
    sac_str first, prev, next, last; /* p NULL: none */
} links;

static int no_memory(const sac__list *list)
{
    return sac_fail(list->ask.req, SAC_ENOMEM, "no memory for the links of a list");
}

int64_t sac__links_pages(const sac__list *list)
{
    return list->total / list->paging.per_page + (list->total % list->paging.per_page != 0);
}

static void add_common(const sac__list *list, sac__buf *out)
{
    sac__buf_add_str(out, sac__req_head(list->ask.req)->prefix);
    sac__buf_add_str(out, list->ask.resource->path);
    sac__buf_add_char(out, '?');
    sac__buf_add_str(out, list->paging.common);
}

static sac_str finish(sac__buf *out)
{
    return out->error ? sac_str_n(NULL, 0) : sac__buf_str(out);
}

static sac_str offset_url(const sac__list *list, int64_t offset)
{
    sac__buf out;

    sac__render_buf(list->ask.req, &out);
    add_common(list, &out);
    sac__buf_printf(&out, "offset=%lld&limit=%lld", (long long)offset,
                    (long long)list->paging.per_page);
    return finish(&out);
}

/* The page of that number, in the words that the client used. */
static sac_str page_url(const sac__list *list, int64_t page)
{
    const long long size = list->paging.per_page;
    sac__buf out;

    if (list->paging.by_offset)
        return offset_url(list, (page - 1) * size);
    sac__render_buf(list->ask.req, &out);
    add_common(list, &out);
    sac__buf_printf(&out, "page=%lld&per_page=%lld", (long long)page, size);
    return finish(&out);
}

/* Where a place cannot be told. */
static sac_str next_by_number(const sac__list *list)
{
    if (list->paging.by_offset || list->paging.cursor.p)
        return offset_url(list, list->passed + list->rows);
    return page_url(list, list->paging.page + 1);
}

static sac_str next_url(const sac__list *list)
{
    const sac__cursor cursor = {.digest = sac__list_digest(list),
                                .passed = list->passed + list->rows,
                                .last = list->last.id,
                                .keys = list->last.keys};
    sac_str text;
    sac__buf out;
    int rc;

    if (!list->ask.resource->has_cursors || !list->last.told)
        return next_by_number(list);
    rc = sac__cursor_seal(list->ask.resource, &cursor, sac__req_arena(list->ask.req), &text);
    if (rc != SAC_OK)
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

    if (list->total < 0 || page <= sac__links_pages(list))
        return page;
    return sac__links_pages(list) > 0 ? sac__links_pages(list) : 1;
}

static bool is_last_far(const sac__list *list)
{
    return list->total > 0 &&
           sac__params_too_far(&list->ask, (sac__links_pages(list) - 1) * list->paging.per_page);
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
    if (ok && numbered && list->total >= 0 && !is_last_far(list))
        ok = (out->last = page_url(list, list->total > 0 ? sac__links_pages(list) : 1)).p != NULL;
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
    const bool estimated = list->paging.counting == SAC__COUNT_ESTIMATED &&
                           list->paging.select.n + list->paging.select.n_fixed == 0;
    int rc;

    if (list->total < 0)
        return SAC_OK;
    rc = set_number(list, "X-Total-Count", list->total);
    if (rc == SAC_OK && list->paging.paged)
        rc = set_number(list, "X-Total-Pages", sac__links_pages(list));
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

static void add_number(sac__buf *out, const char *name, int64_t value)
{
    if (out->p[out->n - 1] != '{')
        sac__buf_add_char(out, ',');
    sac__buf_printf(out, "\"%s\":%lld", name, (long long)value);
}

/* What PageableCollection reads of its server: numbers, not strings. */
static void add_state(const sac__list *list, sac__buf *out)
{
    const sac__paging *paging = &list->paging;

    sac__buf_add_text(out, "[{");
    if (out->error)
        return;
    if (list->total >= 0)
        add_number(out, "total_entries", list->total);
    if (paging->paged && !paging->cursor.p)
        add_number(out, "page", paging->page);
    if (paging->paged)
        add_number(out, "per_page", paging->per_page);
    if (paging->paged && list->total >= 0)
        add_number(out, "total_pages", sac__links_pages(list));
    sac__buf_add_text(out, "},");
}

void sac__links_head(sac__list *list)
{
    const char *key = list->ask.resource->def.items_key;
    sac__buf *out = &list->out.chunk;

    if (list->paging.shape == SAC__SHAPE_PAGEABLE)
        add_state(list, out);
    if (list->paging.shape == SAC__SHAPE_ENVELOPE) {
        sac__buf_add_char(out, '{');
        sac__json_encode_str(out, sac_str_of(key ? key : "items"));
        sac__buf_add_char(out, ':');
    }
    sac__buf_add_char(out, '[');
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
    list->tail = sac_str_of(list->paging.shape == SAC__SHAPE_PAGEABLE ? "]]" : "]");
    if (list->paging.shape != SAC__SHAPE_ENVELOPE)
        return SAC_OK;
    sac__render_buf(list->ask.req, &out);
    add_meta(list, &out);
    sac__buf_add_text(&out, "},\"links\":{");
    each_link(&all, add_member, &out);
    sac__buf_add_text(&out, "}}");
    list->tail = sac__buf_str(&out);
    return out.error ? no_memory(list) : SAC_OK;
}
