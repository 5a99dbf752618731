/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * No value breaks out of its place in the xl.cfg: random texts in every
 * property of the table and in every field of disks and NICs. Each is either
 * refused with the property's name, or the real xl reads what it read before,
 * but for what the property stands for. The texts come of a fixed seed;
 * XM_SEED=number takes another, XM_ROUNDS=number more of them.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "json-leaves.h"
#include "service-fixture.h"
#include "shim/error.h"
#include "shim/vm-config.h"
#include "shim/vm-properties.h"
#include "test/simhost/standin/standin-host.h"
#include "test/unit/run-suite.h"

#define UUID "11111111-2222-3333-4444-555555555555"

/* -- texts ------------------------------------------------------------------------- */

static const char *const pieces[] = {
  "'",
  "\"",
  "\n",
  "\\",
  "]",
  "[",
  ",",
  "=",
  ";",
  "#",
  " ",
  "\t",
  "\r",
  "\v",
  "\f",
  "\a",
  "\b",
  "\x01",
  "\x1f",
  "\x7f",
  "é",
  "\u2028",
  "😀",
  "\u00a0",
  "a",
  "Z",
  "0",
  "-1",
  "9999999999",
  "0x10",
  "none",
  "true",
  "word",
  "/",
  "../",
  "@",
  ":",
  "!",
  "*",
  "%s",
  "$(x)",
  "`x`",
  "\\n",
  "\\x41",
  "\n\n",
  "'\nmemory=1\n",
  "]\nmemory=1\n",
  "',vdev=xvdz",
  ",script=/evil",
  ",target=/evil",
  "\\'",
  "\\",
  "on_crash='preserve'",
  "kernel='/evil'",
};

static char *
random_text (GRand *random)
{
  GString *text = g_string_new (NULL);
  gint32 sort = g_rand_int_range (random, 0, 10);
  if (sort == 0) { /* very long */
    const char *piece = pieces[g_rand_int_range (random, 0, G_N_ELEMENTS (pieces))];
    gsize length = (gsize)g_rand_int_range (random, 1000, 60000);
    while (text->len < length)
      g_string_append (text, piece);
  } else if (sort < 3) { /* characters from anywhere */
    for (gint32 n = g_rand_int_range (random, 1, 30); n > 0; n--) {
      gunichar c = (gunichar)g_rand_int_range (random, 1, g_rand_boolean (random) ? 0x80 : 0x20000);
      if (g_unichar_validate (c))
        g_string_append_unichar (text, c);
    }
  } else {
    for (gint32 n = g_rand_int_range (random, 1, 8); n > 0; n--)
      g_string_append (text, pieces[g_rand_int_range (random, 0, G_N_ELEMENTS (pieces))]);
  }
  return g_string_free (text, FALSE);
}

/* -- fields ------------------------------------------------------------------------ */

