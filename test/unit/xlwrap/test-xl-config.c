/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* xl.cfg text, read back by xl's own parser (libxlutil) and by xl itself. */
#include "test/unit/xlwrap/xl-test.h"

#include <jansson.h>
#include <libxlutil.h>
#include <string.h>

#include "test/simhost/standin/standin-host.h"
#include "xlwrap/xl-config.h"

#define N_GENERATED 2000
#define N_DRY_RUNS  60
#define SEED        20240229

/* What could end a string, a list, a line, or change under the parsers' escapes and trims. */
static const char *const pieces[] = {
  "'",    "\"",   "\\", "\n",   "\r",    "\t",  "]",  "[",    ",",        "#",     ";",
  "=",    " ",    "+=", "\\n",  "\\x41", "\\'", "\\", "${x}", "$(id)",    "`",     "%s",
  "\x01", "\x07", "\b", "\x1b", "\x7f",  "\v",  "\f", "é",    "\xc2\x85", "日本",  "🙂",
  "a",    "B",    "0",  "-1",   "0x",    "/",   ":",  "|",    "target=",  "vdev=", "name='x'",
};

static char *
generate (GRand *random, const char *without)
{
  GString *text = g_string_new (NULL);
  int n = g_rand_int_range (random, 0, 30);

  for (int i = 0; i < n; i++) {
    const char *piece = pieces[g_rand_int_range (random, 0, G_N_ELEMENTS (pieces))];

    if (!strpbrk (piece, without))
      g_string_append (text, piece);
  }
  return g_string_free (text, FALSE);
}

static void
set_string (XlConfig *config, const char *key, const char *value)
{
  g_autoptr (GError) error = NULL;

  ck_assert_msg (xl_config_set_string (config, key, value, &error), "%s",
                 error ? error->message : "");
}

static void
set_list (XlConfig *config, const char *key, const char *const *values)
{
  g_autoptr (GError) error = NULL;

  ck_assert_msg (xl_config_set_list (config, key, values, &error), "%s",
                 error ? error->message : "");
}

static void
expect_refused (gboolean done, GError **error, const char *names)
{
  ck_assert (!done);
  ck_assert (g_error_matches (*error, XL_ERROR, XL_ERROR_CONFIG));
  ck_assert_msg (strstr ((*error)->message, names), "%s: %s", names, (*error)->message);
  ck_assert (g_utf8_validate ((*error)->message, -1, NULL));
  g_clear_error (error);
}

static XLU_Config *
parse (const XlConfig *config)
{
  g_autofree char *text = xl_config_to_text (config);
  XLU_Config *parsed = xlu_cfg_init (stderr, "test");

  ck_assert_msg (xlu_cfg_readdata (parsed, text, (int)strlen (text)) == 0, "%s", text);
  return parsed;
}

static void
expect_string (XLU_Config *parsed, const char *key, const char *value)
{
  const char *read = NULL;

  ck_assert_int_eq (xlu_cfg_get_string (parsed, key, &read, 0), 0);
  ck_assert_str_eq (read, value);
}

static void
expect_text (const XlConfig *config, const char *expected)
{
  g_autofree char *text = xl_config_to_text (config);

  ck_assert_str_eq (text, expected);
}

START_TEST (test_text)
{
  static const char *const list[] = { "a b", "it's", NULL };
  static const char *const none[] = { NULL };
  g_autoptr (XlConfig) config = xl_config_new ();

  expect_text (config, "");
  set_string (config, "name", "x");
  ck_assert (xl_config_set_integer (config, "memory", 512, NULL));
  ck_assert (xl_config_set_integer (config, "timer_mode", -1, NULL));
  ck_assert (xl_config_set_boolean (config, "acpi", TRUE, NULL));
  ck_assert (xl_config_set_boolean (config, "apic", 0, NULL));
  set_list (config, "vif", list);
  set_list (config, "disk", none);
  set_list (config, "pci", NULL);
  expect_text (config, "name='x'\nmemory=512\ntimer_mode='-1'\nacpi=1\napic=0\n"
                       "vif=['a b','it\\'s']\ndisk=[]\npci=[]\n");
}
END_TEST

