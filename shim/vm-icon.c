/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/vm-icon.h"

#include <errno.h>

#include "shim/error.h"
#include "shim/read-file.h"
#include "shim/vm.h"

#define FOLDER "/usr/lib/xui/"

static gboolean
climbs (const char *path)
{
  g_auto (GStrv) parts = g_strsplit (path, "/", -1);
  return g_strv_contains ((const char *const *)parts, "..");
}

static GError *
file_error (const char *path, int errsv)
{
  GError *error = NULL;
  xm_error_set_file (&error, path, "openBinaryFile", errsv);
  return error;
}

static void
read_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  const char *path = task_data;
  char *bytes = NULL;
  gsize len;
  int errsv = xm_read_file (path, XM_ICON_MAX, &bytes, &len);
  if (errsv == 0)
    g_task_return_pointer (task, g_bytes_new_take (bytes, len), (GDestroyNotify)g_bytes_unref);
  else
    g_task_return_error (task, file_error (path, errsv));
}

static void
on_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GDBusMethodInvocation *invocation = user_data;
  GError *error = NULL;
  g_autoptr (GBytes) bytes = g_task_propagate_pointer (G_TASK (result), &error);
  if (bytes == NULL) {
    xm_error_return (invocation, error);
    return;
  }
  GVariant *icon = g_variant_new_from_bytes (G_VARIANT_TYPE_BYTESTRING, bytes, TRUE);
  g_dbus_method_invocation_return_value (invocation, g_variant_new ("(@ay)", icon));
}

void
xm_vm_read_icon (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  const XmVm *vm = owner;
  const char *image = xm_vm_read (vm, "image_path");
  if (image == NULL)
    image = "";
  gboolean absolute = g_path_is_absolute (image);
  g_autofree char *name = g_strconcat (absolute ? "" : FOLDER, image, NULL);
  g_autofree char *path = xm_settings_host_path (vm->service->settings, name);
  if (!absolute && climbs (image)) {
    xm_error_return (invocation, file_error (path, EACCES));
    return;
  }
  g_autoptr (GTask) task = g_task_new (NULL, NULL, on_read, invocation);
  g_task_set_task_data (task, g_steal_pointer (&path), g_free);
  g_task_run_in_thread (task, read_in_thread);
}
