/* SPDX-License-Identifier: MIT */
#include "resource/query/select.h"

#include "resource/render.h"

enum { MAX_WORDS = 8, MAX_WORD = 64 };

/* What is done for each searchable field, by its stored path. */
typedef struct search {
    sac__buf path;
    sac_str pattern;
    sac_bson *out; /* NULL: they are only counted */
    size_t n;
} search;

static void visit(search *s)
{
    s->n++;
    if (!s->out)
        return;
    sac_bson_begin_doc(s->out, sac_str_of(""));
    sac_bson_begin_doc(s->out, sac__buf_str(&s->path));
    sac_bson_add_str(s->out, "$regex", s->pattern);
    sac_bson_add_str(s->out, "$options", sac_str_of("i"));
    sac_bson_end(s->out);
    sac_bson_end(s->out);
}

/* Tables nest at most SAC__RULE_DEPTH deep. */
static void each_field(search *s, const sac__plan *plan)
{
    const size_t base = s->path.n;

    for (size_t i = 0; plan && i < plan->n; i++) {
        const sac__plan_field *field = &plan->fields[i];
        const sac__plan_field *item = sac__spot_item(field);

        if (field->flags & (SAC__PLAN_HIDDEN | SAC__PLAN_COMPUTED))
            continue;
        if (base > 0)
            sac__buf_add_char(&s->path, '.');
        sac__buf_add_str(&s->path, field->name);
        if (item && sac__schema_searchable(item))
            visit(s);
        else if (item)
            each_field(s, item->plan);
        s->path.n = base;
    }
}

bool sac__select_has_words(const sac__plan *plan)
{
    char text[1];
    search s = {.out = NULL};

    /* The path is not looked at, and may overflow. */
    sac__buf_init_fixed(&s.path, text, sizeof text);
    each_field(&s, plan);
    return s.n > 0;
}

/* So that every byte stands for itself. */
static void escape(sac__buf *out, sac_str word)
{
    for (size_t i = 0; i < word.n; i++) {
        const unsigned char c = (unsigned char)word.p[i];

        if (c < 0x80 && !(c >= '0' && c <= '9') && !((c | 0x20) >= 'a' && (c | 0x20) <= 'z'))
            sac__buf_add_char(out, '\\');
        sac__buf_add_char(out, word.p[i]);
    }
}

static int add_word(sac__select *select, sac_str word)
{
    search s = {.n = 0};
    sac__buf pattern;
    sac_bson condition;

    sac__render_buf(select->ask->req, &s.path);
    sac__render_buf(select->ask->req, &pattern);
    escape(&pattern, word);
    sac__select_begin(select, &condition);
    sac_bson_begin_array(&condition, sac_str_of("$or"));
    s.pattern = sac__buf_str(&pattern);
    s.out = &condition;
    each_field(&s, sac__schema_plan(select->ask->resource->schema));
    sac_bson_end(&condition);
    if (pattern.error || s.path.error)
        return sac__select_no_memory(select);
    return sac__select_add(select, &condition);
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

int sac__select_words(sac__select *select, const sac__param *param)
{
    const char *p = param->value.p, *end = p ? p + param->value.n : p;
    int rc = SAC_OK;

    for (int n = 0; rc == SAC_OK && p < end;) {
        const char *word = p;

        while (p < end && !is_blank(*p))
            p++;
        if (p == word) {
            p++;
            continue;
        }
        if (++n > MAX_WORDS || p - word > MAX_WORD)
            return sac__select_bad(select, param->name, "at most %d words of %d bytes", MAX_WORDS,
                                   MAX_WORD);
        rc = add_word(select, sac_str_n(word, (size_t)(p - word)));
    }
    return rc;
}
