/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz-bus: calls whatever the running service has on the bus, with whatever
 * arguments. First come the calls of a file, then random ones until there were
 * enough. Every call must be answered, and the service must live; at the end it
 * is started again, and must find the VMs that it had. Run by ./run-bus.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz-value.h"

#define XENMGR         "com.citrix.xenclient.xenmgr"
#define VM             "com.citrix.xenclient.xenmgr.vm"
#define DB             "com.citrix.xenclient.db"
#define PROPERTIES     "org.freedesktop.DBus.Properties"
#define INTROSPECTABLE "org.freedesktop.DBus.Introspectable"

#define WINDOW        64  /* calls in flight, at most; dbus-daemon allows 128 */
#define REFRESH_EVERY 300 /* calls between two looks at the objects */
#define FEWEST_VMS    3
#define MOST_VMS      8
#define N_RECENT      100 /* calls that a failure tells of */
#define PATIENCE      180 /* seconds in which the last calls must be answered */

typedef struct {
  char *path;
  GDBusNodeInfo *node;
} Object;

typedef struct {
  char *path, *interface, *member;
  GVariant *arguments;
  gboolean to_db; /* by the database's name */
} Call;

static GDBusConnection *bus;
static FuzzValues *values;
static GPtrArray *objects; /* of Object */
static GPtrArray *pending; /* of Call: not answered yet */
static Call *recent[N_RECENT];
static guint64 n_calls, n_answers, n_errors;
static gboolean watching = TRUE; /* the service may not leave the bus */

/* -- failures ---------------------------------------------------------------------- */

static Call *
call_ref (Call *call)
{
  return g_rc_box_acquire (call);
}

static void
call_clear (gpointer data)
{
  Call *call = data;
  g_free (call->path);
  g_free (call->interface);
  g_free (call->member);
  g_variant_unref (call->arguments);
}

static void
call_unref (gpointer call)
{
  g_rc_box_release_full (call, call_clear);
}

static void
print_call (const Call *call)
{
  g_autofree char *arguments = g_variant_print (call->arguments, TRUE);
  printf ("%s %s %s %.2000s%s\n", call->path, call->interface, call->member, arguments,
          strlen (arguments) > 2000 ? " ... (cut)" : "");
}

G_NORETURN static void
fail (const char *what)
{
  printf ("FAIL: %s\n# the last calls, the newest at the end:\n", what);
  for (guint64 i = n_calls > N_RECENT ? n_calls - N_RECENT : 0; i < n_calls; i++)
    print_call (recent[i % N_RECENT]);
  printf ("# of these and earlier ones not answered:\n");
  for (guint i = 0; i < pending->len; i++)
    print_call (pending->pdata[i]);
  exit (EXIT_FAILURE);
}

static void
on_name_owner_changed (GDBusConnection *connection,
                       const char *sender,
                       const char *path,
                       const char *interface,
                       const char *member,
                       GVariant *parameters,
                       gpointer user_data)
{
  if (watching)
    fail ("the service has left the bus");
}

static void
on_closed (GDBusConnection *connection, gboolean remote, GError *error, gpointer user_data)
{
  /* Of the bus: it takes no message that breaks the rules, nor do we. */
  fail (error != NULL ? error->message : "the connection was closed");
}

/* -- calls ------------------------------------------------------------------------- */

static void
on_answer (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Call *call = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GDBusMessage) reply =
      g_dbus_connection_send_message_with_reply_finish (bus, result, &error);
  if (reply == NULL && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CLOSED))
    return; /* on_closed() tells why */
  n_answers++;
  if (reply == NULL)
    fail (error->message);
  g_ptr_array_remove (pending, call);
  const char *name = g_dbus_message_get_error_name (reply);
  if (name != NULL) {
    n_errors++;
    if (g_str_equal (name, "org.freedesktop.DBus.Error.NoReply") ||
        g_str_equal (name, "org.freedesktop.DBus.Error.ServiceUnknown"))
      fail (name);
  }
  call_unref (call);
}

