/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "surface.h"

#include <jansson.h>
#include <string.h>

#define TEMPLATE "new-vm-empty"

/* Columns of test/fixtures/vm-properties.tsv. */
enum { NAME, TYPE, RW, KEY, UNSET, IFACES };

/* -- what is written, and what it reads as ----------------------------------------- */

/** Value: texts; NULL: as for any property of its type. */
typedef struct {
  const char *property, *written, *read;
} Value;

/* Properties of VMs that do not take any value, or give back another. virt-type comes first. */
static const Value vm_values[] = {
  { "virt-type", "pvh", "pvh" },
  { "cd", "surface.iso", "surface.iso" },
  { "control-platform-power-state", "true", "true" }, /* so also with native-experience */
  { "extra-hvm", " -a ;; b c;", "-a;b c" },
  { "extra-xenvm", "a=1 ; b=2", "a=1;b=2" },
  { "gpu", "0000:99:00.0", "" }, /* no such adapter */
  { "image-path", " icons/vm.png\t", "icons/vm.png" },
  { "image_path_vg", "icons/vm.png\n", "icons/vm.png" }, /* the same key */
  { "name", "\t surface test  ", "surface test" },
  { "native-experience", "true", "true" },
  { "os", "linux", "linux" },
  { "policy-modify-vm-settings", "true", "true" },
  { "s3-mode", "ignore", "ignore" },
  { "s4-mode", "restart", "restart" },
  { "show-switcher", "false", "false" },
  { "start-on-boot", "true", "true" },
  { "stubdom", "true", "false" }, /* HVM only */
  { "type", "pvm", "svm" },
  { "usb-grab-devices", "true", "true" },
  { "wired-network", "brshared", "/wired/0/shared" },
  { "wireless-control", "true", "true" },
  { "wireless-network", "/wifi/1/shared", "/wifi/1/shared" },
};

static const Value disk_values[] = {
  { "devtype", "cdrom", "cdrom" },
  { "managed-disktype", "user", "user" },
  { "mode", "r", "r" },
  { "phys-path", "/surface test/d,1.img", NULL },
  { "phys-type", "raw", "raw" },
  { "snapshot", "coalesce", "coalesce" },
  { "virt-path", "xvdb", "xvdb" },
};

static const Value nic_values[] = {
  { "network", "brwireless", "/wifi/0/shared" },
  { "mac", "00:16:3e:01:02:03", NULL },
};

/* Words that are refused, and what the error says. */
static const struct {
  enum { OF_VM, OF_DISK, OF_NIC } object;
  const char *property, *word, *error;
} refused[] = {
  { OF_VM, "os", "beos", "unknown os" },
  { OF_VM, "virt-type", "HVM", "unexpected enumeration value" },
  { OF_VM, "s3-mode", "", "unexpected enumeration value" },
  { OF_VM, "s4-mode", "sleep", "unexpected enumeration value" },
  { OF_VM, "wired-network", "no path", "invalid object path: no path" },
  { OF_VM, "wireless-network", "/a b", "invalid object path: /a b" },
  { OF_VM, "cpuid", "a\nb", "property cpuid of vm" },
  { OF_VM, "extra-hvm", "a\nb", "property extra-hvm of vm" },
  { OF_VM, "extra-xenvm", "a\nb", "property extra-xenvm of vm" },
  { OF_DISK, "devtype", "tape", "unexpected enumeration value" },
  { OF_DISK, "mode", "rw", "unexpected enumeration value" },
  { OF_DISK, "phys-type", "qcow2", "unexpected enumeration value" },
  { OF_DISK, "snapshot", "", "unexpected enumeration value" },
  { OF_DISK, "managed-disktype", "swap", "unexpected enumeration value" },
  { OF_DISK, "backend-name", "x", "not implemented" },
  { OF_DISK, "backend-uuid", "x", "not implemented" },
  { OF_NIC, "network", "wired", "invalid object path: wired" },
};

/* -- one property and its value ---------------------------------------------------- */

/** Property: one of an object, and what it was last set to. */
typedef struct {
  const char *path, *interface, *name, *type;
  gboolean writable, on_vm; /* also of the interface vm */
  const Value *value;
  char *expected; /* what it must read as */
} Property;

static void
property_free (gpointer data)
{
  g_free (((Property *)data)->expected);
  g_free (data);
}

