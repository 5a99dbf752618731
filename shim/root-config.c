/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/root-config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "shim/caps.h"
#include "shim/error.h"
#include "shim/host-files.h"
#include "shim/root-config-files.h"
#include "shim/signals.h"
#include "shim/text.h"

#define MAX_TEXT 65536 /* bytes */

/* -- the table --------------------------------------------------------------------- */

static const char *const fail_actions[] = {
  "sleep", "hibernate", "shutdown", "forced-shutdown", "idle-shutdown", "reboot", "nothing", NULL
};

#define ROW(type_, name_, source_, key_, fallback_, ...)                                           \
  {                                                                                                \
    .name = name_, .type = type_, .source = XM_ROOT_##source_, .key = key_, .fallback = fallback_, \
    __VA_ARGS__                                                                                    \
  }
#define BOOLEAN(...)    ROW ('b', __VA_ARGS__, )
#define INTEGER(...)    ROW ('i', __VA_ARGS__, )
#define STRING(...)     ROW ('s', __VA_ARGS__, )
#define LIST(...)       ROW ('a', __VA_ARGS__, )
#define PERMIT          XM_ROOT_INVERTED | XM_ROOT_TRUE_REMOVES
#define COMMANDS(name_) .commands = { XM_COMMAND_##name_##_OFF, XM_COMMAND_##name_##_ON }

/* clang-format off */
static const XmRootRow rows[] = {
  /* com.citrix.xenclient.xenmgr.config */
  BOOLEAN ("argo-firewall", STORE, "/xenmgr/argo-firewall", "true", .flags = XM_ROOT_SILENT),
  BOOLEAN ("argo-hosts-file", STORE, "/xenmgr/argo-hosts-file", "true"),
  BOOLEAN ("autolock-cd-drives", STORE, "/xenmgr/autolock-cd-drives", "true", .flags = XM_ROOT_SILENT),
  BOOLEAN ("autostart", STORE, "/xenmgr/autostart", "true"),
  BOOLEAN ("bypass-sha1sum-checks", STORE, "/xenmgr/bypass-sha1sum-checks", "false", .flags = XM_ROOT_READ_ONLY),
  BOOLEAN ("configurable-save-changes-across-reboots", CAPS, "configurable-save-changes-across-reboots", "true", .flags = XM_ROOT_READ_ONLY),
  BOOLEAN ("connect-remote-desktop-allowed", STORE, "/xenmgr/uiConnectRemoteDesktopAllowed", "true"),
  INTEGER ("dom0-mem-target-mib", STORE, "/dom0-mem-target-mib", "256", .flags = XM_ROOT_SILENT),
  BOOLEAN ("enable-argo-ssh", FLAG, "/config/etc/ssh/argo_not_to_be_run", "true", .flags = XM_ROOT_SILENT, COMMANDS (ARGO_SSH)),
  BOOLEAN ("enable-dom0-networking", FLAG, "/config/system/dom0-networking-disabled", "true", .flags = XM_ROOT_SILENT, COMMANDS (NETWORKING)),
  BOOLEAN ("enable-ssh", FLAG, "/config/etc/ssh/sshd_not_to_be_run", "true", .flags = XM_ROOT_SILENT, COMMANDS (SSH)),
  BOOLEAN ("guest-only-networking", STORE, "/xenmgr/guest-only-networking", "false", .flags = XM_ROOT_READ_ONLY),
  STRING ("iso-path", STORE, "/xenmgr/isos", "/storage/isos", .flags = XM_ROOT_HOST_PATH),
  STRING ("measure-fail-action", STORE, "/xenmgr/measure-fail-action", "forced-shutdown", .words = fail_actions, .other_word = "nothing"),
  BOOLEAN ("ota-upgrades-allowed", STORE, "/ota-upgrades-disallowed", "true", .flags = PERMIT),
  STRING ("platform-crypto-key-dirs", STORE, "/xenmgr/platform-crypto-key-dirs", "/config/platform-crypto-keys", .flags = XM_ROOT_HOST_PATH),
  INTEGER ("pvm-autostart-delay", STORE, "/xenmgr/pvm-autostart-delay", "0"),
  BOOLEAN ("secondary-gpu-pt", CAPS, "secondary-gpu-pt", "true", .flags = XM_ROOT_READ_ONLY),
  INTEGER ("svm-autostart-delay", STORE, "/xenmgr/svm-autostart-delay", "0"),
  BOOLEAN ("use-networking-domain", FIXED, NULL, "true", .flags = XM_ROOT_READ_ONLY),
  BOOLEAN ("vm-creation-allowed", STORE, "/vm-create-disallowed", "true", .flags = PERMIT),
  BOOLEAN ("vm-deletion-allowed", STORE, "/vm-delete-disallowed", "true", .flags = PERMIT),
  INTEGER ("xc-diag-timeout", STORE, "/xenmgr/xc-diag-timeout", "180"),

  /* com.citrix.xenclient.xenmgr.config.ui */
  INTEGER ("idle-time-threshold", FIXED, NULL, "0"),
  STRING ("language", LANGUAGE, "/config/language.conf", "en-us"),
  BOOLEAN ("modify-advanced-vm-settings", STORE, "/xenmgr/uiModifyAdvancedVmSettings", "true"),
  BOOLEAN ("modify-services", STORE, "/xenmgr/uiModifyServices", "true"),
  BOOLEAN ("modify-settings", STORE, "/xenmgr/uiModifySettings", "true"),
  BOOLEAN ("modify-usb-settings", STORE, "/xenmgr/uiModifyUsbSettings", "true"),
  INTEGER ("pointer-trail-timeout", STORE, "/xenmgr/pointerTrailTimeout", "0", .flags = XM_ROOT_MILLI),
  BOOLEAN ("show-mboot-warning", STORE, "/xenmgr/showMbootWarning", "true"),
  BOOLEAN ("show-msg-on-no-disk", STORE, "/xenmgr/showMsgOnNoDisk", "true"),
  BOOLEAN ("show-msg-on-vm-start", STORE, "/xenmgr/showMsgOnVmStart", "true"),
  BOOLEAN ("show-msg-on-vm-start-tools-warning", STORE, "/xenmgr/showMsgOnVmStartToolsWarning", "true"),
  BOOLEAN ("show-tools-warning", STORE, "/xenmgr/showToolsWarning", "true"),
  LIST ("supported-languages", CAPS, "supported-languages", "en-us", .flags = XM_ROOT_READ_ONLY),
  BOOLEAN ("switcher-enabled", STORE, "/switcher/enabled", "true", .flags = XM_ROOT_SILENT),
  BOOLEAN ("switcher-keyboard-follows-mouse", STORE, "/switcher/keyboard_follows_mouse", "false", .flags = XM_ROOT_SILENT),
  INTEGER ("switcher-resistance", STORE, "/switcher/resistance", "10", .flags = XM_ROOT_SILENT),
  BOOLEAN ("switcher-self-switch-enabled", STORE, "/switcher/self-switch-disabled", "false", .flags = XM_ROOT_SILENT | XM_ROOT_INVERTED),
  BOOLEAN ("switcher-status-report-enabled", STORE, "/switcher/status-report-enabled", "true", .flags = XM_ROOT_SILENT),
  STRING ("view-type", STORE, "/xenmgr/viewType", ""),
  STRING ("wallpaper", STORE, "/xenmgr/wallpaper", "images/wallpapers/s9.png"),
};
/* clang-format on */

