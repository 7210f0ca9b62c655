/* SPDX-License-Identifier: MIT */
#include "resource/list.h"

#include "bson/wire.h"

/* Answers up to so many bytes are completed for a tag where the store has no revision for it. */
#define DIGESTED ((size_t)256 * 1024)

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

static bool is_full(const sac__list *list)
{
    return list->out.chunk.n >= list->hold;
}

static void mix(const sac__list *list, uint64_t *digest, const void *p, size_t n)
{
    const sac__hash_key *key = list->ask.resource->tag_key;
    const uint64_t words[2] = {*digest, sac__hash_keyed(key, n > 0 ? p : "", n)};

    *digest = sac__hash_keyed(key, words, sizeof words);
}

/* The tag of a list: what it is made of (a revision, or a digest) and what was asked. */
static void make_tag(sac__list *list, uint64_t state)
{
    const sac__paging *paging = &list->paging;
    const uint64_t numbers[] = {paging->paged ? (uint64_t)paging->per_page : 0,
                                (uint64_t)paging->skip, paging->counting, paging->shape,
                                paging->by_offset};

    mix(list, &state, numbers, sizeof numbers);
    mix(list, &state, paging->common.p, paging->common.n);
    mix(list, &state, paging->cursor.p, paging->cursor.n);
    sac__tag_print(&list->tag, state, list->ask.variant);
    list->tagged = true;
    list->verdict = sac__tag_judge(&list->ask, &list->tag);
}

static bool is_counted(const sac__paging *paging)
{
    return paging->counting == SAC__COUNT_EXACT || paging->counting == SAC__COUNT_ESTIMATED;
}

/* Where pages have to be real ones, the last one stands in for what is past it. */
static sac__halt judge_page(sac__list *list)
{
    const int64_t last = list->total > 0 ? sac__links_pages(list) : 1;
    sac__paging *paging = &list->paging;

    if (paging->shape != SAC__SHAPE_PAGEABLE || !paging->paged || paging->cursor.p)
        return SAC__GO_ON;
    if (list->total >= 0 && paging->page > last) {
        paging->page = last;
        paging->skip = (last - 1) * paging->per_page;
        return SAC__OTHER_PAGE;
    }
    return sac__params_too_far(&list->ask, paging->skip) ? SAC__TOO_FAR : SAC__GO_ON;
}

static int begin(void *self, const sac_snapshot *snapshot)
{
    sac__list *list = self;
    const int64_t max = list->ask.resource->def.max_list;
    uint64_t revision;

    if (list->begun)
        return 0;
    list->begun = true;
    if (is_counted(&list->paging) && !list->paging.cursor.p)
        list->total = snapshot->count;
    list->halt = judge_page(list);
    if (!list->paging.paged && max != SAC_NO_LIMIT && snapshot->count > max)
        list->halt = SAC__TOO_LONG;
    if (list->halt != SAC__GO_ON)
        return 1;
    /* A store that does not count revisions says 0; of a part of a collection none stands. */
    revision = list->paging.select.n_fixed == 0 ? snapshot->revision : 0;
    list->hold = revision ? SAC__ROWS_CHUNK : DIGESTED;
    if (revision)
        make_tag(list, revision);
    sac__links_head(list);
    return list->verdict != SAC__PASS;
}

static bool is_foreign(sac__list *list, const sac_value *id)
{
    const bool foreign = !sac__resource_owns(list->ask.resource, id);

    list->foreign += foreign;
    return foreign;
}

static int add_unpaged(void *self, const sac_view *view)
{
    sac__list *list = self;
    const sac_value id = sac_bson_get(view->doc, sac_str_n("_id", 3));
    int rc;

    if (is_foreign(list, &id))
        return 0;
    rc = add_doc(list, view);
    return rc != SAC_OK ? rc : is_full(list);
}

static int keep(sac__list *list, sac__place *place, sac_str doc)
{
    return sac__place_keep(place, doc, &list->paging.order, sac__req_arena(list->ask.req));
}

/*
 * A page is read to its end in one go, so that its links are known before the
 * first byte: what is beyond the first chunk is encoded later, by its place.
 */
static int add_paged(void *self, const sac_view *view)
{
    sac__list *list = self;
    const sac_value id = sac_bson_get(view->doc, sac_str_n("_id", 3));
    int rc = SAC_OK;

    if (is_foreign(list, &id))
        return 0;
    list->more = list->rows == list->paging.per_page;
    if (list->more)
        return 1;
    list->rows++;
    list->unsent = is_full(list);
    if (list->unsent || list->rows == list->paging.per_page)
        rc = keep(list, &list->last, view->doc);
    if (rc != SAC_OK || list->unsent)
        return rc;
    rc = add_doc(list, view);
    list->encoded++;
    return rc == SAC_OK && is_full(list) ? keep(list, &list->sent, view->doc) : rc;
}