static void
send_call (Call *call)
{
  g_autoptr (GDBusMessage) message = g_dbus_message_new_method_call (
      call->to_db ? DB : XENMGR, call->path, call->interface, call->member);
  g_dbus_message_set_body (message, call->arguments);
  Call **slot = &recent[n_calls++ % N_RECENT];
  g_clear_pointer (slot, call_unref);
  *slot = call_ref (call);
  g_ptr_array_add (pending, call_ref (call));
  g_dbus_connection_send_message_with_reply (bus, message, G_DBUS_SEND_MESSAGE_FLAGS_NONE, G_MAXINT,
                                             NULL, NULL, on_answer, call);
}

/* @arguments: (transfer floating) */
static Call *
call_new (const char *path, const char *interface, const char *member, GVariant *arguments)
{
  Call *call = g_rc_box_new0 (Call);
  call->path = g_strdup (path);
  call->interface = g_strdup (interface);
  call->member = g_strdup (member);
  call->arguments = g_variant_ref_sink (arguments);
  call->to_db = g_str_equal (interface, DB) && n_calls % 2 == 0;
  return call;
}

/* What the fuzzer itself needs: an error is none of the fuzzer's business. */
static GVariant *
ask (const char *path, const char *interface, const char *method, GVariant *arguments)
{
  return g_dbus_connection_call_sync (bus, XENMGR, path, interface, method, arguments, NULL,
                                      G_DBUS_CALL_FLAGS_NONE, PATIENCE * 1000, NULL, NULL);
}

static void
ask_in_vain (const char *path, const char *interface, const char *method, GVariant *arguments)
{
  g_clear_pointer (&(GVariant *){ ask (path, interface, method, arguments) }, g_variant_unref);
}

static gboolean
on_patience_over (gpointer user_data)
{
  fail (user_data);
}

static void
wait_until_at_most (guint n)
{
  guint timer = g_timeout_add_seconds (PATIENCE, on_patience_over, "calls are not answered");
  while (pending->len > n)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (timer);
}

/* -- objects ----------------------------------------------------------------------- */

static void
object_free (gpointer data)
{
  Object *object = data;
  g_free (object->path);
  g_dbus_node_info_unref (object->node);
  g_free (object);
}

static void
add_objects (const char *path)
{
  g_autoptr (GVariant) answer = ask (path, INTROSPECTABLE, "Introspect", NULL);
  const char *xml;
  if (answer == NULL)
    return; /* gone in between */
  g_variant_get (answer, "(&s)", &xml);
  GDBusNodeInfo *node = g_dbus_node_info_new_for_xml (xml, NULL);
  if (node == NULL)
    fail ("introspection is no XML");
  Object *object = g_new (Object, 1);
  *object = (Object){ g_strdup (path), node };
  g_ptr_array_add (objects, object);
  g_ptr_array_add (values->paths, g_strdup (path));
  for (GDBusNodeInfo **child = node->nodes; child != NULL && *child != NULL; child++) {
    g_autofree char *below =
        g_strdup_printf ("%s/%s", g_str_equal (path, "/") ? "" : path, (*child)->path);
    add_objects (below);
  }
}

/* The database's interface is not among those of its object, seen by the other name. */
static void
add_database (void)
{
  g_autoptr (GVariant) answer =
      g_dbus_connection_call_sync (bus, DB, "/", INTROSPECTABLE, "Introspect", NULL, NULL,
                                   G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL);
  const char *xml;
  if (answer == NULL)
    fail ("no introspection of the database");
  g_variant_get (answer, "(&s)", &xml);
  Object *object = g_new (Object, 1);
  *object = (Object){ g_strdup ("/"), g_dbus_node_info_new_for_xml (xml, NULL) };
  g_ptr_array_add (objects, object);
}

static GStrv
list_vms (void)
{
  g_autoptr (GVariant) answer = ask ("/", XENMGR, "list_vms", NULL);
  char **paths = NULL;
  if (answer == NULL)
    fail ("list_vms does not answer");
  g_variant_get (answer, "(^ao)", &paths);
  return paths;
}

