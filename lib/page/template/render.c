/* SPDX-License-Identifier: MIT */
#include "page/template/render.h"

#include "core/alloc.h"
#include "core/table.h"
#include "http/url.h"
#include "page/template/escape.h"
#include "page/template/member.h"
#include "page/template/text.h"

/* What is to be gone on with: a section, or the template around a partial. */
typedef struct frame {
    const sac_template *from; /* NULL: it is a section */
    size_t at;                /* the node to go on with; of a section its first */
    size_t indent, n_indent;  /* of the template around */
    bool list;
    sac_value value; /* of a section, what it put on the stack */
    sac_bson_iter iter;
} frame;

enum {
    FRAMES = 16, /* without memory for more */
    BLOCK = 4096,
    PIECE = 512 /* of a text that is escaped in one go */
};

typedef struct render {
    const sac_alloc *alloc;
    const sac_template *t;
    size_t at; /* the next node */
    const sac_rendering *with;
    const sac__beside *beside;
    sac__render_to to;
    size_t given; /* bytes that went to `to.write` */
    size_t steps;
    sac_value root;
    frame *frames;
    size_t n_frames, cap_frames, n_partials;
    sac__buf indents;        /* of the partials around, one behind the other */
    size_t indent, n_indent; /* the part that goes before each line */
    sac__buf aside;          /* the text of a value */
    sac__buf words;          /* what is inside {{#url_for}} */
    bool in_url;
    sac_err *err;
    frame first[FRAMES];
} render;

/* Puts file and line before the reason. */
static int fail(const render *r, int code, const char *reason)
{
    const unsigned row = r->at ? sac__template_nodes(r->t)[r->at - 1].row : 1;

    return sac_err_set(r->err, code, "%s%sline %u: %s", r->t->file ? r->t->file : "",
                       r->t->file ? ", " : "", row, reason);
}

static int fail_with(const render *r, int code)
{
    if (code == SAC_ETOOBIG)
        return fail(r, SAC_ELIMIT, "the text is too large");
    return fail(r, code, code == SAC_ECORRUPT ? "the data is damaged" : sac_err_text(code));
}

/* Output. */

static int flush(render *r)
{
    const sac_str text = sac__buf_str(r->to.buf);
    int rc;

    if (text.n == 0)
        return SAC_OK;
    if (text.n > SAC__TEMPLATE_MAX - r->given)
        return fail_with(r, SAC_ETOOBIG);
    r->given += text.n;
    r->to.buf->n = 0;
    rc = r->to.write(r->to.self, text);
    return rc == SAC_OK ? rc : fail(r, rc, "what takes the text refused it");
}

/* Room for n bytes, at most BLOCK. */
static int make_room(render *r, size_t n)
{
    sac__buf *buf = r->to.buf;

    if (buf->cap - buf->n >= n)
        return SAC_OK;
    if (r->to.write)
        return flush(r);
    return sac__buf_room(buf, n) ? SAC_OK : fail_with(r, buf->error);
}

static int put_slowly(render *r, sac_str s)
{
    while (s.n > 0) {
        const size_t n = s.n < BLOCK ? s.n : BLOCK;
        const int rc = make_room(r, n);

        if (rc != SAC_OK)
            return rc;
        memcpy(r->to.buf->p + r->to.buf->n, s.p, n);
        r->to.buf->n += n;
        s = sac_str_n(s.p + n, s.n - n);
    }
    return SAC_OK;
}

static inline int put(render *r, sac_str s)
{
    sac__buf *buf = r->to.buf;

    if (s.n == 0 || buf->cap - buf->n < s.n)
        return put_slowly(r, s);
    memcpy(buf->p + buf->n, s.p, s.n);
    buf->n += s.n;
    return SAC_OK;
}

