/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/vm-disk-specs.h"

#include "shim/error.h"
#include "shim/text.h"
#include "shim/vm-config-openxt.h"
#include "shim/vm-device.h"
#include "xlwrap/xl-config.h"

/* How each type of image is named to stock xl; no backend leaves the choice to xl. */
static const struct {
  const char *type, *format, *backend;
} disk_formats[] = {
  { "vhd", "vhd", "qdisk" }, { "phy", "raw", "phy" }, { "file", "raw", NULL },
  { "raw", "raw", NULL },    { "aio", "raw", NULL },  { "qcow", "qcow2", "qdisk" },
};

static char *
disk_spec (XmVm *vm, const XmStart *start, guint id, gboolean hvm, GError **error)
{
  const char *overlay =
      start != NULL ? g_hash_table_lookup (start->overlays, GUINT_TO_POINTER (id)) : NULL;
  const char *path = xm_text_or (xm_vm_device_read (vm, "disk", id, "path"), "");
  const char *type = xm_text_or (xm_vm_device_read (vm, "disk", id, "type"), "vhd");
  const char *vdev = xm_text_or (xm_vm_device_read (vm, "disk", id, "device"), "");
  const char *devtype = xm_text_or (xm_vm_device_read (vm, "disk", id, "devtype"), "disk");
  gboolean cdrom = g_str_equal (devtype, "cdrom");
  gboolean read_only = cdrom || g_strcmp0 (xm_vm_device_read (vm, "disk", id, "mode"), "r") == 0;

  if (overlay != NULL) {
    path = overlay;
    type = "qcow";
  }
  /* Stock libxl gives HVM guests no CD backed by phy, and phy itself is for block devices. */
  if (g_str_equal (type, "phy") && ((cdrom && hvm) || !g_str_has_prefix (path, "/dev/")))
    type = "file";
  const char *format = NULL, *backend = NULL;
  for (gsize i = 0; i < G_N_ELEMENTS (disk_formats); i++) {
    if (g_str_equal (disk_formats[i].type, type)) {
      format = disk_formats[i].format;
      backend = disk_formats[i].backend;
    }
  }
  if (format == NULL) {
    xm_error_set_plain (
        error, "property phys-type of disk %u of vm %s: %s cannot be used with this toolstack", id,
        vm->uuid, type);
    return NULL;
  }

  XlKeyValue pairs[5];
  gsize n = 0;
  pairs[n++] = (XlKeyValue){ "format", format };
  if (backend != NULL)
    pairs[n++] = (XlKeyValue){ "backendtype", backend };
  pairs[n++] = (XlKeyValue){ "vdev", vdev };
  pairs[n++] = (XlKeyValue){ "access", read_only ? "r" : "w" };
  pairs[n++] = (XlKeyValue){ "devtype", devtype };
  char *spec = xl_config_format_disk (pairs, n, path, error);
  if (spec == NULL)
    xm_vm_device_blame (error, vm, "disk", id);
  return spec;
}

/* It is an image of QEMU's, which only QEMU can serve. */
static gboolean
has_overlay (const XmStart *start, guint id)
{
  return start != NULL && g_hash_table_contains (start->overlays, GUINT_TO_POINTER (id));
}

/* A drive without a disc. */
static gboolean
is_empty_drive (const XmVm *vm, guint id)
{
  const char *path = xm_text_or (xm_vm_device_read (vm, "disk", id, "path"), "");
  return g_strcmp0 (xm_vm_device_read (vm, "disk", id, "devtype"), "cdrom") == 0 &&
         (*path == '\0' || g_str_has_suffix (path, "/null.iso"));
}

static char *
empty_drive_spec (const XmVm *vm, guint id, GError **error)
{
  const XlKeyValue pairs[] = {
    { "vdev", xm_text_or (xm_vm_device_read (vm, "disk", id, "device"), "hdc") },
    { "devtype", "cdrom" },
    { "access", "r" },
  };
  char *spec = xl_config_format_disk (pairs, G_N_ELEMENTS (pairs), "", error);
  if (spec == NULL)
    xm_vm_device_blame (error, vm, "disk", id);
  return spec;
}

char **
xm_vm_disk_specs (XmVm *vm, const XmStart *start, XmVmConfig *config, gboolean hvm, GError **error)
{
  g_autoptr (GStrvBuilder) specs = g_strv_builder_new ();
  g_autoptr (GArray) ids = xm_vm_list_ids (vm, "config/disk");
  gboolean openxt = start != NULL && start->openxt;
  for (guint i = 0; i < ids->len; i++) {
    guint id = g_array_index (ids, guint, i);
    gboolean empty = is_empty_drive (vm, id);
    if (!empty)
      xm_vm_config_need (config, xm_text_or (xm_vm_device_read (vm, "disk", id, "path"), ""),
                         (int)id);
    if (!xm_vm_device_read_boolean (vm, "disk", id, "enable", TRUE))
      continue;
    const char *path = xm_text_or (xm_vm_device_read (vm, "disk", id, "path"), "");
    gboolean tapped = openxt && *path != '\0' && !has_overlay (start, id);
    g_autofree char *spec = tapped  ? xm_openxt_disk_spec (vm, id, path, error)
                            : empty ? empty_drive_spec (vm, id, error)
                                    : disk_spec (vm, start, id, hvm, error);
    if (spec == NULL)
      return NULL;
    g_strv_builder_add (specs, spec);
  }
  if (openxt) {
    gboolean stubdom = hvm && xm_vm_read_boolean (vm, "stubdom", FALSE);
    g_auto (GStrv) drives = xm_openxt_drive_specs (vm, stubdom);
    g_strv_builder_addv (specs, (const char **)drives);
  }
  return g_strv_builder_end (specs);
}
