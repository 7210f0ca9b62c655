/* SPDX-License-Identifier: MIT */
#include "bson/wire.h"
#include "core/alloc.h"
#include "query/update/condition.h"
#include "bson/members.h"

typedef enum show { SHOW, HIDE, SLICE, FIRST_MATCH } show;

typedef struct field {
    show show;
    int64_t skip, limit; /* SLICE; skip < 0 counts from the end */
    sac__condition condition;
} field;

typedef enum mode { MODE_UNKNOWN, MODE_SHOWS, MODE_HIDES } mode;

struct sac_projection {
    const sac_alloc *alloc;
    sac__tree tree;
    mode mode;
    bool matches; /* there is a FIRST_MATCH */
};

typedef struct compiling {
    sac_projection *projection;
    sac_query_limits limits;
    size_t n_nodes;
    bool shows_id;
    sac_err *err;
} compiling;

static int no_memory(sac_err *err)
{
    return sac_err_set(err, SAC_ENOMEM, "no memory for a projection");
}

static int invalid(const compiling *c, sac_str path, const char *what)
{
    return sac_err_set(c->err, SAC_EINVAL, "projection of '%.*s': %s", SAC__SHOWN(path), what);
}

static int set_mode(compiling *c, sac_str path, mode m)
{
    sac_projection *projection = c->projection;

    if (projection->mode == MODE_UNKNOWN)
        projection->mode = m;
    return projection->mode == m
               ? SAC_OK
               : invalid(c, path, "names to show and names to hide cannot be mixed");
}

static int add(compiling *c, sac_str path, const char *op, field **out)
{
    sac__tree *tree = &c->projection->tree;
    field *f = sac__arena_get_zero(tree->scratch.arena, sizeof *f);
    int rc;

    if (!f)
        return no_memory(c->err);
    rc = sac__tree_count(&c->limits, &c->n_nodes, 1, c->err);
    if (rc == SAC_OK)
        rc = sac__tree_add(tree, path, f, c->err);
    if (rc == SAC_OK)
        rc = sac__tree_allow(&c->limits, op, path, c->projection->alloc, c->err);
    *out = f;
    return rc;
}

static bool is_true(const sac_value *value)
{
    static const char zero[4] = {0};
    const sac_value none = {.type = SAC_BSON_INT32, .raw = {zero, sizeof zero}};
    bool flag = false;

    return value->type == SAC_BSON_BOOL ? sac_value_bool(value, &flag) && flag
                                        : sac_value_compare(value, &none) != 0;
}

static int read_flag(compiling *c, sac_str path, const sac_value *value)
{
    const bool shown = is_true(value);
    field *f;
    int rc = add(c, path, "$project", &f);

    if (rc != SAC_OK)
        return rc;
    f->show = shown ? SHOW : HIDE;
    if (!sac_str_is(path, "_id"))
        return set_mode(c, path, shown ? MODE_SHOWS : MODE_HIDES);
    c->shows_id = shown;
    return SAC_OK;
}

static bool is_number(const sac_value *value)
{
    return value->type == SAC_BSON_INT32 || value->type == SAC_BSON_INT64 ||
           value->type == SAC_BSON_DOUBLE;
}

/* A number of the first or (negative) the last elements, or [skip, limit]. */
static int read_slice(compiling *c, sac_str path, const sac_value *value)
{
    static const char bad[] = "$slice needs an integer, or [skip, limit] with limit > 0";
    sac_value skip, limit;
    field *f;
    int rc = add(c, path, "$slice", &f);

    if (rc != SAC_OK)
        return rc;
    f->show = SLICE;
    f->limit = INT64_MAX;
    if (is_number(value) && sac_value_int(value, &f->skip)) {
        if (f->skip < 0)
            return SAC_OK;
        f->limit = f->skip;
        f->skip = 0;
        return SAC_OK;
    }
    if (value->type != SAC_BSON_ARRAY)
        return invalid(c, path, bad);
    skip = sac_bson_get(value->raw, sac_str_of("0"));
    limit = sac_bson_get(value->raw, sac_str_of("1"));
    if (!is_number(&skip) || !sac_value_int(&skip, &f->skip) || !is_number(&limit) ||
        !sac_value_int(&limit, &f->limit) || f->limit <= 0 ||
        sac_bson_get(value->raw, sac_str_of("2")).type != SAC_BSON_MISSING)
        return invalid(c, path, bad);
    return SAC_OK;
}

