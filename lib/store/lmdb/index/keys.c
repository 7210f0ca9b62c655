/* SPDX-License-Identifier: MIT */
#include "store/lmdb/index/keys.h"

#include <stdlib.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "bson/key.h"

/* What one document may have in one index. */
#define BYTES_MAX ((size_t)64 << 20)

/* How far a field has been followed. */
typedef struct step {
    sac_str rest; /* of its path; where it ends in an array: empty */
    sac_value value;
    bool done; /* `value` is what it comes to */
} step;

typedef struct steps {
    step of[SAC__SORT_FIELDS];
} steps;

typedef struct walk {
    sac__lmdb_keys *keys;
    const sac__lmdb_index *index;
    sac_err *err;
    sac__buf *key;
    size_t made;
    bool cut;
} walk;

void sac__lmdb_index_cut(sac_str key, sac__lmdb_key *out, bool *was_cut)
{
    XXH128_canonical_t hash;

    *was_cut = key.n > SAC__LMDB_WHOLE;
    out->n = *was_cut ? SAC__LMDB_KEY_MAX : key.n;
    memcpy(out->bytes, key.p, *was_cut ? SAC__LMDB_CUT : key.n);
    if (!*was_cut)
        return;
    XXH128_canonicalFromHash(&hash, XXH3_128bits(key.p, key.n));
    memcpy(out->bytes + SAC__LMDB_CUT, &hash, SAC__LMDB_KEY_MAX - SAC__LMDB_CUT);
}

static int fail(const walk *self, int code, const char *text)
{
    return sac_err_set(self->err, code, "index %s: %s", self->index->name, text);
}

static int put_field(walk *self, size_t i, const sac_value *value)
{
    const size_t start = self->key->n;
    size_t at;
    int rc = sac__bson_key(value, self->key);

    if (rc != SAC_OK)
        return fail(self, rc, sac_err_text(rc));
    for (at = start; self->index->fields[i].descending && at < self->key->n; at++)
        self->key->p[at] = (char)~self->key->p[at];
    return SAC_OK;
}

static int add_key(walk *self, sac_str key)
{
    sac__lmdb_key short_key;
    bool was_cut;

    if (self->cut || key.n > SAC__LMDB_WHOLE) {
        sac__lmdb_index_cut(key, &short_key, &was_cut);
        self->keys->was_cut |= was_cut;
        if (self->cut)
            key = sac_str_n(short_key.bytes, short_key.n);
    }
    sac__buf_add_str(&self->keys->bytes, key);
    sac__buf_add(&self->keys->list, &key, sizeof key);
    self->keys->n++;
    if (self->keys->bytes.error || self->keys->list.error)
        return fail(self, SAC_ENOMEM, "no memory");
    return SAC_OK;
}

/* One entry of the values that the fields have come to. */
static int put_key(walk *self, const steps *at)
{
    bool none = true;
    size_t i;
    int rc = SAC_OK;

    self->key->n = 0;
    for (i = 0; rc == SAC_OK && i < self->index->n; i++) {
        none = none && at->of[i].value.type == SAC_BSON_MISSING;
        rc = put_field(self, i, &at->of[i].value);
    }
    if (rc != SAC_OK || (none && self->index->sparse))
        return rc;
    self->made += self->key->n + sizeof(sac_str);
    if (self->made > BYTES_MAX)
        return fail(self, SAC_ELIMIT, "a document has too many or too long values for it");
    return add_key(self, sac__buf_str(self->key));
}

static sac_str take_name(sac_str *rest)
{
    const char *dot = memchr(rest->p, '.', rest->n);
    const sac_str name = sac_str_n(rest->p, dot ? (size_t)(dot - rest->p) : rest->n);
    const size_t used = name.n + (dot ? 1 : 0);

    *rest = sac_str_n(rest->p + used, rest->n - used);
    return name;
}

static bool is_number(sac_str name)
{
    size_t i;

    for (i = 0; i < name.n && name.p[i] >= '0' && name.p[i] <= '9'; i++)
        ;
    return i == name.n && i > 0;
}

/* Into the element of an array whose index the path has next, where there is one. */
static bool into_element(step *to)
{
    sac_str rest = to->rest;
    const sac_str name = take_name(&rest);
    sac_value element;

    if (!is_number(name))
        return false;
    element = sac_bson_get(to->value.raw, name);
    if (element.type == SAC_BSON_MISSING)
        return false;
    to->value = element;
    to->rest = rest;
    return true;
}

/* Follows a path from a value as far as it goes without choosing from an array. */
static void follow(step *to)
{
    while (to->rest.n > 0) {
        if (to->value.type == SAC_BSON_DOCUMENT) {
            const sac_str name = take_name(&to->rest);

            to->value = sac_bson_get(to->value.raw, name);
        } else if (to->value.type == SAC_BSON_ARRAY) {
            if (!into_element(to))
                return;
        } else {
            to->value = (sac_value){.type = SAC_BSON_MISSING};
            to->rest.n = 0;
        }
    }
    to->done = to->value.type != SAC_BSON_ARRAY;
}

