/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The settings of the host: com.citrix.xenclient.xenmgr.config and .config.ui. */
#include <check.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

#include "service-fixture.h"
#include "shim/error.h"
#include "shim/root-config.h"
#include "store-fixture.h"
#include "test/unit/run-suite.h"

#define CONFIG XENMGR ".config"
#define UI     CONFIG ".ui"
#define FAILED "org.freedesktop.DBus.Error.Failed"

typedef struct {
  ServiceFixture *fixture;
  XmService *service;
  char *root; /* stands for / of the host */
} Host;

static Host host;

static void
set_up (void)
{
  host.fixture = service_fixture_new ();
  host.service = service_fixture_service (host.fixture);
  host.root = fixture_new ();
  service_fixture_set_host_root (host.fixture, host.root);
  service_fixture_signals (host.fixture);
}

static void
tear_down (void)
{
  service_fixture_free (host.fixture);
  fixture_free (host.root);
}

/* -- access ------------------------------------------------------------------------ */

static const char *
interface_of (const char *name)
{
  gsize n;
  const XmRootRow *rows = xm_root_config_rows (&n);
  gboolean ui = FALSE;
  for (gsize i = 0; i < n; i++) {
    ui |= g_str_equal (rows[i].name, "idle-time-threshold"); /* the first of them */
    if (g_str_equal (rows[i].name, name))
      return ui ? UI : CONFIG;
  }
  ck_abort_msg ("no row %s", name);
}

/* (transfer full): the value as text */
static char *
get (const char *name)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) value =
      service_fixture_get (host.fixture, "/", interface_of (name), name, &error);
  ck_assert_msg (value != NULL, "%s: %s", name, error != NULL ? error->message : "");
  return g_variant_print (value, FALSE);
}

static void
expect (const char *name, const char *text)
{
  g_autofree char *got = get (name);
  ck_assert_msg (g_str_equal (got, text), "%s is %s, not %s", name, got, text);
}

static void
set (const char *name, GVariant *value)
{
  g_autoptr (GError) error = NULL;
  gboolean done = service_fixture_set (host.fixture, "/", interface_of (name), name, value, &error);
  ck_assert_msg (done, "%s: %s", name, error != NULL ? error->message : "");
}

static void
get_fails (const char *name, const char *text)
{
  g_autoptr (GError) error = NULL;
  ck_assert_ptr_null (service_fixture_get (host.fixture, "/", interface_of (name), name, &error));
  g_autofree char *remote = g_dbus_error_get_remote_error (error);
  ck_assert_str_eq (remote, FAILED);
  g_dbus_error_strip_remote_error (error);
  ck_assert_str_eq (error->message, text);
}

static void
set_fails (const char *name, GVariant *value, const char *part)
{
  g_autoptr (GError) error = NULL;
  ck_assert (!service_fixture_set (host.fixture, "/", interface_of (name), name, value, &error));
  ck_assert_msg (strstr (error->message, part) != NULL, "%s: %s", name, error->message);
}

static void
store (const char *key, const char *text)
{
  ck_assert (xm_store_write (host.service->store, key, text, NULL));
}

static void
expect_stored (const char *key, const char *text)
{
  ck_assert_ptr_nonnull (key);
  const char *stored = xm_store_read (host.service->store, key);
  ck_assert_msg (g_strcmp0 (stored, text) == 0, "%s is %s", key, stored);
}

static guint
count_signals (const char *member)
{
  g_autofree char *line = g_strconcat (member, " ()", NULL);
  GPtrArray *signals = service_fixture_signals (host.fixture);
  guint n = 0;
  for (guint i = 0; i < signals->len; i++)
    n += g_str_equal (signals->pdata[i], line);
  return n;
}

/* @text: of a file of the host */
static void
write_host_file (const char *name, const char *text)
{
  g_autofree char *path = g_strconcat (host.root, name, NULL);
  g_autofree char *folder = g_path_get_dirname (path);
  ck_assert_int_eq (g_mkdir_with_parents (folder, 0755), 0);
  ck_assert (g_file_set_contents (path, text, -1, NULL));
}

static gboolean
host_file_exists (const char *name)
{
  g_autofree char *path = g_strconcat (host.root, name, NULL);
  return g_file_test (path, G_FILE_TEST_EXISTS);
}

static void
expect_host_file (const char *name, const char *text)
{
  g_autofree char *path = g_strconcat (host.root, name, NULL);
  g_autofree char *got = NULL;
  ck_assert_msg (g_file_get_contents (path, &got, NULL, NULL), "%s", path);
  ck_assert_str_eq (got, text);
}

