/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * life-client: what the service adds to xl. Operations through the service and
 * the bare xl commands that they run, in turn; and the time from a domain's
 * death to vm_state_changed, against one `xl list -v`. On a simulated host xl
 * is far quicker than on a real one, so that the ratios are the worst there are; on
 * real Xen --log has the operations held against the time in which, by the service's
 * debug log, xl was at work.
 */
#include <gio/gio.h>
#include <glib-unix.h>
#include <stdio.h>
#include <stdlib.h>
#include <xenstore.h>

#include "vms.h"
#include "xl-time.h"

#define LIMIT_US  (20 * G_USEC_PER_SEC)
#define SIGNAL_US 10000 /* that a signal may take beyond a look */
#define OVERHEAD  1.05  /* of an operation on real Xen, against the xl commands in it */

static int rounds = 30;
static char *service_log;
static const GOptionEntry entries[] = {
  { "rounds", 0, 0, G_OPTION_ARG_INT, &rounds, "How often all is done (default 30)", "N" },
  { "log", 0, 0, G_OPTION_ARG_FILENAME, &service_log, "Real Xen: what the service logs", "FILE" },
  { 0 },
};

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
  qsort (values, (gsize)rounds, sizeof *values, compare);
  return values[rounds / 2];
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
  g_autoptr (GPtrArray) domains = host_list_by_xl ();
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

/* From the end of a domain to the signal, in ms; *@look: what a look at it takes. */
static double
time_death (TestVm *vm, double *look)
{
  timed (vm, ACTION_START);
  take_domid (vm);
  gint64 started = g_get_monotonic_time ();
  g_ptr_array_unref (host_list_by_xl ());
  *look = (double)(g_get_monotonic_time () - started) / 1000;
  host_dispatch ();
  told_at = died_at = 0;
  timed (vm, ACTION_GUEST_POWEROFF);
  gint64 limit = g_get_monotonic_time () + LIMIT_US;
  while (told_at == 0 || died_at == 0) {
    if (g_get_monotonic_time () > limit)
      g_error ("nobody told of the end");
    host_dispatch_until (limit);
  }
  become (vm, "stopped");
  return (double)(told_at - died_at) / 1000;
}

static void
compare_deaths (TestVm *vm)
{
  g_autofree double *latency = g_new (double, rounds), *look = g_new (double, rounds);
  for (int round = 0; round < rounds; round++)
    latency[round] = time_death (vm, &look[round]);
  double told = median (latency), one = median (look);
  printf ("%-28s %10.1f %10.1f %7.2f\n", "death to vm_state_changed", told, one, told / one);
  printf ("%-6s  told of a death within one xl list -v and %d ms\n",
          told <= one + SIGNAL_US / 1000.0 ? "met" : "MISSED", SIGNAL_US / 1000);
}

static const struct {
  Action service, xl;
} pairs[] = {
  { ACTION_START, ACTION_START }, /* its commands: bare_start() */
  { ACTION_PAUSE, ACTION_XL_PAUSE },
  { ACTION_UNPAUSE, ACTION_XL_UNPAUSE },
  { ACTION_DESTROY, ACTION_XL_DESTROY },
};

static void
compare_to_bare_xl (TestVm *vm)
{
  double *by_service[G_N_ELEMENTS (pairs)], *by_xl[G_N_ELEMENTS (pairs)];
  for (gsize i = 0; i < G_N_ELEMENTS (pairs); i++) {
    by_service[i] = g_new (double, rounds);
    by_xl[i] = g_new (double, rounds);
  }
  for (int round = 0; round < rounds; round++) {
    for (gsize i = 0; i < G_N_ELEMENTS (pairs); i++)
      by_service[i][round] = timed (vm, pairs[i].service);
    for (gsize i = 0; i < G_N_ELEMENTS (pairs); i++) {
      by_xl[i][round] = i == 0 ? bare_start (vm) : timed (vm, pairs[i].xl);
      if (i == 0)
        take_domid (vm);
    }
    become (vm, "stopped");
  }

  printf ("%-28s %10s %10s %7s\n", "ms, median", "service", "bare xl", "ratio");
  for (gsize i = 0; i < G_N_ELEMENTS (pairs); i++) {
    double service = median (by_service[i]), xl = median (by_xl[i]);
    printf ("%-28s %10.1f %10.1f %7.2f\n", model_action_name (pairs[i].service), service, xl,
            service / xl);
    g_free (by_service[i]);
    g_free (by_xl[i]);
  }
}

