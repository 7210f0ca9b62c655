/* SPDX-License-Identifier: MIT */
#include "query/patch/pointer.h"

#include "bson/wire.h"

void sac__pointer_init(sac__pointer *pointer, const sac_alloc *alloc)
{
    sac__buf_init(&pointer->name, alloc, SAC_BSON_MAX);
    sac__buf_init(&pointer->dotted, alloc, SAC_BSON_MAX);
}

void sac__pointer_fini(sac__pointer *pointer)
{
    sac__buf_fini(&pointer->name);
    sac__buf_fini(&pointer->dotted);
}

/* Takes the next name of a path, which goes on at `*at`. */
static void take_name(sac__pointer *pointer, sac_str path, size_t *at)
{
    sac__buf *name = &pointer->name;

    name->n = 0;
    for (++*at; *at < path.n && path.p[*at] != '/'; ++*at) {
        if (path.p[*at] == '~')
            sac__buf_add_char(name, path.p[++*at] == '0' ? '~' : '/');
        else
            sac__buf_add_char(name, path.p[*at]);
    }
}

/* Digits without a leading zero; SIZE_MAX for any other name, and for what no array holds. */
static size_t index_of(sac_str name)
{
    size_t index = 0;

    if (name.n == 0 || name.n > 9 || (name.p[0] == '0' && name.n > 1))
        return SIZE_MAX;
    for (size_t i = 0; i < name.n; i++) {
        if (name.p[i] < '0' || name.p[i] > '9')
            return SIZE_MAX;
        index = index * 10 + (size_t)(name.p[i] - '0');
    }
    return index;
}

/* Looks for a name in the innermost document or array. */
static int look(sac_str doc, sac_str name, sac__place *out)
{
    const size_t start = out->starts[out->depth - 1];
    const sac_str parent = sac_str_n(doc.p + start, sac__wire_get32(doc.p + start));
    const size_t wanted = index_of(name);
    const char *begin;
    sac_bson_iter iter;
    size_t n = 0;
    int rc = sac_bson_iter_init(&iter, parent);

    if (rc != SAC_OK)
        return rc;
    out->name = name;
    out->finish = start + parent.n - 1;
    for (begin = iter.p; (rc = sac_bson_iter_next(&iter)) == 1; begin = iter.p, n++) {
        if (out->array ? n != wanted : !sac_str_eq(iter.key, name))
            continue;
        out->found = true;
        out->index = n;
        out->begin = (size_t)(begin - doc.p);
        out->end = (size_t)(iter.p - doc.p);
        out->value = iter.value;
        return SAC_OK;
    }
    out->begin = out->end = out->finish;
    out->index = n;
    out->at_end = out->array && (wanted == n || sac_str_is(name, "-"));
    return rc;
}

static void note_name(sac__pointer *pointer, sac__place *out)
{
    const sac_str name = sac__buf_str(&pointer->name);

    if (out->parent && out->array)
        return;
    if (name.n > 0 && memchr(name.p, '.', name.n))
        out->dotted_name = true;
    if (pointer->dotted.n > 0)
        sac__buf_add_char(&pointer->dotted, '.');
    sac__buf_add_str(&pointer->dotted, name);
}

/* Goes into what was found; false when it has no inside. */
static bool enter(sac_str doc, sac__place *out)
{
    out->parent = out->found &&
                  (out->value.type == SAC_BSON_DOCUMENT || out->value.type == SAC_BSON_ARRAY);
    out->found = false;
    out->at_end = false;
    if (!out->parent)
        return false;
    out->array = out->value.type == SAC_BSON_ARRAY;
    out->starts[out->depth++] = (size_t)(out->value.raw.p - doc.p);
    return true;
}

int sac__pointer_find(sac__pointer *pointer, sac_str doc, sac_str path, sac__place *out)
{
    int rc = SAC_OK;

    *out = (sac__place){.parent = true, .found = true};
    out->value = (sac_value){.type = SAC_BSON_DOCUMENT, .raw = doc};
    pointer->dotted.n = 0;
    for (size_t at = 0; at < path.n && rc == SAC_OK;) {
        const bool inside = out->parent && out->depth < SAC_BSON_DEPTH && enter(doc, out);

        if (out->depth == SAC_BSON_DEPTH && !inside)
            return SAC_ELIMIT;
        take_name(pointer, path, &at);
        note_name(pointer, out);
        if (inside)
            rc = look(doc, sac__buf_str(&pointer->name), out);
    }
    if (pointer->name.error || pointer->dotted.error)
        return SAC_ENOMEM;
    return rc;
}
