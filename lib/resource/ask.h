/* SPDX-License-Identifier: MIT */
#ifndef RESOURCE_ASK_H
#define RESOURCE_ASK_H

#include "resource/access/access.h"

/* What a PATCH's body is, by its media type. */
typedef enum sac__patch_kind {
    SAC__PATCH_FIELDS, /* application/json: fields to set */
    SAC__PATCH_MERGE,  /* RFC 7396 */
    SAC__PATCH_JSON,   /* RFC 6902 */
    SAC__PATCH_UPDATE  /* MongoDB's operators */
} sac__patch_kind;

/* What a request's header fields ask of a resource. */
typedef struct sac__ask {
    sac__resource *resource;
    sac_req *req;
    sac_str accept, if_match, if_none_match, prefer, content_type, content_range;
    sac_json_dialect dialect;
    uint64_t variant;
    sac_str origin; /* for computed URLs, where there are some */
    bool minimal;   /* Prefer: return=minimal */
    sac__patch_kind patch;
    const sac__plan *plan; /* what is shown; NULL: all that the table shows */
    sac__access access;
} sac__ask;

/* Reads the fields and chooses the dialect. 406, SAC_ENOMEM; the problem is set. */
int sac__ask_init(sac__ask *ask, sac__resource *resource, sac_req *req) SAC_MUST_USE;
/* The same for GET: the answer, whatever it will be, gets its cache headers. */
int sac__ask_init_read(sac__ask *ask, sac__resource *resource, sac_req *req) SAC_MUST_USE;
/* Takes another dialect than Accept says: false where there is none of that name. SAC_ENOMEM. */
int sac__ask_dialect(sac__ask *ask, sac_str name, bool *known) SAC_MUST_USE;
/* Judges the body's type, of a PATCH which one it is: 415, 400. */
int sac__ask_body_type(sac__ask *ask, bool patch) SAC_MUST_USE;
/* The types of a PATCH that a resource takes, as Accept-Patch lists them. */
const char *sac__ask_patch_types(const sac__resource *resource);
/* Says why a body cannot be read: 400, 413, 500. */
int sac__ask_bad_body(const sac__ask *ask, int code, const sac_err *err) SAC_MUST_USE;
/* Answers for an error of the store's, whose text is in `err`. */
int sac__ask_failed(sac_req *req, int code, const sac_err *err) SAC_MUST_USE;

/* Sets a header field whose memory lasts as long as the request: SAC_ENOMEM with the problem set. */
int sac__ask_header(const sac__ask *ask, const char *name, sac_str value) SAC_MUST_USE;
/* Preference-Applied, for a minimal answer. */
int sac__ask_applied(const sac__ask *ask) SAC_MUST_USE;
/* Media type of an answer. */
const char *sac__ask_type(const sac__ask *ask);

/* Tags (wire.md §4): quotes, 16 digits of the stamp, a dot, 16 digits of the variant. */
enum { SAC__TAG = 35 };
typedef struct sac__tag {
    char text[SAC__TAG];
} sac__tag;

uint64_t sac__tag_variant(const sac__resource *resource, sac_json_dialect dialect);
/* What the tag of a document, or of one just written, stands for. */
static inline uint64_t sac__view_stamp(const sac_view *view)
{
    return view->stamp ? view->stamp : view->revision;
}

static inline uint64_t sac__write_stamp(const sac_write *write)
{
    return write->stamp ? write->stamp : write->revision;
}

uint64_t sac__tag_stamp(const sac__resource *resource, uint64_t stamp, const sac_value *id);
void sac__tag_print(sac__tag *tag, uint64_t stamp, uint64_t variant);

typedef enum sac__verdict {
    SAC__PASS,
    SAC__NOT_MODIFIED,
    SAC__FAILED,
    SAC__MALFORMED
} sac__verdict;

/* Judges If-Match, then If-None-Match, against what exists. */
sac__verdict sac__tag_judge(const sac__ask *ask, const sac__tag *tag);
/* Judges them where nothing exists. */
sac__verdict sac__tag_judge_missing(const sac__ask *ask);
/* Answers 304, 412 or 400. `tag` NULL: nothing exists. */
int sac__tag_refuse(const sac__ask *ask, sac__verdict verdict, const sac__tag *tag) SAC_MUST_USE;
/* Sets ETag. */
int sac__tag_header(const sac__ask *ask, const sac__tag *tag) SAC_MUST_USE;

#endif
