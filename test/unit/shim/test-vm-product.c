/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Product properties, their values, and the OVF environment that is made of them. */
#include <check.h>
#include <string.h>
#include <sys/stat.h>

#include "script-fixture.h"
#include "service-fixture.h"
#include "shim/error.h"
#include "shim/ovf-env.h"
#include "shim/product-value.h"
#include "store-fixture.h"
#include "test/unit/run-suite.h"

#define UUID    "8a3c1d5e-4f60-4b7a-9c21-0123456789ab"
#define PATH    "/vm/8a3c1d5e_4f60_4b7a_9c21_0123456789ab"
#define PRODUCT VM ".product"

/* -- values ------------------------------------------------------------------------ */

START_TEST (values_of_each_type)
{
  static const struct {
    const char *type, *good, *bad; /* words, apart by blanks */
  } cases[] = {
    { "uint8", "0 255 007", "256 -1 +1 1.0 0x1 a 1a" },
    { "sint8", "-128 127 0", "-129 128 - --1 +1" },
    { "uint16", "65535", "65536 -1" },
    { "sint16", "-32768 32767", "-32769 32768" },
    { "uint32", "4294967295", "4294967296" },
    { "sint32", "-2147483648 2147483647", "-2147483649 2147483648" },
    { "uint64", "18446744073709551615", "18446744073709551616 -1" },
    { "sint64", "-9223372036854775808 9223372036854775807",
      "-9223372036854775809 9223372036854775808" },
    { "real32", "0 -1.5 1e3 .5 1. 3.4e38 +2", "3.5e38 1e400 inf nan 0x1p3 1,5 1e e1 . - 1.5x" },
    { "real64", "1e308 -1E-300", "1e309 -inf infinity" },
    { "Boolean", "true false", "True yes 1 0 TRUE" },
    { "boolean", "true", "on" },
    { "UINT8", "255", "256" },
    { "String", "anything 1 true", "" },
    { "other", "anything", "" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_auto (GStrv) good = g_strsplit (cases[i].good, " ", -1);
    g_auto (GStrv) bad = g_strsplit (cases[i].bad, " ", -1);
    for (char **word = good; *word != NULL; word++)
      ck_assert_msg (xm_product_value_fits (cases[i].type, *word), "%s %s", cases[i].type, *word);
    for (char **word = bad; *word != NULL; word++)
      ck_assert_msg (!xm_product_value_fits (cases[i].type, *word), "%s %s", cases[i].type, *word);
  }
  static const char *const odd[] = { "", " 1", "1 ", "\t1", "1\n" };
  for (gsize i = 0; i < G_N_ELEMENTS (odd); i++) {
    ck_assert (!xm_product_value_fits ("uint8", odd[i]));
    ck_assert (!xm_product_value_fits ("sint64", odd[i]));
    ck_assert (!xm_product_value_fits ("real64", odd[i]));
    ck_assert (!xm_product_value_fits ("boolean", odd[i]));
    ck_assert (xm_product_value_fits ("string", odd[i]));
  }
}
END_TEST

/* -- methods ----------------------------------------------------------------------- */

static void
answers (ServiceFixture *fixture, const char *method, GVariant *parameters, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer =
      service_fixture_call (fixture, XENMGR, PATH, PRODUCT, method, parameters, &error);
  g_autofree char *text = NULL;
  if (answer != NULL) {
    text = g_variant_print (answer, FALSE);
  } else {
    g_dbus_error_strip_remote_error (error);
    text = g_strdup (error->message);
  }
  ck_assert_str_eq (text, expected);
}

#define TWO                                                                                        \
  "{\"productproperty\":{"                                                                         \
  "\"a.b.port.1\":{\"key\":\"port\",\"class\":\"a.b\",\"instance\":\"1\",\"type\":\"uint16\","     \
  "\"description\":\"where\",\"userconfigurable\":\"yes\",\"password\":\"false\","                 \
  "\"value\":\"80\"},"                                                                             \
  "\"word\":{\"key\":\"word\",\"password\":\"true\"}}}"

START_TEST (two_properties_can_be_listed)
{
  g_autoptr (ServiceFixture) fixture = service_fixture_new ();
  service_fixture_add_vm (fixture, UUID, TWO);
  answers (fixture, "list_product_properties", NULL,
           "([{'id': 'a.b.port.1', 'type': 'uint16', 'key': 'port', 'class': 'a.b', "
           "'instance': '1', 'label': '', 'description': 'where', 'user-configurable': 'true', "
           "'password': 'false'}, "
           "{'id': 'word', 'type': 'String', 'key': 'word', 'class': '', 'instance': '', "
           "'label': '', 'description': '', 'user-configurable': 'false', 'password': 'true'}],)");
}
END_TEST

START_TEST (values_are_checked)
{
  g_autoptr (ServiceFixture) fixture = service_fixture_new ();
  XmVm *vm = service_fixture_add_vm (fixture, UUID, TWO);
  answers (fixture, "get_product_property", g_variant_new ("(s)", "a.b.port.1"), "('80',)");
  answers (fixture, "get_product_property", g_variant_new ("(s)", "word"), "('',)");
  answers (fixture, "get_product_property", g_variant_new ("(s)", "none"), "('',)");
  answers (fixture, "get_product_property", g_variant_new ("(s)", "../name"), "('',)");
  answers (fixture, "set_product_property", g_variant_new ("(ss)", "a.b.port.1", "80"), "()");
  ck_assert_uint_eq (vm->config_changed_timer, 0);
  answers (fixture, "set_product_property", g_variant_new ("(ss)", "a.b.port.1", "81"), "()");
  ck_assert_uint_ne (vm->config_changed_timer, 0);
  answers (fixture, "get_product_property", g_variant_new ("(s)", "a.b.port.1"), "('81',)");
  answers (fixture, "set_product_property", g_variant_new ("(ss)", "a.b.port.1", "65536"),
           "value '65536' is invalid for product property a.b.port.1");
  answers (fixture, "set_product_property", g_variant_new ("(ss)", "word", "a 'b'"), "()");
  ck_assert_str_eq (xm_vm_read (vm, "productproperty/word/value"), "a 'b'");
  static const char *const unknown[] = { "none", "", "word/value", "a.b.port" };
  for (gsize i = 0; i < G_N_ELEMENTS (unknown); i++) {
    g_autofree char *text = g_strconcat ("no product property with id ", unknown[i], NULL);
    answers (fixture, "set_product_property", g_variant_new ("(ss)", unknown[i], "v"), text);
  }
}
END_TEST

/* -- the document ------------------------------------------------------------------ */

static void
note_element (GMarkupParseContext *context,
              const char *element,
              const char **names,
              const char **values,
              gpointer user_data,
              GError **error)
{
  GString *seen = user_data;
  g_string_append_printf (seen, "%s;", element);
  for (gsize i = 0; names[i] != NULL; i++) {
    if (!g_str_has_prefix (names[i], "xmlns"))
      g_string_append_printf (seen, "%s=[%s];", names[i], values[i]);
  }
}

static char *
parse (const char *xml)
{
  static const GMarkupParser parser = { .start_element = note_element };
  g_autoptr (GString) seen = g_string_new (NULL);
  g_autoptr (GMarkupParseContext) context =
      g_markup_parse_context_new (&parser, G_MARKUP_DEFAULT_FLAGS, seen, NULL);
  g_autoptr (GError) error = NULL;
  ck_assert_msg (g_markup_parse_context_parse (context, xml, -1, &error) &&
                     g_markup_parse_context_end_parse (context, &error),
                 "%s", error != NULL ? error->message : "");
  return g_strdup (seen->str);
}

START_TEST (the_environment_of_a_vm)
{
  g_autoptr (ServiceFixture) fixture = service_fixture_new ();
  XmVm *vm = service_fixture_add_vm (
      fixture, UUID,
      "{\"productproperty\":{\"x\":{\"key\":\"k\",\"class\":\"c\",\"instance\":\"i\","
      "\"value\":\"<&>\\\"'\\n\\t \\u00e9\\u0001\"},"
      "\"y\\\"\":{\"value\":\"v\"},\"z\":{\"key\":\"only\"}}}");
  g_autofree char *xml = xm_ovf_env_xml (vm);
  g_autofree char *seen = parse (xml);
  ck_assert_str_eq (seen, "Environment;oe:id=[" UUID "];PlatformSection;Kind;Version;Vendor;Locale;"
                          "PropertySection;"
                          "Property;oe:key=[c.k.i];oe:value=[<&>\"'\n\t \xc3\xa9\xef\xbf\xbd];"
                          "Property;oe:key=[y\"];oe:value=[v];"
                          "Property;oe:key=[only];oe:value=[];");
  /* An XML parser turns bare ones into blanks. */
  ck_assert_ptr_null (strstr (xml, "\n\t"));

  g_autoptr (GVariant) answer =
      service_fixture_call (fixture, XENMGR, PATH, PRODUCT, "get_ovf_env_xml", NULL, NULL);
  g_autoptr (GVariant) text = g_variant_get_child_value (answer, 0);
  ck_assert_str_eq (g_variant_get_string (text, NULL), xml);
}
END_TEST

/* -- the CD ------------------------------------------------------------------------ */

typedef struct {
  gboolean ended, good;
  GError *error;
} Step;

static void
on_step (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Step *step = user_data;
  step->good = g_task_propagate_boolean (G_TASK (result), &step->error);
  step->ended = TRUE;
}

static XmStart *
run_step (XmVm *vm, Step *step)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  XmStart *start = xm_start_new (vm, cancellable);
  *step = (Step){ FALSE, FALSE, NULL };
  xm_ovf_env_step (start, g_task_new (NULL, cancellable, on_step, step));
  run_until (&step->ended);
  return start;
}

