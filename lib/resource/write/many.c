/* SPDX-License-Identifier: MIT */
#include "resource/params.h"
#include "resource/write/indexes.h"
#include "resource/write/merge.h"

#include "http/precondition.h"

/* One DELETE or PATCH of a list: of all in it, or of what a filter says. */
typedef struct many {
    sac__ask ask;
    sac_write write;
    sac_query query;
    sac__select select;
    sac__merge merge;
    bool removes;
    int64_t most; /* that the client wants changed; -1: it does not say */
} many;

/* `Prefer: handling=strict, max-affected=N` */
static int64_t read_most(const many *m)
{
    const sac_str prefer = m->ask.prefer;
    sac_str handling, said;
    int64_t n;

    if (!prefer.p || !sac__prefer_get(prefer, "handling", &handling) ||
        !sac_str_is(handling, "strict") || !sac__prefer_get(prefer, "max-affected", &said) ||
        !sac__params_number(said, &n))
        return -1;
    return n;
}

/* It lowers the resource's bound. */
static int64_t bound_of(const many *m)
{
    const int64_t max = m->ask.resource->def.max_affected;

    return m->most > 0 && (max <= 0 || m->most < max) ? m->most : max;
}

static int decide(void *self, const sac_view *stored, sac_change *out, sac_err *err)
{
    many *m = self;
    const sac_value id = sac_bson_get(stored->doc, sac_str_n("_id", 3));
    sac_str doc;
    int rc;

    out->kind = SAC_CHANGE_KEEP;
    if (!sac__resource_owns(m->ask.resource, &id))
        return SAC_OK;
    /* The query has asked so too, perhaps of an older document. */
    rc = sac__access_sees(&m->ask.access, stored->doc, err);
    if (rc == 1)
        rc = sac__access_changes(&m->ask.access, stored->doc, err);
    if (rc != 1)
        return rc;
    if (m->most == 0)
        return sac_err_set(err, SAC_ELIMIT, "more than 0 documents");
    if (m->removes) {
        out->kind = SAC_CHANGE_REMOVE;
        return SAC_OK;
    }
    rc = sac__merge_stored(&m->merge, stored, &doc, err);
    if (rc == SAC_OK && !sac_str_eq(doc, stored->doc))
        *out = (sac_change){.kind = SAC_CHANGE_PUT, .doc = doc};
    return rc;
}

static int answer_failed(many *m)
{
    const sac_write *write = &m->write;

    switch (write->result) {
    case SAC_EEXIST: return sac__indexes_refused(&m->ask, write->index, "");
    case SAC_ELIMIT: return sac_problem(m->ask.req, "too_many_affected", "%s", write->err.text);
    case SAC_ENOSYS: return sac_problem(m->ask.req, "no_transactions", "%s", write->err.text);
    case SAC_ECONFLICT:
        if (m->merge.why != SAC__UNMERGED_NOT)
            return sac__merge_refused(&m->merge, NULL);
        break;
    default: break;
    }
    return sac__ask_failed(m->ask.req, write->result, &write->err);
}

static int done(void *self, sac_req *req)
{
    many *m = self;
    int rc;

    if (m->write.result != SAC_OK)
        return answer_failed(m);
    if (m->ask.minimal) {
        rc = sac__ask_applied(&m->ask);
        return rc == SAC_OK ? sac_reply_empty(req, 204) : rc;
    }
    if (m->removes)
        return sac_reply_jsonf(req, 200, "{\"deleted\":%lld}", (long long)m->write.changed);
    return sac_reply_jsonf(req, 200, "{\"matched\":%lld,\"modified\":%lld}",
                           (long long)m->write.matched, (long long)m->write.changed);
}

/* Without a filter it is about the whole list, which is a switch of its own. */
static int check_switches(const many *m)
{
    const sac_resource *def = &m->ask.resource->def;
    const bool own = m->removes && m->ask.resource->frames[SAC__OP_CLEAR];

    if (m->select.n == 0 && !def->clear && !own)
        return sac_problem(m->ask.req, "bad_request",
                           "a filter is needed: this list is not changed as a whole");
    if (m->select.n > 0 && !(m->removes ? def->remove_many : def->modify_many))
        return sac_problem(m->ask.req, "bad_parameter", "this list is not changed by filter");
    return SAC_OK;
}

static int submit(many *m)
{
    const sac__resource *resource = m->ask.resource;
    const bool all = m->removes && m->select.n + m->select.n_fixed == 0 && m->most < 0;

    m->query = (sac_query)SAC_QUERY(.collection = resource->def.collection,
                                    .filter = m->select.filter, .from = resource->from,
                                    .to = resource->to);
    m->write = (sac_write)SAC_WRITE(.kind = all ? SAC_WRITE_CLEAR : SAC_WRITE_EACH,
                                    .collection = resource->def.collection, .query = &m->query,
                                    .max = bound_of(m), .decide = decide);
    m->write.self = m;
    return sac__req_submit(m->ask.req, &m->write, done, m);
}

static int start(sac__resource *resource, sac_req *req, bool removes)
{
    many *m = sac__arena_get_zero(sac__req_arena(req), sizeof *m);
    int rc;

    if (!m)
        return sac_fail(req, SAC_ENOMEM, "no memory for a change");
    m->removes = removes;
    rc = sac__ask_init(&m->ask, resource, req);
    m->most = read_most(m);
    if (rc == SAC_OK && !removes)
        rc = sac__ask_body_type(&m->ask, true);
    if (rc == SAC_OK)
        rc = sac__params_many(&m->ask, &m->select);
    if (rc == SAC_OK && (m->ask.if_match.p || m->ask.if_none_match.p))
        rc = sac_problem(req, "precondition_unsupported", "a list takes no preconditions");
    if (rc == SAC_OK)
        rc = check_switches(m);
    if (rc != SAC_OK)
        return rc;
    if (!removes)
        sac__merge_read(&m->merge, &m->ask, false);
    return submit(m);
}

int sac__resource_clear(void *self, sac_req *req)
{
    return start(self, req, true);
}

int sac__resource_modify_many(void *self, sac_req *req)
{
    return start(self, req, false);
}
