/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/host-ui.h"

#define NODE "/xenmgr/ui-ready"

static void
on_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = xl_xenstore_read_finish (XL_XENSTORE (source), result, &error);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return; /* the service has ended */
  XmService *service = user_data;
  service->ui_ready |= g_strcmp0 (text, "true") == 0;
}

void
xm_host_ui_recover (XmService *service)
{
  xl_xenstore_read_async (service->xenstore, NODE, service->end, on_read, service);
}

GVariant *
xm_host_get_ui_ready (XmService *service, const XmHostProperty *row)
{
  return g_variant_new_boolean (service->ui_ready);
}

static void
on_written (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  if (!xl_xenstore_apply_finish (XL_XENSTORE (source), result, &error))
    g_message ("xenstore does not show that the user interface is ready: %s", error->message);
}

void
xm_host_set_ui_ready (XmService *service,
                      const XmHostProperty *row,
                      GVariant *value,
                      GDBusMethodInvocation *invocation)
{
  if (g_variant_get_boolean (value) && !service->ui_ready) {
    const XlXenstoreChange change = { NODE, "true", NULL };
    service->ui_ready = TRUE;
    xl_xenstore_apply_async (service->xenstore, &change, 1, NULL, on_written, NULL);
  }
  g_dbus_method_invocation_return_value (invocation, NULL);
}