static char *
uuid_of (const char *path)
{
  return g_strdelimit (g_strdup (path + strlen ("/vm/")), "_", '-');
}

/* Keeps some VMs, but not too many. */
static void
refresh_objects (void)
{
  static const char *const templates[] = { "new-vm", "new-vm-pv", "new-vm-empty" };
  g_auto (GStrv) vms = list_vms ();
  guint n = g_strv_length (vms);
  for (; n < FEWEST_VMS; n++)
    ask_in_vain ("/", XENMGR ".unrestricted", "unrestricted_create_vm_with_template_and_json",
                 g_variant_new ("(ss)", templates[n % G_N_ELEMENTS (templates)], ""));
  for (; n > MOST_VMS; n--) {
    g_autofree char *uuid = uuid_of (vms[n - 1]);
    ask_in_vain (vms[n - 1], VM, "destroy", NULL);
    ask_in_vain ("/", XENMGR ".unrestricted", "unrestricted_delete_vm",
                 g_variant_new ("(s)", uuid));
  }
  g_ptr_array_set_size (objects, 0);
  g_ptr_array_set_size (values->paths, 0);
  add_objects ("/");
  add_database ();
}

/* -- recorded calls ---------------------------------------------------------------- */

static GPtrArray *recorded; /* of Call */

static void
load_calls (const char *file, const char *directory)
{
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) vms = list_vms ();
  g_autofree char *uuid = uuid_of (vms[0]);
  if (!g_file_get_contents (file, &text, NULL, &error))
    g_error ("%s", error->message);
  recorded = g_ptr_array_new_with_free_func (call_unref);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  for (char **line = lines; *line != NULL; line++) {
    g_autoptr (GString) plain = g_string_new (*line);
    if (**line == '\0' || **line == '#')
      continue;
    g_string_replace (plain, "$VM", vms[0], 0);
    g_string_replace (plain, "$UUID", uuid, 0);
    g_string_replace (plain, "$DIR", directory, 0);
    g_auto (GStrv) parts = g_strsplit (plain->str, " ", 4);
    GVariant *arguments =
        g_strv_length (parts) == 4 ? g_variant_parse (NULL, parts[3], NULL, NULL, &error) : NULL;
    if (arguments == NULL)
      g_error ("%s: %s: %s", file, *line, error != NULL ? error->message : "too few words");
    g_ptr_array_add (recorded, call_new (parts[0], parts[1], parts[2], arguments));
    g_variant_unref (arguments);
  }
}

/* -- random calls ------------------------------------------------------------------ */

static GVariant *
random_arguments (GDBusArgInfo **arguments)
{
  g_auto (GVariantBuilder) builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_TUPLE);
  gboolean wrong = fuzz_chance (values, 25);
  for (GDBusArgInfo **arg = arguments; arg != NULL && *arg != NULL; arg++) {
    if (wrong && fuzz_chance (values, 3))
      continue;
    const GVariantType *type =
        wrong && fuzz_chance (values, 2) ? fuzz_type (values) : G_VARIANT_TYPE ((*arg)->signature);
    g_variant_builder_add_value (&builder, fuzz_value (values, type));
  }
  if (wrong)
    g_variant_builder_add_value (&builder, fuzz_value (values, fuzz_type (values)));
  return g_variant_builder_end (&builder);
}

static Call *
random_property_call (const char *path,
                      const GDBusInterfaceInfo *interface,
                      const GDBusPropertyInfo *property)
{
  g_autofree char *odd = fuzz_text (values);
  const char *name = fuzz_chance (values, 40) ? odd : property->name;
  const char *of = fuzz_chance (values, 40) ? odd : interface->name;
  switch (fuzz_below (values, 8)) {
  case 0:
    return call_new (path, PROPERTIES, "GetAll", g_variant_new ("(s)", of));
  case 1:
  case 2:
    return call_new (path, PROPERTIES, "Get", g_variant_new ("(ss)", of, name));
  default: {
    const GVariantType *type =
        fuzz_chance (values, 20) ? fuzz_type (values) : G_VARIANT_TYPE (property->signature);
    return call_new (path, PROPERTIES, "Set",
                     g_variant_new ("(ssv)", of, name, fuzz_value (values, type)));
  }
  }
}

