/* SPDX-License-Identifier: MIT */
#include "page/template/template.h"

#include "core/alloc.h"

typedef struct compiler {
    sac_template *made;
    sac_str text;
    size_t at; /* what is before is compiled */
    sac_str open, close;
    size_t counted; /* newlines before it are in `row` */
    uint32_t row;
    uint32_t sections[SAC__TEMPLATE_DEPTH]; /* nodes of those that are open */
    size_t n_sections;
    size_t in_url; /* how many were open when url_for was; 0: it is not */
    bool lambdas;
    sac_err *err;
} compiler;

typedef struct tag {
    char kind; /* one of # ^ / > & ! = or 0: a variable */
    bool alone;
    size_t begin, end;
    size_t before, after; /* the text around it; of one alone without its line */
    sac_str name;         /* what is inside, trimmed */
} tag;

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_space(char c)
{
    return is_blank(c) || (c >= '\n' && c <= '\r');
}

static bool has_space(sac_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (is_space(s.p[i]))
            return true;
    return false;
}

static sac_str trim(sac_str s)
{
    while (s.n > 0 && is_space(*s.p))
        s = sac_str_n(s.p + 1, s.n - 1);
    while (s.n > 0 && is_space(s.p[s.n - 1]))
        s.n--;
    return s;
}

static size_t skip_space(const compiler *c, size_t at)
{
    while (at < c->text.n && is_space(c->text.p[at]))
        at++;
    return at;
}

static bool stands_at(const compiler *c, size_t at, sac_str what)
{
    return at <= c->text.n && c->text.n - at >= what.n &&
           memcmp(c->text.p + at, what.p, what.n) == 0;
}

/* Where `what`, which is not empty, next stands; the text's end when it does not. */
static size_t find(const compiler *c, size_t at, sac_str what)
{
    while (at < c->text.n) {
        const char *first = memchr(c->text.p + at, *what.p, c->text.n - at);

        if (!first)
            break;
        at = (size_t)(first - c->text.p);
        if (stands_at(c, at, what))
            return at;
        at++;
    }
    return c->text.n;
}

/* The line of a place, which is not before the last one that was asked for. */
static uint32_t row_of(compiler *c, size_t at)
{
    for (; c->counted < at; c->counted++)
        c->row += c->text.p[c->counted] == '\n';
    return c->row;
}

static uint32_t row_from_start(const compiler *c, size_t at)
{
    uint32_t row = 1;

    for (size_t i = 0; i < at; i++)
        row += c->text.p[i] == '\n';
    return row;
}

#define REFUSE(c, at, ...) (sac_err_set((c)->err, SAC_ESYNTAX, __VA_ARGS__), refuse(c, at))

/* Puts the line before the reason, and the place. */
static int refuse(compiler *c, size_t at)
{
    char reason[sizeof c->err->text];

    if (!c->err)
        return SAC_ESYNTAX;
    memcpy(reason, c->err->text, sizeof reason);
    sac_err_set(c->err, SAC_ESYNTAX, "line %u: %s", row_from_start(c, at), reason);
    c->err->pos = at;
    return SAC_ESYNTAX;
}

/* Enough of a name to know it by. */
#define SHOWN(s) (int)((s).n < 60 ? (s).n : 60), (s).p

/* The end of a tag whose inside begins at `at`; right before it stands `last`, unless that is 0. */
static bool find_end(const compiler *c, size_t at, char last, size_t *inside, size_t *end)
{
    for (size_t close = find(c, at, c->close); close < c->text.n;
         close = find(c, close + 1, c->close)) {
        if (last && (close == at || c->text.p[close - 1] != last))
            continue;
        *inside = last ? close - 1 : close;
        *end = close + c->close.n;
        return true;
    }
    return false;
}