/* -- the table --------------------------------------------------------------------- */

START_TEST (rows_fit_the_interfaces)
{
  gsize n;
  const XmRootRow *rows = xm_root_config_rows (&n);
  g_autoptr (GHashTable) names = g_hash_table_new (g_str_hash, g_str_equal);
  ck_assert_uint_eq (n, 43);
  for (gsize i = 0; i < n; i++) {
    ck_assert_msg (g_hash_table_add (names, (gpointer)rows[i].name), "%s twice", rows[i].name);
    g_autoptr (GVariant) value =
        g_variant_ref_sink (xm_root_config_get (host.service, &rows[i], NULL));
    const char type[] = { rows[i].type, 0 };
    ck_assert_str_eq (g_variant_get_type_string (value), rows[i].type == 'a' ? "as" : type);
    ck_assert_int_eq (rows[i].words != NULL, rows[i].other_word != NULL);
    ck_assert_msg (rows[i].source == XM_ROOT_FIXED || rows[i].key != NULL, "%s", rows[i].name);
  }
}
END_TEST

START_TEST (defaults)
{
  g_autofree char *isos = g_strdup_printf ("'%s/storage/isos'", host.root);
  g_autofree char *keys = g_strdup_printf ("'%s/config/platform-crypto-keys'", host.root);
  expect ("iso-path", isos);
  expect ("platform-crypto-key-dirs", keys);
  expect ("autostart", "true");
  expect ("bypass-sha1sum-checks", "false");
  expect ("guest-only-networking", "false");
  expect ("use-networking-domain", "true");
  expect ("secondary-gpu-pt", "true");
  expect ("configurable-save-changes-across-reboots", "true");
  expect ("dom0-mem-target-mib", "256");
  expect ("xc-diag-timeout", "180");
  expect ("measure-fail-action", "'forced-shutdown'");
  expect ("enable-ssh", "true");
  expect ("enable-argo-ssh", "true");
  expect ("enable-dom0-networking", "true");
  expect ("idle-time-threshold", "0");
  expect ("language", "'en-us'");
  expect ("supported-languages", "['en-us']");
  expect ("pointer-trail-timeout", "0");
  expect ("switcher-resistance", "10");
  expect ("switcher-enabled", "true");
  expect ("switcher-keyboard-follows-mouse", "false");
  expect ("switcher-self-switch-enabled", "false");
  expect ("view-type", "''");
  expect ("wallpaper", "'images/wallpapers/s9.png'");
}
END_TEST

static GVariant *
other_value (const XmRootRow *row)
{
  g_autofree char *before = get (row->name);
  switch (row->type) {
  case 'b':
    return g_variant_new_boolean (g_str_equal (before, "false"));
  case 'i':
    return g_variant_new_int32 (4711);
  default:
    return g_variant_new_string (row->words != NULL ? "reboot" : "some other text");
  }
}

/* Each kept in the store: set twice, read back, told or not, in the store under its key. */
START_TEST (stored_settings)
{
  gsize n;
  const XmRootRow *rows = xm_root_config_rows (&n);
  for (gsize i = 0; i < n; i++) {
    const XmRootRow *row = &rows[i];
    if (row->source != XM_ROOT_STORE || row->flags & XM_ROOT_READ_ONLY)
      continue;
    g_autoptr (GVariant) value = g_variant_ref_sink (other_value (row));
    g_autofree char *text = g_variant_print (value, FALSE);
    service_fixture_signals (host.fixture);
    set (row->name, value);
    expect (row->name, text);
    ck_assert_ptr_nonnull (xm_store_read (host.service->store, row->key));
    set (row->name, value); /* the same again: told again */
    expect (row->name, text);
    ck_assert_msg (count_signals ("config_changed") == (row->flags & XM_ROOT_SILENT ? 0 : 2), "%s",
                   row->name);
  }
}
END_TEST

START_TEST (read_only_settings)
{
  gsize n;
  const XmRootRow *rows = xm_root_config_rows (&n);
  guint seen = 0;
  for (gsize i = 0; i < n; i++) {
    if (!(rows[i].flags & XM_ROOT_READ_ONLY))
      continue;
    set_fails (rows[i].name,
               rows[i].type == 'b' ? g_variant_new_boolean (FALSE) : g_variant_new_strv (NULL, 0),
               "not writable");
    seen++;
  }
  ck_assert_uint_eq (seen, 6);
  store ("/xenmgr/bypass-sha1sum-checks", "true");
  expect ("bypass-sha1sum-checks", "true");
  store ("/xenmgr/guest-only-networking", "yes");
  expect ("guest-only-networking", "true");
}
END_TEST

