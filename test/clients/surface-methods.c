/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "surface.h"

#include <errno.h>
#include <string.h>

#define AUTH    VM ".auth"
#define PCI     VM ".pci"
#define PRODUCT VM ".product"

/* -- the objects ------------------------------------------------------------------- */

/* What the calls are made on; which words of the arguments and answers stand for them. */
typedef enum { OF_VM, OF_DISK, OF_NIC, OF_NOTHING, N_OBJECTS } Object;

typedef struct {
  char *paths[N_OBJECTS];
  char *uuid;
  char *dir; /* of the test's own files */
} Objects;

static const char *const words[] = { "@VM@", "@DISK@", "@NIC@", "@NONE@" };

/* @template: (nullable) */
static char *
fill_in (const Objects *objects, const char *template)
{
  if (template == NULL)
    return NULL;
  GString *text = g_string_new (template);
  for (int i = 0; i < N_OBJECTS; i++)
    g_string_replace (text, words[i], objects->paths[i], 0);
  g_string_replace (text, "@UUID@", objects->uuid, 0);
  g_string_replace (text, "@DIR@", objects->dir, 0);
  return g_string_free (text, FALSE);
}

/* -- the table --------------------------------------------------------------------- */

/** Call: in this order. @answer: as g_variant_print() has it; "" for any; NULL: an error. */
typedef struct {
  Object object;
  const char *interface, *method, *arguments, *answer, *error;
} Call;

#define OK(object, interface, method, arguments, answer)                                           \
  {                                                                                                \
    object, interface, method, arguments, answer, NULL                                             \
  }
#define BAD(object, interface, method, arguments, error)                                           \
  {                                                                                                \
    object, interface, method, arguments, NULL, error                                              \
  }

