/* SPDX-License-Identifier: MIT */
#include "http/headers.h"

#include "http/token.h"

enum { MAX_FIELDS = 128, MAX_FIELD_BYTES = 16 * 1024, FIRST_FIELDS = 16 };

bool sac__header_is(sac_str name, const char *lower)
{
    for (size_t i = 0; i < name.n; i++)
        if (lower[i] == '\0' || sac__token_fold(name.p[i]) != lower[i])
            return false;
    return lower[name.n] == '\0';
}

static size_t find_field(const sac_header *headers, size_t from, size_t n, sac_str name)
{
    /* Lengths first: they tell nearly all names apart. */
    while (from < n &&
           (headers[from].name.n != name.n || !sac__token_same(headers[from].name, name)))
        from++;
    return from;
}

sac_str sac__headers_get(const sac_header *headers, size_t n, const char *name)
{
    const size_t i = find_field(headers, 0, n, sac_str_of(name));

    return i < n ? headers[i].value : sac_str_n(NULL, 0);
}

size_t sac__headers_count(const sac_header *headers, size_t n, const char *name)
{
    const sac_str wanted = sac_str_of(name);
    size_t count = 0;

    for (size_t i = find_field(headers, 0, n, wanted); i < n;
         i = find_field(headers, i + 1, n, wanted))
        count++;
    return count;
}

bool sac__header_next(sac_str *rest, sac_str *member)
{
    return sac__token_split(rest, ',', member);
}

/* A tab is legal inside a value, but not every host sends it. */
static bool is_clean(sac_str value)
{
    return value.n == 0 ||
           (sac__token_text(value, ' ') && value.p[0] != ' ' && value.p[value.n - 1] != ' ');
}

static int check_field(sac_str name, sac_str value)
{
    if (!sac__token_valid(name) || !is_clean(value))
        return SAC_EINVAL;
    return value.n > MAX_FIELD_BYTES || name.n > MAX_FIELD_BYTES - value.n ? SAC_ELIMIT : SAC_OK;
}

static int grow(sac__headers *headers)
{
    const size_t cap = headers->cap ? headers->cap * 2 : FIRST_FIELDS;
    sac_header *v;

    if (headers->cap >= MAX_FIELDS)
        return SAC_ELIMIT;
    v = headers->cap ? sac__arena_resize(headers->arena, headers->v, headers->cap * sizeof *v,
                                         cap * sizeof *v)
                     : sac__arena_get(headers->arena, cap * sizeof *v);
    if (!v)
        return SAC_ENOMEM;
    headers->v = v;
    headers->cap = cap;
    return SAC_OK;
}

static int append(sac__headers *headers, sac_header field)
{
    if (headers->n == headers->cap) {
        const int rc = grow(headers);

        if (rc != SAC_OK)
            return rc;
    }
    headers->v[headers->n++] = field;
    return SAC_OK;
}

static void remove_from(sac__headers *headers, size_t from, sac_str name)
{
    size_t kept = find_field(headers->v, from, headers->n, name);

    for (size_t i = kept; i < headers->n; i++)
        if (!sac__token_same(headers->v[i].name, name))
            headers->v[kept++] = headers->v[i];
    headers->n = kept;
}

static int copy_field(sac__headers *headers, sac_str name, sac_str value, sac_header *out)
{
    const int rc = check_field(name, value);

    if (rc != SAC_OK)
        return rc;
    out->name = sac__arena_dup(headers->arena, name);
    out->value = sac__arena_dup(headers->arena, value);
    return out->name.p && out->value.p ? SAC_OK : SAC_ENOMEM;
}

int sac__headers_set(sac__headers *headers, sac_str name, sac_str value)
{
    sac_header field;
    const int rc = copy_field(headers, name, value, &field);

    return rc != SAC_OK ? rc : sac__headers_set_static(headers, field.name, field.value);
}

int sac__headers_add(sac__headers *headers, sac_str name, sac_str value)
{
    sac_header field;
    const int rc = copy_field(headers, name, value, &field);

    return rc != SAC_OK ? rc : append(headers, field);
}

bool sac__headers_has(const sac__headers *headers, sac_str name, sac_str member)
{
    for (size_t i = find_field(headers->v, 0, headers->n, name); i < headers->n;
         i = find_field(headers->v, i + 1, headers->n, name)) {
        sac_str rest = headers->v[i].value;
        sac_str found;

        while (sac__header_next(&rest, &found))
            if (sac__token_same(found, member))
                return true;
    }
    return false;
}

static int merge_one(sac__headers *headers, sac_str name, sac_str member)
{
    const size_t i = find_field(headers->v, 0, headers->n, name);
    sac_str value;

    if (i == headers->n)
        return sac__headers_add(headers, name, member);
    if (sac__headers_has(headers, name, member))
        return SAC_OK;
    value = headers->v[i].value;
    if (value.n == 0)
        return sac__headers_set(headers, name, member);
    if (value.n + 2 + member.n > MAX_FIELD_BYTES - name.n)
        return SAC_ELIMIT;
    value = sac__arena_printf(headers->arena, "%.*s, %.*s", (int)value.n, value.p, (int)member.n,
                              member.p);
    if (!value.p)
        return SAC_ENOMEM;
    headers->v[i].value = value;
    return SAC_OK;
}

int sac__headers_merge(sac__headers *headers, sac_str name, sac_str member)
{
    int rc = check_field(name, member);
    sac_str one;

    while (rc == SAC_OK && sac__header_next(&member, &one))
        rc = merge_one(headers, name, one);
    return rc;
}

void sac__headers_remove(sac__headers *headers, const char *name)
{
    remove_from(headers, 0, sac_str_of(name));
}

int sac__headers_set_static(sac__headers *headers, sac_str name, sac_str value)
{
    const size_t i = find_field(headers->v, 0, headers->n, name);

    if (i == headers->n)
        return append(headers, (sac_header){name, value});
    headers->v[i] = (sac_header){name, value};
    remove_from(headers, i + 1, name);
    return SAC_OK;
}
