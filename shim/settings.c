/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/settings.h"

#include <string.h>

#include "xenmgr-xl-config.h"

#define DEFAULT_CONFIG XM_SYSCONFDIR "/xenmgr-xl.conf"
#define FLAVOUR_FILE   "/etc/xenclient.flavour"

/* -- the key file ------------------------------------------------------------------ */

typedef struct {
  const char *group, *key;
  gsize offset; /* of the char * in XmSettings */
} TextKey;

typedef struct {
  const char *group, *key;
  gsize offset; /* of the guint in XmSettings */
  guint fallback, minimum, maximum;
} NumberKey;

static const TextKey text_keys[] = {
  { "bus", "address", G_STRUCT_OFFSET (XmSettings, bus) },
  { "paths", "xl", G_STRUCT_OFFSET (XmSettings, xl) },
  { "paths", "state-dir", G_STRUCT_OFFSET (XmSettings, state_dir) },
  { "paths", "run-dir", G_STRUCT_OFFSET (XmSettings, run_dir) },
  { "paths", "templates", G_STRUCT_OFFSET (XmSettings, templates) },
  { "paths", "stubdomain-kernel", G_STRUCT_OFFSET (XmSettings, stubdomain_kernel) },
  { "paths", "stubdomain-ramdisk", G_STRUCT_OFFSET (XmSettings, stubdomain_ramdisk) },
  { "paths", "qmp-helper", G_STRUCT_OFFSET (XmSettings, qmp_helper) },
  { "stubdomain", "qmp-transport", G_STRUCT_OFFSET (XmSettings, qmp_transport) },
  { "paths", "host-root", G_STRUCT_OFFSET (XmSettings, host_root) },
  { "paths", "disks-dir", G_STRUCT_OFFSET (XmSettings, disks_dir) },
  { "paths", "diag-dir", G_STRUCT_OFFSET (XmSettings, diag_dir) },
  { "paths", "amixer", G_STRUCT_OFFSET (XmSettings, amixer) },
};

static const char *const command_keys[XM_N_COMMANDS] = {
  [XM_COMMAND_SSH_ON] = "ssh-on",
  [XM_COMMAND_SSH_OFF] = "ssh-off",
  [XM_COMMAND_ARGO_SSH_ON] = "argo-ssh-on",
  [XM_COMMAND_ARGO_SSH_OFF] = "argo-ssh-off",
  [XM_COMMAND_NETWORKING_ON] = "networking-on",
  [XM_COMMAND_NETWORKING_OFF] = "networking-off",
  [XM_COMMAND_PCM_CHANGED] = "pcm-changed",
  [XM_COMMAND_STATUS_REPORT] = "status-report",
  [XM_COMMAND_POWER_OFF] = "power-off",
  [XM_COMMAND_POWER_OFF_FORCED] = "power-off-forced",
  [XM_COMMAND_HOST_REBOOT] = "reboot",
  [XM_COMMAND_HOST_SUSPEND] = "suspend",
};

#define TIMEOUT(name) (G_STRUCT_OFFSET (XmSettings, timeouts) + (name) * sizeof (guint))