static int read_elem_match(compiling *c, sac_str path, const sac_value *value)
{
    const sac__condition_at at = {.path = path,
                                  .limits = &c->limits,
                                  .arena = c->projection->tree.scratch.arena,
                                  .alloc = c->projection->alloc};
    field *f;
    int rc;

    if (value->type != SAC_BSON_DOCUMENT)
        return invalid(c, path, "$elemMatch needs a document");
    if (memchr(path.p, '.', path.n))
        return invalid(c, path, "$elemMatch is for fields at the top");
    rc = add(c, path, "$elemMatch", &f);
    if (rc == SAC_OK)
        rc = set_mode(c, path, MODE_SHOWS);
    if (rc != SAC_OK)
        return rc;
    f->show = FIRST_MATCH;
    c->projection->matches = true;
    return sac__condition_new(&at, value, &f->condition, c->err);
}

static int read_fields(compiling *c, sac_str prefix, sac_str spec);

static int read_field(compiling *c, sac_str path, const sac_value *value)
{
    sac_bson_iter iter;
    int rc;

    if (is_number(value) || value->type == SAC_BSON_BOOL || value->type == SAC_BSON_DECIMAL128)
        return read_flag(c, path, value);
    if (value->type != SAC_BSON_DOCUMENT)
        return invalid(c, path, "it needs 1 or 0");
    rc = sac_bson_iter_init(&iter, value->raw);
    if (rc != SAC_OK || sac_bson_iter_next(&iter) != 1)
        return invalid(c, path, "it needs 1 or 0, not an empty document");
    if (iter.key.n == 0 || iter.key.p[0] != '$')
        return read_fields(c, path, value->raw);
    if (sac_str_is(iter.key, "$slice"))
        rc = read_slice(c, path, &iter.value);
    else if (sac_str_is(iter.key, "$elemMatch"))
        rc = read_elem_match(c, path, &iter.value);
    else
        return sac_err_set(c->err, SAC_EINVAL, "projection of '%.*s': %.*s is not supported",
                           SAC__SHOWN(path), SAC__SHOWN(iter.key));
    if (rc == SAC_OK && sac_bson_iter_next(&iter) != 0)
        return invalid(c, path, "one operator alone");
    return rc;
}

/* The specification has been checked: it does not nest deeper than documents may. */
static int read_fields(compiling *c, sac_str prefix, sac_str spec)
{
    sac__arena *arena = c->projection->tree.scratch.arena;
    sac_bson_iter iter;
    sac_str path;
    int rc = sac_bson_iter_init(&iter, spec);

    while (rc == SAC_OK && (rc = sac_bson_iter_next(&iter)) == 1) {
        path = iter.key;
        if (prefix.n > 0)
            path = sac__arena_printf(arena, "%.*s.%.*s", (int)prefix.n, prefix.p, (int)iter.key.n,
                                     iter.key.p);
        rc = path.p ? read_field(c, path, &iter.value) : no_memory(c->err);
    }
    return rc;
}

static int compile(compiling *c, sac_str spec)
{
    sac_projection *projection = c->projection;
    int rc = sac_bson_check(spec, c->err);

    if (rc == SAC_OK)
        rc = read_fields(c, sac_str_n("", 0), spec);
    if (rc == SAC_OK && projection->mode == MODE_UNKNOWN)
        projection->mode = c->shows_id ? MODE_SHOWS : MODE_HIDES;
    return rc;
}

/* Conditions stand at the top. */
static void free_filters(const sac__tree_node *root)
{
    const field *f;

    for (uint32_t i = 0; i < root->n; i++) {
        f = root->children[i]->leaf;
        if (f)
            sac_filter_free(f->condition.filter);
    }
}

void sac_projection_free(sac_projection *projection)
{
    if (!projection)
        return;
    free_filters(&projection->tree.root);
    sac__tree_fini(&projection->tree);
    sac__alloc_free(projection->alloc, projection, sizeof *projection);
}

int sac_projection_new(sac_str spec, const sac_query_limits *limits, const sac_alloc *alloc,
                       sac_projection **out, sac_err *err)
{
    compiling c = {.err = err};
    int rc = sac__tree_limits(limits, &c.limits, err);

    if (rc != SAC_OK)
        return rc;
    c.projection = sac__alloc_zero(alloc, sizeof *c.projection);
    if (!c.projection)
        return no_memory(err);
    c.projection->alloc = alloc;
    if (sac__tree_init(&c.projection->tree, alloc) != SAC_OK) {
        sac__alloc_free(alloc, c.projection, sizeof *c.projection);
        return no_memory(err);
    }
    rc = compile(&c, spec);
    if (rc != SAC_OK) {
        sac_projection_free(c.projection);
        return rc;
    }
    *out = c.projection;
    return SAC_OK;
}

