/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Power off, reboot, hibernation: VMs end or hibernate, then the host is told. */
#include "shim/error.h"
#include "shim/host-power-private.h"
#include "shim/shutdown-all.h"

#define HIBERNATED "/platform/hibernated"

/* -- going down -------------------------------------------------------------------- */

void
xm_host_forget_hibernation (XmHostPower *power)
{
  XmStore *store = power->service->store;
  g_autoptr (GError) error = NULL;
  if (!xm_store_exists (store, HIBERNATED))
    return;
  if (!xm_store_remove (store, HIBERNATED, &error))
    g_warning ("%s: %s", HIBERNATED, error->message);
  xm_store_commit_async (store, NULL, NULL, NULL);
}

static gboolean
on_still_here (gpointer user_data)
{
  XmHostPower *power = user_data;
  power->still_here = 0;
  g_warning ("the host was told to go down and has not: VMs may start again");
  if (power->state == XM_HOST_HIBERNATING)
    xm_host_forget_hibernation (power);
  xm_host_power_become_idle (power);
  return G_SOURCE_REMOVE;
}

/* From here on the end of the service is what comes next. */
static void
on_told (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  const XmHostRun *run = g_task_get_task_data (task);
  XmHostPower *power = run->power;
  GError *error = NULL;
  g_autoptr (XlOutput) output = xl_runner_run_finish (XL_RUNNER (source), result, &error);
  if (power->service == NULL) {
    g_clear_error (&error);
    g_object_unref (task);
    return;
  }
  if (output == NULL) {
    xm_host_run_end (task, xm_error_from_helper (error));
    return;
  }
  power->still_here =
      g_timeout_add_seconds (power->service->settings->host_down, on_still_here, power);
  g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

static void
tell_host (GTask *task, gboolean forced)
{
  const XmHostRun *run = g_task_get_task_data (task);
  XmHostPower *power = run->power;
  char **by_force = power->service->settings->commands[XM_COMMAND_POWER_OFF_FORCED];
  char **argv = xm_host_action_command (power->service, run->action);
  g_clear_handle_id (&power->watchdog, g_source_remove);
  power->pending = NULL;
  if (forced && by_force != NULL)
    argv = by_force;
  if (argv == NULL) { /* the key file was read again meanwhile */
    GError *error = NULL;
    xm_host_power_check (power->service, run->action, &error);
    xm_host_run_end (task, error);
    return;
  }
  g_message ("the host goes down: %s", argv[0]);
  xl_runner_run_async (power->service->helpers, (const char *const *)argv, NULL, XL_TIMEOUT_QUICK,
                       NULL, on_told, task);
}

static gboolean
on_watchdog (gpointer user_data)
{
  XmHostPower *power = user_data;
  power->watchdog = 0;
  g_warning ("VMs have had %u s to end: the host goes down all the same",
             power->service->settings->idle_shutdown);
  if (power->pending != NULL)
    tell_host (power->pending, TRUE);
  return G_SOURCE_REMOVE;
}

void
xm_host_power_hurry (XmHostPower *power)
{
  if (power->watchdog == 0)
    power->watchdog =
        g_timeout_add_seconds (power->service->settings->idle_shutdown, on_watchdog, power);
}

static void
on_all_down (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data; /* one reference beside that of the action */
  XmHostPower *power = ((const XmHostRun *)g_task_get_task_data (task))->power;
  GError *error = NULL;
  gboolean down = xm_shutdown_all_finish (result, &error);
  if (power->pending != task) { /* the watchdog was faster */
    g_clear_error (&error);
  } else if (down) {
    tell_host (task, FALSE);
  } else if (power->watchdog == 0) {
    xm_host_run_end (task, error);
  } else {
    g_message ("waiting for the limit of idle-shutdown: %s", error->message);
    g_error_free (error);
  }
}

void
xm_host_go_down (GTask *task)
{
  const XmHostRun *run = g_task_get_task_data (task);
  run->power->pending = task;
  xm_shutdown_all_async (run->power->service, run->action == XM_HOST_SHUTDOWN_FORCED, on_all_down,
                         g_object_ref (task));
}

void
xm_host_go_down_in_time (GTask *task)
{
  const XmHostRun *run = g_task_get_task_data (task);
  xm_host_power_hurry (run->power);
  xm_host_go_down (task);
}

/* -- hibernating ------------------------------------------------------------------- */

static void
on_hibernation_stored (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GError *error = NULL;
  if (xm_store_commit_finish (XM_STORE (source), result, &error))
    xm_host_go_down (user_data); /* those that do not hibernate */
  else
    xm_host_run_end (user_data, error);
}

static void
on_vms_hibernated (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  XmHostRun *run = g_task_get_task_data (task);
  XmStore *store = run->power->service->store;
  GError *error = NULL;
  if (!xm_sleep_all_finish (result, &run->sleepers, &error)) {
    g_clear_error (&error); /* is in the log, with the VM's name */
    xm_error_set (&error, XM_ERROR_HIBERNATE);
  } else if (xm_store_write (store, HIBERNATED, "true", &error)) {
    xm_store_commit_async (store, NULL, on_hibernation_stored, task);
    return;
  }
  xm_host_run_end (task, error);
}

void
xm_host_hibernate (GTask *task)
{
  const XmHostRun *run = g_task_get_task_data (task);
  xm_sleep_all_async (run->power->service, XM_SLEEP_S4, on_vms_hibernated, task);
}