static const NumberKey number_keys[] = {
  { "timeouts", "query", TIMEOUT (XL_TIMEOUT_QUERY), 10, 1, 86400 },
  { "timeouts", "quick", TIMEOUT (XL_TIMEOUT_QUICK), 30, 1, 86400 },
  { "timeouts", "shutdown", TIMEOUT (XL_TIMEOUT_SHUTDOWN), 90, 1, 86400 },
  { "timeouts", "build", TIMEOUT (XL_TIMEOUT_BUILD), 300, 1, 86400 },
  { "timeouts", "agent", G_STRUCT_OFFSET (XmSettings, agent_timeout), 180, 1, 86400 },
  { "timeouts", "state-hook", G_STRUCT_OFFSET (XmSettings, state_hook_timeout), 60, 1, 86400 },
  { "timeouts", "idle-shutdown", G_STRUCT_OFFSET (XmSettings, idle_shutdown), 300, 1, 86400 },
  { "timeouts", "host-down", G_STRUCT_OFFSET (XmSettings, host_down), 600, 1, 86400 },
  { "timeouts", "host-suspend", G_STRUCT_OFFSET (XmSettings, host_suspend), 15, 0, 86400 },
  { "limits", "parallel-xl", G_STRUCT_OFFSET (XmSettings, max_parallel), 4, 1, 64 },
  { "limits", "refresh-interval", G_STRUCT_OFFSET (XmSettings, refresh_interval), 5, 0, 86400 },
  { "limits", "storage-interval", G_STRUCT_OFFSET (XmSettings, storage_interval), 30, 0, 86400 },
  { "limits", "storage-low-percent", G_STRUCT_OFFSET (XmSettings, storage_low_percent), 5, 0, 100 },
  { "limits", "keep-alive-delay-ms", G_STRUCT_OFFSET (XmSettings, keep_alive_delay_ms), 1000, 1,
    60000 },
  { "limits", "keep-alive-run", G_STRUCT_OFFSET (XmSettings, keep_alive_run), 180, 0, 86400 },
  { "limits", "keep-alive-failures", G_STRUCT_OFFSET (XmSettings, keep_alive_failures), 10, 0,
    1000000 },
};

#define OUTPUT_LIMIT_MIB_DEFAULT 16
#define OUTPUT_LIMIT_MIB_MAX     1024

static gboolean
read_number (const XmSettings *settings,
             GKeyFile *file,
             const char *group,
             const char *key,
             guint fallback,
             guint minimum,
             guint maximum,
             guint *value,
             GError **error)
{
  g_autofree char *text = g_key_file_get_string (file, group, key, NULL);
  guint64 number = fallback;
  if (text != NULL &&
      !g_ascii_string_to_unsigned (g_strstrip (text), 10, minimum, maximum, &number, error)) {
    g_prefix_error (error, "%s: [%s] %s: ", settings->config, group, key);
    return FALSE;
  }
  *value = (guint)number;
  return TRUE;
}

const char *
xm_settings_command_key (XmCommand command)
{
  return command_keys[command];
}

static void
free_commands (char **commands[XM_N_COMMANDS])
{
  for (int i = 0; i < XM_N_COMMANDS; i++)
    g_clear_pointer (&commands[i], g_strfreev);
}

/* Words as in a shell, but no shell runs them. An empty value is none. */
static gboolean
read_commands (const XmSettings *settings,
               GKeyFile *file,
               char **commands[XM_N_COMMANDS],
               GError **error)
{
  for (int i = 0; i < XM_N_COMMANDS; i++) {
    g_autofree char *text = command_keys[i] != NULL
                                ? g_key_file_get_string (file, "commands", command_keys[i], NULL)
                                : NULL;
    if (text == NULL || *g_strstrip (text) == '\0' ||
        g_shell_parse_argv (text, NULL, &commands[i], error))
      continue;
    g_prefix_error (error, "%s: [commands] %s: ", settings->config, command_keys[i]);
    free_commands (commands);
    return FALSE;
  }
  return TRUE;
}

/* Not reread: what was exported unguarded stays so. */
static gboolean
take_access (XmSettings *settings, GKeyFile *file, GError **error)
{
  GError *failure = NULL;
  settings->polkit = g_key_file_get_boolean (file, "access", "polkit", &failure);
  if (failure == NULL ||
      g_error_matches (failure, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_KEY_NOT_FOUND) ||
      g_error_matches (failure, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_GROUP_NOT_FOUND)) {
    g_clear_error (&failure);
    return TRUE;
  }
  g_propagate_prefixed_error (error, failure, "%s: [access] polkit: ", settings->config);
  return FALSE;
}

