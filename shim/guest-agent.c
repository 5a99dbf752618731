/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/guest-agent.h"

#include "shim/error.h"

#define INTERFACE      "com.citrix.xenclient.guest"
#define ANSWER_TIMEOUT 10000 /* ms */

static char *
agent_name (const XmVm *vm)
{
  return g_strdelimit (g_strconcat (INTERFACE ".uuid_", vm->uuid, NULL), "-", '_');
}

static void
on_owner (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  g_autoptr (GVariant) answer =
      g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
  gboolean found = FALSE;
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
    g_task_return_error (task, error);
    return;
  }
  g_clear_error (&error);
  if (answer != NULL)
    g_variant_get (answer, "(b)", &found);
  g_task_return_boolean (task, found);
}

void
xm_guest_agent_find_async (XmVm *vm,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);
  g_autofree char *name = agent_name (vm);
  g_task_set_source_tag (task, xm_guest_agent_find_async);
  g_dbus_connection_call (vm->service->connection, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                          "org.freedesktop.DBus", "NameHasOwner", g_variant_new ("(s)", name),
                          G_VARIANT_TYPE ("(b)"), G_DBUS_CALL_FLAGS_NONE, ANSWER_TIMEOUT,
                          cancellable, on_owner, task);
}

gboolean
xm_guest_agent_find_finish (GAsyncResult *result, gboolean *found, GError **error)
{
  GError *failure = NULL;
  *found = g_task_propagate_boolean (G_TASK (result), &failure);
  if (failure == NULL)
    return TRUE;
  g_propagate_error (error, failure);
  return FALSE;
}

static void
on_taken (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  g_autoptr (GVariant) answer =
      g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
  if (answer != NULL)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, xm_error_from_peer (error));
}

void
xm_guest_agent_request_async (XmVm *vm,
                              const char *method,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);
  g_autofree char *name = agent_name (vm);
  g_task_set_source_tag (task, xm_guest_agent_request_async);
  g_dbus_connection_call (vm->service->connection, name, "/", INTERFACE, method, NULL, NULL,
                          G_DBUS_CALL_FLAGS_NO_AUTO_START, ANSWER_TIMEOUT, cancellable, on_taken,
                          task);
}

gboolean
xm_guest_agent_request_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
