/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xlwrap/xl-config.h"

#include <limits.h>
#include <string.h>

/* Bytes of any part of a disk but its path. */
#define MAX_DISK_VALUE 255

typedef struct {
  char *key;
  char *value; /* as it stands behind the `=` */
} Setting;

struct _XlConfig {
  GPtrArray *settings; /* of Setting, in the order first set */
  GPtrArray *verbatim; /* of char* */
};

static void
setting_free (gpointer data)
{
  Setting *setting = data;

  g_free (setting->key);
  g_free (setting->value);
  g_free (setting);
}

XlConfig *
xl_config_new (void)
{
  XlConfig *config = g_new0 (XlConfig, 1);

  config->settings = g_ptr_array_new_with_free_func (setting_free);
  config->verbatim = g_ptr_array_new_with_free_func (g_free);
  return config;
}

void
xl_config_free (XlConfig *config)
{
  if (!config)
    return;
  g_ptr_array_unref (config->settings);
  g_ptr_array_unref (config->verbatim);
  g_free (config);
}

static gboolean
refuse (GError **error, const char *key, const char *why)
{
  g_autofree char *shown = g_utf8_make_valid (key, -1);

  g_set_error (error, XL_ERROR, XL_ERROR_CONFIG, "%s: %s", shown, why);
  return FALSE;
}

/* xl's parser would take any byte, but the value could not be carried back over D-Bus or in JSON.
 */
static gboolean
check_utf8 (const char *key, const char *value, GError **error)
{
  if (g_utf8_validate (value, -1, NULL))
    return TRUE;
  return refuse (error, key, "the value is not valid UTF-8");
}

/* An identifier of the lexer: a lower-case letter, then these characters or lower-case letters or
 * digits. */
static gboolean
is_identifier (const char *key, const char *also)
{
  if (!g_ascii_islower (*key))
    return FALSE;
  for (const char *c = key; *c; c++)
    if (!g_ascii_islower (*c) && !g_ascii_isdigit (*c) && !strchr (also, *c))
      return FALSE;
  return TRUE;
}

static gboolean
check_key (const char *key, GError **error)
{
  if (is_identifier (key, "._"))
    return TRUE;
  return refuse (error, key, "not a key that xl.cfg can hold");
}

/*
 * Between single quotes the lexer takes every byte but a newline, a quote and
 * a backslash as it is. Its numeric escapes do not work (libxlu_cfg.c parses
 * the number and drops it), so only the named ones are used.
 */
static void
append_quoted (GString *text, const char *value)
{
  static const struct {
    char byte, letter;
  } escapes[] = { { '\n', 'n' }, { '\'', '\'' }, { '\\', '\\' }, { '\a', 'a' }, { '\b', 'b' },
                  { '\f', 'f' }, { '\r', 'r' },  { '\t', 't' },  { '\v', 'v' } };

  g_string_append_c (text, '\'');
  for (const char *c = value; *c; c++) {
    char letter = 0;

    for (gsize i = 0; i < G_N_ELEMENTS (escapes); i++)
      if (escapes[i].byte == *c)
        letter = escapes[i].letter;
    if (letter)
      g_string_append_c (text, '\\');
    g_string_append_c (text, letter ? letter : *c);
  }
  g_string_append_c (text, '\'');
}

/* @value: (transfer full) */
static void
set (XlConfig *config, const char *key, char *value)
{
  Setting *setting;

  for (guint i = 0; i < config->settings->len; i++) {
    setting = g_ptr_array_index (config->settings, i);
    if (g_str_equal (setting->key, key)) {
      g_free (setting->value);
      setting->value = value;
      return;
    }
  }
  setting = g_new (Setting, 1);
  setting->key = g_strdup (key);
  setting->value = value;
  g_ptr_array_add (config->settings, setting);
}

gboolean
xl_config_set_string (XlConfig *config, const char *key, const char *value, GError **error)
{
  GString *text;

  if (!check_key (key, error) || !check_utf8 (key, value, error))
    return FALSE;
  text = g_string_new (NULL);
  append_quoted (text, value);
  set (config, key, g_string_free (text, FALSE));
  return TRUE;
}

gboolean
xl_config_set_integer (XlConfig *config, const char *key, gint64 value, GError **error)
{
  if (!check_key (key, error))
    return FALSE;
  if (value < G_MINLONG || value > G_MAXLONG)
    return refuse (error, key, "the number is out of range");
  /* The lexer knows no sign, but xl reads a quoted number as well. */
  set (config, key,
       g_strdup_printf (value < 0 ? "'%" G_GINT64_FORMAT "'" : "%" G_GINT64_FORMAT, value));
  return TRUE;
}

gboolean
xl_config_set_boolean (XlConfig *config, const char *key, gboolean value, GError **error)
{
  return xl_config_set_integer (config, key, value ? 1 : 0, error);
}

