/* SPDX-License-Identifier: MIT */
#include <sacrum/err.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/utf8.h"

typedef struct error_row {
    const char *name;
    const char *text;
    int status;
} error_row;

#define ERROR_ROW(name, number, text, status) [-(number)] = {#name, text, status},
static const error_row rows[] = {{"SAC_OK", "success", 200}, SAC_ERRORS(ERROR_ROW)};
#undef ERROR_ROW

static const error_row unknown = {"SAC_E?", "unknown error", 500};

static const error_row *find_row(int code)
{
    const int n = (int)(sizeof rows / sizeof rows[0]);

    return code <= 0 && code > -n && rows[-code].name ? &rows[-code] : &unknown;
}

/* A text that quotes what a client sent is made UTF-8 again. */
static void make_utf8(char *text)
{
    const size_t n = strlen(text);
    size_t at = 0;

    while ((at += sac__utf8_bad(sac_str_n(text + at, n - at))) < n)
        text[at++] = '?';
}

int sac_err_set(sac_err *err, int code, const char *format, ...)
{
    va_list args;
    int n;
    size_t tail;

    if (!err)
        return code;
    err->code = code;
    err->pos = 0;
    va_start(args, format);
    n = vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    if (n < 0)
        err->text[0] = '\0';
    if (n >= (int)sizeof err->text) {
        tail = sac__utf8_bad(sac_str_of(err->text));
        if (tail + 4 > sizeof err->text - 1)
            err->text[tail] = '\0';
    }
    make_utf8(err->text);
    return code;
}

const char *sac_err_name(int code)
{
    return find_row(code)->name;
}

const char *sac_err_text(int code)
{
    return find_row(code)->text;
}

int sac_err_status(int code)
{
    return find_row(code)->status;
}