START_TEST (test_same_key_replaces)
{
  g_autoptr (XlConfig) config = xl_config_new ();

  set_string (config, "a", "1");
  set_string (config, "b", "2");
  set_string (config, "a", "3");
  expect_text (config, "a='3'\nb='2'\n");
}
END_TEST

START_TEST (test_escapes)
{
  g_autoptr (XlConfig) config = xl_config_new ();

  set_string (config, "s", "a\nb'c\"d\\e\tf\rg#h]i,j;");
  expect_text (config, "s='a\\nb\\'c\"d\\\\e\\tf\\rg#h]i,j;'\n");
}
END_TEST

START_TEST (test_verbatim_comes_last)
{
  g_autoptr (XlConfig) config = xl_config_new ();
  XLU_Config *parsed;

  ck_assert (xl_config_append_verbatim (config, "memory=128", NULL));
  ck_assert (xl_config_append_verbatim (config, "# a comment", NULL));
  ck_assert (xl_config_set_integer (config, "memory", 64, NULL));
  expect_text (config, "memory=64\nmemory=128\n# a comment\n");
  parsed = parse (config);
  expect_string (parsed, "memory", "128");
  xlu_cfg_destroy (parsed);
}
END_TEST

START_TEST (test_verbatim_is_one_line)
{
  g_autoptr (XlConfig) config = xl_config_new ();
  GError *error = NULL;

  expect_refused (xl_config_append_verbatim (config, "a=1\nname='b'", &error), &error,
                  "verbatim line");
  expect_refused (xl_config_append_verbatim (config, "a='\xff'", &error), &error, "verbatim line");
  expect_text (config, "");
}
END_TEST

START_TEST (test_invalid_utf8_is_refused)
{
  static const char *const values[] = { "\xff", "a\xc3", "\xed\xa0\x80", "\xc0\xaf", "ok\x80" };
  g_autoptr (XlConfig) config = xl_config_new ();

  for (gsize i = 0; i < G_N_ELEMENTS (values); i++) {
    const char *list[] = { "fine", values[i], NULL };
    GError *error = NULL;

    expect_refused (xl_config_set_string (config, "name", values[i], &error), &error, "name");
    expect_refused (xl_config_set_list (config, "disk", list, &error), &error, "disk");
  }
  expect_text (config, "");
}
END_TEST

START_TEST (test_bad_keys_are_refused)
{
  static const char *const keys[] = { "",   "Name", "1a", "a b", "a=1\nb",
                                      "a'", "é",    "_a", "a-b", "\xff" };
  g_autoptr (XlConfig) config = xl_config_new ();

  for (gsize i = 0; i < G_N_ELEMENTS (keys); i++) {
    GError *error = NULL;

    expect_refused (xl_config_set_string (config, keys[i], "x", &error), &error, "key");
    expect_refused (xl_config_set_integer (config, keys[i], 1, &error), &error, "key");
    expect_refused (xl_config_set_list (config, keys[i], NULL, &error), &error, "key");
  }
  expect_text (config, "");
}
END_TEST

START_TEST (test_numbers_arrive)
{
  static const gint64 numbers[] = { 0, 1, -1, 8, 010, 4294967296, G_MAXINT64, G_MININT64 };

  for (gsize i = 0; i < G_N_ELEMENTS (numbers); i++) {
    g_autoptr (XlConfig) config = xl_config_new ();
    XLU_Config *parsed;
    long read = 0;

    ck_assert (xl_config_set_integer (config, "n", numbers[i], NULL));
    parsed = parse (config);
    ck_assert_int_eq (xlu_cfg_get_long (parsed, "n", &read, 0), 0);
    ck_assert_int_eq (read, numbers[i]);
    xlu_cfg_destroy (parsed);
  }
}
END_TEST

