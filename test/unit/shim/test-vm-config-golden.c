/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The xl.cfg of a VM against test/golden/xl-cfg, a README there says what is in
 * it. With XM_UPDATE_GOLDEN set, the .cfg files are written anew instead; the
 * difference is for a person to judge.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "json-leaves.h"
#include "service-fixture.h"
#include "shim/pci-device.h"
#include "shim/vm-config.h"
#include "shim/vm-pci.h"
#include "test/simhost/standin/standin-host.h"
#include "test/unit/run-suite.h"

#define UUID         "11111111-2222-3333-4444-555555555555"
#define BACKEND_UUID "8a3c1d5e-4f60-4b7a-9c21-00000000000b"
#define GOLDEN       SOURCE_DIR "/test/golden/xl-cfg/"
#define HOST         GOLDEN "host"

static GPtrArray *names; /* of the cases, sorted */

/* @suffix: NULL result when the file does not exist */
static char *
read_if_there (const char *name, const char *suffix)
{
  g_autofree char *path = g_strconcat (GOLDEN, name, suffix, NULL);
  char *text = NULL;
  g_file_get_contents (path, &text, NULL, NULL);
  return text;
}

static char *
read_golden (const char *name, const char *suffix)
{
  char *text = read_if_there (name, suffix);
  ck_assert_msg (text != NULL, "%s%s", name, suffix);
  return text;
}

/* -- the text ---------------------------------------------------------------------- */

/* What the steps of a start would find out on the host of test/golden/xl-cfg/host. */
static XmStart *
find_out (XmVm *vm, gboolean openxt)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  XmStart *start = xm_start_new (vm, cancellable);
  start->openxt = openxt;
  g_autofree char *sysfs = xm_settings_host_path (vm->service->settings, "/sys");
  g_autoptr (GPtrArray) devices = xm_pci_devices_read (sysfs);
  start->pci_devices = xm_vm_select_pci (vm, devices, sysfs, &error);
  ck_assert_msg (start->pci_devices != NULL, "%s", error != NULL ? error->message : "");
  return start;
}

static char *
build (ServiceFixture *fixture, const char *name, const char *json)
{
  g_autoptr (GError) error = NULL;
  gboolean openxt = g_str_has_prefix (name, "openxt-");
  service_fixture_set_host_root (fixture, HOST);
  XmVm *backend = service_fixture_add_vm (fixture, BACKEND_UUID, "{\"name\":\"netback\"}");
  backend->domid = 4;
  XmVm *vm = service_fixture_add_vm (fixture, UUID, json);
  /* NIC backends are looked up at once when there is no start. */
  gboolean needs_start = openxt || g_str_has_prefix (name, "pci-");
  g_autoptr (XmStart) start = needs_start ? find_out (vm, openxt) : NULL;
  g_autoptr (XmVmConfig) config = xm_vm_config_build (vm, start, &error);
  ck_assert_msg (config != NULL, "%s: %s", name, error != NULL ? error->message : "");
  return g_strdup (xm_vm_config_get_text (config));
}

START_TEST (the_text_is_as_before)
{
  g_autoptr (ServiceFixture) fixture = service_fixture_new ();
  const char *name = names->pdata[_i];
  g_autofree char *json = read_golden (name, ".json");
  g_autofree char *text = build (fixture, name, json);
  if (g_getenv ("XM_UPDATE_GOLDEN") != NULL) {
    g_autofree char *path = g_strconcat (GOLDEN, name, ".cfg", NULL);
    ck_assert (g_file_set_contents (path, text, -1, NULL));
  }
  g_autofree char *expected = read_golden (name, ".cfg");
  ck_assert_str_eq (text, expected);
}
END_TEST

START_TEST (lines_that_must_be_there)
{
  const char *name = names->pdata[_i];
  g_autofree char *wanted = read_if_there (name, ".lines");
  g_autofree char *text = read_golden (name, ".cfg");
  g_auto (GStrv) present = g_strsplit (text, "\n", -1);
  g_auto (GStrv) each = g_strsplit (wanted != NULL ? wanted : "", "\n", -1);
  for (char **line = each; *line != NULL; line++)
    ck_assert_msg (g_strv_contains ((const char *const *)present, *line), "%s: %s", name, *line);
}
END_TEST

/* -- what xl reads in it ----------------------------------------------------------- */

static int
compare_texts (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *)a, *(const char *const *)b);
}

