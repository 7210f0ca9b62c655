/* SPDX-License-Identifier: MIT */
#include "query/sort.h"

#include <stdio.h>

#include "bson/key.h"
#include "query/path.h"

/* 1 or -1 of any number type. */
static bool is_direction(const sac_value *value, bool *descending)
{
    const sac_value one = {.type = SAC_BSON_INT32, .raw = sac_str_n("\1\0\0\0", 4)};
    const sac_value minus = {.type = SAC_BSON_INT32, .raw = sac_str_n("\xff\xff\xff\xff", 4)};

    *descending = sac_value_compare(value, &minus) == 0;
    return *descending || sac_value_compare(value, &one) == 0;
}

static bool is_path(sac_str path)
{
    bool begin = true; /* of a name */

    for (size_t i = 0; i < path.n; i++) {
        if (begin && (path.p[i] == '.' || path.p[i] == '$'))
            return false;
        begin = path.p[i] == '.';
    }
    return !begin;
}

static bool has_field(const sac__sort *sort, sac_str path)
{
    for (size_t i = 0; i < sort->n; i++)
        if (sac_str_eq(sort->fields[i].path, path))
            return true;
    return false;
}

static int add_field(sac__sort *sort, const sac_bson_iter *at, sac_err *err)
{
    sac__path_part parts[SAC__PATH_PARTS];
    sac__sort_field field = {.path = at->key};
    size_t n;

    if (!is_path(at->key))
        return sac_err_set(err, SAC_EINVAL, "cannot sort by \"%.80s\"", at->key.p);
    if (!is_direction(&at->value, &field.descending))
        return sac_err_set(err, SAC_EINVAL, "sort of %.80s must be 1 or -1", at->key.p);
    if (has_field(sort, at->key))
        return sac_err_set(err, SAC_EINVAL, "sort has %.80s twice", at->key.p);
    if (sort->n == SAC__SORT_FIELDS)
        return sac_err_set(err, SAC_EINVAL, "sort has more than %d fields: %.80s", SAC__SORT_FIELDS,
                           at->key.p);
    if (sac__path_split(at->key, parts, &n) != SAC_OK)
        return sac_err_set(err, SAC_EINVAL, "sort has too long a path: %.80s", at->key.p);
    sort->fields[sort->n++] = field;
    return SAC_OK;
}

int sac__sort_init(sac__sort *sort, sac_str spec, sac_err *err)
{
    const sac_str id = sac_str_n("_id", 3);
    sac_bson_iter iter;
    sac__sort made;
    int rc = SAC_OK;

    made.n = 0;
    if (spec.n > 0) {
        rc = sac_bson_check(spec, err);
        if (rc == SAC_OK)
            rc = sac_bson_iter_init(&iter, spec);
        if (rc != SAC_OK)
            return rc;
        while ((rc = sac_bson_iter_next(&iter)) == 1) {
            rc = add_field(&made, &iter, err);
            if (rc != SAC_OK)
                return rc;
        }
    }
    if (!has_field(&made, id)) {
        made.fields[made.n].path = id;
        made.fields[made.n].descending = made.n > 0 && made.fields[made.n - 1].descending;
        made.n++;
    }
    *sort = made;
    return rc;
}

/* The value of one field that is found so far. */
typedef struct pick {
    sac_value value;
    bool descending, found;
} pick;

static void offer(pick *p, const sac_value *value)
{
    int order = -1;

    if (p->found) {
        order = sac_value_compare(value, &p->value);
        order = p->descending ? -order : order;
    }
    if (order >= 0)
        return;
    p->value = *value;
    p->found = true;
}

/* At the end of a path: an array is what its elements are, an empty one undefined. */
static int offer_end(pick *p, const sac_value *value)
{
    const sac_value nothing = {.type = SAC_BSON_UNDEFINED, .raw = sac_str_n("", 0)};
    sac_bson_iter iter;
    bool empty = true;
    int rc;

    if (value->type != SAC_BSON_ARRAY) {
        offer(p, value);
        return SAC_OK;
    }
    rc = sac_bson_iter_init(&iter, value->raw);
    if (rc != SAC_OK)
        return rc;
    while ((rc = sac_bson_iter_next(&iter)) == 1) {
        empty = false;
        offer(p, &iter.value);
    }
    if (empty)
        offer(p, &nothing);
    return rc;
}

static int pick_from(pick *p, sac_value value, sac_str rest);