/* The value arrives, in a string and in a list, and nothing around it changes. */
static void
expect_round_trip (const char *value)
{
  const char *list[] = { "first", value, "last", NULL };
  g_autoptr (XlConfig) config = xl_config_new ();
  XLU_ConfigList *read;
  XLU_Config *parsed;
  int n;

  set_string (config, "before", "b");
  set_string (config, "value", value);
  set_string (config, "between", "c");
  set_list (config, "list", list);
  set_string (config, "after", "d");

  parsed = parse (config);
  expect_string (parsed, "before", "b");
  expect_string (parsed, "value", value);
  expect_string (parsed, "between", "c");
  expect_string (parsed, "after", "d");
  ck_assert_int_eq (xlu_cfg_get_list (parsed, "list", &read, &n, 0), 0);
  ck_assert_int_eq (n, 3);
  for (int i = 0; i < n; i++)
    ck_assert_str_eq (xlu_cfg_get_listitem (read, i), list[i]);
  xlu_cfg_destroy (parsed);
}

START_TEST (test_each_byte_arrives)
{
  for (char c = 1; c < 127; c++) {
    char alone[] = { c, 0 }, inside[] = { 'a', c, 'z', 0 }, twice[] = { '\\', c, c, '\\', 0 };

    expect_round_trip (alone);
    expect_round_trip (inside);
    expect_round_trip (twice);
  }
  for (gunichar c = 0x7f; c < 0x11000; c += 61) {
    char text[7] = { 0 };

    if (g_unichar_validate (c)) {
      g_unichar_to_utf8 (c, text);
      expect_round_trip (text);
    }
  }
}
END_TEST

START_TEST (test_generated_values_arrive)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (SEED);

  expect_round_trip ("");
  for (int i = 0; i < N_GENERATED; i++) {
    g_autofree char *value = generate (random, "");

    expect_round_trip (value);
  }
}
END_TEST

START_TEST (test_long_values_arrive)
{
  for (gsize length = 1024; length <= 1024 * 1024; length *= 16) {
    g_autofree char *plain = g_strnfill (length, 'x'), *quotes = g_strnfill (length, '\'');
    g_autofree char *backslashes = g_strnfill (length, '\\'), *lines = g_strnfill (length, '\n');

    expect_round_trip (plain);
    expect_round_trip (quotes);
    expect_round_trip (backslashes);
    expect_round_trip (lines);
  }
}
END_TEST

static char *
format_disk (const char *script, const char *target)
{
  const XlKeyValue pairs[] = {
    { "format", "raw" }, { "vdev", "xvda" }, { "script", script }, { "discard", NULL }
  };
  g_autoptr (GError) error = NULL;
  char *text = xl_config_format_disk (pairs, G_N_ELEMENTS (pairs), target, &error);

  ck_assert_msg (text != NULL, "%s", error ? error->message : "");
  return text;
}

static void
expect_disk_round_trip (const char *script, const char *target)
{
  g_autofree char *text = format_disk (script, target);
  const char *specs[] = { text };
  XLU_Config *report = xlu_cfg_init (stderr, "test");
  libxl_device_disk disk;

  libxl_device_disk_init (&disk);
  ck_assert_msg (xlu_disk_parse (report, 1, specs, &disk) == 0, "%s", text);
  ck_assert_str_eq (disk.pdev_path, target);
  ck_assert_str_eq (disk.script, script);
  ck_assert_str_eq (disk.vdev, "xvda");
  ck_assert_int_eq (disk.format, LIBXL_DISK_FORMAT_RAW);
  ck_assert (libxl_defbool_val (disk.discard_enable));
  libxl_device_disk_dispose (&disk);
  xlu_cfg_destroy (report);
}