static const Value *
find_value (const Value *values, gsize n, const char *property)
{
  for (gsize i = 0; i < n; i++) {
    if (g_str_equal (values[i].property, property))
      return &values[i];
  }
  return NULL;
}

static GVariant *
text_to_value (const char *type, const char *text)
{
  switch (*type) {
  case 'b':
    return g_variant_new_boolean (g_str_equal (text, "true"));
  case 'i':
    return g_variant_new_int32 ((gint32)g_ascii_strtoll (text, NULL, 10));
  default:
    return g_variant_new_string (text);
  }
}

/* A value that it does not have yet. */
static char *
new_text (const Property *property, const char *before)
{
  switch (*property->type) {
  case 'b':
    return g_strdup (g_str_equal (before, "true") ? "false" : "true");
  case 'i':
    return g_strdup (g_str_equal (before, "7") ? "8" : "7");
  default:
    return g_strdup_printf ("surface of %s: 'a' \"b\" \\ ü", property->name);
  }
}

static void
check_read (const Property *property, const char *when)
{
  g_autofree char *text = client_get_text (property->path, property->interface, property->name);
  client_is (text, property->expected, "%s.%s %s", property->interface, property->name, when);
  if (!property->on_vm)
    return;
  g_autofree char *on_vm = client_get_text (property->path, VM, property->name);
  client_is (on_vm, property->expected, "%s.%s %s", VM, property->name, when);
}

static void
check_all (GPtrArray *properties, const char *when)
{
  for (guint i = 0; i < properties->len; i++)
    check_read (properties->pdata[i], when);
}

static void
set_one (Property *property)
{
  g_autofree char *before = client_get_text (property->path, property->interface, property->name);
  g_autofree char *text =
      property->value != NULL ? g_strdup (property->value->written) : new_text (property, before);
  const char *interface = property->on_vm ? VM : property->interface;
  g_autoptr (GError) error = NULL;
  gboolean set = client_set (property->path, interface, property->name,
                             text_to_value (property->type, text), &error);
  if (!client_ok (set, "set %s.%s", interface, property->name))
    client_diag ("%s", error->message);
  g_free (property->expected);
  property->expected = property->value != NULL && property->value->read != NULL
                           ? g_strdup (property->value->read)
                           : g_steal_pointer (&text);
  check_read (property, "reads as its row says");
}

/* Neither of another type, nor at all when it is read-only. */
static void
refuse_one (const Property *property)
{
  GError *error = NULL;
  client_set (property->path, property->interface, property->name, g_variant_new_parsed ("[1, 2]"),
              &error);
  client_fails (error, "", "set %s to an array", property->name);
  if (property->writable)
    return;
  error = NULL;
  client_set (property->path, property->interface, property->name,
              text_to_value (property->type, "7"), &error);
  client_fails (error, "", "set %s, which is read-only", property->name);
}

/* -- VMs --------------------------------------------------------------------------- */

static char *
from_template (const char *key)
{
  json_auto_t *json = json_load_file (SOURCE_DIR "/shim/templates/default/" TEMPLATE, 0, NULL);
  g_auto (GStrv) parts = g_strsplit (key, "/", -1);
  json_t *node = json;
  for (char **part = parts; *part != NULL && node != NULL; part++)
    node = json_object_get (node, *part);
  return g_strdup (json_string_value (node));
}

/* The default as the table of facts words it. */
static char *
documented_default (char **row, const char *uuid)
{
  const char *unset = row[UNSET];
  if (g_str_equal (row[NAME], "uuid") || g_str_equal (row[NAME], "seamless-id"))
    return g_strdup (uuid);
  if (g_str_equal (row[NAME], "name"))
    return g_strconcat ("name-", uuid, NULL);
  g_autofree char *own = from_template (row[KEY]);
  if (own != NULL)
    return g_steal_pointer (&own);
  if (g_str_equal (unset, "value of memory"))
    return from_template ("config/memory");
  if (g_str_has_prefix (unset, "capability "))
    return g_strdup ("false");
  if (*unset == '"')
    return g_strdup ("");
  return g_strndup (unset, strcspn (unset, " "));
}

