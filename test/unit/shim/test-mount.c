/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mount(8) and umount(8) are the test's own: they note how they were called and do as told. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "script-fixture.h"
#include "service-fixture.h"
#include "shim/error.h"
#include "shim/mount.h"
#include "store-fixture.h"
#include "test/unit/run-suite.h"

static ServiceFixture *fixture;
static XmService *service;
static char *scripts;

static void
set_up (void)
{
  scripts = scripts_new ();
  scripts_search (scripts);
  fixture = service_fixture_new ();
  service = service_fixture_service (fixture);
  service_fixture_set_host_root (fixture, scripts);
  fixture_write_file (scripts, "proc/self/mountinfo", "");
}

static void
tear_down (void)
{
  service_fixture_free (fixture);
  fixture_free (scripts);
}

static void
assert_calls (const char *text)
{
  g_autofree char *calls = fixture_read_file (scripts, "calls");
  ck_assert_str_eq (calls != NULL ? calls : "", text);
}

static void
on_ended (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **)user_data = g_object_ref (result);
}

static gboolean
mount_it (XmMountFlags flags, GCancellable *cancellable, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;
  xm_mount_async (service, "/dev/loop3", "/mnt/x y", flags, cancellable, on_ended, &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  return xm_mount_finish (result, error);
}

START_TEST (the_table_is_read)
{
  fixture_write_file (
      scripts, "proc/self/mountinfo",
      "21 27 0:19 / /sys rw,nosuid shared:7 - sysfs sysfs rw\n"
      "30 27 7:3 / /mnt/x\\040y ro,nodev shared:8 master:1 - ext4 /dev/loop3 rw,errors=continue\n"
      "31 27 7:4 /sub /mnt/z rw - fuseblk /dev/nbd0p1 ro\n"
      "truncated line\n"
      "32 27 7:5 / /mnt/q rw - ext4\n"
      "\n");
  g_autoptr (GPtrArray) table = xm_mounted_list (service);
  ck_assert_uint_eq (table->len, 3);
  const XmMounted *mounted = xm_mounted_find (table, "/dev/loop3", "/mnt/x y");
  ck_assert_ptr_nonnull (mounted);
  ck_assert (mounted->writable); /* it is the file system that counts */
  ck_assert_ptr_eq (xm_mounted_find (table, NULL, "/mnt/x y"), mounted);
  ck_assert_ptr_null (xm_mounted_find (table, "/dev/loop3", "/mnt/x"));
  mounted = xm_mounted_find (table, "/dev/nbd0p1", NULL);
  ck_assert_str_eq (mounted->dir, "/mnt/z");
  ck_assert (!mounted->writable);
}
END_TEST

START_TEST (a_private_tmp)
{
  g_autoptr (GError) error = NULL;
  fixture_write_file (scripts, "proc/self/mountinfo",
                      "21 27 0:19 / /dev rw shared:7 - devtmpfs dev rw\n"
                      "30 27 7:3 /tmp/systemd-private-07-xenmgr-xl.service-Qx/tmp /tmp rw - ext4 "
                      "/dev/vda rw\n"
                      "31 27 7:3 / /var/tmpfs rw - tmpfs tmpfs rw\n");
  ck_assert (xm_mounted_check_shared (service, "/tmpfile", NULL));
  ck_assert (xm_mounted_check_shared (service, "/srv/tmp/x", NULL));
  ck_assert (xm_mounted_check_shared (service, "/var/tmpfs/x", NULL));
  ck_assert (xm_mounted_check_shared (service, "/tmp/../srv/x", NULL));
  ck_assert (!xm_mounted_check_shared (service, "/tmp", NULL));
  ck_assert (!xm_mounted_check_shared (service, "/srv/../tmp//x", &error));
  ck_assert_str_eq (error->message,
                    "223:IO error: /srv/../tmp//x: the service has a /tmp of its own");
}
END_TEST

START_TEST (options)
{
  script_noting (scripts, "mount", "");
  ck_assert (mount_it (0, NULL, NULL));
  ck_assert (mount_it (XM_MOUNT_READ_ONLY, NULL, NULL));
  ck_assert (mount_it (XM_MOUNT_READ_ONLY | XM_MOUNT_LOOK, NULL, NULL));
  assert_calls ("mount -o rw,nosuid,nodev -- /dev/loop3 /mnt/x y\n"
                "mount -o ro,nosuid,nodev -- /dev/loop3 /mnt/x y\n"
                "mount -i -o ro,nosuid,nodev,noexec -- /dev/loop3 /mnt/x y\n");
}
END_TEST

START_TEST (an_unclean_file_system_can_be_read)
{
  script_noting (scripts, "mount", "[[ $2 == *norecovery* ]] || { echo dirty >&2; exit 32; }");
  ck_assert (mount_it (XM_MOUNT_READ_ONLY, NULL, NULL));
  assert_calls ("mount -o ro,nosuid,nodev -- /dev/loop3 /mnt/x y\n"
                "mount -o ro,nosuid,nodev,norecovery -- /dev/loop3 /mnt/x y\n");

  g_autoptr (GError) error = NULL;
  script_noting (scripts, "mount", "echo dirty >&2; exit 32");
  ck_assert (!mount_it (0, NULL, &error));
  ck_assert_str_eq (error->message,
                    "223:IO error: command: \"mount -o rw,nosuid,nodev -- /dev/loop3 /mnt/x y\" "
                    "FAILED.");
}
END_TEST

static void
on_cancel (GObject *source, GAsyncResult *result, gpointer user_data)
{
  ck_assert (!xm_mount_finish (result, user_data));
}

START_TEST (what_a_killed_mount_did_is_undone)
{
  Channel begun = channel_new (scripts, "begun");
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  script_noting (scripts, "mount",
                 "echo '30 27 7:3 / /mnt/x\\040y rw - ext4 /dev/loop3 rw' >$T/proc/self/mountinfo\n"
                 "echo begun >$T/begun; sleep 1000");
  script_noting (scripts, "umount", "");
  xm_mount_async (service, "/dev/loop3", "/mnt/x y", 0, cancellable, on_cancel, &error);
  channel_expect (&begun, "begun");
  g_cancellable_cancel (cancellable);
  while (error == NULL)
    g_main_context_iteration (NULL, TRUE);
  ck_assert (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
  assert_calls ("mount -o rw,nosuid,nodev -- /dev/loop3 /mnt/x y\numount -- /mnt/x y\n");
  channel_close (&begun);
}
END_TEST

static gboolean
umount_it (GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;
  xm_umount_async (service, "/mnt/x y", on_ended, &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  return xm_umount_finish (result, error);
}

START_TEST (unmounting)
{
  g_autoptr (GError) error = NULL;
  script_noting (scripts, "umount", "");
  ck_assert (umount_it (NULL));

  script_noting (scripts, "umount", "exit 32");
  ck_assert (!umount_it (&error));
  ck_assert_str_eq (error->message, "223:IO error: command: \"umount -- /mnt/x y\" FAILED.");
}
END_TEST

#define RUN                                                                                        \
  "systemd-run --quiet --wait --pipe --collect --setenv=LC_ALL=C --property=RuntimeMaxSec="

START_TEST (among_the_mounts_of_the_host)
{
  g_autofree char *booted = g_build_filename (scripts, "run/systemd/system", NULL);
  g_autoptr (GError) error = NULL;
  ck_assert_int_eq (g_mkdir_with_parents (booted, 0700), 0);
  script_noting (scripts, "systemd-run", "");
  ck_assert (mount_it (0, NULL, NULL));
  xl_runner_set_timeout (service->helpers, XL_TIMEOUT_BUILD, 0);
  ck_assert (umount_it (NULL));
  assert_calls (RUN "290 -- mount -o rw,nosuid,nodev -- /dev/loop3 /mnt/x y\n" /**/
                RUN "infinity -- umount -- /mnt/x y\n");

  script_noting (scripts, "systemd-run", "exit 32");
  ck_assert (!umount_it (&error));
  ck_assert_str_eq (error->message, "223:IO error: command: \"umount -- /mnt/x y\" FAILED.");
}
END_TEST

/* It would go on: systemd has started it. */
START_TEST (one_that_systemd_runs_is_not_given_up)
{
  Channel begun = channel_new (scripts, "begun"), go = channel_new (scripts, "go");
  g_autofree char *booted = g_build_filename (scripts, "run/systemd/system", NULL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  ck_assert_int_eq (g_mkdir_with_parents (booted, 0700), 0);
  script_noting (scripts, "systemd-run", "echo begun >$T/begun; read -r <$T/go");
  xm_mount_async (service, "/dev/loop3", "/mnt/x y", 0, cancellable, on_ended, &result);
  channel_expect (&begun, "begun");
  g_cancellable_cancel (cancellable);
  channel_say (&go, "go");
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  ck_assert (xm_mount_finish (result, NULL));
  channel_close (&begun);
  channel_close (&go);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("mount");
  TCase *tcase = tcase_create ("mount");
  tcase_set_timeout (tcase, 60);
  tcase_add_checked_fixture (tcase, set_up, tear_down);
  tcase_add_test (tcase, the_table_is_read);
  tcase_add_test (tcase, a_private_tmp);
  tcase_add_test (tcase, options);
  tcase_add_test (tcase, an_unclean_file_system_can_be_read);
  tcase_add_test (tcase, what_a_killed_mount_did_is_undone);
  tcase_add_test (tcase, unmounting);
  tcase_add_test (tcase, among_the_mounts_of_the_host);
  tcase_add_test (tcase, one_that_systemd_runs_is_not_given_up);
  suite_add_tcase (suite, tcase);
  return run_suite (suite);
}
