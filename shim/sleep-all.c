/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/sleep-all.h"

#include "shim/error.h"
#include "shim/lifecycle.h"
#include "shim/text.h"
#include "shim/vm-power.h"
#include "shim/vm-set.h"

struct _XmSleepers {
  XmService *service;
  GPtrArray *asleep;  /* XmVm */
  GPtrArray *stopped; /* XmVm: users' VMs */
  GPtrArray *stopped_services;
};

static GPtrArray *
new_vms (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify)xm_vm_unref);
}

void
xm_sleepers_free (XmSleepers *sleepers)
{
  g_ptr_array_unref (sleepers->asleep);
  g_ptr_array_unref (sleepers->stopped);
  g_ptr_array_unref (sleepers->stopped_services);
  g_free (sleepers);
}

void
xm_sleepers_add (XmSleepers *sleepers, XmVm *vm)
{
  g_ptr_array_add (sleepers->asleep, xm_vm_ref (vm));
}

/* -- one VM ------------------------------------------------------------------------ */

typedef struct {
  XmSleepers *sleepers;
  XmSleepKind kind;
  gboolean services; /* whose turn it is */
  guint left;        /* VMs of this turn that are not done */
  GError *failure;   /* the first one */
} Descent;

typedef struct {
  GTask *task; /* of the whole descent */
  XmVm *vm;
  GPtrArray *done; /* where it is noted when it has ended well */
} Member;

static void next_turn (GTask *task);

static void
descent_free (gpointer data)
{
  Descent *descent = data;
  g_clear_pointer (&descent->sleepers, xm_sleepers_free);
  g_clear_error (&descent->failure);
  g_free (descent);
}

/* @member: (transfer full) @error: (transfer full) (nullable) */
static void
end_member (Member *member, GError *error)
{
  GTask *task = member->task;
  Descent *descent = g_task_get_task_data (task);
  if (error == NULL) {
    g_ptr_array_add (member->done, xm_vm_ref (member->vm));
  } else {
    g_warning ("%s keeps the host awake: %s", member->vm->uuid, error->message);
    if (descent->failure == NULL)
      descent->failure = g_steal_pointer (&error);
  }
  g_clear_error (&error);
  xm_vm_unref (member->vm);
  g_free (member);
  if (--descent->left == 0)
    next_turn (task);
}

static void
on_ended (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GError *error = NULL;
  xm_lifecycle_run_finish (result, &error);
  end_member (user_data, error);
}

static void
on_asleep (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Member *member = user_data;
  GError *error = NULL;
  gboolean asleep;
  if (xm_vm_power_wait_finish (result, &asleep, &error) && !asleep && member->vm->domid >= 0)
    xm_error_set (&error, XM_ERROR_SLEEP_TIMEOUT);
  end_member (member, error);
}

/* It was only asked to sleep, perhaps. */
static void
on_asked_to_sleep (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Member *member = user_data;
  GError *error = NULL;
  if (xm_lifecycle_run_finish (result, &error))
    xm_vm_power_wait_async (member->vm, TRUE, member->vm->service->settings->agent_timeout, NULL,
                            on_asleep, member);
  else
    end_member (member, error);
}

static const char *
mode_of (const XmVm *vm, XmSleepKind kind)
{
  return xm_text_or (xm_vm_read (vm, kind == XM_SLEEP_S3 ? "s3-mode" : "s4-mode"), "pv");
}

static void
begin_member (GTask *task, XmVm *vm, const char *mode)
{
  Descent *descent = g_task_get_task_data (task);
  XmSleepers *sleepers = descent->sleepers;
  gboolean sleeps = g_str_equal (mode, "pv");
  Member *member = g_new (Member, 1);
  *member = (Member){ task, xm_vm_ref (vm), sleepers->asleep };
  descent->left++;
  if (sleeps && descent->kind == XM_SLEEP_S3) {
    xm_lifecycle_run_async (vm, XM_OPERATION_SLEEP, on_asked_to_sleep, member);
  } else if (sleeps) {
    xm_lifecycle_run_async (vm, XM_OPERATION_HIBERNATE, on_ended, member);
  } else if (g_str_equal (mode, "restart")) {
    member->done = descent->services ? sleepers->stopped_services : sleepers->stopped;
    xm_lifecycle_run_async (vm, XM_OPERATION_SHUTDOWN, on_ended, member);
  } else {
    GError *error = NULL;
    xm_error_set_plain (&error, "vm %s: %s %s is not supported", vm->uuid,
                        descent->kind == XM_SLEEP_S3 ? "s3-mode" : "s4-mode", mode);
    end_member (member, error);
  }
}

/* -- the turns --------------------------------------------------------------------- */