/* A member that is not there, or on another object. */
static Call *
odd_call (void)
{
  static const char *const interfaces[] = {
    XENMGR, VM, DB, PROPERTIES, INTROSPECTABLE, "org.freedesktop.DBus.Peer", "com.example.Nobody"
  };
  static const char *const members[] = { "start",      "Get",  "Set",  "GetAll",
                                         "Introspect", "Ping", "read", "x" };
  static const char *const paths[] = { "/", "/vm", "/host", "/nosuch", "/vm/x/disk/0" };
  return call_new (paths[fuzz_below (values, G_N_ELEMENTS (paths))],
                   interfaces[fuzz_below (values, G_N_ELEMENTS (interfaces))],
                   members[fuzz_below (values, G_N_ELEMENTS (members))],
                   fuzz_value (values, G_VARIANT_TYPE ("(sv)")));
}

static Call *
random_call (void)
{
  if (fuzz_chance (values, 50))
    return odd_call ();
  if (fuzz_chance (values, 50))
    return call_ref (recorded->pdata[fuzz_below (values, recorded->len)]);
  const Object *object = objects->pdata[fuzz_below (values, objects->len)];
  guint n = 0;
  while (object->node->interfaces != NULL && object->node->interfaces[n] != NULL)
    n++;
  if (n == 0)
    return odd_call ();
  const GDBusInterfaceInfo *interface = object->node->interfaces[fuzz_below (values, n)];
  guint n_methods = 0, n_properties = 0;
  while (interface->methods != NULL && interface->methods[n_methods] != NULL)
    n_methods++;
  while (interface->properties != NULL && interface->properties[n_properties] != NULL)
    n_properties++;
  if (n_methods + n_properties == 0)
    return odd_call ();
  if (n_properties > 0 && (n_methods == 0 || fuzz_chance (values, 2)))
    return random_property_call (object->path, interface,
                                 interface->properties[fuzz_below (values, n_properties)]);
  const GDBusMethodInfo *method = interface->methods[fuzz_below (values, n_methods)];
  return call_new (object->path, interface->name, method->name, random_arguments (method->in_args));
}

/* -- the run ----------------------------------------------------------------------- */

/* Helps all that waits to its end: shutdowns for their guests, script_dequeue for a script. */
static void
destroy_all (void)
{
  g_auto (GStrv) vms = list_vms ();
  guint n_waiting = 0;
  for (guint i = 0; i < pending->len; i++)
    n_waiting += g_str_equal (((Call *)pending->pdata[i])->member, "script_dequeue");
  for (; n_waiting > 0; n_waiting--)
    send_call (call_new ("/", XENMGR ".testing", "script_queue", g_variant_new ("(s)", "x")));
  for (char **vm = vms; *vm != NULL; vm++)
    send_call (call_new (*vm, VM, "destroy", g_variant_new ("()")));
  wait_until_at_most (0);
}

static int
compare_texts (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *)a, *(const char *const *)b);
}

static char *
sorted_vms (void)
{
  g_auto (GStrv) vms = list_vms ();
  qsort (vms, g_strv_length (vms), sizeof *vms, compare_texts);
  return g_strjoinv ("\n", vms);
}

static void
restart_and_compare (void)
{
  const char *argv[] = { "simhost-daemon", "restart", NULL };
  g_autoptr (GError) error = NULL;
  int status;
  g_autofree char *before = sorted_vms ();
  watching = FALSE;
  if (!g_spawn_sync (NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL,
                     &status, &error) ||
      !g_spawn_check_wait_status (status, &error))
    fail (error->message);
  g_autofree char *after = sorted_vms ();
  if (!g_str_equal (before, after)) {
    printf ("before the restart:\n%s\nafter it:\n%s\n", before, after);
    fail ("the VMs are not those that were there before the restart");
  }
}

