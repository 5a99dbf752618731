/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/host-ui.h"

#include "shim/error.h"
#include "shim/lifecycle.h"
#include "shim/peers.h"
#include "shim/vm-set.h"

#define NODE           "/xenmgr/ui-ready"
#define INPUT          "com.citrix.xenclient.input"
#define ANSWER_TIMEOUT 2000 /* ms */

/* -- the VM that shows what no other does ------------------------------------------ */

XmVm *
xm_host_ui_find_fallback (XmService *service, GError **error)
{
  g_autoptr (GPtrArray) vms = xm_vm_set_list (service);
  gboolean found = FALSE;
  for (guint i = 0; i < vms->len; i++) {
    XmVm *vm = vms->pdata[i];
    if (!xm_vm_read_boolean (vm, "provides-graphics-fallback", FALSE))
      continue;
    found = TRUE;
    if (vm->domid >= 0)
      return vm;
  }
  xm_error_set_plain (error, found ? "no graphics fallback domain" : "no graphics fallback vm");
  return NULL;
}

static void
on_switched (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (XmVm) vm = user_data;
  g_autoptr (GError) error = NULL;
  if (!xm_lifecycle_run_finish (result, &error))
    g_message ("%s does not get the screen: %s", vm->uuid, error->message);
}

static void
show_fallback (XmService *service)
{
  g_autoptr (GError) error = NULL;
  XmVm *vm = xm_host_ui_find_fallback (service, &error);
  if (vm != NULL)
    xm_lifecycle_run_async (vm, XM_OPERATION_SWITCH, on_switched, xm_vm_ref (vm));
  else
    g_message ("no VM gets the screen: %s", error->message);
}

/* -- the input daemon -------------------------------------------------------------- */

/* Answers, if it is there, or the question fails. */
static void
ask (XmService *service, const char *member, const char *type, GAsyncReadyCallback callback)
{
  g_dbus_connection_call (service->connection, INPUT, "/", INPUT, member, NULL,
                          G_VARIANT_TYPE (type), G_DBUS_CALL_FLAGS_NO_AUTO_START, ANSWER_TIMEOUT,
                          service->end, callback, service);
}

/* (transfer full) (nullable): NULL when it has not answered; *@ended when the service has ended,
 * *@absent when there is no input daemon. */
static GVariant *
ask_finish (GObject *source, GAsyncResult *result, gboolean *ended, gboolean *absent)
{
  g_autoptr (GError) error = NULL;
  GVariant *answer = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
  *ended = g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  *absent = g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN) ||
            g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_NAME_HAS_NO_OWNER);
  return answer;
}

static void
on_focus (GObject *source, GAsyncResult *result, gpointer user_data)
{
  gboolean ended, absent;
  gint32 domid = -1;
  g_autoptr (GVariant) answer = ask_finish (source, result, &ended, &absent);
  if (ended || absent)
    return;
  if (answer != NULL)
    g_variant_get (answer, "(i)", &domid);
  if (domid < 0)
    show_fallback (user_data);
}

static void
on_auth_on_boot (GObject *source, GAsyncResult *result, gpointer user_data)
{
  gboolean ended, absent, wanted = FALSE;
  g_autoptr (GVariant) answer = ask_finish (source, result, &ended, &absent);
  if (answer != NULL)
    g_variant_get (answer, "(b)", &wanted);
  if (ended || !wanted)
    return;
  const XmService *service = user_data;
  xm_peers_call (service->peers, INPUT, "auth_begin", NULL, NULL, NULL);
}

/* -- ui-ready ---------------------------------------------------------------------- */

static void
on_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = xl_xenstore_read_finish (XL_XENSTORE (source), result, &error);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return; /* the service has ended */
  XmService *service = user_data;
  if (g_strcmp0 (text, "true") == 0) {
    service->ui_ready = TRUE;
    xm_bus_object_changed (service->host, "ui-ready");
  }
}

void
xm_host_ui_begin (XmService *service)
{
  xl_xenstore_read_async (service->xenstore, NODE, service->end, on_read, service);
  ask (service, "get_auth_on_boot", "(b)", on_auth_on_boot);
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
    xm_bus_object_changed (service->host, "ui-ready");
    ask (service, "get_focus_domid", "(i)", on_focus);
    xl_xenstore_apply_async (service->xenstore, &change, 1, NULL, on_written, NULL);
  }
  g_dbus_method_invocation_return_value (invocation, NULL);
}
