/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "peer.h"
#include "shim/error.h"
#include "test/unit/run-suite.h"
#include "xlwrap/xl-error.h"

/* The texts are what scripts match, so they are written out here once more. */

static GError *
make_xl_error (XlErrorCode code, const char *message, const char *words)
{
  static const char *const argv[] = { "xl", "create", "x.cfg", NULL };
  GError *error = g_error_new_literal (XL_ERROR, (int)code, message);

  xl_error_set_command (error, argv, 1, words);
  return error;
}

static void
assert_from_xl (GError *cause, const char *text, int code, const char *message)
{
  g_autoptr (GError) error = xm_error_from_xl (cause, text);

  ck_assert_int_eq (error->domain, XM_ERROR);
  ck_assert_int_eq (error->code, code);
  ck_assert_str_eq (error->message, message);
}

static char *
read_capture (const char *name)
{
  g_autofree char *path = g_build_filename (FIXTURES, "xl", name, NULL);
  char *text = NULL;

  ck_assert_msg (g_file_get_contents (path, &text, NULL, NULL), "%s", path);
  return text;
}

START_TEST (coded_texts)
{
  static const struct {
    XmErrorCode code;
    const char *message;
  } cases[] = {
    { XM_ERROR_MEMORY, "101:Not enough free memory!" },
    { XM_ERROR_HIBERNATE, "201:Failed to hibernate VM" },
    { XM_ERROR_POLICY_MODIFY, "202:Editing of properties is disabled by this VM's active policy" },
    { XM_ERROR_REMOVE_RUNNING, "204:Cannot remove running VM" },
    { XM_ERROR_TOO_MANY_VMS, "205:Too many VMS" },
    { XM_ERROR_NO_SUCH_DISK, "206:No such disk" },
    { XM_ERROR_PV_ADDONS, "213:Performing this action requires PV addons installed inside VM" },
    { XM_ERROR_POLICY, "220:Action suppressed by active policy settings" },
    { XM_ERROR_NO_SUCH_NIC, "222:No such NIC" },
    { XM_ERROR_NO_BACKEND, "232:Network backend domain is not running" },
    { XM_ERROR_OEM_ACPI_IN_USE,
      "233:Cannot stat VM - another VM with oem acpi features is already running" },
    { XM_ERROR_CASE_ID, "244:A generic error occured, please check your case ID" },
    { XM_ERROR_LEGAL_TERMS, "246:User has not agreed to the latest version of the legal terms" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;

    xm_error_set (&error, cases[i].code);
    ck_assert (g_error_matches (error, XM_ERROR, (int)cases[i].code));
    ck_assert_str_eq (error->message, cases[i].message);
  }
}
END_TEST

/* Every number that the interface knows has a text. */
START_TEST (all_codes_have_a_text)
{
  static const int unused[] = { 209, 210, 211, 218, 241 };

  for (int code = 201; code <= 246; code++) {
    g_autoptr (GError) error = NULL;
    g_autofree char *start = g_strdup_printf ("%d:", code);
    gboolean used = TRUE;

    for (gsize i = 0; i < G_N_ELEMENTS (unused); i++)
      used = used && unused[i] != code;
    if (!used)
      continue;
    xm_error_set (&error, (XmErrorCode)code);
    ck_assert_msg (error != NULL, "%d", code);
    ck_assert (g_str_has_prefix (error->message, start));
    ck_assert_uint_gt (strlen (error->message), strlen (start));
  }
}
END_TEST

START_TEST (texts_about_something)
{
  g_autoptr (GError) gpu = NULL;
  g_autoptr (GError) device = NULL;
  g_autoptr (GError) io = NULL;
  g_autoptr (GError) plain = NULL;
  g_autoptr (GError) missing = NULL;

  xm_error_set_about (&gpu, XM_ERROR_UNKNOWN_GPU, "%s%n");
  ck_assert_str_eq (gpu->message, "234:Unknown GPU \"%s%n\"");
  xm_error_set_about (&device, XM_ERROR_DEVICE_IN_USE, "0000:00:1b.0 Audio");
  ck_assert_str_eq (
      device->message,
      "230:Device '0000:00:1b.0 Audio' is currently being passed through to another VM.");
  xm_error_set_io (&io, "command: \"%s\" FAILED.", "a b");
  ck_assert_str_eq (io->message, "223:IO error: command: \"a b\" FAILED.");
  xm_error_set_plain (&plain, "no vm with uuid %s", "X");
  ck_assert_str_eq (plain->message, "no vm with uuid X");
  xm_error_set_file (&missing, "/t/x", "openFile", ENOENT);
  ck_assert_str_eq (missing->message,
                    "223:IO error: /t/x: openFile: does not exist (No such file or directory)");
  xm_error_set_io (NULL, "nobody listens");
}
END_TEST

START_TEST (xl_words_are_quoted_in_one_line)
{
  g_autofree char *kernel = read_capture ("pv1/create-missing-kernel.err");
  g_autoptr (GError) error = NULL;

  assert_from_xl (
      make_xl_error (XL_ERROR_EXIT, "m", "Parsing config from /a\nline \"1\"\n\nline\t2\\\n"), NULL,
      XM_ERROR_IO, "223:IO error: \"line \\\"1\\\"<br>line\\t2\\\\\"");
  assert_from_xl (make_xl_error (XL_ERROR_REPORTED, "m", "caf\xc3\xa9 \x1b\x0eH\x01\x7f"), NULL,
                  XM_ERROR_IO, "223:IO error: \"caf\xc3\xa9 \\ESC\\SO\\&H\\SOH\\DEL\"");

  error = xm_error_from_xl (make_xl_error (XL_ERROR_EXIT, "m", kernel), NULL);
  ck_assert (g_str_has_prefix (error->message,
                               "223:IO error: \"xc: error: panic: xg_dom_core.c:205: failed to "
                               "open file '/nope/vmlinuz': No such file or directory: Internal "
                               "error<br>libxl: error: "));
  ck_assert (g_str_has_suffix (error->message, "Destruction of domain failed\""));
  ck_assert_ptr_null (strchr (error->message, '\n'));
}
END_TEST

START_TEST (a_given_text_replaces_xls_words)
{
  assert_from_xl (make_xl_error (XL_ERROR_EXIT, "m", "words"), "Error destroying domain.",
                  XM_ERROR_IO, "223:IO error: \"Error destroying domain.\"");
}
END_TEST

START_TEST (without_words_the_failure_itself_is_told)
{
  assert_from_xl (
      make_xl_error (XL_ERROR_EXIT, "xl create ended with status 1", "Parsing config from /a\n"),
      NULL, XM_ERROR_IO, "223:IO error: \"xl create ended with status 1\"");
  assert_from_xl (make_xl_error (XL_ERROR_TIMEOUT, "xl create did not end within 300 s", "words"),
                  "Error creating domain.", XM_ERROR_IO,
                  "223:IO error: \"xl create did not end within 300 s\"");
  assert_from_xl (make_xl_error (XL_ERROR_SIGNAL, "xl create was ended by signal 11", ""), NULL,
                  XM_ERROR_IO, "223:IO error: \"xl create was ended by signal 11\"");
}
END_TEST

START_TEST (lack_of_memory_has_its_own_code)
{
  g_autofree char *words = read_capture ("pv1/create-too-much-memory.err");

  assert_from_xl (make_xl_error (XL_ERROR_EXIT, "m", words), NULL, XM_ERROR_MEMORY,
                  "101:Not enough free memory!");
  assert_from_xl (
      make_xl_error (XL_ERROR_EXIT, "m", "libxl: error: failed to free memory for the domain\n"),
      "Error creating domain.", XM_ERROR_MEMORY, "101:Not enough free memory!");
}
END_TEST

START_TEST (endless_words_are_cut)
{
  g_autofree char *words = g_strnfill (1000 * 1000, 'x');
  g_autoptr (GString) wide = g_string_new ("a");
  g_autoptr (GError) error = xm_error_from_xl (make_xl_error (XL_ERROR_EXIT, "m", words), NULL);
  g_autoptr (GError) other = NULL;

  ck_assert_uint_lt (strlen (error->message), 17000);
  ck_assert (g_str_has_suffix (error->message, "xxx...\""));
  while (wide->len < 16386)
    g_string_append (wide, "\xe2\x82\xac");
  other = xm_error_from_xl (make_xl_error (XL_ERROR_EXIT, "m", wide->str), NULL);
  ck_assert (g_utf8_validate (other->message, -1, NULL));
  ck_assert (g_str_has_suffix (other->message, "\xe2\x82\xac...\""));
}
END_TEST

START_TEST (own_errors_pass_through)
{
  GError *error = NULL;

  xm_error_set (&error, XM_ERROR_POLICY);
  assert_from_xl (error, "text", XM_ERROR_POLICY,
                  "220:Action suppressed by active policy settings");
  error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "Operation was cancelled");
  assert_from_xl (error, "text", XM_ERROR_IO, "223:IO error: \"Operation was cancelled\"");
}
END_TEST

