/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "shim/settings.h"
#include "store-fixture.h"
#include "test/unit/run-suite.h"

#define MAX_WORDS 16

/* xm_settings_new() with @key_file and the words of @line. */
static XmSettings *
settings (const char *base, const char *key_file, const char *line, GError **error)
{
  g_autofree char *path = g_build_filename (base, "test.conf", NULL);
  g_auto (GStrv) words = g_strsplit (line, " ", -1);
  char *argv[MAX_WORDS] = { "xenmgr-xl", "--config", path };
  int argc = 3;
  fixture_write_file (base, "test.conf", key_file);
  for (char **word = words; *word != NULL && **word != '\0'; word++)
    argv[argc++] = *word;
  char **rest = argv;
  return xm_settings_new (&argc, &rest, error);
}

static XmSettings *
must (const char *base, const char *key_file, const char *line)
{
  g_autoptr (GError) error = NULL;
  XmSettings *made = settings (base, key_file, line, &error);
  ck_assert_msg (made != NULL, "%s", error != NULL ? error->message : "");
  return made;
}

static void
refuse (const char *base, const char *key_file, const char *line, const char *part)
{
  g_autoptr (GError) error = NULL;
  ck_assert_ptr_null (settings (base, key_file, line, &error));
  ck_assert_msg (strstr (error->message, part) != NULL, "%s", error->message);
}

START_TEST (defaults)
{
  char *base = fixture_new ();
  g_unsetenv ("xenmgr_datadir");
  g_autoptr (XmSettings) made = must (base, "", "");
  ck_assert_str_eq (made->bus, "system");
  ck_assert_str_eq (made->xl, "xl");
  ck_assert_uint_eq (made->timeouts[XL_TIMEOUT_QUERY], 10);
  ck_assert_uint_eq (made->timeouts[XL_TIMEOUT_QUICK], 30);
  ck_assert_uint_eq (made->timeouts[XL_TIMEOUT_SHUTDOWN], 90);
  ck_assert_uint_eq (made->timeouts[XL_TIMEOUT_BUILD], 300);
  ck_assert_uint_eq (made->max_parallel, 4);
  ck_assert_uint_eq (made->output_limit, 16 * 1024 * 1024);
  ck_assert (g_str_has_suffix (made->qmp_helper, "/qmp-helper"));
  ck_assert_str_eq (made->qmp_transport, "vchan");
  ck_assert (!made->debug);
  fixture_free (base);
}
END_TEST

START_TEST (options_beat_the_key_file)
{
  static const char key_file[] = "[bus]\naddress=session\n"
                                 "[paths]\nxl=/file/xl\nrun-dir=/file/run\n"
                                 "[timeouts]\nquery= 3 \nbuild=86400\n"
                                 "[limits]\nparallel-xl=64\noutput-mib=2\nrefresh-interval=0\n";
  char *base = fixture_new ();
  g_autoptr (XmSettings) made = must (base, key_file, "--xl /option/xl --state-dir /s --debug");
  ck_assert_str_eq (made->xl, "/option/xl");
  ck_assert_str_eq (made->run_dir, "/file/run");
  ck_assert_str_eq (made->state_dir, "/s");
  ck_assert_str_eq (made->bus, "session");
  ck_assert_uint_eq (made->timeouts[XL_TIMEOUT_QUERY], 3);
  ck_assert_uint_eq (made->timeouts[XL_TIMEOUT_BUILD], 86400);
  ck_assert_uint_eq (made->max_parallel, 64);
  ck_assert_uint_eq (made->output_limit, 2 * 1024 * 1024);
  ck_assert_uint_eq (made->refresh_interval, 0);
  ck_assert (made->debug);
  fixture_free (base);
}
END_TEST

