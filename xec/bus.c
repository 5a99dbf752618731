/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xec/bus.h"

#include "xec/error.h"
#include "xec/format.h"
#include "xec/remote.h"

/*
 * dbus-daemon lets a connection to the system bus have 128 calls unanswered
 * (max_replies_per_connection); one more is refused.
 */
#define MAX_IN_FLIGHT 100

/* GDBus takes this as "no limit", as the original has none. */
#define NO_TIMEOUT G_MAXINT

GDBusConnection *
xec_bus_connect (const XecOptions *options, GError **error)
{
  const char *domid = xec_options_argument (options, XEC_OPTION_TARGET_DOMID, "");

  if (g_ascii_isdigit (*domid)) {
    g_set_error (error, XEC_ERROR, XEC_ERROR_LOCAL,
                 "cannot reach the bus of domain %s: built without an Argo transport for D-Bus",
                 domid);
    return NULL;
  }

  if (options->given[XEC_OPTION_HOST])
    return xec_remote_connect (options->arguments[XEC_OPTION_HOST][0], error);

  gboolean session = options->given[XEC_OPTION_SESSION];
  g_autoptr (GError) reason = NULL;
  GDBusConnection *connection =
      g_bus_get_sync (session ? G_BUS_TYPE_SESSION : G_BUS_TYPE_SYSTEM, NULL, &reason);
  if (connection == NULL) {
    g_set_error (error, XEC_ERROR, XEC_ERROR_LOCAL, "cannot connect to the %s bus: %s",
                 session ? "session" : "system", reason->message);
    return NULL;
  }
  g_dbus_connection_set_exit_on_close (connection, FALSE);
  return connection;
}

/* GDBus treats a malformed name as a programming error, and dbus-daemon hangs up. */
static GDBusMessage *
new_call (const char *service,
          const char *object,
          const char *interface,
          const char *member,
          GVariant *arguments,
          GError **error)
{
  const char *what = NULL;
  const char *name = NULL;
  g_autoptr (GVariant) body = arguments != NULL ? g_variant_ref_sink (arguments) : NULL;

  if (!g_dbus_is_name (service)) {
    what = "service name";
    name = service;
  } else if (!g_variant_is_object_path (object)) {
    what = "object path";
    name = object;
  } else if (!g_dbus_is_interface_name (interface)) {
    what = "interface name";
    name = interface;
  } else if (!g_dbus_is_member_name (member)) {
    what = "method name";
    name = member;
  }
  if (what != NULL) {
    g_set_error (error, XEC_ERROR, XEC_ERROR_LOCAL, "'%s' is not a valid %s", name, what);
    return NULL;
  }

  GDBusMessage *call = g_dbus_message_new_method_call (service, object, interface, member);
  if (body != NULL)
    g_dbus_message_set_body (call, body);
  return call;
}

/* The original shows all values of an error reply, not only the usual one text. */
static void
set_remote_error (GError **error, GDBusMessage *reply)
{
  GVariant *body = g_dbus_message_get_body (reply);
  g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);

  for (gsize i = 0; body != NULL && i < g_variant_n_children (body); i++) {
    g_autoptr (GVariant) value = g_variant_get_child_value (body, i);
    g_ptr_array_add (texts, xec_format_value (value));
  }
  g_ptr_array_add (texts, NULL);
  g_autofree char *text = g_strjoinv (", ", (char **)texts->pdata);
  g_set_error (error, XEC_ERROR, XEC_ERROR_REMOTE, "%s: %s", g_dbus_message_get_error_name (reply),
               text);
}

/* Tells results, error reply and lost bus apart; takes over both arguments. */
static GVariant *
take_results (GDBusMessage *answer, GError *failure, GError **error)
{
  g_autoptr (GDBusMessage) reply = answer;
  g_autoptr (GError) reason = failure;

  if (reply == NULL) {
    g_set_error (error, XEC_ERROR, XEC_ERROR_LOCAL, "no answer from the bus: %s", reason->message);
    return NULL;
  }
  if (g_dbus_message_get_message_type (reply) == G_DBUS_MESSAGE_TYPE_ERROR) {
    set_remote_error (error, reply);
    return NULL;
  }
  GVariant *body = g_dbus_message_get_body (reply);
  return body != NULL ? g_variant_ref (body) : g_variant_ref_sink (g_variant_new ("()"));
}

static void
on_answered (GObject *source, GAsyncResult *result, gpointer data)
{
  *(GAsyncResult **)data = g_object_ref (result);
}

