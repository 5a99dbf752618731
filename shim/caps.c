/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/caps.h"

#include <string.h>

#include "shim/read-file.h"

#define MAX_SIZE (64 * 1024)

static void
unquote (char *value)
{
  gsize len = strlen (value);
  if (len < 2 || (value[0] != '"' && value[0] != '\'') || value[len - 1] != value[0])
    return;
  memmove (value, value + 1, len - 2);
  value[len - 2] = '\0';
}

char *
xm_caps_read (const XmSettings *settings, const char *key)
{
  g_autofree char *flavour = xm_settings_flavour (settings);
  g_autofree char *name = g_strconcat ("/etc/caps.", flavour, NULL);
  g_autofree char *path = xm_settings_host_path (settings, name);
  g_autofree char *text = NULL;
  gsize len;
  if (xm_read_file (path, MAX_SIZE, &text, &len) != 0)
    return NULL;

  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  for (char **line = lines; *line != NULL; line++) {
    char *equals = strchr (*line, '=');
    if (equals == NULL)
      continue;
    *equals = '\0';
    if (!g_str_equal (g_strstrip (*line), key))
      continue;
    char *value = g_strstrip (equals + 1);
    unquote (value);
    return g_utf8_make_valid (value, -1);
  }
  return NULL;
}
