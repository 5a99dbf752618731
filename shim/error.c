/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/error.h"

#include <errno.h>
#include <string.h>

#include "xlwrap/xl-error.h"

/* More than this of a command's words helps nobody, and each reply would carry it. */
#define MAX_QUOTED 16384

G_DEFINE_QUARK (xm - error - quark, xm_error)

/* The texts that clients match; spelling mistakes included. %s: what the error is about. */
static const struct {
  XmErrorCode code;
  const char *text;
} texts[] = {
  { XM_ERROR_MEMORY, "Not enough free memory!" },
  { XM_ERROR_HIBERNATE, "Failed to hibernate VM" },
  { XM_ERROR_POLICY_MODIFY, "Editing of properties is disabled by this VM's active policy" },
  { XM_ERROR_NO_SUCH_DEVICE, "No such device" },
  { XM_ERROR_REMOVE_RUNNING, "Cannot remove running VM" },
  { XM_ERROR_TOO_MANY_VMS, "Too many VMS" },
  { XM_ERROR_NO_SUCH_DISK, "No such disk" },
  { XM_ERROR_DISK_TYPE, "Incorrect disk type" },
  { XM_ERROR_DEVICE_TYPE, "Incorrect device type" },
  { XM_ERROR_DUPLICATE_DISK, "Failed to add a disk, device ID is duplicated" },
  { XM_ERROR_PV_ADDONS, "Performing this action requires PV addons installed inside VM" },
  { XM_ERROR_READ_ONLY, "Property is read-only" },
  { XM_ERROR_WRITE_ONLY, "Property is write-only" },
  { XM_ERROR_NOT_GATHERING, "Currently not gathering diagnostic information" },
  { XM_ERROR_DISK_SUM, "Disk SHA1 sum does not match the expected one!" },
  { XM_ERROR_AMT_IN_USE, "Cannot start VM - another VM with AMT passthrough is already running" },
  { XM_ERROR_POLICY, "Action suppressed by active policy settings" },
  { XM_ERROR_HIBERNATED, "Cannot change VM property while it is in hibernated state" },
  { XM_ERROR_NO_SUCH_NIC, "No such NIC" },
  { XM_ERROR_IO, "IO error: %s" },
  { XM_ERROR_RESUME, "Failed to resume vm from sleep" },
  { XM_ERROR_NOT_READY,
    "Cannot complete requested action because VM is not ready - possibly still under "
    "construction" },
  { XM_ERROR_NO_AGENT, "Guest VM is not configured to use rpc agent" },
  { XM_ERROR_SLEEP_TIMEOUT, "Timeout waiting for guest to enter sleep state" },
  { XM_ERROR_HIBERNATE_TIMEOUT, "Timeout waiting for guest to enter hibernated state" },
  { XM_ERROR_SHUTDOWN_TIMEOUT, "Timeout waiting for guest to enter shutdown state" },
  { XM_ERROR_DEVICE_IN_USE, "Device '%s' is currently being passed through to another VM." },
  { XM_ERROR_GPU_SECONDARY, "Graphics card cannot be passed through as secondary adapter" },
  { XM_ERROR_NO_BACKEND, "Network backend domain is not running" },
  { XM_ERROR_OEM_ACPI_IN_USE,
    "Cannot stat VM - another VM with oem acpi features is already running" },
  { XM_ERROR_UNKNOWN_GPU, "Unknown GPU \"%s\"" },
  { XM_ERROR_MEASURED_SLEEP, "Host sleep is disabled while in TXT measured launch" },
  { XM_ERROR_LANGUAGE, "Unsupported language" },
  { XM_ERROR_RULE, "Rule parse error" },
  { XM_ERROR_KEY_EXISTS, "Encryption key already exists" },
  { XM_ERROR_VHD_HAS_KEY, "VHD file already contains encryption key" },
  { XM_ERROR_NETWORK_DAEMON, "Timeout waiting for network daemon to become ready" },
  { XM_ERROR_NO_FILE, "Supplied file doesn't exist" },
  { XM_ERROR_NETWORK, "Network issue detected, please check your internet connection" },
  { XM_ERROR_CASE_ID, "A generic error occured, please check your case ID" },
  { XM_ERROR_UNAUTHORIZED, "User unauthorized, please check your MyCitrix credentials" },
  { XM_ERROR_LEGAL_TERMS, "User has not agreed to the latest version of the legal terms" },
};