static int put_slice(const field *f, sac_str key, const sac_value *value, sac_bson *out)
{
    sac_bson_iter iter;
    int64_t i = 0;
    int64_t from = f->skip;
    int rc;

    if (value->type != SAC_BSON_ARRAY) {
        sac_bson_add_value(out, key, *value);
        return SAC_OK;
    }
    if (from < 0) {
        const int64_t n = (int64_t)sac__members_count(value->raw);

        from = from > -n ? n + from : 0;
    }
    rc = sac_bson_iter_init(&iter, value->raw);
    sac_bson_begin_array(out, key);
    for (; rc == SAC_OK && (rc = sac_bson_iter_next(&iter)) == 1; rc = SAC_OK, i++) {
        if (i >= from && i - from < f->limit)
            sac_bson_add_value(out, iter.key, iter.value);
    }
    sac_bson_end(out);
    return rc;
}

static int project_doc(const sac_projection *projection, const sac__tree_node *node, sac_str doc,
                       sac_bson *out);

static int project_value(const sac_projection *projection, const sac__tree_node *node, sac_str key,
                         const sac_value *value, sac_bson *out);

static int project_array(const sac_projection *projection, const sac__tree_node *node,
                         sac_str array, sac_bson *out)
{
    sac_bson_iter iter;
    int rc = sac_bson_iter_init(&iter, array);

    while (rc == SAC_OK && !out->error && (rc = sac_bson_iter_next(&iter)) == 1)
        rc = project_value(projection, node, iter.key, &iter.value, out);
    return rc;
}

/* A value that has shown or hidden names beneath; those of an array are its elements'. */
static int project_value(const sac_projection *projection, const sac__tree_node *node, sac_str key,
                         const sac_value *value, sac_bson *out)
{
    int rc;

    if (value->type != SAC_BSON_DOCUMENT && value->type != SAC_BSON_ARRAY) {
        if (projection->mode == MODE_HIDES)
            sac_bson_add_value(out, key, *value);
        return SAC_OK;
    }
    if (value->type == SAC_BSON_ARRAY) {
        sac_bson_begin_array(out, key);
        rc = project_array(projection, node, value->raw, out);
    } else {
        sac_bson_begin_doc(out, key);
        rc = project_doc(projection, node, value->raw, out);
    }
    sac_bson_end(out);
    return rc;
}

static int project_leaf(const field *f, sac_str key, const sac_value *value, sac_bson *out)
{
    if (f->show == SLICE)
        return put_slice(f, key, value, out);
    if (f->show == SHOW)
        sac_bson_add_value(out, key, *value);
    return SAC_OK; /* a FIRST_MATCH comes behind the others */
}

static int project_doc(const sac_projection *projection, const sac__tree_node *node, sac_str doc,
                       sac_bson *out)
{
    const sac__tree_node *child;
    sac_bson_iter iter;
    int rc = sac_bson_iter_init(&iter, doc);

    while (rc == SAC_OK && !out->error && (rc = sac_bson_iter_next(&iter)) == 1) {
        child = sac__tree_find(node, iter.key);
        rc = SAC_OK;
        if (child && child->leaf)
            rc = project_leaf(child->leaf, iter.key, &iter.value, out);
        else if (child)
            rc = project_value(projection, child, iter.key, &iter.value, out);
        else if (projection->mode == MODE_HIDES ||
                 (node == &projection->tree.root && sac_str_is(iter.key, "_id")))
            sac_bson_add_value(out, iter.key, iter.value);
    }
    return rc;
}

static int put_first_match(const field *f, sac_str key, sac_str array, sac__buf *scratch,
                           sac_bson *out)
{
    sac_bson_iter iter;
    int rc = sac_bson_iter_init(&iter, array);

    while (rc == SAC_OK && (rc = sac_bson_iter_next(&iter)) == 1) {
        rc = sac__condition_match(&f->condition, &iter.value, scratch, NULL);
        if (rc == 1) {
            sac_bson_begin_array(out, key);
            sac_bson_add_value(out, iter.key, iter.value);
            sac_bson_end(out);
            return SAC_OK;
        }
    }
    return rc;
}

/* MongoDB puts these behind the other fields. */
static int put_matches(const sac_projection *projection, sac_str doc, sac_bson *out)
{
    const sac__tree_node *root = &projection->tree.root;
    sac__buf scratch;
    int rc = SAC_OK;

    sac__buf_init(&scratch, projection->alloc, INT32_MAX);
    for (uint32_t i = 0; i < root->n && rc == SAC_OK; i++) {
        const sac__tree_node *child = root->children[i];
        const field *f = child->leaf;
        const sac_value value = sac_bson_get(doc, child->name);

        if (f && f->show == FIRST_MATCH && value.type == SAC_BSON_ARRAY)
            rc = put_first_match(f, child->name, value.raw, &scratch, out);
    }
    sac__buf_fini(&scratch);
    return rc;
}

int sac_projection_apply(const sac_projection *projection, sac_str doc, sac_bson *out)
{
    int rc = project_doc(projection, &projection->tree.root, doc, out);

    if (rc == SAC_OK && projection->matches)
        rc = put_matches(projection, doc, out);
    return rc;
}
