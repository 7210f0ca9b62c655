/* SPDX-License-Identifier: MIT */
#include "app/exchange/exchange.h"
