/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * Messages on stderr, one write each: libxl and systemd both keep it. Nothing
 * here allocates.
 */

typedef enum { QH_LOG_ERROR, QH_LOG_NOTICE, QH_LOG_INFO, QH_LOG_DEBUG } QhLogLevel;

/** QhQuiet: lets one message of a kind through in ten seconds, and counts the others. */
typedef struct {
  int64_t until;
  uint64_t left_out;
} QhQuiet;

/** qh_log_set_level: what is less important than @level is not written. */
void qh_log_set_level (QhLogLevel level);

/** qh_log: writes `qmp-helper: ...` and a line end. */
void qh_log (QhLogLevel level, const char *format, ...) __attribute__ ((format (printf, 2, 3)));

/** qh_quiet_passed: whether a message of this kind may be written now. */
bool qh_quiet_passed (QhQuiet *quiet);

/** qh_now: milliseconds of a clock that nobody sets. */
int64_t qh_now (void);
