/* SPDX-License-Identifier: MIT */
#include "links.h"

#include <cjson/cJSON.h>
#include <sacrum/cjson.h>

/* GET /report: teams joined with their links. */

typedef struct team {
    sac_str id, name;
    int64_t links, hits, best_hits;
    sac_str best; /* code of the link with the most hits */
} team;

typedef struct report {
    sac_req *req;
    int64_t min_hits;
    team *teams; /* in the order of their ids, as the store gives them */
    size_t n, cap;
    int64_t homeless; /* links of a team that is not there */
} report;

static int grow(report *r)
{
    const sac_alloc *alloc = sac_req_allocator(r->req);
    const size_t cap = r->cap ? 2 * r->cap : 16;
    team *grown = alloc->resize(alloc->self, r->teams, r->cap * sizeof *grown, cap * sizeof *grown);

    if (!grown)
        return SAC_ENOMEM;
    r->teams = grown;
    r->cap = cap;
    return SAC_OK;
}

static int add_team(void *self, const sac_view *view)
{
    report *r = self;
    const sac_str id = sac_bson_get_str(view->doc, "_id");
    const sac_str name = sac_bson_get_str(view->doc, "name");

    if (r->n == r->cap && grow(r) != SAC_OK)
        return SAC_ENOMEM;
    r->teams[r->n] = (team){.id = sac_req_dup(r->req, id), .name = sac_req_dup(r->req, name)};
    return r->teams[r->n].id.p && r->teams[r->n++].name.p ? SAC_OK : SAC_ENOMEM;
}

static team *find_team(const report *r, sac_str id)
{
    size_t low = 0, high = r->n;

    while (low < high) {
        const size_t middle = (low + high) / 2;
        const sac_str at = r->teams[middle].id;
        int order = memcmp(at.p, id.p, at.n < id.n ? at.n : id.n);

        if (order == 0)
            order = (at.n > id.n) - (at.n < id.n);
        if (order == 0)
            return &r->teams[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static int add_link(void *self, const sac_view *view)
{
    report *r = self;
    const int64_t hits = sac_bson_get_int(view->doc, "hits", 0);
    const sac_str code = sac_bson_get_str(view->doc, "_id");
    team *t = find_team(r, sac_bson_get_str(view->doc, "team"));

    if (hits < r->min_hits)
        return SAC_OK;
    if (!t) {
        r->homeless++;
        return SAC_OK;
    }
    t->links++;
    t->hits += hits;
    if (t->best.p && hits <= t->best_hits)
        return SAC_OK;
    t->best_hits = hits;
    t->best = sac_req_dup(r->req, code);
    return t->best.p ? SAC_OK : SAC_ENOMEM;
}

static bool add_row(cJSON *rows, const team *t)
{
    cJSON *row = cJSON_CreateObject();

    if (!row || !cJSON_AddItemToArray(rows, row)) {
        cJSON_Delete(row);
        return false;
    }
    return cJSON_AddStringToObject(row, "team", t->id.p) &&
           cJSON_AddStringToObject(row, "name", t->name.p) &&
           cJSON_AddNumberToObject(row, "links", (double)t->links) &&
           cJSON_AddNumberToObject(row, "hits", (double)t->hits) &&
           (t->best.p ? cJSON_AddStringToObject(row, "best", t->best.p)
                      : cJSON_AddNullToObject(row, "best"));
}

static int reply(const report *r)
{
    cJSON *tree = cJSON_CreateObject();
    cJSON *rows = cJSON_AddArrayToObject(tree, "teams");
    bool ok = rows && cJSON_AddNumberToObject(tree, "homeless", (double)r->homeless);
    int rc;

    for (size_t i = 0; i < r->n && ok; i++)
        ok = add_row(rows, &r->teams[i]);
    rc = ok ? sac_reply_cjson(r->req, 200, tree) : SAC_ENOMEM;
    cJSON_Delete(tree);
    return rc;
}

static int get_report(void *self, sac_req *req)
{
    const sac_query all_teams = SAC_QUERY(.collection = "teams");
    const sac_query all_links = SAC_QUERY(.collection = "links");
    report r = {.req = req};
    const sac_sink to_teams = {.doc = add_team, .self = &r};
    const sac_sink to_links = {.doc = add_link, .self = &r};
    int rc = sac_req_query_int(req, "min_hits", 0, INT64_MAX, 0, &r.min_hits);

    (void)self;
    if (rc == SAC_OK)
        rc = sac_req_find(req, &all_teams, &to_teams);
    if (rc == SAC_OK)
        rc = sac_req_find(req, &all_links, &to_links);
    return rc == SAC_OK ? reply(&r) : rc;
}

const sac_view_ops report_view = SAC_VIEW_OPS(.name = "report", .get = get_report);
