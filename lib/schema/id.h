/* SPDX-License-Identifier: MIT */
#ifndef SCHEMA_ID_H
#define SCHEMA_ID_H

#include "schema/rule.h"

/* 1 to 256 bytes of UTF-8 without NUL, neither `.` nor `..`. */
bool sac__id_string_ok(sac_str text);

#endif