static int put_escaped(render *r, sac_str s)
{
    while (s.n > 0) {
        const sac_str piece = sac_str_n(s.p, s.n < PIECE ? s.n : PIECE);
        const int rc = make_room(r, piece.n * SAC__ESCAPE_WORST + SAC__ESCAPE_SLACK);

        if (rc != SAC_OK)
            return rc;
        r->to.buf->n = (size_t)(sac__html_escape(r->to.buf->p + r->to.buf->n, piece) -
                                r->to.buf->p);
        s = sac_str_n(s.p + piece.n, s.n - piece.n);
    }
    return SAC_OK;
}

/* What stands in the template goes into words as it is: an escape in it is none. */
static int add_words(render *r, sac_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '%')
            sac__buf_add_text(&r->words, "%25");
        else
            sac__buf_add_char(&r->words, s.p[i]);
    }
    return r->words.error ? fail_with(r, r->words.error) : SAC_OK;
}

static int put_indent(render *r)
{
    return put(r, sac_str_n(r->indents.p + r->indent, r->n_indent));
}

static int put_lines(render *r, const sac__node *node)
{
    sac_str rest = node->text;
    int rc = node->line ? put_indent(r) : SAC_OK;

    while (rc == SAC_OK && rest.n > 0) {
        const char *end = memchr(rest.p, '\n', rest.n);
        const size_t n = end ? (size_t)(end + 1 - rest.p) : rest.n;

        rc = put(r, sac_str_n(rest.p, n));
        rest = sac_str_n(rest.p + n, rest.n - n);
        if (rc == SAC_OK && rest.n > 0)
            rc = put_indent(r);
    }
    return rc;
}

static int put_text(render *r, const sac__node *node)
{
    if (r->in_url)
        return add_words(r, node->text);
    return r->n_indent ? put_lines(r, node) : put(r, node->text);
}

/* Names. */

static int get_member(const render *r, const sac_value *in, sac_str key, sac_value *out)
{
    const int rc = sac__member_get(in->raw, key, out);

    return rc == SAC_OK ? rc : fail_with(r, rc);
}

/* From the top of the stack down, then what is beside. */
static int get_first(render *r, sac_str key, sac_value *out)
{
    int rc = SAC_OK;

    *out = (sac_value){.type = SAC_BSON_MISSING};
    for (size_t i = r->n_frames + 1; i > 0 && !out->type && rc == SAC_OK; i--) {
        const sac_value *in = i > 1 ? &r->frames[i - 2].value : &r->root;

        if (in->type == SAC_BSON_DOCUMENT)
            rc = get_member(r, in, key, out);
    }
    if (rc == SAC_OK && !out->type && r->beside) {
        rc = r->beside->name(r->beside->self, key, out);
        return rc == SAC_OK ? rc : fail_with(r, rc);
    }
    return rc;
}

static sac_value get_top(const render *r)
{
    for (size_t i = r->n_frames; i > 0; i--)
        if (!r->frames[i - 1].from)
            return r->frames[i - 1].value;
    return r->root;
}

static int look_up(render *r, const sac__node *node, sac_value *out)
{
    const sac_str *keys;
    sac_value in;
    int rc;

    if (node->n_keys == 0) {
        *out = get_top(r);
        return SAC_OK;
    }
    keys = sac__template_keys(r->t, node);
    rc = get_first(r, keys[0], out);
    for (size_t i = 1; i < node->n_keys && rc == SAC_OK; i++) {
        in = *out;
        if (in.type != SAC_BSON_DOCUMENT && in.type != SAC_BSON_ARRAY) {
            *out = (sac_value){.type = SAC_BSON_MISSING};
            break;
        }
        rc = get_member(r, &in, keys[i], out);
    }
    return rc;
}

/* Nodes. */

static int put_value(render *r, const sac__node *node)
{
    sac_value value;
    sac_str text;
    int rc = look_up(r, node, &value);

    if (rc != SAC_OK)
        return rc;
    rc = sac__value_text(&value, &r->aside, &text);
    if (rc != SAC_OK)
        return fail_with(r, rc);
    if (r->in_url) {
        sac__url_encode(&r->words, text);
        return r->words.error ? fail_with(r, r->words.error) : SAC_OK;
    }
    if (node->line && r->n_indent)
        rc = put_indent(r);
    if (rc != SAC_OK)
        return rc;
    return node->kind == SAC__NODE_VALUE ? put_escaped(r, text) : put(r, text);
}

