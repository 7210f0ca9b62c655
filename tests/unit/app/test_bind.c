/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include <sacrum/bind.h>

/* The worked example of docs/reference/bind.md. */

struct address {
    sac_str city;
    int32_t zip;
};

struct order {
    sac_str item;
    int32_t count;
    int64_t due;
    bool gift;
    sac_str pin;
    sac_str tags;
    struct address address;
};

static const sac_field address_fields[] = {
    {.name = "city", .type = SAC_STRING, .required = true, SAC_MEMBER(struct address, city)},
    {.name = "zip", .type = SAC_INT, .min = "1", SAC_MEMBER(struct address, zip)},
    {.name = NULL},
};

static const sac_field tag = {.name = "", .type = SAC_STRING, .max_length = 5};

static const sac_field order_fields[] = {
    {.name = "item",
     .type = SAC_STRING,
     .required = true,
     .min_length = 1,
     SAC_MEMBER(struct order, item)},
    {.name = "count",
     .type = SAC_INT,
     .min = "1",
     .fallback = "1",
     SAC_MEMBER(struct order, count)},
    {.name = "due", .type = SAC_DATE, SAC_MEMBER(struct order, due)},
    {.name = "gift", .type = SAC_BOOL, SAC_MEMBER(struct order, gift)},
    {.name = "pin", .type = SAC_STRING, .secret = true, SAC_MEMBER(struct order, pin)},
    {.name = "tags", .type = SAC_ARRAY, .items = &tag, SAC_MEMBER(struct order, tags)},
    {.name = "address",
     .type = SAC_DOCUMENT,
     .fields = address_fields,
     SAC_MEMBER(struct order, address)},
    {.name = NULL},
};

static const sac_schema order_schema = SAC_SCHEMA(.name = "order", .fields = order_fields,
                                                  .struct_size = sizeof(struct order));

/* What a view under test does; how the struct came out is kept. */
typedef struct play {
    int (*bind)(sac_req *req, const sac_schema *schema, void *out);
    const sac_schema *schema;
    struct order order; /* its slices are gone with the request */
    sac_str item, pin;
    char kept[64];
    bool untouched;
} play;

/* A slice beyond its request. */
static sac_str keep(char *to, sac_str s)
{
    if (!s.p)
        return s;
    CHECK(s.n < 32);
    memcpy(to, s.p, s.n);
    return sac_str_n(to, s.n);
}

static int play_run(void *self, sac_req *req)
{
    play *p = self;
    const struct order blank = {.due = -1, .address = {.zip = 7}};
    int rc;

    p->order = blank;
    rc = p->bind(req, p->schema, &p->order);
    p->untouched = memcmp(&p->order, &blank, sizeof blank) == 0;
    p->item = keep(p->kept, p->order.item);
    p->pin = keep(p->kept + 32, p->order.pin);
    return rc ? rc : sac_reply_struct(req, 200, p->schema, &p->order);
}

static const sac_view_ops play_view = SAC_VIEW_OPS(.name = "play", .flags = SAC_INLINE,
                                                   .get = play_run, .post = play_run);

static void start(fixture *fx, play *p, const sac_app_config *config)
{
    fixture_new(fx, config);
    CHECK_INT(sac_app_schema(fx->app, p->schema, NULL), SAC_OK);
    fixture_mount(fx, "/play", &play_view, p);
}

static int send_as(fixture *fx, const char *type, const char *body)
{
    const char *const lines[] = {type, NULL};
    const sac_loopback_request ask = SAC_LOOPBACK_REQUEST(.method = "POST", .target = "/play",
                                                          .headers = lines,
                                                          .body = sac_str_of(body));

    return fixture_ask(fx, &ask);
}

static int send_json(fixture *fx, const char *body)
{
    return send_as(fx, "Content-Type: application/json", body);
}

static int send_form(fixture *fx, const char *body)
{
    return send_as(fx, "Content-Type: application/x-www-form-urlencoded", body);
}

