/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xlwrap/xl-list-long.h"

#include "fuzz.h"

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *text = g_memdup2 (data, size);
  g_autoptr (GPtrArray) problems = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) domains =
      xl_list_long_parse (text != NULL ? text : "", (gssize)size, &problems, &error);

  check_answer (domains, error);
  g_assert_true ((domains != NULL) == (problems != NULL));
  for (guint i = 0; domains != NULL && i < domains->len; i++) {
    const XlDomainConfig *domain = domains->pdata[i];

    check_text (domain->name);
    g_assert_true (domain->uuid == NULL || g_uuid_string_is_valid (domain->uuid));
    g_assert_true (json_is_object (domain->config));
  }
  for (guint i = 0; problems != NULL && i < problems->len; i++)
    check_text (problems->pdata[i]);
  return 0;
}