static int put_json(render *r, const sac__node *node)
{
    sac_value value;
    int rc = look_up(r, node, &value);

    if (rc != SAC_OK)
        return rc;
    r->aside.n = 0;
    rc = sac__value_json(&value, &r->aside);
    return rc == SAC_OK ? put(r, sac__buf_str(&r->aside)) : fail_with(r, rc);
}

static int put_url(render *r)
{
    sac_err why = {.code = 0};
    int rc;

    r->in_url = false;
    r->aside.n = 0;
    rc = r->beside->url(r->beside->self, sac__buf_str(&r->words), &r->aside, &why);
    return rc == SAC_OK ? put_escaped(r, sac__buf_str(&r->aside)) : fail(r, rc, why.text);
}

static frame *push(render *r)
{
    if (r->n_frames == r->cap_frames) {
        const bool first = r->frames == r->first;
        frame *grown = sac__alloc_resize(r->alloc, first ? NULL : r->frames,
                                         first ? 0 : r->cap_frames * sizeof *grown,
                                         r->cap_frames * 2 * sizeof *grown);

        if (!grown)
            return NULL;
        if (first)
            memcpy(grown, r->first, sizeof r->first);
        r->frames = grown;
        r->cap_frames *= 2;
    }
    return &r->frames[r->n_frames++];
}

/* Whether there is an element, or one more; else the section is left. */
static int next_element(render *r, frame *f)
{
    const int more = sac_bson_iter_next(&f->iter);

    if (more < 0)
        return fail_with(r, more);
    f->value = f->iter.value;
    if (more) {
        r->at = f->at;
    } else {
        r->n_frames--;
    }
    return SAC_OK;
}

static int begin_section(render *r, const sac__node *node)
{
    sac_value value;
    const int rc = look_up(r, node, &value);
    frame *f;

    if (rc != SAC_OK)
        return rc;
    if (sac__value_is_true(&value) == (node->kind == SAC__NODE_INVERTED)) {
        r->at = node->other + 1;
        return SAC_OK;
    }
    if (node->kind == SAC__NODE_INVERTED)
        return SAC_OK;
    f = push(r);
    if (!f)
        return fail_with(r, SAC_ENOMEM);
    *f = (frame){.at = r->at, .value = value, .list = value.type == SAC_BSON_ARRAY};
    if (!f->list)
        return SAC_OK;
    if (sac_bson_iter_init(&f->iter, value.raw) != SAC_OK)
        return fail_with(r, SAC_ECORRUPT);
    return next_element(r, f);
}

static int end_section(render *r, const sac__node *node)
{
    const sac__node *begin = sac__template_nodes(r->t) + node->other;
    frame *f = r->frames + r->n_frames - 1;

    if (begin->kind == SAC__NODE_URL)
        return put_url(r);
    if (begin->kind == SAC__NODE_INVERTED)
        return SAC_OK;
    if (f->list)
        return next_element(r, f);
    r->n_frames--;
    return SAC_OK;
}

/* What goes before each line of a partial: nothing, where it does not stand alone. */
static int indent_partial(render *r, const sac__node *node)
{
    r->indent = node->alone ? r->indent : r->indents.n;
    if (node->alone)
        sac__buf_add_str(&r->indents, node->indent);
    r->n_indent = r->indents.n - r->indent;
    return r->indents.error ? fail_with(r, r->indents.error) : SAC_OK;
}

static int begin_partial(render *r, const sac__node *node)
{
    const sac_template *partial = r->with->partial
                                      ? r->with->partial(r->with->partial_self, node->text)
                                      : NULL;
    frame *f;
    int rc;

    if (!partial)
        return SAC_OK;
    if (r->n_partials == SAC__TEMPLATE_DEPTH)
        return fail(r, SAC_ELIMIT, "partials nested deeper than 64");
    f = push(r);
    if (!f)
        return fail_with(r, SAC_ENOMEM);
    *f = (frame){.from = r->t, .at = r->at, .indent = r->indent, .n_indent = r->n_indent};
    rc = indent_partial(r, node);
    r->n_partials++;
    if (rc == SAC_OK) {
        r->t = partial;
        r->at = 0;
    }
    return rc;
}