/* On the wire -------------------------------------------------------------------- */

static const char xml[] =
    "<node><interface name='test.Errors'><method name='Fail'/></interface></node>";

static void
answer_fail (const char *method,
             GVariant *parameters,
             GDBusMethodInvocation *invocation,
             gpointer user_data)
{
  xm_error_return (invocation, user_data);
}

static void
assert_on_wire (GError *error, const char *name, const char *message)
{
  Peer *peer = peer_new (xml, answer_fail, error);
  g_autoptr (GError) received = NULL;
  g_autofree char *received_name = NULL;

  ck_assert_ptr_null (peer_call (peer, "Fail", NULL, &received));
  received_name = g_dbus_error_get_remote_error (received);
  ck_assert_str_eq (received_name, name);
  g_dbus_error_strip_remote_error (received);
  ck_assert_str_eq (received->message, message);
  peer_free (peer);
}

START_TEST (names_on_the_wire)
{
  static const char failed[] = "org.freedesktop.DBus.Error.Failed";
  GError *error = NULL;

  xm_error_set (&error, XM_ERROR_TOO_MANY_VMS);
  assert_on_wire (error, failed, "205:Too many VMS");
  error = NULL;
  xm_error_set_plain (&error, "no vm with uuid X");
  assert_on_wire (error, failed, "no vm with uuid X");
  assert_on_wire (g_error_new (G_IO_ERROR, G_IO_ERROR_NO_SPACE, "/db.tmp: No space left on device"),
                  failed, "223:IO error: /db.tmp: No space left on device");
  assert_on_wire (g_error_new (G_FILE_ERROR, G_FILE_ERROR_NOENT, "bad \xff"), failed,
                  "223:IO error: bad \xef\xbf\xbd");
  assert_on_wire (make_xl_error (XL_ERROR_EXIT, "m", "words"), failed, "223:IO error: \"words\"");
  assert_on_wire (g_dbus_error_new_for_dbus_error ("test.Error", "text"), failed,
                  "223:IO error: text");
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("error");
  TCase *tests = tcase_create ("error");

  tcase_add_test (tests, coded_texts);
  tcase_add_test (tests, all_codes_have_a_text);
  tcase_add_test (tests, texts_about_something);
  tcase_add_test (tests, xl_words_are_quoted_in_one_line);
  tcase_add_test (tests, a_given_text_replaces_xls_words);
  tcase_add_test (tests, without_words_the_failure_itself_is_told);
  tcase_add_test (tests, lack_of_memory_has_its_own_code);
  tcase_add_test (tests, endless_words_are_cut);
  tcase_add_test (tests, own_errors_pass_through);
  tcase_add_test (tests, names_on_the_wire);
  suite_add_tcase (suite, tests);
  return run_suite (suite);
}
