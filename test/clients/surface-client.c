/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * surface-client: the whole interface of VMs, disks and NICs against the
 * running daemon: every member of test/fixtures/surface.tsv is there as it says,
 * and nothing else; properties and methods do what they shall. Run by
 * test/regress/sim/surface.t.
 */
#include "surface.h"

#include <string.h>

static const char *const interfaces[] = {
  VM, VM_FREE, VM ".auth", VM ".pci", VM ".product", VMDISK, VMNIC, NULL,
};

GPtrArray *
surface_rows (void)
{
  static GPtrArray *rows;
  if (rows != NULL)
    return rows;
  rows = client_load_table ("surface.tsv");
  for (guint i = rows->len; i-- > 0;) {
    char **row = rows->pdata[i];
    if (!g_strv_contains (interfaces, row[INTERFACE]))
      g_ptr_array_remove_index (rows, i);
  }
  return rows;
}

/* -- introspection ----------------------------------------------------------------- */

static void
append_arguments (GString *text, GDBusArgInfo **arguments)
{
  for (GDBusArgInfo **arg = arguments; arg != NULL && *arg != NULL; arg++) {
    const char *name = (*arg)->name; /* GIO's own for those that have none */
    g_string_append_printf (text, "%s%s:%s", arg != arguments ? "," : "",
                            g_str_has_prefix (name, "arg_") ? "" : name, (*arg)->signature);
  }
}

/* As a row of the table, without the first two columns. */
static char *
describe_method (const char *interface, const GDBusMethodInfo *method)
{
  GString *text = g_string_new (NULL);
  g_string_append_printf (text, "%s method %s in ", interface, method->name);
  append_arguments (text, method->in_args);
  g_string_append (text, " out ");
  append_arguments (text, method->out_args);
  return g_string_free (text, FALSE);
}

static char *
describe_property (const char *interface, const GDBusPropertyInfo *property)
{
  gboolean readable = (property->flags & G_DBUS_PROPERTY_INFO_FLAGS_READABLE) != 0;
  gboolean writable = (property->flags & G_DBUS_PROPERTY_INFO_FLAGS_WRITABLE) != 0;
  return g_strdup_printf ("%s property %s %s %s%s", interface, property->name, property->signature,
                          readable ? "read" : "", writable ? "write" : "");
}

static char *
describe_row (char **row)
{
  if (g_str_equal (row[KIND], "method"))
    return g_strdup_printf ("%s method %s in %s out %s", row[INTERFACE], row[MEMBER], row[IN_ARGS],
                            row[OUT_ARGS]);
  return g_strdup_printf ("%s property %s %s %s", row[INTERFACE], row[MEMBER], row[SIGNATURE],
                          row[ACCESS]);
}

static void
add_members (GHashTable *present, const char *path)
{
  g_autoptr (GVariant) answer =
      client_must_call (path, "org.freedesktop.DBus.Introspectable", "Introspect", NULL);
  const char *xml;
  g_variant_get (answer, "(&s)", &xml);
  g_autoptr (GError) error = NULL;
  g_autoptr (GDBusNodeInfo) node = g_dbus_node_info_new_for_xml (xml, &error);
  if (node == NULL)
    g_error ("introspection of %s: %s", path, error->message);
  for (GDBusInterfaceInfo **info = node->interfaces; info != NULL && *info != NULL; info++) {
    const char *name = (*info)->name;
    if (!g_strv_contains (interfaces, name))
      continue;
    for (GDBusMethodInfo **method = (*info)->methods; method != NULL && *method != NULL; method++)
      g_hash_table_add (present, describe_method (name, *method));
    for (GDBusPropertyInfo **p = (*info)->properties; p != NULL && *p != NULL; p++)
      g_hash_table_add (present, describe_property (name, *p));
  }
}

static void
test_introspection (void)
{
  g_autofree char *vm = client_new_vm ("new-vm-empty");
  g_autoptr (GVariant) disk = client_must_call (vm, VM, "add_disk", NULL);
  g_autoptr (GVariant) nic = client_must_call (vm, VM, "add_nic", NULL);
  const char *disk_path, *nic_path;
  g_variant_get (disk, "(&o)", &disk_path);
  g_variant_get (nic, "(&o)", &nic_path);

  g_autoptr (GHashTable) present = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  add_members (present, vm);
  add_members (present, disk_path);
  add_members (present, nic_path);
  GPtrArray *rows = surface_rows ();
  for (guint i = 0; i < rows->len; i++) {
    g_autofree char *wanted = describe_row (rows->pdata[i]);
    client_ok (g_hash_table_remove (present, wanted), "there is %s", wanted);
  }
  GHashTableIter iter;
  gpointer more;
  g_hash_table_iter_init (&iter, present);
  while (g_hash_table_iter_next (&iter, &more, NULL))
    client_diag ("not recorded: %s", (char *)more);
  client_ok (g_hash_table_size (present) == 0, "and nothing else");
  g_variant_unref (client_must_call (vm, VM, "delete", NULL));
}

int
main (void)
{
  test_introspection ();
  surface_test_properties ();
  surface_test_methods ();
  g_ptr_array_unref (surface_rows ());
  return client_done ();
}