/* The one array at which fields stopped; SAC_EINVAL for two. */
static int find_array(walk *self, const steps *at, sac_str *array)
{
    size_t i;

    array->p = NULL;
    for (i = 0; i < self->index->n; i++) {
        if (at->of[i].done)
            continue;
        if (array->p && array->p != at->of[i].value.raw.p)
            return fail(self, SAC_EINVAL, "arrays in two fields of a document");
        *array = at->of[i].value.raw;
    }
    return SAC_OK;
}

/* The fields that stopped at the array go on with one of its elements. */
static void choose(const walk *self, const steps *from, const sac_value *element, steps *to)
{
    size_t i;

    *to = *from;
    for (i = 0; i < self->index->n; i++) {
        step *field = &to->of[i];

        if (field->done)
            continue;
        if (field->rest.n == 0) {
            field->done = true;
            field->value = *element;
            continue;
        }
        field->value = *element;
        if (element->type == SAC_BSON_DOCUMENT) {
            follow(field);
        } else {
            field->value.type = SAC_BSON_MISSING;
            field->done = true;
        }
    }
}

/* Each level takes a name of a path, and paths are bounded. */
static int expand(walk *self, const steps *at)
{
    const sac_value none = {.type = SAC_BSON_UNDEFINED};
    sac_bson_iter iter;
    sac_str array;
    steps next;
    int rc = find_array(self, at, &array);

    if (rc != SAC_OK)
        return rc;
    if (!array.p)
        return put_key(self, at);
    self->keys->multikey = true;
    rc = sac_bson_iter_init(&iter, array);
    if (rc == SAC_OK)
        rc = sac_bson_iter_next(&iter);
    if (rc == 0) {
        choose(self, at, &none, &next);
        return put_key(self, &next);
    }
    for (; rc == 1; rc = sac_bson_iter_next(&iter)) {
        int failed;

        choose(self, at, &iter.value, &next);
        failed = expand(self, &next);
        if (failed != SAC_OK)
            return failed;
    }
    return rc < 0 ? fail(self, rc, sac_err_text(rc)) : SAC_OK;
}

static int order(const void *a, const void *b)
{
    return sac__lmdb_keys_order(*(const sac_str *)a, *(const sac_str *)b);
}

/* The bytes have moved while they grew: their addresses are known now. */
static void settle(sac__lmdb_keys *keys)
{
    sac_str *list = (sac_str *)(void *)keys->list.p;
    const char *p = keys->bytes.p;
    size_t n = 0;
    size_t i;

    for (i = 0; i < keys->n; i++) {
        list[i].p = p;
        p += list[i].n;
    }
    if (keys->n < 2)
        return;
    qsort(list, keys->n, sizeof *list, order);
    for (i = 1; i < keys->n; i++)
        if (sac__lmdb_keys_order(list[n], list[i]) != 0)
            list[++n] = list[i];
    keys->n = n + 1;
}

void sac__lmdb_keys_init(sac__lmdb_keys *keys)
{
    keys->n = 0;
    sac__buf_init(&keys->bytes, NULL, 2 * BYTES_MAX);
    sac__buf_init(&keys->list, NULL, 2 * BYTES_MAX);
    sac__buf_init(&keys->scratch, NULL, BYTES_MAX);
}

void sac__lmdb_keys_fini(sac__lmdb_keys *keys)
{
    sac__buf_fini(&keys->bytes);
    sac__buf_fini(&keys->list);
    sac__buf_fini(&keys->scratch);
}

int sac__lmdb_keys_make(sac__lmdb_keys *keys, const sac__lmdb_index *index, sac_str doc, bool cut,
                        sac_err *err)
{
    walk self = {.keys = keys, .index = index, .err = err, .key = &keys->scratch, .cut = cut};
    steps first;
    size_t i;
    int rc;

    keys->n = 0;
    keys->bytes.n = 0;
    keys->list.n = 0;
    keys->bytes.error = SAC_OK;
    keys->list.error = SAC_OK;
    keys->scratch.error = SAC_OK;
    keys->multikey = false;
    keys->was_cut = false;
    if (doc.n == 0)
        return SAC_OK;
    for (i = 0; i < index->n; i++) {
        first.of[i] = (step){.rest = index->fields[i].path, .value = {SAC_BSON_DOCUMENT, doc}};
        follow(&first.of[i]);
    }
    rc = expand(&self, &first);
    if (rc == SAC_OK)
        settle(keys);
    return rc;
}

int sac__lmdb_index_entries(const sac__lmdb_index *index, sac_str doc,
                            int (*entry)(void *self, sac_str key), void *self, sac_err *err)
{
    sac__lmdb_keys keys;
    size_t i;
    int rc;

    sac__lmdb_keys_init(&keys);
    rc = sac__lmdb_keys_make(&keys, index, doc, false, err);
    for (i = 0; rc == 0 && i < keys.n; i++)
        rc = entry(self, sac__lmdb_keys_at(&keys, i));
    sac__lmdb_keys_fini(&keys);
    return rc;
}
