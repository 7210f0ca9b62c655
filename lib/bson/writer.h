/* SPDX-License-Identifier: MIT */
#ifndef BSON_WRITER_H
#define BSON_WRITER_H

#include <sacrum/bson.h>

/* For those who write a document's bytes themselves. */

/*
 * Begins an element whose value has n bytes, which are the caller's to write:
 * where they go, or NULL after an error.
 */
char *sac__bson_element(sac_bson *doc, uint8_t type, sac_str key, size_t n);

/* Takes the last element back, which began where the document then ended. */
void sac__bson_undo(sac_bson *doc, size_t end);

/*
 * Makes room for n bytes behind the document's end, even past its maximum,
 * where it is not past that already. False after an error.
 */
bool sac__bson_reserve(sac_bson *doc, size_t n);

/* The document ends at `end` now, if that is within its maximum. Returns doc->error. */
int sac__bson_extend(sac_bson *doc, const char *end);

#endif