const XmRootRow *
xm_root_config_rows (gsize *n)
{
  *n = G_N_ELEMENTS (rows);
  return rows;
}

gconstpointer
xm_root_config_lookup (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
    if (g_str_equal (rows[i].name, name))
      return &rows[i];
  }
  return NULL;
}

/* -- from text to values ----------------------------------------------------------- */

/* What stands for no text of its own. */
static char *
get_default (const XmService *service, const XmRootRow *row)
{
  if (row->flags & XM_ROOT_HOST_PATH)
    return xm_settings_host_path (service->settings, row->fallback);
  return g_strdup (row->fallback);
}

static char *
read_language (const XmService *service, const XmRootRow *row)
{
  const char *text = xm_host_files_text (service->host_files, row->key);
  return text != NULL ? xm_root_language_in (text) : NULL;
}

/* (transfer full) (nullable): NULL where the default counts. */
static char *
read_text (const XmService *service, const XmRootRow *row)
{
  switch (row->source) {
  case XM_ROOT_STORE:
    return g_strdup (xm_store_read (service->store, row->key));
  case XM_ROOT_CAPS:
    return xm_caps_read (service, row->key);
  case XM_ROOT_FLAG:
    return g_strdup (xm_host_files_exists (service->host_files, row->key) ? "false" : "true");
  case XM_ROOT_LANGUAGE:
    return read_language (service, row);
  case XM_ROOT_FIXED:
  default:
    return NULL;
  }
}

static gboolean
parse_milli (const char *text, gint64 *value)
{
  char *end;
  double number = g_ascii_strtod (text, &end);
  if (end == text || *end != '\0' || !isfinite (number) || fabs (number) > G_MAXINT32)
    return FALSE;
  *value = (gint64)(number * 1000 + (number < 0 ? -0.5 : 0.5));
  return *value >= G_MININT32 && *value <= G_MAXINT32;
}

