/* SPDX-License-Identifier: MIT */
#include "schema/rule.h"

#include <stdio.h>

#include <sacrum/index.h>

/* Which members of a row mean something for a type. */
static bool has_bounds(sac_type type)
{
    return (type >= SAC_INT && type <= SAC_DATE);
}

static bool has_length(sac_type type)
{
    return type == SAC_STRING || type == SAC_BINARY || type == SAC_ARRAY;
}

static int refuse(sac_err *err, const char *member, const char *why)
{
    return sac_err_set(err, SAC_EINVAL, "%s: %s", member, why);
}

static int check_shape(const sac_field *row, sac_err *err)
{
    if (row->type < SAC_ANY || row->type > SAC_ARRAY)
        return refuse(err, "type", "unknown");
    if ((row->min || row->max) && !has_bounds(row->type))
        return refuse(err, row->min ? "min" : "max", "only for numbers and dates");
    if (row->pattern && row->type != SAC_STRING)
        return refuse(err, "pattern", "only for strings");
    if ((row->min_length || row->max_length) && !has_length(row->type))
        return refuse(err, row->min_length ? "min_length" : "max_length",
                      "only for strings, binary and arrays");
    if (row->max_length && row->min_length > row->max_length)
        return refuse(err, "min_length", "above max_length");
    if (row->fields && row->type != SAC_DOCUMENT)
        return refuse(err, "fields", "only for documents");
    if (row->open && row->type != SAC_DOCUMENT)
        return refuse(err, "open", "only for documents");
    if (row->items && row->type != SAC_ARRAY)
        return refuse(err, "items", "only for arrays");
    if (row->required && row->read_only && !row->fallback)
        return refuse(err, "required", "but read_only, and without a fallback");
    return SAC_OK;
}

/* What lists and indexes make of a field. */
static int check_use(const sac_field *row, sac_err *err)
{
    if (row->searchable && row->type != SAC_STRING)
        return refuse(err, "searchable", "only for strings");
    if (row->searchable && row->secret)
        return refuse(err, "searchable", "but secret");
    if (row->sparse && !row->unique)
        return refuse(err, "sparse", "only with unique");
    if (row->expires && row->type != SAC_DATE)
        return refuse(err, "expires", "only for dates");
    if (row->expires < SAC_EXPIRES_THEN)
        return refuse(err, "expires", "negative");
    return SAC_OK;
}

static int check_computed(const sac_field *row, sac_err *err)
{
    if (row->computed != SAC_COMPUTED_URL)
        return refuse(err, "computed", "unknown");
    if (row->type != SAC_ANY && row->type != SAC_STRING)
        return refuse(err, "computed", "its type is a string");
    if (row->required || row->nullable || row->write_once || row->secret)
        return refuse(err, "computed", "not with required, nullable, write_once or secret");
    if (row->fallback || row->min || row->max || row->one_of || row->pattern || row->min_length ||
        row->max_length)
        return refuse(err, "computed", "not with a fallback or bounds");
    if (row->searchable || row->indexed || row->unique || row->expires)
        return refuse(err, "computed", "not with searchable, indexed, unique or expires");
    return SAC_OK;
}

static int check_item(const sac_field *row, sac_err *err)
{
    if (row->required)
        return refuse(err, "required", "not for items");
    if (row->read_only || row->write_once)
        return refuse(err, row->read_only ? "read_only" : "write_once", "not for items");
    if (row->secret)
        return refuse(err, "secret", "not for items");
    if (row->fallback)
        return refuse(err, "fallback", "not for items");
    if (row->unfiltered)
        return refuse(err, "unfiltered", "not for items");
    if (row->indexed || row->unique || row->expires)
        return refuse(err,
                      row->indexed  ? "indexed"
                      : row->unique ? "unique"
                                    : "expires",
                      "not for items: the array has it");
    return SAC_OK;
}

void sac__schema_note_misfit(void *self, sac__json_misfit misfit, sac_str path,
                             const sac__plan_field *field)
{
    bool *misfits = self;

    (void)misfit;
    (void)path;
    (void)field;
    *misfits = true;
}

