/* SPDX-License-Identifier: MIT */
#include "app/input/form.h"

#include <errno.h>
#include <unistd.h>

#include "app/exchange/exchange.h"
#include "core/utf8.h"
#include "http/token.h"

enum {
    PIECE = 32 * 1024,
    MAX_PARTS = 1000,
    MAX_EPILOGUE = 64 * 1024 /* read for the sake of the connection */
};

/* A form while it comes. */
typedef struct stream {
    sac_req *req;
    const sac_form_ops *ops;
    int (*begin)(void *self, sac_req *req, const sac_form_part *part, int *fd);
    void *self;
    size_t max_parts, max_head;
    uint64_t max_part, max_form;

    sac_form_part part;
    int fd;
    bool skip;
    size_t n_parts;
    uint64_t n_part, n_form;
    sac__form_fault fault;
} stream;

#define SLOT(ops, member) SAC__SLOT(ops, sac_form_ops, member)

static int part_begin(stream *st, const sac__part_head *head)
{
    int rc;

    if (st->n_parts++ == st->max_parts)
        return sac__form_refuse(st->req, &st->fault, "too_many_parts",
                                "a form has at most %zu parts here", st->max_parts);
    st->part = (sac_form_part){.size = sizeof st->part,
                               .name = head->name,
                               .filename = head->filename,
                               .type = head->type,
                               .value = {"", 0}};
    st->fd = -1;
    st->n_part = 0;
    rc = st->begin(st->self, st->req, &st->part, &st->fd);
    st->skip = rc == 1;
    if (rc > 1)
        return SAC_EINVAL;
    return rc < 0 ? rc : SAC_OK;
}

/* A file that cannot be written is the server's failure; the log names it. */
static int write_failed(stream *st, int error)
{
    const sac_str name = sac__form_shown(st->part.name);

    return sac_fail(st->req, error == ENOSPC || error == EDQUOT ? SAC_EFULL : SAC_EIO,
                    "form part \"%.*s\" cannot be written: %s", (int)name.n, name.p,
                    strerror(error));
}

static int write_all(stream *st, sac_str bytes)
{
    while (bytes.n > 0) {
        const ssize_t n = write(st->fd, bytes.p, bytes.n);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return write_failed(st, n < 0 ? errno : EIO);
        bytes = sac_str_n(bytes.p + n, bytes.n - (size_t)n);
    }
    return SAC_OK;
}

static int too_large(stream *st, sac_str part, const char *what, uint64_t max)
{
    const sac_str name = sac__form_shown(part);

    return sac__form_refuse(st->req, &st->fault, "body_too_large",
                            "at part \"%.*s\": %s has at most %llu bytes here", (int)name.n, name.p,
                            what, (unsigned long long)max);
}

static int part_data(stream *st, sac_str bytes)
{
    int (*const data)(void *self, sac_req *req, sac_str bytes) = SLOT(st->ops, data);

    if (bytes.n > st->max_part - st->n_part)
        return too_large(st, st->part.name, "a part", st->max_part);
    if (bytes.n > st->max_form - st->n_form)
        return too_large(st, st->part.name, "the form", st->max_form);
    st->n_part += bytes.n;
    st->n_form += bytes.n;
    if (st->skip)
        return SAC_OK;
    if (st->fd >= 0)
        return write_all(st, bytes);
    return data ? data(st->self, st->req, bytes) : SAC_OK;
}

static int part_end(stream *st)
{
    int (*const end)(void *self, sac_req *req) = SLOT(st->ops, end);

    return end ? end(st->self, st->req) : SAC_OK;
}

static int part_event(stream *st, const sac__multipart_event *event)
{
    switch (event->kind) {
    case SAC__MULTIPART_BEGIN: return part_begin(st, &event->part);
    case SAC__MULTIPART_DATA: return part_data(st, event->data);
    default: return part_end(st);
    }
}

/* The events of one piece; 1: the rest of the body is of no use. */
static int parts_of(stream *st, sac__multipart *mp, sac_str in, size_t *epilogue)
{
    sac__multipart_event event;
    int rc;

    if (sac__multipart_closed(mp))
        *epilogue += in.n;
    while ((rc = sac__multipart_next(mp, &in, &event)) == 1) {
        rc = part_event(st, &event);
        if (rc != SAC_OK)
            return rc;
    }
    if (rc != SAC_OK)
        return sac__form_failed(st->req, &st->fault, rc, mp->error_at, mp->error);
    return *epilogue > MAX_EPILOGUE;
}

static int stream_parts(stream *st, sac_str boundary, char *buf)
{
    sac__multipart mp;
    size_t epilogue = 0;
    size_t n;
    int rc;

    if (sac__multipart_init(&mp, sac__arena_alloc(st->req->arena), boundary, st->max_head) !=
        SAC_OK)
        return sac__form_refuse(st->req, &st->fault, "bad_form",
                                "Content-Type has no valid boundary");
    while ((rc = sac_req_read(st->req, buf, PIECE, &n)) == 1) {
        rc = parts_of(st, &mp, sac_str_n(buf, n), &epilogue);
        if (rc != SAC_OK)
            return rc == 1 ? SAC_OK : rc;
    }
    if (rc != SAC_OK)
        return rc;
    rc = sac__multipart_end(&mp);
    return rc == SAC_OK ? rc : sac__form_failed(st->req, &st->fault, rc, mp.error_at, mp.error);
}

