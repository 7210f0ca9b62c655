/* SPDX-License-Identifier: MIT */
#include "links.h"

#include <string.h>

/* A path parameter of our own: /{code:code}. */

bool is_code(sac_str text)
{
    enum { MAX_CODE = 32 };

    for (size_t i = 0; i < text.n; i++) {
        const char c = text.p[i];

        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')))
            return false;
    }
    return text.n > 0 && text.n <= MAX_CODE;
}

static bool match_code(void *self, sac_str segment)
{
    (void)self;
    return is_code(segment);
}

const sac_converter code_converter = SAC_CONVERTER(.name = "code", .match = match_code);

/* A decorator of our own: who writes shows the key. */

/* Takes as long for a key that is nearly right as for any other. */
static bool same_key(sac_str a, sac_str b)
{
    unsigned char differs = a.n != b.n;

    for (size_t i = 0; i < b.n; i++)
        differs |= (unsigned char)(b.p[i] ^ (a.n > 0 ? a.p[i % a.n] : 0));
    return !differs;
}

static int need_key(void *self, sac_req *req, const sac_next *next)
{
    static const char scheme[] = "Bearer ";
    const size_t n = sizeof scheme - 1;
    const service *s = sac_req_state(req);
    const sac_str sent = sac_req_header(req, "authorization");
    int rc;

    (void)self;
    if (!s->key.p)
        return sac_next_run(next, req);
    if (sent.n > n && memcmp(sent.p, scheme, n) == 0 &&
        same_key(sac_str_n(sent.p + n, sent.n - n), s->key))
        return sac_next_run(next, req);
    rc = sac_reply_header(req, "WWW-Authenticate", sac_str_of("Bearer"));
    return rc == SAC_OK ? sac_fail(req, SAC_EUNAUTHORIZED, "this needs the service's key") : rc;
}

const sac_decorator key_needed[] = {
    {.fn = need_key, .methods = SAC_POST | SAC_PUT | SAC_PATCH | SAC_DELETE, .flags = SAC_INLINE},
    {.fn = NULL},
};

/* The resources. */

static const sac_field team_fields[] = {
    {.name = "name", .type = SAC_STRING, .required = true, .max_length = 100},
    {.name = NULL},
};
const sac_resource teams = SAC_RESOURCE(.name = "teams", .fields = team_fields, .id_key = "id",
                                        .id_type = SAC_ID_STRING, .decorators = key_needed);

static const char web_address[] = "^https?://[^\\s]+$";

static const sac_field link_fields[] = {
    {.name = "url",
     .type = SAC_STRING,
     .required = true,
     .pattern = web_address,
     .max_length = MAX_URL},
    {.name = "title", .type = SAC_STRING, .max_length = MAX_TITLE},
    {.name = "team", .type = SAC_STRING, .required = true},
    {.name = "hits", .type = SAC_INT64, .read_only = true},
    {.name = "made", .type = SAC_DATE, .read_only = true},
    {.name = NULL},
};

/* What is sent to make one: by the page's form, or as JSON. */
typedef struct new_link {
    sac_str code, url, title, team;
} new_link;

static const sac_field new_link_fields[] = {
    {.name = "code", .type = SAC_STRING, SAC_MEMBER(new_link, code)},
    {.name = "url",
     .type = SAC_STRING,
     .required = true,
     .pattern = web_address,
     .max_length = MAX_URL,
     SAC_MEMBER(new_link, url)},
    {.name = "title", .type = SAC_STRING, .max_length = MAX_TITLE, SAC_MEMBER(new_link, title)},
    {.name = "team", .type = SAC_STRING, .required = true, SAC_MEMBER(new_link, team)},
    {.name = NULL},
};
const sac_schema new_link_schema = SAC_SCHEMA(.name = "new_link", .fields = new_link_fields,
                                              .struct_size = sizeof(new_link));

static bool is_form(const sac_req *req)
{
    static const char urlencoded[] = "application/x-www-form-urlencoded";
    const sac_str type = sac_req_header(req, "content-type");

    return type.n >= sizeof urlencoded - 1 &&
           memcmp(type.p, urlencoded, sizeof urlencoded - 1) == 0;
}

/* A code nobody has: the end of a new ObjectId, which no other request gets. */
static void make_code(sac_req *req, char out[CODE_SIZE + 1])
{
    static const char letters[] = "23456789abcdefghijkmnpqrstuvwxyz";
    uint64_t bits = 0;
    sac_oid oid;

    sac_req_oid(req, &oid);
    for (int i = 8; i < 12; i++)
        bits = bits << 8 | oid.bytes[i];
    bits = bits * 0x9e3779b1U & 0x3fffffff; /* neighbours look unlike */
    for (int i = 0; i < CODE_SIZE; i++)
        out[i] = letters[bits >> 5 * i & 31];
    out[CODE_SIZE] = '\0';
}

static int link_doc(sac_req *req, const new_link *link, sac_str *out)
{
    sac_bson doc;

    sac_bson_init(&doc, sac_req_allocator(req), 0);
    sac_bson_add_str(&doc, "_id", link->code);
    sac_bson_add_str(&doc, "url", link->url);
    if (link->title.n > 0)
        sac_bson_add_str(&doc, "title", link->title);
    sac_bson_add_str(&doc, "team", link->team);
    sac_bson_add_int64(&doc, "hits", 0);
    sac_bson_add_date(&doc, "made", sac_req_now(req));
    return sac_bson_finish(&doc, out);
}

