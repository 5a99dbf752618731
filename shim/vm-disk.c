/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/vm-disk.h"

#include "shim/disk-images.h"
#include "shim/disk-mounts.h"
#include "shim/error.h"
#include "shim/text.h"
#include "shim/vm-cd.h"
#include "shim/vm-disk-key.h"
#include "shim/vm-disk-mount.h"

/** DiskRow: one property. */
typedef struct {
  XmRecordRow record;
  GVariant *(*look_up) (const XmVmDevice *disk, const XmDiskFacts *facts); /* of the VHD file */
} DiskRow;

/* -- the file's properties --------------------------------------------------------- */

static GVariant *
encryption_key_set (const XmVmDevice *disk, const XmDiskFacts *facts)
{
  return g_variant_new_boolean (facts->vhd.encrypted);
}

static GVariant *
utilization_bytes (const XmVmDevice *disk, const XmDiskFacts *facts)
{
  return g_variant_new_int64 (facts->vhd.size > 0 ? facts->length : 0);
}

static GVariant *
virtual_size_mb (const XmVmDevice *disk, const XmDiskFacts *facts)
{
  return g_variant_new_int32 ((gint32)MIN (facts->vhd.size >> 20, (guint64)G_MAXINT32));
}

/* -- the table --------------------------------------------------------------------- */

static const char *const types[] = { "file", "phy", "qcow", "vdi", "aio", "vhd", "raw", NULL };
static const char *const modes[] = { "r", "w", NULL };
static const char *const devtypes[] = { "disk", "cdrom", NULL };
static const char *const managed[] = { "", "system", "application", "user", NULL };
static const char *const snapshots[] = {
  "none",     "temporary",       "temporary-encrypted",  "coalesce",
  "scripted", "scripted-author", "scripted-no-snapshot", NULL
};

/* clang-format off */
static const DiskRow rows[] = {
  { { "backend-name",       's', NULL,               NULL,    NULL,   NULL },      NULL },
  { { "backend-uuid",       's', NULL,               NULL,    NULL,   NULL },      NULL },
  { { "devtype",            's', "devtype",          "disk",  NULL,   devtypes },  NULL },
  { { "enabled",            'b', "enable",           "true",  NULL,   NULL },      NULL },
  { { "encryption-key-set", 'b', NULL,               NULL,    NULL,   NULL },      encryption_key_set },
  { { "managed-disktype",   's', "managed-disktype", "",      "",     managed },   NULL },
  { { "mode",               's', "mode",             "w",     NULL,   modes },     NULL },
  { { "phys-path",          's', "path",             "",      NULL,   NULL },      NULL },
  { { "phys-type",          's', "type",             "vhd",   NULL,   types },     NULL },
  { { "shared",             'b', "shared",           "false", NULL,   NULL },      NULL },
  { { "snapshot",           's', "snapshot",         "none",  "none", snapshots }, NULL },
  { { "utilization-bytes",  'x', NULL,               NULL,    NULL,   NULL },      utilization_bytes },
  { { "virt-path",          's', "device",           "",      NULL,   NULL },      NULL },
  { { "virtual-size-mb",    'i', NULL,               NULL,    NULL,   NULL },      virtual_size_mb },
};
/* clang-format on */

static gconstpointer
lookup (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
    if (g_str_equal (rows[i].record.name, name))
      return &rows[i];
  }
  return NULL;
}

const XmRecordRow *
xm_vm_disk_record (const char *property)
{
  const DiskRow *row = lookup (property);
  return row != NULL ? &row->record : NULL;
}

/* -- the record -------------------------------------------------------------------- */

const char *
xm_vm_disk_path (const XmVm *vm, guint id)
{
  return xm_text_or (xm_vm_device_read (vm, "disk", id, "path"), "");
}

const char *
xm_vm_disk_type (const XmVm *vm, guint id)
{
  return xm_text_or (xm_vm_device_read (vm, "disk", id, "type"), "vhd");
}

gboolean
xm_vm_disk_is_empty_drive (const XmVm *vm, guint id, gboolean openxt)
{
  const char *path = xm_vm_disk_path (vm, id);
  return g_strcmp0 (xm_vm_device_read (vm, "disk", id, "devtype"), "cdrom") == 0 &&
         (openxt ? *path == '\0' : xm_iso_is_null (path));
}

typedef struct {
  const char *key, *value;
} Field;

