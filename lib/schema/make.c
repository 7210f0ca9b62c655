/* SPDX-License-Identifier: MIT */
#include "schema/maker.h"

#include <stdio.h>

#include "core/random.h"

/* What is taken back when it turns out that a value echoes what is stored. */
typedef struct mark {
    size_t n;
    uint32_t index;
    size_t n_errors;
    sac__problem_error *last;
} mark;

static mark mark_take(const sac__maker *m)
{
    return (mark){.n = m->out.n,
                  .index = m->out.index[m->out.depth],
                  .n_errors = m->making->errors->n,
                  .last = m->making->errors->last};
}

static void mark_return(sac__maker *m, const mark *to)
{
    sac__problem_errors *errors = m->making->errors;

    m->out.n = to->n;
    m->out.index[m->out.depth] = to->index;
    errors->n = to->n_errors;
    errors->last = to->last;
    if (to->last)
        to->last->next = NULL;
    else
        errors->first = NULL;
}

bool sac__maker_failed(const sac__maker *m)
{
    return m->error || m->out.error || m->path.error;
}

void sac__maker_refuse(sac__maker *m, const char *text)
{
    int rc;

    if (sac__maker_failed(m))
        return;
    rc = sac__problem_errors_add(m->making->errors, m->making->arena, sac__buf_str(&m->path), "%s",
                                 text);
    m->error = m->error ? m->error : rc;
}

size_t sac__maker_down(sac__maker *m, sac_str key)
{
    const size_t at = m->path.n;

    if (at > m->base)
        sac__buf_add_char(&m->path, '.');
    sac__buf_add_str(&m->path, key);
    return at;
}

void sac__maker_up(sac__maker *m, size_t at)
{
    m->path.n = at;
}

/* What the decoder has left out of the body. */
static void refuse_left_out(sac__maker *m)
{
    for (const sac__misfit *misfit = m->body->misfits; misfit; misfit = misfit->next) {
        const size_t at = sac__maker_down(m, misfit->path);

        if (misfit->kind == SAC__JSON_UNKNOWN_FIELD)
            sac__maker_refuse(m, "unknown field");
        else if (m->making->schema->rev && sac_str_is(misfit->path, "_rev"))
            sac__maker_refuse(m, sac__rule_misfit(SAC_INT64));
        sac__maker_up(m, at);
    }
}

void sac__maker_open(sac__maker *m, sac__maker_kind kind, const sac__making *making,
                     const sac__body *body)
{
    const sac_alloc *alloc = sac__arena_alloc(making->arena);

    *m = (sac__maker){.making = making,
                      .body = body,
                      .kind = kind,
                      .errors = making->errors->n,
                      .matching = {.alloc = making->schema->alloc}};
    sac_bson_init(&m->out, alloc, 0);
    sac__buf_init(&m->path, alloc, 2 * SAC_BSON_MAX);
    sac__buf_add_text(&m->path, making->prefix ? making->prefix : "");
    m->base = m->path.n;
    refuse_left_out(m);
}

int sac__maker_close(sac__maker *m, sac_str *doc)
{
    sac_str made = {NULL, 0};
    int rc = m->error ? m->error : m->path.error;

    sac__matching_fini(&m->matching);
    if (rc != SAC_OK || m->out.error == SAC_ENOMEM)
        return rc ? rc : SAC_ENOMEM;
    if (m->making->errors->n > m->errors)
        return SAC_EVALIDATION;
    rc = sac_bson_finish(&m->out, &made);
    if (rc == SAC_OK)
        *doc = made;
    return rc;
}

static bool is_out_of_range(const sac__maker *m)
{
    const sac_str path = sac_str_n(m->path.p + m->base, m->path.n - m->base);

    for (const sac__misfit *misfit = m->body->misfits; misfit; misfit = misfit->next)
        if (misfit->kind == SAC__JSON_OUT_OF_RANGE && sac_str_eq(misfit->path, path))
            return true;
    return false;
}

/* Whether errors are still kept; beyond that they are counted, and need no reason. */
static bool is_listening(const sac__maker *m)
{
    return m->making->errors->n < 100;
}

bool sac__maker_judge(sac__maker *m, const sac__plan_field *field, const sac_value *sent)
{
    const sac__rule *rule = sac__rule_of(field);
    char text[SAC__RULE_TEXT];
    int rc;

    if (!field || !rule)
        return true;
    if (sent->type == SAC_BSON_NULL && field->type != SAC_ANY) {
        if (!rule->row.nullable)
            sac__maker_refuse(m, "must not be null");
        return false;
    }
    if (!sac__rule_fits((sac_type)field->type, sent)) {
        sac__maker_refuse(m, is_listening(m) && is_out_of_range(m)
                                 ? "out of range"
                                 : sac__rule_misfit((sac_type)field->type));
        return false;
    }
    rc = sac__rule_check(rule, sent, &m->matching, text);
    if (rc == 0)
        sac__maker_refuse(m, text);
    else if (rc < 0)
        m->error = rc;
    return true;
}