/* Paths of ours, which a code would hide behind. */
static bool is_taken_path(sac_str code)
{
    static const char *const paths[] = {"api", "import", "report"};

    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        if (sac_str_is(code, paths[i]))
            return true;
    return false;
}

static int check_link(sac_req *req, const new_link *link)
{
    sac_str team;
    int rc;

    if (link->code.p && (!is_code(link->code) || is_taken_path(link->code)))
        return sac_fail_field(req, "code", "1 to 32 letters and digits, and no page of this site");
    rc = sac_req_find_one(req, "teams", sac_req_str_value(req, link->team), &team);
    return rc == SAC_ENOTFOUND ? sac_fail_field(req, "team", "there is no such team") : rc;
}

static int reply_made(sac_req *req, const new_link *link, bool to_page)
{
    const sac_str code = sac_req_dup(req, link->code); /* with a NUL */
    const sac_str path = code.p ? sac_req_url_for(req, "follow", "code", code.p, NULL) : code;
    int rc;

    if (!path.p)
        return SAC_ENOMEM;
    if (to_page)
        return sac_reply_redirect(req, 303, "/");
    rc = sac_reply_header(req, "Location", path);
    return rc == SAC_OK
               ? sac_reply_jsonf(req, 201, "{\"code\":\"%s\",\"path\":\"%s\"}", code.p, path.p)
               : rc;
}

static int insert_link(sac_req *req, const new_link *link)
{
    sac_str doc;
    const int rc = link_doc(req, link, &doc);

    return rc == SAC_OK ? sac_req_insert(req, "links", doc, NULL) : rc;
}

/* A made code may be somebody's by chance. */
static int insert_with_code(sac_req *req, new_link *link)
{
    enum { TRIES = 8 };
    char *code = sac_req_alloc(req, CODE_SIZE + 1);
    int rc = code ? SAC_EEXIST : SAC_ENOMEM;

    for (int i = 0; i < TRIES && rc == SAC_EEXIST; i++) {
        make_code(req, code);
        link->code = sac_str_of(code);
        rc = insert_link(req, link);
    }
    return rc;
}

/* In place of the resource's create: a code is made where none is sent. */
static int create_link(void *self, sac_req *req)
{
    const bool form = is_form(req);
    new_link link = {.code = {NULL, 0}};
    int rc = form ? sac_req_bind_form(req, &new_link_schema, &link)
                  : sac_req_bind_body(req, &new_link_schema, &link);

    (void)self;
    if (rc == SAC_OK && link.code.n == 0) /* the form's empty field */
        link.code = sac_str_of(NULL);
    if (rc == SAC_OK)
        rc = check_link(req, &link);
    if (rc == SAC_OK)
        rc = link.code.p ? insert_link(req, &link) : insert_with_code(req, &link);
    return rc == SAC_OK ? reply_made(req, &link, form) : rc;
}

static int put_grave(void *self, const sac_view *stored, sac_change *change, sac_err *err)
{
    const sac_str *doc = self;

    (void)err;
    *change = (sac_change){.kind = stored ? SAC_CHANGE_KEEP : SAC_CHANGE_PUT, .doc = *doc};
    return SAC_OK;
}

/* Around the resource's remove: who follows the link later is told that it was there. */
static int remove_link(void *self, sac_req *req)
{
    const sac_value code = sac_req_str_value(req, sac_req_param(req, "id"));
    sac_bson grave;
    sac_str doc;
    int rc = sac_super(self, req);

    if (rc != SAC_OK)
        return rc;
    sac_bson_init(&grave, sac_req_allocator(req), 0);
    sac_bson_add_value(&grave, sac_str_of("_id"), code);
    rc = sac_bson_finish(&grave, &doc);
    return rc == SAC_OK ? sac_req_decide(req, "gone", code, put_grave, &doc, NULL) : rc;
}

static const sac_resource_ops link_ops = SAC_RESOURCE_OPS(.create = create_link,
                                                          .remove = remove_link);

const sac_resource links = SAC_RESOURCE(.name = "links", .fields = link_fields, .id_key = "code",
                                        .id_type = SAC_ID_STRING, .ops = &link_ops,
                                        .decorators = key_needed);

/* GET /{code}: off to where it points, and one more hit. */

static int follow(void *self, sac_req *req)
{
    const sac_str code = sac_req_param(req, "code");
    const sac_value id = sac_req_str_value(req, code);
    sac_str link, grave, url;
    int rc = sac_req_find_one(req, "links", id, &link);

    (void)self;
    if (rc == SAC_OK) /* one step: no visit is lost among many at once */
        rc = sac_req_update(req, "links", id, "{\"$inc\": {\"hits\": 1}}");
    if (rc == SAC_OK) {
        url = sac_req_dup(req, sac_bson_get_str(link, "url")); /* with a NUL */
        return url.p ? sac_reply_redirect(req, 302, url.p) : SAC_ENOMEM;
    }
    if (rc != SAC_ENOTFOUND)
        return rc;
    rc = sac_req_find_one(req, "gone", id, &grave);
    if (rc == SAC_OK)
        return sac_reply_text(req, 410, "This link was removed.\n");
    return rc == SAC_ENOTFOUND ? sac_fail(req, rc, "there is no link %.*s", (int)code.n, code.p)
                               : rc;
}

const sac_view_ops follow_view = SAC_VIEW_OPS(.name = "follow", .get = follow);
