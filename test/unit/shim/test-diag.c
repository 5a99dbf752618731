/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* com.citrix.xenclient.xenmgr.diag: files from guests and status reports. */
#include <check.h>
#include <glib/gstdio.h>
#include <string.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "service-fixture.h"
#include "shim/diag-dir.h"
#include "shim/diag-gather.h"
#include "shim/diag-report.h"
#include "shim/error.h"
#include "shim/redact.h"
#include "store-fixture.h"
#include "test/unit/run-suite.h"

#define DIAG  XENMGR ".diag"
#define UUID  "8a3c1d5e-4f60-4b7a-9c21-0123456789ab"
#define OTHER "8a3c1d5e-4f60-4b7a-9c21-0123456789ac"
#define GUEST "{\"pv-addons-installed\":\"true\",\"type\":\"svm\"}"

static ServiceFixture *fixture;
static XmService *service;

static void
set_up (void)
{
  fixture = service_fixture_new ();
  service = service_fixture_service (fixture);
}

static void
tear_down (void)
{
  service_fixture_free (fixture);
}

/* -- calls ------------------------------------------------------------------------- */

typedef struct {
  gboolean answered;
  char *path, *error;
} Answer;

static void
on_answered (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Answer *answer = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) value =
      g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
  if (value != NULL) {
    g_variant_get (value, "(s)", &answer->path);
  } else {
    g_dbus_error_strip_remote_error (error);
    answer->error = g_strdup (error->message);
  }
  answer->answered = TRUE;
}

static void
begin (Answer *answer, const char *method, GVariant *parameters)
{
  *answer = (Answer){ 0 };
  g_dbus_connection_call (service_fixture_client (fixture), XENMGR, "/", DIAG, method, parameters,
                          NULL, G_DBUS_CALL_FLAGS_NONE, G_MAXINT, NULL, on_answered, answer);
}

static void
wait_answer (const Answer *answer)
{
  while (!answer->answered)
    g_main_context_iteration (NULL, TRUE);
}

/* (transfer full): what @method answers */
static char *
must_call (const char *method, GVariant *parameters)
{
  Answer answer;
  begin (&answer, method, parameters);
  wait_answer (&answer);
  ck_assert_msg (answer.path != NULL, "%s: %s", method, answer.error);
  return answer.path;
}

static void
must_fail (const char *method, GVariant *parameters, const char *text)
{
  g_autoptr (GError) error = NULL;
  ck_assert_ptr_null (
      service_fixture_call (fixture, XENMGR, "/", DIAG, method, parameters, &error));
  g_dbus_error_strip_remote_error (error);
  ck_assert_str_eq (error->message, text);
}

static void
gather (const char *name, const char *data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = service_fixture_call (fixture, XENMGR, "/", DIAG, "gather",
                                                      g_variant_new ("(ss)", name, data), &error);
  ck_assert_msg (answer != NULL, "%s: %s", name, error != NULL ? error->message : "");
}

static void
gather_fails (const char *name, const char *data, const char *text)
{
  must_fail ("gather", g_variant_new ("(ss)", name, data), text);
}

/* -- files ------------------------------------------------------------------------- */

static void
expect_file (const char *dir, const char *name, const char *text)
{
  g_autofree char *path = g_build_filename (dir, name, NULL);
  g_autofree char *got = NULL;
  struct stat info;
  ck_assert_msg (g_file_get_contents (path, &got, NULL, NULL), "%s", path);
  ck_assert_str_eq (got, text);
  ck_assert_int_eq (stat (path, &info), 0);
  ck_assert_int_eq (info.st_mode & 0777, 0600);
}

static guint
count_entries (const char *dir)
{
  g_autoptr (GDir) folder = g_dir_open (dir, 0, NULL);
  guint n = 0;
  while (folder != NULL && g_dir_read_name (folder) != NULL)
    n++;
  return n;
}