/* When a call left for the bus and its answer came, as of xl_time_now(). What this program adds
 * behind that is no part of the service. GDBus calls on_message() in a thread of its own. */
static double left, came;

static GDBusMessage *
on_message (GDBusConnection *connection, GDBusMessage *message, gboolean incoming, gpointer data)
{
  GDBusMessageType type = g_dbus_message_get_message_type (message);
  if (incoming && type == G_DBUS_MESSAGE_TYPE_METHOD_RETURN)
    came = xl_time_now ();
  else if (!incoming && type == G_DBUS_MESSAGE_TYPE_METHOD_CALL)
    left = xl_time_now ();
  return message;
}

static void
watch_messages (void)
{
  g_autoptr (GDBusConnection) shared = g_bus_get_sync (G_BUS_TYPE_SYSTEM, NULL, NULL);
  g_dbus_connection_add_filter (shared, on_message, NULL, NULL);
}

/* Returns: whether the service added no more than it may to the commands that it ran. */
static gboolean
compare_to_own_xl (TestVm *vm)
{
  double *total[G_N_ELEMENTS (pairs)], *in_xl[G_N_ELEMENTS (pairs)];
  for (gsize i = 0; i < G_N_ELEMENTS (pairs); i++) {
    total[i] = g_new (double, rounds);
    in_xl[i] = g_new (double, rounds);
  }
  for (int round = 0; round < rounds; round++)
    for (gsize i = 0; i < G_N_ELEMENTS (pairs); i++) {
      /* What follows the answer of the last operation is no part of this one. */
      g_free (host_get (vm->path, "state"));
      timed (vm, pairs[i].service);
      total[i][round] = came - left;
      in_xl[i][round] = xl_time_covered (service_log, left, came);
    }

  gboolean met = TRUE;
  printf ("%-28s %10s %10s %7s\n", "ms, median", "service", "xl in it", "ratio");
  for (gsize i = 0; i < G_N_ELEMENTS (pairs); i++) {
    double service = median (total[i]), xl = median (in_xl[i]);
    printf ("%-28s %10.1f %10.1f %7.2f\n", model_action_name (pairs[i].service), service, xl,
            service / xl);
    met &= service <= OVERHEAD * xl;
    g_free (total[i]);
    g_free (in_xl[i]);
  }
  printf ("%-6s  no more than %.0f %% by the service\n", met ? "met" : "MISSED",
          (OVERHEAD - 1) * 100);
  return met;
}

int
main (int argc, char **argv)
{
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GError) error = NULL;
  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error) || argc > 1 || rounds < 1) {
    fprintf (stderr, "life-client: %s\n", error != NULL ? error->message : "see --help");
    return 2;
  }
  host_connect (service_log == NULL ? on_told : NULL, NULL); /* as xec, which hears no signals */
  store = xs_open (0);
  if (store == NULL || !xs_watch (store, "@releaseDomain", "died"))
    g_error ("no xenstored");
  g_unix_fd_add (xs_fileno (store), G_IO_IN, on_store, NULL);
  TestVm *vm = test_vm_new (0);
  timed (vm, ACTION_START); /* writes the xl.cfg */
  timed (vm, ACTION_DESTROY);

  gboolean met = TRUE;
  compare_to_bare_xl (vm);
  if (service_log != NULL) {
    watch_messages ();
    met = compare_to_own_xl (vm);
  } else {
    compare_deaths (vm);
  }
  test_vm_free (vm);
  xs_close (store);
  g_free (service_log);
  return met ? 0 : 1;
}
