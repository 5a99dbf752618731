/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/bus-caller.h"

#define BUS     "org.freedesktop.DBus"
#define TIMEOUT 2000 /* ms */

/* -- the domain -------------------------------------------------------------------- */

/* What the bus answers is checked like anything else: it may be another's extension of that name.
 */
static gint64
parse_domid (GVariant *answer)
{
  gint32 number = -1;
  guint32 unsigned_number;
  if (g_variant_is_of_type (answer, G_VARIANT_TYPE ("(i)"))) {
    g_variant_get (answer, "(i)", &number);
    return number;
  }
  if (!g_variant_is_of_type (answer, G_VARIANT_TYPE ("(u)")))
    return -1;
  g_variant_get (answer, "(u)", &unsigned_number);
  return unsigned_number;
}

static void
on_answered (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  g_autoptr (GVariant) answer =
      g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
  if (answer == NULL)
    g_task_return_error (task, error);
  else if (parse_domid (answer) < 0)
    g_task_return_new_error (task, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS, "not a domain");
  else
    g_task_return_int (task, (gssize)parse_domid (answer));
}

void
xm_bus_caller_find_domid_async (XmService *service,
                                const char *sender,
                                GAsyncReadyCallback callback,
                                gpointer user_data)
{
  GTask *task = g_task_new (NULL, service->end, callback, user_data);
  g_task_set_source_tag (task, xm_bus_caller_find_domid_async);
  if (sender == NULL || service->connection == NULL) {
    g_task_return_int (task, 0);
    g_object_unref (task);
    return;
  }
  g_dbus_connection_call (service->connection, BUS, "/org/freedesktop/DBus", BUS,
                          "GetConnectionDOMID", g_variant_new ("(s)", sender), NULL,
                          G_DBUS_CALL_FLAGS_NO_AUTO_START, TIMEOUT, service->end, on_answered,
                          task);
}

gint64
xm_bus_caller_find_domid_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_int (G_TASK (result), error);
}

gboolean
xm_bus_caller_is_unknown (const GError *error)
{
  return g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_METHOD) ||
         g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_INTERFACE) ||
         g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_OBJECT);
}

/* -- its VM ------------------------------------------------------------------------ */

/** Question: which VM it is. Answered at the latest when the service ends, and then with none. */
typedef struct {
  XmService *service;
  GTask *task;
} Question;

static XmVm *
find_vm (XmService *service, gint64 domid)
{
  GHashTableIter iter;
  gpointer value;
  g_hash_table_iter_init (&iter, service->vms);
  while (domid > 0 && g_hash_table_iter_next (&iter, NULL, &value)) {
    if (((const XmVm *)value)->domid == domid)
      return xm_vm_ref (value);
  }
  return NULL;
}

static void
on_domid (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Question *question = user_data;
  g_autoptr (GTask) task = question->task;
  g_autoptr (GError) error = NULL;
  XmVm *vm = NULL;
  gint64 domid = xm_bus_caller_find_domid_finish (result, &error);
  if (error != NULL)
    g_debug ("the domain of a caller: %s", error->message);
  else
    vm = find_vm (question->service, domid);
  g_task_return_pointer (task, vm, (GDestroyNotify)xm_vm_unref);
}

void
xm_bus_caller_find_vm_async (XmService *service,
                             const char *sender,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
  Question *question = g_new (Question, 1);
  *question = (Question){ service, g_task_new (NULL, NULL, callback, user_data) };
  g_task_set_source_tag (question->task, xm_bus_caller_find_vm_async);
  xm_bus_caller_find_domid_async (service, sender, on_domid, question);
}

XmVm *
xm_bus_caller_find_vm_finish (GAsyncResult *result)
{
  return g_task_propagate_pointer (G_TASK (result), NULL);
}
