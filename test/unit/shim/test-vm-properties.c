/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of VM properties against test/fixtures/vm-properties.tsv, which
 * was recorded from the original service, and what Get and Set do with a row.
 */
#include <check.h>
#include <glib/gstdio.h>
#include <string.h>

#include "service-fixture.h"
#include "shim/vm-properties.h"
#include "test/unit/run-suite.h"

#define UUID "8a3c1d5e-4f60-4b7a-9c21-0123456789ab"
#define PATH "/vm/8a3c1d5e_4f60_4b7a_9c21_0123456789ab"

enum { NAME, TYPE, ACCESS, KEY, UNSET, INTERFACES, N_COLUMNS };

/* -- the recorded table ------------------------------------------------------------ */

static GPtrArray *
load_records (void)
{
  g_autofree char *text = NULL;
  ck_assert (g_file_get_contents (FIXTURES "/vm-properties.tsv", &text, NULL, NULL));
  g_auto (GStrv) lines = g_strsplit (g_strchomp (text), "\n", -1);
  GPtrArray *records = g_ptr_array_new_with_free_func ((GDestroyNotify)g_strfreev);
  for (char **line = lines + 1; *line != NULL; line++) {
    char **record = g_strsplit (*line, "\t", -1);
    ck_assert_uint_eq (g_strv_length (record), N_COLUMNS);
    g_ptr_array_add (records, record);
  }
  return records;
}

/* The key without the remarks behind it: "config/extra-hvm/<0..n> (list)". What comes from several
 * keys, or from elsewhere in the store, has none of its own. */
static char *
recorded_key (char *const *record)
{
  if (g_str_equal (record[KEY], "-") || g_str_equal (record[NAME], "uuid") ||
      g_str_has_prefix (record[KEY], "config/nic/") ||
      g_str_has_prefix (record[KEY], "config/disk/") || record[KEY][0] == '/' ||
      strstr (record[KEY], " + ") != NULL)
    return NULL;
  return g_strndup (record[KEY], strcspn (record[KEY], " <"));
}

static char *
recorded_unset (char *const *record)
{
  if (g_str_equal (record[NAME], "uuid"))
    return g_strdup (UUID);
  if (g_str_equal (record[UNSET], "value of memory"))
    return g_strdup ("321");
  if (record[UNSET][0] == '"')
    return g_strdup ("");
  if (g_str_has_prefix (record[UNSET], "capability "))
    return g_strdup ("false"); /* of a host that has none */
  return g_strndup (record[UNSET], strcspn (record[UNSET], " "));
}

static char *
value_to_words (GVariant *value)
{
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_STRING))
    return g_variant_dup_string (value, NULL);
  return g_variant_print (value, FALSE);
}

START_TEST (rows_are_as_recorded)
{
  g_autoptr (GPtrArray) records = load_records ();
  for (guint i = 0; i < records->len; i++) {
    char *const *record = records->pdata[i];
    const XmVmProperty *row = xm_vm_property_lookup (record[NAME]);
    ck_assert_msg (row != NULL, "%s", record[NAME]);
    const char letter[] = { row->type, '\0' };
    const char *type = row->type == 'a' ? "ao" : letter;
    ck_assert_str_eq (type, record[TYPE]);
    ck_assert_msg (g_str_equal (record[ACCESS], "read") ==
                       ((row->flags & XM_PROPERTY_READ_ONLY) != 0),
                   "%s", record[NAME]);
    g_autofree char *key = recorded_key (record);
    g_autofree char *row_key = row->key == NULL || !(row->flags & XM_PROPERTY_LIST)
                                   ? g_strdup (row->key)
                                   : g_strconcat (row->key, "/", NULL);
    ck_assert_msg (g_strcmp0 (row_key, key) == 0, "%s: %s, not %s", record[NAME], row_key, key);
  }
  gsize n;
  xm_vm_properties (&n);
  ck_assert_uint_eq (records->len, n); /* and no row that was not recorded */
}
END_TEST

START_TEST (rows_are_unique)
{
  gsize n;
  const XmVmProperty *rows = xm_vm_properties (&n);
  for (gsize i = 0; i < n; i++) {
    ck_assert_ptr_eq (xm_vm_property_lookup (rows[i].name), &rows[i]);
    ck_assert_msg (rows[i].config_line == XM_CONFIG_NONE ||
                       (rows[i].key != NULL && rows[i].config_key != NULL),
                   "%s", rows[i].name);
  }
  ck_assert_ptr_null (xm_vm_property_lookup ("no-such-property"));
}
END_TEST