/* As xl knows them. */
static gboolean
check_transport (const XmSettings *settings, GError **error)
{
  static const char *const words[] = { "vchan", "argo", "v4v", NULL };
  if (g_strv_contains (words, settings->qmp_transport))
    return TRUE;
  g_set_error (error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_INVALID_VALUE,
               "%s: [stubdomain] qmp-transport: '%s' is none of vchan, argo and v4v",
               settings->config, settings->qmp_transport);
  return FALSE;
}

static gboolean
is_known (const char *group, const char *key)
{
  if (g_str_equal (group, "networks"))
    return TRUE;
  for (int i = 0; i < XM_N_COMMANDS; i++) {
    if (g_str_equal (group, "commands") && g_strcmp0 (command_keys[i], key) == 0)
      return TRUE;
  }
  for (gsize i = 0; i < G_N_ELEMENTS (text_keys); i++) {
    if (g_str_equal (text_keys[i].group, group) && g_str_equal (text_keys[i].key, key))
      return TRUE;
  }
  for (gsize i = 0; i < G_N_ELEMENTS (number_keys); i++) {
    if (g_str_equal (number_keys[i].group, group) && g_str_equal (number_keys[i].key, key))
      return TRUE;
  }
  return (g_str_equal (group, "limits") && g_str_equal (key, "output-mib")) ||
         (g_str_equal (group, "access") && g_str_equal (key, "polkit"));
}

/* A misspelt key would silently leave a default in force. */
static gboolean
check_keys (const XmSettings *settings, GKeyFile *file, GError **error)
{
  g_auto (GStrv) groups = g_key_file_get_groups (file, NULL);
  for (char **group = groups; *group != NULL; group++) {
    g_auto (GStrv) keys = g_key_file_get_keys (file, *group, NULL, NULL);
    for (char **key = keys; key != NULL && *key != NULL; key++) {
      if (is_known (*group, *key))
        continue;
      g_set_error (error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_KEY_NOT_FOUND,
                   "%s: [%s] %s: no such setting", settings->config, *group, *key);
      return FALSE;
    }
  }
  return TRUE;
}

static GKeyFile *
load_key_file (const XmSettings *settings, GError **error)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  if (settings->config != NULL) {
    if (!g_key_file_load_from_file (file, settings->config, G_KEY_FILE_NONE, error)) {
      g_prefix_error (error, "%s: ", settings->config);
      return NULL;
    }
    if (!check_keys (settings, file, error))
      return NULL;
  }
  return g_steal_pointer (&file);
}

/* What may change while the daemon runs; taken over whole or not at all. */
static gboolean
take_limits (XmSettings *settings, GKeyFile *file, GError **error)
{
  XmSettings fresh = *settings;
  for (gsize i = 0; i < G_N_ELEMENTS (number_keys); i++) {
    const NumberKey *k = &number_keys[i];
    if (!read_number (settings, file, k->group, k->key, k->fallback, k->minimum, k->maximum,
                      G_STRUCT_MEMBER_P (&fresh, k->offset), error))
      return FALSE;
  }
  guint mib;
  if (!read_number (settings, file, "limits", "output-mib", OUTPUT_LIMIT_MIB_DEFAULT, 1,
                    OUTPUT_LIMIT_MIB_MAX, &mib, error))
    return FALSE;
  fresh.output_limit = (guint64)mib << 20;
  memset (fresh.commands, 0, sizeof fresh.commands);
  if (!read_commands (settings, file, fresh.commands, error))
    return FALSE;

  fresh.bridges = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_auto (GStrv) networks = g_key_file_get_keys (file, "networks", NULL, NULL);
  for (char **network = networks; network != NULL && *network != NULL; network++)
    g_hash_table_insert (fresh.bridges, g_strdup (*network),
                         g_key_file_get_string (file, "networks", *network, NULL));
  g_clear_pointer (&settings->bridges, g_hash_table_unref);
  free_commands (settings->commands);
  *settings = fresh;
  return TRUE;
}

