/* SPDX-License-Identifier: MIT */
#include <sacrum/cjson.h>

#include <math.h>

#include <cjson/cJSON.h>

#include "app/exchange/exchange.h"
#include "bson/wire.h"
#include "core/alloc.h"
#include "core/utf8.h"
#include "json/decode.h"
#include "json/encode.h"
#include "json/keys.h"
#include "json/number/numeral.h"
#include "json/text.h"

/*
 * cJSON's parser is not used, as it writes to a global; nor its printer, which
 * is as deep as its tree, and trusts it.
 */

/* Integers below it are doubles, and no other integer is the same double. */
#define EXACT 9007199254740992.0
#define INT64_END 9223372036854775808.0

/* A document on its way into a tree. */
typedef struct planting {
    sac__keys keys;
    sac_err *err;
} planting;

static int no_memory(sac_err *err)
{
    return sac_err_set(err, SAC_ENOMEM, "tree: no memory");
}

static int plant_doc(planting *p, sac_str doc, bool array, unsigned depth, cJSON **out);

/* NUL stands behind the bytes. */
static int plant_text(planting *p, sac_str s, cJSON **out)
{
    if (memchr(s.p, 0, s.n))
        return sac_err_set(p->err, SAC_EINVAL, "a string with a NUL, which a tree cannot hold");
    *out = cJSON_CreateString(s.p);
    return *out ? SAC_OK : no_memory(p->err);
}

/* A scalar that is a string, or a number, in the plain dialect. */
static int plant_plain(planting *p, const sac_value *value, cJSON **out)
{
    const sac__json_encoding encoding = {.dialect = SAC_JSON_PLAIN};
    sac__buf text;
    int64_t n;
    int rc;

    sac__buf_init(&text, NULL, SIZE_MAX);
    rc = sac__json_encode_value(&encoding, value, &text, p->err);
    if (rc == SAC_OK && text.p[0] == '"') {
        text.p[text.n - 1] = '\0';
        rc = plant_text(p, sac_str_n(text.p + 1, text.n - 2), out);
    } else if (rc == SAC_OK) {
        (void)sac_value_int(value, &n);
        *out = cJSON_CreateNumber((double)n);
        rc = *out ? SAC_OK : no_memory(p->err);
    }
    sac__buf_fini(&text);
    return rc;
}

/* What the plain dialect writes as an object. */
static void write_form(const sac_value *value, sac_bson *out)
{
    const sac_str raw = value->raw;
    char digits[24];
    sac_oid oid;

    switch (value->type) {
    case SAC_BSON_DATE:
        sac_bson_begin_doc(out, sac_str_of("$date"));
        *sac__numeral_print_int(digits, (int64_t)sac__wire_get64(raw.p)) = '\0';
        sac_bson_add_str(out, "$numberLong", sac_str_of(digits));
        sac_bson_end(out);
        break;
    case SAC_BSON_REGEX:
        sac_bson_begin_doc(out, sac_str_of("$regularExpression"));
        sac_bson_add_str(out, "pattern", sac_str_of(raw.p));
        sac_bson_add_str(out, "options", sac_str_of(raw.p + strlen(raw.p) + 1));
        sac_bson_end(out);
        break;
    case SAC_BSON_TIMESTAMP:
        sac_bson_begin_doc(out, sac_str_of("$timestamp"));
        sac_bson_add_int64(out, "t", sac__wire_get32(raw.p + 4));
        sac_bson_add_int64(out, "i", sac__wire_get32(raw.p));
        sac_bson_end(out);
        break;
    case SAC_BSON_DBPOINTER:
        memcpy(oid.bytes, raw.p + raw.n - sizeof oid.bytes, sizeof oid.bytes);
        sac_bson_begin_doc(out, sac_str_of("$dbPointer"));
        sac_bson_add_str(out, "$ref", sac__wire_text(sac_str_n(raw.p, raw.n - sizeof oid.bytes)));
        sac_bson_begin_doc(out, sac_str_of("$id"));
        sac_oid_hex(&oid, digits);
        sac_bson_add_str(out, "$oid", sac_str_n(digits, 24));
        sac_bson_end(out);
        sac_bson_end(out);
        break;
    case SAC_BSON_CODE: sac_bson_add_str(out, "$code", sac__wire_text(raw)); break;
    case SAC_BSON_CODE_W_SCOPE:
        sac_bson_add_str(out, "$code", sac__wire_code(raw));
        sac_bson_add_doc(out, "$scope", sac__wire_scope(raw));
        break;
    case SAC_BSON_SYMBOL: sac_bson_add_str(out, "$symbol", sac__wire_text(raw)); break;
    case SAC_BSON_UNDEFINED: sac_bson_add_bool(out, "$undefined", true); break;
    case SAC_BSON_MINKEY: sac_bson_add_int32(out, "$minKey", 1); break;
    default: sac_bson_add_int32(out, "$maxKey", 1); break;
    }
}