/* clang-format off */
static const Call calls[] = {
  /* firewall rules */
  OK (OF_VM, VM, "list_argo_firewall_rules", "()", "(@as [],)"),
  OK (OF_VM, VM, "add_argo_firewall_rule", "('My-Stubdom->0:5000',)", "()"),
  OK (OF_VM, VM, "add_argo_firewall_rule", "('my-stubdom -> 0:5000',)", "()"),
  BAD (OF_VM, VM, "add_argo_firewall_rule", "('from here to there',)", "237"),
  OK (OF_VM, VM, "list_argo_firewall_rules", "()", "(['my-stubdom -> 0:5000'],)"),
  BAD (OF_VM, VM, "delete_argo_firewall_rule", "('->',)", "237"),
  OK (OF_VM, VM, "delete_argo_firewall_rule", "('myself -> 0:1',)", "()"),
  OK (OF_VM, VM, "delete_argo_firewall_rule", "('my-stubdom -> 0:5000',)", "()"),
  OK (OF_VM, VM, "list_argo_firewall_rules", "()", "(@as [],)"),
  OK (OF_VM, VM, "add_net_firewall_rule", "(3, 'in', '10.0.0.1', 'tcp')", "()"),
  BAD (OF_VM, VM, "add_net_firewall_rule", "(4, 'up', '', '')", "bad direction"),
  OK (OF_VM, VM, "list_net_firewall_rules", "()", "([{'id': '3', 'direction': 'in', 'remote-ip': '10.0.0.1', 'extra': 'tcp'}],)"),
  OK (OF_VM, VM, "delete_net_firewall_rule", "(4,)", "()"),
  OK (OF_VM, VM, "delete_net_firewall_rule", "(3,)", "()"),
  OK (OF_VM, VM, "list_net_firewall_rules", "()", "(@aa{ss} [],)"),
  /* keys */
  OK (OF_VM, VM, "set_db_key", "('surface.key', 'a \\'b\\'')", "()"),
  OK (OF_VM, VM, "get_db_key", "('surface.key',)", "(\"a 'b'\",)"),
  OK (OF_VM, VM, "get_db_key", "('surface.other',)", "('',)"),
  OK (OF_VM, VM, "set_domstore_key", "('surface', 'x')", "()"),
  OK (OF_VM, VM, "get_domstore_key", "('surface',)", "('x',)"),
  OK (OF_VM, VM, "get_domstore_key", "('other',)", "('',)"),
  BAD (OF_VM, VM, "read_icon", "()", "223"),
  BAD (OF_VM, VM, "create_child_service_vm", "('nothing',)", "223"),
  /* disks and NICs */
  OK (OF_VM, VM, "list_disks", "()", "([objectpath '@DISK@'],)"),
  OK (OF_VM, VM, "add_disk", "()", "(objectpath '@VM@/disk/1',)"),
  OK (OF_VM, VM, "list_nics", "()", "([objectpath '@NIC@'],)"),
  OK (OF_VM, VM, "add_nic", "()", "(objectpath '@VM@/nic/1',)"),
  OK (OF_DISK, VMDISK, "attach_phy", "('@DIR@/disk.img',)", "()"),
  BAD (OF_DISK, VMDISK, "mount", "('@DIR@', true)", "207"),
  BAD (OF_DISK, VMDISK, "umount", "()", "207"),
  OK (OF_DISK, VMDISK, "attach_vhd", "('@DIR@/none.vhd',)", "()"),
  BAD (OF_DISK, VMDISK, "mount", "('@DIR@', true)", "223"),
  BAD (OF_DISK, VMDISK, "umount", "()", "device not mounted"),
  BAD (OF_DISK, VMDISK, "generate_crypto_key", "(128,)", "only supported key sizes: 256, 512"),
  BAD (OF_DISK, VMDISK, "generate_crypto_key_in", "(0, '@DIR@')", "only supported key sizes: 256, 512"),
  BAD (OF_DISK, VMDISK, "generate_crypto_key_in", "(512, '@DIR@')", "not supported"),
  BAD (OF_DISK, VMDISK, "generate_crypto_key", "(256,)", "not supported"),
  OK (OF_DISK, VMDISK, "attach_phy", "('@DIR@/disk.img',)", "()"),
  /* PCI */
  OK (OF_VM, PCI, "list_pt_rules", "()", "(@aa{ss} [],)"),
  OK (OF_VM, PCI, "add_pt_rule", "('0x0c03', '', 'any')", "()"),
  BAD (OF_VM, PCI, "add_pt_rule", "('usb', '', '')", "Prelude.read: no parse"),
  OK (OF_VM, PCI, "add_pt_rule_bdf", "('0000:00:1f.3@05',)", "()"),
  BAD (OF_VM, PCI, "add_pt_rule_bdf", "('slot five',)", "error parsing rule"),
  OK (OF_VM, PCI, "list_pt_rules", "()", "([{'id': '1', 'rule': 'match class=0x0C03  '}, {'id': '2', 'rule': 'bdf=0000:00:1f.3 @ 5'}],)"),
  BAD (OF_VM, PCI, "list_pt_pci_devices", "()", "0000:00:1f.3"),
  BAD (OF_VM, PCI, "delete_pt_rule", "('usb', '', '')", "Prelude.read: no parse"),
  BAD (OF_VM, PCI, "delete_pt_rule_bdf", "('?',)", "error parsing rule"),
  OK (OF_VM, PCI, "delete_pt_rule", "('0x0c03', 'any', '')", "()"),
  OK (OF_VM, PCI, "delete_pt_rule_bdf", "('0000:00:1f.3@05',)", "()"),
  OK (OF_VM, PCI, "list_pt_pci_devices", "()", "(@aa{ss} [],)"),
  /* product properties */
  OK (OF_VM, PRODUCT, "list_product_properties", "()", "(@aa{ss} [],)"),
  OK (OF_VM, PRODUCT, "get_product_property", "('none',)", "('',)"),
  BAD (OF_VM, PRODUCT, "set_product_property", "('none', 'x')", ""),
  OK (OF_VM, PRODUCT, "get_ovf_env_xml", "()", ""),
  /* users */
  OK (OF_VM, AUTH, "auth_required", "()", "(false,)"),
  OK (OF_VM, AUTH, "auth", "()", "()"),
  /* a VM that does not run */
  OK (OF_VM, VM, "destroy", "()", "()"),
  OK (OF_VM, VM, "shutdown", "()", "()"),
  OK (OF_VM, VM, "reboot", "()", "()"),
  OK (OF_VM, VM, "unpause", "()", "()"),
  BAD (OF_VM, VM, "pause", "()", "Error parsing domain."),
  BAD (OF_VM, VM, "sleep", "()", "213"),
  OK (OF_VM, VM, "hibernate", "()", "()"),
  OK (OF_VM, VM, "switch", "()", "()"),
  OK (OF_VM, VM, "resume", "()", "()"),
  BAD (OF_VM, VM, "suspend_to_file", "('@DIR@/state',)", "223"),
  /* one that cannot start: a disk without an image */
  BAD (OF_VM, VM, "start", "()", "Bad Physical Path for disk 1 ()"),
  BAD (OF_VM, VM, "start_internal", "()", "Bad Physical Path for disk 1 ()"),
  OK (OF_DISK, VMDISK, "delete", "()", "()"),
  OK (OF_NIC, VMNIC, "delete", "()", "()"),
  OK (OF_VM, VM, "list_disks", "()", "([objectpath '@VM@/disk/1'],)"),
  OK (OF_VM, VM, "list_nics", "()", "([objectpath '@VM@/nic/1'],)"),
  BAD (OF_DISK, VMDISK, "delete", "()", ""),
  BAD (OF_NIC, VMNIC, "delete", "()", ""),
  /* what is not there */
  BAD (OF_NOTHING, VM, "start", "()", ""),
  BAD (OF_NOTHING, VM, "list_disks", "()", ""),
};