static void test_bind__reads_a_body_into_a_struct(void **state)
{
    play p = {.bind = sac_req_bind_body, .schema = &order_schema};
    fixture fx;

    (void)state;
    start(&fx, &p, NULL);
    CHECK_INT(send_json(&fx, "{\"item\":\"tea\",\"count\":3,\"due\":\"2026-01-01\",\"gift\":true,"
                             "\"pin\":\"1234\",\"tags\":[\"a\",\"b\"],"
                             "\"address\":{\"zip\":89073,\"city\":\"Ulm\"}}"),
              200);
    CHECK_STR(fx.reply.body,
              "{\"item\":\"tea\",\"count\":3,\"due\":\"2026-01-01T00:00:00.000Z\",\"gift\":true,"
              "\"tags\":[\"a\",\"b\"],\"address\":{\"city\":\"Ulm\",\"zip\":89073}}");
    CHECK_FIELD(&fx, "content-type", "application/json");
    CHECK_INT(p.order.count, 3);
    CHECK(p.order.due == 1767225600000);
    fixture_free(&fx);
}

static void test_bind__absent_members_stay_or_get_their_fallback(void **state)
{
    play p = {.bind = sac_req_bind_body, .schema = &order_schema};
    fixture fx;

    (void)state;
    start(&fx, &p, NULL);
    CHECK_INT(send_json(&fx, "{\"item\":\"tea\"}"), 200);
    CHECK(p.order.count == 1 && p.order.due == -1 && p.order.address.zip == 7);
    CHECK(!p.order.tags.p && !p.order.pin.p);
    CHECK_INT(send_json(&fx, "{\"item\":\"tea\",\"address\":{\"city\":\"Ulm\"}}"), 200);
    CHECK_INT(p.order.address.zip, 7);
    fixture_free(&fx);
}

static void test_bind__tells_every_field_that_is_wrong(void **state)
{
    static const struct {
        const char *body, *errors;
    } cases[] = {
        {"{}", "\"errors\":{\"item\":[\"required\"]}"},
        {"{\"item\":\"\",\"count\":0,\"x\":1}",
         "\"errors\":{\"x\":[\"unknown field\"],\"item\":[\"must have at least 1 character\"],"
         "\"count\":[\"must be at least 1\"]}"},
        {"{\"item\":1,\"count\":\"3\",\"due\":\"soon\",\"gift\":1,\"tags\":{}}",
         "\"errors\":{\"item\":[\"must be a string\"],\"count\":[\"must be an integer\"],"
         "\"due\":[\"must be a date\"],\"gift\":[\"must be true or false\"],"
         "\"tags\":[\"must be an array\"]}"},
        {"{\"item\":\"a\",\"count\":2147483648}",
         "\"errors\":{\"count\":[\"must be at most 2147483647\"]}"},
        {"{\"item\":\"a\",\"count\":9223372036854775808}",
         "\"errors\":{\"count\":[\"out of range\"]}"},
        {"{\"item\":null}", "\"errors\":{\"item\":[\"must not be null\"]}"},
        {"{\"item\":\"a\",\"tags\":[\"ok\",\"too long\"]}",
         "\"errors\":{\"tags.1\":[\"must have at most 5 characters\"]}"},
        {"{\"item\":\"a\",\"address\":{\"zip\":0,\"street\":1}}",
         "\"errors\":{\"address.street\":[\"unknown field\"],"
         "\"address.zip\":[\"must be at least 1\"],\"address.city\":[\"required\"]}"},
        {"{\"item\":\"a\",\"address\":{\"zip\":2147483648,\"city\":\"\"}}",
         "\"errors\":{\"address.zip\":[\"must be at most 2147483647\"]}"},
        {"{\"item\":\"a\",\"_id\":1}", "\"errors\":{\"_id\":[\"unknown field\"]}"},
    };
    play p = {.bind = sac_req_bind_body, .schema = &order_schema};
    fixture fx;

    (void)state;
    start(&fx, &p, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CHECK_INT(send_json(&fx, cases[i].body), 422);
        CHECK(contains(fx.reply.body, "\"code\":\"validation\""));
        if (!contains(fx.reply.body, cases[i].errors))
            print_error("%.*s\n", (int)fx.reply.body.n, fx.reply.body.p);
        CHECK(contains(fx.reply.body, cases[i].errors));
        CHECK(p.untouched);
    }
    fixture_free(&fx);
}

