/* SPDX-License-Identifier: MIT */
#include "app/exchange/exchange.h"

#include "app/identity/identity.h"
#include "http/method.h"

static bool replied(const sac_req *req)
{
    return req->reply.kind != SAC__REPLY_NONE;
}

/* Decorators from `index` on, then the handler. */
static int run_from(sac_req *req, unsigned index)
{
    const sac__action *action = req->action;
    const sac_next next = {.index = index};

    if (index < action->n_wraps)
        return action->wraps[index].fn(action->wraps[index].self, req, &next);
    return sac__slot_run(action->slot, req->mount->self, req);
}

int sac_next_run(const sac_next *next, sac_req *req)
{
    int rc;

    if (next->index != req->next_index) {
        (void)sac_problem(req, "internal", "view %s: decorator %u ran the rest twice",
                          req->mount->name, req->action->wraps[next->index].row);
        return SAC_EINVAL;
    }
    req->next_index++;
    rc = run_from(req, next->index + 1);
    if (rc < 0 && req->reply.kind != SAC__REPLY_PROBLEM)
        sac__fail_slot(req, rc, "handler");
    return rc;
}

int sac_super(void *self, sac_req *req)
{
    return req->super ? req->super->run(req->super, self, req) : SAC_EMETHOD;
}

const sac__super *sac__req_set_super(sac_req *req, const sac__super *super)
{
    const sac__super *old = req->super;

    req->super = super;
    return old;
}

static int set_allow(sac_req *req, unsigned methods)
{
    char text[64];
    sac__buf out;

    sac__buf_init_fixed(&out, text, sizeof text);
    sac__method_list(methods, &out);
    return sac__headers_set(&req->headers, sac_str_of("Allow"), sac__buf_str(&out));
}

/* 0 for who is signed in: strangers are told nothing of the body that they sent. */
static int refuse_stranger(sac_req *req)
{
    const sac_identity *identity = NULL;
    const int rc = sac__req_identify(req, &identity);

    return rc != SAC_OK || identity ? rc : sac__req_refuse_stranger(req);
}

static int answer_early(sac_req *req)
{
    int rc = req->early_guarded ? refuse_stranger(req) : SAC_OK;

    if (rc == SAC_OK && strcmp(req->early, "method_not_allowed") == 0)
        rc = set_allow(req, req->match.allowed);
    if (rc != SAC_OK)
        return rc;
    if (!req->early_detail)
        return sac_problem(req, req->early, NULL);
    return sac_problem(req, req->early, "%s", req->early_detail);
}

static int answer_options(sac_req *req)
{
    int rc = sac__headers_set_static(&req->headers, sac_str_of("Allow"), req->mount->allow);

    for (const sac__field *f = req->mount->options; f && rc == SAC_OK; f = f->next)
        rc = sac__headers_set_static(&req->headers, f->header.name, f->header.value);
    return rc == SAC_OK ? sac_reply_empty(req, 204) : rc;
}

static int run_handler(sac_req *req)
{
    if (req->early)
        return answer_early(req);
    return req->action->slot ? run_from(req, 0) : answer_options(req);
}

/* Runs what the stage says; 0 where there is nothing to run. */
static int step(sac_req *req)
{
    const sac__middleware *mw;

    switch (req->stage) {
    case SAC__STAGE_BEFORE:
        if (req->index == req->group->n_around)
            return 0;
        mw = req->group->around[req->index];
        req->began = req->index + 1;
        return mw->before ? mw->before(mw->self, req) : 0;
    case SAC__STAGE_VIEW_BEFORE:
        if (!req->mount || !req->action->slot)
            return 0;
        req->view_began = true;
        return req->mount->before ? sac__slot_run(req->mount->before, req->mount->self, req) : 0;
    case SAC__STAGE_HANDLER: return run_handler(req);
    case SAC__STAGE_VIEW_AFTER:
        if (!req->view_began || !req->mount->after)
            return 0;
        return sac__slot_run(req->mount->after, req->mount->self, req);
    default:
        if (req->index == 0)
            return 0;
        mw = req->group->around[req->index - 1];
        return mw->after ? mw->after(mw->self, req) : 0;
    }
}

