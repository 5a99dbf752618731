/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/network-daemon.h"

#include "shim/error.h"
#include "shim/nic-backend.h"
#include "shim/vm.h"

#define NAME   "com.citrix.xenclient.networkdaemon"
#define NOTIFY NAME ".notify"

struct _XmNetworkDaemon {
  XmService *service; /* NULL once freed; calls under way hold the rest */
  GDBusConnection *connection;
  GCancellable *cancellable;
  guint watch, subscription;
  gboolean looked; /* whether the bus has said who owns the name */
  gboolean present;
  gboolean complained;
  guint call, poll, ready; /* milliseconds */
  GHashTable *backends;    /* network -> uuid */
};

static void
daemon_clear (gpointer data)
{
  XmNetworkDaemon *daemon = data;
  g_hash_table_unref (daemon->backends);
  g_object_unref (daemon->cancellable);
  g_object_unref (daemon->connection);
}

static void
daemon_unref (gpointer daemon)
{
  g_rc_box_release_full (daemon, daemon_clear);
}

/* @error: (transfer full) */
static void
complain (XmNetworkDaemon *daemon, GError *error)
{
  gboolean normal = g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED) ||
                    g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN) ||
                    g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_NAME_HAS_NO_OWNER);
  if (!daemon->complained && !normal) {
    g_warning (NAME " is taken for absent: %s", error->message);
    daemon->complained = TRUE;
  }
  g_error_free (error);
}

static void
call (XmNetworkDaemon *daemon,
      const char *method,
      GVariant *parameters,
      const char *reply,
      GAsyncReadyCallback callback,
      gpointer user_data)
{
  g_dbus_connection_call (daemon->connection, NAME, "/", NAME, method, parameters,
                          G_VARIANT_TYPE (reply), G_DBUS_CALL_FLAGS_NO_AUTO_START,
                          (gint)daemon->call, daemon->cancellable, callback, user_data);
}

/* -- asking who serves the networks ------------------------------------------------ */

/** Refresh: the data of one refresh's task. */
typedef struct {
  XmNetworkDaemon *daemon;
  GHashTable *answers; /* network -> uuid */
  gint64 deadline;     /* until when the daemon may get ready, monotonic time */
  guint pending;       /* calls */
} Refresh;

/** Question: one call of get_network_backend. */
typedef struct {
  GTask *task;
  char *network;
} Question;

static void
refresh_free (gpointer data)
{
  Refresh *refresh = data;
  g_hash_table_unref (refresh->answers);
  daemon_unref (refresh->daemon);
  g_free (refresh);
}

/* Ends @task, and with it the reference to the daemon. */
static void
take_answers (GTask *task)
{
  Refresh *refresh = g_task_get_task_data (task);
  XmNetworkDaemon *daemon = refresh->daemon;
  if (!g_task_return_error_if_cancelled (task)) {
    g_hash_table_unref (daemon->backends);
    daemon->backends = g_hash_table_ref (refresh->answers);
    g_task_return_boolean (task, TRUE);
  }
  g_object_unref (task);
}

static void
on_backend (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Question *question = user_data;
  GTask *task = question->task;
  Refresh *refresh = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer =
      g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
  if (answer != NULL) {
    const char *uuid;
    g_variant_get (answer, "(&s)", &uuid);
    if (xm_uuid_is_valid (uuid)) /* it says "" for none */
      g_hash_table_insert (refresh->answers, g_strdup (question->network), g_strdup (uuid));
  } else {
    g_debug ("backend of %s: %s", question->network, error->message);
  }
  g_free (question->network);
  g_free (question);
  if (--refresh->pending == 0)
    take_answers (task);
}

