/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/host-power.h"

#include <time.h>

#include "shim/autostart.h"
#include "shim/error.h"
#include "shim/peers.h"
#include "shim/read-file.h"
#include "shim/shutdown-all.h"
#include "shim/signals.h"
#include "shim/sleep-all.h"

#define INPUT          "com.citrix.xenclient.input"
#define SURFMAN        "com.citrix.xenclient.surfman"
#define HIBERNATED     "/platform/hibernated"
#define SLEEP_STATES   "/sys/power/state"
#define STATES_MAX     4096
#define LOOK_MS        500
#define SLEPT_AT_LEAST (50 * 1000) /* µs: more than two clocks read one after the other differ */

struct _XmHostPower {
  XmService *service; /* NULL: it has ended, and a program still runs */
  XmHostState state;
  GTask *pending;   /* the action whose VMs end; NULL when the host is told, or none */
  guint watchdog;   /* timer: it waits no longer for them */
  guint still_here; /* timer: the host does not go down */
};

static const char *const state_words[] = { "idle", "shutdowning", "rebooting", "sleeping",
                                           "hibernating" };

/* -- actions ----------------------------------------------------------------------- */

static void bring_down (GTask *task);
static void bring_down_in_time (GTask *task);
static void sleep_host (GTask *task);
static void hibernate (GTask *task);

typedef struct {
  const char *word;
  XmHostState state;
  XmCommand command;
  void (*begin) (GTask *task);
} ActionRow;