START_TEST (unset_values)
{
  g_autoptr (ServiceFixture) fixture = service_fixture_new ();
  g_autoptr (GPtrArray) records = load_records ();
  XmVm *vm = service_fixture_add_vm (fixture, UUID, "{\"unrelated\":\"x\"}");
  for (guint i = 0; i < records->len; i++) {
    char *const *record = records->pdata[i];
    if (xm_vm_property_lookup (record[NAME]) == NULL)
      continue;
    gboolean from_memory = g_str_equal (record[UNSET], "value of memory");
    ck_assert (xm_vm_write (vm, "config/memory", from_memory ? "321" : NULL, NULL));

    gboolean both = g_str_equal (record[INTERFACES], "both");
    const char *const interfaces[] = { VM_FREE, both ? VM : NULL, NULL };
    for (const char *const *interface = interfaces; *interface != NULL; interface++) {
      g_autoptr (GError) error = NULL;
      g_autoptr (GVariant) value =
          service_fixture_get (fixture, PATH, *interface, record[NAME], &error);
      ck_assert_msg (value != NULL, "%s: %s", record[NAME], error != NULL ? error->message : "");
      ck_assert_str_eq (g_variant_get_type_string (value), record[TYPE]);
      g_autofree char *words = value_to_words (value);
      g_autofree char *unset = recorded_unset (record);
      ck_assert_msg (g_str_equal (words, unset), "%s: %s, not %s", record[NAME], words, unset);
    }
  }
}
END_TEST

/* -- set and get ------------------------------------------------------------------- */

/* A value that is not the one when unset. */
static GVariant *
other_value (const XmVmProperty *row)
{
  if (row->type == 'b')
    return g_variant_new_boolean (g_str_equal (row->fallback, "false"));
  if (row->type == 'i')
    return g_variant_new_int32 (77);
  if (row->words != NULL)
    return g_variant_new_string (row->words[1]);
  return g_variant_new_string ("some 'text', \"é\"");
}

/* The text that a plain row stores for it. */
static char *
stored_text (const XmVmProperty *row, GVariant *value)
{
  if (row->flags & XM_PROPERTY_INVERTED)
    return g_strdup ("true");
  return value_to_words (value);
}

static gboolean
is_quiet (const XmVmProperty *row)
{
  return (row->flags & XM_PROPERTY_INVERTED) || g_str_equal (row->name, "download-progress");
}

static void
check_round_trip (ServiceFixture *fixture, XmVm *vm, const XmVmProperty *row)
{
  g_autoptr (GVariant) value = g_variant_ref_sink (other_value (row));
  g_autoptr (GError) error = NULL;
  ck_assert (xm_vm_write (vm, "config/virt-type", "hvm", NULL)); /* stubdom reads false otherwise */
  if (g_str_equal (row->key, "image_path"))
    ck_assert (xm_vm_write (vm, row->key, NULL, NULL)); /* two properties share it */
  g_clear_handle_id (&vm->config_changed_timer, g_source_remove);
  ck_assert_msg (service_fixture_set (fixture, PATH, VM_FREE, row->name, value, &error), "%s: %s",
                 row->name, error != NULL ? error->message : "");
  ck_assert_msg ((vm->config_changed_timer == 0) == is_quiet (row), "%s", row->name);

  g_autofree char *text = stored_text (row, value);
  g_autofree char *key =
      row->flags & XM_PROPERTY_LIST ? g_strconcat (row->key, "/0", NULL) : g_strdup (row->key);
  const char *stored = xm_vm_read (vm, key);
  ck_assert_msg (g_strcmp0 (stored, text) == 0, "%s: %s, not %s", row->name, stored, text);

  g_autoptr (GVariant) got = service_fixture_get (fixture, PATH, VM_FREE, row->name, &error);
  ck_assert_msg (got != NULL && g_variant_equal (got, value), "%s", row->name);

  /* The same once more is no change, but for those that always tell. */
  g_clear_handle_id (&vm->config_changed_timer, g_source_remove);
  ck_assert (service_fixture_set (fixture, PATH, VM_FREE, row->name, value, NULL));
  ck_assert_msg ((vm->config_changed_timer != 0) == ((row->flags & XM_PROPERTY_ALWAYS_SIGNAL) != 0),
                 "%s", row->name);
}