static GVariant *
split_words (const char *text)
{
  g_auto (GVariantBuilder) builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("as"));
  g_auto (GStrv) words = g_strsplit_set (text, " \t", -1);
  for (char **word = words; *word != NULL; word++) {
    if (**word != '\0')
      g_variant_builder_add (&builder, "s", *word);
  }
  return g_variant_builder_end (&builder);
}

/* (transfer floating) */
static GVariant *
parse (const XmRootRow *row, const char *text, gboolean inverted, GError **error)
{
  gboolean boolean;
  gint64 number;
  switch (row->type) {
  case 'b':
    if (xm_text_to_boolean (text, &boolean))
      return g_variant_new_boolean (boolean != inverted);
    xm_error_set_plain (error, "unexpected boolean text representation: %s while reading %s", text,
                        row->key);
    return NULL;
  case 'i':
    if (row->flags & XM_ROOT_MILLI
            ? parse_milli (text, &number)
            : g_ascii_string_to_signed (text, 10, G_MININT32, G_MAXINT32, &number, NULL))
      return g_variant_new_int32 ((gint32)number);
    xm_error_set_plain (error, "Prelude.read: no parse: %s while reading %s", text, row->key);
    return NULL;
  case 'a':
    return split_words (text);
  default:
    if (row->words == NULL || g_strv_contains (row->words, text))
      return g_variant_new_string (text);
    xm_error_set_plain (error, "unexpected enumeration value: %s while reading %s", text, row->key);
    return NULL;
  }
}

/* The default itself is never inverted. */
static GVariant *
default_value (const XmService *service, const XmRootRow *row)
{
  g_autofree char *text = get_default (service, row);
  GVariant *value = parse (row, text, FALSE, NULL);
  g_assert (value != NULL);
  return value;
}

GVariant *
xm_root_config_get (gpointer owner, gconstpointer property, GError **error)
{
  const XmService *service = owner;
  const XmRootRow *row = property;
  g_autofree char *text = read_text (service, row);
  if (text == NULL)
    return default_value (service, row);
  return parse (row, text, (row->flags & XM_ROOT_INVERTED) != 0, error);
}

static gboolean
is_file (const XmRootRow *row)
{
  return row->source == XM_ROOT_CAPS || row->source == XM_ROOT_FLAG ||
         row->source == XM_ROOT_LANGUAGE;
}

static void
on_files_read (gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_task_return_boolean (task, TRUE);
}

gboolean
xm_root_config_look (gpointer owner,
                     gconstpointer row,
                     GAsyncReadyCallback callback,
                     gpointer user_data)
{
  const XmService *service = owner;
  if (row != NULL && !is_file (row))
    return FALSE;
  xm_host_files_refresh (service->host_files, on_files_read,
                         g_task_new (NULL, NULL, callback, user_data));
  return TRUE;
}

/* -- for the service's own parts --------------------------------------------------- */

static const XmRootRow *
get_row (const char *name, char type)
{
  const XmRootRow *row = xm_root_config_lookup (name);
  g_assert (row != NULL && row->type == type);
  return row;
}

gboolean
xm_root_config_allows (XmService *service, const char *name, gboolean *value, GError **error)
{
  g_autoptr (GVariant) found = xm_root_config_get (service, get_row (name, 'b'), error);
  if (found == NULL)
    return FALSE;
  *value = g_variant_get_boolean (g_variant_ref_sink (found));
  return TRUE;
}

/* (transfer full) */
static GVariant *
get_or_default (XmService *service, const char *name, char type)
{
  const XmRootRow *row = get_row (name, type);
  g_autoptr (GError) error = NULL;
  GVariant *value = xm_root_config_get (service, row, &error);
  if (value == NULL) {
    g_warning ("%s: %s; its default counts, %s", name, error != NULL ? error->message : "",
               row->fallback);
    value = default_value (service, row);
  }
  return g_variant_ref_sink (value);
}

gboolean
xm_root_config_boolean (XmService *service, const char *name)
{
  g_autoptr (GVariant) value = get_or_default (service, name, 'b');
  return g_variant_get_boolean (value);
}

gint32
xm_root_config_integer (XmService *service, const char *name)
{
  g_autoptr (GVariant) value = get_or_default (service, name, 'i');
  return g_variant_get_int32 (value);
}

char *
xm_root_config_text (XmService *service, const char *name)
{
  g_autoptr (GVariant) value = get_or_default (service, name, 's');
  return g_variant_dup_string (value, NULL);
}

/* -- setting ----------------------------------------------------------------------- */

