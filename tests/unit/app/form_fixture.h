/* SPDX-License-Identifier: MIT */
#ifndef APP_FORM_FIXTURE_H
#define APP_FORM_FIXTURE_H

#include "raw_host.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <unistd.h>

#include <sacrum/form.h>

#include "app/req.h"

#define MULTIPART "Content-Type: multipart/form-data; boundary=b"
#define URLENCODED "Content-Type: application/x-www-form-urlencoded"
#define FIELD(name, value) \
    "--b\r\nContent-Disposition: form-data; name=\"" name "\"\r\n\r\n" value "\r\n"
#define FILE_PART(name, filename, value)                                                      \
    "--b\r\nContent-Disposition: form-data; name=\"" name "\"; filename=\"" filename "\"\r\n" \
    "Content-Type: text/plain\r\n\r\n" value "\r\n"
#define END "--b--\r\n"

/* Text that grows in memory of a request. */
typedef struct text {
    char *p;
    size_t n, cap;
} text;

static inline void add(text *to, sac_req *req, sac_str s)
{
    while (to->cap - to->n < s.n) {
        const size_t cap = to->cap ? 2 * to->cap : 1024;
        char *p = sac_req_alloc(req, cap);

        if (!p)
            return;
        if (to->n)
            memcpy(p, to->p, to->n);
        to->p = p;
        to->cap = cap;
    }
    if (s.n)
        memcpy(to->p + to->n, s.p, s.n);
    to->n += s.n;
}

static inline void add_head(text *to, sac_req *req, const sac_form_part *part)
{
    CHECK_INT(part->size, sizeof *part);
    CHECK(part->name.p && part->value.p);
    add(to, req, part->name);
    if (part->filename.p) {
        add(to, req, sac_str_of("|"));
        add(to, req, part->filename);
    }
    if (part->type.p) {
        add(to, req, sac_str_of("|"));
        add(to, req, part->type);
    }
    add(to, req, sac_str_of("="));
}

static inline int answer(sac_req *req, const text *made)
{
    return sac_reply_static(req, 200, "text/plain", sac_str_n(made->p ? made->p : "", made->n));
}

/* Every part in order: name|filename|type=value; */
static inline int parts_post(void *self, sac_req *req)
{
    text out = {.n = 0};
    const sac_form_part *part;
    int rc = sac_req_read_form(req);

    (void)self;
    if (rc != SAC_OK)
        return rc;
    for (size_t i = 0; (part = sac_req_form_part(req, i)); i++) {
        add_head(&out, req, part);
        add(&out, req, part->value);
        add(&out, req, sac_str_of(";"));
    }
    return answer(req, &out);
}

static const sac_view_ops parts_view = SAC_VIEW_OPS(.name = "parts", .flags = SAC_INLINE,
                                                    .post = parts_post);

/* The getters, without a look at whether there is a form. */
static inline int getters_post(void *self, sac_req *req)
{
    const sac_str absent = sac_str_of("-");
    text out = {.n = 0};
    const sac_form_part *file;
    sac_str got;

    (void)self;
    got = sac_req_form(req, "a");
    add(&out, req, got.p ? got : absent);
    for (size_t i = 0; i < 3; i++) {
        got = sac_req_form_at(req, "a", i);
        add(&out, req, sac_str_of(","));
        add(&out, req, got.p ? got : absent);
    }
    add(&out, req, sac_str_of(","));
    file = sac_req_form_file(req, "f");
    if (file)
        add(&out, req, file->filename);
    return answer(req, &out);
}

static const sac_view_ops getters_view = SAC_VIEW_OPS(.name = "getters", .flags = SAC_INLINE,
                                                      .post = getters_post);

static inline int fields_post(void *self, sac_req *req)
{
    const sac__params *fields, *again;
    text out = {.n = 0};
    int rc = sac__req_form_fields(req, &fields);

    (void)self;
    if (rc == SAC_OK)
        rc = sac__req_form_fields(req, &again);
    if (rc != SAC_OK)
        return rc;
    CHECK(fields == again);
    for (size_t i = 0; i < fields->n; i++) {
        add(&out, req, fields->v[i].name);
        add(&out, req, sac_str_of("="));
        add(&out, req, fields->v[i].value);
        add(&out, req, sac_str_of(";"));
    }
    return answer(req, &out);
}

static const sac_view_ops fields_view = SAC_VIEW_OPS(.name = "fields", .flags = SAC_INLINE,
                                                     .post = fields_post);

/* The same text as parts_post() makes, of a form as it comes. */
typedef struct taking {
    text out;
    const char *open; /* file to write the parts with a filename to */
    int fd;
    int fail_at;    /* slot, counted, that fails */
    size_t largest; /* piece of data */
} taking;

static inline bool fails(taking *it)
{
    return it->fail_at > 0 && --it->fail_at == 0;
}

