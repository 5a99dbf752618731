/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/pciback.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "shim/read-file.h"
#include "shim/vm-pci.h"

/* Bytes of pciback's list of slots: a line of 13 for each device that it was ever told of. */
#define MAX_SLOTS 65536

/* -- on the thread ----------------------------------------------------------------- */

typedef struct {
  char *sysfs;
  GPtrArray *addresses;
} Binding;

static void
binding_free (gpointer data)
{
  Binding *binding = data;
  g_free (binding->sysfs);
  g_ptr_array_unref (binding->addresses);
  g_free (binding);
}

static gboolean
tell (const char *directory, const char *file, const char *address)
{
  g_autofree char *path = g_build_filename (directory, file, NULL);
  int fd = open (path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
  gboolean done = fd >= 0 && write (fd, address, strlen (address)) == (ssize_t)strlen (address);
  if (!done)
    g_warning ("PCI device %s: %s: %s", address, path, g_strerror (errno));
  if (fd >= 0)
    close (fd);
  return done;
}

static gboolean
knows_slot (const char *pciback, const char *address)
{
  g_autofree char *path = g_build_filename (pciback, "slots", NULL);
  g_autofree char *text = NULL;
  gsize len;
  return xm_read_file (path, MAX_SLOTS, &text, &len) == 0 && strstr (text, address) != NULL;
}

static void
bind_one (const char *sysfs, const char *pciback, const char *address)
{
  g_autofree char *device = g_build_filename (sysfs, "bus/pci/devices", address, NULL);
  g_autofree char *link = g_build_filename (device, "driver", NULL);
  g_autofree char *target = g_file_read_link (link, NULL);
  g_autofree char *driver = target != NULL ? g_path_get_basename (target) : NULL;
  if (g_strcmp0 (driver, "pciback") == 0)
    return;
  if ((driver == NULL || tell (link, "unbind", address)) &&
      (knows_slot (pciback, address) || tell (pciback, "new_slot", address)) &&
      tell (pciback, "bind", address))
    g_message ("PCI device %s: from %s to pciback", address, driver != NULL ? driver : "no driver");
}

static void
bind_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  const Binding *binding = task_data;
  g_autofree char *pciback = g_build_filename (binding->sysfs, "bus/pci/drivers/pciback", NULL);
  if (binding->addresses->len > 0 && !g_file_test (pciback, G_FILE_TEST_IS_DIR)) {
    g_warning ("PCI devices stay with their drivers: there is no %s", pciback);
  } else {
    for (guint i = 0; i < binding->addresses->len && !g_cancellable_is_cancelled (cancellable); i++)
      bind_one (binding->sysfs, pciback, binding->addresses->pdata[i]);
  }
  g_task_return_boolean (task, TRUE);
}

/* -- public ------------------------------------------------------------------------ */

void
xm_pciback_bind_async (const char *sysfs,
                       GPtrArray *addresses,
                       GCancellable *cancellable,
                       GAsyncReadyCallback callback,
                       gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  Binding *binding = g_new (Binding, 1);
  *binding = (Binding){ g_strdup (sysfs), addresses };
  g_task_set_source_tag (task, xm_pciback_bind_async);
  g_task_set_task_data (task, binding, binding_free);
  g_task_set_return_on_cancel (task, TRUE); /* a driver that never lets go holds only its thread */
  g_task_run_in_thread (task, bind_in_thread);
}

gboolean
xm_pciback_bind_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
add_devices (const XmVm *vm, GPtrArray *host, const char *sysfs, GPtrArray *addresses)
{
  g_autoptr (GPtrArray) passed = xm_vm_select_pci (vm, host, sysfs, NULL);
  for (guint i = 0; i < passed->len; i++) {
    const XmPassedDevice *device = passed->pdata[i];
    g_autofree char *address = xm_pci_address_to_text (&device->device->address);
    if (!g_ptr_array_find_with_equal_func (addresses, address, g_str_equal, NULL))
      g_ptr_array_add (addresses, g_steal_pointer (&address));
  }
}

void
xm_pciback_reserve (XmService *service, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GPtrArray) host = NULL;
  g_autofree char *sysfs = xm_settings_host_path (service->settings, "/sys");
  GPtrArray *addresses = g_ptr_array_new_with_free_func (g_free);
  GHashTableIter iter;
  gpointer vm;
  g_hash_table_iter_init (&iter, service->vms);
  while (g_hash_table_iter_next (&iter, NULL, &vm)) {
    if (!xm_vm_read_boolean (vm, "greedy-pciback-bind", TRUE) || !xm_vm_wants_pci (vm))
      continue;
    if (host == NULL)
      host = xm_pci_devices_read (sysfs);
    add_devices (vm, host, sysfs, addresses);
  }
  xm_pciback_bind_async (sysfs, addresses, NULL, callback, user_data);
}