/* A text of the table, read by the field's type. */
static int read_text(sac__schema *schema, const sac__plan_field *field, const char *member,
                     const char *text, sac_value *out, sac_err *err)
{
    bool misfits = false;
    const sac__json_decoding decoding = {
        .flags = SAC_JSON_KEY_RULES, .misfit = sac__schema_note_misfit, .self = &misfits};
    sac_err why = {.code = 0};
    sac_value value;
    sac_bson doc;
    sac_str bytes;
    int rc;

    sac_bson_init(&doc, sac__arena_alloc(schema->memory), 0);
    rc = sac__json_decode_value(&decoding, field, sac_str_of(text), sac_str_of("v"), &doc, &why);
    if (rc == SAC_OK)
        rc = sac_bson_finish(&doc, &bytes);
    if (rc == SAC_ENOMEM)
        return rc;
    if (rc != SAC_OK)
        return sac_err_set(err, SAC_EINVAL, "%s: %s", member,
                           why.text[0] ? why.text : sac_err_text(rc));
    value = sac_bson_get(bytes, sac_str_of("v"));
    if (!sac__rule_fits(field->type, &value) &&
        (value.type != SAC_BSON_NULL || strcmp(member, "fallback") != 0))
        return refuse(err, member, sac__rule_misfit(field->type));
    if (misfits)
        return refuse(err, member, "something in it does not fit");
    *out = value;
    return SAC_OK;
}

/* A member of 32 bits bounds its field, so that no value is cut. */
static bool is_narrow(const sac__schema *schema, const sac_field *row)
{
    return schema->bare && row->type == SAC_INT && row->member_size == sizeof(int32_t);
}

static int check_narrow(const sac__rule *rule, sac_err *err)
{
    int64_t value;

    if (sac_value_int(&rule->min, &value) && value < INT32_MIN)
        return refuse(err, "min", "less than its member of 32 bits holds");
    if (sac_value_int(&rule->max, &value) && value > INT32_MAX)
        return refuse(err, "max", "more than its member of 32 bits holds");
    return SAC_OK;
}

static int read_bounds(sac__schema *schema, const sac__plan_field *field, sac__rule *rule,
                       sac_err *err)
{
    sac_field *row = &rule->row;
    const bool narrow = is_narrow(schema, row);
    int rc = SAC_OK;

    if (narrow && !row->min)
        row->min = "-2147483648";
    if (narrow && !row->max)
        row->max = "2147483647";
    if (row->min)
        rc = read_text(schema, field, "min", row->min, &rule->min, err);
    if (rc == SAC_OK && row->max)
        rc = read_text(schema, field, "max", row->max, &rule->max, err);
    if (rc != SAC_OK)
        return rc;
    if (row->min && row->max && sac_value_compare(&rule->min, &rule->max) > 0)
        return refuse(err, "min", "above max");
    return narrow ? check_narrow(rule, err) : SAC_OK;
}

static int string_value(sac__schema *schema, const char *text, sac_value *out)
{
    sac_bson doc;
    sac_str bytes;
    int rc;

    sac_bson_init(&doc, sac__arena_alloc(schema->memory), 0);
    sac_bson_add_str(&doc, "v", sac_str_of(text));
    rc = sac_bson_finish(&doc, &bytes);
    if (rc == SAC_OK)
        *out = sac_bson_get(bytes, sac_str_of("v"));
    return rc;
}

static int read_choices(sac__schema *schema, const sac__plan_field *field, sac__rule *rule,
                        sac_err *err)
{
    const char *const *texts = rule->row.one_of;
    size_t n = 0;
    int rc = SAC_OK;

    if (!texts)
        return SAC_OK;
    while (texts[n])
        n++;
    if (n == 0)
        return refuse(err, "one_of", "empty");
    rule->one_of = sac__arena_get_zero(schema->memory, n * sizeof *rule->one_of);
    if (!rule->one_of)
        return SAC_ENOMEM;
    for (; rule->n_one_of < n && rc == SAC_OK; rule->n_one_of++) {
        const char *text = texts[rule->n_one_of];
        sac_value *value = &rule->one_of[rule->n_one_of];

        rc = field->type == SAC_STRING ? string_value(schema, text, value)
                                       : read_text(schema, field, "one_of", text, value, err);
    }
    return rc;
}

