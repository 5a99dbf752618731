/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/autostart.h"
#include "shim/error.h"
#include "shim/host-power-private.h"
#include "shim/shutdown-all.h"
#include "shim/signals.h"

#define STATE_NODE "/xenmgr/host-state"

/* What callers are told, and what xenstore says. */
static const struct {
  const char *word, *node;
} states[] = {
  [XM_HOST_IDLE] = { "idle", "idle" },
  [XM_HOST_SHUTTING_DOWN] = { "shutdowning", "shutting-down" },
  [XM_HOST_REBOOTING] = { "rebooting", "rebooting" },
  [XM_HOST_SLEEPING] = { "sleeping", "going-to-sleep" },
  [XM_HOST_HIBERNATING] = { "hibernating", "going-to-hibernate" },
};

/* -- actions ----------------------------------------------------------------------- */

typedef struct {
  const char *word;
  XmHostState state;
  XmCommand command;
  XmHostBegin begin;
} ActionRow;

static const ActionRow rows[] = {
  [XM_HOST_NOTHING] = { "nothing", XM_HOST_IDLE, XM_COMMAND_NONE, NULL },
  [XM_HOST_SHUTDOWN] = { "shutdown", XM_HOST_SHUTTING_DOWN, XM_COMMAND_POWER_OFF, xm_host_go_down },
  [XM_HOST_SHUTDOWN_FORCED] = { "forced-shutdown", XM_HOST_SHUTTING_DOWN, XM_COMMAND_POWER_OFF,
                                xm_host_go_down },
  [XM_HOST_SHUTDOWN_IDLE] = { "idle-shutdown", XM_HOST_SHUTTING_DOWN, XM_COMMAND_POWER_OFF,
                              xm_host_go_down_in_time },
  [XM_HOST_REBOOT] = { "reboot", XM_HOST_REBOOTING, XM_COMMAND_HOST_REBOOT, xm_host_go_down },
  [XM_HOST_SLEEP] = { "sleep", XM_HOST_SLEEPING, XM_COMMAND_HOST_SUSPEND, xm_host_sleep },
  [XM_HOST_HIBERNATE] = { "hibernate", XM_HOST_HIBERNATING, XM_COMMAND_POWER_OFF,
                          xm_host_hibernate },
};

XmHostAction
xm_host_action_from_word (const char *word)
{
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    if (g_str_equal (rows[i].word, word))
      return (XmHostAction)i;
  }
  return XM_HOST_NOTHING;
}

const char *
xm_host_action_word (XmHostAction action)
{
  return rows[action].word;
}

char **
xm_host_action_command (const XmService *service, XmHostAction action)
{
  XmCommand command = rows[action].command;
  return command != XM_COMMAND_NONE ? service->settings->commands[command] : NULL;
}

gboolean
xm_host_power_check (const XmService *service, XmHostAction action, GError **error)
{
  XmCommand command = rows[action].command;
  if (command == XM_COMMAND_NONE || xm_host_action_command (service, action) != NULL)
    return TRUE;
  xm_error_set_plain (error, "%s of the host is switched off: the key file has no %s in [commands]",
                      rows[action].word, xm_settings_command_key (command));
  return FALSE;
}

/* -- the state --------------------------------------------------------------------- */

gboolean
xm_host_power_is_idle (const XmService *service)
{
  return service->host_power->state == XM_HOST_IDLE && !xm_shutdown_all_is_on (service);
}

const char *
xm_host_power_state (const XmService *service)
{
  return states[service->host_power->state].word;
}

static void
on_shown (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  if (!xl_xenstore_apply_finish (XL_XENSTORE (source), result, &error))
    g_message ("xenstore does not show the state of the host: %s", error->message);
}

void
xm_host_power_show (XmService *service)
{
  const XlXenstoreChange change = { STATE_NODE, states[service->host_power->state].node, NULL };
  xl_xenstore_apply_async (service->xenstore, &change, 1, NULL, on_shown, NULL);
}

static void
set_state (XmHostPower *power, XmHostState state)
{
  if (power->state == state)
    return;
  power->state = state;
  g_message ("the host's state is %s", states[state].word);
  xm_host_power_show (power->service);
  xm_bus_object_changed (power->service->host, "state");
  xm_signal_host (power->service, "state_changed", g_variant_new ("(s)", states[state].word));
}

void
xm_host_power_become_idle (XmHostPower *power)
{
  g_clear_handle_id (&power->watchdog, g_source_remove);
  g_clear_handle_id (&power->still_here, g_source_remove);
  power->pending = NULL;
  xm_shutdown_all_take_back (power->service);
  set_state (power, XM_HOST_IDLE);
  if (power->service->autostart != NULL)
    xm_autostart_continue (power->service->autostart);
}

