/* SPDX-License-Identifier: MIT */
#include "session/tagged.h"

#include "bson/members.h"
#include "bson/wire.h"
#include "http/precondition.h"
#include "json/number/numeral.h"
#include "json/text.h"

enum { SECOND = 1000, UUID_SUBTYPE = 4 };

#define YEAR_1 INT64_C(-62135596800)
#define YEAR_10000 INT64_C(253402300800)

sac__tag sac__tag_of(sac_str key)
{
    if (key.n < 2 || key.n > 3 || key.p[0] != ' ')
        return SAC__TAG_NONE;
    if (key.n == 3)
        return key.p[1] == 'd' && key.p[2] == 'i' ? SAC__TAG_DICT : SAC__TAG_NONE;
    switch (key.p[1]) {
    case 't': return SAC__TAG_TUPLE;
    case 'b': return SAC__TAG_BYTES;
    case 'm': return SAC__TAG_MARKUP;
    case 'u': return SAC__TAG_UUID;
    case 'd': return SAC__TAG_DATE;
    default: return SAC__TAG_NONE;
    }
}

/* Whether it is a document of one member, which `iter` then is at. */
static bool is_single(sac_str doc, sac_bson_iter *iter)
{
    sac_bson_iter next;

    if (sac_bson_iter_init(iter, doc) != SAC_OK || sac_bson_iter_next(iter) != 1)
        return false;
    next = *iter;
    return sac_bson_iter_next(&next) == 0;
}

bool sac__tag_holds(sac__tag tag, const sac_value *value)
{
    sac_bson_iter inner;

    switch (tag) {
    case SAC__TAG_TUPLE: return value->type == SAC_BSON_ARRAY;
    case SAC__TAG_MARKUP: return value->type == SAC_BSON_STRING;
    case SAC__TAG_DICT:
        return value->type == SAC_BSON_DOCUMENT && is_single(value->raw, &inner) &&
               inner.key.n >= 2 && memcmp(inner.key.p + inner.key.n - 2, "__", 2) == 0;
    default: return false;
    }
}

typedef struct writer {
    sac__buf *out;
    sac__arena *arena;
    unsigned depth;
} writer;

static int write_value(writer *w, const sac_value *value);

typedef struct member {
    sac_str key;
    sac_value value;
} member;

typedef struct members {
    member *v;
    size_t n;
} members;

static int compare_keys(sac_str a, sac_str b)
{
    const size_t n = a.n < b.n ? a.n : b.n;
    const int order = n ? memcmp(a.p, b.p, n) : 0;

    return order ? order : (a.n > b.n) - (a.n < b.n);
}

static bool is_less(void *self, size_t a, size_t b)
{
    const members *all = self;

    return compare_keys(all->v[a].key, all->v[b].key) < 0;
}

static void swap(void *self, size_t a, size_t b)
{
    members *all = self;
    const member kept = all->v[a];

    all->v[a] = all->v[b];
    all->v[b] = kept;
}

/* Whether the keys ascend, which they do in what was read; how many there are. */
static int look_at_keys(sac_str doc, size_t *n, bool *sorted)
{
    sac_str last = {NULL, 0};
    sac_bson_iter iter;
    int rc = sac_bson_iter_init(&iter, doc);

    *n = 0;
    *sorted = true;
    while (rc == SAC_OK && (rc = sac_bson_iter_next(&iter)) == 1) {
        *sorted = *sorted && (!last.p || compare_keys(last, iter.key) < 0);
        last = iter.key;
        ++*n;
        rc = SAC_OK;
    }
    return rc;
}

static int write_member(writer *w, bool first, sac_str key, const char *suffix,
                        const sac_value *value)
{
    int rc;

    if (!first)
        sac__buf_add_char(w->out, ',');
    rc = sac__python_str(key, w->out);
    if (rc != SAC_OK)
        return rc;
    if (*suffix) {
        w->out->n--; /* the closing quote */
        sac__buf_add_text(w->out, suffix);
        sac__buf_add_char(w->out, '"');
    }
    sac__buf_add_char(w->out, ':');
    return write_value(w, value);
}

/* Python's dict has each key once, and so has what is written. */
static int write_sorted(writer *w, sac_str doc, size_t n)
{
    members all = {.v = sac__arena_get(w->arena, n * sizeof(member))};
    const sac__sorting sorting = {.less = is_less, .swap = swap, .self = &all};
    sac_bson_iter iter;
    int rc = sac_bson_iter_init(&iter, doc);

    if (!all.v)
        return SAC_ENOMEM;
    while (rc == SAC_OK && sac_bson_iter_next(&iter) == 1)
        all.v[all.n++] = (member){iter.key, iter.value};
    sac__sort(&sorting, all.n);
    for (size_t i = 0; i < all.n && rc == SAC_OK; i++) {
        if (i > 0 && sac_str_eq(all.v[i - 1].key, all.v[i].key))
            return SAC_EINVAL;
        rc = write_member(w, i == 0, all.v[i].key, "", &all.v[i].value);
    }
    return rc;
}

static int write_members(writer *w, sac_str doc)
{
    sac_bson_iter iter;
    bool sorted, first = true;
    size_t n;
    int rc = look_at_keys(doc, &n, &sorted);

    if (rc != SAC_OK)
        return rc;
    if (!sorted)
        return write_sorted(w, doc, n);
    rc = sac_bson_iter_init(&iter, doc);
    for (; rc == SAC_OK && sac_bson_iter_next(&iter) == 1; first = false)
        rc = write_member(w, first, iter.key, "", &iter.value);
    return rc;
}