START_TEST (test_disk_text)
{
  const XlKeyValue pairs[] = { { "format", "qcow2" }, { "vdev", "hdc" }, { "devtype", "cdrom" } };
  g_autofree char *text = xl_config_format_disk (pairs, 3, "/a,b =c", NULL);
  g_autofree char *comma = xl_config_format_disk (NULL, 0, "/a,", NULL);
  g_autofree char *empty = xl_config_format_disk (pairs, 3, NULL, NULL);

  ck_assert_str_eq (text, "format=qcow2,vdev=hdc,devtype=cdrom,target=/a,b =c");
  ck_assert_str_eq (comma, "target=/a,,");
  ck_assert_str_eq (empty, "format=qcow2,vdev=hdc,devtype=cdrom");
}
END_TEST

START_TEST (test_generated_disks_arrive)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (SEED);

  expect_disk_round_trip ("s", "/a,");
  expect_disk_round_trip ("s", "/a,,");
  expect_disk_round_trip ("s", ",");
  expect_disk_round_trip ("s", " /a ");
  expect_disk_round_trip ("s", "raw:/a");
  expect_disk_round_trip ("s", "/dev/mapper/a:b,vdev=xvdb,w");
  for (int i = 0; i < N_GENERATED; i++) {
    g_autofree char *target = generate (random, "\n");
    g_autofree char *inner = generate (random, ","), *script = g_strdup_printf ("<%s>", inner);

    expect_disk_round_trip (script, target);
  }
}
END_TEST

static void
expect_disk_refused (const char *key, const char *value, const char *target, const char *names)
{
  const XlKeyValue pair = { key, value };
  GError *error = NULL;

  expect_refused (xl_config_format_disk (&pair, 1, target, &error) != NULL, &error, names);
}

START_TEST (test_disk_refusals)
{
  expect_disk_refused ("script", "a,b", "/x", "script");
  expect_disk_refused ("script", " a", "/x", "script");
  expect_disk_refused ("script", "a\n", "/x", "script");
  expect_disk_refused ("script", "\xff", "/x", "script");
  expect_disk_refused ("vdev", "xvda", "/x\nvdev=b", "target");
  expect_disk_refused ("vdev", "xvda", "/\xff", "target");
  expect_disk_refused ("target", "/a", "/x", "target");
  expect_disk_refused ("a=b", "/a", "/x", "a=b");
}
END_TEST

/* The limits are far from what xl can bear. */
START_TEST (test_long_disks)
{
  g_autofree char *path = g_strnfill (4095, 'p');
  g_autofree char *too_long_a_path = g_strnfill (4096, 'p');
  g_autofree char *value = g_strnfill (255, 'v');
  g_autofree char *too_long_a_value = g_strnfill (256, 'v');

  expect_disk_round_trip (value, path);
  expect_disk_refused ("script", "x", too_long_a_path, "target");
  expect_disk_refused ("script", too_long_a_value, "/x", "script");
}
END_TEST

static void
expect_device_refused (const char *key, const char *value)
{
  const XlKeyValue pair = { key, value };
  GError *error = NULL;

  expect_refused (xl_config_format_device (&pair, 1, &error) != NULL, &error, key);
}

START_TEST (test_device)
{
  const XlKeyValue pairs[] = { { "mac", "00:16:3e:00:00:01" },
                               { "bridge", "a b" },
                               { "trusted", NULL } };
  g_autofree char *text = xl_config_format_device (pairs, 3, NULL);
  g_autofree char *none = xl_config_format_device (NULL, 0, NULL);

  ck_assert_str_eq (text, "mac=00:16:3e:00:00:01,bridge=a b,trusted");
  ck_assert_str_eq (none, "");
  expect_device_refused ("bridge", "a,script=/tmp/x");
  expect_device_refused ("bridge", "a=b");
  expect_device_refused ("bridge", "a ");
  expect_device_refused ("bridge", "\ta");
  expect_device_refused ("bridge", "\xff");
  expect_device_refused ("Bridge", "a");
}
END_TEST

