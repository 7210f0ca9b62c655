/* SPDX-License-Identifier: MIT */
#ifndef APP_INPUT_FORM_H
#define APP_INPUT_FORM_H

#include <sacrum/form.h>

#include "app/req.h"
#include "http/multipart.h"

enum { SAC__FORM_MAX_HEAD = 16 * 1024 };

/* Why a form cannot be read: a problem, not yet answered. */
typedef struct sac__form_fault {
    const char *problem; /* NULL: none */
    sac_str detail;
} sac__form_fault;

/* Keep the fault, and return the code of a failure. */
int sac__form_refuse(sac_req *req, sac__form_fault *fault, const char *problem, const char *format,
                     ...) SAC_PRINTF(4, 5);
/* What a multipart parser or a decoder of fields failed with. */
int sac__form_failed(sac_req *req, sac__form_fault *fault, int rc, uint64_t at, const char *error);
/* Answer with a fault; or, where there is none, with the code. */
int sac__form_answer(sac_req *req, int rc, const sac__form_fault *fault);
/* The name of a part for a person, cut where it is long. */
sac_str sac__form_shown(sac_str name);

/* The boundary of a multipart form; p NULL: it is an urlencoded one. */
int sac__form_type(sac_req *req, sac__form_fault *fault, sac_str *boundary) SAC_MUST_USE;

/* A form that was read, or was not. */
typedef struct sac__form {
    sac_form_part *v;
    size_t n, cap;
    sac__params fields; /* v NULL: not asked for yet */
    int rc;
    sac__form_fault fault;
} sac__form;

#endif
