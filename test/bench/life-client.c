/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * life-client: what the service adds to xl. Operations through the service and
 * the bare xl commands that they run, in turn; and the time from a domain's
 * death to vm_state_changed, against one `xl list -v`. On a simulated host xl
 * is far quicker than on a real one, so that the ratios are the worst there are.
 */
#include <gio/gio.h>
#include <glib-unix.h>
#include <stdio.h>
#include <stdlib.h>
#include <xenstore.h>

#include "vms.h"

#define ROUNDS    30
#define LIMIT_US  (20 * G_USEC_PER_SEC)
#define SIGNAL_US 10000 /* that a signal may take beyond a look */

static struct xs_handle *store;
static gint64 told_at, died_at;

static void
on_told (const char *uuid, const char *state, gpointer user_data)
{
  if (told_at == 0)
    told_at = g_get_monotonic_time ();
}

static gboolean
on_store (int fd, GIOCondition condition, gpointer user_data)
{
  unsigned n;
  free (xs_read_watch (store, &n));
  if (died_at == 0)
    died_at = g_get_monotonic_time ();
  return G_SOURCE_CONTINUE;
}

static int
compare (gconstpointer a, gconstpointer b)
{
  double first = *(const double *)a, second = *(const double *)b;
  return first < second ? -1 : first > second;
}

static double
median (double *values)
{
  qsort (values, ROUNDS, sizeof *values, compare);
  return values[ROUNDS / 2];
}

static double
timed (TestVm *vm, Action action)
{
  g_autofree char *error = NULL;
  gint64 started = g_get_monotonic_time ();
  if (!test_vm_act (vm, action, &error))
    g_error ("%s: %s", model_action_name (action), error);
  return (double)(g_get_monotonic_time () - started) / 1000;
}

static void
take_domid (TestVm *vm)
{
  g_autoptr (GPtrArray) domains = host_list ();
  const HostDomain *domain = test_vm_domain (vm, domains);
  vm->model.domid = domain != NULL ? domain->domid : -1;
}

static void
become (const TestVm *vm, const char *state)
{
  gint64 limit = g_get_monotonic_time () + LIMIT_US;
  for (;;) {
    g_autofree char *now = host_get (vm->path, "state");
    if (g_str_equal (now, state))
      return;
    if (g_get_monotonic_time () > limit)
      g_error ("the VM is %s", now);
    host_dispatch_until (g_get_monotonic_time () + 2000);
  }
}

/* What the service runs for a start; its own xl.cfg is longer than the admin's, so it is used. */
static double
bare_start (TestVm *vm)
{
  g_autofree char *config = host_file ("run/%s.cfg", vm->uuid);
  gint64 started = g_get_monotonic_time ();
  if (host_run ("xl", "create", "-e", "-p", config, NULL) != 0 ||
      host_run ("xl", "unpause", vm->name, NULL) != 0)
    g_error ("xl does not create the domain");
  return (double)(g_get_monotonic_time () - started) / 1000;
}

int
main (void)
{
  static const struct {
    Action service, xl;
  } pairs[] = {
    { ACTION_START, ACTION_START }, /* its commands: bare_start() */
    { ACTION_PAUSE, ACTION_XL_PAUSE },
    { ACTION_UNPAUSE, ACTION_XL_UNPAUSE },
    { ACTION_DESTROY, ACTION_XL_DESTROY },
  };
  double by_service[G_N_ELEMENTS (pairs)][ROUNDS], by_xl[G_N_ELEMENTS (pairs)][ROUNDS];
  double latency[ROUNDS], look[ROUNDS];
  host_connect (on_told, NULL);
  store = xs_open (0);
  if (store == NULL || !xs_watch (store, "@releaseDomain", "died"))
    g_error ("no xenstored");
  g_unix_fd_add (xs_fileno (store), G_IO_IN, on_store, NULL);
  TestVm *vm = test_vm_new (0);
  timed (vm, ACTION_START); /* writes the xl.cfg */
  timed (vm, ACTION_DESTROY);

  for (int round = 0; round < ROUNDS; round++) {
    for (gsize i = 0; i < G_N_ELEMENTS (pairs); i++)
      by_service[i][round] = timed (vm, pairs[i].service);
    for (gsize i = 0; i < G_N_ELEMENTS (pairs); i++) {
      by_xl[i][round] = i == 0 ? bare_start (vm) : timed (vm, pairs[i].xl);
      if (i == 0)
        take_domid (vm);
    }
    become (vm, "stopped");

    timed (vm, ACTION_START);
    take_domid (vm);
    gint64 started = g_get_monotonic_time ();
    g_ptr_array_unref (host_list ());
    look[round] = (double)(g_get_monotonic_time () - started) / 1000;
    host_dispatch ();
    told_at = died_at = 0;
    timed (vm, ACTION_GUEST_POWEROFF);
    gint64 limit = g_get_monotonic_time () + LIMIT_US;
    while (told_at == 0 || died_at == 0) {
      if (g_get_monotonic_time () > limit)
        g_error ("nobody told of the end");
      host_dispatch_until (limit);
    }
    latency[round] = (double)(told_at - died_at) / 1000;
    become (vm, "stopped");
  }

  printf ("%-28s %10s %10s %7s\n", "ms, median", "service", "bare xl", "ratio");
  for (gsize i = 0; i < G_N_ELEMENTS (pairs); i++) {
    double service = median (by_service[i]), xl = median (by_xl[i]);
    printf ("%-28s %10.1f %10.1f %7.2f\n", model_action_name (pairs[i].service), service, xl,
            service / xl);
  }
  double told = median (latency), one = median (look);
  printf ("%-28s %10.1f %10.1f %7.2f\n", "death to vm_state_changed", told, one, told / one);
  printf ("%-6s  told of a death within one xl list -v and %d ms\n",
          told <= one + SIGNAL_US / 1000.0 ? "met" : "MISSED", SIGNAL_US / 1000);
  test_vm_free (vm);
  xs_close (store);
  return 0;
}
