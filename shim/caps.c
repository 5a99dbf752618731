/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/caps.h"

#include <string.h>

#include "shim/host-files.h"

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
xm_caps_read (const XmService *service, const char *key)
{
  const char *text = xm_host_files_text (service->host_files, XM_HOST_FILE_CAPS);
  if (text == NULL)
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
    return g_strdup (value);
  }
  return NULL;
}