static const ActionRow rows[] = {
  [XM_HOST_NOTHING] = { "nothing", XM_HOST_IDLE, XM_COMMAND_NONE, NULL },
  [XM_HOST_SHUTDOWN] = { "shutdown", XM_HOST_SHUTTING_DOWN, XM_COMMAND_POWER_OFF, bring_down },
  [XM_HOST_SHUTDOWN_FORCED] = { "forced-shutdown", XM_HOST_SHUTTING_DOWN, XM_COMMAND_POWER_OFF,
                                bring_down },
  [XM_HOST_SHUTDOWN_IDLE] = { "idle-shutdown", XM_HOST_SHUTTING_DOWN, XM_COMMAND_POWER_OFF,
                              bring_down_in_time },
  [XM_HOST_REBOOT] = { "reboot", XM_HOST_REBOOTING, XM_COMMAND_HOST_REBOOT, bring_down },
  [XM_HOST_SLEEP] = { "sleep", XM_HOST_SLEEPING, XM_COMMAND_HOST_SUSPEND, sleep_host },
  [XM_HOST_HIBERNATE] = { "hibernate", XM_HOST_HIBERNATING, XM_COMMAND_POWER_OFF, hibernate },
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

gboolean
xm_host_power_check (const XmService *service, XmHostAction action, GError **error)
{
  XmCommand command = rows[action].command;
  if (command == XM_COMMAND_NONE || service->settings->commands[command] != NULL)
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
  return state_words[service->host_power->state];
}

static void
set_state (XmHostPower *power, XmHostState state)
{
  if (power->state == state)
    return;
  power->state = state;
  g_message ("the host's state is %s", state_words[state]);
  xm_signal_host (power->service, "state_changed", g_variant_new ("(s)", state_words[state]));
}

static void
become_idle (XmHostPower *power)
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

typedef struct {
  XmHostPower *power;
  XmHostAction action;
  XmVm *sleeper; /* NULL: none */
  XmSleepers *sleepers;
  gint64 slept;    /* µs that the host had slept before */
  gint64 deadline; /* monotonic µs */
  gboolean hibernation_stored;
  gboolean surfman_told; /* that the host sleeps */
  GError *failure;
} Run;

static void
run_free (gpointer data)
{
  Run *run = data;
  g_clear_pointer (&run->sleeper, xm_vm_unref);
  g_clear_pointer (&run->sleepers, xm_sleepers_free);
  g_clear_error (&run->failure);
  g_rc_box_release (run->power);
  g_free (run);
}

static void
forget_hibernation (Run *run)
{
  XmStore *store = run->power->service->store;
  g_autoptr (GError) error = NULL;
  if (!run->hibernation_stored)
    return;
  if (!xm_store_remove (store, HIBERNATED, &error))
    g_warning ("%s: %s", HIBERNATED, error->message);
  xm_store_commit_async (store, NULL, NULL, NULL);
}

static void
on_vms_awake (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Run *run = g_task_get_task_data (task);
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
  Run *run = g_task_get_task_data (task);
  become_idle (run->power); /* first: VMs start now */
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

/* The host stays, or is back. Not at once: the end of a VM that we have asked for may still be told
 * to others, who must not think the host idle. @error: (transfer full) (nullable) */
static void
end (GTask *task, GError *error)
{
  Run *run = g_task_get_task_data (task);
  if (error != NULL)
    forget_hibernation (run);
  if (run->surfman_told)
    xm_peers_call (run->power->service->peers, SURFMAN, "post_s3", NULL, NULL, NULL);
  run->failure = error;
  g_idle_add (on_end, task);
}

/* -- going down -------------------------------------------------------------------- */

static gboolean
on_still_here (gpointer user_data)
{
  XmHostPower *power = user_data;
  power->still_here = 0;
  g_warning ("the host was told to go down and has not: VMs may start again");
  become_idle (power);
  return G_SOURCE_REMOVE;
}

/* From here on the end of the service is what comes next. */
static void
on_told (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  const Run *run = g_task_get_task_data (task);
  XmHostPower *power = run->power;
  GError *error = NULL;
  g_autoptr (XlOutput) output = xl_runner_run_finish (XL_RUNNER (source), result, &error);
  if (power->service == NULL) {
    g_clear_error (&error);
    g_object_unref (task);
    return;
  }
  if (output == NULL) {
    end (task, xm_error_from_helper (error));
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
  const Run *run = g_task_get_task_data (task);
  XmHostPower *power = run->power;
  char ***commands = power->service->settings->commands;
  char **argv = commands[rows[run->action].command];
  g_clear_handle_id (&power->watchdog, g_source_remove);
  power->pending = NULL;
  if (forced && commands[XM_COMMAND_POWER_OFF_FORCED] != NULL)
    argv = commands[XM_COMMAND_POWER_OFF_FORCED];
  if (argv == NULL) { /* the key file was read again meanwhile */
    GError *error = NULL;
    xm_host_power_check (power->service, run->action, &error);
    end (task, error);
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

static void
arm_watchdog (XmHostPower *power)
{
  if (power->watchdog == 0)
    power->watchdog =
        g_timeout_add_seconds (power->service->settings->idle_shutdown, on_watchdog, power);
}

static void
on_all_down (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data; /* one reference beside that of the action */
  XmHostPower *power = ((const Run *)g_task_get_task_data (task))->power;
  GError *error = NULL;
  gboolean down = xm_shutdown_all_finish (result, &error);
  if (power->pending != task) { /* the watchdog was faster */
    g_clear_error (&error);
  } else if (down) {
    tell_host (task, FALSE);
  } else if (power->watchdog == 0) {
    end (task, error);
  } else {
    g_message ("waiting for the limit of idle-shutdown: %s", error->message);
    g_error_free (error);
  }
}

static void
bring_down (GTask *task)
{
  const Run *run = g_task_get_task_data (task);
  run->power->pending = task;
  xm_shutdown_all_async (run->power->service, run->action == XM_HOST_SHUTDOWN_FORCED, on_all_down,
                         g_object_ref (task));
}

static void
bring_down_in_time (GTask *task)
{
  const Run *run = g_task_get_task_data (task);
  arm_watchdog (run->power);
  bring_down (task);
}

/* -- hibernating ------------------------------------------------------------------- */

static void
on_hibernation_stored (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GError *error = NULL;
  if (xm_store_commit_finish (XM_STORE (source), result, &error))
    bring_down (user_data); /* those that do not hibernate */
  else
    end (user_data, error);
}

static void
on_vms_hibernated (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Run *run = g_task_get_task_data (task);
  XmStore *store = run->power->service->store;
  GError *error = NULL;
  if (!xm_sleep_all_finish (result, &run->sleepers, &error)) {
    g_clear_error (&error); /* is in the log, with the VM's name */
    xm_error_set (&error, XM_ERROR_HIBERNATE);
  } else if (xm_store_write (store, HIBERNATED, "true", &error)) {
    run->hibernation_stored = TRUE;
    xm_store_commit_async (store, NULL, on_hibernation_stored, task);
    return;
  }
  end (task, error);
}

static void
hibernate (GTask *task)
{
  const Run *run = g_task_get_task_data (task);
  xm_sleep_all_async (run->power->service, XM_SLEEP_S4, on_vms_hibernated, task);
}

/* -- sleeping ---------------------------------------------------------------------- */

/* µs that the host has slept since its boot. */
static gint64
time_asleep (void)
{
  struct timespec all, awake;
  clock_gettime (CLOCK_BOOTTIME, &all);
  clock_gettime (CLOCK_MONOTONIC, &awake);
  return (gint64)(all.tv_sec - awake.tv_sec) * G_USEC_PER_SEC +
         (all.tv_nsec - awake.tv_nsec) / 1000;
}

/* `systemctl suspend` ends before the host sleeps: its clocks tell when that is over. */
static gboolean
on_look_whether_it_slept (gpointer user_data)
{
  GTask *task = user_data;
  const Run *run = g_task_get_task_data (task);
  gboolean slept = time_asleep () - run->slept > SLEPT_AT_LEAST;
  if (!slept && g_get_monotonic_time () < run->deadline)
    return G_SOURCE_CONTINUE;
  if (slept)
    g_message ("the host is awake again");
  else
    g_warning ("the host has not slept, as far as its clocks tell");
  end (task, NULL);
  return G_SOURCE_REMOVE;
}

static void
on_suspended (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Run *run = g_task_get_task_data (task);
  guint limit = run->power->service->settings->host_suspend;
  GError *error = NULL;
  g_autoptr (XlOutput) output = xl_runner_run_finish (XL_RUNNER (source), result, &error);
  if (output == NULL) {
    end (task, xm_error_from_helper (error));
  } else if (limit == 0) {
    end (task, NULL);
  } else {
    run->deadline = g_get_monotonic_time () + (gint64)limit * G_USEC_PER_SEC;
    g_timeout_add (LOOK_MS, on_look_whether_it_slept, task);
  }
}

/* The guests sleep, and surfman has had its time. */
static void
suspend (gpointer user_data)
{
  GTask *task = user_data;
  Run *run = g_task_get_task_data (task);
  XmService *service = run->power->service;
  GError *error = NULL;
  char **argv;
  if (service == NULL) {
    g_object_unref (task);
    return;
  }
  if (!xm_host_power_check (service, run->action, &error)) {
    end (task, error);
    return;
  }
  argv = service->settings->commands[XM_COMMAND_HOST_SUSPEND];
  g_message ("the host sleeps: %s", argv[0]);
  run->slept = time_asleep ();
  xl_runner_run_async (service->helpers, (const char *const *)argv, NULL, XL_TIMEOUT_BUILD, NULL,
                       on_suspended, task);
}

static void
on_vms_asleep (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Run *run = g_task_get_task_data (task);
  GError *error = NULL;
  gboolean asleep = xm_sleep_all_finish (result, &run->sleepers, &error);
  if (run->sleeper != NULL)
    xm_sleepers_add (run->sleepers, run->sleeper);
  if (!asleep) {
    end (task, error);
    return;
  }
  run->surfman_told = TRUE;
  xm_peers_call (run->power->service->peers, SURFMAN, "pre_s3", NULL, suspend, task);
}

static gboolean
can_sleep (const XmService *service, GError **error)
{
  g_autofree char *path = xm_settings_host_path (service->settings, SLEEP_STATES);
  g_autofree char *text = NULL;
  gsize len;
  if (xm_read_file (path, STATES_MAX, &text, &len) == 0) {
    g_auto (GStrv) words = g_strsplit (g_strchomp (text), " ", -1);
    if (g_strv_contains ((const char *const *)words, "mem"))
      return TRUE;
  }
  xm_error_set_plain (error, "the host cannot sleep: no mem in %s", SLEEP_STATES);
  return FALSE;
}

static void
sleep_host (GTask *task)
{
  const Run *run = g_task_get_task_data (task);
  XmService *service = run->power->service;
  xm_peers_call (service->peers, INPUT, "lock", g_variant_new ("(b)", TRUE), NULL, NULL);
  xm_sleep_all_async (service, XM_SLEEP_S3, on_vms_asleep, task);
}

/* -- beginning --------------------------------------------------------------------- */

/* Whether @action is only a limit to the shutdown in progress. */
static gboolean
hurries (XmHostPower *power, XmHostAction action)
{
  if (action != XM_HOST_SHUTDOWN_IDLE || power->state != XM_HOST_SHUTTING_DOWN ||
      power->pending == NULL)
    return FALSE;
  arm_watchdog (power);
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
  Run *run = g_new0 (Run, 1);
  GError *error = NULL;
  *run = (Run){ .power = g_rc_box_acquire (power),
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
  } else if (action == XM_HOST_SLEEP && !can_sleep (service, &error)) {
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