static GPtrArray *
list_vm_properties (const char *vm, GPtrArray *table)
{
  g_autofree char *uuid = g_strdelimit (g_strdup (vm + strlen ("/vm/")), "_", '-');
  GPtrArray *properties = g_ptr_array_new_with_free_func (property_free);
  for (guint i = 0; i < table->len; i++) {
    char **row = table->pdata[i];
    Property *property = g_new (Property, 1);
    *property = (Property){
      .path = vm,
      .interface = VM_FREE,
      .name = row[NAME],
      .type = row[TYPE],
      .writable = g_str_equal (row[RW], "readwrite"),
      .on_vm = g_str_equal (row[IFACES], "both"),
      .value = find_value (vm_values, G_N_ELEMENTS (vm_values), row[NAME]),
      .expected = documented_default (row, uuid),
    };
    g_ptr_array_add (properties, property);
  }
  return properties;
}

/* Each VM gets a slot of its own. */
static void
take_slot (GPtrArray *properties)
{
  for (guint i = 0; i < properties->len; i++) {
    Property *property = properties->pdata[i];
    if (!g_str_equal (property->name, "slot"))
      continue;
    g_free (property->expected);
    property->expected = client_get_text (property->path, VM, "slot");
    client_ok (atoi (property->expected) > 0, "the VM has a slot");
  }
}

/* -- disks and NICs ---------------------------------------------------------------- */

static const Value disk_defaults[] = {
  { "backend-name", NULL, "" },
  { "backend-uuid", NULL, "" },
  { "devtype", NULL, "disk" },
  { "enabled", NULL, "true" },
  { "encryption-key-set", NULL, "false" },
  { "managed-disktype", NULL, "" },
  { "mode", NULL, "w" },
  { "phys-path", NULL, "" },
  { "phys-type", NULL, "vhd" },
  { "shared", NULL, "false" },
  { "snapshot", NULL, "none" },
  { "utilization-bytes", NULL, "0" },
  { "virt-path", NULL, "hda" },
  { "virtual-size-mb", NULL, "0" },
};

static const Value nic_defaults[] = {
  { "backend-name", NULL, "" },         { "backend-uuid", NULL, "" },
  { "enabled", NULL, "true" },          { "mac", NULL, "auto" },
  { "model", NULL, "e1000" },           { "network", NULL, "/wired/0/bridged" },
  { "wireless-driver", NULL, "false" },
};

static GPtrArray *
list_device_properties (const char *path,
                        const char *interface,
                        const Value *defaults,
                        gsize n_defaults,
                        const Value *values,
                        gsize n_values)
{
  GPtrArray *properties = g_ptr_array_new_with_free_func (property_free);
  GPtrArray *rows = surface_rows ();
  for (guint i = 0; i < rows->len; i++) {
    char **row = rows->pdata[i];
    const Value *unset = find_value (defaults, n_defaults, row[MEMBER]);
    if (!g_str_equal (row[INTERFACE], interface) || !g_str_equal (row[KIND], "property") ||
        unset == NULL)
      continue;
    Property *property = g_new (Property, 1);
    *property = (Property){
      .path = path,
      .interface = interface,
      .name = row[MEMBER],
      .type = row[SIGNATURE],
      .writable = g_str_equal (row[ACCESS], "readwrite") &&
                  !(g_str_equal (interface, VMDISK) && g_str_has_prefix (row[MEMBER], "backend-")),
      .value = find_value (values, n_values, row[MEMBER]),
      .expected = g_strdup (unset->read),
    };
    g_ptr_array_add (properties, property);
  }
  return properties;
}

/* -- the test ---------------------------------------------------------------------- */

static char *
call_for_path (const char *vm, const char *method)
{
  g_autoptr (GVariant) answer = client_must_call (vm, VM, method, NULL);
  char *path;
  g_variant_get (answer, "(o)", &path);
  return path;
}

static GHashTable *
get_all (const char *path, const char *interface)
{
  g_autoptr (GVariant) answer = client_must_call (path, "org.freedesktop.DBus.Properties", "GetAll",
                                                  g_variant_new ("(s)", interface));
  g_autoptr (GVariantIter) iter = NULL;
  GHashTable *values = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  const char *name;
  GVariant *value;
  g_variant_get (answer, "(a{sv})", &iter);
  while (g_variant_iter_next (iter, "{&sv}", &name, &value)) {
    g_hash_table_insert (values, g_strdup (name),
                         g_variant_is_of_type (value, G_VARIANT_TYPE_STRING)
                             ? g_variant_dup_string (value, NULL)
                             : g_variant_print (value, FALSE));
    g_variant_unref (value);
  }
  return values;
}