static void
fuzz (gint64 most_calls, gint64 seconds)
{
  gint64 end = g_get_monotonic_time () + seconds * G_USEC_PER_SEC;
  gint64 next_refresh = (gint64)n_calls + REFRESH_EVERY;
  while ((gint64)n_calls < most_calls && g_get_monotonic_time () < end) {
    if ((gint64)n_calls >= next_refresh) {
      refresh_objects ();
      next_refresh = (gint64)n_calls + REFRESH_EVERY;
    }
    send_call (random_call ());
    /* A shutdown may wait for its guest until the end: destroy_all() comes to help. */
    gint64 patience = g_get_monotonic_time () + G_USEC_PER_SEC / 2;
    while (pending->len >= WINDOW && g_get_monotonic_time () < patience)
      if (!g_main_context_iteration (NULL, FALSE))
        g_usleep (200);
    if (pending->len >= WINDOW)
      destroy_all ();
  }
}

int
main (int argc, char **argv)
{
  g_autofree char *corpus = NULL, *directory = NULL;
  gint64 seed = 1, most_calls = G_MAXINT64, seconds = 60;
  const GOptionEntry entries[] = {
    { "corpus", 0, 0, G_OPTION_ARG_FILENAME, &corpus, "folder with words and calls", "FOLDER" },
    { "directory", 0, 0, G_OPTION_ARG_FILENAME, &directory, "where $DIR of the corpus is",
      "FOLDER" },
    { "seed", 0, 0, G_OPTION_ARG_INT64, &seed, "of the random numbers", "N" },
    { "calls", 0, 0, G_OPTION_ARG_INT64, &most_calls, "end after so many calls", "N" },
    { "seconds", 0, 0, G_OPTION_ARG_INT64, &seconds, "end after so long a time", "N" },
    G_OPTION_ENTRY_NULL,
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GError) error = NULL;
  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error) || corpus == NULL ||
      directory == NULL)
    g_error ("%s", error != NULL ? error->message : "--corpus and --directory are needed");

  setvbuf (stdout, NULL, _IOLBF, 0);
  g_autofree char *words = g_build_filename (corpus, "words", NULL);
  g_autofree char *calls = g_build_filename (corpus, "calls", NULL);
  values = fuzz_values_new ((guint32)seed, words, directory);
  objects = g_ptr_array_new_with_free_func (object_free);
  pending = g_ptr_array_new_with_free_func (call_unref);
  bus = g_bus_get_sync (G_BUS_TYPE_SYSTEM, NULL, &error);
  if (bus == NULL)
    g_error ("%s", error->message);
  g_dbus_connection_set_exit_on_close (bus, FALSE);
  g_signal_connect (bus, "closed", G_CALLBACK (on_closed), NULL);
  g_dbus_connection_signal_subscribe (bus, "org.freedesktop.DBus", "org.freedesktop.DBus",
                                      "NameOwnerChanged", "/org/freedesktop/DBus", XENMGR,
                                      G_DBUS_SIGNAL_FLAGS_NONE, on_name_owner_changed, NULL, NULL);

  gint64 started = g_get_monotonic_time ();
  refresh_objects ();
  load_calls (calls, directory);
  for (guint i = 0; i < recorded->len; i++) {
    send_call (call_ref (recorded->pdata[i]));
    wait_until_at_most (WINDOW - 1);
  }
  fuzz (most_calls, seconds);
  destroy_all ();
  double took = (double)(g_get_monotonic_time () - started) / G_USEC_PER_SEC;
  restart_and_compare ();
  printf ("seed %" G_GINT64_FORMAT ": %" G_GUINT64_FORMAT " calls, %" G_GUINT64_FORMAT
          " of them errors, %.0f a second\n",
          seed, n_calls, n_errors, (double)n_calls / took);
  return EXIT_SUCCESS;
}
