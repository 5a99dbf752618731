/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <pci/pci.h>
#include <setjmp.h>

#include "shim/pci-device.h"

/*
 * Names of devices: libpci reads pci.ids, and forgets it afterwards, because
 * the list is big and asked for rarely.
 */

static const char *const id_files[] = {
  "/usr/share/misc/pci.ids", "/usr/share/hwdata/pci.ids", "/usr/share/pci.ids.gz" /* OpenXT */
};

/* libpci's way to say that a file is damaged is a function that must not return. */
static _Thread_local jmp_buf damaged;

G_NORETURN static void G_GNUC_PRINTF (1, 2) on_error (char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  g_autofree char *text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_warning ("names of PCI devices: %s", g_strchomp (text));
  g_clear_pointer (&text, g_free);
  longjmp (damaged, 1);
}

static void G_GNUC_PRINTF (1, 2) on_message (char *format, ...)
{
}

static const char *
lookup (struct pci_access *access, char *buffer, int size, int what, const XmPciDevice *device)
{
  return pci_lookup_name (access, buffer, size, what | PCI_LOOKUP_NO_NUMBERS | PCI_LOOKUP_NO_HWDB,
                          device->vendor, device->device);
}

static void
name_known (struct pci_access *access, GPtrArray *devices)
{
  if (setjmp (damaged) != 0)
    return;
  for (guint i = 0; i < devices->len; i++) {
    XmPciDevice *device = devices->pdata[i];
    char vendor_text[1024], device_text[1024];
    const char *vendor =
        lookup (access, vendor_text, sizeof vendor_text, PCI_LOOKUP_VENDOR, device);
    const char *model = lookup (access, device_text, sizeof device_text, PCI_LOOKUP_DEVICE, device);
    if (device->name == NULL && vendor != NULL && model != NULL)
      device->name = g_strdup_printf ("%s %s", vendor, model);
  }
}

typedef struct {
  char *root;
  GPtrArray *devices;
} Description;

static void
description_free (gpointer data)
{
  Description *description = data;
  g_free (description->root);
  g_clear_pointer (&description->devices, g_ptr_array_unref);
  g_free (description);
}

static char *
find_id_file (const char *root)
{
  for (gsize i = 0; i < G_N_ELEMENTS (id_files); i++) {
    g_autofree char *path = g_strconcat (root, id_files[i], NULL);
    if (g_file_test (path, G_FILE_TEST_IS_REGULAR))
      return g_steal_pointer (&path);
  }
  return NULL;
}

static void
describe_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Description *description = task_data;
  GPtrArray *devices = description->devices;
  g_autofree char *file = find_id_file (description->root);
  if (file != NULL) {
    struct pci_access *access = pci_alloc ();
    access->error = on_error;
    access->warning = on_message;
    access->debug = on_message;
    pci_set_name_list_path (access, file, 0);
    name_known (access, devices);
    pci_cleanup (access);
  }
  for (guint i = 0; i < devices->len; i++) {
    XmPciDevice *device = devices->pdata[i];
    if (device->name == NULL)
      device->name = g_strdup_printf ("Unknown device (%04x:%04x)", device->vendor, device->device);
  }
  g_task_return_pointer (task, g_steal_pointer (&description->devices),
                         (GDestroyNotify)g_ptr_array_unref);
}

void
xm_pci_describe_async (const char *root,
                       GPtrArray *devices,
                       GAsyncReadyCallback callback,
                       gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, callback, user_data);
  Description *description = g_new (Description, 1);
  *description = (Description){ g_strdup (root), devices };
  g_task_set_source_tag (task, xm_pci_describe_async);
  g_task_set_task_data (task, description, description_free);
  g_task_run_in_thread (task, describe_in_thread);
}

GPtrArray *
xm_pci_describe_finish (GAsyncResult *result)
{
  return g_task_propagate_pointer (G_TASK (result), NULL);
}
