/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xec/format.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DICT_KEY_WIDTH      30
#define PROPERTY_NAME_WIDTH 35

static void append_value (GString *out, GVariant *value);

void
xec_format_padded (GString *out, const char *text, glong width)
{
  g_string_append (out, text);
  for (glong n = g_utf8_strlen (text, -1); n < width; n++)
    g_string_append_c (out, ' ');
}

/* The shortest digits that read back as the same number, and the power of ten of the first. */
static int
shortest_digits (double number, char digits[static 18])
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];
  int precision = 0;

  do {
    char pattern[] = "%.00e";
    pattern[2] = (char)('0' + precision / 10);
    pattern[3] = (char)('0' + precision % 10);
    g_ascii_formatd (text, sizeof text, pattern, number);
  } while (g_ascii_strtod (text, NULL) != number && ++precision < 17);

  char *exponent = strchr (text, 'e');
  int power = (int)g_ascii_strtoll (exponent + 1, NULL, 10);
  int n = 0;
  for (const char *c = text; c < exponent; c++)
    if (g_ascii_isdigit (*c))
      digits[n++] = *c;
  digits[n] = '\0';
  return power;
}

static void
append_double (GString *out, double number)
{
  /* Haskell writes numbers in [0.1, 10^7) with a point, all others with an exponent. */
  enum { LOWEST_PLAIN_POWER = -1, HIGHEST_PLAIN_POWER = 6 };

  if (isnan (number)) {
    g_string_append (out, "NaN");
    return;
  }
  if (signbit (number))
    g_string_append_c (out, '-');
  number = fabs (number);
  if (isinf (number)) {
    g_string_append (out, "Infinity");
    return;
  }
  if (number == 0.0) {
    g_string_append (out, "0.0");
    return;
  }

  char digits[18];
  int power = shortest_digits (number, digits);
  int length = (int)strlen (digits);
  if (power < LOWEST_PLAIN_POWER || power > HIGHEST_PLAIN_POWER) {
    g_string_append_printf (out, "%c.%se%d", digits[0], length > 1 ? digits + 1 : "0", power);
  } else if (power == LOWEST_PLAIN_POWER) {
    g_string_append_printf (out, "0.%s", digits);
  } else {
    for (int i = 0; i <= power; i++)
      g_string_append_c (out, i < length ? digits[i] : '0');
    g_string_append_printf (out, ".%s", length > power + 1 ? digits + power + 1 : "0");
  }
}

/* Haskell's names of the bytes that its string literals do not show as they are. */
static const char *
byte_name (guint8 byte)
{
  static const char *const names[] = {
    "NUL", "SOH", "STX", "ETX", "EOT", "ENQ", "ACK", "a",   "b",   "t",   "n",
    "v",   "f",   "r",   "SO",  "SI",  "DLE", "DC1", "DC2", "DC3", "DC4", "NAK",
    "SYN", "ETB", "CAN", "EM",  "SUB", "ESC", "FS",  "GS",  "RS",  "US",
  };

  if (byte < G_N_ELEMENTS (names))
    return names[byte];
  switch (byte) {
  case '"':
    return "\"";
  case '\\':
    return "\\";
  case 0x7f:
    return "DEL";
  default:
    return NULL;
  }
}

static void
append_bytes (GString *out, const guint8 *bytes, gsize length)
{
  g_string_append_c (out, '"');
  for (gsize i = 0; i < length; i++) {
    const char *name = byte_name (bytes[i]);
    char next = i + 1 < length ? (char)bytes[i + 1] : '\0';

    if (name != NULL)
      g_string_append_printf (out, "\\%s", name);
    else if (bytes[i] >= 0x80)
      g_string_append_printf (out, "\\%d", bytes[i]);
    else
      g_string_append_c (out, (char)bytes[i]);

    /* "\&" keeps a following character from being read as part of the escape. */
    if ((bytes[i] >= 0x80 && g_ascii_isdigit (next)) || (bytes[i] == 0x0e && next == 'H'))
      g_string_append (out, "\\&");
  }
  g_string_append_c (out, '"');
}

static void
append_children (GString *out, GVariant *container)
{
  gsize n = g_variant_n_children (container);

  for (gsize i = 0; i < n; i++) {
    g_autoptr (GVariant) child = g_variant_get_child_value (container, i);
    if (i > 0)
      g_string_append_c (out, '\n');
    append_value (out, child);
  }
}