/* -- forms of storing -------------------------------------------------------------- */

START_TEST (inverted)
{
  set ("vm-creation-allowed", g_variant_new_boolean (FALSE));
  expect_stored ("/vm-create-disallowed", "true");
  set ("vm-creation-allowed", g_variant_new_boolean (TRUE));
  expect_stored ("/vm-create-disallowed", NULL);
  store ("/ota-upgrades-disallowed", "false");
  expect ("ota-upgrades-allowed", "true");
  store ("/ota-upgrades-disallowed", "1");
  expect ("ota-upgrades-allowed", "false");
  set ("switcher-self-switch-enabled", g_variant_new_boolean (TRUE));
  expect_stored ("/switcher/self-switch-disabled", "false");
  expect ("switcher-self-switch-enabled", "true");
  set ("switcher-self-switch-enabled", g_variant_new_boolean (FALSE));
  expect_stored ("/switcher/self-switch-disabled", "true");
  expect ("switcher-self-switch-enabled", "false");
}
END_TEST

START_TEST (milliseconds_as_seconds)
{
  static const struct {
    int value;
    const char *stored;
  } cases[] = {
    { 1500, "1.500" },
    { 7, "0.007" },
    { 0, "0.000" },
    { -20, "-0.020" },
    { G_MAXINT32, "2147483.647" },
    { G_MININT32, "-2147483.648" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *text = g_strdup_printf ("%d", cases[i].value);
    set ("pointer-trail-timeout", g_variant_new_int32 (cases[i].value));
    expect_stored ("/xenmgr/pointerTrailTimeout", cases[i].stored);
    expect ("pointer-trail-timeout", text);
  }
  store ("/xenmgr/pointerTrailTimeout", "2.0e-2"); /* the original's form of small numbers */
  expect ("pointer-trail-timeout", "20");
  store ("/xenmgr/pointerTrailTimeout", "3");
  expect ("pointer-trail-timeout", "3000");
}
END_TEST

START_TEST (words)
{
  set ("measure-fail-action", g_variant_new_string ("idle-shutdown"));
  expect ("measure-fail-action", "'idle-shutdown'");
  set ("measure-fail-action", g_variant_new_string ("explode"));
  expect ("measure-fail-action", "'nothing'");
  expect_stored ("/xenmgr/measure-fail-action", "nothing");
}
END_TEST

START_TEST (without_effect)
{
  set ("idle-time-threshold", g_variant_new_int32 (5));
  expect ("idle-time-threshold", "0");
  ck_assert_uint_eq (count_signals ("config_changed"), 1);
}
END_TEST

START_TEST (long_texts)
{
  g_autofree char *fits = g_strnfill (65536, 'x');
  g_autofree char *longer = g_strnfill (65537, 'x');
  set ("wallpaper", g_variant_new_string (fits));
  set_fails ("wallpaper", g_variant_new_string (longer), "wallpaper: longer than 65536 bytes");
  expect_stored ("/xenmgr/wallpaper", fits);
}
END_TEST

/* What somebody wrote into the store by hand. */
START_TEST (stored_nonsense)
{
  store ("/xenmgr/autostart", "perhaps");
  get_fails ("autostart",
             "unexpected boolean text representation: perhaps while reading /xenmgr/autostart");
  store ("/xenmgr/svm-autostart-delay", "soon");
  get_fails ("svm-autostart-delay",
             "Prelude.read: no parse: soon while reading /xenmgr/svm-autostart-delay");
  store ("/dom0-mem-target-mib", "2147483648");
  get_fails ("dom0-mem-target-mib",
             "Prelude.read: no parse: 2147483648 while reading /dom0-mem-target-mib");
  store ("/xenmgr/measure-fail-action", "explode");
  get_fails ("measure-fail-action",
             "unexpected enumeration value: explode while reading /xenmgr/measure-fail-action");
  static const char *const numbers[] = { "", "x", "1x", "nan", "inf", "1e99", "99999999" };
  for (gsize i = 0; i < G_N_ELEMENTS (numbers); i++) {
    g_autofree char *text = g_strdup_printf (
        "Prelude.read: no parse: %s while reading /xenmgr/pointerTrailTimeout", numbers[i]);
    store ("/xenmgr/pointerTrailTimeout", numbers[i]);
    get_fails ("pointer-trail-timeout", text);
  }

  /* The others are still told. */
  g_autoptr (GVariant) answer =
      service_fixture_call (host.fixture, XENMGR, "/", "org.freedesktop.DBus.Properties", "GetAll",
                            g_variant_new ("(s)", CONFIG), NULL);
  ck_assert_ptr_nonnull (answer);
  g_autoptr (GVariant) values = g_variant_get_child_value (answer, 0);
  ck_assert_uint_eq (g_variant_n_children (values), 23 - 4);

  /* For the service's own parts the default counts, but where it would allow something. */
  gboolean allowed;
  g_autoptr (GError) error = NULL;
  ck_assert (xm_root_config_boolean (host.service, "autostart"));
  ck_assert_int_eq (xm_root_config_integer (host.service, "svm-autostart-delay"), 0);
  g_autofree char *action = xm_root_config_text (host.service, "measure-fail-action");
  ck_assert_str_eq (action, "forced-shutdown");
  store ("/vm-create-disallowed", "perhaps");
  ck_assert (!xm_root_config_allows (host.service, "vm-creation-allowed", &allowed, &error));
  ck_assert (g_error_matches (error, XM_ERROR, XM_ERROR_PLAIN));

  /* Setting it mends it. */
  set ("autostart", g_variant_new_boolean (FALSE));
  expect ("autostart", "false");
}
END_TEST

/* -- files of the host ------------------------------------------------------------- */

START_TEST (capabilities)
{
  write_host_file ("/etc/caps.default", "secondary-gpu-pt=false\n"
                                        "supported-languages = \"de-de  en-us fr-fr\"\n");
  expect ("secondary-gpu-pt", "false");
  expect ("configurable-save-changes-across-reboots", "true");
  expect ("supported-languages", "['de-de', 'en-us', 'fr-fr']");
  write_host_file ("/etc/caps.default", "secondary-gpu-pt=sometimes\nsupported-languages=\n");
  get_fails ("secondary-gpu-pt",
             "unexpected boolean text representation: sometimes while reading secondary-gpu-pt");
  expect ("supported-languages", "[]");
}
END_TEST

START_TEST (flags)
{
  static const struct {
    const char *name, *file;
  } cases[] = {
    { "enable-ssh", "/config/etc/ssh/sshd_not_to_be_run" },
    { "enable-argo-ssh", "/config/etc/ssh/argo_not_to_be_run" },
    { "enable-dom0-networking", "/config/system/dom0-networking-disabled" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    for (int times = 0; times < 2; times++) {
      set (cases[i].name, g_variant_new_boolean (FALSE));
      expect (cases[i].name, "false");
      expect_host_file (cases[i].file, "");
    }
    for (int times = 0; times < 2; times++) {
      set (cases[i].name, g_variant_new_boolean (TRUE));
      expect (cases[i].name, "true");
      ck_assert (!host_file_exists (cases[i].file));
    }
  }
  ck_assert_uint_eq (count_signals ("config_changed"), 0);
}
END_TEST

START_TEST (a_flag_that_cannot_be_made)
{
  write_host_file ("/config/etc", "in the way");
  set_fails ("enable-ssh", g_variant_new_boolean (FALSE), "223:IO error: ");
  expect ("enable-ssh", "true");
  set ("enable-ssh", g_variant_new_boolean (TRUE));
}
END_TEST

static void
set_command (XmCommand command, const char *program, const char *word)
{
  const char *const argv[] = { program, word, NULL };
  host.service->settings->commands[command] = g_strdupv ((char **)argv);
}

static void
on_set (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GVariant) answer =
      g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, NULL);
  ck_assert_ptr_nonnull (answer);
  --*(guint *)user_data;
}

