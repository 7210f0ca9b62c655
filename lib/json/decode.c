/* SPDX-License-Identifier: MIT */
#include "json/decode.h"

#include <stdio.h>

#include "json/decoder.h"

static int read_value(sac__decoder *d, const sac__plan_field *field, const sac__place *at,
                      unsigned depth);

/* Whether the object behind the brace at d->p is Extended JSON, by its first key. */
static int look_at_object(sac__decoder *d, bool *extended)
{
    const char *begin = d->p;
    sac__token token;
    sac_str key;
    int rc;

    *extended = false;
    if (sac__lex_peek(d) != '"' || d->end - d->p < 2 || (d->p[1] != '$' && d->p[1] != '\\')) {
        d->p = begin;
        return SAC_OK;
    }
    rc = sac__lex_string(d, &token);
    if (rc != SAC_OK)
        return rc;
    key = sac__lex_text(d, &token);
    if (!key.p)
        return SAC_ENOMEM;
    *extended = sac__extended_is_key(key);
    d->p = begin;
    return SAC_OK;
}

static int read_object(sac__decoder *d, const sac__plan_field *field, const sac__place *at,
                       unsigned depth)
{
    bool extended;
    int rc;

    d->p++;
    rc = look_at_object(d, &extended);
    if (rc != SAC_OK)
        return rc;
    if (extended)
        return sac__decoder_extended(d, field, at, depth);
    if (!sac__decoder_takes(field, SAC_DOCUMENT)) {
        rc = sac__decoder_misfit(d, SAC__JSON_WRONG_TYPE, at, field);
        if (rc != SAC_OK)
            return rc;
        field = NULL;
    }
    sac_bson_begin_doc(d->out, at->key);
    if (d->out->error)
        return d->out->error;
    rc = sac__decoder_object(d, field ? field->plan : NULL, at, depth + 1);
    if (rc != SAC_OK)
        return rc;
    sac_bson_end(d->out);
    return d->out->error;
}

static int count_member(sac__decoder *d)
{
    if (d->how->max_keys && ++d->members > d->how->max_keys)
        return sac__decoder_fail(d, SAC_ELIMIT, d->p, "too many keys and elements");
    return SAC_OK;
}

static int read_elements(sac__decoder *d, const sac__plan_field *item, const sac__place *up,
                         unsigned depth)
{
    sac__place at = {.up = up, .in_array = true};
    int rc = SAC_OK;

    if (sac__lex_take(d, ']'))
        return SAC_OK;
    for (;; at.index++) {
        rc = count_member(d);
        if (rc == SAC_OK)
            rc = read_value(d, item, &at, depth);
        if (rc != SAC_OK)
            return rc;
        if (!sac__lex_take(d, ','))
            break;
    }
    if (!sac__lex_take(d, ']'))
        return sac__decoder_fail(d, SAC_ESYNTAX, d->p, "expected \",\" or \"]\"");
    return SAC_OK;
}

static int read_array(sac__decoder *d, const sac__plan_field *field, const sac__place *at,
                      unsigned depth)
{
    int rc;

    if (++depth > d->max_depth)
        return sac__decoder_fail(d, SAC_ELIMIT, d->p, "nested too deep");
    d->p++;
    if (!sac__decoder_takes(field, SAC_ARRAY)) {
        rc = sac__decoder_misfit(d, SAC__JSON_WRONG_TYPE, at, field);
        if (rc != SAC_OK)
            return rc;
        field = NULL;
    }
    sac_bson_begin_array(d->out, at->key);
    if (d->out->error)
        return d->out->error;
    rc = read_elements(d, field ? field->item : NULL, at, depth);
    if (rc != SAC_OK)
        return rc;
    sac_bson_end(d->out);
    return d->out->error;
}

static int read_value(sac__decoder *d, const sac__plan_field *field, const sac__place *at,
                      unsigned depth)
{
    switch (sac__lex_peek(d)) {
    case '"': return sac__decoder_string(d, field, at);
    case '{': return read_object(d, field, at, depth);
    case '[': return read_array(d, field, at, depth);
    case 't': return sac__decoder_word(d, "true", field, at);
    case 'f': return sac__decoder_word(d, "false", field, at);
    case 'n': return sac__decoder_word(d, "null", field, at);
    case '-':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9': return sac__decoder_number(d, field, at);
    default: return sac__decoder_fail(d, SAC_ESYNTAX, d->p, "expected a value");
    }
}

/* An object that is being read. */
typedef struct object {
    const sac__plan *plan;
    const sac__place *up;
    unsigned depth;
    size_t hint;
    sac__key_level keys;
} object;

