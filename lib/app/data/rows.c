/* SPDX-License-Identifier: MIT */
#include "app/data/rows.h"

#include "app/data/data.h"
#include "app/data/out.h"

void sac__rows_close(sac__rows *rows)
{
    sac_cursor_close(rows->cursor);
    rows->cursor = NULL;
}

static void close_stream(void *self)
{
    sac__rows_close(self);
}

static int refill(sac__rows *rows)
{
    int rc;

    rows->chunk.n = 0;
    rows->given = 0;
    rc = rows->more(rows->self);
    rows->ended = rc == 0;
    return rc < 0 ? rc : SAC_OK;
}

static int pull(void *self, sac_req *req, void *buf, size_t cap, size_t *n)
{
    sac__rows *rows = self;
    int rc = SAC_OK;

    while (rc == SAC_OK && rows->given == rows->chunk.n && !rows->ended)
        rc = refill(rows);
    if (rc != SAC_OK) {
        sac_req_log(req, SAC_LOG_ERROR, "view %s: the answer was cut short: %s",
                    sac__data_view(req), rows->err.text);
        return rc;
    }
    if (rows->given == rows->chunk.n)
        return 0;
    *n = rows->chunk.n - rows->given < cap ? rows->chunk.n - rows->given : cap;
    memcpy(buf, rows->chunk.p + rows->given, *n);
    rows->given += *n;
    return 1;
}

static const sac_stream_ops inline_stream = SAC_STREAM_OPS(.pull = pull, .close = close_stream,
                                                           .flags = SAC_INLINE);
static const sac_stream_ops worker_stream = SAC_STREAM_OPS(.pull = pull, .close = close_stream);

int sac__rows_reply(sac_req *req, int status, const char *type, sac__rows *rows, bool is_inline)
{
    if (!rows->ended)
        return sac_reply_stream(req, status, type, -1, is_inline ? &inline_stream : &worker_stream,
                                rows);
    sac__rows_close(rows);
    return sac_reply_static(req, status, type, sac__buf_str(&rows->chunk));
}

/* The rows of sac_reply_rows(). */
typedef struct answer {
    sac__rows rows;
    sac_query query; /* it and what it points to, in memory of the request */
    sac_out out;     /* over rows.chunk */
    int (*row)(void *self, const sac_view *view, sac_out *out);
    int (*tail)(void *self, sac_out *out);
    void *self;
    bool waits;       /* then documents are copied first: no row runs inside the store's read */
    sac__buf docs;    /* of rows that wait: each a `held`, then its bytes */
    size_t next;      /* of them, in bytes */
    bool all_read;    /* the cursor has no more */
    bool last;        /* a row said so */
    const char *slot; /* that failed; NULL: the store did */
} answer;

typedef struct held {
    uint64_t revision, stamp;
    size_t n;
} held;

/* What became of a slot and of the text it wrote. */
static int judge(answer *a, int rc, const char *slot)
{
    if (rc >= 0 && a->rows.chunk.error)
        rc = a->rows.chunk.error == SAC_ETOOBIG ? SAC_ENOMEM : a->rows.chunk.error;
    if (rc == 0 || rc == 1)
        return rc;
    a->slot = slot;
    return sac_err_set(&a->rows.err, rc < 0 ? rc : SAC_EIO, "%s: %s", slot,
                       sac_err_text(rc < 0 ? rc : SAC_EIO));
}

static int add_row(void *self, const sac_view *view)
{
    answer *a = self;
    const int rc = judge(a, a->row(a->self, view, &a->out), "row");

    a->last = rc == 1;
    return rc != 0 ? rc : sac__rows_full(&a->rows);
}

static int hold_doc(void *self, const sac_view *view)
{
    const held head = {.revision = view->revision, .stamp = view->stamp, .n = view->doc.n};
    answer *a = self;

    sac__buf_add(&a->docs, &head, sizeof head);
    sac__buf_add_str(&a->docs, view->doc);
    if (!a->docs.error)
        return a->docs.n >= SAC__ROWS_CHUNK;
    return sac_err_set(&a->rows.err, SAC_ENOMEM, "no memory for a document");
}

static int read_docs(answer *a)
{
    const sac_sink sink = {.doc = a->waits ? hold_doc : add_row, .self = a};
    int rc;

    a->docs.n = 0;
    a->next = 0;
    rc = sac_cursor_pull(a->rows.cursor, &sink, &a->rows.err);
    a->all_read = rc == 0;
    return rc < 0 ? rc : SAC_OK;
}

static int add_held(answer *a)
{
    int rc = SAC_OK;

    while (rc == SAC_OK && a->next < a->docs.n) {
        sac_view view;
        held head;

        memcpy(&head, a->docs.p + a->next, sizeof head);
        a->next += sizeof head;
        view = (sac_view){.doc = sac_str_n(a->docs.p + a->next, head.n),
                          .revision = head.revision,
                          .stamp = head.stamp};
        a->next += head.n;
        rc = add_row(a, &view);
    }
    return rc < 0 ? rc : SAC_OK;
}

static int more(void *self)
{
    answer *a = self;
    int rc = SAC_OK;

    if (a->next == a->docs.n)
        rc = read_docs(a);
    if (rc == SAC_OK)
        rc = add_held(a);
    if (rc < 0)
        return rc;
    if (!a->last && (!a->all_read || a->next < a->docs.n))
        return 1;
    rc = judge(a, a->tail ? a->tail(a->self, &a->out) : 0, "tail");
    return rc < 0 ? rc : 0;
}

