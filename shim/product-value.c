/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/product-value.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* -- one function a sort of type; @bits is its size -------------------------------- */

static gboolean
fits_unsigned (const char *value, guint bits)
{
  return g_ascii_isdigit (*value) &&
         g_ascii_string_to_unsigned (value, 10, 0, G_MAXUINT64 >> (64 - bits), NULL, NULL);
}

static gboolean
fits_signed (const char *value, guint bits)
{
  gint64 maximum = G_MAXINT64 >> (64 - bits);
  return (*value == '-' || g_ascii_isdigit (*value)) &&
         g_ascii_string_to_signed (value, 10, -maximum - 1, maximum, NULL, NULL);
}

/* g_ascii_strtod() knows more: hexadecimal digits, "inf" and "nan", blanks before the number. */
static gboolean
fits_real (const char *value, guint bits)
{
  char *end;
  if (*value == '\0' || value[strspn (value, "0123456789+-.eE")] != '\0')
    return FALSE;
  double number = g_ascii_strtod (value, &end);
  return end != value && *end == '\0' && isfinite (number) &&
         (bits == 64 || fabs (number) <= (double)FLT_MAX);
}

static gboolean
fits_boolean (const char *value, guint bits)
{
  return g_str_equal (value, "true") || g_str_equal (value, "false");
}

static const struct {
  const char *type;
  gboolean (*fits) (const char *value, guint bits);
  guint bits;
} types[] = {
  { "uint8", fits_unsigned, 8 },   { "sint8", fits_signed, 8 },     { "uint16", fits_unsigned, 16 },
  { "sint16", fits_signed, 16 },   { "uint32", fits_unsigned, 32 }, { "sint32", fits_signed, 32 },
  { "uint64", fits_unsigned, 64 }, { "sint64", fits_signed, 64 },   { "real32", fits_real, 32 },
  { "real64", fits_real, 64 },     { "boolean", fits_boolean, 1 },
};

gboolean
xm_product_value_fits (const char *type, const char *value)
{
  for (gsize i = 0; i < G_N_ELEMENTS (types); i++) {
    if (g_ascii_strcasecmp (types[i].type, type) == 0)
      return types[i].fits (value, types[i].bits);
  }
  return TRUE;
}
