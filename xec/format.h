/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * xec_format_value: the text that the original clients print for a D-Bus value.
 *
 * Arrays and structs put one element on a line (an empty array is the empty
 * text), variants are looked through, dictionaries become a block of
 * `  "key"   = value` lines in braces with the quoted key padded to 30
 * characters, byte arrays and doubles are written as Haskell literals. The text
 * has no newline at its end.
 *
 * Returns: (transfer full): UTF-8 text
 */
char *xec_format_value (GVariant *value);

/**
 * xec_format_property: one row of `getall`: the quoted name padded to 35
 * characters, ` = `, the value.
 */
char *xec_format_property (const char *name, GVariant *value);

/** xec_format_double: @number as Haskell's `show` writes it: 5.0e-2, 0.1, 1.0e7, NaN. */
char *xec_format_double (double number);

/** xec_format_bytes: @length bytes as a Haskell string literal, quotes included. */
char *xec_format_bytes (const guint8 *bytes, gsize length);

/**
 * xec_format_padded: appends @text, filled with blanks up to @width characters
 * (code points, not bytes; longer text is not cut).
 */
void xec_format_padded (GString *out, const char *text, glong width);

G_END_DECLS