/* -- defaults of paths ------------------------------------------------------------- */

/* An OpenXT host has its store in /config; anything else keeps to the FHS. */
static char *
default_state_dir (void)
{
  return g_strdup (g_file_test ("/config/db", G_FILE_TEST_EXISTS) ? "/config" : XM_STATEDIR);
}

char *
xm_settings_read_flavour (const char *root)
{
  g_autofree char *path = g_strconcat (root, FLAVOUR_FILE, NULL);
  g_autofree char *flavour = NULL;
  if (!g_file_get_contents (path, &flavour, NULL, NULL) || *g_strstrip (flavour) == '\0' ||
      strchr (flavour, '/') != NULL)
    return g_strdup ("default");
  return g_steal_pointer (&flavour);
}

static char *
default_templates (void)
{
  g_autofree char *flavour = xm_settings_read_flavour ("");
  const char *datadir = g_getenv ("xenmgr_datadir"); /* the original's name for this variable */
  return g_build_filename (datadir != NULL ? datadir : XM_DATADIR "/xenmgr-1.0", "templates",
                           flavour, NULL);
}

static void
take_paths (XmSettings *settings, GKeyFile *file)
{
  for (gsize i = 0; i < G_N_ELEMENTS (text_keys); i++) {
    char **member = G_STRUCT_MEMBER_P (settings, text_keys[i].offset);
    if (*member == NULL)
      *member = g_key_file_get_string (file, text_keys[i].group, text_keys[i].key, NULL);
  }
  if (settings->bus == NULL)
    settings->bus = g_strdup ("system");
  if (settings->xl == NULL)
    settings->xl = g_strdup ("xl");
  if (settings->state_dir == NULL)
    settings->state_dir = default_state_dir ();
  if (settings->run_dir == NULL)
    settings->run_dir = g_strdup (XM_RUNDIR);
  if (settings->templates == NULL)
    settings->templates = default_templates ();
  if (settings->stubdomain_kernel == NULL)
    settings->stubdomain_kernel = g_strdup (XM_STUBDOM_DIR "/qemu-stubdom-linux-kernel");
  if (settings->stubdomain_ramdisk == NULL)
    settings->stubdomain_ramdisk = g_strdup (XM_STUBDOM_DIR "/qemu-stubdom-linux-rootfs");
  if (settings->qmp_helper == NULL)
    settings->qmp_helper = g_strdup (XM_LIBEXECDIR "/qmp-helper");
  if (settings->qmp_transport == NULL)
    settings->qmp_transport = g_strdup ("vchan");
  if (settings->host_root == NULL)
    settings->host_root = g_strdup ("");
  if (settings->amixer == NULL)
    settings->amixer = g_strdup ("amixer");
  if (settings->disks_dir == NULL)
    settings->disks_dir = xm_settings_host_path (settings, "/storage/disks");
  if (settings->diag_dir == NULL)
    settings->diag_dir = g_build_filename (settings->run_dir, "diag", NULL);
}

/* -- public ------------------------------------------------------------------------ */

