/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdarg.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim.h"

#define CALL_LIMIT_MS (120 * 1000)
#define PROPERTIES    "org.freedesktop.DBus.Properties"
#define MAX_WORDS     16

extern char **environ;

/* -- the service ------------------------------------------------------------------- */

static GDBusConnection *connection;
static HostTold on_told;
static gpointer told_data;

static void
on_signal (GDBusConnection *bus,
           const char *sender,
           const char *path,
           const char *interface,
           const char *member,
           GVariant *parameters,
           gpointer user_data)
{
  const char *uuid, *state;
  int acpi;
  g_variant_get (parameters, "(&s&o&si)", &uuid, NULL, &state, &acpi);
  on_told (uuid, state, told_data);
}

void
host_connect (HostTold told, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  connection = g_bus_get_sync (G_BUS_TYPE_SYSTEM, NULL, &error);
  if (connection == NULL)
    g_error ("no system bus: %s", error->message);
  on_told = told;
  told_data = user_data;
  if (told != NULL)
    g_dbus_connection_signal_subscribe (connection, NULL, XENMGR, "vm_state_changed", "/", NULL,
                                        G_DBUS_SIGNAL_FLAGS_NONE, on_signal, NULL, NULL);
}

GVariant *
host_call (const char *path,
           const char *interface,
           const char *method,
           GVariant *parameters,
           GError **error)
{
  return g_dbus_connection_call_sync (connection, XENMGR, path, interface, method, parameters, NULL,
                                      G_DBUS_CALL_FLAGS_NO_AUTO_START, CALL_LIMIT_MS, NULL, error);
}

typedef struct {
  HostAnswered answered;
  gpointer user_data;
} Call;

static void
on_answer (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Call *call = user_data;
  g_autoptr (GError) error = NULL;
  GVariant *answer = g_dbus_connection_call_finish (connection, result, &error);
  g_clear_pointer (&answer, g_variant_unref);
  call->answered (error, call->user_data);
}

void
host_call_async (const char *path,
                 const char *interface,
                 const char *method,
                 GVariant *parameters,
                 HostAnswered answered,
                 gpointer user_data)
{
  Call *call = g_new (Call, 1);
  *call = (Call){ answered, user_data };
  g_dbus_connection_call (connection, XENMGR, path, interface, method, parameters, NULL,
                          G_DBUS_CALL_FLAGS_NO_AUTO_START, CALL_LIMIT_MS, NULL, on_answer, call);
}

static char *
property_text (GVariant *answer, const GError *error)
{
  g_autoptr (GVariant) value = NULL;
  if (answer == NULL)
    return g_strconcat ("error: ", error->message, NULL);
  g_variant_get (answer, "(v)", &value);
  return g_variant_is_of_type (value, G_VARIANT_TYPE_STRING) ? g_variant_dup_string (value, NULL)
                                                             : g_variant_print (value, FALSE);
}

static void
on_got (GObject *source, GAsyncResult *result, gpointer user_data)
{
  HostGet *get = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = g_dbus_connection_call_finish (connection, result, &error);
  get->value = property_text (answer, error);
}

void
host_get_many (HostGet *gets, gsize n)
{
  for (gsize i = 0; i < n; i++) {
    gets[i].value = NULL;
    g_dbus_connection_call (connection, XENMGR, gets[i].path, PROPERTIES, "Get",
                            g_variant_new ("(ss)", VM, gets[i].property), NULL,
                            G_DBUS_CALL_FLAGS_NO_AUTO_START, CALL_LIMIT_MS, NULL, on_got, &gets[i]);
  }
  for (gsize i = 0; i < n; i++) {
    while (gets[i].value == NULL)
      g_main_context_iteration (NULL, TRUE);
  }
}

char *
host_get (const char *path, const char *property)
{
  HostGet get = { path, property, NULL };
  host_get_many (&get, 1);
  return get.value;
}

void
host_set (const char *path, const char *property, GVariant *value)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer =
      host_call (path, PROPERTIES, "Set", g_variant_new ("(ssv)", VM, property, value), &error);
  if (answer == NULL)
    g_error ("set %s of %s: %s", property, path, error->message);
}

