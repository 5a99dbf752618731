/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kill-client [N [SEED]]: some VMs start, stop, reboot, are saved and resumed; now and then the
 * daemon is killed, N times, at an instant that nobody has chosen, and started
 * again. Afterwards the service's picture is Xen's: no VM has two domains, none
 * is half built, none that ran without a call under way has another domain. Run
 * by test/regress/sim/kills.t.
 */
#include "recovered.h"

#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define N_VMS      3
#define MAX_PAUSE  120 /* ms between the calls and the kill */
#define CALM_EVERY 4   /* of so many VMs one is left alone */

static char *vms[N_VMS];
static int before[N_VMS];      /* domid of a VM that is left alone; 0 for others */
static gint64 answered[N_VMS]; /* calls under way */
static guint n_done, n_failed; /* calls; the latter: also those that a kill has cut off */
static GRand *rand_source;

static const struct {
  const char *method;
  gboolean on_file;
} calls[] = { { "start", FALSE },          { "start", FALSE },          { "start", FALSE },
              { "reboot", FALSE },         { "destroy", FALSE },        { "shutdown", FALSE },
              { "suspend_to_file", TRUE }, { "resume_from_file", TRUE } };

static void
make_vms (void)
{
  g_autofree char *folder = g_build_filename (g_getenv ("XM_SIM_DIR"), "images", NULL);
  g_mkdir_with_parents (folder, 0700);
  for (guint i = 0; i < N_VMS; i++) {
    g_autofree char *name = g_strdup_printf ("killed%u", i);
    vms[i] = client_new_vm ("new-vm-pv");
    client_set (vms[i], VM, "name", g_variant_new_string (name), NULL);
    client_set (vms[i], VM, "kernel", g_variant_new_string (g_getenv ("XM_GUEST_KERNEL")), NULL);
    client_set (vms[i], VM, "memory", g_variant_new_int32 (64), NULL);
  }
}

static void
on_answer (GObject *source, GAsyncResult *result, gpointer user_data)
{
  gint64 *pending = user_data;
  g_autoptr (GVariant) answer =
      g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, NULL);
  (*pending)--; /* whatever it is */
  if (answer != NULL)
    n_done++;
  else
    n_failed++;
}

/* (transfer full): the file that a VM is saved to */
static char *
save_file (guint vm)
{
  g_autofree char *name = g_strdup_printf ("killed%u", vm);
  return g_build_filename (g_getenv ("XM_SIM_DIR"), "images", name, NULL);
}

static void
call (guint vm)
{
  gint32 which = g_rand_int_range (rand_source, 0, G_N_ELEMENTS (calls));
  g_autofree char *file = save_file (vm);
  GVariant *parameters = calls[which].on_file ? g_variant_new ("(s)", file) : NULL;
  answered[vm]++;
  g_dbus_connection_call (client_connect (), XENMGR, vms[vm], VM, calls[which].method, parameters,
                          NULL, G_DBUS_CALL_FLAGS_NO_AUTO_START, 60 * 1000, NULL, on_answer,
                          &answered[vm]);
}

static void
spin (guint ms)
{
  gint64 end = g_get_monotonic_time () + (gint64)ms * 1000;
  while (g_get_monotonic_time () < end) {
    g_main_context_iteration (NULL, FALSE);
    g_usleep (500);
  }
}

static gboolean
is_calm (void)
{
  for (guint i = 0; i < N_VMS; i++)
    if (answered[i] > 0)
      return FALSE;
  return TRUE;
}

/* Returns: number of VMs of which something is wrong. */
static guint
check (guint round)
{
  guint wrong = 0;
  for (guint i = 0; i < N_VMS; i++) {
    g_autofree char *why = vm_settles (vms[i]);
    g_autofree char *left = saves_left (vms[i], "images");
    int domid = vm_domid (vms[i]);
    if (why != NULL)
      client_diag ("kill %u, VM %u: %s", round, i, why);
    else if (left != NULL)
      client_diag ("kill %u, VM %u: of a save %s is left", round, i, left);
    else if (before[i] > 0 && domid != before[i])
      client_diag ("kill %u, VM %u was left alone and had domain %d, now %d", round, i, before[i],
                   domid);
    else
      continue;
    wrong++;
  }
  g_autoptr (GArray) domains = xen_domains ();
  if (domains->len > N_VMS) {
    client_diag ("kill %u: there are %u domains", round, domains->len);
    wrong++;
  }
  return wrong;
}

static guint
kill_once (guint round)
{
  for (guint i = 0; i < N_VMS; i++) {
    int domid = vm_domid (vms[i]);
    gboolean alone = domid > 0 && g_rand_int_range (rand_source, 0, CALM_EVERY) == 0;
    before[i] = alone ? domid : 0;
    if (alone)
      continue;
    call (i);
    if (g_rand_boolean (rand_source))
      call (i);
  }
  spin ((guint)g_rand_int_range (rand_source, 0, MAX_PAUSE));
  if (!daemon_control ("kill"))
    client_diag ("kill %u: the daemon was dead already", round);
  while (!is_calm ())
    g_main_context_iteration (NULL, TRUE);
  if (!daemon_control ("start")) {
    client_diag ("kill %u: the daemon does not start again", round);
    exit (client_done () + 1);
  }
  return check (round);
}

int
main (int argc, char **argv)
{
  guint n = argc > 1 ? (guint)atoi (argv[1]) : 20, wrong = 0;
  guint32 seed = argc > 2 ? (guint32)strtoul (argv[2], NULL, 10) : 1;
  rand_source = g_rand_new_with_seed (seed);
  client_diag ("%u kills, seed %u", n, seed);
  g_setenv ("SIMHOST_SAVE_MS", "60", TRUE);
  make_vms ();
  for (guint i = 1; i <= n && wrong < 10; i++)
    wrong += kill_once (i);
  client_diag ("%u calls were done, %u failed or were cut off", n_done, n_failed);
  client_ok (wrong == 0, "after each of %u kills the service's picture is Xen's", n);
  for (guint i = 0; i < N_VMS; i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (GVariant) destroyed = client_call (vms[i], VM, "destroy", NULL, &error);
    g_autoptr (GVariant) started =
        destroyed != NULL ? client_call (vms[i], VM, "start", NULL, &error) : NULL;
    g_autofree char *why = started != NULL ? vm_settles (vms[i]) : g_strdup (error->message);
    client_ok (why == NULL, "VM %u starts", i);
    if (why != NULL)
      client_diag ("%s", why);
    g_variant_unref (client_must_call (vms[i], VM, "destroy", NULL));
    g_variant_unref (client_must_call (vms[i], VM, "delete", NULL));
    g_free (vms[i]);
  }
  for (guint i = 0; i < N_VMS; i++) {
    g_autofree char *file = save_file (i);
    unlink (file);
  }
  g_autofree char *saves = folder_left ("images");
  client_is (saves, "", "no file is left where VMs were saved");
  g_autofree char *left = folder_left ("run");
  client_is (left, "autostarted", "nothing is left in the run directory");
  g_rand_free (rand_source);
  return client_done ();
}