/* Names what ran, for the log. */
static const char *who_ran(const sac_req *req)
{
    switch (req->stage) {
    case SAC__STAGE_BEFORE: return req->group->around[req->index]->name;
    case SAC__STAGE_VIEW_BEFORE: return "before";
    case SAC__STAGE_HANDLER: return "handler";
    case SAC__STAGE_VIEW_AFTER: return "after";
    default: return req->group->around[req->index - 1]->name;
    }
}

static void fail_silent(sac_req *req)
{
    const bool forgot = req->action && req->next_index < req->action->n_wraps;

    if (forgot)
        (void)sac_problem(req, "internal",
                          "view %s: decorator %u neither ran the rest nor answered",
                          req->mount->name, req->action->wraps[req->next_index].row);
    else
        (void)sac_problem(req, "internal", "view %s: the handler returned without an answer",
                          req->mount ? req->mount->name : "-");
}

static void settle_reply(sac_req *req)
{
    /* Who asks was not known, so nothing may come of what was answered to nobody. */
    if (req->who.problem && req->problem != req->who.problem && req->reply.status < 500)
        sac__fail_again(req, req->who.problem, req->who.detail);
    if (req->reply.kind == SAC__REPLY_PROBLEM) {
        sac__fail_log(req);
        sac__fail_handle(req);
    }
    if (req->out_of_memory && req->reply.status < 500)
        sac__fail_slot(req, SAC_ENOMEM, "request");
    if (req->reply.kind == SAC__REPLY_PROBLEM)
        sac__fail_print(req);
}

static void go_to_after(sac_req *req)
{
    if (!replied(req))
        fail_silent(req);
    settle_reply(req);
    req->stage = SAC__STAGE_VIEW_AFTER;
    req->index = req->began;
}

/* The stage is over with `rc`: on to the next. */
static void settle(sac_req *req, int rc)
{
    if (rc > 0)
        rc = SAC_EIO;
    if (rc < 0 && req->reply.kind != SAC__REPLY_PROBLEM)
        sac__fail_slot(req, rc, who_ran(req));
    switch (req->stage) {
    case SAC__STAGE_BEFORE:
        if (replied(req))
            go_to_after(req);
        else if (req->index == req->group->n_around)
            req->stage = SAC__STAGE_VIEW_BEFORE;
        else
            req->index++;
        break;
    case SAC__STAGE_VIEW_BEFORE:
        if (replied(req))
            go_to_after(req);
        else
            req->stage = SAC__STAGE_HANDLER;
        break;
    case SAC__STAGE_HANDLER: go_to_after(req); break;
    default:
        if (req->reply.kind == SAC__REPLY_PROBLEM)
            settle_reply(req);
        if (req->stage == SAC__STAGE_VIEW_AFTER)
            req->stage = SAC__STAGE_AFTER;
        else if (req->index == 0)
            req->stage = SAC__STAGE_ANSWERED;
        else
            req->index--;
    }
}

int sac__dispatch(sac_req *req)
{
    sac_exchange *exchange = sac__exchange_of(req);
    int rc;

    if (req->stage == SAC__STAGE_HEAD)
        req->stage = SAC__STAGE_BEFORE;
    while (req->stage < SAC__STAGE_ANSWERED) {
        req->may_park = true;
        rc = exchange->due ? sac__park_resume(req) : step(req);
        while (rc == SAC_LATER) {
            rc = sac__park_await(exchange);
            if (rc == SAC_LATER)
                return SAC_LATER;
            rc = rc == 1 ? sac__park_resume(req) : SAC_EIO;
        }
        sac__park_forsake(exchange);
        settle(req, rc);
    }
    if (req->reply.kind != SAC__REPLY_STREAM)
        sac__dispatch_teardown(req);
    return SAC_OK;
}

void sac__dispatch_teardown(sac_req *req)
{
    if (req->stage == SAC__STAGE_HEAD || req->stage == SAC__STAGE_DONE)
        return;
    req->stage = SAC__STAGE_DONE;
    req->may_park = false;
    if (req->action && req->action->slot && req->mount->teardown)
        (void)sac__slot_run(req->mount->teardown, req->mount->self, req);
    for (size_t i = req->group->n_around; i-- > 0;)
        if (req->group->around[i]->teardown)
            (void)req->group->around[i]->teardown(req->group->around[i]->self, req);
}