static int plant_form(planting *p, const sac_value *value, unsigned depth, cJSON **out)
{
    sac_bson form;
    sac_str doc;
    int rc;

    sac_bson_init(&form, NULL, 2 * SAC_BSON_MAX);
    write_form(value, &form);
    rc = sac_bson_finish(&form, &doc);
    rc = rc ? no_memory(p->err) : plant_doc(p, doc, false, depth, out);
    sac_bson_fini(&form);
    return rc;
}

static bool is_plain_date(const sac_value *value)
{
    int64_t ms;

    return sac_value_date(value, &ms) && ms >= SAC__TEXT_YEAR_0 && ms < SAC__TEXT_YEAR_10000;
}

static int plant_value(planting *p, const sac_value *value, unsigned depth, cJSON **out)
{
    double number;
    bool truth;

    switch (value->type) {
    case SAC_BSON_STRING: return plant_text(p, sac__wire_text(value->raw), out);
    case SAC_BSON_DOCUMENT: return plant_doc(p, value->raw, false, depth + 1, out);
    case SAC_BSON_ARRAY: return plant_doc(p, value->raw, true, depth + 1, out);
    case SAC_BSON_DOUBLE:
        (void)sac_value_double(value, &number);
        *out = isfinite(number) ? cJSON_CreateNumber(number) : cJSON_CreateNull();
        break;
    case SAC_BSON_BOOL:
        truth = value->raw.p[0] != 0;
        *out = cJSON_CreateBool(truth);
        break;
    case SAC_BSON_NULL: *out = cJSON_CreateNull(); break;
    case SAC_BSON_INT32:
    case SAC_BSON_INT64:
    case SAC_BSON_OBJECTID:
    case SAC_BSON_DECIMAL128:
    case SAC_BSON_BINARY: return plant_plain(p, value, out);
    default:
        return is_plain_date(value) ? plant_plain(p, value, out)
                                    : plant_form(p, value, depth + 1, out);
    }
    return *out ? SAC_OK : no_memory(p->err);
}

/* Of duplicates the first, as the encoder has it. */
static int plant_member(planting *p, const sac_bson_iter *at, sac__key_level *level, unsigned depth,
                        cJSON *parent)
{
    const bool array = cJSON_IsArray(parent);
    const int fresh = array ? 1 : sac__keys_add(&p->keys, level, at->key);
    cJSON *item = NULL;
    int rc;

    if (fresh != 1)
        return fresh < 0 ? sac_err_set(p->err, fresh, "tree: %s", sac_err_text(fresh)) : SAC_OK;
    rc = plant_value(p, &at->value, depth, &item);
    if (rc != SAC_OK)
        return rc;
    if (array ? cJSON_AddItemToArray(parent, item) : cJSON_AddItemToObject(parent, at->key.p, item))
        return SAC_OK;
    cJSON_Delete(item);
    return no_memory(p->err);
}