START_TEST (round_trip)
{
  g_autoptr (ServiceFixture) fixture = service_fixture_new ();
  XmVm *vm = service_fixture_add_vm (fixture, UUID, "{}");
  gsize n;
  const XmVmProperty *rows = xm_vm_properties (&n);
  for (gsize i = 0; i < n; i++) {
    if ((rows[i].flags & XM_PROPERTY_READ_ONLY) || rows[i].set != NULL)
      continue;
    check_round_trip (fixture, vm, &rows[i]);
  }
}
END_TEST

/** Check: one Set, and what it does. */
typedef struct {
  const char *property, *value; /* value: GVariant text */
  const char *key, *stored;     /* NULL: the key is gone */
  const char *got;              /* as from Get */
} Check;

static const Check checks[] = {
  { "name", "'  two  words\t'", "name", "two  words", "two  words" },
  { "image-path", "' a/b.png '", "image_path", "a/b.png", "a/b.png" },
  { "image_path_vg", "'c.png\\n'", "image_path", "c.png", "c.png" },
  { "description", "' kept '", "description", " kept ", " kept " },
  { "extra-xenvm", "' a=1 ;; b=2;'", "config/extra-xenvm/1", "b=2", "a=1;b=2" },
  { "extra-xenvm", "'c'", "config/extra-xenvm/0", "c", "c" },
  { "extra-xenvm", "' ; '", "config/extra-xenvm/0", NULL, "" },
  { "policy-print-screen", "false", "policies/print-screen-disallowed", "true", "false" },
  { "policy-print-screen", "true", "policies/print-screen-disallowed", NULL, "true" },
  { "boot-sentinel", "'x'", "boot-sentinel", "x", "x" },
  { "boot-sentinel", "''", "boot-sentinel", NULL, "" },
  { "crypto-user", "''", "crypto-user", NULL, "" },
  { "bios", "''", "config/bios", "", "" }, /* empty is not unset */
  { "memory", "512", "config/memory", "512", "512" },
  { "memory-min", "100", "config/memory-min", "100", "100" },
  { "memory-min", "0", "config/memory-min", NULL, "512" },
  { "memory-static-max", "-5", "config/memory-static-max", NULL, "512" },
  { "time-offset", "-3600", "time-offset", "-3600", "-3600" },
  { "type", "'pvm'", "type", "svm", "svm" },
  { "type", "'ndvm'", "type", "ndvm", "ndvm" },
  { "virt-type", "'pvh'", "config/virt-type", "pvh", "pvh" },
  { "stubdom", "true", "stubdom", "true", "false" }, /* only HVM guests have one */
};

START_TEST (special_values)
{
  g_autoptr (ServiceFixture) fixture = service_fixture_new ();
  XmVm *vm = service_fixture_add_vm (fixture, UUID, "{}");
  for (gsize i = 0; i < G_N_ELEMENTS (checks); i++) {
    const Check *check = &checks[i];
    g_autoptr (GVariant) value = g_variant_parse (NULL, check->value, NULL, NULL, NULL);
    g_autoptr (GError) error = NULL;
    ck_assert_msg (service_fixture_set (fixture, PATH, VM, check->property, value, &error),
                   "%s: %s", check->property, error != NULL ? error->message : "");
    const char *stored = xm_vm_read (vm, check->key);
    ck_assert_msg (g_strcmp0 (stored, check->stored) == 0, "%s=%s: stored %s", check->property,
                   check->value, stored);
    g_autoptr (GVariant) got = service_fixture_get (fixture, PATH, VM, check->property, NULL);
    g_autofree char *words = value_to_words (got);
    ck_assert_msg (g_str_equal (words, check->got), "%s=%s: got %s", check->property, check->value,
                   words);
  }
}
END_TEST

START_TEST (removing_a_key_is_no_news)
{
  g_autoptr (ServiceFixture) fixture = service_fixture_new ();
  XmVm *vm = service_fixture_add_vm (fixture, UUID, "{\"run-pre-boot\":\"x\"}");
  ck_assert (
      service_fixture_set (fixture, PATH, VM, "run-pre-boot", g_variant_new_string (""), NULL));
  ck_assert_ptr_null (xm_vm_read (vm, "run-pre-boot"));
  ck_assert_uint_eq (vm->config_changed_timer, 0);
}
END_TEST