static void test_bind__a_body_is_read_as_strictly_as_any(void **state)
{
    static const struct {
        const char *body;
        int status;
        const char *code;
    } cases[] = {
        {"", 400, "bad_json"},
        {"{\"item\":\"a\",}", 400, "bad_json"},
        {"{\"item\":\"a\",\"item\":\"b\"}", 400, "bad_key"},
        {"{\"item\":\"a\",\"$x\":\"b\"}", 400, "bad_key"},
        {"[]", 400, "not_an_object"},
        {"{\"a\":{\"b\":{\"c\":{}}}}", 400, "too_deep"},
        {"{\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5}", 400, "too_many_keys"},
    };
    const sac_app_config config = SAC_APP_CONFIG(.workers = 1, .max_depth = 3, .max_keys = 4,
                                                 .max_body = 100);
    play p = {.bind = sac_req_bind_body, .schema = &order_schema};
    char big[102];
    fixture fx;

    (void)state;
    start(&fx, &p, &config);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CHECK_INT(send_json(&fx, cases[i].body), cases[i].status);
        CHECK(contains(fx.reply.body, cases[i].code));
        CHECK(p.untouched);
    }
    CHECK_INT(send_as(&fx, "Content-Type: text/plain", "{\"item\":\"a\"}"), 415);
    memset(big, ' ', sizeof big);
    big[101] = '\0';
    CHECK_INT(send_json(&fx, big), 413);
    fixture_free(&fx);
}

static const sac_schema open_schema = SAC_SCHEMA(.name = "open", .fields = order_fields,
                                                 .struct_size = sizeof(struct order), .open = true);

static void test_bind__an_open_schema_passes_over_what_it_does_not_know(void **state)
{
    play p = {.bind = sac_req_bind_body, .schema = &open_schema};
    fixture fx;

    (void)state;
    start(&fx, &p, NULL);
    CHECK_INT(send_json(&fx, "{\"item\":\"tea\",\"x\":{\"y\":[1]},\"_id\":5}"), 200);
    CHECK_STR(p.item, "tea");
    p.bind = sac_req_bind_form;
    CHECK_INT(send_form(&fx, "item=tea&x=1&_id=5"), 200);
    p.bind = sac_req_bind_query;
    CHECK_INT(fixture_get(&fx, "GET", "/play?item=tea&x=1&_id=5"), 200);
    fixture_free(&fx);
}

static void test_bind__reads_a_form(void **state)
{
    play p = {.bind = sac_req_bind_form, .schema = &order_schema};
    fixture fx;

    (void)state;
    start(&fx, &p, NULL);
    CHECK_INT(send_form(&fx, "item=green+tea&count=3&due=2026-01-01T00:00:00Z&gift=on&tags=a&"
                             "tags=b&address.city=Ulm&address.zip=&pin=1"),
              200);
    CHECK_STR(fx.reply.body,
              "{\"item\":\"green tea\",\"count\":3,\"due\":\"2026-01-01T00:00:00.000Z\","
              "\"gift\":true,\"tags\":[\"a\",\"b\"],\"address\":{\"city\":\"Ulm\",\"zip\":7}}");
    CHECK_STR(p.pin, "1");
    CHECK_INT(send_form(&fx, "item=a&count=&due="), 200);
    CHECK(p.order.count == 1 && p.order.due == -1 && !p.order.gift && !p.order.tags.p);
    CHECK_INT(send_form(&fx, "item=&count=x&count=4&gift=maybe&due=soon&address.zip=2147483648&"
                             "more=1&tags=a&tags=too+long"),
              422);
    CHECK(contains(fx.reply.body, "\"count\":[\"may be given only once\",\"must be an integer\"]"));
    CHECK(contains(fx.reply.body, "\"more\":[\"unknown field\"]"));
    CHECK(contains(fx.reply.body, "\"item\":[\"must have at least 1 character\"]"));
    CHECK(contains(fx.reply.body, "\"gift\":[\"must be true or false\"]"));
    CHECK(contains(fx.reply.body, "\"due\":[\"must be a date\"]"));
    CHECK(contains(fx.reply.body, "\"tags.1\":[\"must have at most 5 characters\"]"));
    CHECK(contains(fx.reply.body, "\"address.zip\":[\"must be at most 2147483647\"]"));
    CHECK(contains(fx.reply.body, "\"address.city\":[\"required\"]"));
    CHECK(p.untouched);
    /* Also where nothing but a name is wrong. */
    CHECK_INT(send_form(&fx, "item=a&more=1"), 422);
    CHECK(p.untouched);
    CHECK_INT(send_json(&fx, "{}"), 415);
    CHECK_INT(send_form(&fx, "item=%zz"), 400);
    CHECK(p.untouched);
    fixture_free(&fx);
}