/* What each may change in what xl reads; those that are not here, nothing. */
static const struct {
  const char *key, *paths[6];
} allowed[] = {
  { "name", { "c_info.name" } },
  { "config/acpi", { "b_info.acpi" } },
  { "config/apic", { "b_info.apic" } },
  { "config/bios", { "b_info.type.hvm.bios" } },
  { "config/boot", { "b_info.type.hvm.boot" } },
  { "config/cmdline", { "b_info.cmdline" } },
  { "config/extra-hvm/0", { "b_info.extra" } },
  { "config/flask-label", { "c_info.ssid_label", "b_info.exec_ssid_label" } },
  { "config/hap", { "c_info.hap" } },
  { "config/hdtype", { "b_info.type.hvm.hdtype" } },
  { "config/hpet", { "b_info.type.hvm.hpet" } },
  { "config/init-flask-label", { "c_info.ssid_label", "b_info.exec_ssid_label" } },
  { "config/initrd", { "b_info.ramdisk" } },
  { "config/kernel", { "b_info.kernel" } },
  { "config/memory", { "b_info.target_memkb", "b_info.max_memkb" } },
  { "config/memory-static-max", { "b_info.max_memkb" } },
  { "config/nestedhvm", { "b_info.nested_hvm" } },
  { "config/nx", { "b_info.type.hvm.nx" } },
  { "config/pae", { "b_info.type.hvm.pae" } },
  { "config/passthrough-io", { "b_info.ioports" } },
  { "config/passthrough-mmio", { "b_info.iomem" } },
  { "config/qemu-dm-path", { "b_info.device_model" } },
  { "config/serial", { "b_info.type.hvm.serial_list" } },
  { "config/sound", { "b_info.type.hvm.soundhw" } },
  { "config/stubdom-cmdline", { "b_info.stubdomain_cmdline" } },
  { "config/stubdom-flask-label", { "b_info.device_model_ssid_label" } },
  { "config/stubdom-memory", { "b_info.stubdomain_memkb" } },
  { "config/timer-mode", { "b_info.timer_mode" } },
  { "config/vcpus", { "b_info.max_vcpus", "b_info.avail_vcpus" } },
  { "config/videoram", { "b_info.video_memkb" } },
  { "config/viridian",
    { "b_info.type.hvm.viridian", "b_info.type.hvm.viridian_enable",
      "b_info.type.hvm.viridian_disable" } },
  { "config/vkbd", { "vkbs", "b_info.type.hvm.vkb_device" } },
  { "config/vglass-enabled", { "vkbs", "b_info.type.hvm.vkb_device" } },
  { "time-offset", { "b_info.rtc_timeoffset" } },
  { "usb-enabled", { "b_info.type.hvm.usb" } },
  { "policies/audio-access", { "b_info.type.hvm.soundhw" } },
  { "policies/audio-rec", { "b_info.type.hvm.soundhw" } },
  { "policies/wired-networking", { "nics" } },
  { "config/disk/0/path", { "disks[0].pdev_path" } },
  { "config/disk/0/device", { "disks[0].vdev" } },
  { "config/disk/0/type", { "disks[0].format", "disks[0].backend" } },
  { "config/disk/0/mode", { "disks[0].readwrite" } },
  { "config/disk/0/devtype", { "disks[0].is_cdrom", "disks[0].removable", "disks[0].readwrite" } },
  { "config/disk/0/enable", { "disks" } },
  { "config/nic/0/mac", { "nics[0].mac" } },
  { "config/nic/0/model", { "nics[0].model" } },
  { "config/nic/0/network", { "nics[0].bridge" } },
  { "config/nic/0/enable", { "nics" } },
};

static const char *const device_keys[] = {
  "config/extra-hvm/0",        "config/disk/0/path",        "config/disk/0/device",
  "config/disk/0/type",        "config/disk/0/mode",        "config/disk/0/devtype",
  "config/disk/0/enable",      "config/disk/0/snapshot",    "config/disk/0/sha1sum",
  "config/disk/0/shared",      "config/nic/0/mac",          "config/nic/0/model",
  "config/nic/0/network",      "config/nic/0/enable",       "config/nic/0/wireless-driver",
  "config/nic/0/backend-uuid", "config/nic/0/backend-name", "config/nic/0/id",
};

/* All keys of the property table, but the two whose text is xl's own, and what stands in devices.
 */
static GPtrArray *
list_keys (void)
{
  GPtrArray *keys = g_ptr_array_new ();
  gsize n;
  const XmVmProperty *rows = xm_vm_properties (&n);
  for (gsize i = 0; i < n; i++) {
    if (rows[i].key != NULL && !g_str_equal (rows[i].name, "cpuid") &&
        !(rows[i].flags & XM_PROPERTY_LIST))
      g_ptr_array_add (keys, (gpointer)rows[i].key);
  }
  for (gsize i = 0; i < G_N_ELEMENTS (device_keys); i++)
    g_ptr_array_add (keys, (gpointer)device_keys[i]);
  return keys;
}

static gboolean
is_below (const char *leaf, const char *path)
{
  gsize len = strlen (path);
  return strncmp (leaf, path, len) == 0 && strchr (" .[", leaf[len]) != NULL;
}

