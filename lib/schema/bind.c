/* SPDX-License-Identifier: MIT */
#include "schema/bind.h"

#include "bson/wire.h"
#include "core/utf8.h"
#include "schema/rule.h"

/* Rows of one table that is bound; a bit on the stack for each. */
#define ROWS_MAX 1024

enum { UUID_SUBTYPE = 4, UUID_BYTES = 16, PATH_BYTES = 120 };

typedef struct place {
    uint32_t offset, size; /* size 0: the row is not bound */
    const sac__binding *inner;
} place;

struct sac__binding {
    const sac__plan *plan;
    const place *places; /* one for each row of the plan */
};

typedef struct binder {
    sac__schema *schema;
    sac__buf path;
    sac_err *err;
} binder;

static int refuse(const binder *b, const char *why)
{
    return sac_err_set(b->err, SAC_EINVAL, "field \"%.*s\": member: %s", (int)b->path.n, b->path.p,
                       why);
}

static const sac_field *row_of(const sac__plan_field *field)
{
    return &sac__rule_of(field)->row;
}

static bool has_members(const sac__plan *plan)
{
    for (size_t i = 0; plan && i < plan->n; i++)
        if (row_of(&plan->fields[i])->member_size > 0)
            return true;
    return false;
}

/* What a member of the type is called, and whether it may have the size. */
static const char *kind_of(sac_type type, size_t size, bool *fits)
{
    const char *name = "int64_t";
    size_t want = sizeof(int64_t);

    switch (type) {
    case SAC_STRING:
    case SAC_BINARY:
    case SAC_ARRAY:
    case SAC_DOCUMENT:
        name = "sac_str";
        want = sizeof(sac_str);
        break;
    case SAC_BOOL:
        name = "bool";
        want = sizeof(bool);
        break;
    case SAC_INT: name = "int32_t or int64_t"; break;
    case SAC_DOUBLE: name = "double"; break;
    case SAC_OBJECTID:
        name = "sac_oid";
        want = sizeof(sac_oid);
        break;
    case SAC_UUID:
        name = "uint8_t[16]";
        want = UUID_BYTES;
        break;
    case SAC_ANY:
    case SAC_DECIMAL:
        name = "sac_value";
        want = sizeof(sac_value);
        break;
    default: break;
    }
    *fits = size == want || (type == SAC_INT && size == sizeof(int32_t));
    return name;
}

static int bind_table(binder *b, const sac__plan *plan, size_t struct_size,
                      const sac__binding **out);

static int bind_row(binder *b, const sac__plan_field *field, size_t struct_size, place *out)
{
    const sac_field *row = row_of(field);
    const char *name;
    char why[64];
    sac__buf text;
    bool fits;

    if (row->member_size == 0)
        return SAC_OK;
    if (row->member_size > struct_size || row->member_offset > struct_size - row->member_size)
        return refuse(b, struct_size ? "outside of the struct"
                                     : "outside of the struct, as struct_size is not set");
    out->offset = row->member_offset;
    out->size = row->member_size;
    if (has_members(field->plan))
        return bind_table(b, field->plan, row->member_size, &out->inner);
    name = kind_of(row->type, row->member_size, &fits);
    if (fits)
        return SAC_OK;
    sac__buf_init_fixed(&text, why, sizeof why);
    sac__buf_printf(&text, "%lu bytes, where %s is due", (unsigned long)row->member_size, name);
    return sac_err_set(b->err, SAC_EINVAL, "field \"%.*s\": member: %.*s", (int)b->path.n,
                       b->path.p, (int)text.n, text.p);
}

/* As deep as the table, whose depth was bounded when it was compiled. */
static int bind_table(binder *b, const sac__plan *plan, size_t struct_size,
                      const sac__binding **out)
{
    sac__binding *made = sac__arena_get_zero(b->schema->memory, sizeof *made);
    place *places = sac__arena_get_zero(b->schema->memory, (plan->n + 1) * sizeof *places);
    const size_t at = b->path.n;
    int rc = SAC_OK;

    if (!made || !places)
        return SAC_ENOMEM;
    if (plan->n > ROWS_MAX && has_members(plan))
        return sac_err_set(b->err, SAC_EINVAL, "fields: more than %d rows of one struct", ROWS_MAX);
    for (size_t i = 0; i < plan->n && rc == SAC_OK; i++) {
        if (at > 0)
            sac__buf_add_char(&b->path, '.');
        sac__buf_add_str(&b->path, plan->fields[i].name);
        rc = bind_row(b, &plan->fields[i], struct_size, &places[i]);
        b->path.n = at;
    }
    made->plan = plan;
    made->places = places;
    *out = made;
    return rc;
}

int sac__binding_new(sac__schema *schema, size_t struct_size, const sac__binding **out,
                     sac_err *err)
{
    binder b = {.schema = schema, .err = err};
    const sac__binding *made = NULL;
    char path[PATH_BYTES];
    int rc;

    sac__buf_init_fixed(&b.path, path, sizeof path);
    rc = bind_table(&b, &schema->shown, struct_size, &made);
    if (rc == SAC_OK)
        *out = made;
    return rc == SAC_ENOMEM ? sac_err_set(err, rc, "schema: no memory") : rc;
}