static void test_bind__reads_a_multipart_form(void **state)
{
    play p = {.bind = sac_req_bind_form, .schema = &order_schema};
    fixture fx;

    (void)state;
    start(&fx, &p, NULL);
    CHECK_INT(send_as(&fx, "Content-Type: multipart/form-data; boundary=x",
                      "--x\r\nContent-Disposition: form-data; name=\"item\"\r\n\r\ntea\r\n"
                      "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n"
                      "\r\nbytes\r\n--x--\r\n"),
              200);
    CHECK_STR(p.item, "tea");
    fixture_free(&fx);
}

static void test_bind__reads_a_query(void **state)
{
    play p = {.bind = sac_req_bind_query, .schema = &order_schema};
    fixture fx;

    (void)state;
    start(&fx, &p, NULL);
    CHECK_INT(fixture_get(&fx, "GET", "/play?item=a%26b&gift&count=5&_=17&address.city=Ulm"), 200);
    CHECK_STR(p.item, "a&b");
    CHECK(p.order.gift && p.order.count == 5);
    CHECK_INT(fixture_get(&fx, "GET", "/play?item=a&count=0&y=1"), 400);
    CHECK(contains(fx.reply.body, "\"bad_parameter\""));
    CHECK(contains(fx.reply.body, "\"y: unknown field\""));
    CHECK(contains(fx.reply.body, "\"count\":[\"must be at least 1\"]"));
    CHECK(p.untouched);
    CHECK_INT(fixture_get(&fx, "GET", "/play"), 400);
    CHECK(contains(fx.reply.body, "\"item: required\""));
    CHECK_INT(fixture_get(&fx, "GET", "/play?item=%ff"), 400);
    fixture_free(&fx);
}

static int absent_bool(sac_req *req, const sac_schema *schema, void *out)
{
    ((struct order *)out)->gift = true;
    return sac_req_bind_query(req, schema, out);
}

static void test_bind__in_a_query_an_absent_bool_stays(void **state)
{
    play p = {.bind = absent_bool, .schema = &order_schema};
    fixture fx;

    (void)state;
    start(&fx, &p, NULL);
    CHECK_INT(fixture_get(&fx, "GET", "/play?item=a"), 200);
    CHECK(p.order.gift);
    fixture_free(&fx);
}

/* A document as the store would have it, and what comes of it. */
static const char *stored;

static int bind_stored(sac_req *req, const sac_schema *schema, void *out)
{
    sac_str doc;

    CHECK_INT(sac_json_decode(sac_str_of(stored), NULL, sac_req_allocator(req), &doc, NULL),
              SAC_OK);
    return sac_req_bind_doc(req, schema, doc, out);
}