static gboolean
concerns (const Descent *descent, const XmVm *vm, const char *mode)
{
  if (vm->object == NULL || !xm_vm_is_running (vm) || g_str_equal (mode, "ignore"))
    return FALSE;
  if (descent->services)
    return !xm_vm_is_user (vm) && g_str_equal (mode, "restart");
  /* One that sleeps already is none of ours. */
  return xm_vm_is_user (vm) && !(descent->kind == XM_SLEEP_S3 && xm_vm_power_is_asleep (vm));
}

static void
begin_turn (GTask *task)
{
  Descent *descent = g_task_get_task_data (task);
  g_autoptr (GPtrArray) vms = xm_vm_set_list (descent->sleepers->service);
  descent->left = 1; /* the loop itself: members may end at once */
  for (guint i = 0; i < vms->len; i++) {
    const char *mode = mode_of (vms->pdata[i], descent->kind);
    if (concerns (descent, vms->pdata[i], mode))
      begin_member (task, vms->pdata[i], mode);
  }
  if (--descent->left == 0)
    next_turn (task);
}

static void
next_turn (GTask *task)
{
  Descent *descent = g_task_get_task_data (task);
  if (descent->failure != NULL) {
    g_task_return_error (task, g_steal_pointer (&descent->failure));
    g_object_unref (task);
  } else if (descent->kind == XM_SLEEP_S3 && !descent->services) {
    descent->services = TRUE;
    begin_turn (task);
  } else {
    g_task_return_boolean (task, TRUE);
    g_object_unref (task);
  }
}

static void
on_refreshed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  xm_domains_refresh_finish (XM_DOMAINS (source), result, NULL); /* else by the last picture */
  begin_turn (user_data);
}

void
xm_sleep_all_async (XmService *service,
                    XmSleepKind kind,
                    GAsyncReadyCallback callback,
                    gpointer user_data)
{
  GTask *task = g_task_new (NULL, NULL, callback, user_data);
  Descent *descent = g_new0 (Descent, 1);
  descent->kind = kind;
  descent->sleepers = g_new (XmSleepers, 1);
  *descent->sleepers = (XmSleepers){ service, new_vms (), new_vms (), new_vms () };
  g_task_set_source_tag (task, xm_sleep_all_async);
  g_task_set_task_data (task, descent, descent_free);
  xm_domains_refresh_async (service->domains, NULL, on_refreshed, task);
}

gboolean
xm_sleep_all_finish (GAsyncResult *result, XmSleepers **sleepers, GError **error)
{
  Descent *descent = g_task_get_task_data (G_TASK (result));
  *sleepers = g_steal_pointer (&descent->sleepers);
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* -- waking ------------------------------------------------------------------------ */

typedef struct {
  XmSleepers *sleepers;
  guint turn;
  guint left; /* VMs of this turn that are not up */
} Waking;

static void
waking_free (gpointer data)
{
  xm_sleepers_free (((Waking *)data)->sleepers);
  g_free (data);
}

static void begin_waking (GTask *task);

static void
end_waking_one (GTask *task)
{
  Waking *waking = g_task_get_task_data (task);
  if (--waking->left > 0)
    return;
  if (++waking->turn < 2) {
    begin_waking (task);
    return;
  }
  g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

static void
on_awake (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  if (!xm_lifecycle_run_finish (result, &error))
    g_warning ("a VM is not back after the host's sleep: %s", error->message);
  end_waking_one (user_data);
}

static void
run_each (GTask *task, const GPtrArray *vms, XmOperationKind kind)
{
  Waking *waking = g_task_get_task_data (task);
  for (guint i = 0; i < vms->len; i++) {
    XmVm *vm = vms->pdata[i];
    if (vm->object == NULL)
      continue;
    waking->left++;
    xm_lifecycle_run_async (vm, kind, on_awake, task);
  }
}

static void
begin_waking (GTask *task)
{
  Waking *waking = g_task_get_task_data (task);
  const XmSleepers *sleepers = waking->sleepers;
  waking->left = 1; /* this function itself: operations may end at once */
  if (waking->turn == 0) {
    run_each (task, sleepers->stopped_services, XM_OPERATION_START);
  } else {
    run_each (task, sleepers->asleep, XM_OPERATION_RESUME);
    run_each (task, sleepers->stopped, XM_OPERATION_START);
  }
  end_waking_one (task);
}

void
xm_sleepers_wake_async (XmSleepers *sleepers, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (NULL, NULL, callback, user_data);
  Waking *waking = g_new0 (Waking, 1);
  waking->sleepers = sleepers;
  g_task_set_source_tag (task, xm_sleepers_wake_async);
  g_task_set_task_data (task, waking, waking_free);
  begin_waking (task);
}

void
xm_sleepers_wake_finish (GAsyncResult *result)
{
  g_task_propagate_boolean (G_TASK (result), NULL);
}
