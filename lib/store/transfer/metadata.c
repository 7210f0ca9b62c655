/* SPDX-License-Identifier: MIT */
#include "core/alloc.h"
#include "json/encode.h"
#include "store/index.h"
#include "store/transfer/side.h"

/* A collection's metadata in a dump, as mongodump of MongoDB's tools 100 writes it. */

static void add_key(sac__buf *keys, sac_str field, bool descending)
{
    sac__json_encode_str(keys, field);
    sac__buf_add_text(keys, descending ? ":{\"$numberInt\":\"-1\"}" : ":{\"$numberInt\":\"1\"}");
}

void sac__metadata_add(sac__buf *keys, const sac_index *index)
{
    sac_str rest = sac_str_of(index->keys);
    bool descending;

    sac__buf_add_text(keys, ",{\"v\":{\"$numberInt\":\"2\"},\"key\":{");
    while (rest.n > 0) {
        const sac_str field = sac__index_field(&rest, &descending);

        add_key(keys, field, descending);
        if (rest.n > 0)
            sac__buf_add_char(keys, ',');
    }
    sac__buf_add_text(keys, "},\"name\":");
    sac__json_encode_str(keys, sac_str_of(index->name));
    if (index->unique)
        sac__buf_add_text(keys, ",\"unique\":true");
    if (index->sparse)
        sac__buf_add_text(keys, ",\"sparse\":true");
    if (index->expires)
        sac__buf_printf(keys, ",\"expireAfterSeconds\":{\"$numberLong\":\"%lld\"}",
                        index->expires == SAC_EXPIRES_THEN ? 0LL : (long long)index->expires);
    sac__buf_add_char(keys, '}');
}

void sac__metadata_write(const sac__buf *keys, const char *collection, sac__buf *out)
{
    sac__buf_add_text(out, "{\"options\":{},\"indexes\":[{\"v\":{\"$numberInt\":\"2\"},"
                           "\"key\":{\"_id\":{\"$numberInt\":\"1\"}},\"name\":\"_id_\"}");
    sac__buf_add_str(out, sac__buf_str(keys));
    sac__buf_add_text(out, "],\"collectionName\":");
    sac__json_encode_str(out, sac_str_of(collection));
    sac__buf_add_text(out, ",\"type\":\"collection\"}\n");
}

/* One index of the file, told in sac_index's words where they suffice. */
typedef struct reading {
    sac_index index;
    bool known;
    char name[SAC__INDEX_NAME + 1];
    char keys[SAC__INDEX_KEYS + 1];
} reading;

static bool add_field(reading *r, size_t *at, sac_str field, const sac_value *order)
{
    double direction;

    if (!sac_value_double(order, &direction) || !(direction < 0 || direction > 0) || field.n == 0 ||
        *field.p == '-' || memchr(field.p, ',', field.n) || *at + field.n + 3 > sizeof r->keys)
        return false;
    if (*at)
        r->keys[(*at)++] = ',';
    if (direction < 0)
        r->keys[(*at)++] = '-';
    memcpy(r->keys + *at, field.p, field.n);
    *at += field.n;
    r->keys[*at] = '\0';
    return true;
}

static bool read_keys(reading *r, const sac_value *value)
{
    sac_bson_iter iter;
    size_t at = 0;
    sac_str keys;

    if (!sac_value_doc(value, &keys) || sac_bson_iter_init(&iter, keys) != SAC_OK)
        return false;
    while (sac_bson_iter_next(&iter) == 1)
        if (!add_field(r, &at, iter.key, &iter.value))
            return false;
    return at > 0;
}

static bool read_name(reading *r, const sac_value *value)
{
    sac_str name;

    if (!sac_value_str(value, &name) || name.n == 0 || name.n >= sizeof r->name ||
        memchr(name.p, 0, name.n))
        return false;
    memcpy(r->name, name.p, name.n);
    r->name[name.n] = '\0';
    return true;
}

/* Old servers wrote flags as numbers. */
static bool is_true(const sac_value *value)
{
    double number;
    bool flag;

    if (sac_value_bool(value, &flag))
        return flag;
    return sac_value_double(value, &number) && number != 0;
}

static bool read_expires(reading *r, const sac_value *value)
{
    double seconds;

    if (!sac_value_double(value, &seconds) || !(seconds >= 0 && seconds <= INT32_MAX))
        return false;
    r->index.expires = seconds < 1 ? SAC_EXPIRES_THEN : (int64_t)seconds;
    return true;
}

static bool read_member(reading *r, const sac_bson_iter *member)
{
    const sac_str key = member->key;

    if (sac_str_is(key, "key"))
        return read_keys(r, &member->value);
    if (sac_str_is(key, "name"))
        return read_name(r, &member->value);
    if (sac_str_is(key, "expireAfterSeconds"))
        return read_expires(r, &member->value);
    if (sac_str_is(key, "unique"))
        r->index.unique = is_true(&member->value);
    else if (sac_str_is(key, "sparse"))
        r->index.sparse = is_true(&member->value);
    else
        return sac_str_is(key, "v") || sac_str_is(key, "ns") || sac_str_is(key, "background");
    return true;
}

static void read_index(reading *r, sac_str doc)
{
    sac_bson_iter iter;

    memset(r, 0, sizeof *r);
    if (sac_bson_iter_init(&iter, doc) != SAC_OK)
        return;
    r->known = true;
    while (sac_bson_iter_next(&iter) == 1)
        r->known &= read_member(r, &iter);
    r->index.name = r->name[0] ? r->name : NULL;
    r->index.keys = r->known && r->keys[0] ? r->keys : NULL;
}

static int give_indexes(sac_str metadata, int (*index)(void *to, const sac_index *index), void *to)
{
    const sac_value value = sac_bson_get(metadata, sac_str_of("indexes"));
    sac_bson_iter iter;
    sac_str array, doc;
    reading r;
    int rc = SAC_OK;

    if (!sac_value_doc(&value, &array) || sac_bson_iter_init(&iter, array) != SAC_OK)
        return SAC_OK;
    while (rc == SAC_OK && sac_bson_iter_next(&iter) == 1) {
        if (!sac_value_doc(&iter.value, &doc))
            continue;
        read_index(&r, doc);
        if (strcmp(r.name, "_id_") != 0)
            rc = index(to, &r.index);
    }
    return rc;
}

int sac__metadata_read(const char *file, sac_str json,
                       int (*index)(void *to, const sac_index *index), void *to,
                       const sac_alloc *alloc, sac_err *err)
{
    sac_err why = {.code = 0};
    sac_str doc;
    int rc = sac_json_decode(json, NULL, alloc, &doc, &why);

    if (rc != SAC_OK)
        return sac_err_set(err, rc == SAC_ENOMEM ? rc : SAC_ECORRUPT, "%.70s: %s", file, why.text);
    rc = give_indexes(doc, index, to);
    sac__alloc_free(alloc, (void *)doc.p, doc.n);
    return rc;
}