/* On a VM that can run. */
static const Call live[] = {
  OK (OF_VM, VM, "start_internal", "()", "()"),
  OK (OF_VM, VM, "start", "()", "()"), /* it runs already */
  BAD (OF_VM, VM, "delete", "()", "204"),
  OK (OF_VM, VM, "pause", "()", "()"),
  OK (OF_VM, VM, "unpause", "()", "()"),
  BAD (OF_VM, VM, "sleep", "()", "213"),
  BAD (OF_VM, VM, "hibernate", "()", "213"),
  OK (OF_VM, VM, "reboot", "()", "()"),
  OK (OF_VM, VM, "destroy", "()", "()"),
  OK (OF_VM, VM, "start", "()", "()"),
  OK (OF_VM, VM, "suspend_to_file", "('@DIR@/state',)", "()"),
  OK (OF_VM, VM, "resume_from_file", "('@DIR@/state',)", "()"),
  OK (OF_VM, VM, "shutdown", "()", "()"),
  OK (OF_VM, VM, "read_icon", "()", "([byte 0x69, 0x63, 0x6f, 0x6e],)"),
  OK (OF_VM, VM, "delete", "()", "()"),
  BAD (OF_VM, VM, "delete", "()", ""),
};
/* clang-format on */

/* -- the calls --------------------------------------------------------------------- */

static void
make_call (const Objects *objects, const Call *call)
{
  g_autofree char *text = fill_in (objects, call->arguments);
  g_autofree char *wanted = fill_in (objects, call->answer);
  GError *error = NULL;
  g_autoptr (GVariant) arguments = g_variant_parse (NULL, text, NULL, NULL, &error);
  if (arguments == NULL)
    g_error ("%s: %s", text, error->message);
  g_autoptr (GVariant) answer =
      client_call (objects->paths[call->object], call->interface, call->method, arguments, &error);
  if (wanted == NULL) {
    client_fails (error, call->error, "%s %s is refused", call->method, text);
    return;
  }
  if (!client_ok (answer != NULL, "%s %s", call->method, text)) {
    client_diag ("%s", error->message);
    g_error_free (error);
    return;
  }
  g_autofree char *printed = g_variant_print (answer, TRUE);
  if (*wanted != '\0')
    client_is (printed, wanted, "%s %s answers", call->method, text);
}

/* Too much, and of a type that no method takes. */
static void
test_wrong_arguments (const Objects *objects)
{
  GPtrArray *rows = surface_rows ();
  for (guint i = 0; i < rows->len; i++) {
    char **row = rows->pdata[i];
    if (!g_str_equal (row[KIND], "method"))
      continue;
    Object object = g_str_equal (row[INTERFACE], VMDISK)  ? OF_DISK
                    : g_str_equal (row[INTERFACE], VMNIC) ? OF_NIC
                                                          : OF_VM;
    GError *error = NULL;
    G_GNUC_UNUSED g_autoptr (GVariant) answer =
        client_call (objects->paths[object], row[INTERFACE], row[MEMBER],
                     g_variant_new_parsed ("(@ad [], 1.5)"), &error);
    client_fails (error, "", "%s.%s with wrong arguments", row[INTERFACE], row[MEMBER]);
  }
}