static const char *bad_segment(sac_str name, const sac__place *up, sac_str before, bool operators)
{
    while (up && up->in_array)
        up = up->up;
    if (name.n == 0)
        return "bad key: empty";
    if (name.p[0] == '$' && !operators)
        return "bad key: begins with $";
    if (sac_str_is(name, "__proto__"))
        return "bad key: __proto__";
    if (sac_str_is(name, "prototype") &&
        (sac_str_is(before, "constructor") ||
         (!before.p && up && sac_str_is(up->shown, "constructor"))))
        return "bad key: prototype of constructor";
    return NULL;
}

/* Why the key rules of wire.md forbid a key; NULL: they do not. */
static const char *bad_key(const sac__decoder *d, const object *o, sac_str key)
{
    const bool operators = d->how->operators;
    sac_str before = {NULL, 0};
    const char *dot, *why;

    if (!operators && !(d->how->dotted && o->depth == 1)) {
        if (key.n > 0 && memchr(key.p, '.', key.n))
            return "bad key: has a dot";
        return bad_segment(key, o->up, before, false);
    }
    while (key.n > 0 && (dot = memchr(key.p, '.', key.n)) != NULL) {
        const sac_str name = sac_str_n(key.p, (size_t)(dot - key.p));

        why = bad_segment(name, o->up, before, operators);
        if (why)
            return why;
        before = name;
        key = sac_str_n(dot + 1, key.n - name.n - 1);
    }
    return bad_segment(key, o->up, before, operators);
}

static int check_key(sac__decoder *d, object *o, sac_str key, const char *at)
{
    const char *why;
    int rc;

    if (sac__extended_is_key(key))
        return sac__decoder_fail(d, SAC_ESYNTAX, at,
                                 d->how->flags & SAC_JSON_KEY_RULES
                                     ? "bad key: Extended JSON out of place"
                                     : "malformed Extended JSON");
    if (!(d->how->flags & SAC_JSON_KEY_RULES))
        return SAC_OK;
    why = bad_key(d, o, key);
    if (why)
        return sac__decoder_fail(d, SAC_ESYNTAX, at, why);
    rc = sac__keys_add(&d->keys, &o->keys, key);
    if (rc == 0)
        return sac__decoder_fail(d, SAC_ESYNTAX, at, "bad key: duplicate");
    return rc < 0 ? rc : SAC_OK;
}

/* Reads a key and its colon into `at`. */
static int read_key(sac__decoder *d, object *o, sac__place *at)
{
    const char *begin;
    sac__token token;
    int rc;

    if (sac__lex_peek(d) != '"')
        return sac__decoder_fail(d, SAC_ESYNTAX, d->p, "expected a key");
    begin = d->p;
    rc = sac__lex_string(d, &token);
    if (rc != SAC_OK)
        return rc;
    if (token.nul)
        return sac__decoder_fail(d, SAC_ESYNTAX, begin, "bad key: has a NUL");
    at->key = at->shown = sac__lex_keep(d, &token);
    if (!at->shown.p)
        return SAC_ENOMEM;
    rc = check_key(d, o, at->shown, begin);
    if (rc != SAC_OK)
        return rc;
    if (!sac__lex_take(d, ':'))
        return sac__decoder_fail(d, SAC_ESYNTAX, d->p, "expected \":\"");
    return SAC_OK;
}

/* Reads a value for its syntax's sake. */
static int skip_value(sac__decoder *d, const sac__place *at, unsigned depth)
{
    const size_t before = d->out->n;
    const int rc = read_value(d, NULL, at, depth);

    d->out->n = before;
    return rc;
}

static int read_member(sac__decoder *d, object *o)
{
    const sac__plan_field *field = NULL;
    sac__place at = {.up = o->up};
    bool skipped = false;
    int rc = count_member(d);

    if (rc == SAC_OK)
        rc = read_key(d, o, &at);
    if (rc != SAC_OK)
        return rc;
    if (o->plan) {
        size_t hint = 0;

        field = sac__plan_shown(o->plan, at.shown, &o->hint);
        if (field)
            at.key = field->name;
        /* Where another field is stored under this name it cannot be written as such. */
        else if (!o->plan->open || sac__plan_stored(o->plan, at.shown, &hint))
            skipped = true;
    }
    if (skipped) {
        rc = sac__decoder_misfit(d, SAC__JSON_UNKNOWN_FIELD, &at, NULL);
        return rc ? rc : skip_value(d, &at, o->depth);
    }
    if (field && (field->flags & SAC__PLAN_COMPUTED))
        return skip_value(d, &at, o->depth);
    return read_value(d, field, &at, o->depth);
}