/* What xl says of every domain. */
static gboolean
is_common (const char *leaf)
{
  static const char *const common[] = {
    "c_info.uuid \"" UUID "\"", "c_info.run_hotplug_scripts \"True\"", "b_info.claim_mode \"True\"",
    "on_reboot \"restart\"",    "on_soft_reset \"soft_reset\"",        NULL,
  };
  return g_strv_contains (common, leaf);
}

/* One line per value that xl has read, sorted. */
static char *
list_values (const char *out)
{
  g_autoptr (GHashTable) read = json_leaves (out);
  ck_assert_msg (read != NULL, "%s", out);
  guint n_leaves;
  g_autofree const char **leaves = (const char **)g_hash_table_get_keys_as_array (read, &n_leaves);
  qsort (leaves, n_leaves, sizeof *leaves, compare_texts);
  GString *text = g_string_new (NULL);
  guint common = 0;
  for (guint i = 0; i < n_leaves; i++) {
    if (is_common (leaves[i]))
      common++;
    else
      g_string_append_printf (text, "%s\n", leaves[i]);
  }
  ck_assert_uint_eq (common, 5);
  return g_string_free (text, FALSE);
}

START_TEST (xl_reads_what_is_meant)
{
  const char *name = names->pdata[_i];
  g_autoptr (StandinHost) host = standin_host_new ();
  g_autofree char *text = read_golden (name, ".cfg");
  g_autofree char *out = standin_host_dry_run (host, text);
  ck_assert_msg (out != NULL, "xl refuses %s", name);
  g_autofree char *values = list_values (out);
  g_autofree char *wanted = read_golden (name, ".want");
  ck_assert_msg (g_str_equal (values, wanted), "%s: xl reads\n%s\nnot\n%s", name, values, wanted);
}
END_TEST

/* -- which keys xl knows ----------------------------------------------------------- */

static const char *const openxt_keys[] = {
  "authenforce",          "cores_per_socket", "crypto_key_dir",     "dm_display",
  "restrictdisplaydepth", "secureboot",       "restrictdisplayres", "stubdomain_memkb",
};

/* xl passes over keys it does not know without a word; those that it knows stand in it as C
 * strings, or as the ends of longer ones. */
static gboolean
xl_knows (const char *program, gsize len, const char *key)
{
  return memmem (program, len, key, strlen (key) + 1) != NULL;
}

START_TEST (stock_xl_knows_every_key)
{
  g_autofree char *program = NULL;
  gsize len;
  ck_assert (g_file_get_contents (standin_host_xl (), &program, &len, NULL));
  for (gsize i = 0; i < G_N_ELEMENTS (openxt_keys); i++)
    ck_assert_msg (!xl_knows (program, len, openxt_keys[i]), "%s", openxt_keys[i]);

  guint seen = 0;
  for (guint n = 0; n < names->len; n++) {
    const char *name = names->pdata[n];
    if (g_str_has_prefix (name, "openxt-"))
      continue;
    g_autofree char *text = read_golden (name, ".cfg");
    g_auto (GStrv) each = g_strsplit (text, "\n", -1);
    for (char **line = each; *line != NULL; line++) {
      if (**line == '\0' || **line == '#' || **line == ' ')
        continue;
      g_autofree char *key = g_strndup (*line, strcspn (*line, "="));
      ck_assert_msg (xl_knows (program, len, key), "%s: %s", name, key);
      seen++;
    }
  }
  ck_assert_uint_gt (seen, 300);
}
END_TEST

/* -------------------------------------------------------------------------------------------- */

static void
find_cases (void)
{
  names = g_ptr_array_new_with_free_func (g_free);
  GDir *dir = g_dir_open (GOLDEN, 0, NULL);
  for (const char *file; dir != NULL && (file = g_dir_read_name (dir)) != NULL;) {
    if (g_str_has_suffix (file, ".json"))
      g_ptr_array_add (names, g_strndup (file, strlen (file) - strlen (".json")));
  }
  g_dir_close (dir);
  g_ptr_array_sort (names, compare_texts);
  g_assert (names->len >= 30);
}

int
main (void)
{
  find_cases ();
  int n = (int)names->len;
  Suite *suite = suite_create ("vm-config-golden");
  TCase *tcase = tcase_create ("vm-config-golden");
  tcase_set_timeout (tcase, 120);
  tcase_add_loop_test (tcase, the_text_is_as_before, 0, n);
  tcase_add_loop_test (tcase, lines_that_must_be_there, 0, n);
  tcase_add_loop_test (tcase, xl_reads_what_is_meant, 0, n);
  tcase_add_test (tcase, stock_xl_knows_every_key);
  suite_add_tcase (suite, tcase);
  int status = run_suite (suite);
  g_ptr_array_unref (names);
  return status;
}
