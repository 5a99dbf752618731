/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/vm-config-openxt.h"

#include <string.h>

#include "shim/text.h"
#include "shim/vm-config-stubdom.h"
#include "shim/vm-device.h"

gboolean
xm_vm_config_add_openxt (XmConfigBuilder *b, GError **error)
{
  gint64 vcpus = xm_vm_read_integer (b->vm, "config/vcpus", 1);
  gint64 cores = xm_vm_read_integer (b->vm, "config/cores-per-socket", 0);
  gint64 memory = 0;
  const char *display = xm_text_or (xm_vm_read (b->vm, "config/display"), "none");
  gboolean shown = !g_str_equal (display, "none") && !g_str_equal (display, "nogfx");

  if (!xl_config_set_integer (b->lines, "cores_per_socket", cores > 1 ? cores : MAX (vcpus, 1),
                              error))
    return FALSE;
  /* The name of stubdomain_memory before upstream had one: which of the two counts depends on the
   * release. */
  if (b->hvm &&
      (!xm_vm_config_stubdom_memory (b, &memory, error) ||
       (memory > 0 && !xl_config_set_integer (b->lines, "stubdomain_memkb", memory * 1024, error))))
    return FALSE;
  return !shown || xl_config_set_string (b->lines, "dm_display", display, error) ||
         xm_vm_config_refuse (b, "display", error);
}

/* -- disks ------------------------------------------------------------------------- */

/* Behind an AHCI controller disks have the names of PV disks. */
static char *
disk_device (const XmVm *vm, guint id, gboolean cdrom)
{
  const char *device = xm_text_or (xm_vm_device_read (vm, "disk", id, "device"), "");
  if (cdrom || *device == '\0' || g_strcmp0 (xm_vm_read (vm, "config/hdtype"), "ahci") != 0)
    return g_strdup (device);
  return g_strdup_printf ("xvd%c", device[strlen (device) - 1]);
}

char *
xm_openxt_disk_spec (const XmVm *vm, guint id, const char *path, GError **error)
{
  const char *type = xm_text_or (xm_vm_device_read (vm, "disk", id, "type"), "vhd");
  const char *devtype = xm_text_or (xm_vm_device_read (vm, "disk", id, "devtype"), "disk");
  const char *mode = xm_text_or (xm_vm_device_read (vm, "disk", id, "mode"), "w");
  gboolean tap = g_str_equal (type, "vhd") || g_str_equal (type, "aio");
  g_autofree char *device = disk_device (vm, id, g_str_equal (devtype, "cdrom"));
  g_autofree char *target = tap ? g_strjoin (":", type, path, NULL) : g_strdup (path);
  const XlKeyValue pairs[] = {
    { "format", "raw" },    { "backendtype", "phy" },
    { "vdev", device },     { "access", g_str_equal (mode, "r") ? "r" : "w" },
    { "devtype", devtype }, { "script", tap ? "block-tap" : "block" },
  };
  char *spec = xl_config_format_disk (pairs, G_N_ELEMENTS (pairs), target, error);
  if (spec == NULL)
    xm_vm_device_blame (error, vm, "disk", id);
  return spec;
}

/* The decimal number behind @word. */
static guint
number_after (const char *line, const char *word)
{
  const char *found = strstr (line, word);
  return found != NULL ? (guint)g_ascii_strtoull (found + strlen (word), NULL, 10) : 0;
}

char **
xm_openxt_drive_specs (const XmVm *vm, gboolean stubdom)
{
  g_autoptr (GStrvBuilder) specs = g_strv_builder_new ();
  g_autofree char *file = xm_settings_host_path (vm->service->settings, "/proc/scsi/scsi");
  g_autofree char *text = NULL;
  gboolean write = xm_vm_read_boolean (vm, "policies/cd-rec", TRUE);
  if (!xm_vm_read_boolean (vm, "policies/cd-access", TRUE) ||
      !g_file_get_contents (file, &text, NULL, NULL))
    return g_strv_builder_end (specs);

  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  const char *address = NULL; /* the line that names the device of the following ones */
  for (char **line = lines; *line != NULL; line++) {
    if (g_str_has_prefix (*line, "Host: scsi"))
      address = *line;
    if (address == NULL || strstr (*line, "Type:   CD-ROM") == NULL)
      continue;
    g_autofree char *spec = g_strdup_printf (
        "%s:/dev/bsg/%u:%u:%u:%u,raw,atapi-pt,devtype=cdrom,access=%s",
        stubdom ? "atapi-pt-argo" : "atapi-pt-local", number_after (address, "Host: scsi"),
        number_after (address, "Channel:"), number_after (address, "Id:"),
        number_after (address, "Lun:"), write ? "rw" : "ro");
    g_strv_builder_add (specs, spec);
  }
  return g_strv_builder_end (specs);
}