/* `outer`: the session itself, which is a dict whatever it looks like. */
static int write_document(writer *w, sac_str doc, bool outer)
{
    sac_bson_iter one;
    const sac__tag tag = is_single(doc, &one) ? sac__tag_of(one.key) : SAC__TAG_NONE;
    int rc;

    if (++w->depth > SAC_BSON_DEPTH)
        return SAC_ELIMIT;
    sac__buf_add_char(w->out, '{');
    if (tag != SAC__TAG_NONE && (outer || !sac__tag_holds(tag, &one.value))) {
        sac__buf_add_text(w->out, "\" di\":{");
        rc = write_member(w, true, one.key, "__", &one.value);
        sac__buf_add_char(w->out, '}');
    } else {
        rc = write_members(w, doc);
    }
    sac__buf_add_char(w->out, '}');
    w->depth--;
    return rc;
}

static int write_array(writer *w, sac_str array)
{
    sac_bson_iter iter;
    bool first = true;
    int rc = sac_bson_iter_init(&iter, array);

    if (++w->depth > SAC_BSON_DEPTH)
        return SAC_ELIMIT;
    sac__buf_add_char(w->out, '[');
    while (rc == SAC_OK && (rc = sac_bson_iter_next(&iter)) == 1) {
        if (!first)
            sac__buf_add_char(w->out, ',');
        first = false;
        rc = write_value(w, &iter.value);
    }
    sac__buf_add_char(w->out, ']');
    w->depth--;
    return rc;
}

static void add_end(sac__buf *out, const char *end)
{
    out->n = (size_t)(end - out->p);
}

static int write_binary(writer *w, const sac_value *value)
{
    sac__buf *out = w->out;
    uint8_t subtype;
    sac_str bytes;

    if (!sac_value_binary(value, &subtype, &bytes))
        return SAC_ECORRUPT;
    if (subtype == SAC__TAGGED_INTEGER && sac__python_is_big(bytes)) {
        sac__buf_add_str(out, bytes);
    } else if (subtype == UUID_SUBTYPE && bytes.n == 16) {
        sac__buf_add_text(out, "{\" u\":\"");
        if (sac__buf_room(out, 32))
            add_end(out, sac__text_print_hex(out->p + out->n, bytes.p, bytes.n));
        sac__buf_add_text(out, "\"}");
    } else if (subtype == 0) {
        sac__buf_add_text(out, "{\" b\":\"");
        if (sac__buf_room(out, bytes.n / 3 * 4 + 4))
            add_end(out, sac__text_print_base64(out->p + out->n, bytes.p, bytes.n));
        sac__buf_add_text(out, "\"}");
    } else {
        return SAC_EINVAL;
    }
    return out->error;
}

/* A datetime has the years 1 to 9999. */
static int write_date(writer *w, int64_t ms)
{
    const int64_t seconds = ms / SECOND - (ms % SECOND < 0);
    char text[29];

    if (seconds < YEAR_1 || seconds >= YEAR_10000)
        return SAC_EINVAL;
    sac__http_date_print(seconds, text);
    sac__buf_add_text(w->out, "{\" d\":\"");
    sac__buf_add(w->out, text, sizeof text);
    sac__buf_add_text(w->out, "\"}");
    return w->out->error;
}

static int write_double(writer *w, double value)
{
    if (sac__buf_room(w->out, 32))
        add_end(w->out, sac__python_float(w->out->p + w->out->n, value));
    return w->out->error;
}

static int write_oid(writer *w, const sac_oid *oid)
{
    sac__buf_add_char(w->out, '"');
    if (sac__buf_room(w->out, 24)) {
        sac_oid_hex(oid, w->out->p + w->out->n);
        w->out->n += 24;
    }
    sac__buf_add_char(w->out, '"');
    return w->out->error;
}

static int write_text(writer *w, const char *text)
{
    sac__buf_add_text(w->out, text);
    return w->out->error;
}

static int write_value(writer *w, const sac_value *value)
{
    double number = 0;
    int64_t n = 0;
    sac_oid oid;
    sac_str s;

    switch (value->type) {
    case SAC_BSON_DOUBLE:
        return sac_value_double(value, &number) ? write_double(w, number) : SAC_ECORRUPT;
    case SAC_BSON_STRING:
        return sac_value_str(value, &s) ? sac__python_str(s, w->out) : SAC_ECORRUPT;
    case SAC_BSON_DOCUMENT: return write_document(w, value->raw, false);
    case SAC_BSON_ARRAY: return write_array(w, value->raw);
    case SAC_BSON_BINARY: return write_binary(w, value);
    case SAC_BSON_OBJECTID: return sac_value_oid(value, &oid) ? write_oid(w, &oid) : SAC_ECORRUPT;
    case SAC_BSON_BOOL: return write_text(w, *value->raw.p ? "true" : "false");
    case SAC_BSON_DATE: return sac_value_date(value, &n) ? write_date(w, n) : SAC_ECORRUPT;
    case SAC_BSON_NULL: return write_text(w, "null");
    case SAC_BSON_INT32:
    case SAC_BSON_INT64:
        if (!sac_value_int(value, &n))
            return SAC_ECORRUPT;
        sac__buf_add_int(w->out, n);
        return w->out->error;
    default: return SAC_EINVAL;
    }
}

int sac__tagged_write_value(const sac_value *value, sac__arena *arena, sac__buf *out)
{
    writer w = {.out = out, .arena = arena};

    return write_value(&w, value);
}

int sac__tagged_write(sac_str doc, sac__arena *arena, sac__buf *out)
{
    writer w = {.out = out, .arena = arena};

    return write_document(&w, doc, true);
}