static const char *
text_of (XmErrorCode code)
{
  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    if (texts[i].code == code)
      return texts[i].text;
  return NULL;
}

void
xm_error_set (GError **error, XmErrorCode code)
{
  xm_error_set_about (error, code, "");
}

void
xm_error_set_about (GError **error, XmErrorCode code, const char *subject)
{
  const char *text = text_of (code);
  const char *place;
  g_autoptr (GString) message = g_string_new (NULL);

  g_return_if_fail (text != NULL);

  g_string_printf (message, "%d:", (int)code);
  place = strstr (text, "%s");
  if (place) {
    g_string_append_len (message, text, place - text);
    g_string_append (message, subject);
    g_string_append (message, place + strlen ("%s"));
  } else {
    g_string_append (message, text);
  }
  g_set_error_literal (error, XM_ERROR, (int)code, message->str);
}

void
xm_error_set_io (GError **error, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list arguments;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  xm_error_set_about (error, XM_ERROR_IO, text);
}

void
xm_error_set_file (GError **error, const char *path, const char *operation, int errsv)
{
  static const struct {
    int errsv;
    const char *kind;
  } kinds[] = {
    { ENOENT, "does not exist" },         { ENOTDIR, "inappropriate type" },
    { EISDIR, "inappropriate type" },     { EACCES, "permission denied" },
    { EPERM, "permission denied" },       { EROFS, "permission denied" },
    { EEXIST, "already exists" },         { EBUSY, "resource busy" },
    { ENOSPC, "resource exhausted" },     { EMFILE, "resource exhausted" },
    { ENFILE, "resource exhausted" },     { ENOMEM, "resource exhausted" },
    { EINVAL, "invalid argument" },       { ELOOP, "invalid argument" },
    { ENAMETOOLONG, "invalid argument" },
  };
  const char *kind = "failed";

  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (kinds[i].errsv == errsv)
      kind = kinds[i].kind;
  xm_error_set_io (error, "%s: %s: %s (%s)", path, operation, kind, g_strerror (errsv));
}

void
xm_error_set_plain (GError **error, const char *format, ...)
{
  va_list arguments;
  g_autofree char *text = NULL;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error_literal (error, XM_ERROR, XM_ERROR_PLAIN, text);
}

/*
 * Haskell's way to show a string: the numbers and names of its escapes are what
 * clients of the original saw. Text beyond ASCII stays readable here.
 */
static void
append_quoted (GString *out, const char *text)
{
  static const char *const names[] = {
    "NUL", "SOH", "STX", "ETX", "EOT", "ENQ", "ACK", "a",   "b",   "t",   "n",
    "v",   "f",   "r",   "SO",  "SI",  "DLE", "DC1", "DC2", "DC3", "DC4", "NAK",
    "SYN", "ETB", "CAN", "EM",  "SUB", "ESC", "FS",  "GS",  "RS",  "US",
  };

  g_string_append_c (out, '"');
  for (const char *p = text; *p; p++) {
    guchar c = (guchar)*p;

    if (c == '"' || c == '\\')
      g_string_append_printf (out, "\\%c", c);
    else if (c == 0x7f)
      g_string_append (out, "\\DEL");
    else if (c < G_N_ELEMENTS (names)) {
      g_string_append_printf (out, "\\%s", names[c]);
      /* "\SO" and "H" must not read as "\SOH". */
      if (c == 0x0e && p[1] == 'H')
        g_string_append (out, "\\&");
    } else
      g_string_append_c (out, (char)c);
  }
  g_string_append_c (out, '"');
}

