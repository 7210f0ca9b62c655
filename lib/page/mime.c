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
    {"txt", "text/plain; charset=utf-8"},
    {"md", "text/markdown; charset=utf-8"},
    {"csv", "text/csv; charset=utf-8"},
    {"vtt", "text/vtt; charset=utf-8"},
    {"json", "application/json"},
    {"map", "application/json"},
    {"webmanifest", "application/manifest+json"},
    {"xml", "application/xml"},
    {"pdf", "application/pdf"},
    {"wasm", "application/wasm"},
    {"zip", "application/zip"},
    {"gz", "application/gzip"},
    {"svg", "image/svg+xml"},
    {"png", "image/png"},
    {"jpg", "image/jpeg"},
    {"jpeg", "image/jpeg"},
    {"gif", "image/gif"},
    {"webp", "image/webp"},
    {"avif", "image/avif"},
    {"ico", "image/x-icon"},
    {"woff", "font/woff"},
    {"woff2", "font/woff2"},
    {"ttf", "font/ttf"},
    {"otf", "font/otf"},
    {"eot", "application/vnd.ms-fontobject"},
    {"mp3", "audio/mpeg"},
    {"ogg", "audio/ogg"},
    {"wav", "audio/wav"},
    {"mp4", "video/mp4"},
    {"webm", "video/webm"},
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
