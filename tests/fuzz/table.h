/* SPDX-License-Identifier: MIT */
#ifndef TESTS_FUZZ_TABLE_H
#define TESTS_FUZZ_TABLE_H

#include <sacrum/resource.h>

#include "schema/schema.h"

/* A table with a row of every kind. */
extern const sac_field fuzz_table[];

sac__schema *fuzz_schema(void);

#endif
