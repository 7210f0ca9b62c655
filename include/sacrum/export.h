/* SPDX-License-Identifier: MIT */
#ifndef SACRUM_EXPORT_H
#define SACRUM_EXPORT_H

/**
 * What every public header starts from: visibility, attributes, the version.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SAC_VERSION "0.1.0"

#if defined(__GNUC__)
#define SAC_API __attribute__((visibility("default")))
#define SAC_MUST_USE __attribute__((warn_unused_result))
#define SAC_PRINTF(f, a) __attribute__((format(printf, f, a)))
#else
#define SAC_API
#define SAC_MUST_USE
#define SAC_PRINTF(f, a)
#endif

#ifdef __cplusplus
#define SAC_BEGIN extern "C" {
#define SAC_END }
#else
#define SAC_BEGIN
#define SAC_END
#endif

#endif