static XmVm *
add_guest (const char *uuid, const char *json, int domid)
{
  XmVm *vm = service_fixture_add_vm (fixture, uuid, json);
  vm->domid = domid;
  vm->state = XM_VM_RUNNING;
  return vm;
}

static void
stop (XmVm *vm)
{
  vm->domid = -1;
  vm->state = XM_VM_SHUTDOWN;
}

/* -- files from guests ------------------------------------------------------------- */

START_TEST (nothing_is_gathered)
{
  gather_fails ("a", "00", "216:Currently not gathering diagnostic information");
  g_autofree char *dir = must_call ("save", g_variant_new ("(s)", "mode"));
  struct stat info;
  ck_assert (g_str_has_prefix (dir, service->settings->run_dir));
  ck_assert_int_eq (stat (dir, &info), 0);
  ck_assert_int_eq (info.st_mode & 07777, 0700);
  ck_assert_uint_eq (count_entries (dir), 0);
  ck_assert_uint_eq (service_fixture_signals (fixture)->len, 0);
  gather_fails ("a", "00", "216:Currently not gathering diagnostic information");
}
END_TEST

START_TEST (files_of_two_guests)
{
  Answer saving;
  XmVm *one = add_guest (UUID, GUEST, 5), *two = add_guest (OTHER, GUEST, 6);
  begin (&saving, "save", g_variant_new ("(s)", "hello"));
  service_fixture_wait_signal (fixture, "gather_request");
  must_fail ("save", g_variant_new ("(s)", "x"),
             "diagnostic information is being gathered already");
  gather_fails ("", "00", "bad file name");
  gather_fails ("../x", "00", "bad file name");
  gather_fails ("a/b", "00", "bad file name");
  gather_fails (".", "00", "bad file name");
  gather_fails (".profile", "00", "bad file name");
  gather_fails ("a\nb", "00", "bad file name");
  gather_fails ("a", "0g", "unexpected char: 'g'");
  gather_fails ("a", "0\n", "unexpected char: '\\x0a'");
  gather_fails ("a", "012", "malformed bytes string");
  ck_assert (!saving.answered);
  gather ("diag.zip", "68616c6c6F0a");
  ck_assert (!saving.answered);
  gather ("diag.zip", "");
  wait_answer (&saving);
  ck_assert_ptr_nonnull (saving.path);
  expect_file (saving.path, "diag.zip", "hallo\n");
  expect_file (saving.path, "diag.zip.2", "");
  ck_assert_uint_eq (count_entries (saving.path), 2);
  g_free (saving.path);
  stop (one);
  stop (two);
}
END_TEST

/* Guests without tools send nothing; all are asked. */
START_TEST (nobody_to_wait_for)
{
  XmVm *vm = add_guest (UUID, "{\"type\":\"svm\"}", 5);
  g_free (must_call ("save", g_variant_new ("(s)", "hello")));
  GPtrArray *told = service_fixture_signals (fixture);
  ck_assert_uint_eq (told->len, 1);
  ck_assert_str_eq (told->pdata[0], "gather_request ('hello',)");
  stop (vm);
}
END_TEST

START_TEST (a_guest_that_sends_nothing)
{
  XmVm *vm = add_guest (UUID, GUEST, 5);
  ck_assert (xm_store_write (service->store, "/xenmgr/xc-diag-timeout", "0", NULL));
  g_autofree char *dir = must_call ("save", g_variant_new ("(s)", ""));
  ck_assert_uint_eq (count_entries (dir), 0);
  stop (vm);
}
END_TEST

START_TEST (a_guest_that_goes)
{
  Answer saving;
  XmVm *vm = add_guest (UUID, GUEST, 5);
  begin (&saving, "save", g_variant_new ("(s)", ""));
  service_fixture_wait_signal (fixture, "gather_request");
  stop (vm);
  g_signal_emit_by_name (service->domains, "refreshed");
  wait_answer (&saving);
  ck_assert_ptr_nonnull (saving.path);
  g_free (saving.path);
}
END_TEST

