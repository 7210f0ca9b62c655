/* SPDX-License-Identifier: MIT */
#include "canned.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int canned_load(const char *path, canned *out)
{
    FILE *f = fopen(path, "rb");
    size_t n;
    char *line;

    out->text = calloc(1, 1 << 24);
    if (!f || !out->text)
        return -1;
    n = fread(out->text, 1, (1 << 24) - 1, f);
    fclose(f);
    out->body = strstr(out->text, "\n\n");
    if (!out->body)
        return -1;
    *out->body = '\0';
    out->body += 2;
    out->body_n = n - (size_t)(out->body - out->text);
    line = strtok(out->text, "\n");
    out->status = line ? atoi(line) : 0;
    while ((line = strtok(NULL, "\n")) && out->n < 32) {
        char *colon = strchr(line, ':');

        if (!colon)
            return -1;
        *colon = '\0';
        out->names[out->n] = line;
        out->values[out->n++] = colon + 2;
    }
    return 0;
}