static gboolean
may_change (const char *key, const char *leaf)
{
  for (gsize i = 0; i < G_N_ELEMENTS (allowed); i++) {
    if (!g_str_equal (allowed[i].key, key))
      continue;
    for (const char *const *path = allowed[i].paths; *path != NULL; path++) {
      if (is_below (leaf, *path))
        return TRUE;
    }
  }
  return FALSE;
}

/* -- what xl reads ----------------------------------------------------------------- */

/* NULL when xl refuses. */
static GHashTable *
read_by_xl (StandinHost *host, const char *text)
{
  g_autofree char *out = standin_host_dry_run (host, text);
  return out != NULL ? json_leaves (out) : NULL;
}

static void
assert_within (const char *key, const char *text, GHashTable *some, GHashTable *others)
{
  GHashTableIter iter;
  gpointer leaf;
  g_hash_table_iter_init (&iter, some);
  while (g_hash_table_iter_next (&iter, &leaf, NULL)) {
    if (g_hash_table_contains (others, leaf) || may_change (key, leaf))
      continue;
    g_autofree char *shown = g_strescape (text, NULL);
    ck_abort_msg ("%s = \"%.300s\" changes %s", key, shown, (char *)leaf);
  }
}

/* -- the test ---------------------------------------------------------------------- */

typedef struct {
  StandinHost *host;
  XmVm *vm;
  char *before; /* the text with no field changed */
  GHashTable *leaves;
  guint same, refused, read;
} Trial;

static void
assert_refusal (const char *key, const char *text, const GError *error)
{
  if (g_error_matches (error, XM_ERROR, XM_ERROR_NO_BACKEND))
    return; /* what the original says of a backend that is not there */
  g_autofree char *shown = g_strescape (text, NULL);
  ck_assert_msg (strstr (error->message, "property ") != NULL &&
                     strstr (error->message, UUID) != NULL,
                 "%s = \"%.300s\": %s", key, shown, error->message);
}

static void
try_text (Trial *trial, const char *key, const char *text)
{
  g_autoptr (GError) error = NULL;
  ck_assert (xm_vm_write (trial->vm, key, text, NULL));
  g_autoptr (XmVmConfig) config = xm_vm_config_build (trial->vm, NULL, &error);
  if (config == NULL) {
    assert_refusal (key, text, error);
    trial->refused++;
    return;
  }
  const char *built = xm_vm_config_get_text (config);
  if (g_str_equal (built, trial->before)) {
    trial->same++;
    return;
  }
  g_autoptr (GHashTable) leaves = read_by_xl (trial->host, built);
  if (leaves == NULL) {
    g_autofree char *shown = g_strescape (text, NULL);
    ck_abort_msg ("%s = \"%.300s\": xl refuses it", key, shown);
  }
  assert_within (key, text, leaves, trial->leaves);
  assert_within (key, text, trial->leaves, leaves);
  trial->read++;
}

static guint
number_from (const char *variable, guint fallback)
{
  const char *text = g_getenv (variable);
  return text != NULL ? (guint)strtoul (text, NULL, 10) : fallback;
}

