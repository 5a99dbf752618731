/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/journal.h"

#include <string.h>

#define UUID_LENGTH 36

char *
xm_journal_find_uuid (const char *message)
{
  for (const char *word = message; word != NULL; word = strchr (word, ' ')) {
    word += strspn (word, " ");
    gsize length = strcspn (word, " ");
    if (length > 0 && strchr (":,", word[length - 1]) != NULL)
      length--;
    if (length == UUID_LENGTH) {
      g_autofree char *candidate = g_strndup (word, length);
      if (g_uuid_string_is_valid (candidate))
        return g_steal_pointer (&candidate);
    }
  }
  return NULL;
}

static const char *
find_message (const GLogField *fields, gsize n_fields)
{
  for (gsize i = 0; i < n_fields; i++) {
    if (g_str_equal (fields[i].key, "MESSAGE") && fields[i].length < 0)
      return fields[i].value;
  }
  return NULL;
}

GLogWriterOutput
xm_journal_write (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer user_data)
{
  g_autofree char *uuid = xm_journal_find_uuid (find_message (fields, n_fields));
  if (uuid == NULL)
    return g_log_writer_default (level, fields, n_fields, user_data);

  g_autofree GLogField *more = g_new (GLogField, n_fields + 1);
  memcpy (more, fields, n_fields * sizeof *fields);
  more[n_fields] = (GLogField){ "VM_UUID", uuid, -1 };
  return g_log_writer_default (level, more, n_fields + 1, user_data);
}
