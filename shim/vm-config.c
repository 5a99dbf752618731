/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/vm-config.h"

#include <string.h>
#include <sys/stat.h>

#include "shim/error.h"
#include "shim/text.h"
#include "shim/vm-disk-specs.h"
#include "shim/vm-nic-specs.h"
#include "shim/vm-properties.h"
#include "xlwrap/xl-config.h"

/** NeededFile: must exist and be no directory when the domain is built. */
typedef struct {
  char *path;
  int disk; /* id of the disk it belongs to, -1 for none */
} NeededFile;

struct _XmVmConfig {
  char *text;
  char *path;     /* of the file to write */
  GArray *needed; /* NeededFile */
};

static void
needed_file_clear (gpointer data)
{
  g_free (((NeededFile *)data)->path);
}

void
xm_vm_config_free (XmVmConfig *config)
{
  g_free (config->text);
  g_free (config->path);
  g_array_unref (config->needed);
  g_free (config);
}

const char *
xm_vm_config_get_text (const XmVmConfig *config)
{
  return config->text;
}

void
xm_vm_config_need (XmVmConfig *config, const char *path, int disk)
{
  NeededFile needed = { g_strdup (path), disk };
  g_array_append_val (config->needed, needed);
}

/* -- the lines ---------------------------------------------------------------------- */

typedef struct {
  XmVm *vm;
  const XmStart *start; /* may be NULL */
  const char *virt_type;
  gboolean hvm;
  XlConfig *lines;
  XmVmConfig *config;
} Builder;

/* Says whose value it was: xlwrap knows xl.cfg keys only. */
static gboolean
refuse (Builder *b, const char *property, GError **error)
{
  g_prefix_error (error, "property %s of vm %s: ", property, b->vm->uuid);
  return FALSE;
}

static gboolean
add_string (Builder *b, const char *property, const char *key, const char *value, GError **error)
{
  return xl_config_set_string (b->lines, key, value, error) || refuse (b, property, error);
}

static gboolean
add_verbatim_items (Builder *b,
                    const char *property,
                    const char *prefix,
                    char **items,
                    GError **error)
{
  for (char **item = items; *item != NULL; item++) {
    g_autofree char *line = g_strconcat (prefix, g_strstrip (*item), NULL);
    if (**item != '\0' && !xl_config_append_verbatim (b->lines, line, error))
      return refuse (b, property, error);
  }
  return TRUE;
}

/* xl prints names into tables line by line. */
static gboolean
has_control_character (const char *text)
{
  for (const char *p = text; *p != '\0'; p++) {
    if (g_ascii_iscntrl (*p))
      return TRUE;
  }
  return FALSE;
}

static gboolean
add_identity (Builder *b, GError **error)
{
  const char *name = xm_vm_read (b->vm, "name");
  if (name == NULL || *name == '\0') {
    xm_error_set_plain (error, "property name of vm %s is empty, xl needs one", b->vm->uuid);
    return FALSE;
  }
  if (has_control_character (name)) {
    xm_error_set_plain (error, "property name of vm %s holds a control character", b->vm->uuid);
    return FALSE;
  }
  return xl_config_set_string (b->lines, "uuid", b->vm->uuid, error) &&
         add_string (b, "name", "name", name, error) &&
         xl_config_set_string (b->lines, "type", b->virt_type, error);
}

