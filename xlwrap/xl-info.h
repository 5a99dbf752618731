/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "xlwrap/xl-runner.h"

G_BEGIN_DECLS

/** XlInfo: what `xl info` tells of the host. */
typedef struct {
  guint nr_cpus;        /* physical CPUs */
  guint64 total_memory; /* MiB */
  guint64 free_memory;  /* MiB, not given to any domain */
  GHashTable *values;   /* key to text, all lines, valid UTF-8 */
} XlInfo;

void xl_info_free (XlInfo *info);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (XlInfo, xl_info_free)

/** xl_info_get: Returns: (transfer none) (nullable): the text of any key, such as `xen_version`. */
const char *xl_info_get (const XlInfo *info, const char *key);

/**
 * xl_info_parse:
 * @text: output of `xl info`: lines `KEY : VALUE`; values may hold colons or be empty
 *
 * Returns: (transfer full): or %NULL with XL_ERROR_PARSE when a line is no such
 * line, or one of the typed members is missing or no number.
 */
XlInfo *xl_info_parse (const char *text, gssize len, GError **error);

/** xl_info_async: `xl info`, parsed. */
void xl_info_async (XlRunner *runner,
                    GCancellable *cancellable,
                    GAsyncReadyCallback callback,
                    gpointer user_data);

/** xl_info_finish: Returns: (transfer full): as xl_info_parse(). */
XlInfo *xl_info_finish (XlRunner *runner, GAsyncResult *result, GError **error);

G_END_DECLS