/* The last call of many at once is the one that stays, and commands run in the order of calls. */
START_TEST (commands_in_order)
{
  g_autofree char *log = g_build_filename (host.root, "log", NULL);
  g_autofree char *script = g_build_filename (host.root, "ssh", NULL);
  g_autofree char *text =
      g_strdup_printf ("#!/bin/sh\nif [ -e %s/config/etc/ssh/sshd_not_to_be_run ]; then echo $1 -; "
                       "else echo $1 +; fi >>%s\n",
                       host.root, log);
  ck_assert (g_file_set_contents_full (script, text, -1, G_FILE_SET_CONTENTS_NONE, 0700, NULL));
  set_command (XM_COMMAND_SSH_ON, script, "on");
  set_command (XM_COMMAND_SSH_OFF, script, "off");
  guint left = 4;
  for (int i = 0; i < 4; i++)
    g_dbus_connection_call (
        service_fixture_client (host.fixture), XENMGR, "/", "org.freedesktop.DBus.Properties",
        "Set", g_variant_new ("(ssv)", CONFIG, "enable-ssh", g_variant_new_boolean (i % 2 != 0)),
        NULL, G_DBUS_CALL_FLAGS_NONE, G_MAXINT, NULL, on_set, &left);
  while (left > 0)
    g_main_context_iteration (NULL, TRUE);
  expect_host_file ("/log", "off -\non +\noff -\non +\n");
  expect ("enable-ssh", "true");
}
END_TEST