static void
append_pair (GString *out, const char *key, glong width, GVariant *value)
{
  g_autofree char *quoted = g_strdup_printf ("\"%s\"", key);

  g_string_append (out, "  ");
  xec_format_padded (out, quoted, width);
  g_string_append (out, " = ");
  append_value (out, value);
}

static void
append_dictionary (GString *out, GVariant *dictionary)
{
  gsize n = g_variant_n_children (dictionary);

  g_string_append (out, "{\n");
  for (gsize i = 0; i < n; i++) {
    g_autoptr (GVariant) entry = g_variant_get_child_value (dictionary, i);
    g_autoptr (GVariant) key = g_variant_get_child_value (entry, 0);
    g_autoptr (GVariant) value = g_variant_get_child_value (entry, 1);
    g_autofree char *key_text = xec_format_value (key);
    append_pair (out, key_text, DICT_KEY_WIDTH, value);
    g_string_append_c (out, '\n');
  }
  g_string_append_c (out, '}');
}

static void
append_array (GString *out, GVariant *array)
{
  if (g_variant_is_of_type (array, G_VARIANT_TYPE_BYTESTRING)) {
    gsize length;
    const guint8 *bytes = g_variant_get_fixed_array (array, &length, 1);
    append_bytes (out, bytes, length);
  } else if (g_variant_is_of_type (array, G_VARIANT_TYPE_DICTIONARY)) {
    append_dictionary (out, array);
  } else {
    append_children (out, array);
  }
}

static void
append_value (GString *out, GVariant *value)
{
  switch (g_variant_classify (value)) {
  case G_VARIANT_CLASS_BOOLEAN:
    g_string_append (out, g_variant_get_boolean (value) ? "true" : "false");
    break;
  case G_VARIANT_CLASS_BYTE:
    g_string_append_printf (out, "%d", g_variant_get_byte (value));
    break;
  case G_VARIANT_CLASS_INT16:
    g_string_append_printf (out, "%d", g_variant_get_int16 (value));
    break;
  case G_VARIANT_CLASS_UINT16:
    g_string_append_printf (out, "%d", g_variant_get_uint16 (value));
    break;
  case G_VARIANT_CLASS_INT32:
    g_string_append_printf (out, "%" G_GINT32_FORMAT, g_variant_get_int32 (value));
    break;
  case G_VARIANT_CLASS_UINT32:
    g_string_append_printf (out, "%" G_GUINT32_FORMAT, g_variant_get_uint32 (value));
    break;
  case G_VARIANT_CLASS_INT64:
    g_string_append_printf (out, "%" G_GINT64_FORMAT, g_variant_get_int64 (value));
    break;
  case G_VARIANT_CLASS_UINT64:
    g_string_append_printf (out, "%" G_GUINT64_FORMAT, g_variant_get_uint64 (value));
    break;
  case G_VARIANT_CLASS_HANDLE:
    g_string_append_printf (out, "%" G_GINT32_FORMAT, g_variant_get_handle (value));
    break;
  case G_VARIANT_CLASS_DOUBLE:
    append_double (out, g_variant_get_double (value));
    break;
  case G_VARIANT_CLASS_STRING:
  case G_VARIANT_CLASS_OBJECT_PATH:
  case G_VARIANT_CLASS_SIGNATURE:
    g_string_append (out, g_variant_get_string (value, NULL));
    break;
  case G_VARIANT_CLASS_ARRAY:
    append_array (out, value);
    break;
  default: /* struct, variant; the rest does not travel over D-Bus */
    append_children (out, value);
    break;
  }
}

char *
xec_format_value (GVariant *value)
{
  GString *out = g_string_new (NULL);

  append_value (out, value);
  return g_string_free (out, FALSE);
}

char *
xec_format_property (const char *name, GVariant *value)
{
  GString *out = g_string_new (NULL);

  append_pair (out, name, PROPERTY_NAME_WIDTH, value);
  return g_string_free (out, FALSE);
}

char *
xec_format_double (double number)
{
  GString *out = g_string_new (NULL);

  append_double (out, number);
  return g_string_free (out, FALSE);
}

char *
xec_format_bytes (const guint8 *bytes, gsize length)
{
  GString *out = g_string_new (NULL);

  append_bytes (out, bytes, length);
  return g_string_free (out, FALSE);
}
