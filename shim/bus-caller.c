/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/bus-caller.h"

#define BUS     "org.freedesktop.DBus"
#define TIMEOUT 2000 /* ms */

/** Question: which VM it is. Answered at the latest when the service ends, and then with none. */
typedef struct {
  XmService *service;
  GTask *task;
} Question;

/* What the bus answers is checked like anything else: it may be another's extension of that name.
 */
static XmVm *
find_vm (XmService *service, GVariant *answer)
{
  gint64 domid = -1;
  if (g_variant_is_of_type (answer, G_VARIANT_TYPE ("(i)"))) {
    gint32 number;
    g_variant_get (answer, "(i)", &number);
    domid = number;
  } else if (g_variant_is_of_type (answer, G_VARIANT_TYPE ("(u)"))) {
    guint32 number;
    g_variant_get (answer, "(u)", &number);
    domid = number;
  }
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
on_answered (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Question *question = user_data;
  g_autoptr (GTask) task = question->task;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer =
      g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
  if (answer == NULL)
    g_debug ("the domain of a caller: %s", error->message);
  gboolean ended = g_cancellable_is_cancelled (g_task_get_cancellable (task));
  XmVm *vm = answer != NULL && !ended ? find_vm (question->service, answer) : NULL;
  g_task_return_pointer (task, vm, (GDestroyNotify)xm_vm_unref);
}

void
xm_bus_caller_find_vm_async (XmService *service,
                             const char *sender,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
  GTask *task = g_task_new (NULL, service->end, callback, user_data);
  g_task_set_source_tag (task, xm_bus_caller_find_vm_async);
  g_task_set_check_cancellable (task, FALSE);
  if (sender == NULL || service->connection == NULL) {
    g_task_return_pointer (task, NULL, NULL);
    g_object_unref (task);
    return;
  }
  Question *question = g_new (Question, 1);
  *question = (Question){ service, task };
  g_dbus_connection_call (service->connection, BUS, "/org/freedesktop/DBus", BUS,
                          "GetConnectionDOMID", g_variant_new ("(s)", sender), NULL,
                          G_DBUS_CALL_FLAGS_NO_AUTO_START, TIMEOUT, service->end, on_answered,
                          question);
}

XmVm *
xm_bus_caller_find_vm_finish (GAsyncResult *result)
{
  return g_task_propagate_pointer (G_TASK (result), NULL);
}
