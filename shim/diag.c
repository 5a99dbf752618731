/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/diag.h"

#include "shim/diag-gather.h"
#include "shim/diag-report.h"
#include "shim/error.h"
#include "shim/host-ui.h"

/* -- calls that take their time ---------------------------------------------------- */

/** Call: one that ends when its caller leaves. */
typedef struct {
  GDBusMethodInvocation *invocation;
  GCancellable *cancellable;
  guint watch; /* 0: there is no bus between us */
} Call;

static void
on_caller_left (GDBusConnection *connection, const char *name, gpointer user_data)
{
  const Call *call = user_data;
  g_cancellable_cancel (call->cancellable);
}

static Call *
call_new (GDBusMethodInvocation *invocation)
{
  const char *sender = g_dbus_method_invocation_get_sender (invocation);
  Call *call = g_new0 (Call, 1);
  call->invocation = invocation;
  call->cancellable = g_cancellable_new ();
  if (sender != NULL)
    call->watch = g_bus_watch_name_on_connection (
        g_dbus_method_invocation_get_connection (invocation), sender, G_BUS_NAME_WATCHER_FLAGS_NONE,
        NULL, on_caller_left, call, NULL);
  return call;
}

/* @call, @path, @error: (transfer full): one of the latter */
static void
call_end (Call *call, char *path, GError *error)
{
  if (path != NULL)
    g_dbus_method_invocation_return_value (call->invocation, g_variant_new ("(s)", path));
  else
    xm_error_return (call->invocation, error);
  if (call->watch != 0)
    g_bus_unwatch_name (call->watch);
  g_object_unref (call->cancellable);
  g_free (call);
  g_free (path);
}

/* -- files from guests ------------------------------------------------------------- */

static void
on_collected (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GError *error = NULL;
  char *dir = xm_diag_collect_finish (result, &error);
  call_end (user_data, dir, error);
}

static void
save (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  const char *mode;
  g_variant_get (parameters, "(&s)", &mode);
  Call *call = call_new (invocation);
  xm_diag_collect_async (owner, mode, call->cancellable, on_collected, call);
}

static void
on_taken (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GError *error = NULL;
  if (xm_diag_take_finish (result, &error))
    g_dbus_method_invocation_return_value (user_data, NULL);
  else
    xm_error_return (user_data, error);
}

static void
gather (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  const char *name, *data;
  g_variant_get (parameters, "(&s&s)", &name, &data);
  xm_diag_take_async (owner, name, data, parameters, on_taken, invocation);
}

/* -- reports ----------------------------------------------------------------------- */

static void
on_reported (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GError *error = NULL;
  char *path = xm_diag_report_finish (result, &error);
  call_end (user_data, path, error);
}

static void
create_status_report (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  XmDiagRequest request;
  g_variant_get (parameters, "(bb&s&s&s&s)", &request.screenshots, &request.guest_info,
                 &request.summary, &request.description, &request.repro_steps, &request.ticket);
  Call *call = call_new (invocation);
  xm_diag_report_async (owner, &request, call->cancellable, on_reported, call);
}

/* -- the screen that asks for one -------------------------------------------------- */

static void
on_shown (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GError *error = NULL;
  if (xl_xenstore_apply_finish (XL_XENSTORE (source), result, &error)) {
    g_dbus_method_invocation_return_value (user_data, NULL);
    return;
  }
  GError *reason = NULL;
  xm_error_set_io (&reason, "%s", error->message);
  g_error_free (error);
  xm_error_return (user_data, reason);
}

static void
status_report_screen (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  XmService *service = owner;
  gboolean show;
  g_variant_get (parameters, "(b)", &show);
  GError *error = NULL;
  const XmVm *vm = xm_host_ui_find_fallback (service, &error);
  if (vm == NULL) {
    xm_error_return (invocation, error);
    return;
  }
  g_autofree char *path = g_strdup_printf ("/local/domain/%d/report/state", vm->domid);
  const XlXenstoreChange change = { .path = path, .value = show ? "1" : "0" };
  xl_xenstore_apply_async (service->xenstore, &change, 1, NULL, on_shown, invocation);
}

/* -- the service that took reports ------------------------------------------------- */

/* It was on the internet, and is no more. */
static void
call_upload_service (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  GError *error = NULL;
  xm_error_set (&error, XM_ERROR_NETWORK);
  xm_error_return (invocation, error);
}

const XmMethod xm_diag_methods[] = {
  { "create_status_report", create_status_report },
  { "gather", gather },
  { "save", save },
  { "status_report_screen", status_report_screen },
  { "taas_agree_terms", call_upload_service },
  { "taas_authenticate_credentials", call_upload_service },
  { "taas_upload", call_upload_service },
  { NULL, NULL },
};
