/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/start-pci.h"

#include "shim/error.h"
#include "shim/pciback.h"
#include "shim/vm-pci.h"

#define INTEL         0x8086
#define CLASS_VGA     0x0300
#define CLASS_DISPLAY 0x0380

static void
end_step (GTask *task, GError *error)
{
  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

static char *
sysfs_of (const XmVm *vm)
{
  return xm_settings_host_path (vm->service->settings, "/sys");
}

/* -- the other functions of the gpu ------------------------------------------------ */

static gboolean
goes_with (const XmPciDevice *device, const XmPciDevice *gpu, gboolean root_bus)
{
  const XmPciAddress *a = &device->address, *b = &gpu->address;
  return device != gpu && device->class >> 8 != 0x06 && a->domain == b->domain &&
         a->bus == b->bus && (!root_bus || a->slot == b->slot);
}

static gboolean
add_functions (XmVm *vm, GPtrArray *host, const XmPciDevice *gpu, gboolean root_bus, GError **error)
{
  for (guint i = 0; i < host->len; i++) {
    const XmPciDevice *device = host->pdata[i];
    const XmPciRule rule = { .by_address = TRUE,
                             .address = device->address,
                             .class = XM_PCI_ANY,
                             .vendor = XM_PCI_ANY,
                             .device = XM_PCI_ANY,
                             .slot = XM_PCI_ANY };
    if (goes_with (device, gpu, root_bus) && !xm_vm_has_pci_rule (vm, &rule) &&
        !xm_vm_add_pci_rule (vm, &rule, error))
      return FALSE;
  }
  return TRUE;
}

static void
on_rules_durable (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GError *error = NULL;
  xm_store_commit_finish (XM_STORE (source), result, &error);
  end_step (user_data, error);
}

void
xm_start_add_gpu_functions (XmStart *start, GTask *task)
{
  XmVm *vm = start->vm;
  const char *text = xm_vm_read (vm, "gpu");
  XmPciAddress address;
  GError *error = NULL;
  if (text == NULL || !xm_pci_address_parse (text, &address)) {
    end_step (task, NULL);
    return;
  }
  g_autofree char *sysfs = sysfs_of (vm);
  g_autoptr (GPtrArray) host = xm_pci_devices_read (sysfs);
  const XmPciDevice *gpu = xm_pci_devices_find (host, &address);
  if (gpu != NULL &&
      !add_functions (vm, host, gpu, xm_pci_device_is_on_root_bus (sysfs, gpu), &error)) {
    end_step (task, error);
    return;
  }
  xm_store_commit_async (vm->service->store, start->cancellable, on_rules_durable, task);
}

/* -- the devices ------------------------------------------------------------------- */

static gboolean
check_type (const XmVm *vm, GPtrArray *passed, GError **error)
{
  if (passed->len == 0 || g_strcmp0 (xm_vm_read (vm, "config/virt-type"), "pvh") != 0)
    return TRUE;
  const XmPassedDevice *first = passed->pdata[0];
  g_autofree char *address = xm_pci_address_to_text (&first->device->address);
  xm_error_set_plain (error,
                      "property virt-type of vm %s is pvh: Xen gives such guests no PCI devices, "
                      "and its rules select %s",
                      vm->uuid, address);
  return FALSE;
}

/* Intel's driver in the guest needs what the firmware set up for the first adapter only. */
static gboolean
check_graphics (GPtrArray *passed, GError **error)
{
  for (guint i = 0; i < passed->len; i++) {
    const XmPciDevice *device = ((XmPassedDevice *)passed->pdata[i])->device;
    gboolean graphics = device->class == CLASS_VGA || device->class == CLASS_DISPLAY;
    if (device->vendor == INTEL && graphics && device->boot_vga == 0) {
      xm_error_set (error, XM_ERROR_GPU_SECONDARY);
      return FALSE;
    }
  }
  return TRUE;
}

void
xm_start_find_pci (XmStart *start, GTask *task)
{
  XmVm *vm = start->vm;
  GError *error = NULL;
  if (!xm_vm_wants_pci (vm)) {
    end_step (task, NULL);
    return;
  }
  g_autofree char *sysfs = sysfs_of (vm);
  g_autoptr (GPtrArray) host = xm_pci_devices_read (sysfs);
  g_autoptr (GPtrArray) passed = xm_vm_select_pci (vm, host, sysfs, &error);
  if (passed != NULL && check_type (vm, passed, &error) && check_graphics (passed, &error)) {
    g_clear_pointer (&start->pci_devices, g_ptr_array_unref);
    start->pci_devices = g_steal_pointer (&passed);
  }
  end_step (task, error);
}

/* -- what only one running VM can have --------------------------------------------- */

static gboolean
is_running_user_vm (const XmVm *vm)
{
  const char *type = xm_vm_read (vm, "type");
  gboolean user = type == NULL || g_str_equal (type, "svm") || g_str_equal (type, "pvm");
  return user && xm_vm_is_running (vm);
}

/* @found: whether another running user VM meets @meets */
typedef gboolean (*VmTest) (XmVm *vm, gpointer user_data);

static gboolean
any_other (XmVm *vm, VmTest meets, gpointer user_data)
{
  GHashTableIter iter;
  gpointer other;
  g_hash_table_iter_init (&iter, vm->service->vms);
  while (g_hash_table_iter_next (&iter, NULL, &other)) {
    if (other != vm && is_running_user_vm (other) && meets (other, user_data))
      return TRUE;
  }
  return FALSE;
}

static gboolean
has_flag (XmVm *vm, gpointer key)
{
  return xm_vm_read_boolean (vm, key, FALSE);
}

static void
check_flag (XmStart *start, GTask *task, const char *key, XmErrorCode code)
{
  GError *error = NULL;
  if (has_flag (start->vm, (gpointer)key) && any_other (start->vm, has_flag, (gpointer)key))
    xm_error_set (&error, code);
  end_step (task, error);
}

void
xm_start_check_amt (XmStart *start, GTask *task)
{
  check_flag (start, task, "amt-pt", XM_ERROR_AMT_IN_USE);
}

void
xm_start_check_oem_acpi (XmStart *start, GTask *task)
{
  check_flag (start, task, "oem-acpi-features", XM_ERROR_OEM_ACPI_IN_USE);
}

typedef struct {
  GPtrArray *wanted; /* XmPassedDevice */
  const char *sysfs;
  GPtrArray *host;
  const XmPciDevice *taken;
} Search;

/* Leaves in the search the first of the wanted devices that @vm has too. */
static gboolean
has_wanted (XmVm *vm, gpointer user_data)
{
  Search *search = user_data;
  if (!xm_vm_wants_pci (vm))
    return FALSE;
  g_autoptr (GPtrArray) theirs = xm_vm_select_pci (vm, search->host, search->sysfs, NULL);
  for (guint i = 0; i < search->wanted->len; i++) {
    const XmPciDevice *ours = ((XmPassedDevice *)search->wanted->pdata[i])->device;
    for (guint k = 0; k < theirs->len; k++) {
      const XmPassedDevice *passed = theirs->pdata[k];
      if (xm_pci_address_compare (&ours->address, &passed->device->address) != 0)
        continue;
      search->taken = ours;
      return TRUE;
    }
  }
  return FALSE;
}

void
xm_start_check_pci_free (XmStart *start, GTask *task)
{
  XmVm *vm = start->vm;
  if (start->pci_devices == NULL || start->pci_devices->len == 0) {
    end_step (task, NULL);
    return;
  }
  g_autofree char *sysfs = sysfs_of (vm);
  g_autoptr (GPtrArray) host = xm_pci_devices_read (sysfs);
  Search search = { start->pci_devices, sysfs, host, NULL };
  if (!any_other (vm, has_wanted, &search)) {
    end_step (task, NULL);
    return;
  }
  g_autoptr (GPtrArray) devices =
      g_ptr_array_new_with_free_func ((GDestroyNotify)xm_pci_device_free);
  g_ptr_array_add (devices, xm_pci_device_copy (search.taken));
  xm_pci_describe (devices);
  const XmPciDevice *device = devices->pdata[0];
  g_autofree char *address = xm_pci_address_to_text (&device->address);
  g_autofree char *shown = g_strjoin (" ", address, device->name, NULL);
  GError *error = NULL;
  xm_error_set_about (&error, XM_ERROR_DEVICE_IN_USE, shown);
  end_step (task, error);
}

/* -- pciback ----------------------------------------------------------------------- */

static void
on_bound (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GError *error = NULL;
  xm_pciback_bind_finish (result, &error);
  end_step (user_data, error);
}

void
xm_start_bind_pciback (XmStart *start, GTask *task)
{
  if (start->pci_devices == NULL || start->pci_devices->len == 0 ||
      !xm_vm_read_boolean (start->vm, "greedy-pciback-bind", TRUE)) {
    end_step (task, NULL);
    return;
  }
  g_autofree char *sysfs = sysfs_of (start->vm);
  GPtrArray *addresses = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < start->pci_devices->len; i++) {
    const XmPassedDevice *passed = start->pci_devices->pdata[i];
    g_ptr_array_add (addresses, xm_pci_address_to_text (&passed->device->address));
  }
  xm_pciback_bind_async (sysfs, addresses, start->cancellable, on_bound, task);
}