/* Every method has been called in good order, and refused where its arguments can be wrong. */
static void
test_completeness (void)
{
  /* In tests of their own, with the templates, drivers and images that they need. */
  static const char *const elsewhere[] = { "create_child_service_vm", "sleep", "mount", "umount",
                                           NULL };
  /* Stock tools encrypt no disks; a product property exists before it is set. */
  static const char *const never[] = { "generate_crypto_key", "generate_crypto_key_in",
                                       "set_product_property", NULL };
  g_autoptr (GHashTable) good = g_hash_table_new (g_str_hash, g_str_equal);
  for (gsize i = 0; i < G_N_ELEMENTS (calls); i++) {
    if (calls[i].answer != NULL)
      g_hash_table_add (good, (gpointer)calls[i].method);
  }
  for (gsize i = 0; i < G_N_ELEMENTS (live); i++) {
    if (live[i].answer != NULL)
      g_hash_table_add (good, (gpointer)live[i].method);
  }
  GPtrArray *rows = surface_rows ();
  for (guint i = 0; i < rows->len; i++) {
    char **row = rows->pdata[i];
    const char *method = row[MEMBER];
    if (g_str_equal (row[KIND], "method"))
      client_ok (g_hash_table_contains (good, method) || g_strv_contains (elsewhere, method) ||
                     g_strv_contains (never, method),
                 "%s has been called", method);
  }
}

static void
make_file (const char *dir, const char *name, const char *text)
{
  g_autofree char *path = g_build_filename (dir, name, NULL);
  g_autoptr (GError) error = NULL;
  if (!g_file_set_contents (path, text, -1, &error))
    g_error ("%s", error->message);
}

static char *
add (const char *vm, const char *method)
{
  g_autoptr (GVariant) answer = client_must_call (vm, VM, method, NULL);
  char *path;
  g_variant_get (answer, "(o)", &path);
  return path;
}

static void
objects_new_vm (Objects *objects, const char *template)
{
  g_free (objects->paths[OF_VM]);
  g_free (objects->uuid);
  objects->paths[OF_VM] = client_new_vm (template);
  objects->uuid = g_strdelimit (g_strdup (objects->paths[OF_VM] + strlen ("/vm/")), "_", '-');
}

static void
set_text (const Objects *objects, const char *property, const char *text)
{
  g_autoptr (GError) error = NULL;
  if (!client_set (objects->paths[OF_VM], VM, property, g_variant_new_string (text), &error))
    g_error ("%s: %s", property, error->message);
}

void
surface_test_methods (void)
{
  Objects objects = { .dir = g_build_filename (g_getenv ("XM_SIM_DIR"), "surface", NULL) };
  if (g_mkdir_with_parents (objects.dir, 0700) != 0)
    g_error ("%s: %s", objects.dir, g_strerror (errno));
  make_file (objects.dir, "disk.img", "image");
  make_file (objects.dir, "icon", "icon");
  objects.paths[OF_NOTHING] = g_strdup ("/vm/00000000_0000_0000_0000_00000000abcd");

  objects_new_vm (&objects, "new-vm-empty");
  objects.paths[OF_DISK] = add (objects.paths[OF_VM], "add_disk");
  objects.paths[OF_NIC] = add (objects.paths[OF_VM], "add_nic");
  test_wrong_arguments (&objects);
  for (gsize i = 0; i < G_N_ELEMENTS (calls); i++)
    make_call (&objects, &calls[i]);
  g_variant_unref (client_must_call (objects.paths[OF_VM], VM, "delete", NULL));

  g_autofree char *icon = g_build_filename (objects.dir, "icon", NULL);
  objects_new_vm (&objects, "new-vm-pv");
  set_text (&objects, "kernel", g_getenv ("XM_GUEST_KERNEL"));
  set_text (&objects, "initrd", g_getenv ("XM_GUEST_RAMDISK"));
  set_text (&objects, "image-path", icon);
  for (gsize i = 0; i < G_N_ELEMENTS (live); i++)
    make_call (&objects, &live[i]);
  test_completeness ();

  for (int i = 0; i < N_OBJECTS; i++)
    g_free (objects.paths[i]);
  g_free (objects.uuid);
  g_free (objects.dir);
}
