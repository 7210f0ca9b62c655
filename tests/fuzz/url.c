/* SPDX-License-Identifier: MIT */
#include "core/utf8.h"
#include "fuzz.h"
#include "http/url.h"

static void check_target(sac_str raw)
{
    sac__target target;

    if (sac__target_parse(raw, &target) != SAC_OK)
        return;
    HOLD(target.path.n > 0 && *target.path.p == '/');
    HOLD(fuzz_within(target.path, raw) || sac_str_is(target.path, "/"));
    HOLD(!target.query.p || fuzz_within(target.query, raw));
    HOLD(!target.authority.p || fuzz_within(target.authority, raw));
    for (size_t i = 0; i < raw.n; i++)
        HOLD((unsigned char)raw.p[i] >= ' ' && raw.p[i] != '#' && raw.p[i] != 127);
}

/* What has been decoded says the same when it is encoded and decoded again. */
static void check_decoded(sac__arena *arena, sac_str text)
{
    sac__buf encoded;
    sac_str again;

    HOLD(sac__utf8_valid(text) && (text.n == 0 || !memchr(text.p, 0, text.n)));
    sac__buf_init(&encoded, sac__arena_alloc(arena), (size_t)1 << 20);
    sac__url_encode(&encoded, text);
    HOLD(encoded.error == SAC_OK);
    HOLD(sac__url_decode(arena, sac_str_n(encoded.p ? encoded.p : "", encoded.n), true, &again) ==
         SAC_OK);
    HOLD(sac_str_eq(again, text));
}

static void check_params(sac__arena *arena, sac_str raw)
{
    sac__params params;

    if (sac__params_parse(arena, raw, 64, &params) != SAC_OK)
        return;
    HOLD(params.n <= 64);
    for (size_t i = 0; i < params.n; i++) {
        check_decoded(arena, params.v[i].name);
        if (params.v[i].value.p)
            check_decoded(arena, params.v[i].value);
    }
    (void)sac__params_get(&params, "a");
}

static void check_origin(sac_str text)
{
    if (sac__host_is_loopback(text))
        HOLD(sac__host_valid(text));
    if (sac__origin_valid(text)) {
        const char *host = memmem(text.p, text.n, "://", 3);

        HOLD(host != NULL);
        HOLD(sac__host_valid(sac_str_n(host + 3, (size_t)(text.p + text.n - host - 3))));
    }
}

/* The text, taken for everything that it might be. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const sac_str raw = sac_str_n(data, size);
    sac__arena *arena = fuzz_arena();

    for (int plus = 0; plus < 2; plus++) {
        sac_str text;

        if (sac__url_decode(arena, raw, plus != 0, &text) == SAC_OK)
            check_decoded(arena, text);
    }
    check_target(raw);
    check_params(arena, raw);
    check_origin(raw);
    sac__arena_close(arena);
    return 0;
}
