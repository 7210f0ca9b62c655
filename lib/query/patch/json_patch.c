/* SPDX-License-Identifier: MIT */
#include "query/patch.h"

#include <stdio.h>

#include "bson/wire.h"
#include "core/buf.h"
#include "query/patch/json_equal.h"
#include "query/patch/pointer.h"
#include "query/update/ops.h"

/* Bytes that a patch may go through and move in all. */
#define MAX_WORK ((uint64_t)2 << 30)

/* What is said of a patch that cannot be done. */
static const char missing[] = "nothing is there";
static const char no_parent[] = "no document or array is there to add to";

typedef struct patching {
    const sac_alloc *alloc;
    sac_query_limits limits;
    sac__buf doc;
    sac__buf made;  /* elements that are to stand in the document */
    sac__buf value; /* that was copied or moved */
    sac__pointer pointer;
    uint64_t work;
    sac_err *err;
} patching;

/* One operation, read. */
typedef struct operation {
    size_t number;
    sac_str op, path, from;
    sac_value value;
} operation;

static int fail(const patching *p, const operation *o, int code, sac_str path, const char *what)
{
    return sac_err_set(p->err, code, "operation %zu, %.*s of '%.*s': %s", o->number,
                       SAC__SHOWN(o->op), SAC__SHOWN(path), what);
}

static bool is_pointer(sac_str path)
{
    if (path.n > 0 && path.p[0] != '/')
        return false;
    for (size_t i = 0; i < path.n; i++) {
        if (path.p[i] == 0 || (path.p[i] == '~' &&
                               (i + 1 == path.n || (path.p[i + 1] != '0' && path.p[i + 1] != '1'))))
            return false;
    }
    return true;
}

static bool takes_value(sac_str op)
{
    return sac_str_is(op, "add") || sac_str_is(op, "replace") || sac_str_is(op, "test");
}

static bool takes_from(sac_str op)
{
    return sac_str_is(op, "move") || sac_str_is(op, "copy");
}

/* A place that lies beneath another one. */
static bool is_beneath(sac_str path, sac_str other)
{
    return path.n > other.n && memcmp(path.p, other.p, other.n) == 0 && path.p[other.n] == '/';
}

static int read_operation(const patching *p, const sac_value *value, operation *o)
{
    sac_str doc;

    if (value->type != SAC_BSON_DOCUMENT)
        return sac_err_set(p->err, SAC_EINVAL, "operation %zu is no object", o->number);
    doc = value->raw;
    o->op = sac_bson_get_str(doc, "op");
    o->path = sac_bson_get_str(doc, "path");
    o->from = sac_bson_get_str(doc, "from");
    o->value = sac_bson_get(doc, sac_str_of("value"));
    if (!o->op.p || (!takes_value(o->op) && !takes_from(o->op) && !sac_str_is(o->op, "remove")))
        return sac_err_set(p->err, SAC_EINVAL,
                           "operation %zu: op is none of add, remove, replace, move, copy, test",
                           o->number);
    if (!o->path.p || !is_pointer(o->path))
        return sac_err_set(p->err, SAC_EINVAL, "operation %zu, %.*s: path is no JSON pointer",
                           o->number, SAC__SHOWN(o->op));
    if (takes_from(o->op) && (!o->from.p || !is_pointer(o->from)))
        return fail(p, o, SAC_EINVAL, o->path, "from is no JSON pointer");
    if (takes_value(o->op) && o->value.type == SAC_BSON_MISSING)
        return fail(p, o, SAC_EINVAL, o->path, "there is no value");
    if (sac_str_is(o->op, "move") && is_beneath(o->path, o->from))
        return fail(p, o, SAC_EINVAL, o->path, "nothing can be moved into itself");
    return SAC_OK;
}

/* Finds a place, if it may be looked at. */
static int find(patching *p, const operation *o, sac_str path, sac__place *place)
{
    int rc;

    p->work += p->doc.n;
    if (p->work > MAX_WORK)
        return fail(p, o, SAC_ELIMIT, path, "the patch takes too much work on this document");
    rc = sac__pointer_find(&p->pointer, sac__buf_str(&p->doc), path, place);
    if (rc != SAC_OK)
        return fail(p, o, rc, path, sac_err_text(rc));
    if (!p->limits.allow)
        return SAC_OK;
    if (place->dotted_name)
        return fail(p, o, SAC_EINVAL, path, "a name with a dot in it cannot be said here");
    if (p->limits.allow(p->limits.self, o->op.p, sac__buf_str(&p->pointer.dotted)) != 0)
        return fail(p, o, SAC_EINVAL, path, "it is not allowed there");
    return SAC_OK;
}

static int find_existing(patching *p, const operation *o, sac_str path, sac__place *place)
{
    const int rc = find(p, o, path, place);

    return rc == SAC_OK && !place->found ? fail(p, o, SAC_ECONFLICT, path, missing) : rc;
}