/* Whether nothing else is on the line, or lines, of a tag. */
static void look_around(const compiler *c, tag *t)
{
    size_t before = t->begin, after = t->end;

    t->before = t->begin;
    t->after = t->end;
    if (!t->kind || t->kind == '&')
        return;
    while (before > c->at && is_blank(c->text.p[before - 1]))
        before--;
    if (before > 0 && c->text.p[before - 1] != '\n')
        return;
    while (after < c->text.n && is_blank(c->text.p[after]))
        after++;
    if (stands_at(c, after, sac_str_of("\r\n")))
        after += 2;
    else if (after < c->text.n && c->text.p[after] == '\n')
        after++;
    else if (after < c->text.n)
        return;
    t->alone = true;
    t->before = before;
    t->after = after;
}

/* What stands before the delimiter that closes a tag of this sign. */
static char last_of(char sign)
{
    switch (sign) {
    case '{': return '}';
    case '=': return '=';
    default: return '\0';
    }
}

static int read_tag(compiler *c, size_t begin, tag *t)
{
    size_t at = skip_space(c, begin + c->open.n), inside;
    const char sign = c->text.p[at]; /* a NUL stands behind the text */

    *t = (tag){.begin = begin};
    if (sign && strchr("#^/>&!={", sign)) {
        t->kind = sign;
        at++;
    }
    if (!find_end(c, at, last_of(t->kind), &inside, &t->end))
        return REFUSE(c, begin, "a tag that is not closed");
    if (t->kind == '{')
        t->kind = '&';
    t->name = trim(sac_str_n(c->text.p + at, inside - at));
    look_around(c, t);
    return SAC_OK;
}

static int no_memory(sac_err *err)
{
    return sac_err_set(err, SAC_ENOMEM, "template: no memory");
}

static int add_node(compiler *c, const sac__node *node)
{
    sac__buf_add(&c->made->nodes, node, sizeof *node);
    return c->made->nodes.error ? no_memory(c->err) : SAC_OK;
}

static bool begins_line(const compiler *c, size_t at)
{
    return at == 0 || c->text.p[at - 1] == '\n';
}

/* The text between two places; without any, where a line begins, the place for its indentation. */
static int add_text(compiler *c, size_t from, size_t to)
{
    const sac__node node = {.kind = SAC__NODE_TEXT,
                            .line = begins_line(c, from),
                            .row = row_of(c, from),
                            .text = sac_str_n(c->text.p + from, to - from)};

    return add_node(c, &node);
}

static int refuse_name(compiler *c, const tag *t)
{
    if (t->name.n == 0)
        return REFUSE(c, t->begin, "a tag without a name");
    return REFUSE(c, t->begin, "\"%.*s\" is no name", SHOWN(t->name));
}

/* Splits a dotted name into its keys. */
static int add_keys(compiler *c, const tag *t, sac__node *node)
{
    sac_str rest = t->name;

    node->keys = (uint32_t)(c->made->keys.n / sizeof(sac_str));
    if (rest.n == 0 || has_space(rest) || memchr(rest.p, '\0', rest.n))
        return refuse_name(c, t);
    if (sac_str_is(rest, "."))
        return SAC_OK;
    for (const char *dot = rest.p; dot;) {
        sac_str key = rest;

        dot = memchr(rest.p, '.', rest.n);
        if (dot) {
            key.n = (size_t)(dot - rest.p);
            rest = sac_str_n(dot + 1, rest.n - key.n - 1);
        }
        if (key.n == 0 || node->n_keys == SAC__TEMPLATE_KEYS)
            return refuse_name(c, t);
        sac__buf_add(&c->made->keys, &key, sizeof key);
        if (dot && rest.n == 0)
            return refuse_name(c, t);
        node->n_keys++;
    }
    return c->made->keys.error ? no_memory(c->err) : SAC_OK;
}

static int add_named(compiler *c, const tag *t, sac__node_kind kind, bool line)
{
    sac__node node = {
        .kind = (uint8_t)kind, .line = line, .row = row_of(c, t->begin), .text = t->name};
    const int rc = add_keys(c, t, &node);

    return rc == SAC_OK ? add_node(c, &node) : rc;
}