/* What is left of a page: so many documents, none behind its last one, come what may. */
static int add_rest(void *self, const sac_view *view)
{
    sac__list *list = self;
    const sac_value id = sac_bson_get(view->doc, sac_str_n("_id", 3));
    sac__place *here = &list->here;
    int rc;

    if (is_foreign(list, &id))
        return 0;
    if (list->last.told) {
        rc = keep(list, here, view->doc);
        if (rc != SAC_OK)
            return rc;
        if (here->told && sac__place_compare(here, &list->last, &list->paging.order) > 0)
            list->encoded = list->rows;
    }
    if (list->encoded == list->rows)
        return 1;
    list->encoded++;
    rc = add_doc(list, view);
    return rc != SAC_OK ? rc : is_full(list) || list->encoded == list->rows;
}

static int more(void *self)
{
    sac__list *list = self;
    const sac_sink sink = {.doc = list->paging.paged ? add_rest : add_unpaged, .self = list};
    const int rc = sac_cursor_pull(list->out.cursor, &sink, &list->out.err);

    if (rc < 0 || (rc == 1 && !(list->paging.paged && list->encoded == list->rows)))
        return rc;
    sac__buf_add_str(&list->out.chunk, list->tail);
    return list->out.chunk.error;
}

static int store_failed(const sac__list *list, int rc)
{
    sac_req *req = list->ask.req;
    const sac_err *err = &list->out.err;

    switch (rc) {
    case SAC_ENOINDEX:
        return sac_problem(req, "not_indexed", "no index helps with this filter and order");
    case SAC_ELIMIT:
        if (list->query.sort.n > 0 && (!list->paging.select.regex || strstr(err->text, "sort")))
            return sac_problem(req, "sort_too_large",
                               "too many items to sort: filter them, or sort by an indexed field");
        return sac_problem(req, "bad_parameter", "%s", err->text);
    case SAC_EINVAL: return sac_problem(req, "bad_parameter", "%s", err->text);
    default: return sac__ask_failed(req, rc, err);
    }
}

static int open_cursor(sac__list *list)
{
    const int rc = sac_store_find(list->ask.resource->store, &list->query,
                                  sac__arena_alloc(sac__req_arena(list->ask.req)),
                                  &list->out.cursor, &list->out.err);

    return rc == SAC_OK ? rc : store_failed(list, rc);
}

/* Goes on behind what the first chunk has; where places cannot be told, by number. */
static int resume_page(sac__list *list)
{
    if (!list->paging.paged)
        return SAC_OK;
    sac__rows_close(&list->out);
    list->query.count = false;
    list->query.limit = 0;
    list->query.skip += list->encoded;
    if (list->sent.told) {
        list->query.skip = 0;
        list->query.after = list->sent.id;
        list->query.after_keys = list->sent.keys;
    }
    return open_cursor(list);
}

/* The tag of an answer that is complete. */
static void digest(sac__list *list)
{
    const uint64_t counted[2] = {(uint64_t)list->total, list->more};
    uint64_t state = 0;

    mix(list, &state, list->out.chunk.p, list->out.chunk.n);
    mix(list, &state, counted, sizeof counted);
    make_tag(list, state);
}

static int send(sac__list *list, bool whole)
{
    sac_req *req = list->ask.req;
    const bool is_inline = sac__app_reads_inline(sac_req_app(req));
    int rc = list->tagged ? sac__tag_header(&list->ask, &list->tag) : SAC_OK;

    list->out.ended = whole;
    list->hold = SAC__ROWS_CHUNK;
    if (rc == SAC_OK && !whole)
        rc = resume_page(list);
    if (rc == SAC_OK && list->out.chunk.error)
        rc = sac__render_failed(req, list->out.chunk.error, &list->out.err);
    return rc == SAC_OK
               ? sac__rows_reply(req, 200, sac__ask_type(&list->ask), &list->out, is_inline)
               : rc;
}

static int answer(sac__list *list, bool whole)
{
    int rc = sac__links_add(list);

    if (whole)
        sac__buf_add_str(&list->out.chunk, list->tail);
    if (rc == SAC_OK && whole && !list->tagged && !list->out.chunk.error)
        digest(list);
    if (rc == SAC_OK)
        rc = list->verdict == SAC__PASS ? send(list, whole)
                                        : sac__tag_refuse(&list->ask, list->verdict, &list->tag);
    if (rc != SAC_OK || list->verdict != SAC__PASS)
        sac__rows_close(&list->out);
    return rc;
}