static char *
format_integer (const XmRootRow *row, gint32 number)
{
  if (!(row->flags & XM_ROOT_MILLI))
    return g_strdup_printf ("%d", number);
  gint64 size = ABS ((gint64)number);
  return g_strdup_printf ("%s%" G_GINT64_FORMAT ".%03d", number < 0 ? "-" : "", size / 1000,
                          (int)(size % 1000));
}

/* (transfer full): the text that the store shall have */
static char *
format (const XmRootRow *row, GVariant *value)
{
  if (row->type == 'b') {
    gboolean inverted = (row->flags & XM_ROOT_INVERTED) != 0;
    return g_strdup (g_variant_get_boolean (value) != inverted ? "true" : "false");
  }
  if (row->type == 'i')
    return format_integer (row, g_variant_get_int32 (value));
  const char *text = g_variant_get_string (value, NULL);
  if (row->words != NULL && !g_strv_contains (row->words, text))
    text = row->other_word;
  return g_strdup (text);
}

static gboolean
write_store (XmService *service, const XmRootRow *row, GVariant *value, GError **error)
{
  if (row->type == 's' && strlen (g_variant_get_string (value, NULL)) > MAX_TEXT) {
    xm_error_set_plain (error, "%s: longer than %d bytes", row->name, MAX_TEXT);
    return FALSE;
  }
  if (row->flags & XM_ROOT_TRUE_REMOVES && g_variant_get_boolean (value))
    return xm_store_remove (service->store, row->key, error);
  g_autofree char *text = format (row, value);
  return xm_store_write (service->store, row->key, text, error);
}

/** Setting: what is being set in a file of the host. */
typedef struct {
  XmService *service;
  const XmRootRow *row;
  GDBusMethodInvocation *invocation;
  char *language;
} Setting;

/* @setting, @error: (transfer full) */
static void
fail_setting (Setting *setting, GError *error)
{
  xm_error_return (setting->invocation, error);
  g_free (setting->language);
  g_free (setting);
}

static void
on_file_set (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Setting *setting = user_data;
  GError *error = NULL;
  if (!xm_root_file_set_finish (result, &error)) {
    fail_setting (setting, error);
    return;
  }
  xm_bus_object_changed (setting->service->root, setting->row->name);
  if (!(setting->row->flags & XM_ROOT_SILENT))
    xm_signal_config_changed (setting->service);
  if (setting->row->source == XM_ROOT_LANGUAGE)
    xm_signal_language_changed (setting->service);
  g_dbus_method_invocation_return_value (setting->invocation, NULL);
  g_free (setting->language);
  g_free (setting);
}

/* Shell scripts read it too, so it must be a plain word even if the capability file says otherwise.
 */
static gboolean
is_supported_language (XmService *service, const char *language)
{
  static const char letters[] =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.@";
  if (language[strspn (language, letters)] != '\0')
    return FALSE;
  g_autoptr (GVariant) languages = get_or_default (service, "supported-languages", 'a');
  g_autofree const char **words = g_variant_get_strv (languages, NULL);
  return g_strv_contains (words, language);
}

/* The host's capabilities have been read. */
static void
set_language (gpointer user_data)
{
  Setting *setting = user_data;
  XmService *service = setting->service;
  GError *error = NULL;
  if (!service->ending && is_supported_language (service, setting->language)) {
    xm_root_language_set_async (service, setting->row->key, setting->language, on_file_set,
                                setting);
    return;
  }
  xm_error_set (&error, XM_ERROR_LANGUAGE);
  fail_setting (setting, error);
}

void
xm_root_config_set (gpointer owner,
                    const char *interface,
                    gconstpointer property,
                    GVariant *value,
                    GDBusMethodInvocation *invocation)
{
  XmService *service = owner;
  const XmRootRow *row = property;
  if (row->source == XM_ROOT_FLAG || row->source == XM_ROOT_LANGUAGE) {
    Setting *setting = g_new (Setting, 1);
    *setting = (Setting){ service, row, invocation, NULL };
    if (row->source == XM_ROOT_LANGUAGE) {
      setting->language = g_variant_dup_string (value, NULL);
      xm_host_files_refresh (service->host_files, set_language, setting);
    } else {
      xm_root_flag_set_async (service, row->key, !g_variant_get_boolean (value),
                              row->commands[g_variant_get_boolean (value)], on_file_set, setting);
    }
    return;
  }

  GError *error = NULL;
  if (row->source == XM_ROOT_STORE && !write_store (service, row, value, &error)) {
    xm_error_return (invocation, error);
    return;
  }
  if (!(row->flags & XM_ROOT_SILENT))
    xm_signal_config_changed (service);
  xm_service_answer_when_durable (service, invocation, NULL);
}