static void test_bind__takes_a_stored_document_as_it_is(void **state)
{
    play p = {.bind = bind_stored, .schema = &order_schema};
    fixture fx;

    (void)state;
    start(&fx, &p, NULL);
    stored = "{\"_id\":1,\"count\":0,\"other\":true,\"item\":null}";
    CHECK_INT(fixture_get(&fx, "GET", "/play"), 200);
    CHECK_STR(fx.reply.body, "{\"count\":0,\"due\":\"1969-12-31T23:59:59.999Z\",\"gift\":false,"
                             "\"address\":{\"zip\":7}}");
    stored = "{\"item\":\"a\",\"address\":{\"city\":\"Ulm\",\"zip\":4294967296}}";
    CHECK_INT(fixture_get(&fx, "GET", "/play"), 500);
    CHECK(p.untouched);
    CHECK(strstr(fx.log, "schema order: address.zip: not of its member's type") != NULL);
    CHECK(!contains(fx.reply.body, "zip"));
    fixture_free(&fx);
}

static int bad_struct(sac_req *req, const sac_schema *schema, void *out)
{
    sac_str doc = {NULL, 0};

    ((struct order *)out)->address.city = sac_str_of("\xff");
    CHECK_INT(sac_req_struct_doc(req, schema, out, &doc), SAC_EIO);
    CHECK(!doc.p);
    ((struct order *)out)->address.city = sac_str_of("Ulm");
    CHECK_INT(sac_req_struct_doc(req, schema, out, &doc), SAC_OK);
    CHECK_INT(sac_bson_check(doc, NULL), SAC_OK);
    ((struct order *)out)->address.city = sac_str_of("\xff");
    return 0;
}

static void test_bind__a_struct_that_is_no_document_is_500(void **state)
{
    play p = {.bind = bad_struct, .schema = &order_schema};
    fixture fx;

    (void)state;
    start(&fx, &p, NULL);
    CHECK_INT(fixture_get(&fx, "GET", "/play"), 500);
    CHECK(strstr(fx.log, "schema order: address.city: not UTF-8") != NULL);
    fixture_free(&fx);
}

static void test_bind__a_schema_that_was_not_told_is_500(void **state)
{
    play p = {.bind = sac_req_bind_query, .schema = &open_schema};
    fixture fx;

    (void)state;
    start(&fx, &p, NULL);
    p.schema = &order_schema;
    CHECK_INT(fixture_get(&fx, "GET", "/play?item=a"), 500);
    CHECK(strstr(fx.log, "schema order: the app does not know it: call sac_app_schema()"));
    CHECK(p.untouched);
    p.schema = NULL;
    CHECK_INT(fixture_get(&fx, "GET", "/play?item=a"), 500);
    fixture_free(&fx);
}

static void check_refused(sac_app *app, const sac_schema *schema, int rc, const char *text)
{
    sac_err err = {.code = 0};

    CHECK_INT(sac_app_schema(app, schema, &err), rc);
    CHECK_STR(sac_str_of(err.text), text);
}

static void test_bind__start_up_errors_name_schema_and_field(void **state)
{
    static const sac_field small[] = {
        {.name = "count", .type = SAC_INT64, SAC_MEMBER(struct order, count)}, {.name = NULL}};
    static const sac_field bad_row[] = {{.name = "count", .type = SAC_INT, .min = "x"},
                                        {.name = NULL}};
    const sac_schema outside = SAC_SCHEMA(.name = "order", .fields = order_fields,
                                          .struct_size = sizeof(struct order) - 8);
    const sac_schema misfit = SAC_SCHEMA(.name = "order", .fields = small,
                                         .struct_size = sizeof(struct order));
    const sac_schema row = SAC_SCHEMA(.name = "order", .fields = bad_row);
    const sac_schema nameless = SAC_SCHEMA(.fields = small);
    const sac_schema empty = SAC_SCHEMA(.name = "order");
    const sac_schema plain = {.name = "order", .fields = small};
    sac_schema newer = order_schema;
    sac_schema rows = order_schema;
    fixture fx;

    (void)state;
    fixture_new(&fx, NULL);
    check_refused(fx.app, &outside, SAC_EINVAL,
                  "schema order: field \"address\": member: outside of the struct");
    check_refused(fx.app, &misfit, SAC_EINVAL,
                  "schema order: field \"count\": member: 4 bytes, where int64_t is due");
    check_refused(fx.app, &nameless, SAC_EINVAL, "schema: it has no name");
    check_refused(fx.app, &empty, SAC_EINVAL, "schema order: fields are not set");
    check_refused(fx.app, NULL, SAC_EINVAL, "schema: none was given");
    CHECK_INT(sac_app_schema(fx.app, &row, NULL), SAC_EINVAL);
    CHECK_INT(sac_app_schema(fx.app, &plain, NULL), SAC_EINVAL);
    newer.size++;
    CHECK_INT(sac_app_schema(fx.app, &newer, NULL), SAC_EVERSION);
    rows.field_size += 8;
    CHECK_INT(sac_app_schema(fx.app, &rows, NULL), SAC_EVERSION);
    CHECK_INT(sac_app_schema(fx.app, &order_schema, NULL), SAC_OK);
    check_refused(fx.app, &order_schema, SAC_EEXIST, "schema order: the app was told before");
    fixture_get(&fx, "GET", "/");
    CHECK_INT(sac_app_schema(fx.app, &open_schema, NULL), SAC_EINVAL);
    fixture_free(&fx);
}