static int read_members(sac__decoder *d, object *o)
{
    int rc;

    if (sac__lex_take(d, '}'))
        return SAC_OK;
    do {
        rc = read_member(d, o);
        if (rc != SAC_OK)
            return rc;
    } while (sac__lex_take(d, ','));
    if (!sac__lex_take(d, '}'))
        return sac__decoder_fail(d, SAC_ESYNTAX, d->p, "expected \",\" or \"}\"");
    return SAC_OK;
}

int sac__decoder_object(sac__decoder *d, const sac__plan *plan, const sac__place *up,
                        unsigned depth)
{
    object o = {.plan = plan, .up = up, .depth = depth};
    int rc;

    if (depth > d->max_depth)
        return sac__decoder_fail(d, SAC_ELIMIT, d->p, "nested too deep");
    sac__keys_begin(&d->keys, &o.keys);
    rc = read_members(d, &o);
    sac__keys_end(&d->keys, &o.keys);
    return rc;
}

static int read_end(sac__decoder *d)
{
    sac__lex_blanks(d);
    return d->p == d->end ? SAC_OK
                          : sac__decoder_fail(d, SAC_ESYNTAX, d->p, "text behind the JSON value");
}

/* A value of any kind, by a field or NULL, and nothing behind it. */
static int read_only(sac__decoder *d, const sac__plan_field *field, const sac__place *at)
{
    const int rc = read_value(d, field, at, 0);

    return rc ? rc : read_end(d);
}

/* What is wrong with a text that has something else where an object or array is due. */
static int read_other(sac__decoder *d, const sac_alloc *alloc, const char *why)
{
    const sac__place at = {.key = sac_str_of("")};
    const char *begin = d->p;
    sac_bson out;
    int rc;

    sac_bson_init(&out, alloc, 0);
    d->out = &out;
    rc = read_only(d, NULL, &at);
    sac_bson_fini(&out);
    return rc ? rc : sac__decoder_fail(d, SAC_EINVAL, begin, why);
}

int sac__json_decode(const sac__json_decoding *decoding, sac_str json, sac_bson *out, sac_err *err)
{
    sac__decoder d;
    int rc;

    sac__decoder_init(&d, decoding, json, out->alloc);
    d.out = out;
    if (sac__lex_peek(&d) != '{') {
        rc = read_other(&d, out->alloc, "expected an object");
    } else {
        d.p++;
        rc = sac__decoder_object(&d, decoding->plan, NULL, 1);
        if (rc == SAC_OK)
            rc = read_end(&d);
    }
    rc = sac__decoder_report(&d, rc, err);
    sac__decoder_fini(&d);
    return rc;
}

static int read_item(sac__decoder *d, const sac__json_items *items, size_t index)
{
    const sac__place at = {.index = index, .in_array = true};
    int rc;

    if (sac__lex_peek(d) != '{') {
        snprintf(d->message, sizeof d->message, "expected an object as element %zu", index);
        return sac__decoder_fail(d, SAC_EINVAL, d->p, d->message);
    }
    d->members = 0;
    rc = items->begin(items->self, index, &d->out);
    if (rc != SAC_OK)
        return rc;
    d->p++;
    rc = sac__decoder_object(d, d->how->plan, &at, 1);
    if (rc == SAC_OK)
        rc = d->out->error;
    return rc ? rc : items->end(items->self, index);
}

static int read_items(sac__decoder *d, const sac__json_items *items)
{
    int rc;

    d->p++;
    if (!sac__lex_take(d, ']')) {
        size_t index = 0;

        do {
            rc = read_item(d, items, index++);
            if (rc != SAC_OK)
                return rc;
        } while (sac__lex_take(d, ','));
        if (!sac__lex_take(d, ']'))
            return sac__decoder_fail(d, SAC_ESYNTAX, d->p, "expected \",\" or \"]\"");
    }
    return read_end(d);
}

int sac__json_decode_items(const sac__json_decoding *decoding, sac_str json, const sac_alloc *alloc,
                           const sac__json_items *items, sac_err *err)
{
    sac__decoder d;
    int rc;

    sac__decoder_init(&d, decoding, json, alloc);
    if (sac__lex_peek(&d) != '[')
        rc = read_other(&d, alloc, "expected an array");
    else
        rc = read_items(&d, items);
    rc = sac__decoder_report(&d, rc, err);
    sac__decoder_fini(&d);
    return rc;
}

int sac__json_decode_value(const sac__json_decoding *decoding, const sac__plan_field *field,
                           sac_str json, sac_str key, sac_bson *out, sac_err *err)
{
    const sac__place at = {.key = key, .shown = field ? field->shown : key};
    sac__decoder d;
    int rc;

    sac__decoder_init(&d, decoding, json, out->alloc);
    d.out = out;
    rc = sac__decoder_report(&d, read_only(&d, field, &at), err);
    sac__decoder_fini(&d);
    return rc;
}