/* Puts what was made in place of the bytes from `from` to `to`. */
static int splice(patching *p, const operation *o, const sac__place *place, size_t from, size_t to)
{
    sac__buf *doc = &p->doc;
    const size_t n = p->made.n;
    uint32_t size;

    if (p->made.error || (n > to - from && !sac__buf_room(doc, n - (to - from)))) {
        const int rc = p->made.error ? p->made.error : doc->error;

        return fail(p, o, rc, o->path, sac_err_text(rc));
    }
    memmove(doc->p + from + n, doc->p + to, doc->n - to);
    if (n > 0)
        memcpy(doc->p + from, p->made.p, n);
    doc->n = doc->n - (to - from) + n;
    for (int i = 0; i < place->depth; i++) {
        size = sac__wire_get32(doc->p + place->starts[i]);
        sac__wire_put32(doc->p + place->starts[i], (uint32_t)(size - (to - from) + n));
    }
    p->work += doc->n - from;
    return SAC_OK;
}

static void make_element(patching *p, sac_str key, const sac_value *value)
{
    sac__buf_add_char(&p->made, (char)value->type);
    sac__buf_add_str(&p->made, key);
    sac__buf_add_char(&p->made, '\0');
    sac__buf_add_str(&p->made, value->raw);
}

static void make_indexed(patching *p, size_t index, const sac_value *value)
{
    char digits[24];
    const int n = snprintf(digits, sizeof digits, "%zu", index);

    make_element(p, sac_str_n(digits, (size_t)n), value);
}

/* The elements from byte `from` to the array's end, under new indexes. */
static int make_tail(patching *p, const sac__place *place, size_t from, size_t index)
{
    const size_t size = place->finish + 1 - from;
    sac_bson_iter iter = {.p = p->doc.p + from, .end = p->doc.p + from + size - 1};
    int rc;

    while ((rc = sac_bson_iter_next(&iter)) == 1 && !p->made.error)
        make_indexed(p, index++, &iter.value);
    return rc < 0 ? rc : SAC_OK;
}

static int check_depth(const patching *p, const operation *o, const sac__place *place,
                       const sac_value *value)
{
    unsigned depth;
    int rc = sac__value_depth(value, &depth);

    if (rc == SAC_OK && place->depth + (int)depth > SAC_BSON_DEPTH)
        rc = SAC_ELIMIT;
    return rc == SAC_OK ? rc : fail(p, o, rc, o->path, sac_err_text(rc));
}

static int put_root(patching *p, const operation *o, const sac_value *value)
{
    if (value->type != SAC_BSON_DOCUMENT)
        return fail(p, o, SAC_ECONFLICT, o->path, "the whole must stay an object");
    p->doc.n = 0;
    sac__buf_add_str(&p->doc, value->raw);
    return p->doc.error ? fail(p, o, p->doc.error, o->path, sac_err_text(p->doc.error)) : SAC_OK;
}

/* In place of what is there. */
static int put(patching *p, const operation *o, const sac__place *place, const sac_value *value)
{
    int rc;

    if (place->depth == 0)
        return put_root(p, o, value);
    rc = check_depth(p, o, place, value);
    if (rc != SAC_OK)
        return rc;
    p->made.n = 0;
    if (place->array)
        make_indexed(p, place->index, value);
    else
        make_element(p, place->name, value);
    return splice(p, o, place, place->begin, place->end);
}

static int insert(patching *p, const operation *o, const sac__place *place, const sac_value *value)
{
    int rc = check_depth(p, o, place, value);

    if (rc != SAC_OK)
        return rc;
    p->made.n = 0;
    make_indexed(p, place->index, value);
    rc = make_tail(p, place, place->begin, place->index + 1);
    if (rc != SAC_OK)
        return fail(p, o, rc, o->path, sac_err_text(rc));
    return splice(p, o, place, place->begin, place->finish);
}

static int add(patching *p, const operation *o, const sac_value *value)
{
    sac__place place;
    int rc = find(p, o, o->path, &place);

    if (rc != SAC_OK)
        return rc;
    if (!place.parent)
        return fail(p, o, SAC_ECONFLICT, o->path, no_parent);
    if (place.array && place.depth > 0) {
        if (!place.found && !place.at_end)
            return fail(p, o, SAC_ECONFLICT, o->path, "the array has no such place");
        return insert(p, o, &place, value);
    }
    return put(p, o, &place, value);
}

static int take_out(patching *p, const operation *o, const sac__place *place)
{
    int rc = SAC_OK;

    p->made.n = 0;
    if (place->array)
        rc = make_tail(p, place, place->end, place->index);
    if (rc != SAC_OK)
        return fail(p, o, rc, o->path, sac_err_text(rc));
    return splice(p, o, place, place->begin, place->array ? place->finish : place->end);
}

