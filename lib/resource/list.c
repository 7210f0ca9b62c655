/* SPDX-License-Identifier: MIT */
#include "resource/list.h"

#include "bson/wire.h"

static void keep(sac__kept_id *kept, const sac_value *id)
{
    const size_t n = id->raw.n < sizeof kept->raw ? id->raw.n : sizeof kept->raw;

    memcpy(kept->raw, id->raw.p, n);
    kept->value = (sac_value){id->type, {kept->raw, n}};
}

static int add_doc(sac__list *list, const sac_view *view)
{
    int rc;

    if (list->separate)
        sac__buf_add_char(&list->out.chunk, ',');
    rc = sac__render_doc(&list->render, view->doc, view->revision, &list->out.chunk,
                         &list->out.err);
    list->separate = true;
    return rc;
}

/* The tag of a list: what it is made of and what was asked. */
static void make_tag(sac__list *list, uint64_t revision)
{
    const sac__paging *paging = &list->paging;
    const sac_value after = list->query.after;
    char text[64 + SAC__MAX_ID];

    sac__wire_put64(text, revision);
    sac__wire_put64(text + 8, paging->paged ? (uint64_t)paging->per_page : 0);
    sac__wire_put64(text + 16, (uint64_t)paging->skip);
    sac__wire_put32(text + 24, (uint32_t)paging->counting);
    sac__wire_put32(text + 28,
                    (uint32_t)(paging->descending | paging->envelope << 1 | paging->by_offset << 2 |
                               paging->sort_said << 3 | paging->envelope_said << 4));
    text[32] = (char)after.type;
    if (after.raw.n > 0)
        memcpy(text + 33, after.raw.p, after.raw.n);
    sac__tag_print(&list->tag, sac__hash_keyed(list->ask.resource->tag_key, text, 33 + after.raw.n),
                   list->ask.variant);
    list->tagged = true;
}

static bool is_counted(const sac__paging *paging)
{
    return paging->counting == SAC__COUNT_EXACT || paging->counting == SAC__COUNT_ESTIMATED;
}

static int begin(void *self, const sac_snapshot *snapshot)
{
    sac__list *list = self;
    const int64_t max = list->ask.resource->def.max_list;

    if (list->begun)
        return 0;
    list->begun = true;
    if (is_counted(&list->paging) && list->total < 0)
        list->total = snapshot->count;
    /* A store that does not count revisions says 0, and then no tag is true. */
    if (snapshot->revision) {
        make_tag(list, snapshot->revision);
        list->verdict = sac__tag_judge(&list->ask, &list->tag);
    }
    list->too_long = !list->paging.paged && max != SAC_NO_LIMIT && snapshot->count > max;
    return list->verdict != SAC__PASS || list->too_long;
}

static int add_unpaged(void *self, const sac_view *view)
{
    sac__list *list = self;
    const sac_value id = sac_bson_get(view->doc, sac_str_n("_id", 3));
    int rc;

    if (!sac__resource_owns(list->ask.resource, &id))
        return 0;
    rc = add_doc(list, view);
    return rc != SAC_OK ? rc : sac__rows_full(&list->out);
}

/*
 * A page is read to its end in one go, so that its links are known before the
 * first byte: what is beyond the first chunk is encoded later, by its id.
 */
static int add_paged(void *self, const sac_view *view)
{
    sac__list *list = self;
    const sac_value id = sac_bson_get(view->doc, sac_str_n("_id", 3));
    int rc;

    if (!sac__resource_owns(list->ask.resource, &id))
        return 0;
    list->more = list->rows == list->paging.per_page;
    if (list->more)
        return 1;
    list->rows++;
    keep(&list->last, &id);
    list->unsent = sac__rows_full(&list->out);
    if (list->unsent)
        return 0;
    rc = add_doc(list, view);
    if (rc == SAC_OK && sac__rows_full(&list->out))
        keep(&list->sent, &id);
    return rc;
}

static int more(void *self)
{
    sac__list *list = self;
    const sac_sink sink = {.doc = add_unpaged, .self = list};
    const int rc = sac_cursor_pull(list->out.cursor, &sink, &list->out.err);

    if (rc != 0)
        return rc;
    sac__buf_add_str(&list->out.chunk, list->tail);
    return list->out.chunk.error;
}

static int open_cursor(sac__list *list)
{
    sac_req *req = list->ask.req;
    const int rc = sac_store_find(list->ask.resource->store, &list->query,
                                  sac__arena_alloc(sac__req_arena(req)), &list->out.cursor,
                                  &list->out.err);

    return rc == SAC_OK ? rc : sac__ask_failed(req, rc, &list->out.err);
}

/* Goes on behind what the first chunk has; of a page up to its last document, come what may. */
static int resume_page(sac__list *list)
{
    if (!list->paging.paged)
        return SAC_OK;
    sac__rows_close(&list->out);
    list->query.count = false;
    list->query.skip = 0;
    list->query.after = list->sent.value;
    *(list->query.descending ? &list->query.from : &list->query.to) = list->last.value;
    return open_cursor(list);
}