START_TEST (every_field)
{
  static const char *const types[] = { "pv", "pvh", "hvm" };
  guint seed = number_from ("XM_SEED", 20240229), rounds = number_from ("XM_ROUNDS", 16);
  g_print ("# %s: XM_SEED=%u XM_ROUNDS=%u\n", types[_i], seed, rounds);
  g_autoptr (GRand) random = g_rand_new_with_seed (seed + (guint)_i);
  g_autoptr (ServiceFixture) fixture = service_fixture_new ();
  g_autoptr (StandinHost) host = standin_host_new ();
  g_autofree char *json = g_strdup_printf (
      "{\"name\":\"n\",\"config\":{\"virt-type\":\"%s\",\"memory\":\"64\",\"kernel\":\"/k\","
      "\"sound\":\"hda\",\"disk\":{\"0\":{\"path\":\"/d\",\"type\":\"raw\",\"mode\":\"w\","
      "\"devtype\":\"disk\",\"device\":\"hda\"}},\"nic\":{\"0\":{\"id\":\"0\"}}}}",
      types[_i]);
  Trial trial = { .host = host, .vm = service_fixture_add_vm (fixture, UUID, json) };
  g_autoptr (GError) error = NULL;
  g_autoptr (XmVmConfig) config = xm_vm_config_build (trial.vm, NULL, &error);
  ck_assert_msg (config != NULL, "%s", error != NULL ? error->message : "");
  trial.before = g_strdup (xm_vm_config_get_text (config));
  trial.leaves = read_by_xl (host, trial.before);
  ck_assert_ptr_nonnull (trial.leaves);

  g_autoptr (GPtrArray) keys = list_keys ();
  for (guint k = 0; k < keys->len; k++) {
    const char *key = keys->pdata[k];
    g_autofree char *before = g_strdup (xm_vm_read (trial.vm, key));
    for (guint i = 0; i < rounds; i++) {
      g_autofree char *text = random_text (random);
      try_text (&trial, key, text);
    }
    ck_assert (xm_vm_write (trial.vm, key, before, NULL));
  }
  ck_assert_uint_gt (trial.same, rounds);
  ck_assert_uint_gt (trial.refused, rounds);
  ck_assert_uint_gt (trial.read, rounds);
  g_hash_table_unref (trial.leaves);
  g_free (trial.before);
}
END_TEST

/* The owner's own words to xl: anything but a newline, wherever the text came from. */
START_TEST (own_words_are_one_line)
{
  static const struct {
    const char *property, *key;
  } words[] = {
    { "cpuid", "cpuid" },
    { "extra-xenvm", "config/extra-xenvm/0" },
    { "extra-hvm", "config/extra-hvm/0" },
  };
  g_autoptr (ServiceFixture) fixture = service_fixture_new ();
  g_autoptr (GRand) random = g_rand_new_with_seed (number_from ("XM_SEED", 20240229));
  XmVm *vm = service_fixture_add_vm (
      fixture, UUID, "{\"name\":\"n\",\"config\":{\"virt-type\":\"hvm\",\"memory\":\"64\"}}");
  const char *property = words[_i].property, *key = words[_i].key;
  guint refused = 0, built = 0;
  for (guint i = 0; i < 300; i++) {
    g_autofree char *random_part = random_text (random);
    g_autofree char *text = g_strconcat ("a", random_part, "b", NULL); /* its ends are trimmed */
    gboolean newline = strchr (text, '\n') != NULL;
    g_autoptr (GError) set_error = NULL;
    g_autoptr (GVariant) value = g_variant_ref_sink (g_variant_new_string (text));
    gboolean set = xm_vm_property_set (vm, xm_vm_property_lookup (property), value, &set_error);
    ck_assert_int_eq (set, !newline);

    g_autoptr (GError) error = NULL;
    ck_assert (xm_vm_write (vm, key, text, NULL)); /* as a template can */
    g_autoptr (XmVmConfig) config = xm_vm_config_build (vm, NULL, &error);
    ck_assert_int_eq (config != NULL, !newline);
    if (newline) {
      g_autofree char *wanted = g_strconcat ("property ", property, " of vm " UUID, NULL);
      ck_assert_msg (strstr (error->message, wanted) != NULL, "%s", error->message);
      ck_assert_msg (strstr (set_error->message, wanted) != NULL, "%s", set_error->message);
    }
    refused += newline;
    built += !newline;
  }
  ck_assert_uint_gt (refused, 50);
  ck_assert_uint_gt (built, 50);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("vm-config-random");
  TCase *tcase = tcase_create ("vm-config-random");
  tcase_set_timeout (tcase, 600);
  tcase_add_loop_test (tcase, every_field, 0, 3);
  tcase_add_loop_test (tcase, own_words_are_one_line, 0, 3);
  suite_add_tcase (suite, tcase);
  return run_suite (suite);
}