START_TEST (bad_values_are_named)
{
  char *base = fixture_new ();
  refuse (base, "[timeouts]\nquery=0\n", "", "test.conf: [timeouts] query: ");
  refuse (base, "[timeouts]\nquery=86401\n", "", "[timeouts] query: ");
  refuse (base, "[timeouts]\nbuild=soon\n", "", "[timeouts] build: ");
  refuse (base, "[timeouts]\nbuild=\n", "", "[timeouts] build: ");
  refuse (base, "[limits]\nparallel-xl=-1\n", "", "[limits] parallel-xl: ");
  refuse (base, "[limits]\noutput-mib=1025\n", "", "[limits] output-mib: ");
  refuse (base, "[limits]\nparalel-xl=1\n", "", "[limits] paralel-xl: no such setting");
  refuse (base, "[path]\nxl=/x\n", "", "[path] xl: no such setting");
  refuse (base, "xl=/x\n", "", "test.conf: ");
  refuse (base, "[stubdomain]\nqmp-transport=smoke\n", "", "[stubdomain] qmp-transport: 'smoke'");
  refuse (base, "", "--no-such-option", "--no-such-option");
  refuse (base, "", "word", "unexpected argument word");
  refuse (base, "", "--config /no/such/file", "/no/such/file");
  fixture_free (base);
}
END_TEST

START_TEST (templates_by_environment)
{
  char *base = fixture_new ();
  g_setenv ("xenmgr_datadir", "/data", TRUE);
  g_autoptr (XmSettings) made = must (base, "", "");
  ck_assert (g_str_has_prefix (made->templates, "/data/templates/"));
  g_autoptr (XmSettings) given = must (base, "", "--templates /t");
  ck_assert_str_eq (given->templates, "/t");
  fixture_free (base);
}
END_TEST

START_TEST (reload)
{
  char *base = fixture_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (XmSettings) made =
      must (base, "[timeouts]\nquery=3\n[paths]\nxl=/a\n[networks]\n/n=one\n", "");

  /* Limits and bridges follow the file, paths stay. */
  fixture_write_file (base, "test.conf",
                      "[timeouts]\nquery=4\n[paths]\nxl=/b\n[networks]\n/n=two\n");
  ck_assert (xm_settings_reload (made, &error));
  ck_assert_uint_eq (made->timeouts[XL_TIMEOUT_QUERY], 4);
  ck_assert_str_eq (made->xl, "/a");
  g_autofree char *bridge = xm_settings_bridge (made, "/n");
  ck_assert_str_eq (bridge, "two");

  /* A bad file changes nothing, not even by its good lines. */
  fixture_write_file (base, "test.conf", "[timeouts]\nquery=5\nbuild=never\n");
  ck_assert (!xm_settings_reload (made, &error));
  ck_assert_ptr_nonnull (strstr (error->message, "[timeouts] build"));
  ck_assert_uint_eq (made->timeouts[XL_TIMEOUT_QUERY], 4);
  g_autofree char *kept = xm_settings_bridge (made, "/n");
  ck_assert_str_eq (kept, "two");

  /* Defaults come back for what is no longer set. */
  g_clear_error (&error);
  fixture_write_file (base, "test.conf", "");
  ck_assert (xm_settings_reload (made, &error));
  ck_assert_uint_eq (made->timeouts[XL_TIMEOUT_QUERY], 10);
  ck_assert_ptr_null (xm_settings_bridge (made, "/n"));
  fixture_free (base);
}
END_TEST

START_TEST (bridges)
{
  static const struct {
    const char *network, *bridge;
  } cases[] = {
    { "/wired/0/bridged", "mine" },
    { "/wired/1/bridged", "xenbr1" },
    { "/wired/12/bridged", "xenbr12" },
    { "/wired/x/bridged", NULL },
    { "/wired/-1/bridged", NULL },
    { "/wired/0/shared", NULL },
    { "/wired/0/bridged/x", NULL },
    { "/wifi/0/bridged", NULL },
    { "wired/0/bridged", NULL },
    { "", NULL },
    { "/a b", "br0" },
  };
  char *base = fixture_new ();
  g_autoptr (XmSettings) made = must (base, "[networks]\n/wired/0/bridged=mine\n/a b=br0\n", "");
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *bridge = xm_settings_bridge (made, cases[i].network);
    ck_assert_msg (g_strcmp0 (bridge, cases[i].bridge) == 0, "%s: %s", cases[i].network, bridge);
  }
  fixture_free (base);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("settings");
  TCase *tcase = tcase_create ("settings");
  tcase_add_test (tcase, defaults);
  tcase_add_test (tcase, options_beat_the_key_file);
  tcase_add_test (tcase, bad_values_are_named);
  tcase_add_test (tcase, templates_by_environment);
  tcase_add_test (tcase, reload);
  tcase_add_test (tcase, bridges);
  suite_add_tcase (suite, tcase);
  return run_suite (suite);
}
