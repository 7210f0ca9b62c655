/* SPDX-License-Identifier: MIT */
#include "page/mime.h"

#include "http/headers.h"

static const struct ending {
    const char *name, *type;
} endings[] = {
    {"html", "text/html; charset=utf-8"},
    {"htm", "text/html; charset=utf-8"},
    {"css", "text/css; charset=utf-8"},
    {"js", "text/javascript; charset=utf-8"},
    {"mjs", "text/javascript; charset=utf-8"},
    {"cjs", "text/javascript; charset=utf-8"},
    {"txt", "text/plain; charset=utf-8"},
    {"md", "text/markdown; charset=utf-8"},
    {"csv", "text/csv; charset=utf-8"},
    {"ics", "text/calendar; charset=utf-8"},
    {"vtt", "text/vtt; charset=utf-8"},
    {"json", "application/json"},
    {"map", "application/json"},
    {"jsonld", "application/ld+json"},
    {"geojson", "application/geo+json"},
    {"ndjson", "application/x-ndjson"},
    {"webmanifest", "application/manifest+json"},
    {"xml", "application/xml"},
    {"xhtml", "application/xhtml+xml"},
    {"rss", "application/rss+xml"},
    {"atom", "application/atom+xml"},
    {"pdf", "application/pdf"},
    {"wasm", "application/wasm"},
    {"zip", "application/zip"},
    {"gz", "application/gzip"},
    {"svg", "image/svg+xml"},
    {"png", "image/png"},
    {"apng", "image/apng"},
    {"jpg", "image/jpeg"},
    {"jpeg", "image/jpeg"},
    {"gif", "image/gif"},
    {"webp", "image/webp"},
    {"avif", "image/avif"},
    {"bmp", "image/bmp"},
    {"ico", "image/x-icon"},
    {"woff", "font/woff"},
    {"woff2", "font/woff2"},
    {"ttf", "font/ttf"},
    {"otf", "font/otf"},
    {"eot", "application/vnd.ms-fontobject"},
    {"mp3", "audio/mpeg"},
    {"m4a", "audio/mp4"},
    {"aac", "audio/aac"},
    {"flac", "audio/flac"},
    {"opus", "audio/ogg"},
    {"ogg", "audio/ogg"},
    {"wav", "audio/wav"},
    {"mp4", "video/mp4"},
    {"webm", "video/webm"},
    {"ogv", "video/ogg"},
};

static sac_str ending_of(sac_str path)
{
    size_t i = path.n;

    while (i > 0 && path.p[i - 1] != '.' && path.p[i - 1] != '/')
        i--;
    return i > 0 && path.p[i - 1] == '.' ? sac_str_n(path.p + i, path.n - i) : sac_str_n(NULL, 0);
}

const char *sac__mime_type(sac_str path)
{
    const sac_str ending = ending_of(path);

    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (sac__header_is(ending, endings[i].name))
            return endings[i].type;
    return "application/octet-stream";
}

static bool begins(sac_str type, const char *with)
{
    const size_t n = strlen(with);

    return type.n >= n && sac__header_is(sac_str_n(type.p, n), with);
}

static bool is_one_of(sac_str type, const char *const *list)
{
    for (; *list; list++)
        if (sac__header_is(type, *list))
            return true;
    return false;
}

static const char *const texts[] = {"application/json",
                                    "application/xml",
                                    "application/javascript",
                                    "application/wasm",
                                    "application/x-ndjson",
                                    "application/x-javascript",
                                    "application/manifest+json",
                                    "application/vnd.ms-fontobject",
                                    "application/rtf",
                                    "image/x-icon",
                                    "image/bmp",
                                    "font/ttf",
                                    "font/otf",
                                    NULL};

static const char *const packed[] = {"application/zip", "application/gzip", "application/pdf",
                                     "font/woff",       "font/woff2",       NULL};

static bool ends(sac_str type, const char *with)
{
    const size_t n = strlen(with);

    return type.n >= n && sac__header_is(sac_str_n(type.p + type.n - n, n), with);
}

bool sac__mime_is_text(sac_str type)
{
    const char *params = type.n ? memchr(type.p, ';', type.n) : NULL;

    if (params)
        type.n = (size_t)(params - type.p);
    while (type.n > 0 && type.p[type.n - 1] == ' ')
        type.n--;
    return begins(type, "text/") || ends(type, "+json") || ends(type, "+xml") ||
           is_one_of(type, texts);
}

bool sac__mime_is_packed(const char *type)
{
    const sac_str t = sac_str_of(type);

    return is_one_of(t, packed) ||
           ((begins(t, "image/") || begins(t, "audio/") || begins(t, "video/")) &&
            !sac__mime_is_text(t));
}