START_TEST (a_command_that_fails)
{
  set_command (XM_COMMAND_SSH_OFF, "/bin/false", "word");
  set_fails ("enable-ssh", g_variant_new_boolean (FALSE),
             "223:IO error: command: \"/bin/false word\" FAILED.");
  expect ("enable-ssh", "false");
  set ("enable-ssh", g_variant_new_boolean (TRUE));
  expect ("enable-ssh", "true");
}
END_TEST

START_TEST (language)
{
  write_host_file ("/etc/caps.default", "supported-languages=en-us de-de x'y\n");
  write_host_file ("/config/language.conf", "# mine\nLANGUAGE='fr-fr'\nKEYMAP=fr\n");
  expect ("language", "'fr-fr'");
  set ("language", g_variant_new_string ("de-de"));
  expect ("language", "'de-de'");
  expect_host_file ("/config/language.conf", "# mine\nKEYMAP=fr\nLANGUAGE='de-de'\n");
  GPtrArray *signals = service_fixture_signals (host.fixture);
  ck_assert_uint_eq (signals->len, 2);
  ck_assert_str_eq (signals->pdata[0], "config_changed ()");
  ck_assert_str_eq (signals->pdata[1], "language_changed ()");

  set_fails ("language", g_variant_new_string ("fr-fr"), "236:Unsupported language");
  set_fails ("language", g_variant_new_string (""), "236:Unsupported language");
  set_fails ("language", g_variant_new_string ("x'y"), "236:Unsupported language");
  ck_assert_uint_eq (service_fixture_signals (host.fixture)->len, 0);
  expect ("language", "'de-de'");

  write_host_file ("/config/language.conf", "LANGUAGE=\"en-us\"\n");
  expect ("language", "'en-us'");
}
END_TEST

START_TEST (language_without_a_file)
{
  set ("language", g_variant_new_string ("en-us"));
  expect_host_file ("/config/language.conf", "LANGUAGE='en-us'\n");
}
END_TEST

/* What is being set when the service ends is answered as failed, not forgotten. */
START_TEST (the_end_while_setting)
{
  for (int i = 0; i < 3; i++)
    g_dbus_connection_call (
        service_fixture_client (host.fixture), XENMGR, "/", "org.freedesktop.DBus.Properties",
        "Set", g_variant_new ("(ssv)", CONFIG, "enable-ssh", g_variant_new_boolean (i % 2 != 0)),
        NULL, G_DBUS_CALL_FLAGS_NONE, G_MAXINT, NULL, NULL, NULL);
  while (!host_file_exists ("/config/etc/ssh/sshd_not_to_be_run"))
    g_main_context_iteration (NULL, FALSE);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("root-config");
  TCase *tcase = tcase_create ("root-config");
  tcase_add_checked_fixture (tcase, set_up, tear_down);
  tcase_set_timeout (tcase, 60);
  tcase_add_test (tcase, rows_fit_the_interfaces);
  tcase_add_test (tcase, defaults);
  tcase_add_test (tcase, stored_settings);
  tcase_add_test (tcase, read_only_settings);
  tcase_add_test (tcase, inverted);
  tcase_add_test (tcase, milliseconds_as_seconds);
  tcase_add_test (tcase, words);
  tcase_add_test (tcase, without_effect);
  tcase_add_test (tcase, long_texts);
  tcase_add_test (tcase, stored_nonsense);
  tcase_add_test (tcase, capabilities);
  tcase_add_test (tcase, flags);
  tcase_add_test (tcase, a_flag_that_cannot_be_made);
  tcase_add_test (tcase, commands_in_order);
  tcase_add_test (tcase, a_command_that_fails);
  tcase_add_test (tcase, language);
  tcase_add_test (tcase, language_without_a_file);
  tcase_add_test (tcase, the_end_while_setting);
  suite_add_tcase (suite, tcase);
  return run_suite (suite);
}
