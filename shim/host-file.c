/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/host-file.h"

#include <string.h>
#include <sys/stat.h>

#include "shim/read-file.h"

#define MAX_BYTES 65536

char *
xm_host_file_read (const XmSettings *settings, const char *path)
{
  g_autofree char *real = xm_settings_host_path (settings, path);
  g_autofree char *text = NULL;
  gsize len;
  if (xm_read_file_start (real, MAX_BYTES, &text, &len) != 0)
    return g_strdup ("");
  return g_utf8_make_valid (text, -1); /* up to a NUL byte */
}

char *
xm_host_file_line (const XmSettings *settings, const char *path)
{
  char *text = xm_host_file_read (settings, path);
  text[strcspn (text, "\n")] = '\0';
  return g_strstrip (text);
}

gboolean
xm_host_file_exists (const XmSettings *settings, const char *path)
{
  g_autofree char *real = xm_settings_host_path (settings, path);
  return g_file_test (real, G_FILE_TEST_EXISTS);
}

gint64
xm_host_file_number (const XmSettings *settings, const char *path)
{
  g_autofree char *line = xm_host_file_line (settings, path);
  guint64 number;
  return g_ascii_string_to_unsigned (line, 10, 0, G_MAXINT64, &number, NULL) ? (gint64)number : -1;
}

static gint
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *)a, *(char *const *)b);
}

char **
xm_host_file_list (const XmSettings *settings, const char *path)
{
  g_autofree char *real = xm_settings_host_path (settings, path);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GDir) directory = g_dir_open (real, 0, NULL);
  const char *name;
  while (directory != NULL && (name = g_dir_read_name (directory)) != NULL) {
    if (g_utf8_validate (name, -1, NULL))
      g_ptr_array_add (names, g_strdup (name));
  }
  g_ptr_array_sort (names, compare_names);
  g_ptr_array_add (names, NULL);
  return (char **)g_ptr_array_free (g_steal_pointer (&names), FALSE);
}

char *
xm_host_file_link_name (const XmSettings *settings, const char *path)
{
  g_autofree char *real = xm_settings_host_path (settings, path);
  g_autofree char *target = g_file_read_link (real, NULL);
  g_autofree char *name = g_path_get_basename (target != NULL ? target : "");
  return target != NULL ? g_utf8_make_valid (name, -1) : g_strdup ("");
}

char *
xm_host_file_get_value (const char *text, const char *key)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  for (char **line = lines; *line != NULL; line++) {
    char *value = strchr (*line, '=');
    if (value == NULL || strchr (value + 1, '=') != NULL)
      continue;
    *value++ = '\0';
    if (g_str_equal (g_strstrip (*line), key))
      return g_strdup (g_strstrip (value));
  }
  return NULL;
}

GVariant *
xm_host_dict (const char *const *keys_and_texts)
{
  g_auto (GVariantBuilder) dict = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a{ss}"));
  for (const char *const *key = keys_and_texts; *key != NULL; key += 2) {
    g_assert (key == keys_and_texts || strcmp (key[-2], key[0]) < 0);
    g_variant_builder_add (&dict, "{ss}", key[0], key[1]);
  }
  return g_variant_builder_end (&dict);
}