static int remove_value(patching *p, const operation *o)
{
    sac__place place;
    int rc = find_existing(p, o, o->path, &place);

    if (rc == SAC_OK && place.depth == 0)
        rc = fail(p, o, SAC_ECONFLICT, o->path, "the whole cannot be removed");
    return rc == SAC_OK ? take_out(p, o, &place) : rc;
}

static int replace(patching *p, const operation *o)
{
    sac__place place;
    const int rc = find_existing(p, o, o->path, &place);

    return rc == SAC_OK ? put(p, o, &place, &o->value) : rc;
}

static int test(patching *p, const operation *o)
{
    sac__place place;
    int rc = find_existing(p, o, o->path, &place);

    if (rc != SAC_OK)
        return rc;
    rc = sac__json_equal(&place.value, &o->value, p->alloc);
    if (rc < 0)
        return fail(p, o, rc, o->path, sac_err_text(rc));
    return rc == 1 ? SAC_OK : fail(p, o, SAC_ECONFLICT, o->path, "another value is there");
}

/* copy and move: what stands at `from` is kept aside, as the document moves beneath it. */
static int carry(patching *p, const operation *o)
{
    sac__place place;
    sac_value value;
    int rc = find_existing(p, o, o->from, &place);

    if (rc != SAC_OK)
        return rc;
    p->value.n = 0;
    sac__buf_add_str(&p->value, place.value.raw);
    if (p->value.error)
        return fail(p, o, p->value.error, o->from, sac_err_text(p->value.error));
    value = (sac_value){.type = place.value.type, .raw = sac__buf_str(&p->value)};
    if (sac_str_is(o->op, "move") && sac_str_eq(o->from, o->path))
        return SAC_OK;
    if (sac_str_is(o->op, "move"))
        rc = take_out(p, o, &place);
    return rc == SAC_OK ? add(p, o, &value) : rc;
}

static int apply(patching *p, const operation *o)
{
    if (sac_str_is(o->op, "add"))
        return add(p, o, &o->value);
    if (sac_str_is(o->op, "remove"))
        return remove_value(p, o);
    if (sac_str_is(o->op, "replace"))
        return replace(p, o);
    return sac_str_is(o->op, "test") ? test(p, o) : carry(p, o);
}

/* Reads all operations and, in the second round, does them. */
static int each(patching *p, sac_str patch, bool doing)
{
    sac_bson_iter iter;
    operation o = {.number = 0};
    int rc = sac_bson_iter_init(&iter, patch);

    if (rc != SAC_OK)
        return sac_err_set(p->err, rc, "%s", sac_err_text(rc));
    for (; rc == SAC_OK && (rc = sac_bson_iter_next(&iter)) == 1; o.number++) {
        if (o.number >= SAC__PATCH_OPERATIONS)
            return sac_err_set(p->err, SAC_ELIMIT, "more than %d operations",
                               SAC__PATCH_OPERATIONS);
        rc = read_operation(p, &iter.value, &o);
        if (rc == SAC_OK && doing)
            rc = apply(p, &o);
    }
    return rc;
}

int sac__json_patch(sac_str doc, sac_str patch, const sac_query_limits *limits,
                    const sac_alloc *alloc, sac_str *out, sac_err *err)
{
    patching p = {.alloc = alloc, .err = err};
    int rc = sac__tree_limits(limits, &p.limits, err);

    if (rc == SAC_OK && !sac__wire_is_doc(doc))
        rc = sac_err_set(err, SAC_ECORRUPT, "the document is damaged");
    if (rc == SAC_OK)
        rc = sac_bson_check(patch, err);
    if (rc == SAC_OK)
        rc = each(&p, patch, false);
    if (rc != SAC_OK)
        return rc;
    sac__buf_init(&p.doc, alloc, SAC_BSON_MAX);
    sac__buf_init(&p.made, alloc, 2 * SAC_BSON_MAX);
    sac__buf_init(&p.value, alloc, SAC_BSON_MAX);
    sac__pointer_init(&p.pointer, alloc);
    sac__buf_add_str(&p.doc, doc);
    rc = p.doc.error ? sac_err_set(err, p.doc.error, "%s", sac_err_text(p.doc.error))
                     : each(&p, patch, true);
    if (rc == SAC_OK && sac__block_give(alloc, &p.doc.p, &p.doc.cap, p.doc.n, out) != SAC_OK)
        rc = sac_err_set(err, SAC_ENOMEM, "no memory for a patched document");
    sac__buf_fini(&p.doc);
    sac__buf_fini(&p.made);
    sac__buf_fini(&p.value);
    sac__pointer_fini(&p.pointer);
    return rc;
}
