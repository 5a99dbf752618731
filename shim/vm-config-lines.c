/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/vm-config-lines.h"

#include <string.h>

#include "shim/error.h"
#include "shim/text.h"
#include "shim/vm-config-openxt.h"
#include "shim/vm-config-stubdom.h"
#include "shim/vm-disk-specs.h"
#include "shim/vm-nic-specs.h"
#include "shim/vm-pci-config.h"

/* MiB. Stock libxl takes no less for the standard VGA card. */
#define DEFAULT_VIDEORAM 16
#define LEAST_VIDEORAM   16

gboolean
xm_vm_config_refuse (const XmConfigBuilder *b, const char *property, GError **error)
{
  g_prefix_error (error, "property %s of vm %s: ", property, b->vm->uuid);
  return FALSE;
}

static gboolean
add_string (XmConfigBuilder *b,
            const char *property,
            const char *key,
            const char *value,
            GError **error)
{
  return xl_config_set_string (b->lines, key, value, error) ||
         xm_vm_config_refuse (b, property, error);
}

/* -- all guests -------------------------------------------------------------------- */

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
add_identity (XmConfigBuilder *b, GError **error)
{
  const char *name = xm_text_or (xm_vm_read (b->vm, "name"), "");
  if (*name == '\0') {
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
add_memory (XmConfigBuilder *b, GError **error)
{
  gint64 memory = xm_vm_read_integer (b->vm, "config/memory", 0);
  gint64 maximum = xm_vm_read_integer (b->vm, "config/memory-static-max", 0);
  if (memory <= 0 || memory > G_MAXINT32 || maximum > G_MAXINT32) {
    xm_error_set_plain (error, "property %s of vm %s must be 1 to %d MiB",
                        maximum > G_MAXINT32 ? "memory-static-max" : "memory", b->vm->uuid,
                        G_MAXINT32);
    return FALSE;
  }
  return xl_config_set_integer (b->lines, "memory", memory, error) &&
         xl_config_set_integer (b->lines, "maxmem", MAX (memory, maximum), error);
}

static gboolean
add_videoram (XmConfigBuilder *b, GError **error)
{
  gboolean vga = b->hvm && g_strcmp0 (xm_vm_read (b->vm, "config/display"), "nogfx") != 0;
  gint64 videoram = xm_vm_read_integer (b->vm, "config/videoram", 0);
  if (videoram <= 0)
    videoram = b->hvm ? DEFAULT_VIDEORAM : 0;
  if (vga && !b->openxt)
    videoram = MAX (videoram, LEAST_VIDEORAM);
  if (videoram > G_MAXINT32) {
    xm_error_set_plain (error, "property videoram of vm %s must be at most %d MiB", b->vm->uuid,
                        G_MAXINT32);
    return FALSE;
  }
  return xl_config_set_integer (b->lines, "videoram", videoram, error);
}

static gboolean
add_pci_options (XmConfigBuilder *b, GError **error)
{
  static const char *const keys[] = { "pci_permissive", "pci_msitranslate", "pci_seize",
                                      "pci_power_mgmt" };
  for (gsize i = 0; i < G_N_ELEMENTS (keys); i++) {
    if (!xl_config_set_boolean (b->lines, keys[i], TRUE, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
add_devices (XmConfigBuilder *b, GError **error)
{
  g_auto (GStrv) disks = xm_vm_disk_specs (b->vm, b->start, b->config, b->hvm, error);
  if (disks == NULL)
    return FALSE;
  if (!xl_config_set_list (b->lines, "disk", (const char *const *)disks, error))
    return xm_vm_config_refuse (b, "phys-path", error);
  g_auto (GStrv) nics = xm_vm_nic_specs (b->vm, b->start, b->hvm, error);
  return nics != NULL && xl_config_set_list (b->lines, "vif", (const char *const *)nics, error);
}

static gboolean
add_pci_devices (XmConfigBuilder *b, GError **error)
{
  g_auto (GStrv) devices = xm_vm_pci_specs (b->start, b->hvm);
  if (*devices == NULL)
    return TRUE;
  return xl_config_set_list (b->lines, "pci", (const char *const *)devices, error) &&
         (!b->hvm ||
          xl_config_set_integer (b->lines, "mmio_hole", xm_vm_pci_mmio_hole (b->start), error));
}

/* A keyboard and pointer device, for a guest that VGlass shows. */
static gboolean
add_keyboard (XmConfigBuilder *b, GError **error)
{
  static const char *const devices[] = {
    "backend-type=linux,feature-abs-pointer=1,height=32768,width=32768", NULL
  };
  gboolean vglass = xm_vm_read_boolean (b->vm, "config/vglass-enabled", FALSE);
  if (xm_vm_read_boolean (b->vm, "config/vkbd", vglass))
    return xl_config_set_list (b->lines, "vkb", devices, error);
  return !b->hvm || xl_config_set_boolean (b->lines, "vkb_device", FALSE, error);
}

static gboolean
add_verbatim_items (XmConfigBuilder *b,
                    const char *property,
                    const char *prefix,
                    char **items,
                    GError **error)
{
  for (char **item = items; *item != NULL; item++) {
    g_autofree char *line = g_strconcat (prefix, g_strstrip (*item), NULL);
    if (**item != '\0' && !xl_config_append_verbatim (b->lines, line, error))
      return xm_vm_config_refuse (b, property, error);
  }
  return TRUE;
}

/* What the owner of the VM says to xl in xl's own words comes last, and so counts. */
static gboolean
add_verbatim (XmConfigBuilder *b, GError **error)
{
  const char *cpuid = xm_text_or (xm_vm_read (b->vm, "cpuid"), "");
  if (strchr (cpuid, '\n') != NULL) {
    xm_error_set_plain (error, "property cpuid of vm %s must not hold a newline", b->vm->uuid);
    return FALSE;
  }
  g_auto (GStrv) cpuid_items = g_strsplit (cpuid, ";", -1);
  g_auto (GStrv) extra = xm_vm_read_list (b->vm, "config/extra-xenvm");
  return add_verbatim_items (b, "cpuid", "cpuid=", cpuid_items, error) &&
         add_verbatim_items (b, "extra-xenvm", "", extra, error);
}

/* -- PV and PVH guests ------------------------------------------------------------- */

static gboolean
add_file (XmConfigBuilder *b,
          const char *property,
          const char *key,
          const char *path,
          GError **error)
{
  xm_vm_config_need (b->config, path, -1);
  return add_string (b, property, key, path, error);
}

static gboolean
add_kernel (XmConfigBuilder *b, GError **error)
{
  const char *extracted = b->start != NULL && b->start->kernel != NULL ? b->start->kernel : "";
  const char *kernel = xm_text_or (xm_vm_read (b->vm, "config/kernel"), extracted);
  const char *initrd = xm_text_or (xm_vm_read (b->vm, "config/initrd"), "");
  if (*kernel == '\0') {
    xm_error_set_plain (error, "property kernel of vm %s is empty, a guest of type %s needs one",
                        b->vm->uuid, b->virt_type);
    return FALSE;
  }
  return add_file (b, "kernel", "kernel", kernel, error) &&
         (*initrd == '\0' || add_file (b, "initrd", "ramdisk", initrd, error));
}

/* -- HVM guests -------------------------------------------------------------------- */

/* Whether @path is one of OpenXT's wrappers around QEMU, which its templates name, on a host
 * without it. xl's own QEMU is meant then. */
static gboolean
is_missing_wrapper (const XmConfigBuilder *b, const char *path)
{
  static const char *const wrappers[] = { "/opt/xensource/libexec/qemu-dm-wrapper",
                                          "/usr/sbin/svirt-interpose", NULL };
  if (!g_strv_contains (wrappers, path))
    return FALSE;
  g_autofree char *file = xm_settings_host_path (b->vm->service->settings, path);
  return !g_file_test (file, G_FILE_TEST_EXISTS);
}

static gboolean
add_device_model (XmConfigBuilder *b, GError **error)
{
  const char *program = xm_text_or (xm_vm_read (b->vm, "config/qemu-dm-path"), "");
  if (!xl_config_set_string (b->lines, "device_model_version", "qemu-xen", error))
    return FALSE;
  return *program == '\0' || is_missing_wrapper (b, program) ||
         add_file (b, "qemu-dm-path", "device_model_override", program, error);
}

static gboolean
may_record (const XmConfigBuilder *b)
{
  return xm_vm_read_boolean (b->vm, "policies/audio-rec", TRUE);
}

static gboolean
add_device_model_arguments (XmConfigBuilder *b, GError **error)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  if (b->openxt && !may_record (b))
    g_strv_builder_add (builder, "-disable-audio-rec");
  g_auto (GStrv) extra = xm_vm_read_list (b->vm, "config/extra-hvm");
  for (char **argument = extra; *argument != NULL; argument++) {
    if (strchr (*argument, '\n') != NULL) {
      xm_error_set_plain (error, "property extra-hvm of vm %s must not hold a newline",
                          b->vm->uuid);
      return FALSE;
    }
    g_strv_builder_add (builder, *argument);
  }
  g_auto (GStrv) arguments = g_strv_builder_end (builder);
  /* The service's own stand under another key, which xl adds to the user's. */
  if (b->start != NULL && b->start->monitor != NULL &&
      !xl_config_set_list (b->lines, "device_model_args_hvm",
                           (const char *const *)b->start->monitor, error))
    return FALSE;
  return *arguments == NULL ||
         xl_config_set_list (b->lines, "device_model_args", (const char *const *)arguments,
                             error) ||
         xm_vm_config_refuse (b, "extra-hvm", error);
}

/* Stock QEMU cannot be told to play but not to record: a VM that may not record has no sound there.
 */
static gboolean
add_sound (XmConfigBuilder *b, GError **error)
{
  const char *sound = xm_text_or (xm_vm_read (b->vm, "config/sound"), "none");
  if (g_str_equal (sound, "none") || !xm_vm_read_boolean (b->vm, "policies/audio-access", TRUE) ||
      (!b->openxt && !may_record (b)))
    return TRUE;
  return add_string (b, "sound", "soundhw", sound, error);
}

static gboolean
add_display (XmConfigBuilder *b, GError **error)
{
  gboolean none = g_strcmp0 (xm_vm_read (b->vm, "config/display"), "nogfx") == 0;
  return xl_config_set_boolean (b->lines, "vnc", FALSE, error) &&
         xl_config_set_string (b->lines, "vga", none ? "none" : "stdvga", error) &&
         (!none || xl_config_set_boolean (b->lines, "nographic", TRUE, error));
}

static gboolean
add_firmware_table (XmConfigBuilder *b, GError **error)
{
  static const char table[] = "/sys/firmware/acpi/tables/SLIC";
  if (!xm_vm_read_boolean (b->vm, "config/acpi-table", FALSE))
    return TRUE;
  g_autofree char *file = xm_settings_host_path (b->vm->service->settings, table);
  if (g_file_test (file, G_FILE_TEST_EXISTS))
    return xl_config_set_string (b->lines, "acpi_firmware", table, error);
  g_message ("%s: this host has no table %s to pass on", b->vm->uuid, table);
  return TRUE;
}

/* -- the order --------------------------------------------------------------------- */

typedef gboolean (*AddLines) (XmConfigBuilder *b, GError **error);

static const struct {
  enum { ALL, HVM, OTHERS, OPENXT } guests;
  AddLines add;
} parts[] = {
  { ALL, add_identity },
  { OTHERS, add_kernel },
  { ALL, add_memory },
  { ALL, add_videoram },
  { ALL, add_pci_options },
  { ALL, add_devices },
  { ALL, add_pci_devices },
  { HVM, add_device_model },
  { HVM, xm_vm_config_add_stubdom },
  { HVM, add_device_model_arguments },
  { HVM, add_display },
  { HVM, add_sound },
  { HVM, add_firmware_table },
  { ALL, add_keyboard },
  { ALL, xm_vm_config_add_rows },
  { OPENXT, xm_vm_config_add_openxt },
  { ALL, add_verbatim },
};

gboolean
xm_vm_config_add_lines (XmConfigBuilder *b, GError **error)
{
  for (gsize i = 0; i < G_N_ELEMENTS (parts); i++) {
    if ((parts[i].guests == HVM && !b->hvm) || (parts[i].guests == OTHERS && b->hvm) ||
        (parts[i].guests == OPENXT && !b->openxt))
      continue;
    if (!parts[i].add (b, error))
      return FALSE;
  }
  return TRUE;
}
