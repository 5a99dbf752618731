/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xec/parse.h"

#include <string.h>

/* Each parse_ function reads one value at *cursor and moves it; NULL when there is none. */
static GVariant *parse_value (const char **cursor, const GVariantType *type);

static void
skip_blanks (const char **cursor)
{
  while (g_ascii_isspace (**cursor))
    (*cursor)++;
}

static gboolean
skip_char (const char **cursor, char wanted)
{
  if (**cursor != wanted)
    return FALSE;
  (*cursor)++;
  return TRUE;
}

/* A separator counts with the blanks around it; without one, the blanks stay. */
static gboolean
skip_comma (const char **cursor)
{
  const char *ahead = *cursor;

  skip_blanks (&ahead);
  if (!skip_char (&ahead, ','))
    return FALSE;
  skip_blanks (&ahead);
  *cursor = ahead;
  return TRUE;
}

/* The number modulo 2^64: cut to a narrower type it is right modulo that width, too. */
static gboolean
read_integer (const char **cursor, guint64 *number)
{
  const char *c = *cursor;
  gboolean negative = skip_char (&c, '-');

  if (!g_ascii_isdigit (*c))
    return FALSE;
  *number = 0;
  while (g_ascii_isdigit (*c))
    *number = *number * 10 + (guint64)(*c++ - '0');
  if (negative)
    *number = -*number;
  *cursor = c;
  return TRUE;
}

static GVariant *
parse_integer (const char **cursor, char type)
{
  guint64 number;

  if (!read_integer (cursor, &number))
    return NULL;
  switch (type) {
  case 'y':
    return g_variant_new_byte ((guint8)number);
  case 'n':
    return g_variant_new_int16 ((gint16)number);
  case 'q':
    return g_variant_new_uint16 ((guint16)number);
  case 'i':
    return g_variant_new_int32 ((gint32)number);
  case 'u':
    return g_variant_new_uint32 ((guint32)number);
  case 'x':
    return g_variant_new_int64 ((gint64)number);
  default:
    return g_variant_new_uint64 (number);
  }
}

static GVariant *
parse_double (const char **cursor)
{
  const char *end = *cursor;

  skip_char (&end, '-');
  if (!g_ascii_isdigit (*end))
    return NULL;
  while (g_ascii_isdigit (*end))
    end++;
  if (end[0] == '.' && g_ascii_isdigit (end[1]))
    for (end++; g_ascii_isdigit (*end);)
      end++;

  g_autofree char *digits = g_strndup (*cursor, (gsize)(end - *cursor));
  *cursor = end;
  return g_variant_new_double (g_ascii_strtod (digits, NULL));
}

static GVariant *
parse_boolean (const char **cursor)
{
  static const struct {
    const char *word;
    gboolean value;
  } words[] = { { "true", TRUE }, { "1", TRUE }, { "false", FALSE }, { "0", FALSE } };

  for (gsize i = 0; i < G_N_ELEMENTS (words); i++) {
    if (g_str_has_prefix (*cursor, words[i].word)) {
      *cursor += strlen (words[i].word);
      return g_variant_new_boolean (words[i].value);
    }
  }
  return NULL;
}

static GVariant *
new_text (const char *text, const GVariantType *type)
{
  if (g_variant_type_equal (type, G_VARIANT_TYPE_STRING))
    return g_variant_new_string (text);
  return g_variant_is_object_path (text) ? g_variant_new_object_path (text) : NULL;
}

static GVariant *
parse_quoted (const char **cursor, const GVariantType *type)
{
  const char *c = *cursor;
  char quote = *c;

  if (quote != '"' && quote != '\'')
    return NULL;
  g_autoptr (GString) text = g_string_new (NULL);
  for (c++; *c != quote; c++) {
    if (c[0] == '\\' && (c[1] == '\\' || c[1] == quote))
      c++;
    if (*c == '\0')
      return NULL;
    g_string_append_c (text, *c);
  }
  *cursor = c + 1;
  return new_text (text->str, type);
}

static GVariant *
parse_struct (const char **cursor, const GVariantType *type)
{
  skip_blanks (cursor);
  if (!skip_char (cursor, '['))
    return NULL;

  g_auto (GVariantBuilder) builder = G_VARIANT_BUILDER_INIT (type);
  const GVariantType *field = g_variant_type_first (type);
  while (field != NULL) {
    skip_blanks (cursor);
    GVariant *value = parse_value (cursor, field);
    if (value == NULL)
      return NULL;
    g_variant_builder_add_value (&builder, value);
    field = g_variant_type_next (field);
    if (field != NULL && !skip_comma (cursor))
      return NULL;
  }
  skip_blanks (cursor);
  return skip_char (cursor, ']') ? g_variant_builder_end (&builder) : NULL;
}

static GVariant *
parse_entry (const char **cursor, const GVariantType *type)
{
  g_auto (GVariantBuilder) builder = G_VARIANT_BUILDER_INIT (type);
  GVariant *key = parse_value (cursor, g_variant_type_key (type));

  if (key == NULL)
    return NULL;
  g_variant_builder_add_value (&builder, key);
  skip_blanks (cursor);
  if (!skip_char (cursor, ':'))
    return NULL;
  skip_blanks (cursor);
  GVariant *value = parse_value (cursor, g_variant_type_value (type));
  if (value == NULL)
    return NULL;
  g_variant_builder_add_value (&builder, value);
  return g_variant_builder_end (&builder);
}

static GVariant *
parse_array (const char **cursor, const GVariantType *type)
{
  const GVariantType *element = g_variant_type_element (type);
  gboolean is_dictionary = g_variant_type_is_dict_entry (element);
  char closing = is_dictionary ? '}' : ']';

  skip_blanks (cursor);
  if (!skip_char (cursor, is_dictionary ? '{' : '['))
    return NULL;

  g_auto (GVariantBuilder) builder = G_VARIANT_BUILDER_INIT (type);
  skip_blanks (cursor);
  if (skip_char (cursor, closing))
    return g_variant_builder_end (&builder);
  do {
    GVariant *value = is_dictionary ? parse_entry (cursor, element) : parse_value (cursor, element);
    if (value == NULL)
      return NULL;
    g_variant_builder_add_value (&builder, value);
  } while (skip_comma (cursor));
  skip_blanks (cursor);
  return skip_char (cursor, closing) ? g_variant_builder_end (&builder) : NULL;
}

static GVariant *
parse_value (const char **cursor, const GVariantType *type)
{
  char code = *g_variant_type_peek_string (type);

  switch (code) {
  case 'y':
  case 'n':
  case 'q':
  case 'i':
  case 'u':
  case 'x':
  case 't':
    return parse_integer (cursor, code);
  case 'b':
    return parse_boolean (cursor);
  case 'd':
    return parse_double (cursor);
  case 's':
  case 'o':
    return parse_quoted (cursor, type);
  case 'a':
    return parse_array (cursor, type);
  case '(':
    return parse_struct (cursor, type);
  default:
    return NULL;
  }
}

GVariant *
xec_parse_argument (const char *text, const GVariantType *type)
{
  if (!g_utf8_validate (text, -1, NULL))
    return NULL;
  if (g_variant_type_equal (type, G_VARIANT_TYPE_STRING) ||
      g_variant_type_equal (type, G_VARIANT_TYPE_OBJECT_PATH))
    return new_text (text, type);
  return parse_value (&text, type);
}
