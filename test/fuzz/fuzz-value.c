/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz-value.h"

#include <string.h>

/* Nested variants; D-Bus itself allows 64 levels of containers. */
#define MAX_DEPTH 6

/* Parts of one value: a message has to fit through the bus. */
#define BUDGET 2000

FuzzValues *
fuzz_values_new (guint32 seed, const char *file, const char *directory)
{
  FuzzValues *self = g_new0 (FuzzValues, 1);
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  self->random = g_rand_new_with_seed (seed);
  self->words = g_ptr_array_new_with_free_func (g_free);
  self->paths = g_ptr_array_new_with_free_func (g_free);
  if (!g_file_get_contents (file, &text, NULL, &error))
    g_error ("%s", error->message);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  for (char **line = lines; *line != NULL; line++) {
    g_autoptr (GString) word = g_string_new (*line);
    if (**line == '\0' || **line == '#')
      continue;
    g_string_replace (word, "$DIR", directory, 0);
    g_ptr_array_add (self->words, g_strcompress (word->str));
  }
  g_assert_cmpuint (self->words->len, >, 0);
  return self;
}

void
fuzz_values_free (FuzzValues *self)
{
  g_rand_free (self->random);
  g_ptr_array_unref (self->words);
  g_ptr_array_unref (self->paths);
  g_free (self);
}

guint
fuzz_below (FuzzValues *self, guint n)
{
  return (guint)g_rand_int_range (self->random, 0, (gint32)n);
}

gboolean
fuzz_chance (FuzzValues *self, guint n)
{
  return fuzz_below (self, n) == 0;
}

/* -- texts ------------------------------------------------------------------------- */

static const char *
pick (FuzzValues *self, GPtrArray *from)
{
  return from->len > 0 ? from->pdata[fuzz_below (self, from->len)] : "";
}

static char *
random_path (FuzzValues *self)
{
  g_autoptr (GString) path = g_string_new (NULL);
  for (guint n = fuzz_below (self, 6); n > 0; n--) {
    const char *word = pick (self, self->words);
    g_string_append_printf (path, "%s%s", fuzz_chance (self, 8) ? "//" : "/", word);
  }
  return g_string_free (g_steal_pointer (&path), FALSE);
}

/* The uuid, or most of it, of a VM that there is. */
static char *
random_uuid (FuzzValues *self)
{
  const char *path = pick (self, self->paths);
  if (!g_str_has_prefix (path, "/vm/"))
    return g_uuid_string_random ();
  g_autofree char *uuid = g_strndup (path + strlen ("/vm/"), 36);
  return g_strdelimit (g_steal_pointer (&uuid), "_", '-');
}

