/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/extract-spec.h"

#include <string.h>

#include "shim/error.h"

#define MAX_PARTITION 255

static gboolean
parse_number (const char *text, guint minimum, guint maximum, guint *number)
{
  guint64 value;
  if (!g_ascii_string_to_unsigned (text, 10, minimum, maximum, &value, NULL))
    return FALSE;
  *number = (guint)value;
  return TRUE;
}

gboolean
xm_extract_spec_parse (const char *text, XmExtractSpec *spec, GError **error)
{
  *spec = (XmExtractSpec){ 0, 0, text };
  const char *colon = strchr (text, ':');
  if (colon == NULL)
    return TRUE;
  spec->path = colon + 1;
  const char *problem = NULL;
  g_autofree char *place = g_strndup (text, colon - text);
  g_auto (GStrv) numbers = g_strsplit (place, ",", -1);
  guint n = g_strv_length (numbers);
  if (strchr (spec->path, ':') != NULL)
    problem = "incorrect kernel-extract syntax";
  else if (n > 2)
    problem = "incorrect disk & partition specification in kernel-extract";
  else if (n == 0 || !parse_number (numbers[0], 0, G_MAXINT32, &spec->disk))
    problem = "bad disk number in kernel-extract";
  else if (n == 2 && !parse_number (numbers[1], 1, MAX_PARTITION, &spec->partition))
    problem = "bad partition number in kernel-extract";
  if (problem != NULL)
    xm_error_set_plain (error, "%s", problem);
  return problem == NULL;
}