/* Returns whether anything differs from before in @changed. */
static gboolean
write_fields (XmVm *vm, guint id, const Field *fields, gsize n, gboolean *changed, GError **error)
{
  *changed = FALSE;
  for (gsize i = 0; i < n; i++) {
    const char *old = xm_vm_device_read (vm, "disk", id, fields[i].key);
    if (g_strcmp0 (old, fields[i].value) == 0)
      continue;
    if (!xm_vm_device_write (vm, "disk", id, fields[i].key, fields[i].value, error))
      return FALSE;
    *changed = TRUE;
  }
  return TRUE;
}

/* -- get --------------------------------------------------------------------------- */

static GVariant *
get (gpointer owner, gconstpointer property, GError **error)
{
  static const XmDiskFacts none;
  const XmVmDevice *disk = owner;
  const DiskRow *row = property;
  if (row->record.key != NULL)
    return xm_vm_record_get (disk, &row->record, error);
  if (!xm_vm_record_exists (disk, error))
    return NULL;
  if (row->look_up == NULL)
    return g_variant_new_string ("");
  gboolean is_vhd = g_str_equal (xm_vm_disk_type (disk->vm, disk->id), "vhd");
  return row->look_up (disk, is_vhd ? xm_disk_file_get_facts (disk->file) : &none);
}

static gboolean
look (gpointer owner, gconstpointer property, GAsyncReadyCallback callback, gpointer user_data)
{
  const XmVmDevice *disk = owner;
  const DiskRow *row = property;
  const char *type = xm_vm_disk_type (disk->vm, disk->id);
  if ((row != NULL && row->look_up == NULL) || !g_str_equal (type, "vhd"))
    return FALSE;
  xm_disk_file_look_async (disk->file, xm_vm_disk_path (disk->vm, disk->id), type, callback,
                           user_data);
  return TRUE;
}

/* -- set --------------------------------------------------------------------------- */

static void
set (gpointer owner,
     const char *interface,
     gconstpointer property,
     GVariant *value,
     GDBusMethodInvocation *invocation)
{
  const XmVmDevice *disk = owner;
  const DiskRow *row = property;
  GError *error = NULL;
  if (row->record.key == NULL)
    xm_error_set_plain (&error, "not implemented");
  else
    xm_vm_record_set (disk, &row->record, value, &error);
  if (error != NULL)
    xm_error_return (invocation, error);
  else
    xm_service_answer_when_durable (disk->vm->service, invocation, NULL);
}

/* -- attach ------------------------------------------------------------------------ */

static void
attach (const XmVmDevice *disk,
        const char *type,
        GVariant *parameters,
        GDBusMethodInvocation *invocation)
{
  const char *path;
  g_variant_get (parameters, "(&s)", &path);
  const Field fields[] = {
    { "path", path }, { "type", type }, { "mode", "w" }, { "devtype", "disk" }
  };
  XmVm *vm = disk->vm;
  gboolean changed;
  GError *error = NULL;
  if (!xm_vm_record_exists (disk, &error) ||
      !write_fields (vm, disk->id, fields, G_N_ELEMENTS (fields), &changed, &error)) {
    xm_error_return (invocation, error);
    return;
  }
  if (changed)
    xm_vm_config_changed (vm);
  xm_service_answer_when_durable (vm->service, invocation, NULL);
}

static void
attach_phy (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  attach (owner, "phy", parameters, invocation);
}

static void
attach_vhd (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  attach (owner, "vhd", parameters, invocation);
}

/* -- delete ------------------------------------------------------------------------ */

typedef struct {
  XmVm *vm;
  guint id;
  GDBusMethodInvocation *invocation;
} Deletion;

static void
on_images_removed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Deletion *deletion = user_data;
  g_autoptr (XmVm) vm = deletion->vm;
  g_autofree char *path = g_strdup_printf ("config/disk/%u", deletion->id);
  GError *error = NULL;
  if (!xm_disk_images_remove_finish (result, &error) || !xm_vm_write (vm, path, NULL, &error)) {
    xm_error_return (deletion->invocation, error);
    return;
  }
  xm_vm_config_changed (vm);
  xm_service_answer_when_durable (vm->service, deletion->invocation, NULL);
}

static void
on_mount_looked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Deletion *deletion = user_data;
  GError *error = NULL;
  if (xm_disk_mounts_check_finish (result, &error)) {
    xm_disk_images_remove_async (deletion->vm->service,
                                 xm_disk_images_of_disk (deletion->vm, deletion->id), NULL,
                                 on_images_removed, deletion);
    return;
  }
  xm_error_return (deletion->invocation, error);
  xm_vm_unref (deletion->vm);
  g_free (deletion);
}

