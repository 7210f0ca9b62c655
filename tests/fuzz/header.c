/* SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "http/cookie.h"
#include "http/headers.h"
#include "http/media.h"
#include "http/precondition.h"
#include "page/range.h"

static void check_cookies(sac_str text)
{
    sac__cookie cookie = {.max_age = -1};
    sac_str rest = text, name, value;
    char line[4096];
    sac__buf out;

    while (sac__cookie_next(&rest, &name, &value)) {
        HOLD(name.n > 0 && fuzz_within(name, text) && !memchr(name.p, ';', name.n));
        HOLD(fuzz_within(value, text) && !memchr(value.p, ';', value.n));
        cookie.name = name;
        cookie.value = value;
        sac__buf_init_fixed(&out, line, sizeof line);
        if (sac__cookie_print(&cookie, &out) == SAC_OK && out.error == SAC_OK) {
            sac_str sent = sac__buf_str(&out), again, same;

            HOLD(sac__cookie_next(&sent, &again, &same) && sac_str_eq(again, name));
            HOLD(sac_str_eq(same, value));
        }
    }
}

static void check_lists(sac_str text)
{
    sac_str rest = text, member, params = {NULL, 0};
    sac__media media;

    HOLD((unsigned)sac__accept_quality(text, "application/json", &params) <= 1000);
    while (sac__header_next(&rest, &member))
        HOLD(member.n > 0 && fuzz_within(member, text));
    if (sac__media_parse(text, &media))
        HOLD(fuzz_within(media.type, text) && memchr(media.type.p, '/', media.type.n));
    else
        media = (sac__media){.type = text, .params = text};
    (void)sac__media_is(&media, "application/json");
    (void)sac__media_param(&media, "charset");
    (void)sac__prefer_get(text, "return", &params);
    (void)sac__etag_match_stamp(text, sac_str_of("a"));
    (void)sac__etag_match_whole(text, sac_str_of("\"a.b\""));
}

static void check_scalars(sac_str text)
{
    uint64_t offset, length;
    int64_t seconds, again;
    char date[29];

    if (sac__http_date_parse(text, &seconds)) {
        sac__http_date_print(seconds, date);
        HOLD(sac__http_date_parse(sac_str_n(date, sizeof date), &again) && again == seconds);
    }
    if (sac__range_parse(text, 1000, &offset, &length) == SAC__RANGE_PART)
        HOLD(length > 0 && offset < 1000 && length <= 1000 - offset);
}

/* The value of a header field, whichever it may be. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const sac_str text = sac_str_n(data, size);
    sac__headers headers = {.arena = fuzz_arena()};

    check_cookies(text);
    check_lists(text);
    check_scalars(text);
    if (sac__headers_set(&headers, sac_str_of("x"), text) == SAC_OK)
        for (size_t i = 0; i < size; i++)
            HOLD(data[i] == '\t' || (data[i] >= ' ' && data[i] != 127));
    if (sac__headers_merge(&headers, sac_str_of("vary"), text) == SAC_OK)
        HOLD(headers.n <= 2);
    sac__arena_close(headers.arena);
    return 0;
}
