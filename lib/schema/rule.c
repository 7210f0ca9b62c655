/* SPDX-License-Identifier: MIT */
#include "schema/rule.h"

#include <stdio.h>

#include "core/alloc.h"
#include "core/utf8.h"
#include "bson/members.h"

/* PCRE2 counts entries of its matcher: some for each step, more where it has to go back. */
#define MATCH_LIMIT 100000
#define MATCH_LIMIT_PER_BYTE 8
#define MATCH_HEAP_KIB 8192

bool sac__rule_fits(sac_type type, const sac_value *value)
{
    uint8_t subtype;
    sac_str bytes;

    switch (type) {
    case SAC_ANY: return true;
    case SAC_STRING: return value->type == SAC_BSON_STRING;
    case SAC_BOOL: return value->type == SAC_BSON_BOOL;
    case SAC_INT: return value->type == SAC_BSON_INT32 || value->type == SAC_BSON_INT64;
    case SAC_INT64: return value->type == SAC_BSON_INT64;
    case SAC_DOUBLE: return value->type == SAC_BSON_DOUBLE;
    case SAC_DECIMAL: return value->type == SAC_BSON_DECIMAL128;
    case SAC_DATE: return value->type == SAC_BSON_DATE;
    case SAC_OBJECTID: return value->type == SAC_BSON_OBJECTID;
    case SAC_UUID:
        return sac_value_binary(value, &subtype, &bytes) && subtype == 4 && bytes.n == 16;
    case SAC_BINARY: return value->type == SAC_BSON_BINARY;
    case SAC_DOCUMENT: return value->type == SAC_BSON_DOCUMENT;
    case SAC_ARRAY: return value->type == SAC_BSON_ARRAY;
    }
    return false;
}

const char *sac__rule_misfit(sac_type type)
{
    switch (type) {
    case SAC_STRING: return "must be a string";
    case SAC_BOOL: return "must be true or false";
    case SAC_INT:
    case SAC_INT64: return "must be an integer";
    case SAC_DOUBLE: return "must be a number";
    case SAC_DECIMAL: return "must be a decimal number";
    case SAC_DATE: return "must be a date";
    case SAC_OBJECTID: return "must be an ObjectId";
    case SAC_UUID: return "must be a UUID";
    case SAC_BINARY: return "must be base64 data";
    case SAC_DOCUMENT: return "must be an object";
    case SAC_ARRAY: return "must be an array";
    case SAC_ANY: break;
    }
    return "must be a value";
}

/* A bound as the table writes it, without the quotes of a date. */
static int refuse_bound(char text[SAC__RULE_TEXT], const char *words, const char *bound)
{
    size_t n = strlen(bound);

    if (n >= 2 && bound[0] == '"') {
        bound++;
        n -= 2;
    }
    snprintf(text, SAC__RULE_TEXT, "%s %.*s", words, (int)(n < 40 ? n : 40), bound);
    return 0;
}

static bool is_nan(const sac_value *value)
{
    double d;

    return value->type == SAC_BSON_DOUBLE && sac_value_double(value, &d) && d != d;
}

static int check_bounds(const sac__rule *rule, const sac_value *value, char text[SAC__RULE_TEXT])
{
    if (rule->min.type != SAC_BSON_MISSING && sac_value_compare(value, &rule->min) < 0)
        return refuse_bound(text, "must be at least", rule->row.min);
    if (rule->max.type != SAC_BSON_MISSING &&
        (is_nan(value) || sac_value_compare(value, &rule->max) > 0))
        return refuse_bound(text, "must be at most", rule->row.max);
    return 1;
}

static int refuse_length(char text[SAC__RULE_TEXT], const char *words, uint32_t length,
                         const char *unit)
{
    snprintf(text, SAC__RULE_TEXT, "must have at %s %lu %s%s", words, (unsigned long)length, unit,
             length == 1 ? "" : "s");
    return 0;
}

static int check_length(const sac__rule *rule, const sac_value *value, char text[SAC__RULE_TEXT])
{
    const uint32_t min = rule->row.min_length, max = rule->row.max_length;
    const char *unit = "character";
    uint8_t subtype;
    size_t n = 0;
    sac_str s;

    if (min == 0 && max == 0)
        return 1;
    if (sac_value_str(value, &s)) {
        n = sac__utf8_length(s);
    } else if (sac_value_binary(value, &subtype, &s)) {
        unit = "byte";
        n = s.n;
    } else if (sac_value_doc(value, &s)) {
        unit = "item";
        n = sac__members_count(s);
    }
    if (n < min)
        return refuse_length(text, "least", min, unit);
    if (max != 0 && n > max)
        return refuse_length(text, "most", max, unit);
    return 1;
}

static int check_choice(const sac__rule *rule, const sac_value *value, char text[SAC__RULE_TEXT])
{
    if (!rule->one_of)
        return 1;
    for (size_t i = 0; i < rule->n_one_of; i++)
        if (sac_value_compare(value, &rule->one_of[i]) == 0)
            return 1;
    snprintf(text, SAC__RULE_TEXT, "must be one of the allowed values");
    return 0;
}

static int matching_open(sac__matching *m)
{
    if (m->data)
        return SAC_OK;
    if (!m->general)
        m->general = sac__pattern_memory(m->alloc);
    if (m->general && !m->context)
        m->context = pcre2_match_context_create(m->general);
    if (m->context)
        m->data = pcre2_match_data_create(1, m->general);
    return m->data ? SAC_OK : SAC_ENOMEM;
}

void sac__matching_fini(sac__matching *m)
{
    pcre2_match_data_free(m->data);
    pcre2_match_context_free(m->context);
    pcre2_general_context_free(m->general);
    *m = (sac__matching){.alloc = m->alloc};
}

static int check_pattern(const sac__rule *rule, const sac_value *value, sac__matching *m,
                         char text[SAC__RULE_TEXT])
{
    uint32_t limit;
    sac_str s;
    int rc;

    if (!rule->pattern || !sac_value_str(value, &s))
        return 1;
    rc = matching_open(m);
    if (rc != SAC_OK)
        return rc;
    limit = MATCH_LIMIT + MATCH_LIMIT_PER_BYTE * (uint32_t)(s.n < SAC_BSON_MAX ? s.n : 0);
    (void)pcre2_set_match_limit(m->context, limit);
    (void)pcre2_set_heap_limit(m->context, MATCH_HEAP_KIB);
    rc = pcre2_match(rule->pattern, (PCRE2_SPTR)s.p, s.n, 0, 0, m->data, m->context);
    if (rc >= 0)
        return 1;
    if (rc == PCRE2_ERROR_NOMEMORY)
        return SAC_ENOMEM;
    snprintf(text, SAC__RULE_TEXT, "%s",
             rc == PCRE2_ERROR_NOMATCH ? "does not match the pattern"
                                       : "could not be checked against the pattern");
    return 0;
}

int sac__rule_check(const sac__rule *rule, const sac_value *value, sac__matching *matching,
                    char text[SAC__RULE_TEXT])
{
    int rc = check_choice(rule, value, text);

    if (rc == 1)
        rc = check_bounds(rule, value, text);
    if (rc == 1)
        rc = check_length(rule, value, text);
    if (rc == 1)
        rc = check_pattern(rule, value, matching, text);
    return rc;
}
