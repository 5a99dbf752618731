/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sleep: VMs sleep, then the host, until its clocks tell that it is back. */
#include <time.h>

#include "shim/error.h"
#include "shim/host-power-private.h"
#include "shim/peers.h"
#include "shim/read-file.h"

#define INPUT          "com.citrix.xenclient.input"
#define SURFMAN        "com.citrix.xenclient.surfman"
#define SLEEP_STATES   "/sys/power/state"
#define STATES_MAX     4096
#define LOOK_MS        500
#define SLEPT_AT_LEAST (50 * 1000) /* µs: more than two clocks read one after the other differ */

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
  const XmHostRun *run = g_task_get_task_data (task);
  gboolean slept = time_asleep () - run->slept > SLEPT_AT_LEAST;
  if (!slept && g_get_monotonic_time () < run->deadline)
    return G_SOURCE_CONTINUE;
  if (slept)
    g_message ("the host is awake again");
  else
    g_warning ("the host has not slept, as far as its clocks tell");
  xm_host_run_end (task, NULL);
  return G_SOURCE_REMOVE;
}

static void
on_suspended (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  XmHostRun *run = g_task_get_task_data (task);
  guint limit = run->power->service->settings->host_suspend;
  GError *error = NULL;
  g_autoptr (XlOutput) output = xl_runner_run_finish (XL_RUNNER (source), result, &error);
  if (output == NULL) {
    xm_host_run_end (task, xm_error_from_helper (error));
  } else if (limit == 0) {
    xm_host_run_end (task, NULL);
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
  XmHostRun *run = g_task_get_task_data (task);
  XmService *service = run->power->service;
  GError *error = NULL;
  char **argv;
  if (service == NULL) {
    g_object_unref (task);
    return;
  }
  if (!xm_host_power_check (service, run->action, &error)) {
    xm_host_run_end (task, error);
    return;
  }
  argv = xm_host_action_command (service, run->action);
  g_message ("the host sleeps: %s", argv[0]);
  run->slept = time_asleep ();
  xl_runner_run_async (service->helpers, (const char *const *)argv, NULL, XL_TIMEOUT_BUILD, NULL,
                       on_suspended, task);
}

static void
on_vms_asleep (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  XmHostRun *run = g_task_get_task_data (task);
  GError *error = NULL;
  gboolean asleep = xm_sleep_all_finish (result, &run->sleepers, &error);
  if (run->sleeper != NULL)
    xm_sleepers_add (run->sleepers, run->sleeper);
  if (!asleep) {
    xm_host_run_end (task, error);
    return;
  }
  run->surfman_told = TRUE;
  xm_peers_call (run->power->service->peers, SURFMAN, "pre_s3", NULL, suspend, task);
}

void
xm_host_tell_of_end_of_sleep (const XmHostRun *run)
{
  if (run->surfman_told)
    xm_peers_call (run->power->service->peers, SURFMAN, "post_s3", NULL, NULL, NULL);
}

gboolean
xm_host_can_sleep (const XmService *service, GError **error)
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

void
xm_host_sleep (GTask *task)
{
  const XmHostRun *run = g_task_get_task_data (task);
  XmService *service = run->power->service;
  xm_peers_call (service->peers, INPUT, "lock", g_variant_new ("(b)", TRUE), NULL, NULL);
  xm_sleep_all_async (service, XM_SLEEP_S3, on_vms_asleep, task);
}
