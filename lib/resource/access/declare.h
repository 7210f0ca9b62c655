/* SPDX-License-Identifier: MIT */
#ifndef RESOURCE_ACCESS_DECLARE_H
#define RESOURCE_ACCESS_DECLARE_H

#include "resource/resource.h"

/*
 * Checks who may use a resource, and gives its table the row of the owner:
 * hidden where the program's has none. SAC_EINVAL naming the member; SAC_ENOMEM.
 */
int sac__access_declare(sac_app *app, sac__resource *resource, sac_err *err) SAC_MUST_USE;

/* Once it is mounted: the methods that strangers cannot use are as under a guard. */
void sac__access_guard(sac_app *app, const sac__resource *resource);

#endif
