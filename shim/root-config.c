/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/root-config.h"

#include "shim/error.h"
#include "shim/signals.h"
#include "shim/text.h"

typedef struct {
  const char *name;
  const char *forbidden_key; /* "true" there forbids it; allowing removes the key */
} Row;

static const Row rows[] = {
  { "vm-creation-allowed", "/vm-create-disallowed" },
  { "vm-deletion-allowed", "/vm-delete-disallowed" },
};

gconstpointer
xm_root_config_lookup (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
    if (g_str_equal (rows[i].name, name))
      return &rows[i];
  }
  return NULL;
}

GVariant *
xm_root_config_get (gpointer owner, gconstpointer property, GError **error)
{
  const XmService *service = owner;
  const Row *row = property;
  const char *text = xm_store_read (service->store, row->forbidden_key);
  gboolean forbidden = FALSE;
  if (text != NULL && !xm_text_to_boolean (text, &forbidden)) {
    xm_error_set_plain (error, "unexpected boolean text representation: %s while reading %s", text,
                        row->forbidden_key);
    return NULL;
  }
  return g_variant_new_boolean (!forbidden);
}

void
xm_root_config_set (gpointer owner,
                    const char *interface,
                    gconstpointer property,
                    GVariant *value,
                    GDBusMethodInvocation *invocation)
{
  XmService *service = owner;
  const Row *row = property;
  GError *error = NULL;
  gboolean done = g_variant_get_boolean (value)
                      ? xm_store_remove (service->store, row->forbidden_key, &error)
                      : xm_store_write (service->store, row->forbidden_key, "true", &error);
  if (!done) {
    xm_error_return (invocation, error);
    return;
  }
  xm_signal_config_changed (service);
  xm_service_answer_when_durable (service, invocation, NULL);
}
