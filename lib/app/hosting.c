/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>

#include "app/state.h"
#include "core/log.h"

const sac_alloc *sac_app_allocator(const sac_app *app)
{
    return sac__app_config(app)->alloc;
}

size_t sac_app_max_body(const sac_app *app)
{
    return sac__app_config(app)->max_body;
}

void sac_app_log(const sac_app *app, sac_log_level level, const char *format, ...)
{
    const sac_app_config *config = sac__app_config(app);
    const sac__log log = {.fn = config->log, .self = config->log_self, .level = config->log_level};
    char line[1024];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(line, sizeof line, format, args);
    va_end(args);
    sac__logf(&log, level, "%s", line);
}
