/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** XmExtractSpec: which file of which disk the properties kernel-extract and initrd-extract name:
 * `[disk[,partition]:]path`. */
typedef struct {
  guint disk;
  guint partition; /* 0: the whole disk */
  const char *path;
} XmExtractSpec;

/**
 * xm_extract_spec_parse: @spec->path is the end of @text. Errors: XM_ERROR_PLAIN with the
 * original's texts, which name kernel-extract for both properties.
 */
gboolean xm_extract_spec_parse (const char *text, XmExtractSpec *spec, GError **error);

G_END_DECLS
