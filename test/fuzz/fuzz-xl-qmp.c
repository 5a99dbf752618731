/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xlwrap/xl-qmp-line.h"

#include "fuzz.h"

/* How many brackets stand within each other in @value. */
static int
depth_of (json_t *value)
{
  int deepest = 0;
  const char *key;
  size_t i;
  json_t *item;
  if (json_is_object (value))
    json_object_foreach (value, key, item)
    {
      deepest = MAX (deepest, depth_of (item));
    }
  else if (json_is_array (value))
    json_array_foreach (value, i, item)
    {
      deepest = MAX (deepest, depth_of (item));
    }
  else
    return 0;
  return deepest + 1;
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  /* Without a terminator behind it, so that reading too far is found. */
  g_autofree char *line = g_memdup2 (data, size);
  g_autoptr (GError) error = NULL;
  json_t *message = xl_qmp_line_parse (line != NULL ? line : "", size, &error);

  check_answer (message, error);
  g_assert_true (message == NULL || json_is_object (message));
  g_assert_true (message == NULL || depth_of (message) <= XL_QMP_MAX_DEPTH);
  json_decref (message);
  return 0;
}
