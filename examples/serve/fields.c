/* SPDX-License-Identifier: MIT */
/* The field tables and indexes of a configuration. */
#include <string.h>

#include <sacrum/index.h>
#include <sacrum/resource.h>

#include "reader.h"

static const char *const types[] = {[SAC_ANY] = "any",           [SAC_STRING] = "string",
                                    [SAC_BOOL] = "bool",         [SAC_INT] = "int",
                                    [SAC_INT64] = "int64",       [SAC_DOUBLE] = "double",
                                    [SAC_DECIMAL] = "decimal",   [SAC_DATE] = "date",
                                    [SAC_OBJECTID] = "objectid", [SAC_UUID] = "uuid",
                                    [SAC_BINARY] = "binary",     [SAC_DOCUMENT] = "document",
                                    [SAC_ARRAY] = "array",       NULL};

static int read_type(reader *r, const cJSON *value, void *to)
{
    int type = SAC_ANY;

    if (read_name(r, value, types, &type) != 0)
        return -1;
    ((sac_field *)to)->type = (sac_type)type;
    return 0;
}

/* now(), objectid() and uuid() are made; anything else is the value itself. */
static int read_default(reader *r, const cJSON *value, void *to)
{
    sac_field *field = to;
    static const struct {
        sac_type type;
        const char *made;
    } makers[] = {{SAC_DATE, "now()"}, {SAC_OBJECTID, "objectid()"}, {SAC_UUID, "uuid()"}};

    for (size_t i = 0; i < sizeof makers / sizeof *makers; i++) {
        if (field->type == makers[i].type && cJSON_IsString(value) &&
            strcmp(value->valuestring, makers[i].made) == 0) {
            field->fallback = makers[i].made;
            return 0;
        }
    }
    return read_text(r, value, &field->fallback);
}

static int read_bound(reader *r, const cJSON *value, void *to)
{
    if (!cJSON_IsNumber(value) && !cJSON_IsString(value))
        return wrong(r, "must be a number or, for dates and exact numbers, a string");
    return read_text(r, value, to);
}

static int read_choice(reader *r, const cJSON *value, void *to)
{
    return cJSON_IsString(value) ? read_string(r, value, to) : read_text(r, value, to);
}

static int read_one_of(reader *r, const cJSON *value, void *to)
{
    const char **choices;
    const cJSON *element;
    size_t n = 0;

    if (!cJSON_IsArray(value) || !value->child)
        return wrong(r, "must be an array of values");
    choices = keep(r->kept, ((size_t)cJSON_GetArraySize(value) + 1) * sizeof *choices);
    cJSON_ArrayForEach(element, value) if (read_member(r, element, read_choice, &choices[n++]) !=
                                           0) return -1;
    *(const char *const **)to = choices;
    return 0;
}

/* Seconds, as MongoDB counts them: 0 is at the date itself. */
static int read_expires(reader *r, const cJSON *value, void *to)
{
    uint32_t seconds = 0;

    if (read_uint32(r, value, &seconds) != 0)
        return -1;
    *(int64_t *)to = seconds ? (int64_t)seconds : SAC_EXPIRES_THEN;
    return 0;
}

static int read_computed(reader *r, const cJSON *value, void *to)
{
    static const char *const names[] = {
        [SAC_NOT_COMPUTED] = "nothing", [SAC_COMPUTED_URL] = "url", NULL};
    int computed;

    if (read_name(r, value, names, &computed) != 0)
        return -1;
    *(sac_computed *)to = (sac_computed)computed;
    return 0;
}

static read_fn read_items;

static const member field_members[] = {
    {"type", read_type, 0},
    {"required", read_bool, offsetof(sac_field, required)},
    {"nullable", read_bool, offsetof(sac_field, nullable)},
    {"read_only", read_bool, offsetof(sac_field, read_only)},
    {"write_once", read_bool, offsetof(sac_field, write_once)},
    {"secret", read_bool, offsetof(sac_field, secret)},
    {"open", read_bool, offsetof(sac_field, open)},
    {"unfiltered", read_bool, offsetof(sac_field, unfiltered)},
    {"searchable", read_bool, offsetof(sac_field, searchable)},
    {"indexed", read_bool, offsetof(sac_field, indexed)},
    {"unique", read_bool, offsetof(sac_field, unique)},
    {"sparse", read_bool, offsetof(sac_field, sparse)},
    {"expires", read_expires, offsetof(sac_field, expires)},
    {"default", read_default, 0},
    {"min", read_bound, offsetof(sac_field, min)},
    {"max", read_bound, offsetof(sac_field, max)},
    {"one_of", read_one_of, offsetof(sac_field, one_of)},
    {"pattern", read_string, offsetof(sac_field, pattern)},
    {"min_length", read_uint32, offsetof(sac_field, min_length)},
    {"max_length", read_uint32, offsetof(sac_field, max_length)},
    {"fields", read_fields, offsetof(sac_field, fields)},
    {"items", read_items, offsetof(sac_field, items)},
    {"computed", read_computed, offsetof(sac_field, computed)},
    {NULL, NULL, 0},
};

static int read_field(reader *r, const cJSON *value, void *to)
{
    const cJSON *type = cJSON_GetObjectItemCaseSensitive(value, "type");

    if (type && read_member(r, type, read_type, to) != 0) /* first: a default depends on it */
        return -1;
    return read_members(r, value, field_members, to);
}

static int read_items(reader *r, const cJSON *value, void *to)
{
    sac_field *row = keep(r->kept, sizeof *row);

    row->name = "items";
    *(const sac_field **)to = row;
    return read_field(r, value, row);
}

int read_fields(reader *r, const cJSON *value, void *to)
{
    sac_field *rows;
    const cJSON *field;
    size_t n = 0;

    if (!cJSON_IsObject(value))
        return wrong(r, "must be an object: a name and its rules for each field");
    rows = keep(r->kept, ((size_t)cJSON_GetArraySize(value) + 1) * sizeof *rows);
    cJSON_ArrayForEach(field, value)
    {
        rows[n].name = field->string;
        if (read_member(r, field, read_field, &rows[n++]) != 0)
            return -1;
    }
    *(const sac_field **)to = rows;
    return 0;
}

static const member index_members[] = {
    {"keys", read_string, offsetof(sac_index, keys)},
    {"name", read_string, offsetof(sac_index, name)},
    {"unique", read_bool, offsetof(sac_index, unique)},
    {"sparse", read_bool, offsetof(sac_index, sparse)},
    {"expires", read_expires, offsetof(sac_index, expires)},
    {NULL, NULL, 0},
};

static int read_index(reader *r, const cJSON *value, void *to)
{
    if (read_members(r, value, index_members, to) != 0)
        return -1;
    return ((sac_index *)to)->keys ? 0 : wrong(r, "has no keys, as \"city,-name\"");
}

int read_indexes(reader *r, const cJSON *value, void *to)
{
    sac_index *indexes;
    const cJSON *index;
    size_t n = 0;

    if (!cJSON_IsArray(value))
        return wrong(r, "must be an array of indexes");
    indexes = keep(r->kept, ((size_t)cJSON_GetArraySize(value) + 1) * sizeof *indexes);
    cJSON_ArrayForEach(index,
                       value) if (read_member(r, index, read_index, &indexes[n++]) != 0) return -1;
    *(const sac_index **)to = indexes;
    return 0;
}