/* The name that begins a path; `rest` p NULL: it is the last one. */
static sac_str cut_name(sac_str path, sac_str *rest)
{
    const char *dot = memchr(path.p, '.', path.n);
    const sac_str name = sac_str_n(path.p, dot ? (size_t)(dot - path.p) : path.n);

    *rest = dot ? sac_str_n(dot + 1, path.n - name.n - 1) : sac_str_n(NULL, 0);
    return name;
}

/* An array on the way: the element that the name is the index of, else all. */
static int pick_from_array(pick *p, sac_str array, sac_str path)
{
    const sac_value none = {.type = SAC_BSON_MISSING};
    sac_str rest;
    const sac_str name = cut_name(path, &rest);
    const sac_value at = sac_bson_get(array, name);
    sac_bson_iter iter;
    bool empty = true;
    int rc;

    if (at.type != SAC_BSON_MISSING && rest.p)
        return pick_from(p, at, rest);
    if (at.type != SAC_BSON_MISSING) {
        offer(p, &at);
        return SAC_OK;
    }
    rc = sac_bson_iter_init(&iter, array);
    if (rc != SAC_OK)
        return rc;
    while ((rc = sac_bson_iter_next(&iter)) == 1) {
        empty = false;
        rc = iter.value.type == SAC_BSON_DOCUMENT ? pick_from(p, iter.value, path) : SAC_OK;
        if (rc != SAC_OK)
            return rc;
        if (iter.value.type != SAC_BSON_DOCUMENT)
            offer(p, &none);
    }
    if (empty)
        offer(p, &none);
    return rc;
}

static int pick_from(pick *p, sac_value value, sac_str rest)
{
    while (rest.p) {
        if (value.type == SAC_BSON_ARRAY)
            return pick_from_array(p, value.raw, rest);
        if (value.type != SAC_BSON_DOCUMENT) {
            value = (sac_value){.type = SAC_BSON_MISSING};
            break;
        }
        value = sac_bson_get(value.raw, cut_name(rest, &rest));
    }
    return offer_end(p, &value);
}

int sac__sort_value(const sac__sort_field *field, sac_str doc, sac_value *out)
{
    const sac_value whole = {.type = SAC_BSON_DOCUMENT, .raw = doc};
    pick p = {.descending = field->descending};
    const int rc = pick_from(&p, whole, field->path);

    if (rc == SAC_OK)
        *out = p.value;
    return rc;
}

static int add_key(const sac__sort_field *field, const sac_value *value, sac__buf *out)
{
    const size_t start = out->n;
    const int rc = sac__bson_key(value, out);

    for (size_t i = start; field->descending && i < out->n; i++)
        out->p[i] = (char)~out->p[i];
    return rc;
}

int sac__sort_key(const sac__sort *sort, sac_str doc, sac__buf *out)
{
    sac_value value;
    int rc = SAC_OK;

    for (size_t i = 0; rc == SAC_OK && i < sort->n; i++) {
        rc = sac__sort_value(&sort->fields[i], doc, &value);
        if (rc == SAC_OK)
            rc = add_key(&sort->fields[i], &value, out);
    }
    return rc;
}

int sac__sort_key_at(const sac__sort *sort, sac_str values, const sac_value *id, sac__buf *out)
{
    sac_bson_iter iter;
    int rc = sac_bson_iter_init(&iter, values);

    if (rc != SAC_OK)
        return rc;
    for (size_t i = 0; i < sort->n; i++) {
        const sac__sort_field *field = &sort->fields[i];
        const sac_value *value = id;

        if (!sac_str_is(field->path, "_id")) {
            rc = sac_bson_iter_next(&iter);
            if (rc != 1)
                return rc < 0 ? rc : SAC_EINVAL;
            value = &iter.value;
        }
        rc = add_key(field, value, out);
        if (rc != SAC_OK)
            return rc;
    }
    rc = sac_bson_iter_next(&iter);
    return rc == 1 ? SAC_EINVAL : rc;
}

int sac_sort_keys(sac_str sort, sac_str doc, sac_bson *out, sac_err *err)
{
    const sac_value null = {.type = SAC_BSON_NULL, .raw = sac_str_n("", 0)};
    char name[16];
    sac__sort s;
    sac_value value;
    int index = 0;
    int rc = sac__sort_init(&s, sort, err);

    for (size_t i = 0; rc == SAC_OK && i < s.n; i++) {
        if (sac_str_is(s.fields[i].path, "_id"))
            continue;
        rc = sac__sort_value(&s.fields[i], doc, &value);
        if (rc != SAC_OK)
            return sac_err_set(err, rc, "document is damaged");
        snprintf(name, sizeof name, "%d", index++);
        sac_bson_add_value(out, sac_str_of(name), value.type ? value : null);
    }
    return rc;
}
