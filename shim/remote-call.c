/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/remote-call.h"

#include "shim/error.h"

#define ATTEMPTS         5
#define ATTEMPT_INTERVAL 1000 /* ms */

typedef struct {
  GDBusConnection *connection;
  char *destination, *path, *interface, *member;
  GVariant *parameters;
  int timeout_ms;
  guint attempts;
} Call;

static void
call_free (gpointer data)
{
  Call *call = data;
  g_object_unref (call->connection);
  g_variant_unref (call->parameters);
  g_free (call->destination);
  g_free (call->path);
  g_free (call->interface);
  g_free (call->member);
  g_free (call);
}

gboolean
xm_remote_method_check (const XmRemoteMethod *method, GError **error)
{
  const struct {
    const char *what, *text;
    gboolean good;
  } parts[] = {
    { "bus name", method->destination, g_dbus_is_name (method->destination) },
    { "object path", method->path, g_variant_is_object_path (method->path) },
    { "interface", method->interface, g_dbus_is_interface_name (method->interface) },
    { "member", method->member, g_dbus_is_member_name (method->member) },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (parts); i++) {
    if (parts[i].good)
      continue;
    xm_error_set_plain (error, "malformed %s: %s", parts[i].what, parts[i].text);
    return FALSE;
  }
  return TRUE;
}

static void attempt (GTask *task);

static gboolean
on_interval_over (gpointer user_data)
{
  attempt (user_data);
  return G_SOURCE_REMOVE;
}

/* A cancelled call is attempted at once, and fails as such. */
static void
attempt_later (GTask *task)
{
  g_autoptr (GSource) timer = g_timeout_source_new (ATTEMPT_INTERVAL);
  GCancellable *cancellable = g_task_get_cancellable (task);
  if (cancellable != NULL) {
    g_autoptr (GSource) cancelled = g_cancellable_source_new (cancellable);
    g_source_set_dummy_callback (cancelled);
    g_source_add_child_source (timer, cancelled);
  }
  g_source_set_callback (timer, on_interval_over, task, NULL);
  g_source_attach (timer, g_task_get_context (task));
}

static gboolean
is_unknown_service (const GError *error)
{
  return g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN) ||
         g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_NAME_HAS_NO_OWNER);
}

static GError *
explain (GError *error)
{
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return error;
  GError *explained = NULL;
  g_autofree char *name = g_dbus_error_get_remote_error (error); /* NULL: it came from nobody */
  g_dbus_error_strip_remote_error (error);
  xm_error_set_plain (&explained, "%s%s%s", name != NULL ? name : "", name != NULL ? ": " : "",
                      error->message);
  g_error_free (error);
  return explained;
}

static void
on_answered (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Call *call = g_task_get_task_data (task);
  GError *error = NULL;
  GVariant *answer = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
  if (answer == NULL && is_unknown_service (error) && call->attempts < ATTEMPTS) {
    g_error_free (error);
    attempt_later (task);
    return;
  }
  if (answer != NULL)
    g_task_return_pointer (task, answer, (GDestroyNotify)g_variant_unref);
  else
    g_task_return_error (task, explain (error));
  g_object_unref (task);
}

static void
attempt (GTask *task)
{
  Call *call = g_task_get_task_data (task);
  call->attempts++;
  g_dbus_connection_call (call->connection, call->destination, call->path, call->interface,
                          call->member, call->parameters, NULL, G_DBUS_CALL_FLAGS_NONE,
                          call->timeout_ms, g_task_get_cancellable (task), on_answered, task);
}

void
xm_remote_call_async (GDBusConnection *connection,
                      const XmRemoteMethod *method,
                      GVariant *parameters,
                      int timeout_ms,
                      GCancellable *cancellable,
                      GAsyncReadyCallback callback,
                      gpointer user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);
  Call *call = g_new (Call, 1);
  *call = (Call){ g_object_ref (connection),
                  g_strdup (method->destination),
                  g_strdup (method->path),
                  g_strdup (method->interface),
                  g_strdup (method->member),
                  g_variant_ref_sink (parameters),
                  timeout_ms,
                  0 };
  g_task_set_source_tag (task, xm_remote_call_async);
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, call, call_free);
  attempt (task);
}

GVariant *
xm_remote_call_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
