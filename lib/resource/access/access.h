/* SPDX-License-Identifier: MIT */
#ifndef RESOURCE_ACCESS_ACCESS_H
#define RESOURCE_ACCESS_ACCESS_H

#include <sacrum/identity.h>
#include <sacrum/query.h>

#include "resource/resource.h"

/* Who makes a request, and which documents it may meet. Zero: it makes no difference. */
typedef struct sac__access {
    const sac_identity *who; /* NULL: nobody */
    sac_value owner;         /* of what they create; MISSING: no owner is kept */
    bool owner_free;         /* they may say whose it is */
    sac_str sees, changes;   /* filters; empty: everything. What is changed meets both */
    sac_filter *sees_filter, *changes_filter; /* NULL: everything */
} sac__access;

/* Whether the request may be made at all: 401, 403; the problem is set. */
int sac__access_check(const sac__resource *resource, sac_req *req) SAC_MUST_USE;
/* What it may meet. What `restrict_to` returned; SAC_ENOMEM; the problem is set. */
int sac__access_read(sac__access *access, const sac__resource *resource, sac_req *req) SAC_MUST_USE;

/* Whether a stored document is there for them, or can be changed: 1, 0, or the filter's error. */
int sac__access_sees(const sac__access *access, sac_str doc, sac_err *err) SAC_MUST_USE;
int sac__access_changes(const sac__access *access, sac_str doc, sac_err *err) SAC_MUST_USE;

/* A variant of a tag that is theirs alone. */
uint64_t sac__access_mix(const sac__access *access, const sac__hash_key *key, uint64_t variant);

#endif