static void test_bind__a_table_of_an_older_header_is_checked_and_not_bound(void **state)
{
    enum { OLD = offsetof(sac_field, member_offset) };
    static char rows[2 * OLD];
    sac_schema old = SAC_SCHEMA(.name = "old", .fields = (const sac_field *)(const void *)rows);
    play p = {.bind = sac_req_bind_query, .schema = &old};
    fixture fx;

    (void)state;
    memcpy(rows, order_fields, OLD);
    old.field_size = OLD;
    old.size = offsetof(sac_schema, struct_size);
    old.struct_size = 4096; /* past its size: not read */
    old.open = true;
    start(&fx, &p, NULL);
    CHECK_INT(fixture_get(&fx, "GET", "/play?item=a"), 200);
    CHECK_STR(fx.reply.body, "{}");
    CHECK(p.untouched);
    CHECK_INT(fixture_get(&fx, "GET", "/play?item=a&x=1"), 400);
    fixture_free(&fx);
}

static void test_bind__finds_each_of_many_schemas(void **state)
{
    static sac_schema many[50];
    play p = {.bind = sac_req_bind_query, .schema = &order_schema};
    sac_app *group;
    fixture fx;

    (void)state;
    start(&fx, &p, NULL);
    CHECK_INT(sac_app_group(fx.app, "/g", &group, NULL), SAC_OK);
    for (int i = 0; i < 50; i++) {
        const int at = i * 17 % 50;

        many[at] = order_schema;
        CHECK_INT(sac_app_schema(group, &many[at], NULL), SAC_OK);
    }
    for (int i = 0; i < 50; i++) {
        p.schema = &many[i];
        CHECK_INT(fixture_get(&fx, "GET", "/play?item=a"), 200);
    }
    fixture_free(&fx);
}

static void test_bind__telling_survives_oom(void **state)
{
    fault_alloc fault;
    int rc = SAC_ENOMEM;

    (void)state;
    for (long n = 0; rc != SAC_OK; n++) {
        sac_app_config config = SAC_APP_CONFIG(.workers = SAC_NO_WORKERS);
        sac_app *app = NULL;

        config.alloc = fault_alloc_init(&fault, n);
        rc = sac_app_new(&config, &app, NULL);
        if (rc == SAC_OK)
            rc = sac_app_schema(app, &order_schema, NULL);
        if (rc == SAC_OK)
            rc = sac_app_schema(app, &open_schema, NULL);
        CHECK(rc == SAC_OK || rc == SAC_ENOMEM);
        sac_app_free(app);
        CHECK_INT(fault.live, 0);
        CHECK(n < 2000);
    }
}

/* More than the first block of a request's memory holds. */
static void fill_body(char *body, size_t cap, bool form)
{
    size_t n = (size_t)snprintf(
        body, cap, "%s", form ? "item=tea&address.city=Ulm" : "{\"item\":\"tea\",\"tags\":[");

    for (int i = 0; i < 250; i++)
        n += form ? (size_t)snprintf(body + n, cap - n, "&tags=t%d", i)
                  : (size_t)snprintf(body + n, cap - n, "%s\"t%d\"", i > 0 ? "," : "", i);
    if (!form)
        snprintf(body + n, cap - n, "]}");
}

