/* SPDX-License-Identifier: MIT */
#include "query/update/update.h"

#include "bson/wire.h"
#include "bson/writer.h"
#include "core/alloc.h"

/* As many nulls MongoDB puts before a new element of an array. */
#define MAX_PADDING 1500000

int sac__update_conflict(sac__run *run, const sac__leaf *leaf, const char *what)
{
    return sac_err_set(run->err, SAC_ECONFLICT, "%s of '%.*s': %s", leaf->op->name,
                       SAC__SHOWN(leaf->path), what);
}

/* The first leaf from here on that makes its path where it is not there; NULL: none. */
static const sac__leaf *creator(const sac__run *run, const sac__tree_node *node)
{
    const sac__leaf *leaf = node->leaf;

    if (leaf && leaf->op->apply == sac__apply_rename_to)
        return run->moved[leaf->moved].type != SAC_BSON_MISSING ? leaf : NULL;
    if (leaf)
        return leaf->op->creates ? leaf : NULL;
    for (uint32_t i = 0; i < node->n; i++) {
        leaf = creator(run, node->children[i]);
        if (leaf)
            return leaf;
    }
    return NULL;
}

static int create(sac__run *run, const sac__tree_node *node)
{
    static const sac_value missing = {.type = SAC_BSON_MISSING};
    const sac__leaf *leaf = node->leaf;
    int rc = SAC_OK;

    if (leaf)
        return leaf->op->apply(run, leaf, node->name, &missing);
    sac_bson_begin_doc(&run->out, node->name);
    for (uint32_t i = 0; i < node->n && rc == SAC_OK && !run->out.error; i++) {
        if (creator(run, node->children[i]))
            rc = create(run, node->children[i]);
    }
    sac_bson_end(&run->out);
    return rc;
}

/* Nulls up to a new element of an array of n elements, the number of which it then is. */
static int pad(sac__run *run, const sac__tree_node *node, uint32_t *n)
{
    const sac__leaf *leaf = creator(run, node);

    if (!node->numeric)
        return sac__update_conflict(run, leaf, "it leads through an array without an index");
    if (node->index - *n > MAX_PADDING)
        return sac__update_conflict(run, leaf, "the index is too far behind the array's end");
    for (; *n < node->index && !run->out.error; ++*n)
        sac_bson_add_null(&run->out, "");
    ++*n;
    return SAC_OK;
}

/* What is not there yet; `n` is the number of elements of an array. */
static int append(sac__run *run, const sac__tree_node *node, bool array, uint32_t n)
{
    int rc = SAC_OK;

    for (uint32_t i = 0; i < node->n && rc == SAC_OK; i++) {
        const sac__tree_node *child = node->children[i];

        if (run->seen[child->id] || !creator(run, child))
            continue;
        if (array)
            rc = pad(run, child, &n);
        if (rc == SAC_OK)
            rc = create(run, child);
    }
    return rc;
}

static int rewrite(sac__run *run, const sac__tree_node *node, sac_str doc, bool array);

static int descend(sac__run *run, const sac__tree_node *node, sac_str key, const sac_value *value)
{
    const bool was_in_array = run->in_array;
    int rc;

    if (value->type == SAC_BSON_ARRAY)
        sac_bson_begin_array(&run->out, key);
    else
        sac_bson_begin_doc(&run->out, key);
    run->in_array = was_in_array || value->type == SAC_BSON_ARRAY;
    rc = rewrite(run, node, value->raw, value->type == SAC_BSON_ARRAY);
    run->in_array = was_in_array;
    sac_bson_end(&run->out);
    return rc;
}

/* An element that an update looks at, or into. */
static int visit(sac__run *run, const sac__tree_node *node, sac_str key, const sac_value *value)
{
    const sac__leaf *leaf = node->leaf;

    run->seen[node->id] = true;
    if (leaf)
        return leaf->op->apply(run, leaf, key, value);
    if (value->type == SAC_BSON_DOCUMENT || value->type == SAC_BSON_ARRAY)
        return descend(run, node, key, value);
    leaf = creator(run, node);
    if (leaf)
        return sac_err_set(run->err, SAC_ECONFLICT,
                           "%s of '%.*s': it leads through '%.*s', which is no document",
                           leaf->op->name, SAC__SHOWN(leaf->path), SAC__SHOWN(node->path));
    return sac__update_keep(run, key, value);
}

