/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "store/mongo/mongo.h"

/* The server's codes (src/mongo/base/error_codes.yml) that are more than "it failed". */
typedef struct code_row {
    int32_t code;
    int ours;
    bool unsure; /* of a write: it may have been done */
} code_row;

static const code_row codes[] = {
    {11000, SAC_EEXIST, false},       {11001, SAC_EEXIST, false},
    {12582, SAC_EEXIST, false},       {26, SAC_ENOTFOUND, false}, /* namespace */
    {27, SAC_ENOTFOUND, false},                                   /* index */
    {85, SAC_ECONFLICT, false},                                   /* index options */
    {86, SAC_ECONFLICT, false},                                   /* index keys */
    {67, SAC_EINVAL, false},                                      /* cannot create index */
    {197, SAC_EINVAL, false},                                     /* index option */
    {2, SAC_EINVAL, false},                                       /* bad value */
    {9, SAC_EINVAL, false},                                       /* failed to parse */
    {14, SAC_EINVAL, false},                                      /* type mismatch */
    {51, SAC_EINVAL, false},                                      /* bad regex or option */
    {121, SAC_EVALIDATION, false},    {10334, SAC_ETOOBIG, false},
    {17280, SAC_ELIMIT, false}, /* key too long */
    {292, SAC_ELIMIT, false},   /* memory of a sort */
    {96, SAC_ELIMIT, false},          {14031, SAC_EFULL, false},
    {291, SAC_ENOINDEX, false},       {20, SAC_ENOSYS, false}, /* illegal operation */
    {59, SAC_ENOSYS, false},                                   /* no such command */
    {115, SAC_ENOSYS, false},         {238, SAC_ENOSYS, false},
    {263, SAC_ENOSYS, false},         /* not in a transaction */
    {50, SAC_EUNAVAILABLE, false},    /* maxTimeMS */
    {10107, SAC_EUNAVAILABLE, false}, /* not primary */
    {13435, SAC_EUNAVAILABLE, false}, {13436, SAC_EUNAVAILABLE, false},
    {10058, SAC_EUNAVAILABLE, false}, {112, SAC_EUNAVAILABLE, false}, /* write conflict */
    {6, SAC_EUNAVAILABLE, true},      {7, SAC_EUNAVAILABLE, true},
    {89, SAC_EUNAVAILABLE, true},     {91, SAC_EUNAVAILABLE, true}, /* shutdown */
    {189, SAC_EUNAVAILABLE, true},    {9001, SAC_EUNAVAILABLE, true},
    {11600, SAC_EUNAVAILABLE, true},  {11602, SAC_EUNAVAILABLE, true},
    {262, SAC_EUNAVAILABLE, true},    {43, SAC_EUNAVAILABLE, true}, /* no such cursor */
    {64, SAC_EUNAVAILABLE, true},                                   /* write concern */
};

static const code_row *row_of(uint32_t code)
{
    size_t i;

    for (i = 0; i < sizeof codes / sizeof *codes; i++)
        if ((uint32_t)codes[i].code == code)
            return &codes[i];
    return NULL;
}

/* Nothing of the command can have left: there was no connection for it. */
static bool never_sent(const bson_error_t *error)
{
    if (error->domain == MONGOC_ERROR_SERVER_SELECTION || error->domain == MONGOC_ERROR_CLIENT ||
        error->domain == MONGOC_ERROR_SASL || error->domain == MONGOC_ERROR_SCRAM ||
        error->domain == MONGOC_ERROR_POOL)
        return true;
    if (error->domain != MONGOC_ERROR_STREAM)
        return false;
    return error->code == MONGOC_ERROR_STREAM_CONNECT ||
           error->code == MONGOC_ERROR_STREAM_NAME_RESOLUTION ||
           error->code == MONGOC_ERROR_STREAM_NOT_ESTABLISHED ||
           strstr(error->message, "calling hello") || strstr(error->message, "calling isMaster");
}

static bool is_network(const bson_error_t *error)
{
    return error->domain == MONGOC_ERROR_STREAM || error->domain == MONGOC_ERROR_PROTOCOL ||
           error->domain == MONGOC_ERROR_BSON;
}

static int code_of(const bson_error_t *error, bool write)
{
    const code_row *row;

    if (never_sent(error))
        return SAC_EUNAVAILABLE;
    if (is_network(error)) {
        if (write)
            return SAC_EUNKNOWN;
        return error->domain == MONGOC_ERROR_STREAM ? SAC_EUNAVAILABLE : SAC_EIO;
    }
    row = row_of(error->code);
    if (row)
        return write && row->unsure ? SAC_EUNKNOWN : row->ours;
    return write && error->domain == MONGOC_ERROR_WRITE_CONCERN ? SAC_EUNKNOWN : SAC_EIO;
}

int sac__mongo_failed(const bson_error_t *error, bool write, sac_err *err)
{
    const int rc = code_of(error, write);

    return sac_err_set(err, rc, "mongodb: %.120s", error->message);
}

bool sac__mongo_is_timeout(const bson_error_t *error)
{
    return !is_network(error) && !never_sent(error) && error->code == 50;
}

bool sac__mongo_is_passing(const bson_error_t *error)
{
    const code_row *row;

    if (error->domain == MONGOC_ERROR_STREAM)
        return true;
    if (never_sent(error) || is_network(error))
        return false;
    row = row_of(error->code);
    return row && row->ours == SAC_EUNAVAILABLE && !sac__mongo_is_timeout(error);
}

/* "… index: NAME dup key: …"; servers before 4.2 put "db.collection.$" before the name. */
void sac__mongo_refused_by(const bson_t *reply, const bson_error_t *error, char index[128])
{
    const sac_value list = sac_bson_get(sac__mongo_bytes(reply), sac_str_of("writeErrors"));
    const sac_value first = list.type == SAC_BSON_ARRAY ? sac_bson_get(list.raw, sac_str_of("0"))
                                                        : list;
    const sac_str said = first.type == SAC_BSON_DOCUMENT ? sac_bson_get_str(first.raw, "errmsg")
                                                         : sac_str_n(NULL, 0);
    const char *text = said.p ? said.p : error->message; /* NUL behind both */
    const char *name = strstr(text, "index: ");
    const char *end = name ? strstr(name, " dup key") : NULL;
    const char *dollar;

    memcpy(index, "_id_", sizeof "_id_");
    if (!end)
        return;
    name += strlen("index: ");
    dollar = memrchr(name, '$', (size_t)(end - name));
    if (dollar)
        name = dollar + 1;
    if (end > name && end - name < 128) {
        memcpy(index, name, (size_t)(end - name));
        index[end - name] = '\0';
    }
}