static bool put_members(sac__maker *m, const sac__plan *plan, sac_str sent, const sac_str *stored);

static bool put_doc(sac__maker *m, const sac__plan *plan, const sac__slot *slot)
{
    const bool fresh = slot->stored.type != SAC_BSON_DOCUMENT;
    bool echoed;

    if (!plan && fresh && !m->whole) {
        sac_bson_add_value(&m->out, slot->key, slot->sent);
        return false;
    }
    sac_bson_begin_doc(&m->out, slot->key);
    echoed = put_members(m, plan, slot->sent.raw, fresh ? NULL : &slot->stored.raw);
    sac_bson_end(&m->out);
    return echoed;
}

static bool put_items(sac__maker *m, const sac__plan_field *item, const sac__slot *slot)
{
    const bool fresh = slot->stored.type != SAC_BSON_ARRAY;
    sac_bson_iter sent, stored;
    char digits[24];
    bool echoed = !fresh;
    int more;

    if (sac_bson_iter_init(&sent, slot->sent.raw) != SAC_OK ||
        (!fresh && sac_bson_iter_init(&stored, slot->stored.raw) != SAC_OK)) {
        m->error = SAC_ECORRUPT;
        return false;
    }
    for (size_t i = 0; !sac__maker_failed(m) && (more = sac_bson_iter_next(&sent)) != 0; i++) {
        sac__slot element = {.field = item, .fresh = true};
        const int n = snprintf(digits, sizeof digits, "%lu", (unsigned long)i);

        if (more < 0) {
            m->error = SAC_ECORRUPT;
            return false;
        }
        element.key = sac_str_n(digits, (size_t)n);
        element.sent = sent.value;
        if (!fresh && sac_bson_iter_next(&stored) == 1)
            element.stored = stored.value;
        echoed &= sac__maker_put(m, &element);
    }
    return echoed && sac_bson_iter_next(&stored) == 0;
}

static bool put_array(sac__maker *m, const sac__plan_field *item, const sac__slot *slot)
{
    const bool fresh = slot->stored.type != SAC_BSON_ARRAY;
    const bool was_detached = m->detached;
    bool echoed;

    if (!item && fresh && !m->whole) {
        sac_bson_add_value(&m->out, slot->key, slot->sent);
        return false;
    }
    if (!fresh && sac__members_count(slot->sent.raw) != sac__members_count(slot->stored.raw))
        m->detached = true;
    sac_bson_begin_array(&m->out, slot->key);
    echoed = put_items(m, item, slot);
    sac_bson_end(&m->out);
    m->detached = was_detached;
    return echoed;
}

static bool is_container(const sac_value *value)
{
    return value->type == SAC_BSON_DOCUMENT || value->type == SAC_BSON_ARRAY;
}

/* A value that its client may write; documents and arrays part by part. */
static bool put_judged(sac__maker *m, const sac__slot *slot)
{
    const bool parts = is_container(&slot->sent) && slot->sent.type == slot->stored.type;
    bool fits;

    if (!parts && sac__schema_echoes(&slot->sent, &slot->stored)) {
        sac_bson_add_value(&m->out, slot->key, slot->stored);
        return true;
    }
    fits = sac__maker_judge(m, slot->field, &slot->sent);
    if (slot->sent.type == SAC_BSON_DOCUMENT)
        return put_doc(m, slot->field && fits ? slot->field->plan : NULL, slot);
    if (slot->sent.type == SAC_BSON_ARRAY)
        return put_array(m, slot->field && fits ? slot->field->item : NULL, slot);
    sac_bson_add_value(&m->out, slot->key, slot->sent);
    return false;
}

static bool is_owner(const sac__maker *m, const sac__plan_field *field)
{
    return field && field == m->making->schema->owner;
}

static bool is_locked(const sac__maker *m, const sac__slot *slot)
{
    const sac__rule *rule = sac__rule_of(slot->field);

    if (is_owner(m, slot->field))
        return !m->making->owner_free;
    return rule && (rule->row.read_only || (rule->row.write_once && !slot->fresh));
}

/* What was never shown cannot be echoed; that something is theirs, they know all the same. */
static bool is_unseen(const sac__maker *m, const sac__slot *slot)
{
    if (!slot->field || !(slot->field->flags & SAC__PLAN_HIDDEN))
        return false;
    return !is_owner(m, slot->field) || sac_value_compare(&slot->stored, &m->making->owner) != 0;
}

