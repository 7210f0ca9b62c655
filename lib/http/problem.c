/* SPDX-License-Identifier: MIT */
#include "http/problem.h"

#include "json/encode.h"

enum { MAX_ERRORS = 100 };

static const sac__problem_kind kinds[] = {
#define PROBLEM_ROW(code, status, title) {code, status, title},
    SAC__PROBLEMS(PROBLEM_ROW)
#undef PROBLEM_ROW
};

enum { KINDS = sizeof kinds / sizeof *kinds };

const sac__problem_kind *sac__problem_kind_of(const char *code)
{
    for (size_t i = 0; i < KINDS; i++)
        if (strcmp(kinds[i].code, code) == 0)
            return &kinds[i];
    return NULL;
}

const sac__problem_kind *sac__problem_kind_for_status(int status)
{
    for (size_t i = 0; i < KINDS; i++)
        if (kinds[i].status == status)
            return &kinds[i];
    return NULL;
}

int sac__problem_errors_add(sac__problem_errors *errors, sac__arena *arena, sac_str field,
                            const char *format, ...)
{
    sac__problem_error *error;
    va_list args;

    if (errors->n >= MAX_ERRORS) {
        errors->n++;
        return SAC_OK;
    }
    error = sac__arena_get_zero(arena, sizeof *error);
    if (!error)
        return SAC_ENOMEM;
    va_start(args, format);
    error->field = sac__arena_dup(arena, field);
    error->message = sac__arena_vprintf(arena, format, args);
    va_end(args);
    if (!error->field.p || !error->message.p)
        return SAC_ENOMEM;
    if (errors->last)
        errors->last->next = error;
    else
        errors->first = error;
    errors->last = error;
    errors->n++;
    return SAC_OK;
}

static bool was_printed(const sac__problem_error *first, const sac__problem_error *error)
{
    while (first != error && !sac_str_eq(first->field, error->field))
        first = first->next;
    return first != error;
}

/* Every message of the field that `error` is the first of. */
static void print_field(sac__buf *out, const sac__problem_error *error)
{
    const sac_str field = error->field;
    const char *between = ":[";

    sac__json_encode_str(out, field);
    for (; error; error = error->next) {
        if (!sac_str_eq(error->field, field))
            continue;
        sac__buf_add_text(out, between);
        sac__json_encode_str(out, error->message);
        between = ",";
    }
    sac__buf_add_char(out, ']');
}

static void print_errors(sac__buf *out, const sac__problem_error *first)
{
    const char *between = ",\"errors\":{";

    for (const sac__problem_error *error = first; error; error = error->next) {
        if (was_printed(first, error))
            continue;
        sac__buf_add_text(out, between);
        print_field(out, error);
        between = ",";
    }
    sac__buf_add_char(out, '}');
}

static void print_type(sac__buf *out, const char *docs, const char *code)
{
    sac__buf_add_text(out, "{\"type\":\"");
    sac__buf_add_text(out, docs ? docs : "about:blank");
    sac__buf_add_text(out, docs ? code : "");
    sac__buf_add_char(out, '"');
}

static void print_member(sac__buf *out, const char *key, sac_str value)
{
    sac__buf_add_text(out, key);
    sac__json_encode_str(out, value);
}

void sac__problem_print(sac__buf *out, const sac__problem_kind *kind, const char *docs,
                        sac_str detail, const sac__problem_errors *errors)
{
    print_type(out, docs, kind->code);
    print_member(out, ",\"title\":", sac_str_of(kind->title));
    sac__buf_add_text(out, ",\"status\":");
    sac__buf_add_int(out, kind->status);
    if (detail.n)
        print_member(out, ",\"detail\":", detail);
    print_member(out, ",\"code\":", sac_str_of(kind->code));
    if (errors && errors->first)
        print_errors(out, errors->first);
    sac__buf_add_char(out, '}');
}
