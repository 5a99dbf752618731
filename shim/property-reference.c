/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/property-reference.h"

#include "shim/property-notes.h"
#include "shim/reference-table.h"
#include "shim/vm-disk.h"
#include "shim/vm-nic.h"
#include "shim/vm-properties.h"

#define XENMGR_VM "com.citrix.xenclient.xenmgr.vm"

/** Entry: one property, from wherever it is described. */
typedef struct {
  const GDBusPropertyInfo *info;
  XmRecordRow record;
  char *line;         /* of xl.cfg; NULL: none */
  const char *remark; /* beside the name */
  const XmPropertyNote *note;
} Entry;

/* -- cells ------------------------------------------------------------------------- */

static void
append_entry (GString *text, const Entry *entry)
{
  const XmPropertyNote *note = entry->note;
  g_string_append_printf (text, "| `%s`%s | %s | %s", entry->info->name, entry->remark,
                          xm_reference_type (entry->info), xm_reference_access (entry->info));
  xm_reference_add_code (text, entry->record.key);
  xm_reference_add_code (text, entry->record.key != NULL ? entry->record.fallback : NULL);
  xm_reference_add_words (text, entry->record.words);
  xm_reference_add_text (text, entry->line != NULL ? entry->line
                               : note != NULL      ? note->line
                                                   : NULL);
  xm_reference_add_text (text, note != NULL ? note->running : NULL);
  xm_reference_add_text (text, note != NULL ? note->text : NULL);
  g_string_append (text, " |\n");
}

/* -- VMs --------------------------------------------------------------------------- */

/* What xm_vm_config_add_rows() does with the row. */
static char *
describe_line (const XmVmProperty *row)
{
  static const char *const forms[] = {
    [XM_CONFIG_STRING] = "`%s='TEXT'`",
    [XM_CONFIG_INTEGER] = "`%s=N`",
    [XM_CONFIG_BOOLEAN] = "`%s=1` or `0`",
    [XM_CONFIG_LIST] = "`%s=['TEXT']`",
  };
  static const struct {
    XmConfigUse use;
    const char *words;
  } conditions[] = {
    { XM_CONFIG_HVM, "HVM" },
    { XM_CONFIG_PV, "PV and PVH" },
    { XM_CONFIG_OPENXT, "OpenXT's xl" },
    { XM_CONFIG_ALWAYS, "always" },
    { XM_CONFIG_IF_TRUE, "when true" },
    { XM_CONFIG_IF_FALSE, "when false" },
    { XM_CONFIG_IF_POSITIVE, "when above 0" },
  };
  if (row == NULL || row->config_line == XM_CONFIG_NONE)
    return NULL;
  g_auto (GStrv) form = g_strsplit (forms[row->config_line], "%s", 2);
  GString *text = g_string_new (NULL);
  g_string_append_printf (text, "%s%s%s", form[0], row->config_key, form[1]);
  for (gsize i = 0; i < G_N_ELEMENTS (conditions); i++) {
    if (row->config_use & conditions[i].use)
      g_string_append_printf (text, ", %s", conditions[i].words);
  }
  return g_string_free (text, FALSE);
}

static Entry
vm_entry (const GDBusPropertyInfo *info, gboolean restricted)
{
  const XmVmProperty *row = xm_vm_property_lookup (info->name);
  Entry entry = {
    .info = info,
    .line = describe_line (row),
    .remark = restricted ? "" : " (vm.unrestricted only)",
    .note = xm_property_note (xm_property_notes_vm, info->name),
  };
  if (row != NULL)
    entry.record = (XmRecordRow){ .key = row->key, .fallback = row->fallback, .words = row->words };
  return entry;
}

static Entry
disk_entry (const GDBusPropertyInfo *info, gboolean restricted)
{
  return (Entry){ .info = info,
                  .record = *xm_vm_disk_record (info->name),
                  .remark = "",
                  .note = xm_property_note (xm_property_notes_disk, info->name) };
}

static Entry
nic_entry (const GDBusPropertyInfo *info, gboolean restricted)
{
  return (Entry){ .info = info,
                  .record = *xm_vm_nic_record (info->name),
                  .remark = "",
                  .note = xm_property_note (xm_property_notes_nic, info->name) };
}

/* -- the text ---------------------------------------------------------------------- */

static void
append_table (GString *text,
              GDBusInterfaceInfo *all,
              GDBusInterfaceInfo *restricted,
              Entry (*describe) (const GDBusPropertyInfo *info, gboolean restricted))
{
  g_autoptr (GPtrArray) infos = xm_reference_properties (all);

  g_string_append (
      text,
      "| property | type | access | key | default | words | xl.cfg | running domain | notes |\n"
      "|---|---|---|---|---|---|---|---|---|\n");
  for (guint i = 0; i < infos->len; i++) {
    const GDBusPropertyInfo *info = infos->pdata[i];
    Entry entry =
        describe (info, g_dbus_interface_info_lookup_property (restricted, info->name) != NULL);
    append_entry (text, &entry);
    g_free (entry.line);
  }
}

static const char introduction[] =
    "# Properties of VMs, disks and NICs\n"
    "\n"
    "`xenmgr-xl --list-properties` prints this text; it comes of the tables that the service "
    "works\n"
    "with. Change it there, and write the output over `docs/vm-properties.md`.\n"
    "\n"
    "*Key* is where the store holds the value, below `/vm/<uuid>`, and *default* what counts\n"
    "when it holds none. Where *words* are given, others are refused. *xl.cfg* is what the value\n"
    "becomes at the next start: unless it says *always*, only when the key exists and is not\n"
    "`none`; lines for HVM guests, for OpenXT's xl and so on are left out for others. *Running\n"
    "domain* is what a new value does at once beside that.\n";

char *
xm_property_reference (void)
{
  GDBusInterfaceInfo *vm = xm_reference_interface (XENMGR_VM);
  GDBusInterfaceInfo *unrestricted = xm_reference_interface (XENMGR_VM ".unrestricted");
  GDBusInterfaceInfo *disk = xm_reference_interface ("com.citrix.xenclient.vmdisk");
  GDBusInterfaceInfo *nic = xm_reference_interface ("com.citrix.xenclient.vmnic");
  GString *text = g_string_new (introduction);
  g_string_append (text,
                   "\n## VMs\n\n"
                   "Interfaces `" XENMGR_VM "` and `" XENMGR_VM ".unrestricted`, objects\n"
                   "`/vm/<uuid>`, with `_` for `-`. Set on the former fails with 202 where the\n"
                   "VM's policy-modify-vm-settings is false.\n\n");
  append_table (text, unrestricted, vm, vm_entry);
  g_string_append (text,
                   "\n## Disks\n\n"
                   "Interface `com.citrix.xenclient.vmdisk`, objects `/vm/<uuid>/disk/<id>`;\n"
                   "keys below `config/disk/<id>`.\n\n");
  append_table (text, disk, disk, disk_entry);
  g_string_append (text, "\n## NICs\n\n"
                         "Interface `com.citrix.xenclient.vmnic`, objects `/vm/<uuid>/nic/<id>`;\n"
                         "keys below `config/nic/<id>`.\n\n");
  append_table (text, nic, nic, nic_entry);
  GDBusInterfaceInfo *const infos[] = { vm, unrestricted, disk, nic };
  for (gsize i = 0; i < G_N_ELEMENTS (infos); i++)
    g_dbus_interface_info_unref (infos[i]);
  return g_string_free (text, FALSE);
}