#define TOO_MUCH "too much diagnostic information: at most 256 files and 67108864 bytes"

START_TEST (too_many_files)
{
  Answer saving;
  XmVm *vm = add_guest (UUID, GUEST, 5);
  GString *json = g_string_new (NULL);
  XmVm *many[XM_DIAG_MAX_FILES];
  for (int i = 0; i < XM_DIAG_MAX_FILES; i++) {
    g_string_printf (json, "00000000-0000-0000-0000-%012d", i);
    many[i] = add_guest (json->str, GUEST, 100 + i);
  }
  begin (&saving, "save", g_variant_new ("(s)", ""));
  service_fixture_wait_signal (fixture, "gather_request");
  for (int i = 0; i < XM_DIAG_MAX_FILES; i++)
    gather ("same", "00");
  gather_fails ("same", "00", TOO_MUCH);
  ck_assert (!saving.answered);
  stop (vm);
  g_signal_emit_by_name (service->domains, "refreshed");
  wait_answer (&saving);
  ck_assert_uint_eq (count_entries (saving.path), XM_DIAG_MAX_FILES);
  g_free (saving.path);
  for (int i = 0; i < XM_DIAG_MAX_FILES; i++)
    stop (many[i]);
  g_string_free (json, TRUE);
}
END_TEST

START_TEST (too_many_bytes)
{
  Answer saving;
  XmVm *vm = add_guest (UUID, GUEST, 5), *other = add_guest (OTHER, GUEST, 6);
  g_autofree char *half = g_strnfill (XM_DIAG_MAX_BYTES, '0'); /* two digits a byte */
  begin (&saving, "save", g_variant_new ("(s)", ""));
  service_fixture_wait_signal (fixture, "gather_request");
  gather ("half", half);
  half[4] = 'x';
  gather_fails ("broken", half, "unexpected char: 'x'"); /* counts for nothing */
  half[4] = '0';
  g_autofree char *more = g_strconcat (half, "00", NULL);
  gather_fails ("more", more, TOO_MUCH);
  gather ("half", half);
  wait_answer (&saving);
  ck_assert_uint_eq (count_entries (saving.path), 2);
  g_free (saving.path);
  stop (vm);
  stop (other);
}
END_TEST

START_TEST (the_end_while_gathering)
{
  static Answer saving;
  add_guest (UUID, GUEST, 5);
  begin (&saving, "save", g_variant_new ("(s)", ""));
  service_fixture_wait_signal (fixture, "gather_request");
  stop (xm_vm_lookup (service, UUID));
}
END_TEST