/* Where {{/name}} next stands, whatever is in between. */
static int find_closing(compiler *c, const tag *opening, tag *closing)
{
    for (size_t begin = find(c, c->at, c->open); begin < c->text.n;
         begin = find(c, begin + 1, c->open)) {
        size_t at = skip_space(c, begin + c->open.n);

        if (at >= c->text.n || c->text.p[at] != '/')
            continue;
        at = skip_space(c, at + 1);
        if (!stands_at(c, at, opening->name))
            continue;
        at = skip_space(c, at + opening->name.n);
        if (!stands_at(c, at, c->close))
            continue;
        *closing = (tag){.kind = '/', .begin = begin, .end = at + c->close.n};
        look_around(c, closing);
        return SAC_OK;
    }
    return REFUSE(c, opening->begin, "section \"%.*s\" is not closed", SHOWN(opening->name));
}

/* {{#raw}} and {{#json}}: what is inside is not looked at for tags. */
static int add_verbatim(compiler *c, const tag *opening, bool json)
{
    tag closing;
    size_t from;
    int rc;

    c->at = from = opening->after;
    rc = find_closing(c, opening, &closing);
    if (rc != SAC_OK)
        return rc;
    c->at = closing.after;
    if (json) {
        const tag name = {.begin = opening->begin,
                          .name = trim(sac_str_n(c->text.p + from, closing.before - from))};

        if (find(c, from, c->open) < closing.before)
            return refuse_name(c, &name);
        return add_named(c, &name, SAC__NODE_JSON, false);
    }
    return closing.before > from ? add_text(c, from, closing.before) : SAC_OK;
}

static int open_section(compiler *c, const tag *t, sac__node_kind kind)
{
    int rc;

    if (c->n_sections == SAC__TEMPLATE_DEPTH)
        return sac_err_set(c->err, SAC_ELIMIT, "line %u: sections nested deeper than %d",
                           row_of(c, t->begin), SAC__TEMPLATE_DEPTH);
    rc = add_named(c, t, kind, false);
    if (rc == SAC_OK)
        c->sections[c->n_sections++] = (uint32_t)sac__template_count(c->made) - 1;
    if (rc == SAC_OK && kind == SAC__NODE_URL)
        c->in_url = c->n_sections;
    return rc;
}

static int add_section(compiler *c, const tag *t)
{
    const bool url = c->lambdas && sac_str_is(t->name, "url_for");
    const bool json = c->lambdas && sac_str_is(t->name, "json");

    if ((url || json) && c->in_url)
        return REFUSE(c, t->begin, "%s inside url_for", url ? "url_for" : "json");
    if (json || (c->lambdas && sac_str_is(t->name, "raw")))
        return add_verbatim(c, t, json);
    c->at = t->after;
    return open_section(c, t, url ? SAC__NODE_URL : SAC__NODE_SECTION);
}

static int close_section(compiler *c, const tag *t)
{
    sac__node end = {.kind = SAC__NODE_END, .row = row_of(c, t->begin)};
    sac__node *begin;

    if (c->n_sections == 0)
        return REFUSE(c, t->begin, "\"%.*s\" is closed and was not opened", SHOWN(t->name));
    end.other = c->sections[c->n_sections - 1];
    begin = (sac__node *)(void *)c->made->nodes.p + end.other;
    if (!sac_str_eq(begin->text, t->name))
        return REFUSE(c, t->begin, "\"%.*s\" is closed, but \"%.*s\" of line %u is open",
                      SHOWN(t->name), SHOWN(begin->text), begin->row);
    begin->other = (uint32_t)sac__template_count(c->made);
    if (c->in_url == c->n_sections)
        c->in_url = 0;
    c->n_sections--;
    return add_node(c, &end);
}

static int add_partial(compiler *c, const tag *t)
{
    const sac__node node = {.kind = SAC__NODE_PARTIAL,
                            .row = row_of(c, t->begin),
                            .text = t->name,
                            .alone = t->alone,
                            .indent = sac_str_n(c->text.p + t->before, t->begin - t->before)};

    if (t->name.n == 0 || has_space(t->name))
        return refuse_name(c, t);
    if (c->in_url)
        return REFUSE(c, t->begin, "a partial inside url_for");
    return add_node(c, &node);
}

