/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** xl_time_now: the time of day, in ms, as GLib's log messages tell it. */
double xl_time_now (void);

/**
 * xl_time_covered:
 * @log: file that the service's messages go to; it runs with --debug
 *
 * Of the time between @from and @to, the part in which the service had at least
 * one xl command running, in ms. A command that began before @from or ended
 * after @to counts only in between; one that still runs does not count. Ends
 * the program when @log cannot be read. Not across midnight.
 */
double xl_time_covered (const char *log, double from, double to);

G_END_DECLS
