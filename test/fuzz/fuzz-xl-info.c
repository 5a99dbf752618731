/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xlwrap/xl-info.h"

#include "fuzz.h"

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *text = g_memdup2 (data, size);
  g_autoptr (GError) error = NULL;
  g_autoptr (XlInfo) info = xl_info_parse (text != NULL ? text : "", (gssize)size, &error);
  GHashTableIter iter;
  gpointer key, value;

  check_answer (info, error);
  if (info == NULL)
    return 0;
  g_hash_table_iter_init (&iter, info->values);
  while (g_hash_table_iter_next (&iter, &key, &value)) {
    check_text (key);
    check_text (value);
  }
  return 0;
}