START_TEST (a_cd_with_the_environment)
{
  g_autoptr (ServiceFixture) fixture = service_fixture_new ();
  g_autofree char *dir = fixture_new ();
  service_fixture_set_host_root (fixture, dir);
  XmVm *vm = service_fixture_add_vm (fixture, UUID,
                                     "{\"productproperty\":{\"k\":{\"value\":\"needle\"}}}");
  Step step;
  g_autoptr (XmStart) without = run_step (vm, &step);
  ck_assert (step.good);
  ck_assert_ptr_null (without->ovf_iso);
  ck_assert (!fixture_has_file (dir, "var"));

  ck_assert (xm_vm_write (vm, "ovf-transport-iso", "true", NULL));
  for (int i = 0; i < 2; i++) { /* the second takes the place of the first */
    g_autoptr (XmStart) start = run_step (vm, &step);
    ck_assert_msg (step.good, "%s", step.error->message);
    g_autofree char *path = g_strconcat (dir, "/var/lib/ovf/" UUID "-env.iso", NULL);
    ck_assert_str_eq (start->ovf_iso, path);
    g_autofree char *image = NULL;
    gsize size;
    struct stat status;
    ck_assert (g_file_get_contents (path, &image, &size, NULL));
    ck_assert (size > 0x8000 + 2048 && memcmp (image + 0x8001, "CD001", 5) == 0);
    ck_assert_ptr_nonnull (memmem (image, size, "oe:value=\"needle\"", 17));
    ck_assert_ptr_nonnull (memmem (image, size, "OVF_ENV.XML;1", 13));
    ck_assert_ptr_nonnull (memmem (image, size, "ovf-env.xml", 11));
    ck_assert_int_eq (stat (path, &status), 0);
    ck_assert_uint_eq (status.st_mode & 0777, 0600);
  }
  g_autofree char *left = g_strconcat (vm->service->settings->run_dir, "/" UUID ".ovf", NULL);
  ck_assert (!g_file_test (left, G_FILE_TEST_EXISTS));

  xm_start_undo (vm);
  ck_assert (!fixture_has_file (dir, "var/lib/ovf/" UUID "-env.iso"));
  xm_start_undo (vm);
  fixture_free (g_steal_pointer (&dir));
}
END_TEST

