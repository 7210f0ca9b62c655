/* SPDX-License-Identifier: MIT */
/* A configuration file: the app, and its collections as resources. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reader.h"
#include "serve.h"

static int read_methods(reader *r, const cJSON *value, void *to)
{
    static const struct {
        const char *name;
        unsigned bit;
    } known[] = {{"GET", SAC_GET},     {"POST", SAC_POST},     {"PUT", SAC_PUT},
                 {"PATCH", SAC_PATCH}, {"DELETE", SAC_DELETE}, {NULL, 0}};
    const char *const *names = NULL;

    if (read_strings(r, value, &names) != 0)
        return -1;
    for (; *names; names++) {
        size_t i = 0;

        while (known[i].name && strcmp(known[i].name, *names) != 0)
            i++;
        if (!known[i].name)
            return wrong(r, "%s is none of GET, POST, PUT, PATCH, DELETE", *names);
        *(unsigned *)to |= known[i].bit;
    }
    return 0;
}

static int read_id_type(reader *r, const cJSON *value, void *to)
{
    static const char *const names[] = {[SAC_ID_OBJECTID] = "objectid",
                                        [SAC_ID_UUID] = "uuid",
                                        [SAC_ID_INT] = "int",
                                        [SAC_ID_STRING] = "string",
                                        NULL};
    int type;

    if (read_name(r, value, names, &type) != 0)
        return -1;
    *(sac_id_type *)to = (sac_id_type)type;
    return 0;
}

static int ignore(reader *r, const cJSON *value, void *to)
{
    (void)r;
    (void)value;
    (void)to;
    return 0;
}

static int read_limit(reader *r, const cJSON *value, void *to)
{
    if (!cJSON_IsString(value) || strcmp(value->valuestring, "unlimited") != 0)
        return read_int64(r, value, to);
    *(int64_t *)to = SAC_NO_LIMIT;
    return 0;
}

#define OF(slot) offsetof(collection, resource.slot)
static const member limit_members[] = {
    {"max_list", read_limit, OF(max_list)},         {"per_page", read_int64, OF(per_page)},
    {"max_per_page", read_int64, OF(max_per_page)}, {"max_bulk", read_int64, OF(max_bulk)},
    {"max_offset", read_limit, OF(max_offset)},     {"max_affected", read_int64, OF(max_affected)},
    {"max_sort", read_size, OF(max_sort)},          {NULL, NULL, 0},
};

static int read_limits(reader *r, const cJSON *value, void *to)
{
    return read_members(r, value, limit_members, to);
}

static const member collection_members[] = {
    {"description", ignore, 0},
    {"path", read_string, offsetof(collection, path)},
    {"collection", read_string, OF(collection)},
    {"fields", read_fields, OF(fields)},
    {"open", read_bool, OF(open)},
    {"id_type", read_id_type, OF(id_type)},
    {"id_key", read_string, OF(id_key)},
    {"client_ids", read_bool, OF(client_ids)},
    {"methods", read_methods, OF(methods)},
    {"bulk", read_bool, OF(bulk)},
    {"clear", read_bool, OF(clear)},
    {"remove_many", read_bool, OF(remove_many)},
    {"modify_many", read_bool, OF(modify_many)},
    {"upsert", read_bool, OF(upsert)},
    {"require_if_match", read_bool, OF(require_if_match)},
    {"show_rev", read_bool, OF(show_rev)},
    {"items_key", read_string, OF(items_key)},
    {"limits", read_limits, 0},
    {"indexed_only", read_bool, OF(indexed_only)},
    {"regex", read_bool, OF(regex)},
    {"dialects", read_bool, OF(dialects)},
    {"pageable", read_bool, OF(pageable)},
    {"update_operators", read_strings, OF(update_operators)},
    {"indexes", read_indexes, OF(indexes)},
    {"ignore_params", read_strings, OF(ignore_params)},
    {NULL, NULL, 0},
};
#undef OF

static int read_collection(reader *r, const cJSON *value, void *to)
{
    collection *made = to;
    const sac_resource plain = SAC_RESOURCE(.name = value->string);
    char *path;

    made->resource = plain;
    made->source = value;
    if (read_members(r, value, collection_members, made) != 0)
        return -1;
    if (!made->resource.fields && !made->resource.open)
        return wrong(r, "needs \"fields\", or \"open\": true to take any");
    if (made->path)
        return 0;
    path = keep(r->kept, strlen(value->string) + 6);
    strcat(strcpy(path, "/api/"), value->string);
    made->path = path;
    return 0;
}

static int read_collections(reader *r, const cJSON *value, void *to)
{
    config *c = to;
    const cJSON *one;

    if (!cJSON_IsObject(value))
        return wrong(r, "must be an object: a name and its rules for each collection");
    c->collections = keep(r->kept, (size_t)cJSON_GetArraySize(value) * sizeof *c->collections);
    cJSON_ArrayForEach(one,
                       value) if (read_member(r, one, read_collection,
                                              &c->collections[c->n_collections++]) != 0) return -1;
    return 0;
}

#define OF(slot) offsetof(config, cors.slot)
static const member cors_members[] = {
    {"origins", read_strings, OF(origins)}, {"credentials", read_bool, OF(credentials)},
    {"headers", read_strings, OF(headers)}, {"expose", read_strings, OF(expose)},
    {"max_age", read_uint32, OF(max_age)},  {NULL, NULL, 0},
};
#undef OF

static int read_cors(reader *r, const cJSON *value, void *to)
{
    return read_members(r, value, cors_members, to);
}

#define OF(slot) offsetof(config, app.slot)
static const member app_limit_members[] = {
    {"max_jobs", read_size, OF(max_jobs)},
    {"max_body", read_size, OF(max_body)},
    {"max_memory", read_size, OF(max_memory)},
    {"max_target", read_size, OF(max_target)},
    {"max_headers", read_size, OF(max_headers)},
    {"max_params", read_size, OF(max_params)},
    {"max_depth", read_uint32, OF(max_depth)},
    {"max_keys", read_size, OF(max_keys)},
    {NULL, NULL, 0},
};

static int read_app_limits(reader *r, const cJSON *value, void *to)
{
    return read_members(r, value, app_limit_members, to);
}

static int read_log_level(reader *r, const cJSON *value, void *to)
{
    static const char *const names[] = {[SAC_LOG_ERROR] = "error",
                                        [SAC_LOG_WARN] = "warning",
                                        [SAC_LOG_INFO] = "info",
                                        [SAC_LOG_DEBUG] = "debug",
                                        NULL};
    int level;

    if (read_name(r, value, names, &level) != 0)
        return -1;
    *(sac_log_level *)to = (sac_log_level)level;
    return 0;
}

static const member config_members[] = {
    {"$schema", ignore, 0},
    {"database", read_string, OF(database)},
    {"listen", read_string, offsetof(config, listen)},
    {"public", read_string, offsetof(config, public)},
    {"origin", read_string, OF(origin)},
    {"hosts", read_strings, OF(hosts)},
    {"cors", read_cors, 0},
    {"secret", read_string, OF(secret)},
    {"problem_docs", read_string, OF(problem_docs)},
    {"workers", read_int, OF(workers)},
    {"limits", read_app_limits, 0},
    {"log", read_log_level, OF(log_level)},
    {"collections", read_collections, 0},
    {NULL, NULL, 0},
};
#undef OF

static char *read_whole(const char *file, kept **all, size_t *n)
{
    FILE *in = fopen(file, "rb");
    char *text = keep(all, (1 << 20) + 1);

    *n = in ? fread(text, 1, 1 << 20, in) : 0;
    if (!in || ferror(in) || fgetc(in) != EOF) {
        fprintf(stderr, "serve: %s: %s\n", file, !in || ferror(in) ? strerror(errno) : "too large");
        text = NULL;
    }
    if (in)
        fclose(in);
    return text;
}

/* sacrum's parser knows line and column, cJSON makes the tree. */
static cJSON *parse(const char *file, const char *text, size_t n)
{
    sac_err err = {.code = 0};
    sac_str ignored;

    if (sac_json_decode(sac_str_n(text, n), NULL, NULL, &ignored, &err) != SAC_OK) {
        fprintf(stderr, "serve: %s: %s\n", file, err.text);
        return NULL;
    }
    free((char *)ignored.p);
    return cJSON_ParseWithLength(text, n);
}

int config_read(config *c, const char *file)
{
    reader r = {.kept = &c->kept, .file = file};
    size_t n;

    *c = (config){.app = SAC_APP_CONFIG(.log = print_log, .log_level = SAC_LOG_WARN),
                  .listen = "127.0.0.1:8080",
                  .cors = SAC_CORS(.max_age = 0)};
    r.text = read_whole(file, &c->kept, &n);
    c->source = r.text ? parse(file, r.text, n) : NULL;
    if (!c->source || read_members(&r, c->source, config_members, c) != 0)
        return -1;
    return c->n_collections > 0 ? 0 : wrong(&r, "declares no collections");
}

void config_free(config *c)
{
    cJSON_Delete(c->source);
    keep_free(c->kept);
}
