/* SPDX-License-Identifier: MIT */
#ifndef SACRUM_OUT_H
#define SACRUM_OUT_H

#include <sacrum/bson.h>
#include <sacrum/str.h>

SAC_BEGIN

/**
 * Where a callback writes text. It grows up to the limit of who gave it; errors
 * are sticky and end the call that gave it, so that a callback need not look.
 *
 * Threads: the callback's.
 */
typedef struct sac_out sac_out;

/** Append bytes. */
SAC_API void sac_out_str(sac_out *out, sac_str bytes);
/** Append a NUL-terminated string. */
SAC_API void sac_out_text(sac_out *out, const char *text);
/** Append, printf-style. */
SAC_API void sac_out_printf(sac_out *out, const char *format, ...) SAC_PRINTF(2, 3);
/** Append a document as plain JSON. */
SAC_API void sac_out_json(sac_out *out, sac_str doc);
/** Append one value as plain JSON; of SAC_BSON_MISSING nothing. */
SAC_API void sac_out_value(sac_out *out, const sac_value *value);
/** What went wrong so far, or SAC_OK. */
SAC_API int sac_out_error(const sac_out *out) SAC_MUST_USE;

SAC_END

#endif
