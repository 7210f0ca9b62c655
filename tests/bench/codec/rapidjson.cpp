/* SPDX-License-Identifier: MIT */
#include <cstdio>
#include <ctime>

#include <bson/bson.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "codec.h"

/* bson_iter straight into a SAX writer: no tree. */

using Buffer = rapidjson::StringBuffer;
using Writer = rapidjson::Writer<Buffer>;

static void put_members(Writer &out, bson_iter_t *iter, bool array);

static void put_date(Writer &out, int64_t ms)
{
    const time_t seconds = static_cast<time_t>(ms / 1000);
    struct tm when;
    char text[64];

    gmtime_r(&seconds, &when);
    snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", when.tm_year + 1900,
             when.tm_mon + 1, when.tm_mday, when.tm_hour, when.tm_min, when.tm_sec,
             static_cast<int>(ms % 1000));
    out.String(text, 24);
}

static void put_value(Writer &out, bson_iter_t *iter)
{
    bson_iter_t inner;
    uint32_t n = 0;
    const char *s;
    char text[25];

    switch (bson_iter_type(iter)) {
    case BSON_TYPE_UTF8:
        s = bson_iter_utf8(iter, &n);
        out.String(s, n);
        break;
    case BSON_TYPE_INT32: out.Int(bson_iter_int32(iter)); break;
    case BSON_TYPE_INT64: out.Int64(bson_iter_int64(iter)); break;
    case BSON_TYPE_DOUBLE: out.Double(bson_iter_double(iter)); break;
    case BSON_TYPE_BOOL: out.Bool(bson_iter_bool(iter)); break;
    case BSON_TYPE_OID:
        bson_oid_to_string(bson_iter_oid(iter), text);
        out.String(text, 24);
        break;
    case BSON_TYPE_DATE_TIME: put_date(out, bson_iter_date_time(iter)); break;
    case BSON_TYPE_DOCUMENT:
    case BSON_TYPE_ARRAY:
        if (bson_iter_recurse(iter, &inner))
            put_members(out, &inner, bson_iter_type(iter) == BSON_TYPE_ARRAY);
        break;
    default: out.Null(); break;
    }
}

static void put_members(Writer &out, bson_iter_t *iter, bool array)
{
    if (array)
        out.StartArray();
    else
        out.StartObject();
    while (bson_iter_next(iter)) {
        if (!array)
            out.Key(bson_iter_key(iter), bson_iter_key_len(iter));
        put_value(out, iter);
    }
    if (array)
        out.EndArray();
    else
        out.EndObject();
}

static size_t encode(const corpus *c, void *)
{
    static Buffer text;
    size_t total = 0;
    bson_iter_t iter;
    bson_t doc;

    for (size_t i = 0; i < c->n; i++) {
        text.Clear();
        Writer out(text);

        bson_init_static(&doc, reinterpret_cast<const uint8_t *>(c->bson[i].p), c->bson[i].n);
        bson_iter_init(&iter, &doc);
        put_members(out, &iter, false);
        total += text.GetSize();
    }
    return total;
}

const way rapidjson_encoders[] = {
    {"rapidjson", nullptr, encode, nullptr},
    {nullptr, nullptr, nullptr, nullptr},
};
