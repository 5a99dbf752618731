/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The shipped templates hold what the service understands, and those for any Xen host ask for
 * nothing special. */
#include <check.h>
#include <gio/gio.h>
#include <jansson.h>
#include <string.h>

#include "test/unit/run-suite.h"

#define TEMPLATES SOURCE_DIR "/shim/templates/default"

/* What each template is, as clients see it. */
static const struct {
  const char *tag;
  const char *type;
  const char *os;
  const char *virt_type;
  const char *memory;
  const char *hdtype;
  const char *uuid;
  gboolean in_ui;
  gboolean stock; /* starts on any Xen host */
} templates[] = {
  { "new-vm", "svm", "windows", "hvm", "2048", "ahci", NULL, TRUE, FALSE },
  { "new-vm-empty", "svm", NULL, "hvm", "1024", "ahci", NULL, FALSE, FALSE },
  { "new-vm-hvm", "svm", "linux", "hvm", "512", NULL, NULL, TRUE, TRUE },
  { "new-vm-linux", "svm", "linux", "hvm", "1024", "ide", NULL, TRUE, FALSE },
  { "new-vm-ndvm-hvm", "ndvm", "linux", "hvm", "256", "ide", NULL, FALSE, FALSE },
  { "new-vm-ndvm-pv", "ndvm", "linux", "pv", "256", NULL, NULL, FALSE, FALSE },
  { "new-vm-pv", "svm", "linux", "pv", "256", NULL, NULL, TRUE, TRUE },
  { "new-vm-pvh", "svm", "linux", "pvh", "256", NULL, NULL, TRUE, TRUE },
  { "new-vm-sync", "syncvm", "linux", "pv", "256", NULL, NULL, FALSE, FALSE },
  { "new-vm-windows8", "svm", "windows8", "hvm", "2048", "ahci", NULL, TRUE, FALSE },
  { "new-vm-xp", "svm", "windows", "hvm", "1024", "ide", NULL, TRUE, FALSE },
  { "service-ndvm-hvm", "ndvm", "linux", "hvm", "256", "ide",
    "00000000-0000-0000-0000-000000000002", FALSE, FALSE },
  { "service-ndvm-pv", "ndvm", "linux", "pv", "256", NULL, "00000000-0000-0000-0000-000000000002",
    FALSE, FALSE },
  { "service-uivm", "uivm", "linux", "hvm", "512", "ide", "00000000-0000-0000-0000-000000000001",
    FALSE, FALSE },
  { "service-usbvm", "usbvm", "linux", "pv", "256", NULL, "00000000-0000-0000-0000-000000000003",
    FALSE, FALSE },
};

/* Keys of a VM's node, `#` standing for a number; those of templates alone at the end. */
static const char *const known_keys =
    "uuid name description slot type image_path os seamless-id sync-uuid realm "
    "pv-addons-installed pv-addons-version portica-installed portica-enabled start_on_boot "
    "start_on_boot_priority shutdown-priority start-from-suspend-image keep-alive "
    "preserve-on-reboot track-dependencies provides-network-backend "
    "provides-default-network-backend provides-graphics-fallback time-offset amt-pt hibernated "
    "measured ready hidden hidden-in-ui auto-s3-wake s3-mode s4-mode control-platform-power-state "
    "seamless-traffic oem-acpi-features usb-enabled usb-auto-passthrough usb-control "
    "usb-grab-devices stubdom cpuid xci-cpuid-signature greedy-pciback-bind run-post-create "
    "run-pre-delete run-pre-boot run-insteadof-start run-on-state-change run-on-acpi-state-change "
    "domstore-read-access domstore-write-access show-switcher wireless-control native-experience "
    "icbinn-path ovf-transport-iso boot-sentinel download-progress restrict-display-depth "
    "restrict-display-res crypto-user crypto-key-dirs gpu argo-firewall-rules/# "
    "rpc-firewall-rules/# policies/audio-access policies/audio-rec policies/cd-access "
    "policies/cd-rec policies/modify-vm-settings policies/wired-networking "
    "policies/wireless-networking policies/print-screen-disallowed config/notify config/virt-type "
    "config/pae config/acpi config/apic config/viridian config/nx config/hap config/acpi-table "
    "config/hpet config/nestedhvm config/timer-mode config/memory config/memory-min "
    "config/memory-static-max config/vcpus config/cores-per-socket config/videoram config/sound "
    "config/display config/boot config/cmdline config/kernel config/kernel-extract config/initrd "
    "config/initrd-extract config/passthrough-mmio config/passthrough-io config/serial config/bios "
    "config/hdtype config/secureboot config/authenforce config/flask-label config/init-flask-label "
    "config/stubdom-flask-label config/stubdom-memory config/stubdom-cmdline config/qemu-dm-path "
    "config/qemu-dm-timeout config/vsnd config/vkbd config/argo config/display-handler-strict "
    "config/long-form config/short-form config/text-color config/domain-color "
    "config/secondary-domain-color config/border-width config/border-height "
    "config/mosaic-vm-enabled config/vglass-enabled config/mosaic-mode config/windowed-x "
    "config/windowed-y config/windowed-w config/windowed-h config/extra-hvm/# config/extra-xenvm/# "
    "config/disk/#/path config/disk/#/type config/disk/#/mode config/disk/#/device "
    "config/disk/#/devtype config/disk/#/snapshot config/disk/#/shared config/disk/#/enable "
    "config/disk/#/managed-disktype config/nic/#/id config/nic/#/network "
    "config/nic/#/wireless-driver config/nic/#/backend-uuid config/nic/#/backend-name "
    "config/nic/#/enable config/nic/#/mac config/nic/#/model config/pci/#/bdf config/pci/#/class "
    "config/pci/#/vendor config/pci/#/device config/pci/#/force-slot "
    "ui-selectable";

