/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * concurrent-client: many clients set properties at once while the same VMs
 * start and stop, get NICs, and others come and go. No write may be lost, also
 * when the daemon is killed as soon as the last one is answered, and no file may
 * be damaged. Run by test/regress/sim/concurrent.t.
 */
#include "client.h"

#include <jansson.h>
#include <string.h>

#define N_CLIENTS 8
#define N_VMS     4
#define N_ROUNDS  20
#define N_NICS    2 /* that each client adds to each VM */

/* Each client has properties of its own, so that it knows what they must hold. */
static const char *const own[N_CLIENTS][3] = {
  { "description", "vcpus", "hpet" },
  { "cmd-line", "memory-min", "nx" },
  { "boot", "videoram", "pae" },
  { "sync-uuid", "windowed_x", "apic" },
  { "extra-hvm", "windowed_y", "argo" },
  { "crypto-key-dirs", "windowed_w", "vsnd" },
  { "icbinn-path", "windowed_h", "ready" },
  { "run-on-state-change", "time-offset", "hidden-in-ui" },
};
#define CONTESTED "realm" /* which all of them set */

static char *vms[N_VMS];
static int clients_left = N_CLIENTS;
static int problems; /* that were found in threads, where no TAP can be printed */

typedef struct {
  guint number;
  GDBusConnection *connection;
  guint writes;
  char *last[N_VMS][3]; /* what was answered last */
} Client;

static void complain (const char *format, ...) G_GNUC_PRINTF (1, 2);
static void
complain (const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  g_autofree char *text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  if (g_atomic_int_add (&problems, 1) < 20)
    client_diag ("%s", text);
}

static GDBusConnection *
connect_anew (void)
{
  g_autoptr (GError) error = NULL;
  GDBusConnection *connection =
      g_dbus_connection_new_for_address_sync (g_getenv ("DBUS_SYSTEM_BUS_ADDRESS"),
                                              G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                                  G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                              NULL, NULL, &error);
  if (connection == NULL)
    g_error ("no system bus: %s", error->message);
  return connection;
}

static GVariant *
call (GDBusConnection *connection,
      const char *path,
      const char *interface,
      const char *method,
      GVariant *parameters)
{
  g_autoptr (GError) error = NULL;
  GVariant *answer =
      g_dbus_connection_call_sync (connection, XENMGR, path, interface, method, parameters, NULL,
                                   G_DBUS_CALL_FLAGS_NONE, 120 * 1000, NULL, &error);
  if (answer == NULL)
    complain ("%s on %s: %s", method, path, error->message);
  return answer;
}

static void
run_call (GDBusConnection *connection, const char *path, const char *method)
{
  G_GNUC_UNUSED g_autoptr (GVariant) answer = call (connection, path, VM, method, NULL);
}

#define PROPERTIES "org.freedesktop.DBus.Properties"

static void
set (GDBusConnection *connection, const char *path, const char *property, GVariant *value)
{
  G_GNUC_UNUSED g_autoptr (GVariant) answer =
      call (connection, path, PROPERTIES, "Set", g_variant_new ("(ssv)", VM, property, value));
}

static char *
get (GDBusConnection *connection, const char *path, const char *property)
{
  g_autoptr (GVariant) answer =
      call (connection, path, PROPERTIES, "Get", g_variant_new ("(ss)", VM, property));
  g_autoptr (GVariant) value = NULL;
  if (answer == NULL)
    return NULL;
  g_variant_get (answer, "(v)", &value);
  return g_variant_print (value, FALSE);
}

/* -- those who set ----------------------------------------------------------------- */

static GVariant *
next_value (guint client, guint sort, guint round)
{
  switch (sort) {
  case 0:
    return g_variant_new_take_string (
        g_strdup_printf ("%u of client %u, 'with' \"quotes\" ü", round, client));
  case 1:
    return g_variant_new_int32 ((gint32)(client * 1000 + round + 1));
  default:
    return g_variant_new_boolean (round % 2 == 0);
  }
}

