/* SPDX-License-Identifier: MIT */
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "core/base64url.h"
#include "fuzz.h"
#include "session/flask.h"
#include "session/sealed.h"

enum { NOW = 1700000000, MONTH = 31 * 86400, MAX = 64 << 10 };

static const sac_str keys[] = {{"dev", 3}, {"old", 3}};
static const sac_str salt = {"cookie-session", 14};

static int write_doc(sac_str doc, sac__arena *arena, sac_str *text)
{
    sac__buf out;
    int rc;

    sac__buf_init(&out, sac__arena_alloc(arena), SIZE_MAX);
    rc = sac__tagged_write(doc, arena, &out);
    *text = sac__buf_str(&out);
    return rc;
}

/* What was read is sound, and is the same when it was written and read again. */
static void check_read(sac_str doc, sac__arena *arena)
{
    sac_str text, again, same;

    HOLD(sac_bson_check(doc, NULL) == SAC_OK);
    HOLD(write_doc(doc, arena, &text) == SAC_OK);
    HOLD(sac__tagged_read(text, arena, &again) == SAC_OK);
    HOLD(write_doc(again, arena, &same) == SAC_OK && sac_str_eq(text, same));
}

static void check_json(sac_str json, sac__arena *arena)
{
    sac_str doc;

    if (sac__tagged_read(json, arena, &doc) == SAC_OK)
        check_read(doc, arena);
}

/* What is written can be read, but for what an escaped dict adds in depth. */
static void check_bson(sac_str doc, sac__arena *arena)
{
    sac_str text, again;
    int rc;

    if (sac_bson_check(doc, NULL) != SAC_OK || write_doc(doc, arena, &text) != SAC_OK)
        return;
    rc = sac__tagged_read(text, arena, &again);
    HOLD(rc == SAC_OK || rc == SAC_ELIMIT);
    if (rc == SAC_OK)
        check_read(again, arena);
}

/* Whatever the payload is, its signature is right. */
static void check_signed(const sac__signing *signing, sac_str payload, sac__arena *arena)
{
    const sac__signed_rules rules = {.now = NOW, .max_age = MONTH, .max = MAX};
    const sac_str text = sac__arena_printf(arena, "%.*s.ZVPxAA", (int)payload.n, payload.p);
    uint8_t key[20], digest[20];
    char signature[SAC__BASE64URL_SIZE(20)];
    unsigned n = 0;
    sac__signed got;
    sac_str cookie;

    HOLD(HMAC(EVP_sha1(), keys[1].p, (int)keys[1].n, (const uint8_t *)salt.p, salt.n, key, &n));
    HOLD(HMAC(EVP_sha1(), key, 20, (const uint8_t *)text.p, text.n, digest, &n));
    sac__base64url_print(signature, digest, sizeof digest);
    cookie = sac__arena_printf(arena, "%s.%.*s", text.p, (int)sizeof signature, signature);
    if (sac__signed_read(signing, cookie, &rules, arena, &got) == SAC_OK)
        check_read(got.doc, arena);
}

/* The first byte says what the rest is. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static sac__signing *signing;
    static sac__sealing *sealing;
    const sac__signed_rules rules = {.now = NOW, .max_age = MONTH, .max = MAX};
    sac_str rest = sac_str_n(data, size);
    sac__arena *arena = fuzz_arena();
    sac__signed got;
    sac__sealed opened;

    HOLD(signing || sac__signing_new(NULL, keys, 2, salt, &signing) == SAC_OK);
    HOLD(sealing || sac__sealing_new(NULL, keys, 2, salt, salt, &sealing) == SAC_OK);
    switch (fuzz_byte(&rest)) {
    case 'j': check_json(rest, arena); break;
    case 'b': check_bson(rest, arena); break;
    case 'p': check_signed(signing, rest, arena); break;
    default:
        HOLD(sac__signed_read(signing, rest, &rules, arena, &got) != SAC_OK);
        HOLD(sac__sealed_read(sealing, rest, MAX, arena, &opened) != SAC_OK);
    }
    sac__arena_close(arena);
    return 0;
}
