/* SPDX-License-Identifier: MIT */
#ifndef STORE_LMDB_WRITER_H
#define STORE_LMDB_WRITER_H

#include "store/lmdb/env.h"

/* The one thread that writes: it takes what waits, and commits it together. */
int sac__lmdb_writer_start(sac__lmdb_env *env, sac_err *err);
/* Waits until what was submitted before the call is answered. */
void sac__lmdb_writer_drain(sac__lmdb_env *env);
/* Answers what is left, then ends the thread. */
void sac__lmdb_writer_stop(sac__lmdb_env *env);

int sac__lmdb_submit(sac__lmdb_env *env, sac_write *write, sac_err *err);

#endif