static const char *
get_text (json_t *root, const char *path)
{
  g_auto (GStrv) words = g_strsplit (path, ".", -1);

  for (char **word = words; root && *word; word++)
    root = json_is_array (root) ? json_array_get (root, (size_t)atoi (*word))
                                : json_object_get (root, *word);
  ck_assert_msg (json_is_string (root), "%s", path);
  return json_string_value (root);
}

START_TEST (test_values_arrive_in_xl)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (SEED);
  g_autoptr (StandinHost) host = standin_host_new ();

  for (int i = 0; i < N_DRY_RUNS; i++) {
    g_autofree char *name = generate (random, ""), *cmdline = generate (random, "");
    g_autofree char *target = generate (random, "\n"), *inner = generate (random, ",=");
    g_autofree char *bridge = g_strdup_printf ("<%s>", inner);
    g_autofree char *disk = format_disk ("s", target), *vif = NULL, *text = NULL, *json = NULL;
    const XlKeyValue nic[] = { { "mac", "00:16:3e:00:00:01" }, { "bridge", bridge } };
    const char *disks[] = { disk, NULL }, *vifs[] = { NULL, NULL };
    g_autoptr (XlConfig) config = xl_config_new ();
    json_error_t error;
    json_t *root;

    vifs[0] = vif = xl_config_format_device (nic, G_N_ELEMENTS (nic), NULL);
    set_string (config, "name", name);
    set_string (config, "type", "pv");
    set_string (config, "kernel", "/boot/vmlinuz");
    set_string (config, "cmdline", cmdline);
    set_list (config, "disk", disks);
    set_list (config, "vif", vifs);
    set_string (config, "on_crash", "preserve");
    text = xl_config_to_text (config);

    json = standin_host_dry_run (host, text);
    ck_assert_msg (json != NULL, "%s", text);
    root = json_loads (json, JSON_ALLOW_NUL, &error);
    ck_assert_msg (root != NULL, "%s: %s", error.text, json);
    ck_assert_str_eq (get_text (root, "c_info.name"), name);
    ck_assert_str_eq (get_text (root, "c_info.type"), "pv");
    ck_assert_str_eq (get_text (root, "b_info.cmdline"), cmdline);
    ck_assert_str_eq (get_text (root, "disks.0.pdev_path"), target);
    ck_assert_str_eq (get_text (root, "disks.0.vdev"), "xvda");
    ck_assert_str_eq (get_text (root, "nics.0.bridge"), bridge);
    ck_assert_str_eq (get_text (root, "on_crash"), "preserve");
    json_decref (root);
  }
}
END_TEST

int
main (void)
{
  TCase *tcase = tcase_create ("config");

  tcase_add_test (tcase, test_text);
  tcase_add_test (tcase, test_same_key_replaces);
  tcase_add_test (tcase, test_escapes);
  tcase_add_test (tcase, test_verbatim_comes_last);
  tcase_add_test (tcase, test_verbatim_is_one_line);
  tcase_add_test (tcase, test_invalid_utf8_is_refused);
  tcase_add_test (tcase, test_bad_keys_are_refused);
  tcase_add_test (tcase, test_numbers_arrive);
  tcase_add_test (tcase, test_each_byte_arrives);
  tcase_add_test (tcase, test_generated_values_arrive);
  tcase_add_test (tcase, test_long_values_arrive);
  tcase_add_test (tcase, test_disk_text);
  tcase_add_test (tcase, test_generated_disks_arrive);
  tcase_add_test (tcase, test_disk_refusals);
  tcase_add_test (tcase, test_long_disks);
  tcase_add_test (tcase, test_device);
  tcase_add_test (tcase, test_values_arrive_in_xl);
  return run_case ("xl-config", tcase);
}