static int set_delimiters(compiler *c, const tag *t)
{
    sac_str open = {t->name.p, 0}, close;

    while (open.n < t->name.n && !is_space(open.p[open.n]))
        open.n++;
    close = trim(sac_str_n(t->name.p + open.n, t->name.n - open.n));
    if (open.n == 0 || close.n == 0 || has_space(close))
        return REFUSE(c, t->begin, "delimiters are two words");
    c->open = open;
    c->close = close;
    return SAC_OK;
}

static int add_tag(compiler *c, const tag *t)
{
    c->at = t->after;
    switch (t->kind) {
    case '#': return add_section(c, t);
    case '^': return open_section(c, t, SAC__NODE_INVERTED);
    case '/': return close_section(c, t);
    case '>': return add_partial(c, t);
    case '=': return set_delimiters(c, t);
    case '!': return SAC_OK;
    case '&': return add_named(c, t, SAC__NODE_BARE, begins_line(c, t->begin));
    default: return add_named(c, t, SAC__NODE_VALUE, begins_line(c, t->begin));
    }
}

static int compile(compiler *c)
{
    int rc = SAC_OK;

    while (rc == SAC_OK && c->at < c->text.n) {
        const size_t from = c->at, begin = find(c, from, c->open);
        tag t;

        if (begin == c->text.n)
            return c->at = begin, add_text(c, from, begin);
        rc = read_tag(c, begin, &t);
        if (rc != SAC_OK)
            break;
        if (t.before > from)
            rc = add_text(c, from, t.before);
        /* The place for the indentation; a value is one itself. */
        if (rc == SAC_OK && !t.alone && t.kind && t.kind != '&' && begins_line(c, begin))
            rc = add_text(c, begin, begin);
        if (rc == SAC_OK)
            rc = add_tag(c, &t);
    }
    return rc;
}

static int compile_whole(compiler *c)
{
    const int rc = compile(c);

    if (rc == SAC_OK && c->n_sections > 0) {
        const sac__node *open = sac__template_nodes(c->made) + c->sections[c->n_sections - 1];

        return REFUSE(c, (size_t)(open->text.p - c->text.p), "section \"%.*s\" is not closed",
                      SHOWN(open->text));
    }
    return rc;
}

int sac__template_compile(sac_str text, bool lambdas, const sac_alloc *alloc, sac_template **out,
                          sac_err *err)
{
    sac_template *t;
    compiler c = {.open = {"{{", 2}, .close = {"}}", 2}, .row = 1, .lambdas = lambdas, .err = err};
    int rc;

    if (text.n > SAC__TEMPLATE_MAX)
        return sac_err_set(err, SAC_ELIMIT, "a template of more than 16 MiB");
    t = sac__alloc_zero(alloc, sizeof *t);
    if (!t)
        return no_memory(err);
    t->alloc = alloc;
    t->text = sac__alloc(alloc, text.n + 1);
    if (!t->text) {
        sac__alloc_free(alloc, t, sizeof *t);
        return no_memory(err);
    }
    t->n_text = text.n;
    if (text.n > 0)
        memcpy(t->text, text.p, text.n);
    t->text[text.n] = '\0';
    sac__buf_init(&t->nodes, alloc, UINT32_MAX);
    sac__buf_init(&t->keys, alloc, UINT32_MAX);
    c.made = t;
    c.text = sac_str_n(t->text, text.n);
    rc = compile_whole(&c);
    if (rc != SAC_OK)
        sac_template_free(t);
    else
        *out = t;
    return rc;
}

int sac_template_new(sac_str text, const sac_alloc *alloc, sac_template **out, sac_err *err)
{
    return sac__template_compile(text, false, alloc, out, err);
}

void sac_template_free(sac_template *t)
{
    if (!t)
        return;
    sac__buf_fini(&t->nodes);
    sac__buf_fini(&t->keys);
    sac__alloc_free(t->alloc, t->text, t->n_text + 1);
    sac__alloc_free(t->alloc, t, sizeof *t);
}
