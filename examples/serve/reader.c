/* SPDX-License-Identifier: MIT */
#include "reader.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct kept {
    kept *next;
    max_align_t bytes[];
};

void *keep(kept **all, size_t n)
{
    kept *made = calloc(1, sizeof *made + n);

    if (!made) {
        fputs("serve: out of memory\n", stderr);
        exit(1);
    }
    made->next = *all;
    *all = made;
    return made->bytes;
}

void keep_free(kept *all)
{
    while (all) {
        kept *next = all->next;

        free(all);
        all = next;
    }
}

int wrong(const reader *r, const char *format, ...)
{
    va_list arguments;

    fprintf(stderr, "serve: %s:%d: ", r->file, line_of(r->text, r->steps, r->n_steps));
    for (size_t i = 0; i < r->n_steps; i++) {
        if (r->steps[i].key)
            fprintf(stderr, "%s%s", i ? "." : "", r->steps[i].key);
        else
            fprintf(stderr, "[%d]", r->steps[i].index);
    }
    fputs(r->n_steps ? ": " : "", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    return -1;
}

int read_member(reader *r, const cJSON *value, read_fn *read, void *to)
{
    const cJSON *before = value;
    int index = 0, rc;

    if (r->n_steps == MAX_STEPS)
        return wrong(r, "nested too deeply");
    if (!value->string) /* an element: the first one's prev is the last */
        for (; before->prev->next; before = before->prev)
            index++;
    r->steps[r->n_steps++] = (step){value->string, index};
    rc = read(r, value, to);
    r->n_steps--;
    return rc;
}

static int unknown(reader *r, const cJSON *value, void *to)
{
    const member *table = to;
    char known[600] = "";
    size_t n = 0;

    (void)value;
    for (; table->name && n < sizeof known; table++)
        n += (size_t)snprintf(known + n, sizeof known - n, "%s%s", n ? ", " : "", table->name);
    return wrong(r, "no such member; there is: %s", known);
}

static int twice(reader *r, const cJSON *value, void *to)
{
    (void)value;
    (void)to;
    return wrong(r, "is there twice");
}

static bool was_before(const cJSON *object, const cJSON *value)
{
    return cJSON_GetObjectItemCaseSensitive(object, value->string) != value;
}

int read_members(reader *r, const cJSON *object, const member *table, void *to)
{
    const cJSON *value;

    if (!cJSON_IsObject(object))
        return wrong(r, "must be an object");
    cJSON_ArrayForEach(value, object)
    {
        const member *m = table;
        int rc;

        while (m->name && strcmp(m->name, value->string) != 0)
            m++;
        if (!m->name)
            rc = read_member(r, value, unknown, (void *)(uintptr_t)table);
        else if (was_before(object, value))
            rc = read_member(r, value, twice, NULL);
        else
            rc = read_member(r, value, m->read, (char *)to + m->offset);
        if (rc != 0)
            return rc;
    }
    return 0;
}

int read_bool(reader *r, const cJSON *value, void *to)
{
    if (!cJSON_IsBool(value))
        return wrong(r, "must be true or false");
    *(bool *)to = cJSON_IsTrue(value);
    return 0;
}

static int read_count(reader *r, const cJSON *value, double max, int64_t *to)
{
    const double number = cJSON_IsNumber(value) ? value->valuedouble : -1;

    if (!(number >= 0 && number <= max) || number != floor(number))
        return wrong(r, "must be an integer from 0 to %.0f", max);
    *to = (int64_t)number;
    return 0;
}

int read_int(reader *r, const cJSON *value, void *to)
{
    int64_t n = 0;
    const int rc = read_count(r, value, 10000, &n);

    if (rc == 0)
        *(int *)to = (int)n;
    return rc;
}

int read_int64(reader *r, const cJSON *value, void *to)
{
    return read_count(r, value, 9007199254740992, to);
}

int read_uint32(reader *r, const cJSON *value, void *to)
{
    int64_t n = 0;
    const int rc = read_count(r, value, UINT32_MAX, &n);

    if (rc == 0)
        *(uint32_t *)to = (uint32_t)n;
    return rc;
}

int read_size(reader *r, const cJSON *value, void *to)
{
    int64_t n = 0;
    const int rc = read_count(r, value, (double)(INT64_C(1) << 40), &n);

    if (rc == 0)
        *(size_t *)to = (size_t)n;
    return rc;
}

int read_string(reader *r, const cJSON *value, void *to)
{
    if (!cJSON_IsString(value))
        return wrong(r, "must be a string");
    *(const char **)to = value->valuestring;
    return 0;
}

int read_strings(reader *r, const cJSON *value, void *to)
{
    const char **strings;
    const cJSON *element;
    size_t n = 0;

    if (!cJSON_IsArray(value))
        return wrong(r, "must be an array of strings");
    strings = keep(r->kept, ((size_t)cJSON_GetArraySize(value) + 1) * sizeof *strings);
    cJSON_ArrayForEach(element, value) if (read_member(r, element, read_string, &strings[n++]) !=
                                           0) return -1;
    *(const char *const **)to = strings;
    return 0;
}

int read_text(reader *r, const cJSON *value, const char **to)
{
    char *text = cJSON_PrintUnformatted(value), *copy;

    if (!text)
        return wrong(r, "out of memory");
    copy = keep(r->kept, strlen(text) + 1);
    strcpy(copy, text);
    cJSON_free(text);
    *to = copy;
    return 0;
}

int read_name(reader *r, const cJSON *value, const char *const *names, int *to)
{
    char known[300] = "";
    size_t n = 0;

    for (int i = 0; names[i]; i++) {
        if (cJSON_IsString(value) && strcmp(value->valuestring, names[i]) == 0) {
            *to = i;
            return 0;
        }
        n += (size_t)snprintf(known + n, sizeof known - n, "%s%s", i ? ", " : "", names[i]);
    }
    return wrong(r, "must be one of %s", known);
}
