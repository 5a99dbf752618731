/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/property-reference.h"

#include "shim/property-notes.h"
#include "shim/vm-disk.h"
#include "shim/vm-nic.h"
#include "shim/vm-properties.h"

#include "dbus-xml-resources.h"

#define XENMGR_VM "com.citrix.xenclient.xenmgr.vm"

/** Entry: one property, from wherever it is described. */
typedef struct {
  const GDBusPropertyInfo *info;
  XmRecordRow record;
  char *line;         /* of xl.cfg; NULL: none */
  const char *remark; /* beside the name */
  const XmPropertyNote *note;
} Entry;

static GDBusInterfaceInfo *
find_interface (const char *name)
{
  g_autofree char *path = g_strconcat ("/com/citrix/xenclient/xenmgr/", name, ".xml", NULL);
  g_autoptr (GBytes) xml =
      g_resource_lookup_data (dbus_xml_get_resource (), path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
  g_assert (xml != NULL);
  g_autoptr (GDBusNodeInfo) node =
      g_dbus_node_info_new_for_xml (g_bytes_get_data (xml, NULL), NULL);
  g_assert (node != NULL);
  return g_dbus_interface_info_ref (g_dbus_node_info_lookup_interface (node, name));
}

/* -- cells ------------------------------------------------------------------------- */

static const char *
type_name (const char *signature)
{
  static const struct {
    const char *signature, *name;
  } types[] = {
    { "b", "boolean" },        { "i", "integer" },       { "s", "text" },
    { "x", "64-bit integer" }, { "ao", "object paths" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (types); i++) {
    if (g_str_equal (types[i].signature, signature))
      return types[i].name;
  }
  return signature;
}

static void
append_code (GString *text, const char *code)
{
  g_string_append (text, " | ");
  if (code != NULL)
    g_string_append_printf (text, "`%s`", *code != '\0' ? code : "\"\"");
}

static void
append_text (GString *text, const char *cell)
{
  g_string_append (text, " | ");
  for (const char *c = cell != NULL ? cell : ""; *c != '\0'; c++) {
    if (*c == '|')
      g_string_append_c (text, '\\');
    g_string_append_c (text, *c);
  }
}

static void
append_words (GString *text, const char *const *words)
{
  g_string_append (text, " | ");
  for (gsize i = 0; words != NULL && words[i] != NULL; i++)
    g_string_append_printf (text, "%s`%s`", i > 0 ? ", " : "",
                            *words[i] != '\0' ? words[i] : "\"\"");
}

static void
append_entry (GString *text, const Entry *entry)
{
  gboolean writable = (entry->info->flags & G_DBUS_PROPERTY_INFO_FLAGS_WRITABLE) != 0;
  const XmPropertyNote *note = entry->note;
  g_string_append_printf (text, "| `%s`%s | %s | %s", entry->info->name, entry->remark,
                          type_name (entry->info->signature), writable ? "rw" : "r");
  append_code (text, entry->record.key);
  append_code (text, entry->record.key != NULL ? entry->record.fallback : NULL);
  append_words (text, entry->record.words);
  append_text (text, entry->line != NULL ? entry->line : note != NULL ? note->line : NULL);
  append_text (text, note != NULL ? note->running : NULL);
  append_text (text, note != NULL ? note->text : NULL);
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

static int
compare_infos (gconstpointer a, gconstpointer b)
{
  return g_strcmp0 ((*(GDBusPropertyInfo *const *)a)->name, (*(GDBusPropertyInfo *const *)b)->name);
}

static void
append_table (GString *text,
              GDBusInterfaceInfo *all,
              GDBusInterfaceInfo *restricted,
              Entry (*describe) (const GDBusPropertyInfo *info, gboolean restricted))
{
  g_autoptr (GPtrArray) infos = g_ptr_array_new ();
  for (GDBusPropertyInfo **info = all->properties; *info != NULL; info++)
    g_ptr_array_add (infos, *info);
  g_ptr_array_sort (infos, compare_infos);

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
  GDBusInterfaceInfo *vm = find_interface (XENMGR_VM);
  GDBusInterfaceInfo *unrestricted = find_interface (XENMGR_VM ".unrestricted");
  GDBusInterfaceInfo *disk = find_interface ("com.citrix.xenclient.vmdisk");
  GDBusInterfaceInfo *nic = find_interface ("com.citrix.xenclient.vmnic");
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
