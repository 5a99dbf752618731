/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/host-cd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/cdrom.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "shim/cd-device.h"
#include "shim/error.h"
#include "shim/host-file.h"
#include "shim/signals.h"
#include "shim/vm.h"

/* -- assignments ------------------------------------------------------------------- */

/* (transfer full) */
static char *
key_of (const XmCdId *id)
{
  g_autofree char *name = xm_cd_id_to_text (id, '_');
  return g_strconcat ("/xenmgr/cdassign/", name, NULL);
}

/* The VM that has the drive, "" when none does. */
static const char *
vm_of (XmService *service, const XmCdId *id)
{
  g_autofree char *key = key_of (id);
  const char *uuid = xm_store_read (service->store, key);
  return uuid != NULL && xm_vm_lookup (service, uuid) != NULL ? uuid : "";
}

static void
tell (XmService *service, const XmCdId *id, const char *uuid)
{
  const XmVm *vm = *uuid != '\0' ? xm_vm_lookup (service, uuid) : NULL;
  g_autofree char *device = xm_cd_id_to_text (id, ':');
  xm_signal_cd_assignment_changed (service, device, uuid, vm != NULL ? vm->path : "/");
}

void
xm_host_assign_cd_device (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  XmService *service = owner;
  const char *device, *uuid;
  gboolean sticky;
  XmCdId id;
  GError *error = NULL;
  g_variant_get (parameters, "(&sb&s)", &device, &sticky, &uuid);
  gboolean fine = xm_cd_id_parse (device, &id, &error);
  if (fine && *uuid != '\0' && xm_vm_lookup (service, uuid) == NULL) {
    xm_error_set_plain (&error, "no vm with uuid %s", uuid);
    fine = FALSE;
  }
  if (!fine) {
    xm_error_return (invocation, error);
    return;
  }
  const char *after = sticky ? uuid : "";
  g_autofree char *before = g_strdup (vm_of (service, &id));
  g_autofree char *key = key_of (&id);
  if (*after != '\0' ? !xm_store_write (service->store, key, after, &error)
                     : !xm_store_remove (service->store, key, &error)) {
    xm_error_return (invocation, error);
    return;
  }
  if (!g_str_equal (before, after))
    tell (service, &id, after);
  xm_service_answer_when_durable (service, invocation, NULL);
}

void
xm_host_get_cd_device_assignment (gpointer owner,
                                  GVariant *parameters,
                                  GDBusMethodInvocation *invocation)
{
  const char *device;
  XmCdId id;
  GError *error = NULL;
  g_variant_get (parameters, "(&s)", &device);
  if (!xm_cd_id_parse (device, &id, &error)) {
    xm_error_return (invocation, error);
    return;
  }
  const char *uuid = vm_of (owner, &id);
  g_dbus_method_invocation_return_value (invocation, g_variant_new ("(bs)", *uuid != '\0', uuid));
}

void
xm_host_list_cd_devices (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  XmService *service = owner;
  g_autoptr (GArray) ids = xm_cd_devices_read (service->settings);
  g_auto (GVariantBuilder) list = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{ss}"));
  for (guint i = 0; i < ids->len; i++) {
    const XmCdId *id = &g_array_index (ids, XmCdId, i);
    g_autofree char *text = xm_cd_id_to_text (id, ':');
    g_autofree char *name = xm_cd_device_name (service->settings, id);
    g_autofree char *usb_id = xm_cd_device_usb_id (service->settings, id);
    const char *uuid = vm_of (service, id);
    g_variant_builder_add_value (&list,
                                 XM_HOST_DICT ("id", text, "name", name, "usb-id", usb_id, "vm",
                                               uuid, "vm-sticky", *uuid != '\0' ? "1" : "0"));
  }
  g_dbus_method_invocation_return_value (invocation, g_variant_new ("(aa{ss})", &list));
}

/* -- the tray ---------------------------------------------------------------------- */

/* Moving a tray takes seconds. */
static void
eject_on_thread (GTask *task, gpointer source, gpointer node, GCancellable *cancellable)
{
  GError *error = NULL;
  int fd = open (node, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  if (fd < 0 || ioctl (fd, CDROMEJECT) != 0)
    xm_error_set_io (&error, "%s: eject: %s", (const char *)node, g_strerror (errno));
  if (fd >= 0)
    close (fd);
  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
}

static void
on_ejected (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GError *error = NULL;
  if (g_task_propagate_boolean (G_TASK (result), &error))
    g_dbus_method_invocation_return_value (user_data, NULL);
  else
    xm_error_return (user_data, error);
}

void
xm_host_eject_cd_device (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  const XmService *service = owner;
  const char *device;
  XmCdId id;
  GError *error = NULL;
  g_variant_get (parameters, "(&s)", &device);
  if (!xm_cd_id_parse (device, &id, &error)) {
    xm_error_return (invocation, error);
    return;
  }
  char *node = xm_cd_device_node (service->settings, &id);
  if (node == NULL) {
    g_dbus_method_invocation_return_value (invocation, NULL);
    return;
  }
  g_autoptr (GTask) task = g_task_new (NULL, NULL, on_ejected, invocation);
  g_task_set_task_data (task, node, g_free);
  g_task_run_in_thread (task, eject_on_thread);
}
