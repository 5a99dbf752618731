/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib-unix.h>
#include <locale.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <systemd/sd-daemon.h>

#include "shim/autostart.h"
#include "shim/bus-limit.h"
#include "shim/pciback.h"
#include "shim/host-reference.h"
#include "shim/journal.h"
#include "shim/property-reference.h"
#include "shim/service.h"
#include "shim/shutdown-all.h"
#include "shim/watchdog.h"

#include "xenmgr-xl-config.h"

static const char *const bus_names[] = { "com.citrix.xenclient.db", "com.citrix.xenclient.xenmgr" };

/* What malloc may keep at the top of the heap after a burst of calls; setting it also keeps it from
 * growing. */
#define TRIM_THRESHOLD (128 * 1024)

/* When there is none: a bus without systemd starts us with an empty environment. xl is in sbin. */
#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* How long another process may keep one of our names. */
#define PATIENCE_SECONDS 5

/** Daemon: main()'s own state: from the options to the end. */
typedef struct {
  GMainLoop *loop;
  XmService *service;
  GDBusConnection *connection;
  guint owner_ids[G_N_ELEMENTS (bus_names)];
  guint n_owned;
  const char *contested; /* a name that another process had when we asked for it */
  guint patience;        /* timer: how long it may take to leave */
  gboolean ending;
  int status;
} Daemon;

static void
end (Daemon *daemon, int status)
{
  if (daemon->ending)
    return;
  daemon->ending = TRUE;
  daemon->status = status;
  g_main_loop_quit (daemon->loop);
}

static gboolean
on_terminate (gpointer user_data)
{
  sd_notify (0, "STOPPING=1");
  end (user_data, EXIT_SUCCESS);
  return G_SOURCE_CONTINUE;
}

static void
on_all_down (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  if (!xm_shutdown_all_finish (result, &error))
    g_warning ("not all VMs are off: %s", error->message);
  end (user_data, EXIT_SUCCESS);
}