static inline int take_begin(void *self, sac_req *req, const sac_form_part *part, int *fd)
{
    taking *it = self;

    CHECK_INT(*fd, -1);
    if (fails(it))
        return SAC_ECONFLICT;
    add_head(&it->out, req, part);
    if (sac_str_is(part->name, "skip"))
        return 1;
    if (sac_str_is(part->name, "two"))
        return 2;
    if (part->filename.p && it->open)
        *fd = it->fd;
    return 0;
}

static inline int take_data(void *self, sac_req *req, sac_str bytes)
{
    taking *it = self;

    if (fails(it))
        return SAC_ECONFLICT;
    if (bytes.n > it->largest)
        it->largest = bytes.n;
    add(&it->out, req, bytes);
    return 0;
}

static inline int take_end(void *self, sac_req *req)
{
    taking *it = self;

    if (fails(it))
        return SAC_ECONFLICT;
    add(&it->out, req, sac_str_of(";"));
    return 0;
}

static const sac_form_ops taker = SAC_FORM_OPS(.begin = take_begin, .data = take_data,
                                               .end = take_end);
static const sac_form_ops strict = SAC_FORM_OPS(.begin = take_begin, .data = take_data,
                                                .end = take_end, .max_parts = 3, .max_head = 200,
                                                .max_part = 10, .max_form = 25);
static const sac_form_ops counter = SAC_FORM_OPS(.begin = take_begin, .max_parts = 2000000,
                                                 .max_part = 1 << 30);

/* What the view is mounted with. */
typedef struct setting {
    const sac_form_ops *ops;
    const char *open;
    int fail_at;
    atomic_int rc; /* of the last call: workers of clients that left still write it */
    atomic_size_t largest;
} setting;

static inline int stream_post(void *self, sac_req *req)
{
    setting *set = self;
    taking it = {.open = set->open, .fail_at = set->fail_at, .fd = -1};
    int rc;

    if (set->open)
        it.fd = open(set->open, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    rc = sac_req_stream_form(req, set->ops, &it);
    if (it.fd >= 0)
        close(it.fd);
    set->rc = rc;
    set->largest = it.largest;
    return rc == SAC_OK ? answer(req, &it.out) : rc;
}

static const sac_view_ops stream_view = SAC_VIEW_OPS(.name = "stream", .flags = SAC_STREAM_BODY,
                                                     .post = stream_post, .put = parts_post);

static setting plain = {.ops = &taker};
static setting small = {.ops = &strict};

static inline void start(fixture *fx, const sac_app_config *config)
{
    fixture_new(fx, config);
    fixture_mount(fx, "/parts", &parts_view, NULL);
    fixture_mount(fx, "/getters", &getters_view, NULL);
    fixture_mount(fx, "/fields", &fields_view, NULL);
    fixture_mount(fx, "/stream", &stream_view, &plain);
    fixture_mount(fx, "/small", &stream_view, &small);
}

static inline int post(fixture *fx, const char *target, const char *type, sac_str body,
                       size_t piece)
{
    const char *const lines[] = {type, NULL};
    const sac_loopback_request ask = SAC_LOOPBACK_REQUEST(.method = "POST", .target = target,
                                                          .headers = type ? lines : NULL,
                                                          .body = body, .piece = piece);

    return fixture_ask(fx, &ask);
}

static inline int post_text(fixture *fx, const char *target, const char *type, const char *body)
{
    return post(fx, target, type, sac_str_of(body), 0);
}

/* Read whole and as it comes, in any pieces, it is the same. */
static inline void check_parts(fixture *fx, const char *type, const char *body, const char *want)
{
    CHECK_INT(post_text(fx, "/parts", type, body), 200);
    CHECK_STR(fx->reply.body, want);
    for (size_t piece = 0; piece < 5; piece++) {
        CHECK_INT(post(fx, "/stream", type, sac_str_of(body), piece), 200);
        CHECK_STR(fx->reply.body, want);
    }
}

static inline void check_problem(fixture *fx, int status, const char *code, const char *detail)
{
    char member[64];

    snprintf(member, sizeof member, "\"code\":\"%s\"", code);
    if (fx->reply.status != status || !contains(fx->reply.body, member) ||
        !contains(fx->reply.body, detail))
        fail_msg("not %d %s, %s: %.*s", status, code, detail, (int)fx->reply.body.n,
                 fx->reply.body.p);
}

/* Refused alike in both ways. */
static inline void check_refused(fixture *fx, const char *type, const char *body, int status,
                                 const char *code, const char *detail)
{
    post_text(fx, "/parts", type, body);
    check_problem(fx, status, code, detail);
    for (size_t piece = 0; piece < 3; piece++) {
        post(fx, "/stream", type, sac_str_of(body), piece);
        check_problem(fx, status, code, detail);
    }
}

/* `n` times the same, with something in front. */
static inline sac_str repeated(const char *before, const char *each, size_t n)
{
    const size_t step = strlen(each), first = strlen(before);
    char *p = malloc(first + n * step + 1);

    CHECK(p != NULL);
    memcpy(p, before, first);
    for (size_t i = 0; i < n; i++)
        memcpy(p + first + i * step, each, step);
    return sac_str_n(p, first + n * step);
}

#endif