static void
test_get_all (const char *path, const char *interface, GPtrArray *properties, guint n)
{
  g_autoptr (GHashTable) values = get_all (path, interface);
  client_ok (g_hash_table_size (values) == n, "GetAll of %s has %u properties", interface, n);
  for (guint i = 0; i < properties->len; i++) {
    const Property *property = properties->pdata[i];
    if (g_hash_table_contains (values, property->name))
      client_is (g_hash_table_lookup (values, property->name), property->expected,
                 "%s in GetAll of %s", property->name, interface);
  }
}

/* One property that cannot be read leaves the others alone, and is named in the log. */
static void
test_failing_getter (const char *vm)
{
  g_autofree char *uuid = g_strdelimit (g_strdup (vm + strlen ("/vm/")), "_", '-');
  g_autofree char *key = g_strdup_printf ("/vm/%s/config/vcpus", uuid);
  g_autoptr (GVariant) before = client_get (vm, VM, "vcpus", NULL);
  client_db_write (key, "a few");
  g_autofree char *text = client_get_text (vm, VM, "vcpus");
  client_is (text, "error: Prelude.read: no parse", "a stored text that is no number");
  g_autoptr (GHashTable) values = get_all (vm, VM);
  client_ok (g_hash_table_size (values) == 144, "GetAll leaves only that one out");
  client_ok (!g_hash_table_contains (values, "vcpus"), "which is vcpus");
  g_autofree char *log = client_simhost_file ("daemon.log");
  const char *line = strstr (log, "Prelude.read: no parse");
  client_ok (line != NULL && strstr (log, "vcpus") != NULL, "and the log names it");
  client_set (vm, VM, "vcpus", g_steal_pointer (&before), NULL);
}

static void
test_policy (GPtrArray *properties)
{
  static const char *const exempt[] = { "wired-network", "wireless-network", NULL };
  const Property *any = properties->pdata[0];
  client_ok (client_set (any->path, VM_FREE, "policy-modify-vm-settings",
                         g_variant_new_boolean (FALSE), NULL),
             "forbid changes");
  for (guint i = 0; i < properties->len; i++) {
    const Property *property = properties->pdata[i];
    if (!property->writable || g_str_equal (property->name, "policy-modify-vm-settings"))
      continue;
    const char *text = property->value != NULL ? property->value->written : property->expected;
    GError *error = NULL;
    if (property->on_vm) {
      client_set (property->path, VM, property->name, text_to_value (property->type, text), &error);
      if (g_strv_contains (exempt, property->name)) {
        client_ok (error == NULL, "the policy does not cover %s", property->name);
        g_clear_error (&error);
      } else {
        client_fails (error, "202:", "the policy covers %s", property->name);
      }
    }
    error = NULL;
    client_set (property->path, VM_FREE, property->name, text_to_value (property->type, text),
                &error);
    client_ok (error == NULL, "vm.unrestricted.%s is free of the policy", property->name);
    g_clear_error (&error);
  }
  GError *error = NULL;
  client_set (any->path, VM, "policy-modify-vm-settings", g_variant_new_boolean (TRUE), &error);
  client_fails (error, "202:", "the policy covers itself");
  client_set (any->path, VM_FREE, "policy-modify-vm-settings", g_variant_new_boolean (TRUE), NULL);
}

static void
test_refused_words (const char *vm, const char *disk, const char *nic)
{
  const char *const paths[] = { [OF_VM] = vm, [OF_DISK] = disk, [OF_NIC] = nic };
  const char *const interfaces[] = { [OF_VM] = VM, [OF_DISK] = VMDISK, [OF_NIC] = VMNIC };
  for (gsize i = 0; i < G_N_ELEMENTS (refused); i++) {
    const char *path = paths[refused[i].object], *interface = interfaces[refused[i].object];
    g_autofree char *before = client_get_text (path, interface, refused[i].property);
    GError *error = NULL;
    client_set (path, interface, refused[i].property, g_variant_new_string (refused[i].word),
                &error);
    client_fails (error, refused[i].error, "%s is not %s", refused[i].property, refused[i].word);
    g_autofree char *after = client_get_text (path, interface, refused[i].property);
    client_is (after, before, "%s is what it was", refused[i].property);
  }
}