static gboolean
on_shut_down_all (gpointer user_data)
{
  Daemon *daemon = user_data;
  if (!xm_shutdown_all_is_on (daemon->service))
    xm_shutdown_all_async (daemon->service, FALSE, on_all_down, daemon);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_hangup (gpointer user_data)
{
  Daemon *daemon = user_data;
  sd_notify (0, "RELOADING=1");
  xm_service_reload (daemon->service);
  sd_notify (0, "READY=1");
  return G_SOURCE_CONTINUE;
}

static void
on_closed (GDBusConnection *connection, gboolean remote, GError *error, gpointer user_data)
{
  g_critical ("the bus has closed the connection: %s",
              error != NULL ? error->message : "no reason given");
  end (user_data, EXIT_FAILURE);
}

static gboolean
is_ready (const Daemon *daemon)
{
  return daemon->n_owned == G_N_ELEMENTS (bus_names);
}

static void
on_name_acquired (GDBusConnection *connection, const char *name, gpointer user_data)
{
  Daemon *daemon = user_data;
  daemon->n_owned++;
  if (!is_ready (daemon))
    return;
  g_clear_handle_id (&daemon->patience, g_source_remove);
  g_message ("ready: %u VMs", g_hash_table_size (daemon->service->vms));
  sd_notify (0, "READY=1");
  xm_autostart_begin (daemon->service->autostart);
}

static gboolean
on_patience_over (gpointer user_data)
{
  Daemon *daemon = user_data;
  daemon->patience = 0;
  g_critical ("cannot own %s on the bus: another process does, or the bus policy forbids it",
              daemon->contested);
  end (daemon, EXIT_FAILURE);
  return G_SOURCE_REMOVE;
}

/* After a crash the bus may see the predecessor's end later than we start: its names come to us
 * then. */
static void
on_name_lost (GDBusConnection *connection, const char *name, gpointer user_data)
{
  Daemon *daemon = user_data;
  if (connection == NULL || is_ready (daemon)) {
    g_critical ("the bus has taken %s away", name);
    end (daemon, EXIT_FAILURE);
  } else if (daemon->patience == 0) {
    daemon->contested = name;
    daemon->patience = g_timeout_add_seconds (PATIENCE_SECONDS, on_patience_over, daemon);
  }
}

/* States are right before the names are taken; without an answer from xl they are what they can be.
 */
static void
on_first_picture (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Daemon *daemon = user_data;
  g_autoptr (GError) error = NULL;
  xm_domains_refresh_finish (XM_DOMAINS (source), result, NULL); /* a failure is logged there */
  if (daemon->ending)
    return;
  if (!xm_service_export (daemon->service, daemon->connection, &error)) {
    g_critical ("cannot export the objects: %s", error->message);
    end (daemon, EXIT_FAILURE);
    return;
  }
  xm_pciback_reserve (daemon->service, NULL, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (bus_names); i++)
    daemon->owner_ids[i] =
        g_bus_own_name_on_connection (daemon->connection, bus_names[i], G_BUS_NAME_OWNER_FLAGS_NONE,
                                      on_name_acquired, on_name_lost, daemon, NULL);
}

static GDBusConnection *
connect_bus (const char *bus, GError **error)
{
  g_autofree char *address = NULL;
  if (g_str_equal (bus, "system"))
    address = g_dbus_address_get_for_bus_sync (G_BUS_TYPE_SYSTEM, NULL, error);
  else if (g_str_equal (bus, "session"))
    address = g_dbus_address_get_for_bus_sync (G_BUS_TYPE_SESSION, NULL, error);
  else
    address = g_strdup (bus);
  if (address == NULL)
    return NULL;
  return g_dbus_connection_new_for_address_sync (address,
                                                 G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                                     G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                                 NULL, NULL, error);
}

static void
run (Daemon *daemon)
{
  guint sources[] = { g_unix_signal_add (SIGTERM, on_terminate, daemon),
                      g_unix_signal_add (SIGINT, on_terminate, daemon),
                      g_unix_signal_add (SIGHUP, on_hangup, daemon),
                      g_unix_signal_add (SIGUSR2, on_shut_down_all, daemon) };
  g_signal_connect (daemon->connection, "closed", G_CALLBACK (on_closed), daemon);
  xm_toolstack_find_async (daemon->service->toolstack, NULL, NULL, NULL);
  xm_domains_refresh_async (daemon->service->domains, NULL, on_first_picture, daemon);
  g_main_loop_run (daemon->loop);

  for (gsize i = 0; i < G_N_ELEMENTS (sources); i++)
    g_source_remove (sources[i]);
  g_clear_handle_id (&daemon->patience, g_source_remove);
  for (gsize i = 0; i < G_N_ELEMENTS (bus_names); i++)
    g_clear_handle_id (&daemon->owner_ids[i], g_bus_unown_name);
  g_signal_handlers_disconnect_by_data (daemon->connection, daemon);
}

int
main (int argc, char **argv)
{
  setlocale (LC_ALL, "");
  g_setenv ("PATH", DEFAULT_PATH, FALSE);
  /* GDBus's worker allocates each message and this thread frees it: one arena serves both with less
   * memory. */
  mallopt (M_ARENA_MAX, 1);
  mallopt (M_TRIM_THRESHOLD, TRIM_THRESHOLD);
  signal (SIGPIPE, SIG_IGN); /* a xenstored that goes away is an error, not our end */
  g_autoptr (GError) error = NULL;
  g_autoptr (XmSettings) settings = xm_settings_new (&argc, &argv, &error);
  if (settings == NULL) {
    g_printerr ("xenmgr-xl: %s\n", error->message);
    return EXIT_FAILURE;
  }
  if (settings->print_version) {
    g_print ("xenmgr-xl %s\n", XM_VERSION);
    return EXIT_SUCCESS;
  }
  if (settings->list_properties) {
    g_autofree char *reference = xm_property_reference ();
    g_print ("%s", reference);
    return EXIT_SUCCESS;
  }
  if (settings->list_host_config) {
    g_autofree char *reference = xm_host_reference ();
    g_print ("%s", reference);
    return EXIT_SUCCESS;
  }
  if (settings->debug)
    g_log_set_debug_enabled (TRUE);
  g_log_writer_default_set_use_stderr (TRUE);
  g_log_set_writer_func (xm_journal_write, NULL, NULL);
  guint watchdog = xm_watchdog_start (); /* before GDBus has threads */

  Daemon daemon = { .status = EXIT_SUCCESS };
  daemon.connection = connect_bus (settings->bus, &error);
  if (daemon.connection == NULL) {
    g_printerr ("xenmgr-xl: cannot connect to bus %s: %s\n", settings->bus, error->message);
    return EXIT_FAILURE;
  }
  xm_bus_limit (daemon.connection);
  daemon.service = xm_service_new (g_steal_pointer (&settings), &error);
  if (daemon.service == NULL) {
    g_printerr ("xenmgr-xl: %s\n", error->message);
    g_object_unref (daemon.connection);
    return EXIT_FAILURE;
  }

  daemon.loop = g_main_loop_new (NULL, FALSE);
  run (&daemon);
  if (watchdog != 0)
    g_source_remove (watchdog);
  xm_service_free (daemon.service);
  g_dbus_connection_flush_sync (daemon.connection, NULL, NULL);
  g_object_unref (daemon.connection);
  g_main_loop_unref (daemon.loop);
  return daemon.status;
}