/* An urlencoded form while it comes: of each field as much as is not known to be whole. */
typedef struct fields {
    sac__buf name, value;
    bool any; /* of this field something came */
    bool in_value;
    unsigned escape; /* bytes of one that came */
    int high;
    uint64_t at; /* of the next byte */
    uint64_t field_at;
} fields;

static int bad_field(stream *st, uint64_t at, const char *what)
{
    return sac__form_failed(st->req, &st->fault, SAC_ESYNTAX, at, what);
}

static int keep(stream *st, fields *f, char c)
{
    sac__buf *const to = f->in_value ? &f->value : &f->name;

    sac__buf_add_char(to, c);
    if (to->error == SAC_ETOOBIG)
        return f->in_value ? too_large(st, sac__buf_str(&f->name), "a field", f->value.max)
                           : bad_field(st, f->at, "the name of a field is too long");
    return to->error ? sac__form_failed(st->req, &st->fault, to->error, f->at, NULL) : SAC_OK;
}

static int end_field(stream *st, fields *f)
{
    const sac__part_head head = {.name = f->name.n ? sac__buf_str(&f->name) : sac_str_of("")};
    int rc;

    if (f->escape > 0)
        return bad_field(st, f->at, "a bad escape");
    if (!f->any)
        return SAC_OK;
    if (head.name.n > 0 && (memchr(head.name.p, 0, head.name.n) || !sac__utf8_valid(head.name)))
        return bad_field(st, f->field_at, "a name with a NUL or bytes that are no UTF-8");
    rc = part_begin(st, &head);
    if (rc == SAC_OK && f->value.n > 0)
        rc = part_data(st, sac__buf_str(&f->value));
    if (rc == SAC_OK)
        rc = part_end(st);
    f->name.n = f->value.n = 0;
    f->any = f->in_value = false;
    return rc;
}

static int take_escape(stream *st, fields *f, char c)
{
    const int digit = sac__token_hex(c);

    if (digit < 0)
        return bad_field(st, f->at, "a bad escape");
    if (f->escape++ == 1) {
        f->high = digit;
        return SAC_OK;
    }
    f->escape = 0;
    return keep(st, f, (char)(f->high * 16 + digit));
}

static int take_byte(stream *st, fields *f, char c)
{
    if (c == '&')
        return end_field(st, f);
    if (!f->any)
        f->field_at = f->at;
    f->any = true;
    if (f->escape > 0)
        return take_escape(st, f, c);
    if (c == '=' && !f->in_value) {
        f->in_value = true;
        return SAC_OK;
    }
    if (c == '%') {
        f->escape = 1;
        return SAC_OK;
    }
    if (c == '+')
        c = ' ';
    return keep(st, f, c);
}

static int stream_fields(stream *st, char *buf)
{
    const sac_alloc *const alloc = sac__arena_alloc(st->req->arena);
    const uint64_t max = st->max_part < st->max_form ? st->max_part : st->max_form;
    fields f = {.at = 0};
    size_t n;
    int rc;

    sac__buf_init(&f.name, alloc, st->max_head);
    sac__buf_init(&f.value, alloc, max < SIZE_MAX ? (size_t)max : SIZE_MAX);
    while ((rc = sac_req_read(st->req, buf, PIECE, &n)) == 1)
        for (size_t i = 0; i < n; i++, f.at++) {
            rc = take_byte(st, &f, buf[i]);
            if (rc != SAC_OK)
                return rc;
        }
    return rc == SAC_OK ? end_field(st, &f) : rc;
}

static int stream_form(stream *st)
{
    sac_str boundary = {NULL, 0};
    char *buf;
    int rc = sac__form_type(st->req, &st->fault, &boundary);

    if (rc != SAC_OK)
        return rc;
    buf = sac__arena_bytes(st->req->arena, PIECE);
    if (!buf)
        return sac__form_failed(st->req, &st->fault, SAC_ENOMEM, 0, NULL);
    return boundary.p ? stream_parts(st, boundary, buf) : stream_fields(st, buf);
}

int sac_req_stream_form(sac_req *req, const sac_form_ops *ops, void *self)
{
    const sac_app_config *const config = &req->core->config;
    stream st = {.req = req, .ops = ops, .begin = SLOT(ops, begin), .self = self, .fd = -1};
    int rc;

    if (ops->size > sizeof *ops)
        return SAC_EVERSION;
    if (!st.begin)
        return sac_problem(req, "internal", "a form's table without begin");
    st.max_parts = SLOT(ops, max_parts) ? SLOT(ops, max_parts) : MAX_PARTS;
    st.max_head = SLOT(ops, max_head) ? SLOT(ops, max_head) : SAC__FORM_MAX_HEAD;
    st.max_part = SLOT(ops, max_part) ? SLOT(ops, max_part) : config->max_body;
    st.max_form = SLOT(ops, max_form) ? SLOT(ops, max_form) : UINT64_MAX;
    rc = stream_form(&st);
    return st.fault.problem ? sac__form_answer(req, rc, &st.fault) : rc;
}