static int refuse(const sac__list *list)
{
    if (list->verdict != SAC__PASS)
        return sac__tag_refuse(&list->ask, list->verdict, &list->tag);
    if (list->halt == SAC__TOO_FAR)
        return sac__params_refuse_far(&list->ask, list->paging.by_offset ? "offset" : "page");
    return sac_problem(list->ask.req, "list_too_long",
                       "more than %lld items: ask for a page of them with per_page",
                       (long long)list->ask.resource->def.max_list);
}

/* A damaged document has its text from the codec, what the store says from the store. */
static int failed(const sac__list *list, int rc)
{
    if (list->out.chunk.error || rc == SAC_ECORRUPT)
        return sac__render_failed(list->ask.req, rc, &list->out.err);
    return store_failed(list, rc);
}

/* From the start: another page, or the same without a limit. */
static int begin_anew(sac__list *list)
{
    sac__rows_close(&list->out);
    list->out.chunk.n = 0;
    list->begun = list->separate = list->unsent = false;
    list->rows = list->encoded = 0;
    list->query.skip = list->paging.skip;
    if (!list->paging.cursor.p)
        list->passed = list->paging.skip;
    return open_cursor(list);
}

/* Documents of others that count for the limit may have taken a page's places. */
static bool is_short(const sac__list *list, int rc)
{
    return rc == 0 && list->query.limit > 0 && list->foreign > 0 && !list->more;
}

static int read_list(sac__list *list)
{
    const sac_sink sink = {
        .begin = begin, .doc = list->paging.paged ? add_paged : add_unpaged, .self = list};
    int rc = sac_cursor_pull(list->out.cursor, &sink, &list->out.err);

    while (rc >= 0 && (list->halt == SAC__OTHER_PAGE || is_short(list, rc))) {
        if (list->halt != SAC__OTHER_PAGE)
            list->query.limit = 0;
        rc = begin_anew(list);
        if (rc != SAC_OK)
            return rc;
        rc = sac_cursor_pull(list->out.cursor, &sink, &list->out.err);
    }
    if (rc >= 0 && list->verdict == SAC__PASS && list->halt == SAC__GO_ON)
        return answer(list, list->paging.paged ? !list->unsent : rc == 0);
    sac__rows_close(&list->out);
    return rc < 0 ? failed(list, rc) : refuse(list);
}

/* With a cursor, a count that was asked for is of the whole list. */
static int count_apart(sac__list *list)
{
    int rc;

    if (!list->paging.cursor.p || !is_counted(&list->paging))
        return SAC_OK;
    rc = sac_store_count(list->ask.resource->store, &list->query, &list->total, &list->out.err);
    return rc == SAC_OK ? rc : store_failed(list, rc);
}

/* What a cursor has to have been made for. */
uint64_t sac__list_digest(const sac__list *list)
{
    uint64_t digest = list->paging.select.digest;

    mix(list, &digest, list->paging.order.sort.p, list->paging.order.sort.n);
    return digest + list->paging.order.descending;
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
    if (cursor.digest != sac__list_digest(list))
        return sac_problem(req, "cursor_mismatch",
                           "cursor: it is of a list with another filter, search or order");
    list->query.after = cursor.last;
    list->query.after_keys = cursor.keys;
    list->passed = cursor.passed;
    return SAC_OK;
}

static void make_query(sac__list *list)
{
    const sac__resource *resource = list->ask.resource;
    const sac__paging *paging = &list->paging;
    const bool far = sac__params_too_far(&list->ask, paging->skip);

    list->query = (sac_query)
        SAC_QUERY(.collection = resource->def.collection, .filter = paging->select.filter,
                  .sort = paging->order.sort, .from = resource->from, .to = resource->to,
                  .descending = paging->order.descending, .skip = far ? 0 : paging->skip,
                  .limit = paging->paged ? paging->per_page + 1 : 0,
                  .indexed = resource->def.indexed_only, .max_sort = resource->def.max_sort,
                  .count = !paging->cursor.p &&
                           (is_counted(paging) ||
                            (!paging->paged && resource->def.max_list != SAC_NO_LIMIT)));
}

static int start(sac__list *list)
{
    sac_req *req = list->ask.req;
    int rc;

    list->total = -1;
    list->passed = list->paging.skip;
    list->out.more = more;
    list->out.self = list;
    sac__render_init(&list->render, &list->ask);
    sac__render_buf(req, &list->out.chunk);
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
