/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/vm-disk-specs.h"

#include "shim/error.h"
#include "shim/text.h"
#include "shim/vm-config-openxt.h"
#include "shim/vm-disk.h"
#include "xlwrap/xl-config.h"

/** Disk: what becomes an element. */
typedef struct {
  const char *path, *type, *device, *devtype;
  gboolean read_only;
  const char *format; /* of a qcow image; NULL: qcow2 */
} Disk;

/* How each type of image is named to stock xl; no backend leaves the choice to xl. The format vhd
 * means QEMU's driver for it; there is none for vdi. */
static const struct {
  const char *type, *format, *backend;
} formats[] = {
  { "vhd", "vhd", "qdisk" }, { "phy", "raw", "phy" }, { "file", "raw", NULL },
  { "raw", "raw", NULL },    { "aio", "raw", NULL },  { "qcow", "qcow2", "qdisk" },
};

/* -- stock xl ---------------------------------------------------------------------- */

/* libxl gives HVM guests no emulated hard disk that is read-only. As a PV disk it may be. */
static char *
stock_device (const Disk *disk, gboolean hvm)
{
  gboolean cdrom = g_str_equal (disk->devtype, "cdrom");
  if (hvm && disk->read_only && !cdrom && g_str_has_prefix (disk->device, "hd"))
    return g_strconcat ("xvd", disk->device + strlen ("hd"), NULL);
  return g_strdup (disk->device);
}

/* libxl gives HVM guests no CD backed by phy, and phy itself is for block devices. */
static const char *
stock_type (const Disk *disk, gboolean hvm)
{
  gboolean cdrom = g_str_equal (disk->devtype, "cdrom");
  gboolean as_file = (cdrom && hvm) || !g_str_has_prefix (disk->path, "/dev/");
  return g_str_equal (disk->type, "phy") && as_file ? "file" : disk->type;
}

static char *
stock_spec (const Disk *disk, gboolean hvm, GError **error)
{
  const char *type = stock_type (disk, hvm);
  const char *format = NULL, *backend = NULL;
  for (gsize i = 0; i < G_N_ELEMENTS (formats); i++) {
    if (g_str_equal (formats[i].type, type)) {
      format = formats[i].format;
      backend = formats[i].backend;
    }
  }
  if (format == NULL) {
    xm_error_set_plain (error, "phys-type: %s cannot be used with this toolstack", type);
    return NULL;
  }
  static const char *const devtypes[] = { "disk", "cdrom", NULL };
  if (!g_strv_contains (devtypes, disk->devtype)) {
    xm_error_set_plain (error, "devtype: unexpected enumeration value");
    return NULL;
  }

  g_autofree char *device = stock_device (disk, hvm);
  XlKeyValue pairs[5];
  gsize n = 0;
  pairs[n++] = (XlKeyValue){ "format", disk->format != NULL ? disk->format : format };
  if (backend != NULL)
    pairs[n++] = (XlKeyValue){ "backendtype", backend };
  pairs[n++] = (XlKeyValue){ "vdev", device };
  pairs[n++] = (XlKeyValue){ "access", disk->read_only ? "r" : "w" };
  pairs[n++] = (XlKeyValue){ "devtype", disk->devtype };
  return xl_config_format_disk (pairs, n, disk->path, error);
}

static char *
empty_drive_spec (const Disk *disk, GError **error)
{
  const XlKeyValue pairs[] = {
    { "vdev", xm_text_or (disk->device, "hdc") },
    { "devtype", "cdrom" },
    { "access", "r" },
  };
  return xl_config_format_disk (pairs, G_N_ELEMENTS (pairs), "", error);
}

/* -- one disk of the store --------------------------------------------------------- */