START_TEST (a_cd_that_cannot_be_made)
{
  g_autoptr (ServiceFixture) fixture = service_fixture_new ();
  char *dir = fixture_new ();
  service_fixture_set_host_root (fixture, dir);
  XmVm *vm = service_fixture_add_vm (fixture, UUID, "{\"ovf-transport-iso\":\"true\"}");
  fixture_write_file (dir, "var/lib/ovf", "no folder");
  Step step;
  xm_start_free (run_step (vm, &step));
  ck_assert (!step.good);
  g_clear_error (&step.error);
  fixture_free (dir);

  dir = fixture_new ();
  service_fixture_set_host_root (fixture, dir);
  g_autofree char *path = g_strdup (g_getenv ("PATH"));
  g_setenv ("PATH", dir, TRUE); /* nothing that makes images */
  xm_start_free (run_step (vm, &step));
  g_setenv ("PATH", path, TRUE);
  ck_assert (!step.good);
  ck_assert (g_error_matches (step.error, XM_ERROR, XM_ERROR_IO));
  ck_assert_msg (g_str_has_prefix (step.error->message, "223:IO error: command: \"xorriso "), "%s",
                 step.error->message);
  g_clear_error (&step.error);
  fixture_free (dir);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("vm-product");
  TCase *tcase = tcase_create ("vm-product");
  tcase_set_timeout (tcase, 60);
  tcase_add_test (tcase, values_of_each_type);
  tcase_add_test (tcase, two_properties_can_be_listed);
  tcase_add_test (tcase, values_are_checked);
  tcase_add_test (tcase, the_environment_of_a_vm);
  tcase_add_test (tcase, a_cd_with_the_environment);
  tcase_add_test (tcase, a_cd_that_cannot_be_made);
  suite_add_tcase (suite, tcase);
  return run_suite (suite);
}