START_TEST (refused_values)
{
  static const struct {
    const char *property, *value, *message;
  } cases[] = {
    { "virt-type", "'xen'", "unexpected enumeration value" },
    { "virt-type", "''", "unexpected enumeration value" },
    { "s3-mode", "'off'", "unexpected enumeration value" },
    { "s4-mode", "'PV'", "unexpected enumeration value" },
    { "os", "'beos'", "unknown os" },
  };
  g_autoptr (ServiceFixture) fixture = service_fixture_new ();
  XmVm *vm = service_fixture_add_vm (fixture, UUID, "{}");
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GVariant) value = g_variant_parse (NULL, cases[i].value, NULL, NULL, NULL);
    g_autoptr (GError) error = NULL;
    ck_assert (!service_fixture_set (fixture, PATH, VM, cases[i].property, value, &error));
    ck_assert (g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_FAILED));
    g_dbus_error_strip_remote_error (error);
    ck_assert_str_eq (error->message, cases[i].message);
    ck_assert_ptr_null (xm_vm_read (vm, xm_vm_property_lookup (cases[i].property)->key));
  }
}
END_TEST

START_TEST (stored_text_of_another_type)
{
  static const struct {
    const char *property, *text, *message; /* the error, or what is read */
    gboolean fails;
  } cases[] = {
    { "acpi", "maybe",
      "unexpected boolean text representation: maybe while reading /vm/" UUID "/config/acpi",
      TRUE },
    { "acpi", "", "unexpected boolean text representation:  while reading /vm/" UUID "/config/acpi",
      TRUE },
    { "acpi", "yes", "true", FALSE },
    { "acpi", "1", "true", FALSE },
    { "hpet", "no", "false", FALSE },
    { "hpet", "0", "false", FALSE },
    { "vcpus", "two", "Prelude.read: no parse", TRUE },
    { "vcpus", "", "Prelude.read: no parse", TRUE },
    { "vcpus", "5000000000", "Prelude.read: no parse", TRUE },
    { "memory-min", "5000000000", "Prelude.read: no parse", TRUE },
    { "memory-min", "none", "Prelude.read: no parse", TRUE },
    { "s3-mode", "sometimes", "unexpected enumeration value", TRUE },
    { "os", "beos", "unknown", FALSE },
    { "type", "pvm", "svm", FALSE },
  };
  g_autoptr (ServiceFixture) fixture = service_fixture_new ();
  XmVm *vm = service_fixture_add_vm (fixture, UUID, "{}");
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    const XmVmProperty *row = xm_vm_property_lookup (cases[i].property);
    ck_assert (xm_vm_write (vm, row->key, cases[i].text, NULL));
    g_autoptr (GError) error = NULL;
    g_autoptr (GVariant) value = service_fixture_get (fixture, PATH, VM, cases[i].property, &error);
    ck_assert_msg ((value == NULL) == cases[i].fails, "%s=%s", cases[i].property, cases[i].text);
    if (error != NULL)
      g_dbus_error_strip_remote_error (error);
    g_autofree char *words = value != NULL ? value_to_words (value) : g_strdup (error->message);
    ck_assert_str_eq (words, cases[i].message);
    ck_assert (xm_vm_write (vm, row->key, NULL, NULL));
  }
}
END_TEST

START_TEST (native_experience_decides_others)
{
  static const char *const trues[] = { "start-on-boot", "wireless-control", "usb-grab-devices",
                                       "control-platform-power-state" };
  g_autoptr (ServiceFixture) fixture = service_fixture_new ();
  service_fixture_add_vm (fixture, UUID,
                          "{\"native-experience\":\"true\",\"show-switcher\":\"true\","
                          "\"start_on_boot\":\"false\"}");
  for (gsize i = 0; i < G_N_ELEMENTS (trues); i++) {
    g_autoptr (GVariant) value = service_fixture_get (fixture, PATH, VM, trues[i], NULL);
    ck_assert_msg (g_variant_get_boolean (value), "%s", trues[i]);
  }
  g_autoptr (GVariant) value = service_fixture_get (fixture, PATH, VM, "show-switcher", NULL);
  ck_assert (!g_variant_get_boolean (value));
}
END_TEST

