/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * xm_product_value_fits:
 * @type: of an OVF property: uint8 sint8 ... uint64 sint64 real32 real64 Boolean String, in either
 * case of letters; any other is taken as String
 *
 * Returns: whether @value is text of that type: a decimal integer in its range, a finite decimal
 * number, `true` or `false`, any text.
 */
gboolean xm_product_value_fits (const char *type, const char *value);

G_END_DECLS