/* -- one action -------------------------------------------------------------------- */

static void
run_free (gpointer data)
{
  XmHostRun *run = data;
  g_clear_pointer (&run->sleeper, xm_vm_unref);
  g_clear_pointer (&run->sleepers, xm_sleepers_free);
  g_clear_error (&run->failure);
  g_rc_box_release (run->power);
  g_free (run);
}

static void
on_vms_awake (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  XmHostRun *run = g_task_get_task_data (task);
  xm_sleepers_wake_finish (result);
  if (run->failure != NULL)
    g_task_return_error (task, g_steal_pointer (&run->failure));
  else
    g_task_return_boolean (task, TRUE);
}

static gboolean
on_end (gpointer user_data)
{
  GTask *task = user_data;
  XmHostRun *run = g_task_get_task_data (task);
  xm_host_power_become_idle (run->power); /* first: VMs start now */
  if (run->sleepers != NULL && run->action == XM_HOST_SLEEP) {
    xm_sleepers_wake_async (g_steal_pointer (&run->sleepers), on_vms_awake, task);
    return G_SOURCE_REMOVE;
  }
  if (run->failure != NULL)
    g_task_return_error (task, g_steal_pointer (&run->failure));
  else
    g_task_return_boolean (task, TRUE);
  g_object_unref (task);
  return G_SOURCE_REMOVE;
}

/* Not at once: the end of a VM that we have asked for may still be told
 * to others, who must not think the host idle. */
void
xm_host_run_end (GTask *task, GError *error)
{
  XmHostRun *run = g_task_get_task_data (task);
  if (error != NULL && run->action == XM_HOST_HIBERNATE)
    xm_host_forget_hibernation (run->power);
  xm_host_tell_of_end_of_sleep (run);
  run->failure = error;
  g_idle_add (on_end, task);
}

/* -- beginning --------------------------------------------------------------------- */

/* Whether @action is only a limit to the shutdown in progress. */
static gboolean
hurries (XmHostPower *power, XmHostAction action)
{
  if (action != XM_HOST_SHUTDOWN_IDLE || power->state != XM_HOST_SHUTTING_DOWN ||
      power->pending == NULL)
    return FALSE;
  xm_host_power_hurry (power);
  return TRUE;
}

void
xm_host_power_run_async (XmService *service,
                         XmHostAction action,
                         XmVm *sleeper,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  GTask *task = g_task_new (NULL, NULL, callback, user_data);
  XmHostPower *power = service->host_power;
  const ActionRow *row = &rows[action];
  XmHostRun *run = g_new0 (XmHostRun, 1);
  GError *error = NULL;
  *run = (XmHostRun){ .power = g_rc_box_acquire (power),
                      .action = action,
                      .sleeper = sleeper != NULL ? xm_vm_ref (sleeper) : NULL };
  g_task_set_source_tag (task, xm_host_power_run_async);
  g_task_set_task_data (task, run, run_free);
  if (!xm_host_power_check (service, action, &error)) {
    g_task_return_error (task, error);
  } else if (!xm_host_power_is_idle (service)) {
    if (!hurries (power, action))
      g_message ("%s of the host is left out: it is not idle", row->word);
    g_task_return_boolean (task, TRUE);
  } else if (action == XM_HOST_SLEEP && !xm_host_can_sleep (service, &error)) {
    g_task_return_error (task, error);
  } else if (row->begin == NULL) {
    g_task_return_boolean (task, TRUE);
  } else {
    set_state (power, row->state);
    row->begin (task);
    return;
  }
  g_object_unref (task);
}

gboolean
xm_host_power_run_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
on_acted (GObject *source, GAsyncResult *result, gpointer user_data)
{
  const char *word = user_data;
  g_autoptr (GError) error = NULL;
  if (!xm_host_power_run_finish (result, &error))
    g_warning ("%s of the host: %s", word, error->message);
}

void
xm_host_power_act (XmService *service, XmHostAction action, XmVm *sleeper, const char *why)
{
  if (action == XM_HOST_NOTHING)
    return;
  g_message ("%s of the host: %s", rows[action].word, why);
  xm_host_power_run_async (service, action, sleeper, on_acted, (gpointer)rows[action].word);
}

XmHostPower *
xm_host_power_new (XmService *service)
{
  XmHostPower *power = g_rc_box_new0 (XmHostPower);
  power->service = service;
  return power;
}

void
xm_host_power_free (XmHostPower *power)
{
  g_clear_handle_id (&power->watchdog, g_source_remove);
  g_clear_handle_id (&power->still_here, g_source_remove);
  power->service = NULL;
  g_rc_box_release (power);
}