/* What xl wrote, in one line, without the line that says which file it reads. */
static char *
join_lines (const char *message)
{
  g_auto (GStrv) lines = g_strsplit (message, "\n", -1);
  g_autoptr (GString) out = g_string_new (NULL);

  for (char **line = lines; *line; line++) {
    g_strchomp (*line);
    if (!**line || g_str_has_prefix (*line, "Parsing config from "))
      continue;
    if (out->len)
      g_string_append (out, "<br>");
    g_string_append (out, *line);
  }
  return g_string_free (g_steal_pointer (&out), FALSE);
}

static gboolean
is_lack_of_memory (const char *message)
{
  return strstr (message, "Cannot allocate memory") ||
         strstr (message, "failed to free memory for the domain");
}

static void
shorten (char *text)
{
  static const char mark[] = "...";

  if (strlen (text) > MAX_QUOTED)
    memcpy (g_utf8_find_prev_char (text, text + MAX_QUOTED - strlen (mark)), mark, sizeof mark);
}

GError *
xm_error_from_xl (GError *error, const char *text)
{
  g_autoptr (GError) cause = error;
  g_autoptr (GString) quoted = g_string_new (NULL);
  g_autofree char *words = NULL;
  g_autofree char *valid = NULL;
  GError *result = NULL;
  gboolean refused;

  if (cause->domain == XM_ERROR)
    return g_steal_pointer (&cause);

  if (cause->domain == XL_ERROR && is_lack_of_memory (xl_error_get_message (cause))) {
    xm_error_set (&result, XM_ERROR_MEMORY);
    return result;
  }

  /* Only where xl itself said no does its own text, or ours in its place, tell why. */
  refused = g_error_matches (cause, XL_ERROR, XL_ERROR_EXIT) ||
            g_error_matches (cause, XL_ERROR, XL_ERROR_REPORTED);
  if (refused)
    words = text ? g_strdup (text) : join_lines (xl_error_get_message (cause));
  if (!words || !*words) {
    g_free (words);
    words = g_strdup (cause->message);
  }
  valid = g_utf8_make_valid (words, -1);
  shorten (valid);
  append_quoted (quoted, valid);
  xm_error_set_about (&result, XM_ERROR_IO, quoted->str);
  return result;
}

GError *
xm_error_from_helper (GError *error)
{
  g_autoptr (GError) cause = error;
  const char *const *argv = cause->domain == XL_ERROR ? xl_error_get_argv (cause) : NULL;
  GError *result = NULL;

  if (argv == NULL)
    return g_steal_pointer (&cause);

  g_warning ("%s: %s", cause->message, xl_error_get_message (cause));
  g_autofree char *words = g_strjoinv (" ", (char **)argv);
  g_autofree char *valid = g_utf8_make_valid (words, -1);
  xm_error_set_io (&result, "command: \"%s\" FAILED.", valid);
  return result;
}

GError *
xm_error_from_peer (GError *error)
{
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return error;

  GError *result = NULL;
  g_autofree char *name = g_dbus_error_get_remote_error (error); /* NULL: nobody answered */

  g_dbus_error_strip_remote_error (error);
  xm_error_set_plain (&result, "%s%s%s", name != NULL ? name : "", name != NULL ? ": " : "",
                      error->message);
  g_error_free (error);
  return result;
}

GError *
xm_error_to_dbus (GError *error)
{
  g_autoptr (GError) cause = error;

  if (cause->domain == XL_ERROR)
    cause = xm_error_from_xl (g_steal_pointer (&cause), NULL);

  if (cause->domain == G_IO_ERROR || cause->domain == G_FILE_ERROR) {
    GError *coded = NULL;

    g_dbus_error_strip_remote_error (cause);
    xm_error_set_about (&coded, XM_ERROR_IO, cause->message);
    g_clear_error (&cause);
    cause = coded;
  } else {
    g_dbus_error_strip_remote_error (cause);
  }

  g_autofree char *message = g_utf8_make_valid (cause->message, -1);
  return g_error_new_literal (G_DBUS_ERROR, G_DBUS_ERROR_FAILED, message);
}

void
xm_error_return (GDBusMethodInvocation *invocation, GError *error)
{
  g_dbus_method_invocation_take_error (invocation, xm_error_to_dbus (error));
}