static char *
random_characters (FuzzValues *self)
{
  static const gunichar ranges[][2] = {
    { 1, 0x20 },     { 0x20, 0x7f },      { 0x20, 0x7f },
    { 0x80, 0x800 }, { 0xe000, 0x10000 }, { 0x10000, 0x110000 },
  };
  g_autoptr (GString) text = g_string_new (NULL);
  for (guint n = fuzz_below (self, 24); n > 0; n--) {
    const gunichar *range = ranges[fuzz_below (self, G_N_ELEMENTS (ranges))];
    gunichar c = range[0] + fuzz_below (self, range[1] - range[0]);
    /* Not a path of its own: the service is root, and shall find nothing of the real host. */
    g_string_append_unichar (text, c == '/' ? '.' : c);
  }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static char *
random_number (FuzzValues *self)
{
  static const char *const edges[] = {
    "0",
    "-1",
    "1",
    "255",
    "256",
    "65535",
    "65536",
    "1e999",
    "0x10",
    "-0",
    "1.5",
    "2147483647",
    "2147483648",
    "4294967295",
    "4294967296",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551616",
    " 7",
    "7 ",
  };
  if (fuzz_chance (self, 2))
    return g_strdup (edges[fuzz_below (self, G_N_ELEMENTS (edges))]);
  return g_strdup_printf ("%d", (int)fuzz_below (self, 100));
}

static char *
random_json (FuzzValues *self, guint depth)
{
  g_autofree char *text = fuzz_text (self);
  g_autofree char *escaped = g_strescape (text, "\b\f\n\r\t\v\177");
  switch (fuzz_below (self, depth < 4 ? 7 : 4)) {
  case 0:
    return random_number (self);
  case 1:
    return g_strdup (fuzz_chance (self, 2) ? "null" : "true");
  case 2:
    return g_strdup (fuzz_chance (self, 2) ? "{}" : "[]");
  case 3:
    return g_strdup_printf ("\"%s%s", escaped, fuzz_chance (self, 10) ? "" : "\"");
  case 4: {
    g_autofree char *inner = random_json (self, depth + 1);
    return g_strdup_printf ("[%s,\"x\"]", inner);
  }
  default: {
    g_autofree char *inner = random_json (self, depth + 1);
    const char *key = pick (self, self->words);
    g_autofree char *name = g_strescape (key, NULL);
    return g_strdup_printf ("{\"%s\":%s,\"name\":\"n\"}", name, inner);
  }
  }
}

/* A word that something is wrong with. What is a path gets only longer. */
static char *
spoilt_word (FuzzValues *self)
{
  const char *word = pick (self, self->words);
  const char *other = pick (self, self->words);
  if (*word == '/' || strchr (word, '/') != NULL || fuzz_chance (self, 2))
    return g_strconcat (word, fuzz_chance (self, 2) ? ";" : ",", other, NULL);
  glong n = g_utf8_strlen (word, -1);
  return g_utf8_substring (word, 0, n > 0 ? (glong)fuzz_below (self, (guint)n) : 0);
}

static char *
long_text (FuzzValues *self)
{
  static const guint lengths[] = { 64, 255, 256, 1024, 4096, 65536, 1 << 20 };
  guint length = lengths[fuzz_below (self, fuzz_chance (self, 20) ? G_N_ELEMENTS (lengths) : 5)];
  return g_strnfill (length, fuzz_chance (self, 4) ? '/' : fuzz_chance (self, 4) ? '{' : 'x');
}

char *
fuzz_text (FuzzValues *self)
{
  switch (fuzz_below (self, 16)) {
  case 0:
    return g_strdup ("");
  case 1:
  case 2:
    return random_number (self);
  case 3:
    return random_path (self);
  case 4:
    return random_uuid (self);
  case 5:
    return g_strdup (pick (self, self->paths));
  case 6:
    return random_characters (self);
  case 7:
    return random_json (self, 0);
  case 8:
    return spoilt_word (self);
  case 9:
    return fuzz_chance (self, 3) ? long_text (self) : g_strdup (pick (self, self->words));
  default:
    return g_strdup (pick (self, self->words));
  }
}

/* -- values ------------------------------------------------------------------------ */

static guint64
random_bits (FuzzValues *self)
{
  static const guint64 edges[] = {
    0,
    1,
    2,
    7,
    127,
    128,
    255,
    256,
    4096,
    G_MAXINT16,
    G_MAXUINT16,
    G_MAXINT32,
    1ull << 31,
    G_MAXUINT32,
    1ull << 32,
    G_MAXINT64,
    1ull << 63,
    G_MAXUINT64,
    G_MAXUINT64 - 1,
  };
  if (fuzz_chance (self, 2))
    return edges[fuzz_below (self, G_N_ELEMENTS (edges))];
  return fuzz_below (self, fuzz_chance (self, 4) ? 100000 : 32);
}

static double
random_double (FuzzValues *self)
{
  static const double edges[] = { 0.0, -0.0, 1.5, -1, 1e308, 1e-308, 0.1 };
  switch (fuzz_below (self, 4)) {
  case 0:
    return G_MAXDOUBLE * 10; /* infinity */
  case 1:
    return (G_MAXDOUBLE * 10) * 0.0; /* no number */
  default:
    return edges[fuzz_below (self, G_N_ELEMENTS (edges))];
  }
}

static char *
random_object_path (FuzzValues *self)
{
  static const char *const odd[] = { "/", "/vm", "/host", "/vm/x", "/nosuch/object", "/disk/0" };
  if (self->paths->len > 0 && !fuzz_chance (self, 3))
    return g_strdup (pick (self, self->paths));
  return g_strdup (odd[fuzz_below (self, G_N_ELEMENTS (odd))]);
}

static GVariant *value_at (FuzzValues *self, const GVariantType *type, guint depth);

static GVariant *
random_basic (FuzzValues *self, char type)
{
  guint64 bits = random_bits (self);
  switch (type) {
  case 'b':
    return g_variant_new_boolean (fuzz_chance (self, 2));
  case 'y':
    return g_variant_new_byte ((guint8)bits);
  case 'n':
    return g_variant_new_int16 ((gint16)bits);
  case 'q':
    return g_variant_new_uint16 ((guint16)bits);
  case 'i':
    return g_variant_new_int32 ((gint32)bits);
  case 'u':
    return g_variant_new_uint32 ((guint32)bits);
  case 'x':
    return g_variant_new_int64 ((gint64)bits);
  case 't':
    return g_variant_new_uint64 (bits);
  case 'd':
    return g_variant_new_double (random_double (self));
  case 'g':
    return g_variant_new_signature ("a{sv}");
  default:
    return g_variant_new_take_string (fuzz_text (self));
  }
}

static GVariant *
random_children (FuzzValues *self, const GVariantType *type, guint depth)
{
  g_auto (GVariantBuilder) builder = G_VARIANT_BUILDER_INIT (type);
  if (g_variant_type_is_array (type)) {
    gboolean plain = g_variant_type_is_basic (g_variant_type_element (type));
    guint n = plain && fuzz_chance (self, 50) ? 1000 : fuzz_below (self, 4);
    for (guint i = 0; i < n && self->budget > 0; i++, self->budget--)
      g_variant_builder_add_value (&builder,
                                   value_at (self, g_variant_type_element (type), depth + 1));
  } else {
    for (const GVariantType *item = g_variant_type_first (type); item != NULL;
         item = g_variant_type_next (item))
      g_variant_builder_add_value (&builder, value_at (self, item, depth + 1));
  }
  return g_variant_builder_end (&builder);
}

static GVariant *
value_at (FuzzValues *self, const GVariantType *type, guint depth)
{
  if (g_variant_type_is_variant (type)) {
    const GVariantType *inner = depth < MAX_DEPTH ? fuzz_type (self) : G_VARIANT_TYPE_INT32;
    return g_variant_new_variant (value_at (self, inner, depth + 1));
  }
  if (g_variant_type_equal (type, G_VARIANT_TYPE_OBJECT_PATH)) {
    g_autofree char *path = random_object_path (self);
    return g_variant_new_object_path (path);
  }
  if (g_variant_type_is_basic (type))
    return random_basic (self, *g_variant_type_peek_string (type));
  return random_children (self, type, depth);
}

GVariant *
fuzz_value (FuzzValues *self, const GVariantType *type)
{
  self->budget = BUDGET;
  return value_at (self, type, 0);
}

const GVariantType *
fuzz_type (FuzzValues *self)
{
  static const char *const types[] = { "s",      "s",      "s",   "i", "b",     "u",     "x",
                                       "t",      "d",      "y",   "n", "q",     "o",     "g",
                                       "as",     "ay",     "av",  "v", "a{ss}", "a{sv}", "(ss)",
                                       "aa{ss}", "a(isb)", "aas", "ai" };
  return G_VARIANT_TYPE (types[fuzz_below (self, G_N_ELEMENTS (types))]);
}