GVariant *
xec_bus_call (GDBusConnection *connection,
              const char *service,
              const char *object,
              const char *interface,
              const char *member,
              GVariant *arguments,
              GError **error)
{
  g_autoptr (GDBusMessage) call = new_call (service, object, interface, member, arguments, error);
  g_autoptr (GAsyncResult) result = NULL;
  GError *reason = NULL;

  if (call == NULL)
    return NULL;
  g_dbus_connection_send_message_with_reply (connection, call, G_DBUS_SEND_MESSAGE_FLAGS_NONE,
                                             NO_TIMEOUT, NULL, NULL, on_answered, &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  GDBusMessage *reply =
      g_dbus_connection_send_message_with_reply_finish (connection, result, &reason);
  return take_results (reply, reason, error);
}

static GVariant *
new_get_arguments (const char *interface, const char *property, GError **error)
{
  if (g_utf8_validate (interface, -1, NULL) && g_utf8_validate (property, -1, NULL))
    return g_variant_new ("(ss)", interface, property);
  g_set_error_literal (error, XEC_ERROR, XEC_ERROR_LOCAL, "a property name is not UTF-8 text");
  return NULL;
}

/* Some services answer Get with the bare value; the original takes that, too. */
static GVariant *
take_single_value (GVariant *answer, GError **error)
{
  g_autoptr (GVariant) results = answer;

  if (results == NULL)
    return NULL;
  if (g_variant_n_children (results) != 1) {
    g_set_error_literal (error, XEC_ERROR, XEC_ERROR_LOCAL, "Get did not answer with one value");
    return NULL;
  }
  g_autoptr (GVariant) value = g_variant_get_child_value (results, 0);
  return g_variant_is_of_type (value, G_VARIANT_TYPE_VARIANT) ? g_variant_get_variant (value)
                                                              : g_steal_pointer (&value);
}

GVariant *
xec_bus_get (GDBusConnection *connection,
             const char *service,
             const char *object,
             const char *interface,
             const char *property,
             GError **error)
{
  GVariant *arguments = new_get_arguments (interface, property, error);

  if (arguments == NULL)
    return NULL;
  return take_single_value (
      xec_bus_call (connection, service, object, XEC_PROPERTIES, "Get", arguments, error), error);
}

/* One run of xec_bus_get_many: each answer sends the next question. */
typedef struct {
  GDBusConnection *connection;
  const char *service;
  const char *interface;
  XecGot *gets;
  gsize n_gets;
  gsize n_sent;
  gsize n_answered;
  gsize in_flight;
} GetRun;

typedef struct {
  GetRun *run;
  XecGot *get;
} PendingGet;

static void fill_window (GetRun *run);

static void
got_reply (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autofree PendingGet *pending = data;
  GetRun *run = pending->run;
  XecGot *get = pending->get;
  GError *reason = NULL;
  GDBusMessage *reply =
      g_dbus_connection_send_message_with_reply_finish (run->connection, result, &reason);

  get->value = take_single_value (take_results (reply, reason, &get->error), &get->error);
  run->in_flight--;
  run->n_answered++;
  fill_window (run);
}

static void
fill_window (GetRun *run)
{
  while (run->n_sent < run->n_gets && run->in_flight < MAX_IN_FLIGHT) {
    XecGot *get = &run->gets[run->n_sent++];
    g_autoptr (GDBusMessage) call =
        new_call (run->service, get->object, XEC_PROPERTIES, "Get",
                  g_variant_new ("(ss)", run->interface, get->property), &get->error);
    if (call == NULL) {
      run->n_answered++;
      continue;
    }
    PendingGet *pending = g_new (PendingGet, 1);
    *pending = (PendingGet){ .run = run, .get = get };
    run->in_flight++;
    g_dbus_connection_send_message_with_reply (run->connection, call,
                                               G_DBUS_SEND_MESSAGE_FLAGS_NONE, NO_TIMEOUT, NULL,
                                               NULL, got_reply, pending);
  }
}

void
xec_bus_get_many (GDBusConnection *connection,
                  const char *service,
                  const char *interface,
                  XecGot *gets,
                  gsize n_gets)
{
  GetRun run = {
    .connection = connection,
    .service = service,
    .interface = interface,
    .gets = gets,
    .n_gets = n_gets,
  };

  fill_window (&run);
  while (run.n_answered < run.n_gets)
    g_main_context_iteration (NULL, TRUE);
}

gboolean
xec_bus_is_gone (const GError *error)
{
  static const char *const names[] = {
    "org.freedesktop.DBus.Error.UnknownObject: ",
    /* GDBus says this of a path that nothing is registered at. */
    "org.freedesktop.DBus.Error.UnknownMethod: ",
    "org.freedesktop.DBus.Error.UnknownInterface: ",
  };

  if (!g_error_matches (error, XEC_ERROR, XEC_ERROR_REMOTE))
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    if (g_str_has_prefix (error->message, names[i]))
      return TRUE;
  return FALSE;
}