/* The status, or 0 when not even a 500 could be sent. */
static int bind_with(long left, bool form, const char *body)
{
    const char *const lines[] = {form ? "Content-Type: application/x-www-form-urlencoded"
                                      : "Content-Type: application/json",
                                 NULL};
    const sac_loopback_request ask = SAC_LOOPBACK_REQUEST(.method = "POST", .target = "/play",
                                                          .headers = lines,
                                                          .body = sac_str_of(body));
    sac_app_config config = SAC_APP_CONFIG(.workers = SAC_NO_WORKERS);
    play p = {.bind = form ? sac_req_bind_form : sac_req_bind_body, .schema = &order_schema};
    fault_alloc fault;
    fixture fx;
    int rc;

    config.alloc = fault_alloc_init(&fault, -1);
    start(&fx, &p, &config);
    CHECK_INT(fixture_get(&fx, "GET", "/nothing"), 404);
    fault.left = left;
    rc = sac_loopback_send(fx.client, &ask, &fx.reply, NULL);
    CHECK(rc == SAC_OK || rc == SAC_ENOMEM);
    rc = rc == SAC_OK ? fx.reply.status : 0;
    fault.left = -1;
    fixture_free(&fx);
    CHECK_INT(fault.live, 0);
    return rc;
}

static void test_bind__binding_survives_oom(void **state)
{
    char body[6000];

    (void)state;
    for (int form = 0; form < 2; form++) {
        int status = 0, failures = 0;

        fill_body(body, sizeof body, form);
        for (long n = 0; status != 200; n++) {
            status = bind_with(n, form, body);
            CHECK(status == 200 || status == 500 || status == 0);
            failures += status == 500;
            CHECK(n < 500);
        }
        CHECK(failures > 1);
    }
}

/* The request's own bound of memory stands for every allocation in it. */
static void test_bind__survives_the_end_of_a_requests_memory(void **state)
{
    char form[6000];

    (void)state;
    fill_body(form, sizeof form, true);
    for (size_t cap = 16 * 1024; cap < 64 * 1024; cap += 1024) {
        const sac_app_config config = SAC_APP_CONFIG(.workers = SAC_NO_WORKERS, .max_memory = cap);
        play p = {.bind = sac_req_bind_form, .schema = &order_schema};
        int status;
        fixture fx;

        start(&fx, &p, &config);
        status = send_form(&fx, form);
        CHECK(status == 200 || status == 500 || status == 413);
        fixture_free(&fx);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bind__reads_a_body_into_a_struct),
        cmocka_unit_test(test_bind__absent_members_stay_or_get_their_fallback),
        cmocka_unit_test(test_bind__tells_every_field_that_is_wrong),
        cmocka_unit_test(test_bind__a_body_is_read_as_strictly_as_any),
        cmocka_unit_test(test_bind__an_open_schema_passes_over_what_it_does_not_know),
        cmocka_unit_test(test_bind__reads_a_form),
        cmocka_unit_test(test_bind__reads_a_multipart_form),
        cmocka_unit_test(test_bind__reads_a_query),
        cmocka_unit_test(test_bind__in_a_query_an_absent_bool_stays),
        cmocka_unit_test(test_bind__takes_a_stored_document_as_it_is),
        cmocka_unit_test(test_bind__a_struct_that_is_no_document_is_500),
        cmocka_unit_test(test_bind__a_schema_that_was_not_told_is_500),
        cmocka_unit_test(test_bind__start_up_errors_name_schema_and_field),
        cmocka_unit_test(test_bind__a_table_of_an_older_header_is_checked_and_not_bound),
        cmocka_unit_test(test_bind__finds_each_of_many_schemas),
        cmocka_unit_test(test_bind__telling_survives_oom),
        cmocka_unit_test(test_bind__binding_survives_oom),
        cmocka_unit_test(test_bind__survives_the_end_of_a_requests_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