static gboolean
parse_options (XmSettings *settings, int *argc, char ***argv, GError **error)
{
  const GOptionEntry entries[] = {
    { "config", 'c', 0, G_OPTION_ARG_FILENAME, &settings->config,
      "Key file (" DEFAULT_CONFIG " if it exists)", "FILE" },
    { "bus", 'b', 0, G_OPTION_ARG_STRING, &settings->bus,
      "system, session or a D-Bus address (system)", "BUS" },
    { "xl", 0, 0, G_OPTION_ARG_FILENAME, &settings->xl, "The toolstack's command (xl)", "PROGRAM" },
    { "state-dir", 0, 0, G_OPTION_ARG_FILENAME, &settings->state_dir,
      "The store (/config if it holds one, else " XM_STATEDIR ")", "DIR" },
    { "run-dir", 0, 0, G_OPTION_ARG_FILENAME, &settings->run_dir,
      "Generated xl.cfg files (" XM_RUNDIR ")", "DIR" },
    { "templates", 0, 0, G_OPTION_ARG_FILENAME, &settings->templates,
      "VM templates (" XM_DATADIR "/xenmgr-1.0/templates/FLAVOUR)", "DIR" },
    { "no-autostart", 0, 0, G_OPTION_ARG_NONE, &settings->no_autostart,
      "Start no VM by itself, whatever its start-on-boot says", NULL },
    { "autostart-once", 0, 0, G_OPTION_ARG_NONE, &settings->autostart_once,
      "Start VMs with start-on-boot only once after the host's boot", NULL },
    { "debug", 'd', 0, G_OPTION_ARG_NONE, &settings->debug, "Log every xl command and more", NULL },
    { "list-properties", 0, 0, G_OPTION_ARG_NONE, &settings->list_properties,
      "Print a reference of the properties of VMs, disks and NICs and exit", NULL },
    { "list-host-config", 0, 0, G_OPTION_ARG_NONE, &settings->list_host_config,
      "Print a reference of the properties of the host and exit", NULL },
    { "version", 0, 0, G_OPTION_ARG_NONE, &settings->print_version, "Print the version and exit",
      NULL },
    G_OPTION_ENTRY_NULL,
  };
  g_autoptr (GOptionContext) context =
      g_option_context_new ("- OpenXT's XenMgr on the bus, over xl");
  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, argc, argv, error))
    return FALSE;
  if (*argc > 1) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "unexpected argument %s",
                 (*argv)[1]);
    return FALSE;
  }
  return TRUE;
}

XmSettings *
xm_settings_new (int *argc, char ***argv, GError **error)
{
  g_autoptr (XmSettings) settings = g_new0 (XmSettings, 1);
  if (!parse_options (settings, argc, argv, error))
    return NULL;
  if (settings->config == NULL && g_file_test (DEFAULT_CONFIG, G_FILE_TEST_EXISTS))
    settings->config = g_strdup (DEFAULT_CONFIG);

  g_autoptr (GKeyFile) file = load_key_file (settings, error);
  if (file == NULL || !take_limits (settings, file, error) || !take_access (settings, file, error))
    return NULL;
  take_paths (settings, file);
  if (!check_transport (settings, error))
    return NULL;
  return g_steal_pointer (&settings);
}

gboolean
xm_settings_reload (XmSettings *settings, GError **error)
{
  g_autoptr (GKeyFile) file = load_key_file (settings, error);
  return file != NULL && take_limits (settings, file, error);
}

void
xm_settings_free (XmSettings *settings)
{
  for (gsize i = 0; i < G_N_ELEMENTS (text_keys); i++)
    g_free (*(char **)G_STRUCT_MEMBER_P (settings, text_keys[i].offset));
  g_clear_pointer (&settings->bridges, g_hash_table_unref);
  free_commands (settings->commands);
  g_free (settings->config);
  g_free (settings);
}

char *
xm_settings_host_path (const XmSettings *settings, const char *path)
{
  return g_strconcat (settings->host_root, path, NULL);
}

char *
xm_settings_bridge (const XmSettings *settings, const char *network)
{
  const char *bridge = g_hash_table_lookup (settings->bridges, network);
  if (bridge != NULL)
    return g_strdup (bridge);

  g_auto (GStrv) parts = g_strsplit (network, "/", -1);
  guint64 number;
  if (g_strv_length (parts) == 4 && g_str_equal (parts[1], "wired") &&
      g_str_equal (parts[3], "bridged") &&
      g_ascii_string_to_unsigned (parts[2], 10, 0, G_MAXUINT, &number, NULL))
    return g_strdup_printf ("xenbr%" G_GUINT64_FORMAT, number);
  return NULL;
}