gboolean
xl_config_set_list (XlConfig *config, const char *key, const char *const *values, GError **error)
{
  GString *text;

  if (!check_key (key, error))
    return FALSE;
  for (gsize i = 0; values && values[i]; i++)
    if (!check_utf8 (key, values[i], error))
      return FALSE;

  text = g_string_new ("[");
  for (gsize i = 0; values && values[i]; i++) {
    if (i > 0)
      g_string_append_c (text, ',');
    append_quoted (text, values[i]);
  }
  g_string_append_c (text, ']');
  set (config, key, g_string_free (text, FALSE));
  return TRUE;
}

gboolean
xl_config_append_verbatim (XlConfig *config, const char *line, GError **error)
{
  static const char what[] = "verbatim line";

  if (!check_utf8 (what, line, error))
    return FALSE;
  if (strchr (line, '\n'))
    return refuse (error, what, "it holds a newline");
  g_ptr_array_add (config->verbatim, g_strdup (line));
  return TRUE;
}

char *
xl_config_to_text (const XlConfig *config)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < config->settings->len; i++) {
    const Setting *setting = g_ptr_array_index (config->settings, i);

    g_string_append (text, setting->key);
    g_string_append_c (text, '=');
    g_string_append (text, setting->value);
    g_string_append_c (text, '\n');
  }
  for (guint i = 0; i < config->verbatim->len; i++) {
    g_string_append (text, g_ptr_array_index (config->verbatim, i));
    g_string_append_c (text, '\n');
  }
  return g_string_free (text, FALSE);
}

/* Appends `key=value`, or `key` alone; @forbidden are bytes the reader would split at. */
static gboolean
append_pair (GString *text, const XlKeyValue *pair, const char *forbidden, GError **error)
{
  const char *value = pair->value;
  gsize length;

  if (!is_identifier (pair->key, "-_"))
    return refuse (error, pair->key, "not a key of a device");
  if (text->len > 0)
    g_string_append_c (text, ',');
  g_string_append (text, pair->key);
  if (!value)
    return TRUE;

  if (!check_utf8 (pair->key, value, error))
    return FALSE;
  if (strpbrk (value, forbidden)) {
    g_set_error (error, XL_ERROR, XL_ERROR_CONFIG,
                 "%s: the value holds one of the characters %s that separate parts of a device",
                 pair->key, forbidden);
    return FALSE;
  }
  length = strlen (value);
  /* Some readers trim, with isspace(). */
  if (length > 0 && (strchr (" \t\n\v\f\r", value[0]) || strchr (" \t\n\v\f\r", value[length - 1])))
    return refuse (error, pair->key, "the value begins or ends with blank space");
  g_string_append_c (text, '=');
  g_string_append (text, value);
  return TRUE;
}

static GString *
format_pairs (const XlKeyValue *pairs, gsize n_pairs, const char *forbidden, GError **error)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (gsize i = 0; i < n_pairs; i++)
    if (!append_pair (text, &pairs[i], forbidden, error))
      return NULL;
  return g_steal_pointer (&text);
}

char *
xl_config_format_disk (const XlKeyValue *pairs, gsize n_pairs, const char *target, GError **error)
{
  static const char target_key[] = "target";
  GString *text;

  for (gsize i = 0; i < n_pairs; i++)
    if (g_str_equal (pairs[i].key, target_key)) {
      refuse (error, target_key, "it swallows what follows, and is an argument of its own");
      return NULL;
    }
  if (target && !check_utf8 (target_key, target, error))
    return NULL;
  /* The lexer cannot enlarge its buffer, and ends xl when an element does not fit. */
  if (target && strlen (target) >= PATH_MAX) {
    refuse (error, target_key, "the path is too long to be one");
    return NULL;
  }
  for (gsize i = 0; i < n_pairs; i++)
    if (pairs[i].value && strlen (pairs[i].value) > MAX_DISK_VALUE) {
      refuse (error, pairs[i].key, "the value is too long");
      return NULL;
    }
  if (target && strchr (target, '\n')) {
    /* The lexer's `.*` ends there, and it reads the rest as further parts. */
    refuse (error, target_key, "the path holds a newline");
    return NULL;
  }

  text = format_pairs (pairs, n_pairs, ",", error);
  if (text && target) {
    g_string_append_printf (text, "%starget=%s", text->len > 0 ? "," : "", target);
    /* The lexer strips one comma from the end. */
    if (g_str_has_suffix (target, ","))
      g_string_append_c (text, ',');
  }
  return text ? g_string_free (text, FALSE) : NULL;
}

char *
xl_config_format_device (const XlKeyValue *pairs, gsize n_pairs, GError **error)
{
  /* Channels are split at every `=`, not only at the first. */
  GString *text = format_pairs (pairs, n_pairs, ",=", error);

  return text ? g_string_free (text, FALSE) : NULL;
}
