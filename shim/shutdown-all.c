/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/shutdown-all.h"

#include "shim/error.h"
#include "shim/host-power.h"
#include "shim/lifecycle.h"
#include "shim/vm-power.h"

typedef struct {
  XmService *service;
  GPtrArray *vms; /* XmVm, by descending priority */
  guint next;     /* the first one of the next group */
  guint left;     /* of the present group */
  gboolean forced;
  GError *failure; /* the first one */
} Descent;

static void
descent_free (gpointer data)
{
  Descent *descent = data;
  g_ptr_array_unref (descent->vms);
  g_clear_error (&descent->failure);
  g_free (descent);
}

static gint64
priority_of (const XmVm *vm)
{
  return xm_vm_read_integer (vm, "shutdown-priority", 0);
}

static int
compare (gconstpointer a, gconstpointer b)
{
  const XmVm *left = *(XmVm *const *)a, *right = *(XmVm *const *)b;
  gint64 x = priority_of (left), y = priority_of (right);
  return (x < y) - (x > y);
}

/* -- one VM ------------------------------------------------------------------------ */

typedef struct {
  GTask *task; /* of the whole descent */
  XmVm *vm;
} Member;

static void next_group (GTask *task);

/* @member: (transfer full) @error: (transfer full) (nullable) */
static void
end_member (Member *member, GError *error)
{
  GTask *task = member->task;
  Descent *descent = g_task_get_task_data (task);
  if (error != NULL) {
    g_warning ("%s stays: %s", member->vm->uuid, error->message);
    if (descent->failure == NULL)
      descent->failure = g_steal_pointer (&error);
  }
  g_clear_error (&error);
  xm_vm_unref (member->vm);
  g_free (member);
  if (--descent->left == 0)
    next_group (task);
}

static void
on_ended (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GError *error = NULL;
  xm_lifecycle_run_finish (result, &error);
  end_member (user_data, error);
}

static void
on_resumed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Member *member = user_data;
  GError *error = NULL;
  if (xm_lifecycle_run_finish (result, &error) && xm_vm_power_is_asleep (member->vm))
    xm_error_set (&error, XM_ERROR_RESUME);
  if (error != NULL)
    end_member (member, error);
  else
    xm_lifecycle_run_async (member->vm, XM_OPERATION_SHUTDOWN, on_ended, member);
}

static void
begin_member (GTask *task, XmVm *vm)
{
  const Descent *descent = g_task_get_task_data (task);
  Member *member = g_new (Member, 1);
  *member = (Member){ task, xm_vm_ref (vm) };
  if (descent->forced)
    xm_lifecycle_run_async (vm, XM_OPERATION_DESTROY, on_ended, member);
  else if (xm_vm_power_is_asleep (vm))
    xm_lifecycle_run_async (vm, XM_OPERATION_RESUME, on_resumed, member);
  else
    xm_lifecycle_run_async (vm, XM_OPERATION_SHUTDOWN, on_ended, member);
}

/* -- the groups -------------------------------------------------------------------- */

static gboolean
concerns (const XmVm *vm)
{
  return vm->object != NULL && (xm_vm_is_running (vm) || xm_lifecycle_is_busy (vm));
}

static void
next_group (GTask *task)
{
  Descent *descent = g_task_get_task_data (task);
  GPtrArray *vms = descent->vms;
  while (descent->next < vms->len) {
    guint first = descent->next;
    gint64 priority = priority_of (vms->pdata[first]);
    while (descent->next < vms->len && priority_of (vms->pdata[descent->next]) == priority)
      descent->next++;

    descent->left = 1; /* the loop itself: members may end at once */
    for (guint i = first; i < descent->next; i++) {
      if (!concerns (vms->pdata[i]))
        continue;
      descent->left++;
      begin_member (task, vms->pdata[i]);
    }
    if (--descent->left > 0)
      return;
  }
  if (descent->failure != NULL)
    g_task_return_error (task, g_steal_pointer (&descent->failure));
  else
    g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

static void
on_refreshed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Descent *descent = g_task_get_task_data (task);
  GHashTableIter iter;
  gpointer vm;
  xm_domains_refresh_finish (XM_DOMAINS (source), result, NULL); /* else by the last picture */
  g_hash_table_iter_init (&iter, descent->service->vms);
  while (g_hash_table_iter_next (&iter, NULL, &vm))
    g_ptr_array_add (descent->vms, xm_vm_ref (vm));
  g_ptr_array_sort (descent->vms, compare);
  next_group (task);
}

void
xm_shutdown_all_async (XmService *service,
                       gboolean forced,
                       GAsyncReadyCallback callback,
                       gpointer user_data)
{
  GTask *task = g_task_new (NULL, NULL, callback, user_data);
  Descent *descent = g_new0 (Descent, 1);
  descent->service = service;
  descent->vms = g_ptr_array_new_with_free_func ((GDestroyNotify)xm_vm_unref);
  descent->forced = forced;
  g_task_set_source_tag (task, xm_shutdown_all_async);
  g_task_set_task_data (task, descent, descent_free);
  g_message ("all VMs are %s", forced ? "destroyed" : "shut down");
  service->going_down = TRUE;
  xm_domains_refresh_async (service->domains, NULL, on_refreshed, task);
}

gboolean
xm_shutdown_all_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

gboolean
xm_shutdown_all_is_on (const XmService *service)
{
  return service->going_down;
}

void
xm_shutdown_all_take_back (XmService *service)
{
  service->going_down = FALSE;
}

void
xm_start_check_host (XmStart *start, GTask *task)
{
  if (xm_host_power_is_idle (start->vm->service))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_new_error (task, XM_ERROR, XM_ERROR_NOT_STARTED, "the host is not idle");
  g_object_unref (task);
}
