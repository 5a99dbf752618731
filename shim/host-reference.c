/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/host-reference.h"

#include "shim/host-properties.h"
#include "shim/property-notes.h"
#include "shim/reference-table.h"
#include "shim/root-config.h"

#define XENMGR "com.citrix.xenclient.xenmgr"

/* -- object / ---------------------------------------------------------------------- */

static const char *const places[] = {
  [XM_ROOT_STORE] = "store",   [XM_ROOT_CAPS] = "capabilities", [XM_ROOT_FLAG] = "flag",
  [XM_ROOT_LANGUAGE] = "file", [XM_ROOT_FIXED] = "nowhere",
};

static char *
describe_config (const XmRootRow *row, const XmPropertyNote *note)
{
  g_autoptr (GStrvBuilder) parts = g_strv_builder_new ();
  if (note != NULL && note->text != NULL)
    g_strv_builder_add (parts, note->text);
  if (row->flags & XM_ROOT_INVERTED)
    g_strv_builder_add (parts, "the key says the opposite");
  if (row->flags & XM_ROOT_MILLI)
    g_strv_builder_add (parts, "milliseconds; the key has seconds");
  g_autofree char *other = g_strconcat ("other words become `", row->other_word, "`", NULL);
  if (row->other_word != NULL)
    g_strv_builder_add (parts, other);
  g_auto (GStrv) texts = g_strv_builder_end (parts);
  return g_strjoinv ("; ", texts);
}

static void
append_config (GString *text, const GDBusPropertyInfo *info)
{
  const XmRootRow *row = xm_root_config_lookup (info->name);
  gboolean tells = !(row->flags & (XM_ROOT_SILENT | XM_ROOT_READ_ONLY));
  g_autofree char *notes =
      describe_config (row, xm_property_note (xm_property_notes_config, info->name));
  g_string_append_printf (text, "| `%s` | %s | %s | %s", info->name, xm_reference_type (info),
                          xm_reference_access (info), places[row->source]);
  xm_reference_add_code (text, row->key);
  xm_reference_add_code (text, row->fallback);
  xm_reference_add_words (text, row->words);
  xm_reference_add_text (text, tells ? "yes" : NULL);
  xm_reference_add_text (text, notes);
  g_string_append (text, " |\n");
}

/* -- object /host ------------------------------------------------------------------ */

static const char *const sources[] = {
  [XM_HOST_AT_HAND] = "now",
  [XM_HOST_HARDWARE] = "once known, kept",
  [XM_HOST_FROM_XL] = "`xl info`",
  [XM_HOST_FROM_XL_ONCE] = "`xl info`, once",
  [XM_HOST_FROM_STORAGE] = "the file system for disks",
  [XM_HOST_FROM_FILES] = "now",
};

static void
append_host (GString *text, const GDBusPropertyInfo *info)
{
  const XmHostProperty *row = xm_host_property_lookup (info->name);
  const XmPropertyNote *note = xm_property_note (xm_property_notes_host, info->name);
  g_string_append_printf (text, "| `%s` | %s | %s | %s", info->name, xm_reference_type (info),
                          xm_reference_access (info), sources[row->source]);
  xm_reference_add_code (text, row->detail);
  xm_reference_add_text (text, note != NULL ? note->text : NULL);
  g_string_append (text, " |\n");
}

/* -- the text ---------------------------------------------------------------------- */

static void
append_table (GString *text,
              const char *name,
              const char *head,
              void (*append) (GString *text, const GDBusPropertyInfo *info))
{
  GDBusInterfaceInfo *interface = xm_reference_interface (name);
  g_autoptr (GPtrArray) infos = xm_reference_properties (interface);
  g_string_append_printf (text, "\n## %s\n\n%s", name, head);
  for (guint i = 0; i < infos->len; i++)
    append (text, infos->pdata[i]);
  g_dbus_interface_info_unref (interface);
}

static const char introduction[] =
    "# Properties of the host\n"
    "\n"
    "`xenmgr-xl --list-host-config` prints this text; it comes of the tables that the service\n"
    "works with. Change it there, and write the output over `docs/host-config.md`.\n"
    "\n"
    "Settings are properties of object `/`, what the host is and has those of `/host`. All paths\n"
    "of the host are below `host-root` of the key file, where that is set.\n"
    "\n"
    "*Kept in* says where a setting is: a key of the store; a line of the host's capabilities,\n"
    "`/etc/caps.<flavour>`, which is not written; a flag, a file that exists while the value is\n"
    "false; a line of a file. *Tells* is whether each Set emits `config_changed`.\n";

char *
xm_host_reference (void)
{
  static const char config[] =
      "| property | type | access | kept in | key | default | words | tells | notes |\n"
      "|---|---|---|---|---|---|---|---|---|\n";
  static const char host[] =
      "What the host does not have is empty, zero or false; none fails to be read.\n\n"
      "| property | type | access | read | from | notes |\n"
      "|---|---|---|---|---|---|\n";
  GString *text = g_string_new (introduction);
  append_table (text, XENMGR ".config", config, append_config);
  append_table (text, XENMGR ".config.ui", config, append_config);
  append_table (text, XENMGR ".host", host, append_host);
  return g_string_free (text, FALSE);
}