static void end_partial(render *r)
{
    const frame *f = &r->frames[--r->n_frames];

    r->n_partials--;
    r->t = f->from;
    r->at = f->at;
    r->indent = f->indent;
    r->n_indent = f->n_indent;
    r->indents.n = r->indent + r->n_indent;
}

static int run_node(render *r, const sac__node *node)
{
    switch ((sac__node_kind)node->kind) {
    case SAC__NODE_TEXT: return put_text(r, node);
    case SAC__NODE_VALUE:
    case SAC__NODE_BARE: return put_value(r, node);
    case SAC__NODE_SECTION:
    case SAC__NODE_INVERTED: return begin_section(r, node);
    case SAC__NODE_END: return end_section(r, node);
    case SAC__NODE_PARTIAL: return begin_partial(r, node);
    case SAC__NODE_JSON: return put_json(r, node);
    case SAC__NODE_URL: break;
    }
    r->in_url = true;
    r->words.n = 0;
    return SAC_OK;
}

static int run(render *r)
{
    int rc = SAC_OK;

    while (rc == SAC_OK) {
        if (r->at < sac__template_count(r->t)) {
            const sac__node *node = sac__template_nodes(r->t) + r->at;

            r->at++;
            rc = ++r->steps > SAC__TEMPLATE_STEPS ? fail(r, SAC_ELIMIT, "it goes on and on")
                                                  : run_node(r, node);
        } else if (r->n_partials > 0) {
            end_partial(r);
        } else {
            break;
        }
    }
    return rc == SAC_OK && r->to.write ? flush(r) : rc;
}

static sac_value root_of(const sac_rendering *with)
{
    static const char nothing[] = "\x05\0\0\0";

    if (with->value.type != SAC_BSON_MISSING)
        return with->value;
    return (sac_value){SAC_BSON_DOCUMENT, with->data.n ? with->data : sac_str_n(nothing, 5)};
}

int sac__template_render(const sac_template *t, const sac_rendering *with,
                         const sac__beside *beside, const sac__render_to *to, sac_err *err)
{
    render r;
    int rc;

    r.alloc = t->alloc;
    r.t = t;
    r.at = 0;
    r.with = with;
    r.beside = beside;
    r.to = *to;
    r.given = r.steps = 0;
    r.root = root_of(with);
    r.frames = r.first;
    r.cap_frames = FRAMES;
    r.n_frames = r.n_partials = 0;
    r.indent = r.n_indent = 0;
    r.in_url = false;
    r.err = err;
    sac__buf_init(&r.indents, t->alloc, SAC__TEMPLATE_MAX);
    sac__buf_init(&r.aside, t->alloc, SAC__TEMPLATE_MAX);
    sac__buf_init(&r.words, t->alloc, SAC__TEMPLATE_MAX);
    rc = run(&r);
    if (r.frames != r.first)
        sac__alloc_free(t->alloc, r.frames, r.cap_frames * sizeof *r.frames);
    sac__buf_fini(&r.indents);
    sac__buf_fini(&r.aside);
    sac__buf_fini(&r.words);
    return rc;
}

int sac_template_render(const sac_template *t, const sac_rendering *with,
                        int (*write)(void *self, sac_str text), void *self, sac_err *err)
{
    const sac_rendering none = SAC_RENDERING(.partial = NULL);
    sac_rendering known = none;
    char block[BLOCK];
    sac__buf buf;
    const sac__render_to to = {.buf = &buf, .write = write, .self = self};

    if (with && with->size > sizeof *with)
        return sac__table_newer("sac_rendering", with->size, sizeof *with, err);
    if (with)
        memcpy(&known, with, with->size);
    sac__buf_init_fixed(&buf, block, sizeof block);
    return sac__template_render(t, &known, NULL, &to, err);
}
