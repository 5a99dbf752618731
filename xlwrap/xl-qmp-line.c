/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xlwrap/xl-qmp-line.h"

#include <stdlib.h>

/* jansson recurses for each bracket; how deep is a look at the text. */
static gboolean
is_shallow (const char *line, gsize len)
{
  gsize depth = 0;
  gboolean in_string = FALSE;

  for (gsize i = 0; i < len; i++) {
    if (in_string && line[i] == '\\')
      i++;
    else if (line[i] == '"')
      in_string = !in_string;
    else if (in_string)
      continue;
    else if ((line[i] == '{' || line[i] == '[') && ++depth > XL_QMP_MAX_DEPTH)
      return FALSE;
    else if ((line[i] == '}' || line[i] == ']') && depth > 0)
      depth--;
  }
  return TRUE;
}

json_t *
xl_qmp_line_parse (const char *line, gsize len, GError **error)
{
  json_error_t where;

  if (len > XL_QMP_MAX_LINE) {
    g_set_error (error, XL_ERROR, XL_ERROR_PARSE, "a line of more than %d bytes", XL_QMP_MAX_LINE);
    return NULL;
  }
  if (!is_shallow (line, len)) {
    g_set_error (error, XL_ERROR, XL_ERROR_PARSE, "more than %d brackets deep", XL_QMP_MAX_DEPTH);
    return NULL;
  }
  json_t *value = json_loadb (line, len, JSON_REJECT_DUPLICATES, &where);
  if (value == NULL) {
    g_set_error (error, XL_ERROR, XL_ERROR_PARSE, "not JSON: %s", where.text);
    return NULL;
  }
  if (!json_is_object (value)) {
    json_decref (value);
    g_set_error (error, XL_ERROR, XL_ERROR_PARSE, "JSON, but not an object");
    return NULL;
  }
  return value;
}

char *
xl_qmp_line_command (const char *command, json_t *arguments, guint id)
{
  json_t *object = json_pack ("{s:s, s:i}", "execute", command, "id", (int)id);

  if (arguments != NULL)
    json_object_set (object, "arguments", arguments);
  char *text = json_dumps (object, JSON_COMPACT);
  char *line = g_strconcat (text, "\n", NULL);
  free (text);
  json_decref (object);
  return line;
}