/* Of a field inside of another: puts that one's name before it. */
static int fail_at(sac_err *err, int code, sac_str name, const sac_err *inner)
{
    return sac_err_set(err, code, "%.*s%s%s", (int)name.n, name.p, inner->text[0] == ':' ? "" : ".",
                       inner->text);
}

static int misfit(sac_err *err)
{
    return sac_err_set(err, SAC_ECORRUPT, ": not of its member's type");
}

static int put_int(const place *at, const sac_value *value, char *to, sac_err *err)
{
    int32_t narrow;
    int64_t n;

    if (value->type == SAC_BSON_BOOL || !sac_value_int(value, &n))
        return misfit(err);
    if (at->size == sizeof n) {
        if (to)
            memcpy(to, &n, sizeof n);
        return SAC_OK;
    }
    if (n < INT32_MIN || n > INT32_MAX)
        return misfit(err);
    narrow = (int32_t)n;
    if (to)
        memcpy(to, &narrow, sizeof narrow);
    return SAC_OK;
}

/* Members that are the bytes of the value itself, or its text. */
static bool get_slice(sac_type type, const sac_value *value, sac_str *out)
{
    uint8_t subtype;

    switch (type) {
    case SAC_STRING: return sac_value_str(value, out);
    case SAC_BINARY: return sac_value_binary(value, &subtype, out);
    case SAC_DOCUMENT: return value->type == SAC_BSON_DOCUMENT && sac_value_doc(value, out);
    case SAC_ARRAY: return value->type == SAC_BSON_ARRAY && sac_value_doc(value, out);
    case SAC_UUID:
        return sac_value_binary(value, &subtype, out) && subtype == UUID_SUBTYPE &&
               out->n == UUID_BYTES;
    default: return false;
    }
}

/* Values whose length is that of the member. */
static int put_fixed(sac_type type, const sac_value *value, char *to, sac_err *err)
{
    union {
        bool truth;
        int64_t ms;
        double number;
        sac_oid oid;
    } v;
    size_t n;
    bool fits;

    switch (type) {
    case SAC_BOOL:
        fits = sac_value_bool(value, &v.truth);
        n = sizeof v.truth;
        break;
    case SAC_DATE:
        fits = sac_value_date(value, &v.ms);
        n = sizeof v.ms;
        break;
    case SAC_DOUBLE:
        fits = sac_value_double(value, &v.number);
        n = sizeof v.number;
        break;
    default:
        fits = sac_value_oid(value, &v.oid);
        n = sizeof v.oid;
        break;
    }
    if (!fits)
        return misfit(err);
    if (to)
        memcpy(to, &v, n);
    return SAC_OK;
}

static int put_slice(sac_type type, const sac_value *value, char *to, sac_err *err)
{
    sac_str s;

    if (!get_slice(type, value, &s))
        return misfit(err);
    if (to && type == SAC_UUID)
        memcpy(to, s.p, UUID_BYTES);
    else if (to)
        memcpy(to, &s, sizeof s);
    return SAC_OK;
}

static void put_null(const sac__plan_field *field, char *to)
{
    const sac_value null = {.type = SAC_BSON_NULL};
    const sac_str none = {NULL, 0};

    switch (field->type) {
    case SAC_ANY:
    case SAC_DECIMAL: memcpy(to, &null, sizeof null); break;
    case SAC_STRING:
    case SAC_BINARY:
    case SAC_DOCUMENT:
    case SAC_ARRAY: memcpy(to, &none, sizeof none); break;
    default: break;
    }
}

static int put(const sac__plan_field *field, const place *at, const sac_value *value, char *to,
               sac_err *err)
{
    if (value->type == SAC_BSON_NULL) {
        if (to && !at->inner)
            put_null(field, to);
        return SAC_OK;
    }
    if (at->inner && value->type != SAC_BSON_DOCUMENT)
        return misfit(err);
    if (at->inner)
        return sac__binding_read(at->inner, value->raw, to, err);
    switch (field->type) {
    case SAC_INT:
    case SAC_INT64: return put_int(at, value, to, err);
    case SAC_BOOL:
    case SAC_DATE:
    case SAC_DOUBLE:
    case SAC_OBJECTID: return put_fixed((sac_type)field->type, value, to, err);
    case SAC_ANY:
    case SAC_DECIMAL:
        if (field->type == SAC_DECIMAL && value->type != SAC_BSON_DECIMAL128)
            return misfit(err);
        if (to)
            memcpy(to, value, sizeof *value);
        return SAC_OK;
    default: return put_slice((sac_type)field->type, value, to, err);
    }
}

