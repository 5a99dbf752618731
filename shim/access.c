/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/access.h"

#include "shim/access-groups.h"

#define PROPERTIES "org.freedesktop.DBus.Properties"

#define POLKIT           "org.freedesktop.PolicyKit1"
#define POLKIT_PATH      "/org/freedesktop/PolicyKit1/Authority"
#define POLKIT_INTERFACE "org.freedesktop.PolicyKit1.Authority"

#define DENIED          "org.freedesktop.DBus.Error.AccessDenied"
#define QUESTION_NEEDED "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired"

#define ALLOW_USER_INTERACTION 1

#define ANSWER_MS   30000
#define QUESTION_MS (10 * 60 * 1000) /* a user may have to be asked for a password */
#define CALLERS_MAX 512              /* whose user is remembered */

/** Caller: a connection to the bus. Its user never changes, nor is its name used again. */
typedef struct {
  gint64 uid;     /* -1: being asked for */
  GQueue waiting; /* Check: until it is known */
} Caller;

struct _XmAccess {
  GDBusConnection *connection;
  GCancellable *ended;
  GHashTable *callers; /* unique name -> Caller */
};

typedef struct {
  XmAccess *access;
  GDBusMethodInvocation *invocation;
  XmAccessGroup group;
  char *what; /* `<interface>.<member>`, or `Set <interface>.<property>` */
  char *sender;
  void (*pass) (gpointer user_data, gboolean allowed);
  gpointer user_data;
} Check;

static void
check_free (Check *check)
{
  g_object_unref (check->invocation);
  g_free (check->what);
  g_free (check->sender);
  g_free (check);
}

static void
caller_free (gpointer data)
{
  Caller *caller = data;
  g_queue_clear_full (&caller->waiting, (GDestroyNotify)check_free);
  g_free (caller);
}

/* -- ends of a check --------------------------------------------------------------- */

/* @check: (transfer full) */
static void
allow (Check *check)
{
  check->pass (check->user_data, TRUE);
  check_free (check);
}

/* @check: (transfer full) */
static void
refuse (Check *check, const char *name, const char *why)
{
  const char *action = xm_access_group_action (check->group);
  g_info ("%s of %s: %s", check->what, check->sender, why);
  g_autofree char *text = g_strdup_printf ("%s needs %s: %s", check->what, action, why);
  g_dbus_method_invocation_return_dbus_error (check->invocation, name, text);
  check->pass (check->user_data, FALSE);
  check_free (check);
}

/* -- polkit ------------------------------------------------------------------------ */

static void
on_authorized (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Check *check = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer =
      g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
    refuse (check, DENIED, "the service ends");
    return;
  }
  if (answer == NULL) {
    g_dbus_error_strip_remote_error (error);
    g_autofree char *why = g_strconcat ("polkit cannot be asked: ", error->message, NULL);
    g_warning ("%s", why);
    refuse (check, DENIED, why);
    return;
  }
  gboolean authorized, challenge;
  g_variant_get (answer, "((bb@a{ss}))", &authorized, &challenge, NULL);
  if (authorized)
    allow (check);
  else if (challenge)
    refuse (check, QUESTION_NEEDED, "polkit would have to ask the user");
  else
    refuse (check, DENIED, "not authorized by polkit");
}

/* @check: (transfer full) */
static void
ask_polkit (Check *check)
{
  GDBusMessage *message = g_dbus_method_invocation_get_message (check->invocation);
  gboolean interactive = (g_dbus_message_get_flags (message) &
                          G_DBUS_MESSAGE_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION) != 0;
  g_auto (GVariantBuilder) subject = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);
  g_auto (GVariantBuilder) details = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a{ss}"));
  g_variant_builder_add (&subject, "{sv}", "name", g_variant_new_string (check->sender));
  g_variant_builder_add (&details, "{ss}", "member", check->what);
  g_variant_builder_add (&details, "{ss}", "object",
                         g_dbus_method_invocation_get_object_path (check->invocation));
  g_dbus_connection_call (
      check->access->connection, POLKIT, POLKIT_PATH, POLKIT_INTERFACE, "CheckAuthorization",
      g_variant_new ("((sa{sv})sa{ss}us)", "system-bus-name", &subject,
                     xm_access_group_action (check->group), &details,
                     interactive ? ALLOW_USER_INTERACTION : 0, ""),
      G_VARIANT_TYPE ("((bba{ss}))"), G_DBUS_CALL_FLAGS_NONE, interactive ? QUESTION_MS : ANSWER_MS,
      check->access->ended, on_authorized, check);
}