static int rewrite(sac__run *run, const sac__tree_node *node, sac_str doc, bool array)
{
    const sac__tree_node *child;
    sac_bson_iter iter;
    uint32_t n = 0;
    int rc = sac_bson_iter_init(&iter, doc);

    while (rc == SAC_OK && !run->out.error && (rc = sac_bson_iter_next(&iter)) == 1) {
        child = array ? sac__tree_at(node, n++) : sac__tree_find(node, iter.key);
        if (child && !run->seen[child->id])
            rc = visit(run, child, iter.key, &iter.value);
        else
            rc = sac__update_keep(run, iter.key, &iter.value);
    }
    return rc == SAC_OK ? append(run, node, array, n) : rc;
}

/* The value that a $rename moves; MISSING where there is none. */
static int find_source(sac__run *run, const sac__rename *rename, sac_str doc, sac_value *out)
{
    const sac_str path = rename->from;
    sac_value value = {.type = SAC_BSON_DOCUMENT, .raw = doc};

    for (size_t at = 0; at < path.n && value.type != SAC_BSON_MISSING;) {
        const char *dot = memchr(path.p + at, '.', path.n - at);
        const size_t end = dot ? (size_t)(dot - path.p) : path.n;

        if (value.type != SAC_BSON_DOCUMENT)
            return sac_err_set(run->err, SAC_ECONFLICT,
                               "$rename of '%.*s': it leads through '%.*s', which is no document",
                               SAC__SHOWN(path), SAC__SHOWN(sac_str_n(path.p, at - 1)));
        value = sac_bson_get(value.raw, sac_str_n(path.p + at, end - at));
        at = end + 1;
    }
    *out = value;
    return SAC_OK;
}

static int find_sources(sac__run *run, sac_str doc, sac_value *moved)
{
    size_t i = run->update->n_renames;
    int rc = SAC_OK;

    run->moved = moved;
    for (const sac__rename *r = run->update->renames; r && rc == SAC_OK; r = r->next)
        rc = find_source(run, r, doc, &moved[--i]);
    return rc;
}

/* `_id` may be set to what it is. */
static int check_id(sac__run *run, sac_str doc, sac_str made)
{
    const sac_value before = sac_bson_get(doc, sac_str_of("_id"));
    const sac_value after = sac_bson_get(made, sac_str_of("_id"));

    if (sac__value_same(&before, &after))
        return SAC_OK;
    return sac_err_set(run->err, SAC_ECONFLICT, "the update would change '_id'");
}

static int run_update(sac__run *run, sac_str doc, sac_str *out)
{
    sac_str made = doc;
    int rc = rewrite(run, &run->update->tree.root, doc, false);

    if (run->out.error)
        rc = run->out.error;
    if (rc == SAC_OK && run->changed)
        rc = sac_bson_finish(&run->out, &made);
    if (rc == SAC_OK)
        rc = check_id(run, doc, made);
    if (rc != SAC_OK)
        return rc;
    if (!run->changed)
        memcpy(run->out.p, doc.p, doc.n); /* there is room for as much */
    return sac__block_give(run->alloc, &run->out.p, &run->out.cap, made.n, out);
}

int sac_update_apply(const sac_update *update, sac_str doc, int64_t now, const sac_alloc *alloc,
                     sac_str *out, sac_err *err)
{
    const size_t scratch = update->n_renames * sizeof(sac_value) + update->tree.n_nodes;
    sac_err local = {.code = SAC_OK};
    sac__run run = {.update = update, .alloc = alloc, .now = now, .err = &local};
    sac_value *moved;
    int rc;

    if (!sac__wire_is_doc(doc))
        return sac_err_set(err, SAC_ECORRUPT, "the document is damaged");
    moved = sac__alloc_zero(alloc, scratch);
    if (!moved)
        return sac__update_no_memory(err);
    run.seen = (bool *)(moved + update->n_renames);
    sac_bson_init(&run.out, alloc, 0);
    rc = find_sources(&run, doc, moved);
    if (rc == SAC_OK && sac__bson_reserve(&run.out, doc.n + 64))
        rc = run_update(&run, doc, out);
    else if (rc == SAC_OK)
        rc = run.out.error;
    sac_bson_fini(&run.out);
    sac__alloc_free(alloc, moved, scratch);
    if (rc != SAC_OK && err) {
        if (local.code != rc)
            (void)sac_err_set(&local, rc, "update: %s", sac_err_text(rc));
        *err = local;
    }
    return rc;
}