static gboolean
add_kernel (Builder *b, GError **error)
{
  static const struct {
    const char *property, *key, *line;
    gboolean is_file;
  } parts[] = {
    { "kernel", "config/kernel", "kernel", TRUE },
    { "initrd", "config/initrd", "ramdisk", TRUE },
    { "cmd-line", "config/cmdline", "cmdline", FALSE },
  };
  const char *kernel = xm_vm_read (b->vm, "config/kernel");
  if (kernel == NULL || *kernel == '\0') {
    xm_error_set_plain (error, "property kernel of vm %s is empty, a guest of type %s needs one",
                        b->vm->uuid, b->virt_type);
    return FALSE;
  }
  for (gsize i = 0; i < G_N_ELEMENTS (parts); i++) {
    const char *value = xm_vm_read (b->vm, parts[i].key);
    if (value == NULL || *value == '\0')
      continue;
    if (parts[i].is_file)
      xm_vm_config_need (b->config, value, -1);
    if (!add_string (b, parts[i].property, parts[i].line, value, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
add_memory (Builder *b, GError **error)
{
  gint64 memory = xm_vm_read_integer (b->vm, "config/memory", 0);
  gint64 maximum = xm_vm_read_integer (b->vm, "config/memory-static-max", 0);
  if (memory <= 0 || memory > G_MAXINT32) {
    xm_error_set_plain (error, "property memory of vm %s must be 1 to %d MiB", b->vm->uuid,
                        G_MAXINT32);
    return FALSE;
  }
  return xl_config_set_integer (b->lines, "memory", memory, error) &&
         xl_config_set_integer (b->lines, "maxmem", maximum > 0 ? maximum : memory, error);
}

static gboolean
add_row (Builder *b, const XmVmProperty *row, GError **error)
{
  if (row->config_line == XM_CONFIG_NONE)
    return TRUE;
  const char *text = xm_vm_read (b->vm, row->key);
  if (text == NULL || g_str_equal (text, "none"))
    return TRUE;

  const char *const list[] = { text, NULL };
  gboolean flag;
  gint64 number;
  switch (row->config_line) {
  case XM_CONFIG_NONE:
    return TRUE;
  case XM_CONFIG_STRING:
    return *text == '\0' || add_string (b, row->name, row->config_key, text, error);
  case XM_CONFIG_LIST:
    return *text == '\0' || xl_config_set_list (b->lines, row->config_key, list, error) ||
           refuse (b, row->name, error);
  case XM_CONFIG_INTEGER:
    if (!g_ascii_string_to_signed (text, 10, G_MININT32, G_MAXINT32, &number, error))
      return refuse (b, row->name, error);
    return xl_config_set_integer (b->lines, row->config_key, number, error) ||
           refuse (b, row->name, error);
  case XM_CONFIG_BOOLEAN:
    if (xm_text_to_boolean (text, &flag))
      return xl_config_set_boolean (b->lines, row->config_key, flag, error);
    if (g_str_equal (row->name, "viridian")) /* the name of a group of enlightenments */
      return xl_config_set_list (b->lines, row->config_key, list, error) ||
             refuse (b, row->name, error);
    xm_error_set_plain (error, "property %s of vm %s: unexpected boolean text representation: %s",
                        row->name, b->vm->uuid, text);
    return FALSE;
  }
  return TRUE;
}

static gboolean
add_rows (Builder *b, GError **error)
{
  gsize n;
  const XmVmProperty *rows = xm_vm_properties (&n);
  for (gsize i = 0; i < n; i++) {
    if (!add_row (b, &rows[i], error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
add_device_model (Builder *b, GError **error)
{
  XmSettings *settings = b->vm->service->settings;
  if (!xl_config_set_string (b->lines, "device_model_version", "qemu-xen", error))
    return FALSE;

  const char *override = xm_vm_read (b->vm, "config/qemu-dm-path");
  if (override != NULL && *override != '\0') {
    xm_vm_config_need (b->config, override, -1);
    if (!add_string (b, "qemu-dm-path", "device_model_override", override, error))
      return FALSE;
  }
  if (xm_vm_read_boolean (b->vm, "stubdom", FALSE)) {
    xm_vm_config_need (b->config, settings->stubdomain_kernel, -1);
    xm_vm_config_need (b->config, settings->stubdomain_ramdisk, -1);
    if (!xl_config_set_boolean (b->lines, "device_model_stubdomain_override", TRUE, error) ||
        !xl_config_set_string (b->lines, "stubdomain_kernel", settings->stubdomain_kernel, error) ||
        !xl_config_set_string (b->lines, "stubdomain_ramdisk", settings->stubdomain_ramdisk, error))
      return FALSE;
  }
  g_auto (GStrv) arguments = xm_vm_read_list (b->vm, "config/extra-hvm");
  if (*arguments != NULL &&
      !xl_config_set_list (b->lines, "device_model_args", (const char *const *)arguments, error))
    return refuse (b, "extra-hvm", error);
  return TRUE;
}

static gboolean
add_sound (Builder *b, GError **error)
{
  const char *sound = xm_vm_read (b->vm, "config/sound");
  if (sound == NULL || *sound == '\0' || g_str_equal (sound, "none") ||
      !xm_vm_read_boolean (b->vm, "policies/audio-access", TRUE))
    return TRUE;
  return add_string (b, "sound", "soundhw", sound, error);
}

static gboolean
add_display (Builder *b, GError **error)
{
  gboolean none = g_strcmp0 (xm_vm_read (b->vm, "config/display"), "nogfx") == 0;
  return xl_config_set_boolean (b->lines, "vnc", FALSE, error) &&
         xl_config_set_integer (b->lines, "videoram",
                                xm_vm_read_integer (b->vm, "config/videoram", 16), error) &&
         xl_config_set_string (b->lines, "vga", none ? "none" : "stdvga", error) &&
         (!none || xl_config_set_boolean (b->lines, "nographic", TRUE, error));
}

static gboolean
add_hvm (Builder *b, GError **error)
{
  const char *hdtype = xm_vm_read (b->vm, "config/hdtype");
  const char *timer_mode = xm_vm_read (b->vm, "config/timer-mode");
  return add_device_model (b, error) && add_display (b, error) && add_sound (b, error) &&
         add_string (b, "hdtype", "hdtype", hdtype != NULL ? hdtype : "ide", error) &&
         xl_config_set_boolean (b->lines, "hpet", xm_vm_read_boolean (b->vm, "config/hpet", TRUE),
                                error) &&
         add_string (b, "timer-mode", "timer_mode",
                     timer_mode != NULL ? timer_mode : "no_delay_for_missed_ticks", error) &&
         (!xm_vm_read_boolean (b->vm, "config/nestedhvm", FALSE) ||
          xl_config_set_boolean (b->lines, "nestedhvm", TRUE, error)) &&
         (xm_vm_read_boolean (b->vm, "usb-enabled", TRUE) ||
          xl_config_set_boolean (b->lines, "usb", FALSE, error));
}

static gboolean
add_devices (Builder *b, GError **error)
{
  g_auto (GStrv) disks = xm_vm_disk_specs (b->vm, b->start, b->config, b->hvm, error);
  if (disks == NULL)
    return FALSE;
  if (!xl_config_set_list (b->lines, "disk", (const char *const *)disks, error))
    return refuse (b, "phys-path", error);
  g_auto (GStrv) nics = xm_vm_nic_specs (b->vm, b->start, b->hvm, error);
  return nics != NULL && xl_config_set_list (b->lines, "vif", (const char *const *)nics, error);
}

static gboolean
add_verbatim (Builder *b, GError **error)
{
  const char *cpuid = xm_vm_read (b->vm, "cpuid");
  g_auto (GStrv) cpuid_items = g_strsplit (cpuid != NULL ? cpuid : "", ";", -1);
  g_auto (GStrv) extra = xm_vm_read_list (b->vm, "config/extra-xenvm");
  return add_verbatim_items (b, "cpuid", "cpuid=", cpuid_items, error) &&
         add_verbatim_items (b, "extra-xenvm", "", extra, error);
}

XmVmConfig *
xm_vm_config_build (XmVm *vm, const XmStart *start, GError **error)
{
  static const char *const virt_types[] = { "pv", "pvh", "hvm", NULL };
  const char *virt_type = xm_vm_read (vm, "config/virt-type");
  if (virt_type == NULL)
    virt_type = "pv";
  if (!g_strv_contains (virt_types, virt_type)) {
    xm_error_set_plain (error, "unexpected enumeration value: property virt-type of vm %s is %s",
                        vm->uuid, virt_type);
    return NULL;
  }

  g_autoptr (XmVmConfig) config = g_new0 (XmVmConfig, 1);
  config->needed = g_array_new (FALSE, FALSE, sizeof (NeededFile));
  g_array_set_clear_func (config->needed, needed_file_clear);
  g_autofree char *name = g_strconcat (vm->uuid, ".cfg", NULL);
  config->path = g_build_filename (vm->service->settings->run_dir, name, NULL);

  g_autoptr (XlConfig) lines = xl_config_new ();
  Builder b = { vm, start, virt_type, g_str_equal (virt_type, "hvm"), lines, config };
  if (!add_identity (&b, error) || !(b.hvm ? add_hvm (&b, error) : add_kernel (&b, error)) ||
      !add_memory (&b, error) || !add_devices (&b, error) || !add_rows (&b, error) ||
      !add_verbatim (&b, error))
    return NULL;
  config->text = xl_config_to_text (lines);
  return g_steal_pointer (&config);
}

/* -- checking and writing -------------------------------------------------------------- */

static gboolean
check_file (const NeededFile *needed, GError **error)
{
  struct stat info;
  gboolean found = stat (needed->path, &info) == 0;
  if (found && !S_ISDIR (info.st_mode))
    return TRUE;
  if (needed->disk >= 0)
    xm_error_set_plain (error, "Bad Physical Path for disk %d (%s)", needed->disk, needed->path);
  else if (found)
    xm_error_set_io (error, "%s: openFile: inappropriate type (is a directory)", needed->path);
  else
    xm_error_set_io (error, "%s: openFile: does not exist (No such file or directory)",
                     needed->path);
  return FALSE;
}

static void
write_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  const XmVmConfig *config = task_data;
  GError *error = NULL;
  for (guint i = 0; i < config->needed->len; i++) {
    if (!check_file (&g_array_index (config->needed, NeededFile, i), &error)) {
      g_task_return_error (task, error);
      return;
    }
  }
  if (g_file_set_contents_full (config->path, config->text, -1, G_FILE_SET_CONTENTS_CONSISTENT,
                                0600, &error))
    g_task_return_pointer (task, g_strdup (config->path), g_free);
  else
    g_task_return_error (task, error);
}

void
xm_vm_config_write_async (XmVmConfig *config,
                          GCancellable *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  g_task_set_source_tag (task, xm_vm_config_write_async);
  g_task_set_task_data (task, config, (GDestroyNotify)xm_vm_config_free);
  g_task_run_in_thread (task, write_in_thread);
}

char *
xm_vm_config_write_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