static void
set_one (Client *client, guint vm, guint sort, guint round)
{
  const char *property = own[client->number][sort];
  g_autoptr (GVariant) value = g_variant_ref_sink (next_value (client->number, sort, round));
  set (client->connection, vms[vm], property, value);
  g_free (client->last[vm][sort]);
  client->last[vm][sort] = g_variant_print (value, FALSE);
  client->writes++;
  g_autofree char *read = get (client->connection, vms[vm], property);
  if (g_strcmp0 (read, client->last[vm][sort]) != 0)
    complain ("%s of %s is %s, just set to %s", property, vms[vm], read, client->last[vm][sort]);
}

static gpointer
run_client (gpointer data)
{
  Client *client = data;
  for (guint round = 0; round < N_ROUNDS; round++) {
    for (guint vm = 0; vm < N_VMS; vm++) {
      for (guint sort = 0; sort < 3; sort++)
        set_one (client, vm, sort, round);
      set (client->connection, vms[vm], CONTESTED, next_value (client->number, 0, round));
      client->writes++;
      if (round < N_NICS)
        run_call (client->connection, vms[vm], "add_nic");
    }
  }
  g_atomic_int_add (&clients_left, -1);
  return NULL;
}

/* -- those who disturb ------------------------------------------------------------- */

static gpointer
run_life (gpointer data)
{
  const char *vm = data;
  g_autoptr (GDBusConnection) connection = connect_anew ();
  static const char *const lives[][4] = {
    { "start", "destroy", NULL },
    { "start", "pause", "unpause", "shutdown" },
    { "start", "shutdown", NULL },
  };
  guint n = 0;
  do {
    for (guint i = 0; i < 4 && lives[n % 3][i] != NULL; i++)
      run_call (connection, vm, lives[n % 3][i]);
    n++;
  } while (g_atomic_int_get (&clients_left) > 0 || n < 3);
  g_dbus_connection_close_sync (connection, NULL, NULL);
  return GUINT_TO_POINTER (n);
}

static gpointer
run_comings (gpointer data)
{
  g_autoptr (GDBusConnection) connection = connect_anew ();
  guint n = 0;
  do {
    g_autoptr (GVariant) answer = call (connection, "/", XENMGR, "create_vm_with_template",
                                        g_variant_new ("(s)", "new-vm-empty"));
    if (answer == NULL)
      break;
    const char *path;
    g_variant_get (answer, "(&o)", &path);
    set (connection, path, "description", g_variant_new_string ("short-lived"));
    run_call (connection, path, "add_disk");
    run_call (connection, path, "delete");
    n++;
  } while (g_atomic_int_get (&clients_left) > 0);
  g_dbus_connection_close_sync (connection, NULL, NULL);
  return GUINT_TO_POINTER (n);
}

/* -- the test ---------------------------------------------------------------------- */

static void
make_vms (void)
{
  for (guint i = 0; i < N_VMS; i++) {
    g_autofree char *name = g_strdup_printf ("concurrent %u", i);
    vms[i] = client_new_vm ("new-vm-pv");
    client_set (vms[i], VM, "name", g_variant_new_string (name), NULL);
    client_set (vms[i], VM, "kernel", g_variant_new_string (g_getenv ("XM_GUEST_KERNEL")), NULL);
    client_set (vms[i], VM, "memory", g_variant_new_int32 (64), NULL);
  }
}

static void
check_values (const Client *clients, const char *when)
{
  guint wrong = 0;
  for (guint i = 0; i < N_CLIENTS; i++) {
    for (guint vm = 0; vm < N_VMS; vm++) {
      for (guint sort = 0; sort < 3; sort++) {
        g_autofree char *read = get (client_connect (), vms[vm], own[i][sort]);
        if (g_strcmp0 (read, clients[i].last[vm][sort]) == 0)
          continue;
        client_diag ("%s of %s is %s, not %s", own[i][sort], vms[vm], read,
                     clients[i].last[vm][sort]);
        wrong++;
      }
    }
  }
  client_ok (wrong == 0, "%u values are what was set last, %s", N_CLIENTS * N_VMS * 3, when);
}

static void
check_contested (const char *when)
{
  guint wrong = 0;
  for (guint vm = 0; vm < N_VMS; vm++) {
    g_autofree char *read = client_get_text (vms[vm], VM, CONTESTED);
    g_autofree char *last = g_strdup_printf ("%u of client ", N_ROUNDS - 1);
    if (!g_str_has_prefix (read, last)) {
      client_diag ("%s: %s", vms[vm], read);
      wrong++;
    }
  }
  client_ok (wrong == 0, "the contested one is what one client set last, %s", when);
}