/* @check: (transfer full) */
static void
decide (Check *check, gint64 uid)
{
  if (uid == 0)
    allow (check);
  else
    ask_polkit (check);
}

/* -- the caller's user ------------------------------------------------------------- */

typedef struct {
  XmAccess *access;
  char *sender;
} Question;

static void
on_user_known (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Question *question = user_data;
  g_autofree char *sender = question->sender;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer =
      g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
  XmAccess *access = question->access;
  g_free (question);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return; /* and there is no XmAccess */

  Caller *caller = g_hash_table_lookup (access->callers, sender);
  GQueue waiting = caller->waiting;
  g_queue_init (&caller->waiting);
  guint32 uid = G_MAXUINT32;
  if (answer != NULL) {
    g_variant_get (answer, "(u)", &uid);
    caller->uid = uid;
  } else {
    g_hash_table_remove (access->callers, sender); /* it has gone, most likely */
  }
  for (Check *check; (check = g_queue_pop_head (&waiting)) != NULL;) {
    if (answer != NULL)
      decide (check, uid);
    else
      refuse (check, DENIED, "the bus does not tell who asks");
  }
}

static gboolean
is_known (gpointer name, gpointer caller, gpointer user_data)
{
  return ((Caller *)caller)->uid >= 0;
}

static Caller *
ask_for_user (XmAccess *access, const char *sender)
{
  Caller *caller = g_new0 (Caller, 1);
  Question *question = g_new (Question, 1);
  if (g_hash_table_size (access->callers) >= CALLERS_MAX)
    g_hash_table_foreach_remove (access->callers, is_known, NULL);
  caller->uid = -1;
  g_hash_table_insert (access->callers, g_strdup (sender), caller);
  *question = (Question){ access, g_strdup (sender) };
  g_dbus_connection_call (
      access->connection, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
      "GetConnectionUnixUser", g_variant_new ("(s)", sender), G_VARIANT_TYPE ("(u)"),
      G_DBUS_CALL_FLAGS_NONE, ANSWER_MS, access->ended, on_user_known, question);
  return caller;
}

/* -- which group ------------------------------------------------------------------- */

static void
classify (Check *check)
{
  GDBusMethodInvocation *invocation = check->invocation;
  const char *interface = g_dbus_method_invocation_get_interface_name (invocation);
  const char *method = g_dbus_method_invocation_get_method_name (invocation);
  if (!g_str_equal (interface, PROPERTIES)) {
    check->group = xm_access_group_of_method (interface, method, NULL);
    check->what = g_strjoin (".", interface, method, NULL);
    return;
  }
  GVariant *parameters = g_dbus_method_invocation_get_parameters (invocation);
  const char *of = "", *name = "*";
  g_variant_get_child (parameters, 0, "&s", &of);
  if (!g_str_equal (method, "GetAll"))
    g_variant_get_child (parameters, 1, "&s", &name);
  check->group = g_str_equal (method, "Set") ? xm_access_group_of_set (of) : XM_ACCESS_READ;
  check->what = g_strdup_printf ("%s %s.%s", method, of, name);
}

void
xm_access_check (gpointer data,
                 GDBusMethodInvocation *invocation,
                 void (*pass) (gpointer user_data, gboolean allowed),
                 gpointer user_data)
{
  XmAccess *access = data;
  const char *sender = g_dbus_method_invocation_get_sender (invocation);
  Check *check = g_new0 (Check, 1);
  check->access = access;
  check->invocation = g_object_ref (invocation);
  check->sender = g_strdup (sender != NULL ? sender : "");
  check->pass = pass;
  check->user_data = user_data;
  classify (check);
  if (sender == NULL) {
    refuse (check, DENIED, "nobody knows who asks");
    return;
  }
  Caller *caller = g_hash_table_lookup (access->callers, sender);
  if (caller == NULL)
    caller = ask_for_user (access, sender);
  if (caller->uid < 0)
    g_queue_push_tail (&caller->waiting, check);
  else
    decide (check, caller->uid);
}

XmAccess *
xm_access_new (GDBusConnection *connection)
{
  XmAccess *access = g_new0 (XmAccess, 1);
  access->connection = g_object_ref (connection);
  access->ended = g_cancellable_new ();
  access->callers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, caller_free);
  return access;
}

void
xm_access_free (XmAccess *access)
{
  g_cancellable_cancel (access->ended);
  g_object_unref (access->ended);
  g_hash_table_unref (access->callers);
  g_object_unref (access->connection);
  g_free (access);
}
