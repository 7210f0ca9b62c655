/* SPDX-License-Identifier: MIT */
#include "links.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <csv.h>

static const char *const columns[] = {"code", "url", "title", "team", "hits"};
enum { CODE, URL, TITLE, TEAM, HITS, COLUMNS };

/* GET /links.csv (RFC 4180): made while it is sent, a document at a time. */

static void put_text(sac_out *out, sac_str text)
{
    const char *quote;

    sac_out_text(out, "\"");
    while (text.n > 0 && (quote = memchr(text.p, '"', text.n))) {
        const size_t n = (size_t)(quote - text.p) + 1;

        sac_out_str(out, sac_str_n(text.p, n));
        sac_out_text(out, "\"");
        text = sac_str_n(text.p + n, text.n - n);
    }
    sac_out_str(out, text);
    sac_out_text(out, "\"");
}

static int put_head(void *self, sac_out *out)
{
    (void)self;
    for (int i = 0; i < COLUMNS; i++)
        sac_out_printf(out, "%s%s", i > 0 ? "," : "", columns[i]);
    sac_out_text(out, "\r\n");
    return SAC_OK;
}

static int put_row(void *self, const sac_view *view, sac_out *out)
{
    (void)self;
    put_text(out, sac_bson_get_str(view->doc, "_id"));
    sac_out_text(out, ",");
    put_text(out, sac_bson_get_str(view->doc, "url"));
    sac_out_text(out, ",");
    put_text(out, sac_bson_get_str(view->doc, "title"));
    sac_out_text(out, ",");
    put_text(out, sac_bson_get_str(view->doc, "team"));
    sac_out_printf(out, ",%" PRId64 "\r\n", sac_bson_get_int(view->doc, "hits", 0));
    return SAC_OK;
}

static const sac_rows_ops rows = SAC_ROWS_OPS(.head = put_head, .row = put_row,
                                              .flags = SAC_INLINE);

static int export_links(void *self, sac_req *req)
{
    const sac_query all = SAC_QUERY(.collection = "links");
    int rc = sac_reply_attachment(req, sac_str_of("links.csv"));

    (void)self;
    return rc == SAC_OK ? sac_reply_rows(req, 200, "text/csv; charset=utf-8", &all, &rows, NULL)
                        : rc;
}

const sac_view_ops export_view = SAC_VIEW_OPS(.name = "export", .get = export_links,
                                              .flags = SAC_INLINE);

/*
 * POST /import: the same table back, as text/csv or as a file of a form. It is
 * read as it comes and stored in batches, so that its size does not matter;
 * with ?check=1 it is only read. A line that is wrong ends it, and the answer
 * says which, and how many links were stored before.
 */

enum { BATCH = 1000, MAX_FIELD = 64 * 1024 };
#define MAX_HITS INT64_C(9007199254740991) /* what a JavaScript number counts exactly */

typedef struct import {
    sac_req *req;
    struct csv_parser parser;
    bool check, failed;
    int rc; /* of what failed */
    bool got_file, in_data;
    size_t record, first; /* the one that is read, from 1; the first of the batch */
    int column, n_columns, of[COLUMNS * 2]; /* which column of ours a column is */
    sac_bson writer[BATCH];
    sac_str docs[BATCH];
    size_t n;
    int64_t stored, read;
    sac_str fields[COLUMNS]; /* of this record, in `text` */
    size_t n_text;
    char text[MAX_FIELD + 1];
} import;

static void stop(import *im, int rc)
{
    im->failed = true;
    im->rc = rc;
}

static void wrong(import *im, const char *what)
{
    if (!im->failed)
        stop(im, sac_problem(im->req, "validation",
                             "record %zu: %s; %" PRId64 " links were stored before", im->record,
                             what, im->stored));
}

static void drop_batch(import *im)
{
    for (size_t i = 0; i < im->n; i++)
        sac_bson_fini(&im->writer[i]);
    im->n = 0;
}

static void store_batch(import *im)
{
    size_t bad = 0;
    int rc = SAC_OK;

    if (im->n > 0 && !im->check)
        rc = sac_req_insert_many(im->req, "links", im->docs, im->n, &bad);
    if (rc == SAC_EEXIST) {
        im->record = im->first + bad;
        wrong(im, "its code is taken");
    } else if (rc != SAC_OK) {
        stop(im, rc);
    } else if (!im->check) {
        im->stored += (int64_t)im->n;
    }
    drop_batch(im);
}

static bool is_address(sac_str url)
{
    return url.n <= MAX_URL && ((url.n > 7 && memcmp(url.p, "http://", 7) == 0) ||
                                (url.n > 8 && memcmp(url.p, "https://", 8) == 0));
}

static const char *check_record(const import *im, long long *hits)
{
    char *end = NULL;

    if (!is_code(im->fields[CODE]))
        return "code: 1 to 32 letters and digits";
    if (!is_address(im->fields[URL]))
        return "url: not an address of the web";
    if (im->fields[TEAM].n == 0)
        return "team: missing";
    if (im->fields[TITLE].n > (size_t)4 * MAX_TITLE)
        return "title: too long";
    *hits = im->fields[HITS].n > 0 ? strtoll(im->fields[HITS].p, &end, 10) : 0;
    if (*hits < 0 || *hits > MAX_HITS || (end && *end != '\0'))
        return "hits: not a number";
    return NULL;
}

