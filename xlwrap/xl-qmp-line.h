/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <jansson.h>

#include "xlwrap/xl-error.h"

G_BEGIN_DECLS

/*
 * QMP, QEMU's monitor protocol, is one JSON object per line. A guest that has
 * taken over its QEMU can send anything: lines are bounded before they are
 * parsed.
 */

#define XL_QMP_MAX_LINE  (64 * 1024) /* bytes */
#define XL_QMP_MAX_DEPTH 24          /* brackets within brackets */

/**
 * xl_qmp_line_parse:
 * @line: (array length=len): one line without its end
 *
 * Returns: (transfer full): the object; %NULL with XL_ERROR_PARSE for anything else.
 */
json_t *xl_qmp_line_parse (const char *line, gsize len, GError **error);

/**
 * xl_qmp_line_command: (transfer full): the line that asks for @command, with its end.
 * @arguments: (transfer none) (nullable): an object
 */
char *xl_qmp_line_command (const char *command, json_t *arguments, guint id);

G_END_DECLS
