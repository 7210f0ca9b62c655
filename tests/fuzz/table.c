/* SPDX-License-Identifier: MIT */
#include "table.h"

#include "fuzz.h"

static const char *const levels[] = {"low", "mid", "high", NULL};
static const char *const sizes[] = {"1", "2.5", "40", NULL};

static const sac_field street[] = {
    {.name = "name", .type = SAC_STRING, .required = true, .max_length = 8},
    {.name = "no", .type = SAC_INT, .min = "1", .fallback = "1"},
    {.name = "code", .type = SAC_STRING, .secret = true},
    {.name = NULL},
};
static const sac_field place[] = {
    {.name = "city", .type = SAC_STRING, .nullable = true},
    {.name = "street", .type = SAC_DOCUMENT, .fields = street},
    {.name = "free", .type = SAC_ANY},
    {.name = NULL},
};
static const sac_field tag = {.name = "", .type = SAC_STRING, .max_length = 6};
static const sac_field stay = {.name = "", .type = SAC_DOCUMENT, .fields = place, .open = true};

const sac_field fuzz_table[] = {
    {.name = "title", .type = SAC_STRING, .required = true, .min_length = 1, .max_length = 20},
    {.name = "done", .type = SAC_BOOL, .fallback = "false"},
    {.name = "n", .type = SAC_INT, .min = "-5", .max = "5000000000", .nullable = true},
    {.name = "big", .type = SAC_INT64},
    {.name = "x", .type = SAC_DOUBLE, .nullable = true},
    {.name = "price", .type = SAC_DECIMAL, .min = "0"},
    {.name = "due", .type = SAC_DATE, .nullable = true, .max = "\"2030-01-01\""},
    {.name = "made", .type = SAC_DATE, .fallback = "now()", .write_once = true},
    {.name = "ref", .type = SAC_OBJECTID},
    {.name = "uuid", .type = SAC_UUID, .fallback = "uuid()"},
    {.name = "bin", .type = SAC_BINARY, .max_length = 9},
    {.name = "level", .type = SAC_STRING, .one_of = levels, .fallback = "\"low\""},
    {.name = "size", .type = SAC_DOUBLE, .one_of = sizes},
    {.name = "mail", .type = SAC_STRING, .pattern = "^[^@]+@[^@]+$"},
    {.name = "state", .type = SAC_STRING, .read_only = true, .fallback = "\"new\""},
    {.name = "pin", .type = SAC_STRING, .secret = true},
    {.name = "tags", .type = SAC_ARRAY, .items = &tag, .max_length = 4},
    {.name = "list", .type = SAC_ARRAY},
    {.name = "place", .type = SAC_DOCUMENT, .fields = place},
    {.name = "stays", .type = SAC_ARRAY, .items = &stay},
    {.name = "any", .type = SAC_ANY, .nullable = true},
    {.name = "doc", .type = SAC_DOCUMENT},
    {.name = "url", .computed = SAC_COMPUTED_URL},
    {.name = NULL},
};

sac__schema *fuzz_schema(void)
{
    const sac__schema_config config = {.fields = fuzz_table,
                                       .field_size = sizeof *fuzz_table,
                                       .id_type = SAC_OBJECTID,
                                       .id_key = "id",
                                       .rev = true};
    sac__schema *schema = NULL;
    sac_err err = {.code = 0};

    if (sac__schema_new(&config, NULL, &schema, &err) != SAC_OK)
        fprintf(stderr, "%s\n", err.text);
    HOLD(schema != NULL);
    return schema;
}
