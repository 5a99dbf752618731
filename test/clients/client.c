/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client.h"

#include <string.h>

#define CALL_LIMIT_MS (120 * 1000)

/* -- calls ------------------------------------------------------------------------- */

GDBusConnection *
client_connect (void)
{
  static GDBusConnection *connection;
  g_autoptr (GError) error = NULL;
  if (connection == NULL)
    connection = g_bus_get_sync (G_BUS_TYPE_SYSTEM, NULL, &error);
  if (connection == NULL)
    g_error ("no system bus: %s", error->message);
  return connection;
}

static GVariant *
call_name (const char *name,
           const char *path,
           const char *interface,
           const char *method,
           GVariant *parameters,
           GError **error)
{
  GVariant *answer = g_dbus_connection_call_sync (client_connect (), name, path, interface, method,
                                                  parameters, NULL, G_DBUS_CALL_FLAGS_NO_AUTO_START,
                                                  CALL_LIMIT_MS, NULL, error);
  if (answer == NULL && error != NULL)
    g_dbus_error_strip_remote_error (*error);
  return answer;
}

GVariant *
client_call (const char *path,
             const char *interface,
             const char *method,
             GVariant *parameters,
             GError **error)
{
  return call_name (XENMGR, path, interface, method, parameters, error);
}

GVariant *
client_must_call (const char *path, const char *interface, const char *method, GVariant *parameters)
{
  g_autoptr (GError) error = NULL;
  GVariant *answer = client_call (path, interface, method, parameters, &error);
  if (answer == NULL)
    g_error ("%s.%s on %s: %s", interface, method, path, error->message);
  return answer;
}

#define PROPERTIES "org.freedesktop.DBus.Properties"

GVariant *
client_get (const char *path, const char *interface, const char *property, GError **error)
{
  g_autoptr (GVariant) answer =
      client_call (path, PROPERTIES, "Get", g_variant_new ("(ss)", interface, property), error);
  GVariant *value = NULL;
  if (answer != NULL)
    g_variant_get (answer, "(v)", &value);
  return value;
}

gboolean
client_set (const char *path,
            const char *interface,
            const char *property,
            GVariant *value,
            GError **error)
{
  g_autoptr (GVariant) answer = client_call (
      path, PROPERTIES, "Set", g_variant_new ("(ssv)", interface, property, value), error);
  return answer != NULL;
}

char *
client_get_text (const char *path, const char *interface, const char *property)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) value = client_get (path, interface, property, &error);
  if (value == NULL)
    return g_strconcat ("error: ", error->message, NULL);
  return g_variant_is_of_type (value, G_VARIANT_TYPE_STRING) ? g_variant_dup_string (value, NULL)
                                                             : g_variant_print (value, FALSE);
}

gboolean
client_db_try_write (const char *path, const char *value, GError **error)
{
  g_autoptr (GVariant) answer =
      call_name (DB, "/", DB, "write", g_variant_new ("(ss)", path, value), error);
  return answer != NULL;
}

void
client_db_write (const char *path, const char *value)
{
  g_autoptr (GError) error = NULL;
  if (!client_db_try_write (path, value, &error))
    g_error ("db write %s: %s", path, error->message);
}

char *
client_new_vm (const char *template)
{
  g_autoptr (GVariant) answer =
      client_must_call ("/", XENMGR, "create_vm_with_template", g_variant_new ("(s)", template));
  char *path;
  g_variant_get (answer, "(o)", &path);
  return path;
}

/* -- the host ---------------------------------------------------------------------- */

void
client_restart_daemon (void)
{
  const char *argv[] = { "simhost-daemon", "restart", NULL };
  g_autoptr (GError) error = NULL;
  int status;
  if (!g_spawn_sync (NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL,
                     NULL, NULL, NULL, NULL, &status, &error) ||
      !g_spawn_check_wait_status (status, &error))
    g_error ("simhost-daemon restart: %s", error->message);
}

char *
client_simhost_file (const char *name)
{
  const char *dir = g_getenv ("XM_SIM_DIR");
  g_autofree char *path = g_build_filename (dir != NULL ? dir : "/nowhere", name, NULL);
  char *text;
  if (!g_file_get_contents (path, &text, NULL, NULL))
    g_error ("%s cannot be read: run this by test/simhost/run", path);
  return text;
}

GPtrArray *
client_load_table (const char *name)
{
  g_autofree char *path = g_build_filename (FIXTURES, name, NULL);
  g_autofree char *text = NULL;
  if (!g_file_get_contents (path, &text, NULL, NULL))
    g_error ("%s cannot be read", path);
  GPtrArray *table = g_ptr_array_new_with_free_func ((GDestroyNotify)g_strfreev);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  for (char **line = lines + 1; *lines != NULL && *line != NULL; line++) {
    if (**line != '\0')
      g_ptr_array_add (table, g_strsplit (*line, "\t", -1));
  }
  return table;
}

/* -- TAP --------------------------------------------------------------------------- */

static guint tests, failures;

static gboolean
print_result (gboolean ok, const char *format, va_list arguments) G_GNUC_PRINTF (2, 0);
static gboolean
print_result (gboolean ok, const char *format, va_list arguments)
{
  g_autofree char *name = g_strdup_vprintf (format, arguments);
  g_strdelimit (name, "\n#", ' ');
  tests++;
  failures += !ok;
  g_print ("%s %u - %s\n", ok ? "ok" : "not ok", tests, name);
  return ok;
}

gboolean
client_ok (gboolean ok, const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  print_result (ok, format, arguments);
  va_end (arguments);
  return ok;
}

gboolean
client_is (const char *got, const char *expected, const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  gboolean ok = print_result (g_strcmp0 (got, expected) == 0, format, arguments);
  va_end (arguments);
  if (!ok)
    client_diag ("     got: %s\nexpected: %s", got != NULL ? got : "nothing",
                 expected != NULL ? expected : "nothing");
  return ok;
}

gboolean
client_fails (GError *error, const char *part, const char *format, ...)
{
  g_autoptr (GError) owned = error;
  va_list arguments;
  va_start (arguments, format);
  gboolean ok =
      print_result (owned != NULL && strstr (owned->message, part) != NULL, format, arguments);
  va_end (arguments);
  if (!ok)
    client_diag ("     got: %s\nexpected an error with: %s",
                 owned != NULL ? owned->message : "no error", part);
  return ok;
}

void
client_diag (const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  g_autofree char *text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  for (char **line = lines; *line != NULL; line++)
    g_print ("#   %s\n", *line);
}

int
client_done (void)
{
  g_print ("1..%u\n", tests);
  return failures == 0 ? 0 : 1;
}
