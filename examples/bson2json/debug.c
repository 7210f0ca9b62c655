/* SPDX-License-Identifier: MIT */
#include "bson2json.h"

#include <stdarg.h>
#include <stdio.h>

typedef struct level {
    sac_bson_iter iter;
    bool open;
} level;

static void print(output *out, unsigned depth, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A line's begin of three tabs a level, then the text, which is short. */
static void print(output *out, unsigned depth, const char *format, ...)
{
    char text[100];
    va_list arguments;
    int n;

    while (depth-- > 0)
        output_add(out, "\t\t\t", 3);
    va_start(arguments, format);
    n = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    output_add(out, text, (size_t)n);
}

static int begin(level *at, unsigned depth, sac_str doc, output *out)
{
    print(out, depth, "--- new object ---\n");
    print(out, depth, "\tsize : %zu\n", doc.n);
    return sac_bson_iter_init(&at->iter, doc);
}

static void print_element(const sac_bson_iter *i, unsigned depth, output *out)
{
    print(out, depth, "\t\t");
    output_add(out, i->key.p, i->key.n);
    output_add(out, "\n", 1);
    print(out, depth, "\t\t\ttype: %4d size: %zu\n", (int8_t)i->value.type,
          2 + i->key.n + i->value.raw.n);
}

int debug_document(sac_str doc, output *out)
{
    level levels[SAC_BSON_DEPTH];
    unsigned depth = 0;
    int rc = begin(&levels[0], 0, doc, out);

    while (rc == SAC_OK && !out->error) {
        sac_bson_iter *i = &levels[depth].iter;
        sac_str inner;
        const int more = sac_bson_iter_next(i);

        if (more == 0 && depth == 0)
            break;
        if (more < 0) {
            rc = more;
        } else if (more == 0) {
            depth--;
        } else {
            print_element(i, depth, out);
            if (!sac_value_doc(&i->value, &inner))
                continue;
            rc = ++depth < SAC_BSON_DEPTH ? begin(&levels[depth], depth, inner, out) : SAC_ELIMIT;
        }
    }
    return rc;
}
