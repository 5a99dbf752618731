/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/host-properties.h"

#include "shim/text.h"

static GVariant *
get_stored_flag (XmService *service, const XmHostProperty *row)
{
  const char *text = xm_store_read (service->store, row->detail);
  return g_variant_new_boolean (text != NULL && xm_text_is_true (text));
}

/* -- the table --------------------------------------------------------------------- */

static const XmHostProperty rows[] = {
  { .name = "system-amt-pt", .get = get_stored_flag, .detail = "/system-amt-pt-active" },
};

gconstpointer
xm_host_property_lookup (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
    if (g_str_equal (rows[i].name, name))
      return &rows[i];
  }
  return NULL;
}

GVariant *
xm_host_property_get (gpointer service, gconstpointer property, GError **error)
{
  const XmHostProperty *row = property;
  return row->get (service, row);
}

void
xm_host_property_set (gpointer service,
                      const char *interface,
                      gconstpointer property,
                      GVariant *value,
                      GDBusMethodInvocation *invocation)
{
  const XmHostProperty *row = property;
  row->set (service, row, value, invocation); /* those without are read-only in the XML */
}
