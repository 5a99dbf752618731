/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * xm_redact_json: @text without what is nobody's business but its owner's: for JSON that leaves
 * the host, such as the store or xl's domains.
 *
 * Values of keys that speak of passwords, secrets, tokens or credentials, the value of a product
 * property that is a password, and all of `dom-store`, which holds what guests keep, become the
 * text "removed".
 *
 * Returns: (transfer full) (nullable): %NULL when @text is no JSON; nothing of it can be told then
 */
char *xm_redact_json (const char *text);

G_END_DECLS
