/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xlwrap/xl-list.h"

#include "fuzz.h"

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  /* Without a terminator behind it, so that reading too far is found. */
  g_autofree char *text = g_memdup2 (data, size);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) domains = xl_list_parse (text != NULL ? text : "", (gssize)size, &error);

  check_answer (domains, error);
  for (guint i = 0; domains != NULL && i < domains->len; i++) {
    g_autoptr (XlDomain) copy = xl_domain_copy (domains->pdata[i]);

    g_assert_nonnull (copy->name);
    check_text (copy->name);
    check_text (copy->label);
    g_assert_true (copy->uuid == NULL || g_uuid_string_is_valid (copy->uuid));
    g_assert_true (copy->shutdown_reason >= XL_SHUTDOWN_REASON_UNKNOWN);
  }
  return 0;
}