static Disk
read_disk (const XmVm *vm, const XmStart *start, guint id)
{
  const char *devtype = xm_text_or (xm_vm_device_read (vm, "disk", id, "devtype"), "disk");
  const char *mode = xm_text_or (xm_vm_device_read (vm, "disk", id, "mode"), "w");
  Disk disk = {
    .path = xm_vm_disk_path (vm, id),
    .type = xm_vm_disk_type (vm, id),
    .device = xm_text_or (xm_vm_device_read (vm, "disk", id, "device"), ""),
    .devtype = devtype,
    .read_only = g_str_equal (devtype, "cdrom") || g_str_equal (mode, "r"),
  };
  if (start == NULL)
    return disk;
  const char *overlay = g_hash_table_lookup (start->overlays, GUINT_TO_POINTER (id));
  if (overlay != NULL) {
    disk.path = overlay;
    disk.type = "qcow";
  } else if (g_str_equal (disk.type, "qcow")) {
    disk.format = g_hash_table_lookup (start->disk_formats, GUINT_TO_POINTER (id));
  }
  return disk;
}

static char *
disk_spec (XmVm *vm, const XmStart *start, guint id, gboolean hvm, GError **error)
{
  gboolean openxt = start != NULL && start->openxt;
  Disk disk = read_disk (vm, start, id);
  gboolean overlay = disk.path != xm_vm_disk_path (vm, id); /* QEMU's, also beside OpenXT's xl */
  gboolean empty = xm_vm_disk_is_empty_drive (vm, id, openxt);
  if (openxt && !overlay && !empty)
    return xm_openxt_disk_spec (vm, id, disk.path, error);
  char *spec = empty ? empty_drive_spec (&disk, error) : stock_spec (&disk, hvm, error);
  if (spec == NULL)
    xm_vm_device_blame (error, vm, "disk", id);
  return spec;
}

/* -- the list ---------------------------------------------------------------------- */

/* The CD with the OVF environment, in the first drive that is free. */
static char *
ovf_spec (const XmVm *vm, const XmStart *start, gboolean hvm, GError **error)
{
  g_autofree char *device = xm_vm_disk_free_device (vm);
  if (device == NULL) {
    xm_error_set_plain (error, "property ovf-transport-iso of vm %s: no drive is free", vm->uuid);
    return NULL;
  }
  if (start->openxt) {
    const XlKeyValue pairs[] = {
      { "format", "raw" }, { "backendtype", "phy" }, { "vdev", device },
      { "access", "r" },   { "devtype", "cdrom" },   { "script", "block" },
    };
    return xl_config_format_disk (pairs, G_N_ELEMENTS (pairs), start->ovf_iso, error);
  }
  const Disk disk = { start->ovf_iso, "file", device, "cdrom", TRUE, NULL };
  return stock_spec (&disk, hvm, error);
}

static gboolean
add_spec (GStrvBuilder *specs, char *spec)
{
  if (spec != NULL)
    g_strv_builder_add (specs, spec);
  g_free (spec);
  return spec != NULL;
}

char **
xm_vm_disk_specs (XmVm *vm, const XmStart *start, XmVmConfig *config, gboolean hvm, GError **error)
{
  gboolean openxt = start != NULL && start->openxt;
  g_autoptr (GStrvBuilder) specs = g_strv_builder_new ();
  if (start != NULL && start->ovf_iso != NULL &&
      !add_spec (specs, ovf_spec (vm, start, hvm, error)))
    return NULL;

  g_autoptr (GArray) ids = xm_vm_list_ids (vm, "config/disk");
  for (guint i = 0; i < ids->len; i++) {
    guint id = g_array_index (ids, guint, i);
    if (!xm_vm_disk_is_empty_drive (vm, id, openxt))
      xm_vm_config_need (config, xm_vm_disk_path (vm, id), (int)id);
    if (xm_vm_device_read_boolean (vm, "disk", id, "enable", TRUE) &&
        !add_spec (specs, disk_spec (vm, start, id, hvm, error)))
      return NULL;
  }
  if (openxt) {
    g_auto (GStrv) drives = xm_openxt_drive_specs (vm, xm_vm_read_boolean (vm, "stubdom", FALSE));
    g_strv_builder_addv (specs, (const char **)drives);
  }
  return g_strv_builder_end (specs);
}