static void
ask_for_backends (GTask *task)
{
  Refresh *refresh = g_task_get_task_data (task);
  XmNetworkDaemon *daemon = refresh->daemon;
  g_autoptr (GHashTable) networks = xm_nic_networks_in_use (daemon->service);
  GHashTableIter iter;
  gpointer network;
  g_hash_table_iter_init (&iter, networks);
  while (g_hash_table_iter_next (&iter, &network, NULL)) {
    Question *question = g_new (Question, 1);
    *question = (Question){ task, g_strdup (network) };
    refresh->pending++;
    call (daemon, "get_network_backend", g_variant_new ("(s)", network), "(s)", on_backend,
          question);
  }
  if (refresh->pending == 0)
    take_answers (task);
}

static void ask_whether_ready (GTask *task);

static gboolean
on_poll (gpointer user_data)
{
  ask_whether_ready (user_data);
  return G_SOURCE_REMOVE;
}

static void
on_ready (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Refresh *refresh = g_task_get_task_data (task);
  XmNetworkDaemon *daemon = refresh->daemon;
  GError *error = NULL;
  gboolean ready = FALSE;
  g_autoptr (GVariant) answer =
      g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
  if (answer == NULL) {
    complain (daemon, error);
    take_answers (task);
    return;
  }
  g_variant_get (answer, "(b)", &ready);
  if (daemon->service == NULL) {
    take_answers (task);
  } else if (ready) {
    daemon->complained = FALSE;
    ask_for_backends (task);
  } else if (g_get_monotonic_time () < refresh->deadline) {
    g_timeout_add (daemon->poll, on_poll, task);
  } else {
    xm_error_set (&error, XM_ERROR_NETWORK_DAEMON);
    g_task_return_error (task, error);
    g_object_unref (task);
  }
}

static void
ask_whether_ready (GTask *task)
{
  Refresh *refresh = g_task_get_task_data (task);
  XmNetworkDaemon *daemon = refresh->daemon;
  gboolean absent = daemon->looked && !daemon->present;
  if (absent || daemon->service == NULL ||
      g_cancellable_is_cancelled (g_task_get_cancellable (task)))
    take_answers (task);
  else
    call (daemon, "is_initialized", NULL, "(b)", on_ready, task);
}

void
xm_network_daemon_refresh_async (XmNetworkDaemon *daemon,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);
  Refresh *refresh = g_new0 (Refresh, 1);
  refresh->daemon = g_rc_box_acquire (daemon);
  refresh->answers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  refresh->deadline = g_get_monotonic_time () + (gint64)daemon->ready * 1000;
  g_task_set_source_tag (task, xm_network_daemon_refresh_async);
  g_task_set_task_data (task, refresh, refresh_free);
  ask_whether_ready (task);
}

gboolean
xm_network_daemon_refresh_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

const char *
xm_network_daemon_backend (const XmNetworkDaemon *daemon, const char *network)
{
  return g_hash_table_lookup (daemon->backends, network);
}

/* -- following it ------------------------------------------------------------------ */

static void
on_followed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  if (!xm_network_daemon_refresh_finish (result, &error))
    g_debug ("%s", error->message);
}

static void
on_appeared (GDBusConnection *connection, const char *name, const char *owner, gpointer user_data)
{
  XmNetworkDaemon *daemon = user_data;
  daemon->looked = daemon->present = TRUE;
  xm_network_daemon_refresh_async (daemon, NULL, on_followed, NULL);
}

static void
on_vanished (GDBusConnection *connection, const char *name, gpointer user_data)
{
  XmNetworkDaemon *daemon = user_data;
  daemon->looked = TRUE;
  daemon->present = daemon->complained = FALSE;
  g_hash_table_remove_all (daemon->backends);
}

/* Networks come, go and change their state. */
static void
on_notify (GDBusConnection *connection,
           const char *sender,
           const char *path,
           const char *interface,
           const char *member,
           GVariant *parameters,
           gpointer user_data)
{
  XmNetworkDaemon *daemon = user_data;
  if (daemon->present)
    xm_network_daemon_refresh_async (daemon, NULL, on_followed, NULL);
}

gboolean
xm_network_daemon_is_present (const XmNetworkDaemon *daemon)
{
  return daemon->present;
}