static void
on_collected (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  ck_assert_ptr_null (xm_diag_collect_finish (result, &error));
  ck_assert (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
  *(gboolean *)user_data = TRUE;
}

/* Who asked has left: its files go, and another may ask. */
START_TEST (nobody_waits_any_more)
{
  gboolean ended = FALSE;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  XmVm *vm = add_guest (UUID, GUEST, 5), *other = add_guest (OTHER, GUEST, 6);
  xm_diag_collect_async (service, "", cancellable, on_collected, &ended);
  service_fixture_wait_signal (fixture, "gather_request");
  gather ("a", "00");
  g_cancellable_cancel (cancellable);
  while (!ended || count_entries (service->settings->diag_dir) > 0)
    g_main_context_iteration (NULL, FALSE);
  stop (vm);
  stop (other);
  g_free (must_call ("save", g_variant_new ("(s)", "")));
}
END_TEST

/* -- directories ------------------------------------------------------------------- */

START_TEST (only_a_few_are_kept)
{
  g_autofree char *base = g_build_filename (service->settings->run_dir, "kept", NULL);
  g_autofree char *foreign = g_build_filename (base, "sort-more-than-six", NULL);
  g_autofree char *first = xm_diag_dir_new (base, "sort", NULL);
  ck_assert_ptr_nonnull (first);
  ck_assert_int_eq (g_mkdir (foreign, 0700), 0);
  ck_assert (xm_diag_dir_write (first, "file", "x", 1, NULL));
  const struct timespec old[2] = { { .tv_sec = 1 }, { .tv_sec = 1 } };
  ck_assert_int_eq (utimensat (AT_FDCWD, first, old, 0), 0);
  for (int i = 0; i < 5; i++)
    g_free (xm_diag_dir_new (base, "sort", NULL));
  ck_assert_uint_eq (count_entries (base), XM_DIAG_DIRS_KEPT + 1);
  ck_assert (!g_file_test (first, G_FILE_TEST_EXISTS));
  ck_assert (g_file_test (foreign, G_FILE_TEST_EXISTS));
  g_free (xm_diag_dir_new (base, "other", NULL));
  ck_assert_uint_eq (count_entries (base), XM_DIAG_DIRS_KEPT + 2);
}
END_TEST

START_TEST (links_are_not_followed)
{
  g_autofree char *dir = xm_diag_dir_new (service->settings->run_dir, "x", NULL);
  g_autofree char *target = g_build_filename (service->settings->run_dir, "target", NULL);
  g_autofree char *link = g_build_filename (dir, "link", NULL);
  ck_assert_int_eq (symlink (target, link), 0);
  ck_assert (xm_diag_dir_write (dir, "link", "x", 1, NULL));
  ck_assert (!g_file_test (target, G_FILE_TEST_EXISTS));
  expect_file (dir, "link.2", "x");
  ck_assert (g_file_set_contents (target, "stays", -1, NULL));
  xm_diag_dir_remove (dir);
  ck_assert (!g_file_test (dir, G_FILE_TEST_EXISTS));
  ck_assert (g_file_test (target, G_FILE_TEST_EXISTS));
}
END_TEST

/* -- reports ----------------------------------------------------------------------- */

static GVariant *
report_arguments (gboolean guests, const char *summary)
{
  return g_variant_new ("(bbssss)", TRUE, guests, summary, "a < b", "1. & 2.", "T\"1");
}

/* (transfer full): @file of the tarball @path */
static char *
unpack (const char *path, const char *file)
{
  g_autofree char *base = g_path_get_basename (path);
  g_autofree char *name = g_strndup (base, strlen (base) - strlen (".tar.gz"));
  g_autofree char *member = g_strconcat (name, "/", file, NULL);
  const char *const argv[] = { "tar", "-xzOf", path, member, NULL };
  char *text = NULL;
  int status;
  ck_assert (g_spawn_sync (NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &text, NULL,
                           &status, NULL));
  ck_assert_msg (status == 0, "%s", member);
  return text;
}

static void
expect_part (const char *path, const char *file, const char *part)
{
  g_autofree char *text = unpack (path, file);
  ck_assert_msg (strstr (text, part) != NULL, "%s: %s", file, text);
}

START_TEST (a_report)
{
  struct stat info;
  service_fixture_add_vm (fixture, UUID, "{\"name\":\"a name\",\"x\":{\"password\":\"geheim\"}}");
  ck_assert (xm_store_write (service->store, "/dom-store/" UUID "/key", "private", NULL));
  g_autofree char *path =
      must_call ("create_status_report", report_arguments (FALSE, "it </summary> fails"));
  ck_assert (g_str_has_prefix (path, service->settings->diag_dir));
  ck_assert (g_str_has_suffix (path, ".tar.gz"));
  ck_assert_int_eq (stat (path, &info), 0);
  expect_part (path, "user-report.xml", "<summary>it &lt;/summary&gt; fails</summary>");
  expect_part (path, "user-report.xml", "<description>a &lt; b</description>");
  expect_part (path, "service.txt", UUID " domid -1, shutdown, acpi-state 5");
  expect_part (path, "service.txt", "screenshots: none");
  expect_part (path, "store.json", "\"name\": \"a name\"");
  expect_part (path, "store.json", "\"password\": \"removed\"");
  expect_part (path, "xl-list.txt", "Domain-0");
  g_autofree char *store = unpack (path, "store.json");
  ck_assert_ptr_null (strstr (store, "geheim"));
  ck_assert_ptr_null (strstr (store, "private"));
  g_free (unpack (path, "xl-info.txt"));
  g_free (unpack (path, "xl-list.json"));
  g_free (unpack (path, "xl-dmesg.txt"));
  g_free (unpack (path, "log.txt"));
}
END_TEST

START_TEST (a_report_with_files_from_guests)
{
  Answer reporting;
  XmVm *vm = add_guest (UUID, GUEST, 5);
  begin (&reporting, "create_status_report", report_arguments (TRUE, ""));
  service_fixture_wait_signal (fixture, "gather_request");
  must_fail ("create_status_report", report_arguments (TRUE, ""),
             "a status report is being made already");
  gather ("from-guest", "6162");
  wait_answer (&reporting);
  ck_assert_msg (reporting.path != NULL, "%s", reporting.error);
  expect_part (reporting.path, "guests/from-guest", "ab");
  g_free (reporting.path);
  stop (vm);
}
END_TEST

START_TEST (a_report_of_the_hosts_own_tool)
{
  g_autofree char *script = g_build_filename (service->settings->run_dir, "status-tool", NULL);
  ck_assert (g_file_set_contents_full (script,
                                       "#!/bin/sh\n"
                                       "grep -q '<summary>it</summary>' \"$XM_USER_REPORT\" && "
                                       "echo \"/made/by $*\"\n",
                                       -1, G_FILE_SET_CONTENTS_NONE, 0700, NULL));
  const char *const argv[] = { script, "word", NULL };
  service->settings->commands[XM_COMMAND_STATUS_REPORT] = g_strdupv ((char **)argv);
  g_autofree char *path = must_call ("create_status_report", report_arguments (FALSE, "it"));
  ck_assert_str_eq (path,
                    "/made/by word --screenshots --no-vm-diagnostics --quiet --print-tarball");
  g_autofree char *text =
      g_strdup_printf ("223:IO error: command: \"%s word --screenshots --no-vm-diagnostics --quiet "
                       "--print-tarball\" FAILED.",
                       script);
  must_fail ("create_status_report", report_arguments (FALSE, "other"), text);
}
END_TEST

START_TEST (reports_are_bounded)
{
  g_autofree char *text = g_strnfill (XM_DIAG_MAX_TEXT + 1, 'x');
  must_fail ("create_status_report", report_arguments (FALSE, text),
             "summary: longer than 65536 bytes");
  for (int i = 0; i < XM_DIAG_DIRS_KEPT + 2; i++)
    g_free (must_call ("create_status_report", report_arguments (FALSE, "")));
  ck_assert_uint_eq (count_entries (service->settings->diag_dir), XM_DIAG_DIRS_KEPT);
}
END_TEST

START_TEST (a_report_that_cannot_be_made)
{
  g_free (service->settings->diag_dir);
  service->settings->diag_dir = g_strdup ("/dev/null/x");
  must_fail ("create_status_report", report_arguments (FALSE, ""),
             "223:IO error: /dev/null/x: createDirectory: inappropriate type (Not a directory)");
  must_fail ("save", g_variant_new ("(s)", ""),
             "223:IO error: /dev/null/x: createDirectory: inappropriate type (Not a directory)");
}
END_TEST

START_TEST (the_end_while_reporting)
{
  static Answer reporting;
  begin (&reporting, "create_status_report", report_arguments (FALSE, ""));
  while (!service->diag_reporting)
    g_main_context_iteration (NULL, TRUE);
}
END_TEST

/* -- the rest ---------------------------------------------------------------------- */

START_TEST (the_screen)
{
  must_fail ("status_report_screen", g_variant_new ("(b)", TRUE), "no graphics fallback vm");
  XmVm *vm = service_fixture_add_vm (fixture, UUID, "{\"provides-graphics-fallback\":\"true\"}");
  must_fail ("status_report_screen", g_variant_new ("(b)", TRUE), "no graphics fallback domain");
  vm->domid = 5;
  g_autoptr (GError) error = NULL;
  ck_assert_ptr_null (service_fixture_call (fixture, XENMGR, "/", DIAG, "status_report_screen",
                                            g_variant_new ("(b)", TRUE), &error));
  g_dbus_error_strip_remote_error (error);
  ck_assert_msg (g_str_has_prefix (error->message, "223:IO error: "), "%s", error->message);
  vm->domid = -1;
}
END_TEST

START_TEST (the_upload_service)
{
  static const char text[] = "243:Network issue detected, please check your internet connection";
  must_fail ("taas_agree_terms", g_variant_new ("(sss)", "u", "p", "1"), text);
  must_fail ("taas_authenticate_credentials", g_variant_new ("(ss)", "u", "p"), text);
  must_fail ("taas_upload", g_variant_new ("(ssss)", "u", "p", "1", "/f"), text);
}
END_TEST

START_TEST (redaction)
{
  static const struct {
    const char *text, *expected;
  } cases[] = {
    { "{\"a\":{\"vncPassword\":\"x\",\"b\":[{\"API-Token\":[1]}]},\"c\":\"d\"}",
      "{\n  \"a\": {\n    \"vncPassword\": \"removed\",\n    \"b\": [\n      {\n        "
      "\"API-Token\": \"removed\"\n      }\n    ]\n  },\n  \"c\": \"d\"\n}" },
    { "{\"password\":\"true\",\"value\":\"x\"}",
      "{\n  \"password\": \"true\",\n  \"value\": \"removed\"\n}" },
    { "{\"password\":\"false\",\"value\":\"x\"}",
      "{\n  \"password\": \"false\",\n  \"value\": \"x\"\n}" },
    { "{\"passwd\":null,\"secret\":\"\"}", "{\n  \"passwd\": null,\n  \"secret\": \"\"\n}" },
    { "{\"dom-store\":{\"u\":{\"k\":\"v\"}}}", "{\n  \"dom-store\": \"removed\"\n}" },
    { "\"text\"", "\"text\"" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *got = xm_redact_json (cases[i].text);
    ck_assert_str_eq (got, cases[i].expected);
  }
  ck_assert_ptr_null (xm_redact_json ("{\"password\":"));
  ck_assert_ptr_null (xm_redact_json (""));
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("diag");
  TCase *tcase = tcase_create ("diag");
  tcase_add_checked_fixture (tcase, set_up, tear_down);
  tcase_set_timeout (tcase, 600); /* valgrind takes its time over so many bytes */
  tcase_add_test (tcase, nothing_is_gathered);
  tcase_add_test (tcase, files_of_two_guests);
  tcase_add_test (tcase, nobody_to_wait_for);
  tcase_add_test (tcase, a_guest_that_sends_nothing);
  tcase_add_test (tcase, a_guest_that_goes);
  tcase_add_test (tcase, too_many_files);
  tcase_add_test (tcase, too_many_bytes);
  tcase_add_test (tcase, the_end_while_gathering);
  tcase_add_test (tcase, nobody_waits_any_more);
  tcase_add_test (tcase, only_a_few_are_kept);
  tcase_add_test (tcase, links_are_not_followed);
  tcase_add_test (tcase, a_report);
  tcase_add_test (tcase, a_report_with_files_from_guests);
  tcase_add_test (tcase, a_report_of_the_hosts_own_tool);
  tcase_add_test (tcase, reports_are_bounded);
  tcase_add_test (tcase, a_report_that_cannot_be_made);
  tcase_add_test (tcase, the_end_while_reporting);
  tcase_add_test (tcase, the_screen);
  tcase_add_test (tcase, the_upload_service);
  tcase_add_test (tcase, redaction);
  suite_add_tcase (suite, tcase);
  return run_suite (suite);
}
