/* SPDX-License-Identifier: MIT */
#ifndef SCHEMA_BIND_H
#define SCHEMA_BIND_H

#include "schema/schema.h"

/*
 * Where in a struct the fields of a bare schema go. Made with the schema, of
 * its memory; immutable, used by any thread. Members may stand at any
 * alignment.
 */
typedef struct sac__binding sac__binding;

/* SAC_EINVAL naming the field (dotted) and what is wrong with its member; SAC_ENOMEM. */
int sac__binding_new(sac__schema *schema, size_t struct_size, const sac__binding **out,
                     sac_err *err) SAC_MUST_USE;

/*
 * Sets the members of the struct at `to` to what a document holds, as views of
 * it: of duplicate keys the first. What the document lacks stays as it was, so
 * does what is null, but for slices (p NULL) and values. `to` NULL: the
 * document is looked through, and nothing else. SAC_ECORRUPT naming the field
 * whose value does not fit its member, those before it being set.
 */
int sac__binding_read(const sac__binding *binding, sac_str doc, void *to,
                      sac_err *err) SAC_MUST_USE;

/*
 * And back, into a document that is open. SAC_EINVAL naming the member that no
 * document can hold; errors of the writer are left to its finish.
 */
int sac__binding_write(const sac__binding *binding, const void *from, sac_bson *out,
                       sac_err *err) SAC_MUST_USE;

#endif