bool sac__maker_put(sac__maker *m, const sac__slot *slot)
{
    const bool locked = is_locked(m, slot);
    const mark begin = mark_take(m);
    const size_t at = sac__maker_down(m, slot->key);
    sac__slot shown = *slot;
    bool echoed;

    if (sac__maker_failed(m))
        return false;
    if (is_unseen(m, slot))
        shown.stored = (sac_value){.type = SAC_BSON_MISSING};
    echoed = put_judged(m, &shown);
    if (!sac__maker_failed(m) && (echoed || locked)) {
        mark_return(m, &begin);
        sac_bson_add_value(&m->out, slot->key, slot->stored);
        if (!echoed)
            sac__maker_refuse(m, "read only");
    }
    sac__maker_up(m, at);
    return echoed;
}

static void put_uuid(sac__maker *m, const char *key)
{
    uint8_t bytes[16];
    const int rc = sac__random(bytes, sizeof bytes);

    if (rc != SAC_OK) {
        m->error = rc;
        return;
    }
    bytes[6] = (uint8_t)((bytes[6] & 0x0f) | 0x40);
    bytes[8] = (uint8_t)((bytes[8] & 0x3f) | 0x80);
    sac_bson_add_binary(&m->out, key, 4, sac_str_n(bytes, sizeof bytes));
}

static bool put_fallback(sac__maker *m, const sac__plan_field *field)
{
    const sac__rule *rule = sac__rule_of(field);
    sac_oid oid;

    if (rule->fallback == SAC__FALLBACK_CONSTANT && m->kind != SAC__MAKER_MODIFY) {
        sac_bson_add_value(&m->out, field->name, rule->constant);
        return true;
    }
    if (m->kind != SAC__MAKER_CREATE)
        return false;
    switch (rule->fallback) {
    case SAC__FALLBACK_NOW: sac_bson_add_date(&m->out, field->name.p, m->making->now); return true;
    case SAC__FALLBACK_OBJECTID:
        sac_oid_next(m->making->oids, &oid);
        sac_bson_add_oid(&m->out, field->name.p, &oid);
        return true;
    case SAC__FALLBACK_UUID: put_uuid(m, field->name.p); return true;
    default: return false;
    }
}

void sac__maker_complete(sac__maker *m, const sac__plan *plan, const uint8_t *seen)
{
    for (size_t i = 0; i < plan->n && !sac__maker_failed(m); i++) {
        const sac__plan_field *field = &plan->fields[i];

        if (seen[i] == SAC__SEEN || (seen[i] != SAC__KEPT && put_fallback(m, field)))
            continue;
        if (m->kind == SAC__MAKER_CREATE && is_owner(m, field)) {
            sac_bson_add_value(&m->out, field->name, m->making->owner);
            continue;
        }
        if (sac__rule_of(field)->row.required) {
            const size_t at = sac__maker_down(m, field->name);

            sac__maker_refuse(m, "required");
            sac__maker_up(m, at);
        }
    }
}

/* A key that no body may hold: what is stored under it stays. */
static bool is_bad_key(sac_str key)
{
    return key.n == 0 || key.p[0] == '$' || memchr(key.p, '.', key.n) ||
           sac_str_is(key, "__proto__");
}

typedef struct standing {
    const sac__plan_field *field;
    bool visible; /* to its client */
    bool kept;    /* when the body does not name it */
} standing;

static standing stand(const sac__maker *m, const sac__plan *plan, sac_str key, size_t *hint)
{
    standing s = {.field = plan ? sac__plan_stored(plan, key, hint) : NULL};
    const sac__rule *rule = sac__rule_of(s.field);

    if (rule) {
        s.visible = !(s.field->flags & (SAC__PLAN_HIDDEN | SAC__PLAN_COMPUTED));
        s.kept = !s.visible || rule->row.read_only || rule->row.write_once;
    } else {
        s.visible = !plan || (plan->open && !(plan == &m->making->schema->shown &&
                                              sac_str_eq(key, m->making->schema->id_key)));
        s.kept = !s.visible || is_bad_key(key);
    }
    return s;
}

/* Of a document that the body leaves out, what its client cannot see or write. */
static bool put_kept_inside(sac__maker *m, const sac__plan_field *field, const sac_value *stored)
{
    const mark begin = mark_take(m);
    sac_bson_iter iter;
    bool any = false;
    size_t hint = 0;

    if (!field || !field->plan || stored->type != SAC_BSON_DOCUMENT ||
        sac_bson_iter_init(&iter, stored->raw) != SAC_OK)
        return false;
    sac_bson_begin_doc(&m->out, field->name);
    while (!sac__maker_failed(m) && sac_bson_iter_next(&iter) == 1) {
        const standing s = stand(m, field->plan, iter.key, &hint);

        if (s.kept)
            sac_bson_add_value(&m->out, iter.key, iter.value);
        any = s.kept || put_kept_inside(m, s.field, &iter.value) || any;
    }
    sac_bson_end(&m->out);
    if (!any && !sac__maker_failed(m))
        mark_return(m, &begin);
    return any;
}