static Property *
find_property (GPtrArray *properties, const char *name)
{
  for (guint i = 0; i < properties->len; i++) {
    Property *property = properties->pdata[i];
    if (g_str_equal (property->name, name))
      return property;
  }
  g_error ("no property %s", name);
}

static void
expect (GPtrArray *properties, const char *name, const char *text)
{
  Property *property = find_property (properties, name);
  g_free (property->expected);
  property->expected = g_strdup (text);
}

void
surface_test_properties (void)
{
  g_autoptr (GPtrArray) table = client_load_table ("vm-properties.tsv");
  g_autofree char *vm = client_new_vm (TEMPLATE);
  g_autoptr (GPtrArray) vm_properties = list_vm_properties (vm, table);
  client_ok (vm_properties->len == 148, "148 properties of a VM are known");
  take_slot (vm_properties);
  check_all (vm_properties, "has its default");
  test_get_all (vm, VM, vm_properties, 145);
  test_get_all (vm, VM_FREE, vm_properties, 148);

  /* Devices that some of the VM's properties speak of. */
  g_autofree char *disk = call_for_path (vm, "add_disk");
  g_autofree char *drive = call_for_path (vm, "add_disk");
  G_GNUC_UNUSED g_autofree char *wired = call_for_path (vm, "add_nic");
  g_autofree char *wireless = call_for_path (vm, "add_nic");
  g_autofree char *nic = call_for_path (vm, "add_nic"); /* not the first of either sort */
  g_autoptr (GPtrArray) disk_properties =
      list_device_properties (disk, VMDISK, disk_defaults, G_N_ELEMENTS (disk_defaults),
                              disk_values, G_N_ELEMENTS (disk_values));
  g_autoptr (GPtrArray) nic_properties = list_device_properties (
      nic, VMNIC, nic_defaults, G_N_ELEMENTS (nic_defaults), nic_values, G_N_ELEMENTS (nic_values));
  client_ok (disk_properties->len == 14 && nic_properties->len == 7, "those of devices too");
  check_all (disk_properties, "has its default");
  check_all (nic_properties, "has its default");
  test_get_all (disk, VMDISK, disk_properties, 14);
  test_get_all (nic, VMNIC, nic_properties, 8);
  client_set (drive, VMDISK, "virt-path", g_variant_new_string ("hdc"), NULL);
  client_set (wireless, VMNIC, "wireless-driver", g_variant_new_boolean (TRUE), NULL);

  GPtrArray *const all[] = { disk_properties, nic_properties, vm_properties };
  set_one (find_property (vm_properties, "virt-type"));
  for (gsize k = 0; k < G_N_ELEMENTS (all); k++) {
    for (guint i = 0; i < all[k]->len; i++) {
      Property *property = all[k]->pdata[i];
      refuse_one (property);
      if (property->writable)
        set_one (property);
    }
  }
  test_refused_words (vm, disk, nic);

  /* Read-only ones that follow from what was set. */
  expect (vm_properties, "state", "locked"); /* its user's storage is not there */
  expect (vm_properties, "measured", "false");
  const char *const following[] = {
    "dependencies",      "mac", "private-space", "acpi-state", "portica-enabled",
    "autostart-pending", NULL
  };
  for (const char *const *name = following; *name != NULL; name++) {
    g_autofree char *now = client_get_text (vm, VM, *name);
    client_ok (!g_str_has_prefix (now, "error: "), "%s can be read", *name);
    expect (vm_properties, *name, now);
  }
  for (int round = 0; round < 2; round++) {
    const char *when = round == 0 ? "afterwards" : "after a restart of the daemon";
    if (round == 1)
      client_restart_daemon ();
    for (gsize k = 0; k < G_N_ELEMENTS (all); k++)
      check_all (all[k], when);
  }
  test_policy (vm_properties);
  check_all (vm_properties, "after the policy");
  test_failing_getter (vm);

  client_set (vm, VM, "virt-type", g_variant_new_string ("hvm"), NULL);
  g_autofree char *stubdom = client_get_text (vm, VM, "stubdom");
  client_is (stubdom, "true", "stubdom was kept, and counts for HVM");
  client_set (vm, VM, "run-pre-delete", g_variant_new_string (""), NULL);
  g_variant_unref (client_must_call (vm, VM, "delete", NULL));
}
