/* SPDX-License-Identifier: MIT */
#ifndef PAGE_CODED_H
#define PAGE_CODED_H

#include "page/file.h"

/*
 * Puts the variant `app.js.br` or `app.js.gz`, not older, in place of an open
 * `app.js`, for who takes it. SAC_ENOMEM; the file stays open in any case.
 */
int sac__coded_choose(const sac_folder *folder, sac_req *req, sac__file *file) SAC_MUST_USE;

#endif