/* -- moving ------------------------------------------------------------------------ */

static void
on_moved (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  g_autoptr (GVariant) answer =
      g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
  if (answer != NULL) {
    g_task_return_boolean (task, TRUE);
    return;
  }
  if (g_dbus_error_is_remote_error (error)) { /* the original shows it with its name, uncoded */
    g_autoptr (GError) remote = g_steal_pointer (&error);
    g_autofree char *name = g_dbus_error_get_remote_error (remote);
    g_dbus_error_strip_remote_error (remote);
    xm_error_set_plain (&error, "%s: %s", name, remote->message);
  }
  g_task_return_error (task, error);
}

void
xm_network_daemon_move_async (XmNetworkDaemon *daemon,
                              const char *interface,
                              const char *network,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  GTask *task = g_task_new (NULL, NULL, callback, user_data);
  g_task_set_source_tag (task, xm_network_daemon_move_async);
  call (daemon, "move_to_network", g_variant_new ("(ss)", interface, network), "()", on_moved,
        task);
}

gboolean
xm_network_daemon_move_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* -- whether a NIC is connected ---------------------------------------------------- */

static void
on_connected (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer =
      g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
  gboolean connected = TRUE;
  if (answer != NULL)
    g_variant_get (answer, "(b)", &connected);
  else
    g_debug ("vif_connected: %s", error->message);
  g_task_return_boolean (task, connected);
}

void
xm_network_daemon_connected_async (XmNetworkDaemon *daemon,
                                   const char *interface,
                                   int domid,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data)
{
  GTask *task = g_task_new (NULL, NULL, callback, user_data);
  g_task_set_source_tag (task, xm_network_daemon_connected_async);
  if (daemon->looked && !daemon->present) {
    g_task_return_boolean (task, TRUE);
    g_object_unref (task);
    return;
  }
  call (daemon, "vif_connected", g_variant_new ("(si)", interface, domid), "(b)", on_connected,
        task);
}

gboolean
xm_network_daemon_connected_finish (GAsyncResult *result)
{
  return g_task_propagate_boolean (G_TASK (result), NULL);
}

/* -- making and freeing ------------------------------------------------------------ */

XmNetworkDaemon *
xm_network_daemon_new (XmService *service)
{
  XmNetworkDaemon *daemon = g_rc_box_new0 (XmNetworkDaemon);
  daemon->service = service;
  daemon->connection = g_object_ref (service->connection);
  daemon->cancellable = g_cancellable_new ();
  daemon->backends = g_hash_table_new (g_str_hash, g_str_equal);
  xm_network_daemon_set_times (daemon, 5000, 1000, 30000);
  if (!(g_dbus_connection_get_flags (daemon->connection) &
        G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION)) {
    daemon->looked = TRUE; /* nobody else is there */
    return daemon;
  }
  daemon->watch =
      g_bus_watch_name_on_connection (daemon->connection, NAME, G_BUS_NAME_WATCHER_FLAGS_NONE,
                                      on_appeared, on_vanished, daemon, NULL);
  daemon->subscription =
      g_dbus_connection_signal_subscribe (daemon->connection, NAME, NOTIFY, NULL, NULL, NULL,
                                          G_DBUS_SIGNAL_FLAGS_NONE, on_notify, daemon, NULL);
  return daemon;
}

void
xm_network_daemon_set_times (XmNetworkDaemon *daemon, guint call_limit, guint poll, guint ready)
{
  daemon->call = call_limit;
  daemon->poll = poll;
  daemon->ready = ready;
}

void
xm_network_daemon_free (XmNetworkDaemon *daemon)
{
  if (daemon->watch != 0) {
    g_bus_unwatch_name (daemon->watch);
    g_dbus_connection_signal_unsubscribe (daemon->connection, daemon->subscription);
  }
  g_cancellable_cancel (daemon->cancellable);
  daemon->service = NULL;
  daemon_unref (daemon);
}