/* The text up to the first chunk. */
static int begin(answer *a, const sac_rows_ops *ops)
{
    int rc = ops->head ? judge(a, ops->head(a->self, &a->out), "head") : 0;

    if (rc < 0)
        return rc;
    do
        rc = more(a);
    while (rc > 0 && !sac__rows_full(&a->rows));
    a->rows.ended = rc == 0;
    return rc < 0 ? rc : SAC_OK;
}

/* A slot that has the request at hand may have set a problem of its own. */
static int failed(sac_req *req, const answer *a, int rc)
{
    if (!a->slot)
        return sac__data_failed(req, a->query.collection, rc, &a->rows.err);
    if (req->reply.kind != SAC__REPLY_PROBLEM)
        sac__fail_slot(req, rc, a->slot);
    return rc;
}

static int copy_str(sac__arena *arena, sac_str *text)
{
    if (text->n > 0)
        *text = sac__arena_dup(arena, *text);
    return text->n > 0 && !text->p ? SAC_ENOMEM : SAC_OK;
}

static int copy_value(sac__arena *arena, sac_value *value)
{
    return copy_str(arena, &value->raw);
}

static int copy_query(sac_req *req, const sac_query *from, sac_query *to)
{
    int rc = sac__data_query(req, from, to);

    if (rc != SAC_OK)
        return rc;
    if (to->collection)
        to->collection = sac__arena_dup(req->arena, sac_str_of(to->collection)).p;
    if ((from->collection && !to->collection) || copy_str(req->arena, &to->filter) != SAC_OK ||
        copy_str(req->arena, &to->sort) != SAC_OK ||
        copy_str(req->arena, &to->projection) != SAC_OK ||
        copy_str(req->arena, &to->after_keys) != SAC_OK ||
        copy_value(req->arena, &to->after) != SAC_OK ||
        copy_value(req->arena, &to->from) != SAC_OK || copy_value(req->arena, &to->to) != SAC_OK)
        return sac_fail(req, SAC_ENOMEM, "no memory for a query");
    return SAC_OK;
}

#define SLOT(ops, member) SAC__SLOT(ops, sac_rows_ops, member)

static int read_ops(sac_req *req, const sac_rows_ops *from, sac_rows_ops *to)
{
    if (from->size > sizeof *to)
        return sac__req_newer(req, "sac_rows_ops", from->size, sizeof *to);
    *to = (sac_rows_ops)SAC_ROWS_OPS(.head = SLOT(from, head), .row = SLOT(from, row),
                                     .tail = SLOT(from, tail), .flags = SLOT(from, flags));
    if (to->row)
        return SAC_OK;
    (void)sac_problem(req, "internal", "view %s: sac_reply_rows: a table without row",
                      sac__data_view(req));
    return SAC_EINVAL;
}

/* What waits for a worker must not be begun on the host's thread. */
static int may_begin(sac_req *req, bool waits)
{
    return waits ? sac__data_may_wait(req, "sac_reply_rows without SAC_INLINE in its table")
                 : sac__data_may_read(req, "sac_reply_rows");
}

int sac_reply_rows(sac_req *req, int status, const char *type, const sac_query *query,
                   const sac_rows_ops *ops, void *self)
{
    answer *a = sac__arena_get_zero(req->arena, sizeof *a);
    const size_t max = req->core->config.max_memory;
    sac_rows_ops table = {.size = 0};
    int rc;

    if (!a)
        return sac_fail(req, SAC_ENOMEM, "no memory for rows");
    rc = read_ops(req, ops, &table);
    if (rc == SAC_OK)
        rc = may_begin(req, !(table.flags & SAC_INLINE));
    if (rc == SAC_OK)
        rc = copy_query(req, query, &a->query);
    if (rc == SAC_OK)
        rc = sac__data_find(req, &a->query, &a->rows.cursor);
    if (rc != SAC_OK)
        return rc;
    a->row = table.row;
    a->tail = table.tail;
    a->self = self;
    a->waits = !(table.flags & SAC_INLINE);
    a->out.buf = &a->rows.chunk;
    a->rows.more = more;
    a->rows.self = a;
    sac__buf_init(&a->rows.chunk, sac__arena_alloc(req->arena), max);
    sac__buf_init(&a->docs, sac__arena_alloc(req->arena), max);
    rc = begin(a, &table);
    if (rc == SAC_OK)
        return sac__rows_reply(req, status, type, &a->rows,
                               !a->waits && sac__app_reads_inline(req->group));
    sac__rows_close(&a->rows);
    return failed(req, a, rc);
}

static int array_head(void *self, sac_out *out)
{
    (void)self;
    sac_out_text(out, "[");
    return SAC_OK;
}

static int array_row(void *self, const sac_view *view, sac_out *out)
{
    bool *separate = self;

    if (*separate)
        sac_out_text(out, ",");
    *separate = true;
    sac_out_json(out, view->doc);
    return SAC_OK;
}

static int array_tail(void *self, sac_out *out)
{
    (void)self;
    sac_out_text(out, "]");
    return SAC_OK;
}

static const sac_rows_ops array_ops = SAC_ROWS_OPS(.head = array_head, .row = array_row,
                                                   .tail = array_tail, .flags = SAC_INLINE);

int sac_reply_query(sac_req *req, int status, const sac_query *query)
{
    bool *separate = sac__arena_get_zero(req->arena, sizeof *separate);

    if (!separate)
        return sac_fail(req, SAC_ENOMEM, "no memory for rows");
    return sac_reply_rows(req, status, "application/json", query, &array_ops, separate);
}