/* What is stored and not in the body; whether all of it is out of the client's sight. */
static bool put_rest(sac__maker *m, const sac__plan *plan, const sac__members *stored,
                     uint8_t *seen)
{
    const bool top = plan == &m->making->schema->shown;
    bool unseen = true;
    size_t hint = 0;

    for (size_t i = 0; i < stored->n && !sac__maker_failed(m); i++) {
        const sac__member *member = &stored->v[i];
        const sac__member *first = sac__members_find(stored, member->key);
        standing s;

        if (member->used || (top && sac_str_is(member->key, "_id")))
            continue;
        s = stand(m, plan, member->key, &hint);
        if (first != member && first->used)
            s = (standing){.field = s.field, .kept = true};
        unseen &= !s.visible || is_bad_key(member->key);
        if (s.kept && !m->detached) {
            sac_bson_add_value(&m->out, member->key, member->value);
            if (s.field && !seen[s.field - plan->fields])
                seen[s.field - plan->fields] = SAC__SEEN;
        } else if (!m->detached && put_kept_inside(m, s.field, &member->value)) {
            seen[s.field - plan->fields] = SAC__KEPT;
        }
    }
    return unseen;
}

static bool put_sent(sac__maker *m, const sac__plan *plan, sac_str sent, const sac__members *stored,
                     uint8_t *seen)
{
    sac_bson_iter iter;
    bool echoed = true;
    size_t hint = 0;
    int more = sac_bson_iter_init(&iter, sent);

    while (more >= 0 && !sac__maker_failed(m) && (more = sac_bson_iter_next(&iter)) == 1) {
        sac__slot slot = {.key = iter.key, .sent = iter.value, .fresh = !stored};
        sac__member *old = stored ? sac__members_find(stored, iter.key) : NULL;

        if (plan)
            slot.field = sac__plan_stored(plan, iter.key, &hint);
        if (slot.field)
            seen[slot.field - plan->fields] = SAC__SEEN;
        if (old) {
            slot.stored = old->value;
            old->used = true;
        } else if (m->kind == SAC__MAKER_CREATE && is_owner(m, slot.field)) {
            slot.stored = m->making->owner;
        }
        echoed &= sac__maker_put(m, &slot);
    }
    if (more < 0)
        m->error = SAC_ECORRUPT;
    return echoed;
}

static bool put_members(sac__maker *m, const sac__plan *plan, sac_str sent, const sac_str *stored)
{
    sac__members members = {.n = 0};
    uint8_t *seen = NULL;
    bool echoed;
    int rc = SAC_OK;

    if (sac__maker_failed(m))
        return false;
    if (stored)
        rc = sac__members_read(&members, *stored, m->making->arena);
    if (plan && rc == SAC_OK) {
        seen = sac__arena_get_zero(m->making->arena, plan->n);
        rc = seen ? SAC_OK : SAC_ENOMEM;
    }
    if (rc != SAC_OK) {
        m->error = rc;
        return false;
    }
    echoed = put_sent(m, plan, sent, stored ? &members : NULL, seen);
    echoed &= put_rest(m, plan, &members, seen);
    if (plan)
        sac__maker_complete(m, plan, seen);
    return echoed && stored;
}

int sac__schema_create(const sac__making *making, const sac__body *body, sac_value id, sac_str *doc)
{
    sac__maker m;

    sac__maker_open(&m, SAC__MAKER_CREATE, making, body);
    sac_bson_add_value(&m.out, sac_str_of("_id"), id);
    (void)put_members(&m, &making->schema->shown, body->doc, NULL);
    return sac__maker_close(&m, doc);
}

static int replace(sac__maker_kind kind, const sac__making *making, const sac__body *body,
                   sac_str stored, sac_str *doc)
{
    sac__maker m;
    bool echoed;
    int rc;

    sac__maker_open(&m, kind, making, body);
    sac_bson_add_value(&m.out, sac_str_of("_id"), sac_bson_get(stored, sac_str_of("_id")));
    echoed = put_members(&m, &making->schema->shown, body->doc, &stored);
    rc = sac__maker_close(&m, doc);
    /* Then only its order is another, for what the client does not see comes last. */
    if (rc == SAC_OK && echoed && doc->n == stored.n)
        memcpy(m.out.p, stored.p, stored.n);
    return rc;
}

int sac__schema_replace(const sac__making *making, const sac__body *body, sac_str stored,
                        sac_str *doc)
{
    return replace(SAC__MAKER_REPLACE, making, body, stored, doc);
}

int sac__schema_patched(const sac__making *making, const sac__body *body, sac_str stored,
                        sac_str *doc)
{
    return replace(SAC__MAKER_MODIFY, making, body, stored, doc);
}
