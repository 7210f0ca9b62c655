/* SPDX-License-Identifier: MIT */
#include "resource/ask.h"

#include "bson/wire.h"
#include "core/arena.h"
#include "http/precondition.h"
#include "json/text.h"

/* Raised when the encoder's bytes change, so that no client keeps what an older one wrote. */
#define ENCODER_VERSION 1

enum { STAMP = 16, MAX_ID = 272 };

/* What all answers of one dialect have in common; the key makes it no oracle for the table. */
uint64_t sac__tag_variant(const sac__resource *resource, sac_json_dialect dialect)
{
    const char *items = resource->def.items_key ? resource->def.items_key : "";
    char text[48];

    sac__wire_put64(text, sac__schema_fingerprint(resource->schema));
    sac__wire_put64(text + 8, sac__hash_quick(resource->id_key, strlen(resource->id_key)));
    sac__wire_put64(text + 16, sac__hash_quick(items, strlen(items)));
    sac__wire_put64(text + 24, sac__hash_quick(resource->path.p, resource->path.n));
    sac__wire_put64(text + 32, (uint64_t)dialect);
    sac__wire_put64(text + 40, ENCODER_VERSION);
    return sac__hash_keyed(resource->tag_key, text, sizeof text);
}

/* An int id has one stamp, whatever its width. */
static size_t id_bytes(const sac_value *id, char out[MAX_ID])
{
    const size_t n = id->raw.n < MAX_ID ? id->raw.n : MAX_ID;
    int64_t number;

    if (sac_value_int(id, &number)) {
        sac__wire_put64(out, (uint64_t)number);
        return 8;
    }
    if (n > 0)
        memcpy(out, id->raw.p, n);
    return n;
}

uint64_t sac__tag_stamp(const sac__resource *resource, uint64_t revision, const sac_value *id)
{
    char text[8 + MAX_ID];

    sac__wire_put64(text, revision);
    return sac__hash_keyed(resource->tag_key, text, 8 + id_bytes(id, text + 8));
}

static void print_hex(char *out, uint64_t word)
{
    uint8_t bytes[8];

    for (int i = 7; i >= 0; i--, word >>= 8)
        bytes[i] = (uint8_t)word;
    sac__text_print_hex(out, bytes, sizeof bytes);
}

void sac__tag_print(sac__tag *tag, uint64_t stamp, uint64_t variant)
{
    tag->text[0] = '"';
    print_hex(tag->text + 1, stamp);
    tag->text[1 + STAMP] = '.';
    print_hex(tag->text + 2 + STAMP, variant);
    tag->text[SAC__TAG - 1] = '"';
}

sac__verdict sac__tag_judge(const sac__ask *ask, const sac__tag *tag)
{
    const bool read = (sac_req_method(ask->req) & (SAC_GET | SAC_HEAD)) != 0;

    if (ask->if_match.p) {
        const sac__etag_match match = sac__etag_match_stamp(ask->if_match,
                                                            sac_str_n(tag->text + 1, STAMP));

        if (match == SAC__ETAG_BAD)
            return SAC__MALFORMED;
        if (match == SAC__ETAG_NONE)
            return SAC__FAILED;
    }
    if (ask->if_none_match.p) {
        const sac__etag_match match = sac__etag_match_whole(ask->if_none_match,
                                                            sac_str_n(tag->text, SAC__TAG));

        if (match == SAC__ETAG_BAD)
            return SAC__MALFORMED;
        if (match != SAC__ETAG_NONE)
            return read ? SAC__NOT_MODIFIED : SAC__FAILED;
    }
    return SAC__PASS;
}

sac__verdict sac__tag_judge_missing(const sac__ask *ask)
{
    const sac_str none = {"", 0};

    if (sac__etag_match_stamp(ask->if_match, none) == SAC__ETAG_BAD ||
        sac__etag_match_whole(ask->if_none_match, none) == SAC__ETAG_BAD)
        return SAC__MALFORMED;
    return ask->if_match.p ? SAC__FAILED : SAC__PASS;
}

int sac__tag_header(const sac__ask *ask, const sac__tag *tag)
{
    char *text = sac__arena_bytes(sac__req_arena(ask->req), SAC__TAG);

    if (!text)
        return sac_fail(ask->req, SAC_ENOMEM, "no memory for a tag");
    memcpy(text, tag->text, SAC__TAG);
    return sac__ask_header(ask, "ETag", sac_str_n(text, SAC__TAG));
}

int sac__tag_refuse(const sac__ask *ask, sac__verdict verdict, const sac__tag *tag)
{
    const int rc = tag ? sac__tag_header(ask, tag) : SAC_OK;

    if (rc != SAC_OK)
        return rc;
    if (verdict == SAC__NOT_MODIFIED)
        return sac_reply_empty(ask->req, 304);
    if (verdict == SAC__MALFORMED)
        return sac_problem(ask->req, "bad_request",
                           "If-Match and If-None-Match are lists of quoted tags, or *");
    return sac_problem(ask->req, "precondition_failed",
                       tag ? "the item has changed" : "there is no such item");
}