static int answer(sac__list *list, bool whole)
{
    sac_req *req = list->ask.req;
    const bool is_inline = sac__app_config(sac_req_app(req))->reads == SAC_READS_INLINE;
    int rc = sac__links_add(list);

    if (rc == SAC_OK && list->tagged)
        rc = sac__tag_header(&list->ask, &list->tag);
    if (rc == SAC_OK && !whole)
        rc = resume_page(list);
    if (whole)
        sac__buf_add_str(&list->out.chunk, list->tail);
    list->out.ended = whole;
    if (rc == SAC_OK && list->out.chunk.error)
        rc = sac__render_failed(req, list->out.chunk.error, &list->out.err);
    if (rc == SAC_OK)
        return sac__rows_reply(req, 200, sac__ask_type(&list->ask), &list->out, is_inline);
    sac__rows_close(&list->out);
    return rc;
}

static int too_long(const sac__list *list)
{
    return sac_problem(list->ask.req, "list_too_long",
                       "more than %lld items: ask for a page of them with per_page",
                       (long long)list->ask.resource->def.max_list);
}

static int read_list(sac__list *list)
{
    const sac_sink sink = {
        .begin = begin, .doc = list->paging.paged ? add_paged : add_unpaged, .self = list};
    const int rc = sac_cursor_pull(list->out.cursor, &sink, &list->out.err);

    if (rc >= 0 && list->verdict == SAC__PASS && !list->too_long)
        return answer(list, list->paging.paged ? !list->unsent : rc == 0);
    sac__rows_close(&list->out);
    if (rc == SAC_ECORRUPT || list->out.chunk.error)
        return sac__render_failed(list->ask.req, rc, &list->out.err);
    if (rc < 0)
        return sac__ask_failed(list->ask.req, rc, &list->out.err);
    if (list->verdict != SAC__PASS)
        return sac__tag_refuse(&list->ask, list->verdict, &list->tag);
    return too_long(list);
}

/* With a cursor, a count that was asked for is of the whole list. */
static int count_apart(sac__list *list)
{
    int rc;

    if (!list->paging.cursor.p || !is_counted(&list->paging))
        return SAC_OK;
    rc = sac_store_count(list->ask.resource->store, &list->query, &list->total, &list->out.err);
    return rc == SAC_OK ? rc : sac__ask_failed(list->ask.req, rc, &list->out.err);
}

static int go_on(sac__list *list)
{
    sac_req *req = list->ask.req;
    sac__cursor cursor;
    int rc;

    if (!list->paging.cursor.p)
        return SAC_OK;
    rc = list->ask.resource->has_cursors ? sac__cursor_open(list->ask.resource, list->paging.cursor,
                                                            sac__req_arena(req), &cursor)
                                         : SAC_EINVAL;
    if (rc == SAC_ENOMEM)
        return sac_fail(req, rc, "no memory for a cursor");
    if (rc != SAC_OK || !sac__resource_owns(list->ask.resource, &cursor.last))
        return sac_problem(req, "bad_cursor", "cursor: take it from a next link");
    if (list->paging.sort_said && cursor.descending != list->paging.descending)
        return sac_problem(req, "cursor_mismatch", "cursor: it is of a list sorted the other way");
    list->paging.descending = cursor.descending;
    list->query.descending = cursor.descending;
    list->query.after = cursor.last;
    return SAC_OK;
}

static void make_query(sac__list *list)
{
    const sac__resource *resource = list->ask.resource;
    const sac__paging *paging = &list->paging;

    list->query = (sac_query)
        SAC_QUERY(.collection = resource->def.collection, .from = resource->from,
                  .to = resource->to, .descending = paging->descending, .skip = paging->skip,
                  .count = !paging->cursor.p &&
                           (is_counted(paging) ||
                            (!paging->paged && resource->def.max_list != SAC_NO_LIMIT)));
}

static int start(sac__list *list)
{
    sac_req *req = list->ask.req;
    int rc;

    list->total = -1;
    list->out.more = more;
    list->out.self = list;
    sac__render_init(&list->render, &list->ask);
    sac__render_buf(req, &list->out.chunk);
    if (list->paging.envelope) {
        const char *key = list->ask.resource->def.items_key;

        sac__buf_add_char(&list->out.chunk, '{');
        sac__json_encode_str(&list->out.chunk, sac_str_of(key ? key : "items"));
        sac__buf_add_char(&list->out.chunk, ':');
    }
    sac__buf_add_char(&list->out.chunk, '[');
    make_query(list);
    rc = count_apart(list);
    if (rc == SAC_OK)
        rc = go_on(list);
    return rc == SAC_OK ? open_cursor(list) : rc;
}

int sac__resource_list(void *self, sac_req *req)
{
    sac__list *list = sac__arena_get_zero(sac__req_arena(req), sizeof *list);
    int rc;

    if (!list)
        return sac_fail(req, SAC_ENOMEM, "no memory for a list");
    rc = sac__ask_init_read(&list->ask, self, req);
    if (rc == SAC_OK)
        rc = sac__params_list(&list->ask, &list->paging);
    if (rc == SAC_OK)
        rc = start(list);
    return rc == SAC_OK ? read_list(list) : rc;
}