static int plant_doc(planting *p, sac_str doc, bool array, unsigned depth, cJSON **out)
{
    sac__key_level level;
    sac_bson_iter iter;
    cJSON *tree;
    int rc = SAC_OK;
    int more;

    if (depth > SAC_BSON_DEPTH)
        return sac_err_set(p->err, SAC_ELIMIT, "tree: nested too deep");
    tree = array ? cJSON_CreateArray() : cJSON_CreateObject();
    if (!tree)
        return no_memory(p->err);
    sac__keys_begin(&p->keys, &level);
    more = sac_bson_iter_init(&iter, doc);
    while (rc == SAC_OK && more >= 0 && (more = sac_bson_iter_next(&iter)) == 1)
        rc = plant_member(p, &iter, &level, depth, tree);
    sac__keys_end(&p->keys, &level);
    if (rc == SAC_OK && more < 0)
        rc = sac_err_set(p->err, more, "tree: %s", sac_err_text(more));
    if (rc == SAC_OK)
        *out = tree;
    else
        cJSON_Delete(tree);
    return rc;
}

int sac_cjson_of(sac_str doc, struct cJSON **out, sac_err *err)
{
    planting p = {.err = err};
    cJSON *tree;
    int rc = sac_bson_check(doc, err);

    if (rc != SAC_OK)
        return rc;
    sac__keys_init(&p.keys, NULL);
    rc = plant_doc(&p, doc, false, 1, &tree);
    if (rc == SAC_OK)
        *out = tree;
    return rc;
}

static bool is_object(sac_str json)
{
    size_t i = 0;

    while (i < json.n && json.p[i] && strchr(" \t\r\n", json.p[i]))
        i++;
    return i < json.n && json.p[i] == '{';
}

/* The body as a document, or as the only member of one. */
static int decode_body(sac_req *req, sac_value *out, sac_err *err)
{
    const sac__json_decoding decoding = {.flags = SAC_JSON_KEY_RULES,
                                         .max_depth = req->core->config.max_depth,
                                         .max_keys = req->core->config.max_keys};
    const sac_str body = sac_req_body(req);
    const bool object = is_object(body);
    const sac_str key = sac_str_of("v");
    sac_bson made;
    sac_str doc;
    int rc;

    sac_bson_init(&made, sac__arena_alloc(req->arena), 0);
    rc = object ? sac__json_decode(&decoding, body, &made, err)
                : sac__json_decode_value(&decoding, NULL, body, key, &made, err);
    if (rc == SAC_OK)
        rc = sac_bson_finish(&made, &doc);
    if (rc == SAC_OK)
        *out = object ? (sac_value){SAC_BSON_DOCUMENT, doc} : sac_bson_get(doc, key);
    return rc;
}

static void delete_tree(void *tree)
{
    cJSON_Delete(tree);
}

int sac_req_body_cjson(sac_req *req, struct cJSON **out)
{
    sac_err err = {.code = 0};
    planting p = {.err = &err};
    sac_value value = {.type = SAC_BSON_MISSING};
    cJSON *tree = NULL;
    int rc = sac__req_json_type(req);

    if (rc != SAC_OK)
        return rc;
    rc = decode_body(req, &value, &err);
    if (rc != SAC_OK)
        return sac__req_json_failed(req, rc, &err);
    sac__keys_init(&p.keys, sac__arena_alloc(req->arena));
    rc = plant_value(&p, &value, 0, &tree);
    if (rc == SAC_EINVAL)
        return sac_problem(req, "bad_json", "%s", err.text);
    if (rc == SAC_OK && (rc = sac_req_defer(req, delete_tree, tree)) != SAC_OK)
        cJSON_Delete(tree);
    if (rc != SAC_OK)
        return sac_fail(req, rc, "body: %s", sac_err_text(rc));
    *out = tree;
    return SAC_OK;
}

/* What is wrong with a node, by its name where it has one. */
static int bad_node(const cJSON *node, sac_err *err, int code, const char *why)
{
    if (!node || !node->string || !sac__utf8_valid(sac_str_of(node->string)))
        return sac_err_set(err, code, "tree: %s", why);
    return sac_err_set(err, code, "tree: %s at \"%s\"", why, node->string);
}

/* A node's text: p NULL where it is none, and then `err` says why. */
static sac_str text_of(const cJSON *node, sac_err *err)
{
    const sac_str text = sac_str_of(node->valuestring);

    if (text.p && sac__utf8_valid(text))
        return text;
    (void)bad_node(node, err, SAC_EINVAL, text.p ? "not UTF-8" : "a string without a value");
    return sac_str_of(NULL);
}

