/* SPDX-License-Identifier: MIT */
#ifndef SACRUM_STORE_LMDB_H
#define SACRUM_STORE_LMDB_H

#include <sacrum/store.h>

SAC_BEGIN

/**
 * Open an embedded database:
 * `lmdb:PATH[?map=SIZE][&readers=N][&collections=N][&ttl=SECONDS]`, PATH
 * percent-encoded where it holds `?` or `%`.
 *
 * PATH is one file, made with mode 0600 where it does not exist (its folder
 * must); a second file with `-lock` behind its name stands beside it. `map` is
 * the address space to reserve (`64G`; default 1T, less where the system does
 * not give so much): the most that the database can hold, not what it takes.
 * `readers` (default 1024) bounds the threads of all processes that read at
 * the same moment, `collections` (default 256) how many can be open, and with
 * three times as many and 64 how many indexes. Documents whose time is over
 * (sac_index.expires) are removed every `ttl` seconds (default 60; 0: never).
 *
 * Several processes may open one file; in one process several stores on one
 * file share one environment, that of the first. Open after fork().
 *
 * Errors: SAC_ENOTMINE for another scheme; SAC_EINVAL for a bad URI;
 * SAC_ELIMIT when it holds more collections than may be open; SAC_ENOMEM when
 * the system does not give the address space that `map` asks for; SAC_EIO when
 * the file cannot be opened (permissions, another owner, read-only);
 * SAC_ECORRUPT when it is no database of sacrum's; SAC_EVERSION when a newer
 * sacrum wrote it. The text names the file.
 */
SAC_API int sac_lmdb(const sac_store_config *config, sac_store **out,
                     sac_err *err) SAC_MUST_USE;

SAC_END

#endif
