/* SPDX-License-Identifier: MIT */
#include "schema/schema.h"