static bool has_name(const cJSON *node, sac_err *err)
{
    if (node->string && sac__utf8_valid(sac_str_of(node->string)))
        return true;
    (void)bad_node(node, err, SAC_EINVAL, node->string ? "a name that is not UTF-8" : "no name");
    return false;
}

static bool is_integer(double number, double end)
{
    return fabs(number) < end && trunc(number) == number && !(number == 0 && signbit(number));
}

static int read_raw(const cJSON *node, unsigned depth, sac_str key, sac_bson *out, sac_err *err)
{
    const sac__json_decoding decoding = {.max_depth = SAC_BSON_DEPTH - depth};
    const sac_str text = text_of(node, err);
    sac_err why = {.code = 0};
    int rc;

    if (!text.p)
        return SAC_EINVAL;
    if (depth >= SAC_BSON_DEPTH)
        return bad_node(node, err, SAC_ELIMIT, "nested too deep");
    rc = sac__json_decode_value(&decoding, NULL, text, key, out, &why);
    if (rc == SAC_ESYNTAX || rc == SAC_EINVAL)
        return bad_node(node, err, SAC_EINVAL, why.text);
    return rc ? bad_node(node, err, rc, sac_err_text(rc)) : SAC_OK;
}

static int print_node(const cJSON *node, unsigned depth, sac__buf *out, sac_err *err);

static int print_members(const cJSON *node, unsigned depth, sac__buf *out, sac_err *err)
{
    const bool array = cJSON_IsArray(node);
    int rc = SAC_OK;

    if (depth >= SAC_BSON_DEPTH)
        return bad_node(node, err, SAC_ELIMIT, "nested too deep");
    sac__buf_add_char(out, array ? '[' : '{');
    for (const cJSON *at = node->child; at && rc == SAC_OK; at = at->next) {
        if (at != node->child)
            sac__buf_add_char(out, ',');
        if (!array && !has_name(at, err))
            return SAC_EINVAL;
        if (!array) {
            sac__json_encode_str(out, sac_str_of(at->string));
            sac__buf_add_char(out, ':');
        }
        rc = print_node(at, depth + 1, out, err);
    }
    sac__buf_add_char(out, array ? ']' : '}');
    return rc;
}

static int print_raw(const cJSON *node, unsigned depth, sac__buf *out, sac_err *err)
{
    sac_bson scratch;
    int rc;

    sac_bson_init(&scratch, NULL, 0);
    rc = read_raw(node, depth + 1, sac_str_of("v"), &scratch, err);
    sac_bson_fini(&scratch);
    if (rc == SAC_OK)
        sac__buf_add_text(out, node->valuestring);
    return rc;
}

/* Every node writes something, so a tree that is a circle ends at the buffer's maximum. */
static int print_node(const cJSON *node, unsigned depth, sac__buf *out, sac_err *err)
{
    sac_str text;

    if (out->error)
        return bad_node(node, err, out->error, sac_err_text(out->error));
    switch (node->type & 0xff) {
    case cJSON_False: sac__buf_add_text(out, "false"); return SAC_OK;
    case cJSON_True: sac__buf_add_text(out, "true"); return SAC_OK;
    case cJSON_NULL: sac__buf_add_text(out, "null"); return SAC_OK;
    case cJSON_Number:
        if (is_integer(node->valuedouble, EXACT))
            sac__buf_add_int(out, (int64_t)node->valuedouble);
        else
            sac__json_encode_double(out, node->valuedouble);
        return SAC_OK;
    case cJSON_String:
        text = text_of(node, err);
        if (text.p)
            sac__json_encode_str(out, text);
        return text.p ? SAC_OK : SAC_EINVAL;
    case cJSON_Raw: return print_raw(node, depth, out, err);
    case cJSON_Array:
    case cJSON_Object: return print_members(node, depth, out, err);
    default: return bad_node(node, err, SAC_EINVAL, "a node of no type");
    }
}

