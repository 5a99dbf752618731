/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the xl.cfg of a VM says of its stubdomain. */
#include <check.h>
#include <string.h>
#include <unistd.h>

#include "service-fixture.h"
#include "shim/stubdom-memory.h"
#include "shim/vm-config.h"
#include "store-fixture.h"
#include "test/unit/run-suite.h"

#define UUID "11111111-2222-3333-4444-555555555555"
#define MIB  (1024 * 1024)

#define HVM(stubdom, rest)                                                                         \
  "{\"name\":\"n\",\"stubdom\":\"" stubdom "\",\"config\":{\"memory\":\"64\",\"virt-type\":"       \
  "\"hvm\"" rest "}}"

static void
replace (char **setting, const char *value)
{
  g_free (*setting);
  *setting = g_strdup (value);
}

/* -- the ramdisk ------------------------------------------------------------------- */

/* A file of @size bytes that begins with @head and ends with @last as gzip writes it. */
static char *
make_ramdisk (ServiceFixture *fixture, const char *head, off_t size, guint32 last)
{
  const char *base = xm_store_get_base (service_fixture_service (fixture)->store);
  char *path = g_build_filename (base, "ramdisk", NULL);
  guint32 word = GUINT32_TO_LE (last);
  fixture_write_file (base, "ramdisk", head);
  ck_assert_int_eq (truncate (path, size), 0);
  FILE *file = fopen (path, "r+e");
  ck_assert_ptr_nonnull (file);
  if (last != 0) {
    ck_assert_int_eq (fseek (file, -(long)sizeof word, SEEK_END), 0);
    ck_assert_uint_eq (fwrite (&word, sizeof word, 1, file), 1);
  }
  ck_assert_int_eq (fclose (file), 0);
  return path;
}

START_TEST (what_a_ramdisk_takes)
{
  static const struct {
    const char *head;
    off_t size;
    guint32 last;
    guint needed;
  } cases[] = {
    { "\x1f\x8b", 10 * MIB, 38 * MIB, 176 }, /* 3 * 38 + 60, in steps of 16 */
    { "\x1f\x8b", 10 * MIB - 1, 37 * MIB + 1, 176 },
    { "\x1f\x8b", 10 * MIB, 38 * MIB + 1, 192 },
    { "\x1f\x8b", 10 * MIB, 3000U * MIB, 9072 },
    { "070701", 20 * MIB, 1, 128 }, /* not compressed: 3 * 20 + 60 */
    { "\xfd"
      "7zXZ",
      10 * MIB, 1, 160 }, /* 2 * 4 * 10 + 10 + 60 */
    { "", 0, 0, 64 },
    { "\x1f\x8b", 2, 0, 64 },
  };
  g_autoptr (ServiceFixture) fixture = service_fixture_new ();
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *path = make_ramdisk (fixture, cases[i].head, cases[i].size, cases[i].last);
    guint needed = xm_stubdom_memory_needed (path);
    ck_assert_msg (needed == cases[i].needed, "case %zu: %u", i, needed);
  }
  ck_assert_uint_eq (xm_stubdom_memory_needed ("/no/such/ramdisk"), 0);
  ck_assert_uint_eq (xm_stubdom_memory_needed ("/proc"), 0);
  ck_assert_uint_eq (xm_stubdom_memory_needed ("/dev/null"), 0);
}
END_TEST

/* -- the lines --------------------------------------------------------------------- */

static char *
build (ServiceFixture *fixture, const XmStart *start, const char *json, GError **error)
{
  XmVm *vm = service_fixture_add_vm (fixture, UUID, json);
  g_autoptr (XmVmConfig) config = xm_vm_config_build (vm, start, error);
  return config != NULL ? g_strdup (xm_vm_config_get_text (config)) : NULL;
}

/* (transfer full) (nullable): what stands behind `KEY=`. */
static char *
find_line (const char *text, const char *key)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  gsize length = strlen (key);
  for (char **line = lines; *line != NULL; line++) {
    if (strncmp (*line, key, length) == 0 && (*line)[length] == '=')
      return g_strdup (*line + length + 1);
  }
  return NULL;
}