/* A disk that the host has mounted could not be unmounted by anybody once its record is gone. The
 * file goes first: a disk whose file could not be removed is still there to try again. */
static void
delete_disk (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  const XmVmDevice *disk = owner;
  Deletion *deletion = g_new (Deletion, 1);
  *deletion = (Deletion){ xm_vm_ref (disk->vm), disk->id, invocation };
  GPtrArray *vms = g_ptr_array_new_with_free_func ((GDestroyNotify)xm_vm_unref);
  GArray *ids = g_array_new (FALSE, FALSE, sizeof (guint));
  g_ptr_array_add (vms, xm_vm_ref (disk->vm));
  g_array_append_val (ids, disk->id);
  xm_disk_mounts_check_async (disk->vm->service, vms, ids, TRUE, on_mount_looked, deletion);
}

/* -- methods of the VM ------------------------------------------------------------- */

static GVariant *
disk_path (const XmVm *vm, guint id)
{
  g_autofree char *path = g_strdup_printf ("%s/disk/%u", vm->path, id);
  return g_variant_new_object_path (path);
}

char *
xm_vm_disk_free_device (const XmVm *vm)
{
  gboolean taken['z' - 'a' + 1] = { FALSE };
  g_autoptr (GArray) ids = xm_vm_list_ids (vm, "config/disk");
  for (guint i = 0; i < ids->len; i++) {
    const char *device = xm_vm_device_read (vm, "disk", g_array_index (ids, guint, i), "device");
    if (device != NULL && g_str_has_prefix (device, "hd") && g_ascii_islower (device[2]) &&
        device[3] == '\0')
      taken[device[2] - 'a'] = TRUE;
  }
  for (gsize i = 0; i < G_N_ELEMENTS (taken); i++) {
    if (!taken[i])
      return g_strdup_printf ("hd%c", (char)('a' + i));
  }
  return NULL;
}

static gboolean
add_record (XmVm *vm, guint *id, GError **error)
{
  g_autoptr (GArray) ids = xm_vm_list_ids (vm, "config/disk");
  *id = ids->len > 0 ? g_array_index (ids, guint, ids->len - 1) + 1 : 0;
  g_autofree char *device = xm_vm_disk_free_device (vm);
  if (device == NULL || *id > G_MAXINT32) {
    xm_error_set_plain (error, "vm %s can have no more disks", vm->uuid);
    return FALSE;
  }
  const Field fields[] = {
    { "path", "" },       { "type", "vhd" },     { "mode", "w" },
    { "device", device }, { "devtype", "disk" }, { "shared", "false" },
  };
  gboolean changed;
  return write_fields (vm, *id, fields, G_N_ELEMENTS (fields), &changed, error);
}

void
xm_vm_add_disk (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  XmVm *vm = owner;
  guint id;
  GError *error = NULL;
  if (!add_record (vm, &id, &error)) {
    xm_error_return (invocation, error);
    return;
  }
  xm_vm_config_changed (vm);
  xm_service_answer_when_durable (vm->service, invocation,
                                  g_variant_new ("(@o)", disk_path (vm, id)));
}

void
xm_vm_list_disks (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  const XmVm *vm = owner;
  g_autoptr (GArray) ids = xm_vm_list_ids (vm, "config/disk");
  g_auto (GVariantBuilder) paths = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_OBJECT_PATH_ARRAY);
  for (guint i = 0; i < ids->len; i++)
    g_variant_builder_add_value (&paths, disk_path (vm, g_array_index (ids, guint, i)));
  g_dbus_method_invocation_return_value (invocation, g_variant_new ("(ao)", &paths));
}

/* -- tables ------------------------------------------------------------------------ */

static const XmMethod methods[] = {
  { "attach_phy", attach_phy },
  { "attach_vhd", attach_vhd },
  { "delete", delete_disk },
  { "generate_crypto_key", xm_vm_disk_generate_key },
  { "generate_crypto_key_in", xm_vm_disk_generate_key_in },
  { "mount", xm_vm_disk_mount },
  { "umount", xm_vm_disk_umount },
  { NULL, NULL },
};

XmObjectKind *
xm_vm_disk_kind_new (void)
{
  static const XmInterface interfaces[] = {
    { .name = "com.citrix.xenclient.vmdisk",
      .methods = methods,
      .lookup = lookup,
      .get = get,
      .set = set,
      .look = look },
  };
  return xm_object_kind_new (interfaces, G_N_ELEMENTS (interfaces));
}
