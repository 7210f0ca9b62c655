/* SPDX-License-Identifier: MIT */
#include "data.h"

#include <stdio.h>
#include <time.h>

static const char *const words[] = {
    "milk",
    "butter",
    "write",
    "letter",
    "garden",
    "invoice",
    "Tuesday",
    "review",
    "kitchen",
    "re\"port",
    "caf\xc3\xa9",
    "\xe6\x9d\xb1\xe4\xba\xac",
    ("stra\xc3\x9f"
     "e"),
    "na\xc3\xafve",
    "bread",
    "train",
    "holiday",
    "lamp",
    "a\\b",
    "station",
};

static const sac_field address_fields[] = {
    {.name = "street", .type = SAC_STRING},
    {.name = "zip", .type = SAC_INT},
    {.name = "lat", .type = SAC_DOUBLE},
    {.name = "lon", .type = SAC_DOUBLE},
    {.name = NULL},
};
static const sac_field tag = {.name = "tag", .type = SAC_STRING};
static const sac_field score = {.name = "score", .type = SAC_DOUBLE};

const sac_field bench_fields[] = {
    {.name = "title", .type = SAC_STRING, .required = true, .max_length = 200},
    {.name = "notes", .type = SAC_STRING},
    {.name = "owner", .type = SAC_OBJECTID},
    {.name = "completed", .type = SAC_BOOL, .fallback = "false"},
    {.name = "order", .type = SAC_INT},
    {.name = "views", .type = SAC_INT64},
    {.name = "rating", .type = SAC_DOUBLE},
    {.name = "created", .type = SAC_DATE},
    {.name = "updated", .type = SAC_DATE},
    {.name = "due", .type = SAC_DATE, .nullable = true},
    {.name = "parent", .type = SAC_OBJECTID, .nullable = true},
    {.name = "tags", .type = SAC_ARRAY, .items = &tag},
    {.name = "scores", .type = SAC_ARRAY, .items = &score},
    {.name = "address", .type = SAC_DOCUMENT, .fields = address_fields},
    {.name = NULL},
};

uint64_t bench_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* xorshift64*, Marsaglia/Vigna. */
static uint64_t next(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(2685821657736338717);
}

static sac_str sentence(uint64_t *rng, char *out, size_t cap, int n)
{
    int len = 0;

    for (int i = 0; i < n; i++)
        len += snprintf(out + len, cap - (size_t)len, "%s%s", i ? " " : "",
                        words[next(rng) % (sizeof words / sizeof words[0])]);
    return sac_str_n(out, (size_t)len);
}

static double number(uint64_t *rng)
{
    static const double scales[] = {1e2, 1e4, 1e7, 1e12, 9007199254740992.0};

    return (double)(next(rng) >> 11) / 9007199254740992.0 * 100.0 -
           (next(rng) & 1 ? 0 : (double)(next(rng) % 1000) / scales[next(rng) % 5]);
}

void bench_id(uint64_t i, sac_oid *out)
{
    static const uint8_t base[12] = {0x65, 0x5f, 0, 0, 1, 2, 3, 4};

    *out = (sac_oid){{0}};
    for (int b = 0; b < 12; b++)
        out->bytes[b] = b < 8 ? base[b] : (uint8_t)(i >> (8 * (11 - b)));
}

void bench_doc(uint64_t i, sac_bson *out)
{
    uint64_t rng = (i + 1) * UINT64_C(0x9e3779b97f4a7c15);
    int64_t created = INT64_C(1700000000000) + (int64_t)(next(&rng) % 31536000000);
    char text[512];
    sac_oid oid;

    bench_id(i, &oid);
    sac_bson_add_oid(out, "_id", &oid);
    sac_bson_add_str(out, "title", sentence(&rng, text, sizeof text, 4));
    sac_bson_add_str(out, "notes", sentence(&rng, text, sizeof text, 12));
    bench_id(next(&rng), &oid);
    sac_bson_add_oid(out, "owner", &oid);
    sac_bson_add_bool(out, "completed", next(&rng) & 1);
    sac_bson_add_int32(out, "order", (int32_t)(next(&rng) % 100000));
    sac_bson_add_int64(out, "views", (int64_t)(next(&rng) % 10000000000));
    sac_bson_add_double(out, "rating", number(&rng));
    sac_bson_add_date(out, "created", created);
    sac_bson_add_date(out, "updated", created + (int64_t)(next(&rng) % 1000000000));
    if (next(&rng) & 1)
        sac_bson_add_date(out, "due", created + 86400000);
    else
        sac_bson_add_null(out, "due");
    sac_bson_add_null(out, "parent");
    sac_bson_begin_array(out, sac_str_of("tags"));
    for (uint64_t n = 1 + next(&rng) % 4; n > 0; n--)
        sac_bson_add_str(out, "", sentence(&rng, text, sizeof text, 1));
    sac_bson_end(out);
    sac_bson_begin_array(out, sac_str_of("scores"));
    for (uint64_t n = next(&rng) % 5; n > 0; n--)
        sac_bson_add_double(out, "", number(&rng));
    sac_bson_end(out);
    sac_bson_begin_doc(out, sac_str_of("address"));
    sac_bson_add_str(out, "street", sentence(&rng, text, sizeof text, 2));
    sac_bson_add_int32(out, "zip", (int32_t)(next(&rng) % 100000));
    sac_bson_add_double(out, "lat", number(&rng));
    sac_bson_add_double(out, "lon", number(&rng));
    sac_bson_end(out);
}