static void add_record(import *im)
{
    sac_bson *doc = &im->writer[im->n];
    long long hits = 0;
    const char *what = check_record(im, &hits);

    if (what) {
        wrong(im, what);
        return;
    }
    sac_bson_init(doc, NULL, 0);
    sac_bson_add_str(doc, "_id", im->fields[CODE]);
    sac_bson_add_str(doc, "url", im->fields[URL]);
    if (im->fields[TITLE].n > 0)
        sac_bson_add_str(doc, "title", im->fields[TITLE]);
    sac_bson_add_str(doc, "team", im->fields[TEAM]);
    sac_bson_add_int64(doc, "hits", hits);
    if (sac_bson_finish(doc, &im->docs[im->n]) != SAC_OK) {
        sac_bson_fini(doc);
        stop(im, SAC_ENOMEM);
        return;
    }
    if (im->n++ == 0)
        im->first = im->record;
    im->read++;
    if (sac_bson_check(im->docs[im->n - 1], NULL) != SAC_OK)
        wrong(im, "it is not UTF-8");
    else if (im->n == BATCH)
        store_batch(im);
}

static void name_column(import *im, sac_str name)
{
    int i = 0;

    while (i < COLUMNS && !sac_str_is(name, columns[i]))
        i++;
    if (i == COLUMNS || im->n_columns == COLUMNS)
        wrong(im, "the first line names the columns: code,url,title,team,hits");
    else
        im->of[im->n_columns++] = i;
}

/* libcsv: a field. */
static void on_field(void *p, size_t n, void *self)
{
    import *im = self;

    if (im->failed)
        return;
    if (!im->in_data) {
        name_column(im, sac_str_n(p, n));
    } else if (im->column == im->n_columns) {
        wrong(im, "it has more fields than the first line");
    } else if (n >= sizeof im->text - im->n_text) {
        wrong(im, "it is too long");
    } else {
        char *to = im->text + im->n_text;

        memcpy(to, p, n);
        to[n] = '\0';
        im->fields[im->of[im->column++]] = sac_str_n(to, n);
        im->n_text += n + 1;
    }
}

/* libcsv: the end of a record. */
static void on_record(int c, void *self)
{
    import *im = self;

    (void)c;
    if (im->failed)
        return;
    if (im->in_data && im->column < im->n_columns)
        wrong(im, "it has fewer fields than the first line");
    else if (im->in_data)
        add_record(im);
    if (im->failed)
        return;
    im->record++;
    im->in_data = true;
    im->column = 0;
    im->n_text = 0;
    for (int i = 0; i < COLUMNS; i++)
        im->fields[i] = sac_str_of("");
}

static int feed(import *im, sac_str bytes)
{
    if (csv_parse(&im->parser, bytes.p, bytes.n, on_field, on_record, im) != bytes.n)
        wrong(im, csv_error(&im->parser) == CSV_EPARSE ? "its quotes do not match" : "no memory");
    /* libcsv keeps a field until it ends. */
    if (csv_get_buffer_size(&im->parser) > 4 * MAX_FIELD)
        wrong(im, "it is too long");
    return im->failed ? im->rc : SAC_OK;
}

static int part_begin(void *self, sac_req *req, const sac_form_part *part, int *fd)
{
    import *im = self;

    (void)req;
    (void)fd;
    if (!part->filename.p || im->got_file)
        return 1; /* nothing else of the form matters */
    im->got_file = true;
    return SAC_OK;
}

static int part_data(void *self, sac_req *req, sac_str bytes)
{
    (void)req;
    return feed(self, bytes);
}

static const sac_form_ops upload = SAC_FORM_OPS(.begin = part_begin, .data = part_data,
                                                .max_part = (uint64_t)1 << 40);

static int read_body(import *im)
{
    char piece[16 * 1024];
    size_t n = 0;
    int rc;

    while ((rc = sac_req_read(im->req, piece, sizeof piece, &n)) == 1) {
        rc = feed(im, sac_str_n(piece, n));
        if (rc != SAC_OK)
            return rc;
    }
    return rc;
}

static int run_import(import *im)
{
    const sac_str type = sac_req_header(im->req, "content-type");
    const bool is_form = type.n > 10 && memcmp(type.p, "multipart/", 10) == 0;
    int rc;

    if (!is_form && !(type.n >= 8 && memcmp(type.p, "text/csv", 8) == 0))
        return sac_problem(im->req, "unsupported_media_type",
                           "send text/csv, or a form with a file");
    rc = is_form ? sac_req_stream_form(im->req, &upload, im) : read_body(im);
    if (rc == SAC_OK && csv_fini(&im->parser, on_field, on_record, im) != 0)
        wrong(im, "its quotes do not match");
    if (rc == SAC_OK && !im->failed)
        store_batch(im);
    if (rc == SAC_OK && im->failed)
        rc = im->rc;
    return rc == SAC_OK
               ? sac_reply_jsonf(im->req, 200, "{\"read\":%" PRId64 ",\"stored\":%" PRId64 "}",
                                 im->read, im->stored)
               : rc;
}

static int import_links(void *self, sac_req *req)
{
    import *im = sac_req_alloc(req, sizeof *im);
    bool check = false;
    int rc = sac_req_query_bool(req, "check", false, &check);

    (void)self;
    if (rc != SAC_OK)
        return rc;
    if (!im)
        return SAC_ENOMEM;
    memset(im, 0, sizeof *im);
    im->req = req;
    im->check = check;
    im->record = 1;
    if (csv_init(&im->parser, CSV_STRICT | CSV_STRICT_FINI) != 0)
        return SAC_ENOMEM;
    rc = run_import(im);
    drop_batch(im);
    csv_free(&im->parser);
    return rc;
}

const sac_view_ops import_view = SAC_VIEW_OPS(.name = "import", .post = import_links,
                                              .decorators = key_needed, .flags = SAC_STREAM_BODY);
