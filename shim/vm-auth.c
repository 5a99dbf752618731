/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/vm-auth.h"

#include <string.h>

#include "shim/error.h"
#include "shim/read-file.h"
#include "shim/remote-call.h"

#define MOUNTS_MAX (1024 * 1024)
#define INPUT      "com.citrix.xenclient.input"

/* What the input daemon is to ask for: the flags that the original passes. */
#define AUTH_FLAGS ((1 << 19) | (1 << 23))

/* -- the mount table --------------------------------------------------------------- */

/* The second word of each line of /proc/mounts is a mount point, with octal escapes. */
static gboolean
is_mount_point (const char *mounts, const char *folder)
{
  g_auto (GStrv) lines = g_strsplit (mounts, "\n", -1);
  for (char **line = lines; *line != NULL; line++) {
    g_auto (GStrv) words = g_strsplit (*line, " ", 3);
    if (words[0] == NULL || words[1] == NULL)
      continue;
    g_autofree char *point = g_strcompress (words[1]);
    if (g_str_equal (point, folder))
      return TRUE;
  }
  return FALSE;
}

gboolean
xm_vm_is_locked (const XmVm *vm)
{
  const char *user = xm_vm_read (vm, "crypto-user");
  if (user == NULL || *user == '\0')
    return FALSE;
  g_autofree char *folder = g_strconcat ("/config/sec/s-", user, NULL);
  g_autofree char *path = xm_settings_host_path (vm->service->settings, "/proc/mounts");
  g_autofree char *mounts = NULL;
  gsize len;
  return xm_read_file (path, MOUNTS_MAX, &mounts, &len) != 0 || !is_mount_point (mounts, folder);
}

/* -- methods ----------------------------------------------------------------------- */

static void
auth_required (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  g_dbus_method_invocation_return_value (invocation,
                                         g_variant_new ("(b)", xm_vm_is_locked (owner)));
}

static void
on_asked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GError *error = NULL;
  g_autoptr (GVariant) answer = xm_remote_call_finish (result, &error);
  if (answer != NULL)
    g_dbus_method_invocation_return_value (user_data, NULL);
  else
    xm_error_return (user_data, error);
}

static void
auth (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  static const XmRemoteMethod ask = { INPUT, "/", INPUT, "auth_set_context_flags" };
  const XmVm *vm = owner;
  const char *user = xm_vm_read (vm, "crypto-user");
  if (user == NULL || *user == '\0')
    g_dbus_method_invocation_return_value (invocation, NULL);
  else
    xm_remote_call_async (vm->service->connection, &ask,
                          g_variant_new ("(ssi)", user, "", AUTH_FLAGS), -1, NULL, on_asked,
                          invocation);
}

const XmMethod xm_vm_auth_methods[] = {
  { "auth", auth },
  { "auth_required", auth_required },
  { NULL, NULL },
};
