/* SPDX-License-Identifier: MIT */
#include "query/path.h"

#include "bson/wire.h"

/* No array of 16 MiB has an index of more digits. */
enum { INDEX_DIGITS = 8 };

typedef struct walk {
    const sac__path_part *parts;
    size_t n;
    sac__path_fn *each;
    void *self;
} walk;

static int walk_array(const walk *w, sac_str array, size_t i);

/* Of digits, without leading zeros, as arrays number their elements. */
static int64_t index_of(sac_str name)
{
    int64_t index = 0;

    if (name.n == 0 || name.n > INDEX_DIGITS || (name.n > 1 && name.p[0] == '0'))
        return -1;
    for (size_t i = 0; i < name.n; i++) {
        if (name.p[i] < '0' || name.p[i] > '9')
            return -1;
        index = index * 10 + (name.p[i] - '0');
    }
    return index;
}

int sac__path_split(sac_str path, sac__path_part parts[SAC__PATH_PARTS], size_t *n)
{
    size_t count = 0, numbers = 0;
    const char *dot;

    do {
        dot = path.n ? memchr(path.p, '.', path.n) : NULL;
        if (count == SAC__PATH_PARTS)
            return SAC_ELIMIT;
        parts[count].name = sac_str_n(path.p, dot ? (size_t)(dot - path.p) : path.n);
        parts[count].index = index_of(parts[count].name);
        if (parts[count].index >= 0 && ++numbers > SAC__PATH_NUMBERS)
            return SAC_ELIMIT;
        if (dot)
            path = sac_str_n(dot + 1, path.n - parts[count].name.n - 1);
        count++;
    } while (dot);
    *n = count;
    return SAC_OK;
}

static int get(sac_str doc, sac_str name, sac_value *out)
{
    sac_bson_iter iter;
    int rc = sac_bson_iter_init(&iter, doc);

    *out = (sac_value){.type = SAC_BSON_MISSING};
    if (rc != SAC_OK)
        return rc;
    while ((rc = sac_bson_iter_next(&iter)) == 1) {
        if (sac_str_eq(iter.key, name)) {
            *out = iter.value;
            return SAC_OK;
        }
    }
    return rc;
}

/* From a value that is no array, or the end of the path, on. */
static int walk_value(const walk *w, sac_value value, size_t i)
{
    int rc;

    while (i < w->n) {
        if (value.type == SAC_BSON_ARRAY)
            return walk_array(w, value.raw, i);
        if (value.type == SAC_BSON_DOCUMENT) {
            rc = get(value.raw, w->parts[i].name, &value);
            if (rc != SAC_OK)
                return rc;
        } else {
            value = (sac_value){.type = SAC_BSON_MISSING};
        }
        i++;
    }
    return w->each(w->self, &value, false);
}

static int walk_index(const walk *w, const sac_value *value, size_t i)
{
    if (i + 1 == w->n)
        return w->each(w->self, value, true);
    if (value->type == SAC_BSON_DOCUMENT || value->type == SAC_BSON_ARRAY)
        return walk_value(w, *value, i + 1);
    return SAC_OK;
}

/* Each document of an array may have the name, and so may the array as an index. */
static int walk_array(const walk *w, sac_str array, size_t i)
{
    sac_bson_iter iter;
    int64_t index = 0;
    int rc = sac_bson_iter_init(&iter, array);

    if (rc != SAC_OK)
        return rc;
    for (; (rc = sac_bson_iter_next(&iter)) == 1; index++) {
        if (iter.value.type == SAC_BSON_DOCUMENT) {
            rc = walk_value(w, iter.value, i);
            if (rc != SAC_OK)
                return rc;
        }
        if (index == w->parts[i].index) {
            rc = walk_index(w, &iter.value, i);
            if (rc != SAC_OK)
                return rc;
        }
    }
    return rc;
}

int sac__path_walk(const sac_value *from, const sac__path_part *rest, size_t n, sac__path_fn *each,
                   void *self)
{
    const walk w = {.parts = rest, .n = n, .each = each, .self = self};

    return walk_value(&w, *from, 0);
}

typedef struct giver {
    int (*each)(void *self, const sac_value *value);
    void *self;
    bool given;
} giver;

static int give(void *self, const sac_value *value, bool whole)
{
    giver *g = (giver *)self;

    (void)whole;
    g->given = true;
    return g->each(g->self, value);
}

int sac__path_each(sac_str doc, sac_str path, int (*each)(void *self, const sac_value *value),
                   void *self)
{
    const sac_value missing = {.type = SAC_BSON_MISSING};
    const sac_value whole = {.type = SAC_BSON_DOCUMENT, .raw = doc};
    giver g = {.each = each, .self = self};
    sac__path_part parts[SAC__PATH_PARTS];
    size_t n;
    int rc = sac__path_split(path, parts, &n);

    if (rc != SAC_OK)
        return rc;
    rc = sac__path_walk(&whole, parts, n, give, &g);
    return rc == SAC_OK && !g.given ? each(self, &missing) : rc;
}
