/* SPDX-License-Identifier: MIT */
#ifndef SACRUM_SACRUM_H
#define SACRUM_SACRUM_H

/**
 * All of sacrum but its stores and hosts, which have headers of their own:
 * <sacrum/store/lmdb.h>, <sacrum/host/microhttpd.h>, <sacrum/host/libevent.h>,
 * <sacrum/host/loopback.h>; and <sacrum/cjson.h>, which goes with cJSON's.
 */
#include <sacrum/account.h>
#include <sacrum/app.h>
#include <sacrum/bind.h>
#include <sacrum/bson.h>
#include <sacrum/cors.h>
#include <sacrum/csrf.h>
#include <sacrum/form.h>
#include <sacrum/identity.h>
#include <sacrum/json.h>
#include <sacrum/limit.h>
#include <sacrum/page.h>
#include <sacrum/password.h>
#include <sacrum/req.h>
#include <sacrum/resource.h>
#include <sacrum/schema.h>
#include <sacrum/session.h>
#include <sacrum/store.h>
#include <sacrum/template.h>
#include <sacrum/token.h>
#include <sacrum/transfer.h>
#include <sacrum/view.h>

#endif