START_TEST (enough_memory)
{
  static const struct {
    const char *json;
    guint32 unpacked;
    const char *memory;
  } cases[] = {
    { HVM ("true", ""), 60 * MIB, "240" },
    { HVM ("true", ",\"stubdom-memory\":\"none\""), 60 * MIB, "240" },
    { HVM ("true", ",\"stubdom-memory\":\"0\""), 60 * MIB, "240" },
    { HVM ("true", ",\"stubdom-memory\":\"96\""), 60 * MIB, "240" },
    { HVM ("true", ",\"stubdom-memory\":\"256\""), 60 * MIB, "256" },
    { HVM ("true", ""), 20 * MIB, NULL }, /* for which xl's default is enough */
    { HVM ("true", ",\"stubdom-memory\":\"64\""), 20 * MIB, "128" },
    { HVM ("true", ",\"stubdom-memory\":\"96\""), 20 * MIB, "128" },
    { HVM ("false", ",\"stubdom-memory\":\"96\""), 60 * MIB, "96" },
    { HVM ("false", ""), 60 * MIB, NULL },
  };
  g_autoptr (ServiceFixture) fixture = service_fixture_new ();
  XmSettings *settings = service_fixture_service (fixture)->settings;
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *path = make_ramdisk (fixture, "\x1f\x8b", 8 * MIB, cases[i].unpacked);
    g_autoptr (GError) error = NULL;
    replace (&settings->stubdomain_ramdisk, path);
    g_autofree char *text = build (fixture, NULL, cases[i].json, &error);
    ck_assert_msg (text != NULL, "%s", error != NULL ? error->message : "");
    g_autofree char *memory = find_line (text, "stubdomain_memory");
    ck_assert_msg (g_strcmp0 (memory, cases[i].memory) == 0, "case %zu: %s", i,
                   memory != NULL ? memory : "none");
  }
}
END_TEST

/* OpenXT's xl reads it under another name. */
START_TEST (memory_for_openxt)
{
  g_autoptr (ServiceFixture) fixture = service_fixture_new ();
  XmSettings *settings = service_fixture_service (fixture)->settings;
  g_autofree char *path = make_ramdisk (fixture, "\x1f\x8b", 8 * MIB, 60 * MIB);
  const XmStart start = { .openxt = TRUE };
  replace (&settings->stubdomain_ramdisk, path);
  g_autofree char *text = build (fixture, &start, HVM ("true", ",\"stubdom-memory\":\"96\""), NULL);
  g_autofree char *memory = find_line (text, "stubdomain_memory");
  g_autofree char *kib = find_line (text, "stubdomain_memkb");
  ck_assert_str_eq (memory, "240");
  ck_assert_str_eq (kib, "245760");
}
END_TEST

START_TEST (nonsense_is_refused)
{
  static const char *const cases[] = {
    HVM ("true", ",\"stubdom-memory\":\"lots\""),
    HVM ("true", ",\"stubdom-memory\":\"5000000000\""),
    HVM ("false", ",\"stubdom-memory\":\"\""),
  };
  g_autoptr (ServiceFixture) fixture = service_fixture_new ();
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;
    ck_assert_ptr_null (build (fixture, NULL, cases[i], &error));
    ck_assert_msg (strstr (error->message, "property stubdom-memory of vm " UUID) != NULL, "%s",
                   error->message);
  }
}
END_TEST

START_TEST (who_carries_qmp)
{
  static const struct {
    const char *stubdom, *helper, *transport;
    gboolean chooses;
    const char *wanted_proxy, *wanted_transport;
  } cases[] = {
    { HVM ("true", ""), "/bin/sh", "vchan", TRUE, "'/bin/sh'", NULL },
    { HVM ("true", ""), "/bin/sh", "argo", TRUE, "'/bin/sh'", "'argo'" },
    { HVM ("true", ""), "/bin/sh", "v4v", TRUE, "'/bin/sh'", "'v4v'" },
    { HVM ("true", ""), "/bin/sh", "argo", FALSE, NULL, NULL }, /* stock xl */
    { HVM ("true", ""), "/no/such/program", "argo", TRUE, NULL, NULL },
    { HVM ("true", ""), "", "vchan", TRUE, NULL, NULL },
    { HVM ("false", ""), "/bin/sh", "argo", TRUE, NULL, NULL },
  };
  g_autoptr (ServiceFixture) fixture = service_fixture_new ();
  XmSettings *settings = service_fixture_service (fixture)->settings;
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    const XmStart start = { .chooses_qmp_proxy = cases[i].chooses };
    g_autoptr (GError) error = NULL;
    replace (&settings->qmp_helper, cases[i].helper);
    replace (&settings->qmp_transport, cases[i].transport);
    g_autofree char *text = build (fixture, &start, cases[i].stubdom, &error);
    ck_assert_msg (text != NULL, "%s", error != NULL ? error->message : "");
    g_autofree char *proxy = find_line (text, "stubdomain_qmp_proxy");
    g_autofree char *transport = find_line (text, "stubdomain_qmp_transport");
    ck_assert_msg (g_strcmp0 (proxy, cases[i].wanted_proxy) == 0, "case %zu: %s", i, text);
    ck_assert_msg (g_strcmp0 (transport, cases[i].wanted_transport) == 0, "case %zu: %s", i, text);
  }
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("vm-config-stubdom");
  TCase *tcase = tcase_create ("vm-config-stubdom");
  tcase_set_timeout (tcase, 120);
  tcase_add_test (tcase, what_a_ramdisk_takes);
  tcase_add_test (tcase, enough_memory);
  tcase_add_test (tcase, memory_for_openxt);
  tcase_add_test (tcase, nonsense_is_refused);
  tcase_add_test (tcase, who_carries_qmp);
  suite_add_tcase (suite, tcase);
  return run_suite (suite);
}
