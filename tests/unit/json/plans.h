/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_JSON_PLANS_H
#define TESTS_UNIT_JSON_PLANS_H

#include "json/plan.h"
#include "support/support.h"

/* Fields and plans as lib/schema makes them. */
#define NAMED(text)                        \
    {                                      \
        .p = (text), .n = sizeof(text) - 1 \
    }
#define FIELD(text, kind, ...)                                                 \
    {                                                                          \
        .name = NAMED(text), .shown = NAMED(text), .type = (kind), __VA_ARGS__ \
    }
#define PLAN(rows, ...)                                                   \
    {                                                                     \
        .fields = (rows), .n = sizeof(rows) / sizeof *(rows), __VA_ARGS__ \
    }

static inline void index_plan(sac__plan *plan)
{
    CHECK_INT(sac__plan_index(plan, NULL, NULL), SAC_OK);
}

#endif