int sac_reply_cjson(sac_req *req, int status, const struct cJSON *tree)
{
    sac_err err = {.code = 0};
    sac__buf out;
    int rc;

    sac__buf_init(&out, sac__arena_alloc(req->arena), req->core->config.max_memory);
    rc = tree ? print_node(tree, 0, &out, &err) : bad_node(tree, &err, SAC_EINVAL, "there is none");
    if (rc == SAC_OK && out.error)
        rc = bad_node(tree, &err, out.error, sac_err_text(out.error));
    if (rc == SAC_ENOMEM)
        return rc;
    if (rc == SAC_OK)
        return sac_reply_static(req, status, "application/json", sac__buf_str(&out));
    /* The program's mistake: no problem of the request, as its code would say. */
    (void)sac_problem(req, "internal", "reply: %s", err.text);
    return rc;
}

static int write_members(const cJSON *node, unsigned depth, sac_bson *out, sac_err *err);

static int write_nested(const cJSON *node, sac_str key, unsigned depth, sac_bson *out, sac_err *err)
{
    int rc;

    if (depth >= SAC_BSON_DEPTH)
        return bad_node(node, err, SAC_ELIMIT, "nested too deep");
    if (cJSON_IsArray(node))
        sac_bson_begin_array(out, key);
    else
        sac_bson_begin_doc(out, key);
    rc = write_members(node, depth + 1, out, err);
    sac_bson_end(out);
    return rc;
}

static void write_number(double number, const char *key, sac_bson *out)
{
    if (!is_integer(number, INT64_END))
        sac_bson_add_double(out, key, number);
    else if (number >= INT32_MIN && number <= INT32_MAX)
        sac_bson_add_int32(out, key, (int32_t)number);
    else
        sac_bson_add_int64(out, key, (int64_t)number);
}

static int write_node(const cJSON *node, const char *key, unsigned depth, sac_bson *out,
                      sac_err *err)
{
    sac_str text;

    switch (node->type & 0xff) {
    case cJSON_False:
    case cJSON_True: sac_bson_add_bool(out, key, cJSON_IsTrue(node)); return SAC_OK;
    case cJSON_NULL: sac_bson_add_null(out, key); return SAC_OK;
    case cJSON_Number: write_number(node->valuedouble, key, out); return SAC_OK;
    case cJSON_String:
        text = text_of(node, err);
        if (text.p)
            sac_bson_add_str(out, key, text);
        return text.p ? SAC_OK : SAC_EINVAL;
    case cJSON_Raw: return read_raw(node, depth, sac_str_of(key), out, err);
    case cJSON_Array:
    case cJSON_Object: return write_nested(node, sac_str_of(key), depth, out, err);
    default: return bad_node(node, err, SAC_EINVAL, "a node of no type");
    }
}

static int write_members(const cJSON *node, unsigned depth, sac_bson *out, sac_err *err)
{
    const bool array = cJSON_IsArray(node);
    int rc = SAC_OK;

    for (const cJSON *at = node->child; at && rc == SAC_OK; at = at->next) {
        if (!array && !has_name(at, err))
            return SAC_EINVAL;
        rc = write_node(at, array ? "" : at->string, depth, out, err);
        if (rc == SAC_OK && out->error)
            rc = bad_node(at, err, out->error, sac_err_text(out->error));
    }
    return rc;
}

int sac_cjson_bson(const struct cJSON *tree, const sac_alloc *alloc, sac_str *doc, sac_err *err)
{
    sac_bson made;
    sac_str bytes;
    char *cut;
    int rc;

    if (!cJSON_IsObject(tree))
        return sac_err_set(err, SAC_EINVAL, "tree: not an object");
    sac_bson_init(&made, alloc, 0);
    rc = write_members(tree, 1, &made, err);
    if (rc == SAC_OK) {
        rc = sac_bson_finish(&made, &bytes);
        if (rc != SAC_OK)
            (void)sac_err_set(err, rc, "tree: %s", sac_err_text(rc));
    }
    if (rc != SAC_OK) {
        sac_bson_fini(&made);
        return rc;
    }
    cut = sac__alloc_resize(alloc, made.p, made.cap, bytes.n);
    *doc = sac_str_n(cut ? cut : made.p, bytes.n);
    return SAC_OK;
}
