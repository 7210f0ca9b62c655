/* SPDX-License-Identifier: MIT */
#include "bson2json.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define MAX_LINE ((size_t)128 << 20)

/* The next line without its end; its size with it. 0: there is none, or it is too long. */
static size_t next_line(input *in, sac_str *line)
{
    size_t seen = 0, there = input_want(in, 1);

    while (there > seen) {
        const char *p = in->p + in->begin;
        const char *end = memchr(p + seen, '\n', there - seen);

        *line = sac_str_n(p, end ? (size_t)(end - p) : there);
        if (end)
            return line->n + 1;
        if (there > MAX_LINE)
            return 0;
        seen = there;
        there = input_want(in, there + 1);
    }
    return seen;
}

static bool is_blank(sac_str line)
{
    for (size_t i = 0; i < line.n; i++) {
        if (!strchr(" \t\r", line.p[i]) || !line.p[i])
            return false;
    }
    return true;
}

/* In characters, as the library counts; it knows of one line only. */
static size_t column_of(sac_str line, size_t pos)
{
    size_t column = 1;

    for (size_t i = 0; i < pos && i < line.n; i++)
        column += ((unsigned char)line.p[i] & 0xc0) != 0x80;
    return column;
}

static void refuse(input *in, uint64_t number, sac_str line, sac_err *err)
{
    char *place = strstr(err->text, " at line 1, column ");

    if (place)
        *place = '\0';
    complain(in->progress, "line %" PRIu64 ", column %zu (byte %" PRIu64 "): %s", number,
             column_of(line, err->pos), in->offset + err->pos, err->text);
}

/* A line that is no document is left out. */
int load_lines(const options *o, input *in, output *out)
{
    uint64_t number = 1;
    int status = ALL_WELL;
    sac_str line, doc;
    size_t n;

    for (; (n = next_line(in, &line)) > 0; number++, input_take(in, n)) {
        sac_err err = {.code = 0};

        if (is_blank(line))
            continue;
        if (sac_json_decode(line, NULL, NULL, &doc, &err) != SAC_OK) {
            refuse(in, number, line, &err);
            status = DAMAGED;
            if (o->check)
                return status;
            continue;
        }
        output_add(out, doc.p, doc.n);
        free((void *)(uintptr_t)doc.p);
        if (out->error)
            return FAILED;
        in->progress->documents++;
    }
    if (in->end > in->begin && !in->error) {
        complain(in->progress, "line %" PRIu64 " is longer than %zu MiB", number, MAX_LINE >> 20);
        status = DAMAGED;
    }
    return status;
}
