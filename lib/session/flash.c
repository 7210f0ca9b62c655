/* SPDX-License-Identifier: MIT */
#include "session/state.h"

#define KEY "_flashes"

static const char no_flashes[] = "\5\0\0\0";

/* A tuple as Flask keeps it: `{" t": [category, message]}`. */
static void add_tuple(sac_bson *out, sac_str category, sac_str message)
{
    sac_bson_begin_doc(out, sac_str_of(""));
    sac_bson_begin_array(out, sac_str_of(" t"));
    sac_bson_add_str(out, "", category);
    sac_bson_add_str(out, "", message);
    sac_bson_end(out);
    sac_bson_end(out);
}

int sac_flash(sac_req *req, const char *category, sac_str message)
{
    const sac_value old = sac_session_get(req, KEY);
    sac_bson made;
    sac_bson_iter iter;
    sac_str doc = {NULL, 0};
    int rc;

    sac_bson_init(&made, sac_req_allocator(req), 0);
    sac_bson_begin_array(&made, sac_str_of(KEY));
    if (old.type == SAC_BSON_ARRAY && sac_bson_iter_init(&iter, old.raw) == SAC_OK)
        while (sac_bson_iter_next(&iter) == 1)
            sac_bson_add_value(&made, sac_str_of(""), iter.value);
    add_tuple(&made, sac_str_of(category ? category : "message"), message);
    sac_bson_end(&made);
    rc = sac_bson_finish(&made, &doc);
    return rc == SAC_OK ? sac__session_set(req, KEY, sac_bson_get(doc, sac_str_of(KEY))) : rc;
}

/* The text of a str, or of Markup. */
static bool take_text(sac_bson_iter *iter, sac_str *out)
{
    sac_value value;
    sac_str doc;

    if (sac_bson_iter_next(iter) != 1)
        return false;
    value = iter->value;
    if (sac_value_doc(&value, &doc) && value.type == SAC_BSON_DOCUMENT)
        value = sac_bson_get(doc, sac_str_of(" m"));
    return sac_value_str(&value, out);
}

/* A pair, as tuple or list; what is none is passed over. */
static void add_pair(sac_bson *out, sac_value pair)
{
    sac_str category, message;
    sac_bson_iter iter;

    if (pair.type == SAC_BSON_DOCUMENT)
        pair = sac_bson_get(pair.raw, sac_str_of(" t"));
    if (pair.type != SAC_BSON_ARRAY || sac_bson_iter_init(&iter, pair.raw) != SAC_OK ||
        !take_text(&iter, &category) || !take_text(&iter, &message))
        return;
    sac_bson_begin_doc(out, sac_str_of(""));
    sac_bson_add_str(out, "category", category);
    sac_bson_add_str(out, "message", message);
    sac_bson_end(out);
}

static int make_pairs(sac_req *req, sac_str kept, sac_str *out)
{
    sac_bson made;
    sac_bson_iter iter;
    sac_str doc = {NULL, 0};
    int rc = sac_bson_iter_init(&iter, kept);

    sac_bson_init(&made, sac_req_allocator(req), 0);
    sac_bson_begin_array(&made, sac_str_of(KEY));
    while (rc == SAC_OK && sac_bson_iter_next(&iter) == 1)
        add_pair(&made, iter.value);
    sac_bson_end(&made);
    if (rc == SAC_OK)
        rc = sac_bson_finish(&made, &doc);
    if (rc == SAC_OK)
        *out = sac_bson_get(doc, sac_str_of(KEY)).raw;
    return rc;
}

sac_str sac_flashes(sac_req *req)
{
    sac__session *s = sac__session_look(req);
    const sac_str none = sac_str_n(no_flashes, sizeof no_flashes);
    sac_value kept;
    sac_str made;

    if (!s || s->flashes.p)
        return s ? s->flashes : none;
    kept = sac_session_get(req, KEY);
    if (kept.type == SAC_BSON_ARRAY && make_pairs(req, kept.raw, &made) == SAC_OK &&
        sac__session_remove(req, KEY) == SAC_OK)
        s->flashes = made;
    else
        s->flashes = none;
    return s->flashes;
}
