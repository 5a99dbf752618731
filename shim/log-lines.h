/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * XmLogLines: puts into the log what a program prints, line by line while it
 * runs. Lines of more than XM_LOG_LINE_MAX bytes are cut into several; what is
 * not UTF-8 or not printable is replaced.
 */
typedef struct _XmLogLines XmLogLines;

#define XM_LOG_LINE_MAX 1024

/**
 * xm_log_lines_new:
 * @pipe: the end to read from; must be pollable
 * @prefix: said before each line
 *
 * Reads in the thread-default main context until the pipe ends.
 */
XmLogLines *xm_log_lines_new (GInputStream *pipe, GLogLevelFlags level, const char *prefix);

/**
 * xm_log_lines_release: logs what has arrived by now and lets go of @lines. When another process
 * holds the pipe open, reading goes on until that one closes it.
 */
void xm_log_lines_release (XmLogLines *lines);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (XmLogLines, xm_log_lines_release)

G_END_DECLS
