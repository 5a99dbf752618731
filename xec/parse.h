/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * xec_parse_argument: turns a word of the command line into a D-Bus value.
 * @text: the word
 * @type: the type that the introspection text asks for
 *
 * As lax as the original: what follows a complete value is ignored (`12abc` is
 * 12) and integers wrap at their width. Strings and object paths are the whole
 * word; inside `[a, b]` (array, struct) and `{k: v}` (dictionary) they are
 * quoted with " or ', where \\ and the escaped quote are the only escapes.
 * Booleans are true, 1, false, 0. Variants, signatures and file descriptors
 * cannot be written.
 *
 * Returns: (transfer floating) (nullable): the value; %NULL when @text does not
 * begin with one, is not UTF-8, or is no object path where one is asked for
 */
GVariant *xec_parse_argument (const char *text, const GVariantType *type);

G_END_DECLS
