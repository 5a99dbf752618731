/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** xm_text_to_boolean: `true yes 1` and `false no 0`; anything else is none. */
gboolean xm_text_to_boolean (const char *text, gboolean *value);

/** xm_text_is_true: whether @text is one of `true yes 1`. */
gboolean xm_text_is_true (const char *text);

/** xm_text_or: @text, or @fallback when it is NULL or empty. */
const char *xm_text_or (const char *text, const char *fallback);

G_END_DECLS