static int read_pattern(sac__schema *schema, sac__rule *rule, sac_err *err)
{
    pcre2_compile_context *context;
    char why[100];
    PCRE2_SIZE at;
    int code;

    if (!rule->row.pattern)
        return SAC_OK;
    context = pcre2_compile_context_create(schema->general);
    if (!context)
        return SAC_ENOMEM;
    /* `$` is the very end, as in JSON Schema's patterns: a line feed behind it is no match. */
    rule->pattern = pcre2_compile((PCRE2_SPTR)rule->row.pattern, PCRE2_ZERO_TERMINATED,
                                  PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C | PCRE2_DOLLAR_ENDONLY, &code,
                                  &at, context);
    pcre2_compile_context_free(context);
    if (rule->pattern)
        return SAC_OK;
    if (code == PCRE2_ERROR_NOMEMORY || code == PCRE2_ERROR_HEAP_FAILED)
        return SAC_ENOMEM;
    if (pcre2_get_error_message(code, (PCRE2_UCHAR *)why, sizeof why) < 0)
        snprintf(why, sizeof why, "error %d", code);
    return sac_err_set(err, SAC_EINVAL, "pattern: %s at offset %lu", why, (unsigned long)at);
}

/* `now()` and its like; `wants` is the type that it makes. */
static bool is_call(const char *text, sac__fallback *out, sac_type *wants)
{
    static const struct {
        const char *text;
        sac__fallback fallback;
        sac_type type;
    } calls[] = {{"now()", SAC__FALLBACK_NOW, SAC_DATE},
                 {"objectid()", SAC__FALLBACK_OBJECTID, SAC_OBJECTID},
                 {"uuid()", SAC__FALLBACK_UUID, SAC_UUID}};

    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        if (strcmp(text, calls[i].text) == 0) {
            *out = calls[i].fallback;
            *wants = calls[i].type;
            return true;
        }
    return false;
}

static int read_fallback(sac__schema *schema, const sac__plan_field *field, sac__rule *rule,
                         sac_err *err)
{
    sac__matching matching = {.alloc = schema->alloc};
    char why[SAC__RULE_TEXT];
    sac_type wants;
    int rc;

    if (!rule->row.fallback)
        return SAC_OK;
    if (is_call(rule->row.fallback, &rule->fallback, &wants)) {
        if (field->type != wants && field->type != SAC_ANY)
            return refuse(err, "fallback", sac__rule_misfit(field->type));
        return SAC_OK;
    }
    rc = read_text(schema, field, "fallback", rule->row.fallback, &rule->constant, err);
    if (rc != SAC_OK)
        return rc;
    rule->fallback = SAC__FALLBACK_CONSTANT;
    if (rule->constant.type == SAC_BSON_NULL)
        return rule->row.nullable || field->type == SAC_ANY
                   ? SAC_OK
                   : refuse(err, "fallback", "null, but not nullable");
    rc = sac__rule_check(rule, &rule->constant, &matching, why);
    sac__matching_fini(&matching);
    if (rc == 0)
        return refuse(err, "fallback", why);
    return rc < 0 ? rc : SAC_OK;
}

int sac__rule_compile(sac__schema *schema, const sac__plan_field *field, sac__rule *rule, bool item,
                      sac_err *err)
{
    int rc = check_shape(&rule->row, err);

    if (rc == SAC_OK)
        rc = check_use(&rule->row, err);
    if (rc == SAC_OK && rule->row.computed != SAC_NOT_COMPUTED)
        rc = check_computed(&rule->row, err);
    if (rc == SAC_OK && item)
        rc = check_item(&rule->row, err);
    if (rc == SAC_OK)
        rc = read_bounds(schema, field, rule, err);
    if (rc == SAC_OK)
        rc = read_choices(schema, field, rule, err);
    if (rc == SAC_OK)
        rc = read_pattern(schema, rule, err);
    if (rc == SAC_OK)
        rc = read_fallback(schema, field, rule, err);
    return rc;
}