void
host_dispatch (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static gboolean
on_deadline (gpointer user_data)
{
  return G_SOURCE_CONTINUE; /* its owner destroys it */
}

void
host_dispatch_until (gint64 deadline)
{
  gint64 left = deadline - g_get_monotonic_time ();
  guint timer = g_timeout_add ((guint)(MAX (left, 0) / 1000), on_deadline, NULL);
  g_main_context_iteration (NULL, TRUE);
  g_source_remove (timer);
  host_dispatch ();
}

/* -- programs ---------------------------------------------------------------------- */

static pid_t
spawn_with_output (const char *const *argv, int output)
{
  posix_spawn_file_actions_t actions;
  pid_t pid;
  posix_spawn_file_actions_init (&actions);
  posix_spawn_file_actions_addopen (&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  if (output >= 0)
    posix_spawn_file_actions_adddup2 (&actions, output, STDOUT_FILENO);
  else
    posix_spawn_file_actions_addopen (&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen (&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  int status = posix_spawnp (&pid, argv[0], &actions, NULL, (char **)argv, environ);
  if (status != 0)
    g_error ("cannot run %s: %s", argv[0], g_strerror (status));
  posix_spawn_file_actions_destroy (&actions);
  return pid;
}

pid_t
host_spawn (const char *const *argv)
{
  return spawn_with_output (argv, -1);
}

int
host_wait (pid_t pid)
{
  int status;
  while (waitpid (pid, &status, 0) < 0) {
    if (errno != EINTR)
      g_error ("waitpid: %s", g_strerror (errno));
  }
  return WIFEXITED (status) ? WEXITSTATUS (status) : 128 + WTERMSIG (status);
}

int
host_run (const char *word, ...)
{
  const char *argv[MAX_WORDS];
  gsize n = 0;
  va_list words;
  va_start (words, word);
  for (const char *next = word; next != NULL; next = va_arg (words, const char *)) {
    g_assert (n < MAX_WORDS - 1);
    argv[n++] = next;
  }
  va_end (words);
  argv[n] = NULL;
  return host_wait (host_spawn (argv));
}

static void
domain_free (gpointer data)
{
  HostDomain *domain = data;
  g_free (domain->name);
  g_free (domain->uuid);
  g_free (domain);
}

static HostDomain *
parse_line (const char *line)
{
  g_auto (GStrv) words = g_strsplit_set (line, " \t", -1);
  const char *columns[7];
  gsize n = 0;
  for (char **word = words; *word != NULL && n < G_N_ELEMENTS (columns); word++) {
    if (**word != '\0')
      columns[n++] = *word;
  }
  if (n < G_N_ELEMENTS (columns) || strlen (columns[4]) != 6)
    g_error ("xl list -v printed: %s", line);
  HostDomain *domain = g_new0 (HostDomain, 1);
  domain->name = g_strdup (columns[0]);
  domain->domid = (int)g_ascii_strtoll (columns[1], NULL, 10);
  memcpy (domain->state, columns[4], sizeof domain->state);
  domain->uuid = g_strdup (columns[6]);
  return domain;
}

static char *
output_of (const char *const *argv)
{
  GString *text = g_string_new (NULL);
  char part[4096];
  int ends[2];
  gssize got;
  if (pipe2 (ends, O_CLOEXEC) < 0)
    g_error ("pipe: %s", g_strerror (errno));
  pid_t pid = spawn_with_output (argv, ends[1]);
  close (ends[1]);
  while ((got = read (ends[0], part, sizeof part)) > 0)
    g_string_append_len (text, part, got);
  close (ends[0]);
  if (host_wait (pid) != 0)
    g_error ("%s failed", argv[0]);
  return g_string_free (text, FALSE);
}

GPtrArray *
host_list_by_xl (void)
{
  static const char *const argv[] = { "xl", "list", "-v", NULL };
  g_autofree char *text = output_of (argv);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  GPtrArray *domains = g_ptr_array_new_with_free_func (domain_free);
  for (char **line = lines + 1; *lines != NULL && *line != NULL; line++) {
    if (**line == '\0' || g_str_has_prefix (*line, "Domain-0 "))
      continue;
    g_ptr_array_add (domains, parse_line (*line));
  }
  return domains;
}

GPtrArray *
host_list (void)
{
  GPtrArray *domains = g_ptr_array_new_with_free_func (domain_free);
  int lock = sim_lock ("lock");
  g_autoptr (GPtrArray) records = sim_domain_list ();
  sim_unlock (lock);
  for (guint i = 0; i < records->len; i++) {
    const SimDomain *record = records->pdata[i];
    HostDomain *domain = g_new0 (HostDomain, 1);
    domain->domid = record->domid;
    domain->name = g_strdup (record->name);
    domain->uuid = g_strdup (record->uuid != NULL ? record->uuid : "");
    sim_domain_letters (record, domain->state);
    g_ptr_array_add (domains, domain);
  }
  return domains;
}

/* -- the folder -------------------------------------------------------------------- */

char *
host_file (const char *format, ...)
{
  const char *dir = g_getenv ("XM_SIM_DIR");
  va_list arguments;
  if (dir == NULL)
    g_error ("XM_SIM_DIR is not set: run this by test/model/run");
  va_start (arguments, format);
  g_autofree char *name = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  return g_build_filename (dir, name, NULL);
}

/* Other hosts may run on this machine: a process of ours has our folder in its environment. */
static gboolean
is_our_xl (const char *pid)
{
  g_autofree char *name_path = g_build_filename ("/proc", pid, "comm", NULL);
  g_autofree char *environment_path = g_build_filename ("/proc", pid, "environ", NULL);
  g_autofree char *name = NULL;
  g_autofree char *environment = NULL;
  gsize length;
  if (!g_file_get_contents (name_path, &name, NULL, NULL) || !g_str_equal (name, "xl\n") ||
      !g_file_get_contents (environment_path, &environment, &length, NULL))
    return FALSE;
  const char *dir = g_getenv ("XM_SIM_DIR");
  return memmem (environment, length, dir, strlen (dir)) != NULL;
}

static gboolean
runs_xl (void)
{
  g_autoptr (GDir) processes = g_dir_open ("/proc", 0, NULL);
  const char *entry;
  while ((entry = g_dir_read_name (processes)) != NULL) {
    if (g_ascii_isdigit (*entry) && is_our_xl (entry))
      return TRUE;
  }
  return FALSE;
}

void
host_wait_for_xl (void)
{
  gint64 limit = g_get_monotonic_time () + 60 * G_USEC_PER_SEC;
  while (runs_xl ()) {
    if (g_get_monotonic_time () > limit)
      g_error ("an xl does not end");
    host_dispatch_until (g_get_monotonic_time () + 5000); /* nobody tells of its end */
  }
}

void
host_trim_logs (void)
{
  static const char *const logs[] = { "daemon.log", "host/calls" };
  for (gsize i = 0; i < G_N_ELEMENTS (logs); i++) {
    g_autofree char *path = host_file ("%s", logs[i]);
    if (truncate (path, 0) < 0 && errno != ENOENT)
      g_error ("%s: %s", path, g_strerror (errno));
  }
}