/* What the stock templates hold, all of which xl, QEMU and Xen as released understand. */
static const char *const stock_keys =
    "type os description ui-selectable config/virt-type config/memory config/vcpus config/display "
    "config/cmdline config/pae config/acpi config/apic config/hap config/nx config/serial "
    "config/boot";

static json_t *
load_template (const char *tag)
{
  g_autofree char *path = g_build_filename (TEMPLATES, tag, NULL);
  json_error_t error;
  json_t *json = json_load_file (path, JSON_REJECT_DUPLICATES, &error);

  if (!json)
    ck_abort_msg ("%s:%d: %s", tag, error.line, error.text);
  return json;
}

static gboolean
is_listed (const char *keys, const char *key)
{
  g_auto (GStrv) list = g_strsplit (keys, " ", -1);

  return g_strv_contains ((const char *const *)list, key);
}

static void
check_node (const char *tag, json_t *node, const char *path, const char *keys)
{
  const char *key;
  json_t *child;

  json_object_foreach (node, key, child)
  {
    gboolean number = key[0] && key[strspn (key, "0123456789")] == '\0';
    g_autofree char *below = g_strconcat (path, *path ? "/" : "", number ? "#" : key, NULL);

    if (json_is_object (child)) {
      ck_assert_msg (json_object_size (child) > 0, "%s: %s is empty", tag, below);
      check_node (tag, child, below, keys);
    } else {
      ck_assert_msg (json_is_string (child), "%s: %s is not a string", tag, below);
      ck_assert_msg (is_listed (keys, below), "%s: %s does not belong here", tag, below);
    }
  }
}

START_TEST (keys_are_known)
{
  json_t *json = load_template (templates[_i].tag);

  ck_assert (json_is_object (json));
  check_node (templates[_i].tag, json, "", known_keys);
  if (templates[_i].stock)
    check_node (templates[_i].tag, json, "", stock_keys);
  json_decref (json);
}
END_TEST

static void
check_value (json_t *json, const char *key, const char *expected)
{
  const char *value = json_string_value (json_object_get (json, key));

  ck_assert_msg (g_strcmp0 (value, expected) == 0, "%s is %s, not %s", key, value, expected);
}

START_TEST (values_are_those_promised)
{
  json_t *json = load_template (templates[_i].tag);
  json_t *config = json_object_get (json, "config");

  check_value (json, "type", templates[_i].type);
  check_value (json, "os", templates[_i].os);
  check_value (json, "uuid", templates[_i].uuid);
  check_value (json, "ui-selectable", templates[_i].in_ui ? "true" : NULL);
  check_value (config, "virt-type", templates[_i].virt_type);
  check_value (config, "memory", templates[_i].memory);
  check_value (config, "hdtype", templates[_i].hdtype);
  ck_assert (!templates[_i].in_ui || json_object_get (json, "description"));
  /* User VMs get a free slot each; the others say where they are. */
  ck_assert_int_eq (json_object_get (json, "slot") == NULL,
                    g_str_equal (templates[_i].type, "svm"));
  json_decref (json);
}
END_TEST

/* A driver domain's template is in the configuration of each host: it must not take devices from
 * their drivers. */
START_TEST (devices_stay_until_start)
{
  json_t *json = load_template (templates[_i].tag);

  if (json_object_get (json_object_get (json, "config"), "pci"))
    check_value (json, "greedy-pciback-bind", "false");
  json_decref (json);
}
END_TEST

START_TEST (no_other_template_is_there)
{
  g_autoptr (GDir) dir = g_dir_open (TEMPLATES, 0, NULL);
  const char *name;
  guint n = 0;

  ck_assert_ptr_nonnull (dir);
  while ((name = g_dir_read_name (dir))) {
    gboolean listed = FALSE;

    for (guint i = 0; i < G_N_ELEMENTS (templates); i++)
      listed |= g_str_equal (name, templates[i].tag);
    ck_assert_msg (listed, "%s is not expected", name);
    n++;
  }
  ck_assert_uint_eq (n, G_N_ELEMENTS (templates));
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("template-files");
  TCase *tests = tcase_create ("template-files");

  tcase_add_loop_test (tests, keys_are_known, 0, G_N_ELEMENTS (templates));
  tcase_add_loop_test (tests, values_are_those_promised, 0, G_N_ELEMENTS (templates));
  tcase_add_loop_test (tests, devices_stay_until_start, 0, G_N_ELEMENTS (templates));
  tcase_add_test (tests, no_other_template_is_there);
  suite_add_tcase (suite, tests);
  return run_suite (suite);
}