static void
check_nics (const char *when)
{
  guint wrong = 0;
  for (guint vm = 0; vm < N_VMS; vm++) {
    g_autoptr (GVariant) answer = client_must_call (vms[vm], VM, "list_nics", NULL);
    g_autoptr (GVariant) paths = g_variant_get_child_value (answer, 0);
    wrong += g_variant_n_children (paths) != N_CLIENTS * N_NICS;
  }
  client_ok (wrong == 0, "each VM has %u NICs, %s", N_CLIENTS * N_NICS, when);
}

/* Every file of the store by itself. */
static void
check_files (const char *folder, guint *files, guint *damaged)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
    g_autofree char *path = g_build_filename (folder, name, NULL);
    if (g_file_test (path, G_FILE_TEST_IS_DIR)) {
      check_files (path, files, damaged);
      continue;
    }
    json_error_t error;
    json_auto_t *json = json_load_file (path, JSON_DECODE_ANY, &error);
    (*files)++;
    if (json == NULL) {
      client_diag ("%s: %s", path, error.text);
      (*damaged)++;
    }
  }
}

static void
simhost_daemon (const char *word)
{
  const char *argv[] = { "simhost-daemon", word, NULL };
  g_autoptr (GError) error = NULL;
  int status;
  if (!g_spawn_sync (NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL,
                     NULL, NULL, NULL, NULL, &status, &error) ||
      !g_spawn_check_wait_status (status, &error))
    g_error ("simhost-daemon %s: %s", word, error->message);
}

int
main (void)
{
  Client clients[N_CLIENTS] = { 0 };
  GThread *threads[N_CLIENTS], *lives[N_VMS];
  make_vms ();
  for (guint i = 0; i < N_CLIENTS; i++) {
    clients[i].number = i;
    clients[i].connection = connect_anew ();
    threads[i] = g_thread_new ("client", run_client, &clients[i]);
  }
  for (guint i = 0; i < N_VMS; i++)
    lives[i] = g_thread_new ("life", run_life, vms[i]);
  GThread *comings = g_thread_new ("comings", run_comings, NULL);

  guint writes = 0, n_lives = 0;
  for (guint i = 0; i < N_CLIENTS; i++) {
    g_thread_join (threads[i]);
    writes += clients[i].writes;
  }
  guint n_comings = GPOINTER_TO_UINT (g_thread_join (comings));
  for (guint i = 0; i < N_VMS; i++)
    n_lives += GPOINTER_TO_UINT (g_thread_join (lives[i]));
  check_values (clients, "before");
  /* What it has answered must be on disk by then. */
  for (guint i = 0; i < N_CLIENTS * N_VMS * 3; i++)
    set_one (&clients[i % N_CLIENTS], i / 3 % N_VMS, i % 3, N_ROUNDS);
  simhost_daemon ("kill");
  client_diag ("%u writes by %u clients, %u lives of domains, %u VMs that came and went", writes,
               N_CLIENTS, n_lives, n_comings);
  client_ok (g_atomic_int_get (&problems) == 0, "every call was answered and every read right");
  client_ok (n_lives >= 3 * N_VMS && n_comings > 0, "there was life meanwhile");

  guint files = 0, damaged = 0;
  g_autofree char *store = g_build_filename (g_getenv ("XM_SIM_DIR"), "state", NULL);
  check_files (store, &files, &damaged);
  client_ok (files >= N_VMS && damaged == 0, "%u files of the store are whole", files);

  simhost_daemon ("start");
  check_values (clients, "after the daemon was killed");
  check_contested ("after the daemon was killed");
  check_nics ("after the daemon was killed");
  for (guint i = 0; i < N_VMS; i++) {
    g_variant_unref (client_must_call (vms[i], VM, "delete", NULL));
    g_free (vms[i]);
  }
  for (guint i = 0; i < N_CLIENTS; i++) {
    g_dbus_connection_close_sync (clients[i].connection, NULL, NULL);
    g_object_unref (clients[i].connection);
    for (guint k = 0; k < N_VMS * 3; k++)
      g_free (clients[i].last[k / 3][k % 3]);
  }
  return client_done ();
}