START_TEST (policy_guards_one_interface)
{
  g_autoptr (ServiceFixture) fixture = service_fixture_new ();
  XmVm *vm =
      service_fixture_add_vm (fixture, UUID, "{\"policies\":{\"modify-vm-settings\":\"false\"}}");
  gsize n;
  const XmVmProperty *rows = xm_vm_properties (&n);
  for (gsize i = 0; i < n; i++) {
    const XmVmProperty *row = &rows[i];
    if ((row->flags & (XM_PROPERTY_READ_ONLY | XM_PROPERTY_NO_POLICY)) ||
        g_str_has_prefix (row->name, "stubdom-"))
      continue;
    g_autoptr (GError) error = NULL;
    ck_assert_msg (!service_fixture_set (fixture, PATH, VM, row->name, other_value (row), &error),
                   "%s", row->name);
    g_dbus_error_strip_remote_error (error);
    ck_assert_str_eq (error->message,
                      "202:Editing of properties is disabled by this VM's active policy");
  }
  ck_assert_ptr_null (xm_vm_read (vm, "name"));
  ck_assert (
      service_fixture_set (fixture, PATH, VM_FREE, "name", g_variant_new_string ("n"), NULL));
  ck_assert_str_eq (xm_vm_read (vm, "name"), "n");
  ck_assert (service_fixture_set (fixture, PATH, VM_FREE, "policy-modify-vm-settings",
                                  g_variant_new_boolean (TRUE), NULL));
  ck_assert (service_fixture_set (fixture, PATH, VM, "name", g_variant_new_string ("m"), NULL));
}
END_TEST

START_TEST (wrong_set_calls)
{
  g_autoptr (ServiceFixture) fixture = service_fixture_new ();
  XmVm *vm = service_fixture_add_vm (fixture, UUID, "{}");
  gsize n;
  const XmVmProperty *rows = xm_vm_properties (&n);
  for (gsize i = 0; i < n; i++) {
    gboolean read_only = (rows[i].flags & XM_PROPERTY_READ_ONLY) != 0;
    /* The right type for what is read-only, a wrong one for the others. */
    GVariant *value = read_only && rows[i].type == 'b'   ? g_variant_new_boolean (TRUE)
                      : read_only && rows[i].type == 'i' ? g_variant_new_int32 (1)
                      : read_only                        ? g_variant_new_string ("x")
                                                         : g_variant_new_double (1.0);
    g_autoptr (GError) error = NULL;
    ck_assert_msg (!service_fixture_set (fixture, PATH, VM_FREE, rows[i].name, value, &error), "%s",
                   rows[i].name);
    ck_assert_msg (g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS), "%s: %s",
                   rows[i].name, error->message);
    if (rows[i].key != NULL)
      ck_assert_ptr_null (xm_vm_read (vm, rows[i].key));
  }
  g_autoptr (GError) error = NULL;
  ck_assert (!service_fixture_set (fixture, PATH, VM, "no-such", g_variant_new_int32 (1), &error));
  ck_assert (g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS));
  g_clear_error (&error);
  ck_assert_ptr_null (service_fixture_get (fixture, PATH, VM, "no-such", &error));
  ck_assert (g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS));
}
END_TEST

/* -- other effects ----------------------------------------------------------------- */

START_TEST (slots_are_swapped)
{
  g_autoptr (ServiceFixture) fixture = service_fixture_new ();
  XmVm *vm = service_fixture_add_vm (fixture, UUID, "{\"slot\":\"1\"}");
  XmVm *other =
      service_fixture_add_vm (fixture, "8a3c1d5e-4f60-4b7a-9c21-000000000002", "{\"slot\":\"2\"}");
  ck_assert (service_fixture_set (fixture, PATH, VM, "slot", g_variant_new_int32 (2), NULL));
  ck_assert_str_eq (xm_vm_read (vm, "slot"), "2");
  ck_assert_str_eq (xm_vm_read (other, "slot"), "1");
  ck_assert (service_fixture_set (fixture, PATH, VM, "slot", g_variant_new_int32 (5), NULL));
  ck_assert_str_eq (xm_vm_read (other, "slot"), "1");
}
END_TEST