int sac__binding_read(const sac__binding *binding, sac_str doc, void *to, sac_err *err)
{
    const size_t n = binding->plan->n;
    uint64_t seen[ROWS_MAX / 64];
    sac_bson_iter iter;
    size_t hint = 0;
    int more = sac_bson_iter_init(&iter, doc);

    memset(seen, 0, n < ROWS_MAX ? (n + 63) / 64 * sizeof *seen : sizeof seen);
    while (more >= 0 && (more = sac_bson_iter_next(&iter)) == 1) {
        const sac__plan_field *field = sac__plan_stored(binding->plan, iter.key, &hint);
        const size_t i = field ? (size_t)(field - binding->plan->fields) : 0;
        const place *at = &binding->places[i];
        sac_err why;
        int rc;

        if (!field || at->size == 0 || (seen[i / 64] >> i % 64 & 1))
            continue;
        seen[i / 64] |= (uint64_t)1 << i % 64;
        rc = put(field, at, &iter.value, to ? (char *)to + at->offset : NULL, &why);
        if (rc != SAC_OK)
            return fail_at(err, rc, field->name, &why);
    }
    return more < 0 ? sac_err_set(err, more, ": a damaged document") : SAC_OK;
}

static int unfit(sac_err *err, const char *why)
{
    return sac_err_set(err, SAC_EINVAL, ": %s", why);
}

static int add_slice(const sac__plan_field *field, const char *from, sac_bson *out, sac_err *err)
{
    const bool doc = field->type == SAC_DOCUMENT || field->type == SAC_ARRAY;
    sac_str s;

    memcpy(&s, from, sizeof s);
    if (!s.p)
        return SAC_OK;
    if (doc && !sac__wire_is_doc(s))
        return unfit(err, "no BSON document");
    if (field->type == SAC_STRING && !sac__utf8_valid(s))
        return unfit(err, "not UTF-8");
    if (field->type == SAC_STRING)
        sac_bson_add_str(out, field->name.p, s);
    else if (field->type == SAC_BINARY)
        sac_bson_add_binary(out, field->name.p, 0, s);
    else
        sac_bson_add_value(
            out, field->name,
            (sac_value){field->type == SAC_ARRAY ? SAC_BSON_ARRAY : SAC_BSON_DOCUMENT, s});
    return SAC_OK;
}

static int add_value(const sac__plan_field *field, const char *from, sac_bson *out, sac_err *err)
{
    sac_value value;
    size_t n;

    memcpy(&value, from, sizeof value);
    if (value.type == SAC_BSON_MISSING)
        return SAC_OK;
    if (!sac__wire_size(value.type, value.raw.p, value.raw.n, &n) || n != value.raw.n)
        return unfit(err, "no BSON value");
    if (field->type == SAC_DECIMAL && value.type != SAC_BSON_DECIMAL128 &&
        value.type != SAC_BSON_NULL)
        return unfit(err, "no decimal");
    sac_bson_add_value(out, field->name, value);
    return SAC_OK;
}

static void add_int(const sac__plan_field *field, const place *at, const char *from, sac_bson *out)
{
    int32_t narrow;
    int64_t n;

    if (at->size == sizeof n) {
        memcpy(&n, from, sizeof n);
    } else {
        memcpy(&narrow, from, sizeof narrow);
        n = narrow;
    }
    if (field->type == SAC_DATE)
        sac_bson_add_date(out, field->name.p, n);
    else if (field->type == SAC_INT && n >= INT32_MIN && n <= INT32_MAX)
        sac_bson_add_int32(out, field->name.p, (int32_t)n);
    else
        sac_bson_add_int64(out, field->name.p, n);
}

static int add(const sac__plan_field *field, const place *at, const char *from, sac_bson *out,
               sac_err *err)
{
    const char *name = field->name.p;
    double number;
    uint8_t truth;
    sac_oid oid;

    switch (field->type) {
    case SAC_INT:
    case SAC_INT64:
    case SAC_DATE: add_int(field, at, from, out); return SAC_OK;
    case SAC_BOOL:
        memcpy(&truth, from, sizeof truth);
        sac_bson_add_bool(out, name, truth != 0);
        return SAC_OK;
    case SAC_DOUBLE:
        memcpy(&number, from, sizeof number);
        sac_bson_add_double(out, name, number);
        return SAC_OK;
    case SAC_OBJECTID:
        memcpy(&oid, from, sizeof oid);
        sac_bson_add_oid(out, name, &oid);
        return SAC_OK;
    case SAC_UUID:
        sac_bson_add_binary(out, name, UUID_SUBTYPE, sac_str_n(from, UUID_BYTES));
        return SAC_OK;
    case SAC_ANY:
    case SAC_DECIMAL: return add_value(field, from, out, err);
    default: return add_slice(field, from, out, err);
    }
}

int sac__binding_write(const sac__binding *binding, const void *from, sac_bson *out, sac_err *err)
{
    for (size_t i = 0; i < binding->plan->n; i++) {
        const sac__plan_field *field = &binding->plan->fields[i];
        const place *at = &binding->places[i];
        const char *member = (const char *)from + at->offset;
        sac_err why = {.code = 0};
        int rc;

        if (at->size == 0)
            continue;
        if (at->inner) {
            sac_bson_begin_doc(out, field->name);
            rc = sac__binding_write(at->inner, member, out, &why);
            sac_bson_end(out);
        } else {
            rc = add(field, at, member, out, &why);
        }
        if (rc != SAC_OK)
            return fail_at(err, rc, field->name, &why);
    }
    return SAC_OK;
}