START_TEST (signals_of_name_and_progress)
{
  g_autoptr (ServiceFixture) fixture = service_fixture_new ();
  service_fixture_add_vm (fixture, UUID, "{\"name\":\"a\"}");
  ck_assert (service_fixture_set (fixture, PATH, VM, "name", g_variant_new_string ("b"), NULL));
  service_fixture_wait_signal (fixture, "vm_name_changed");
  service_fixture_wait_signal (fixture, "vm_config_changed");
  ck_assert (
      service_fixture_set (fixture, PATH, VM, "download-progress", g_variant_new_int32 (4), NULL));
  service_fixture_wait_signal (fixture, "vm_transfer_changed");
  GPtrArray *signals = service_fixture_signals (fixture);
  ck_assert_uint_eq (signals->len, 3);
  ck_assert_str_eq (signals->pdata[0], "vm_name_changed ('" UUID "', '" PATH "')");
  ck_assert_str_eq (signals->pdata[1], "vm_config_changed ('" UUID "', '" PATH "')");
  ck_assert_str_eq (signals->pdata[2], "vm_transfer_changed ('" UUID "', '" PATH "')");
}
END_TEST

/* Also when nothing changes: whoever sets it means the proxy to look again. */
START_TEST (usb_control_tells_the_proxy)
{
  g_autoptr (ServiceFixture) fixture = service_fixture_new ();
  XmVm *vm = service_fixture_add_vm (fixture, UUID, "{\"usb-control\":\"true\"}");
  const char *base = xm_store_get_base (service_fixture_service (fixture)->store);
  g_autofree char *program = g_build_filename (base, "killall", NULL);
  g_autofree char *told = g_build_filename (base, "told", NULL);
  g_autofree char *script =
      g_strdup_printf ("#!/bin/sh\necho \"$*\" >'%s.new'; mv '%s.new' '%s'\n", told, told, told);
  ck_assert (g_file_set_contents (program, script, -1, NULL));
  ck_assert_int_eq (g_chmod (program, 0700), 0);
  g_autofree char *path = g_strjoin (":", base, g_getenv ("PATH"), NULL);
  g_setenv ("PATH", path, TRUE);
  ck_assert (service_fixture_set (fixture, vm->path, VM, "usb-control",
                                  g_variant_new_boolean (TRUE), NULL));
  g_autofree char *words = NULL;
  while (!g_file_get_contents (told, &words, NULL, NULL))
    g_main_context_iteration (NULL, FALSE);
  ck_assert_str_eq (words, "-SIGHUP rpc-proxy\n");
}
END_TEST

/* Several changes within half a second are one signal. */
START_TEST (changes_are_announced_together)
{
  g_autoptr (ServiceFixture) fixture = service_fixture_new ();
  XmVm *vm = service_fixture_add_vm (fixture, UUID, "{}");
  for (int i = 1; i <= 5; i++)
    ck_assert (service_fixture_set (fixture, PATH, VM, "vcpus", g_variant_new_int32 (i), NULL));
  service_fixture_wait_signal (fixture, "vm_config_changed");
  ck_assert_uint_eq (vm->config_changed_timer, 0);
  ck_assert_uint_eq (service_fixture_signals (fixture)->len, 1);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("vm-properties");
  TCase *tcase = tcase_create ("vm-properties");
  tcase_set_timeout (tcase, 120);
  tcase_add_test (tcase, rows_are_as_recorded);
  tcase_add_test (tcase, rows_are_unique);
  tcase_add_test (tcase, unset_values);
  tcase_add_test (tcase, round_trip);
  tcase_add_test (tcase, special_values);
  tcase_add_test (tcase, removing_a_key_is_no_news);
  tcase_add_test (tcase, refused_values);
  tcase_add_test (tcase, stored_text_of_another_type);
  tcase_add_test (tcase, native_experience_decides_others);
  tcase_add_test (tcase, policy_guards_one_interface);
  tcase_add_test (tcase, wrong_set_calls);
  tcase_add_test (tcase, slots_are_swapped);
  tcase_add_test (tcase, signals_of_name_and_progress);
  tcase_add_test (tcase, usb_control_tells_the_proxy);
  tcase_add_test (tcase, changes_are_announced_together);
  suite_add_tcase (suite, tcase);
  return run_suite (suite);
}
