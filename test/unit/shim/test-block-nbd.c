/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* qemu-nbd and modprobe are the test's own, and so is sysfs, where they leave what the kernel
 * would. */
#include <check.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "script-fixture.h"
#include "service-fixture.h"
#include "shim/block-device.h"
#include "shim/block-nbd.h"
#include "shim/error.h"
#include "shim/images-recover.h"
#include "store-fixture.h"
#include "test/unit/run-suite.h"

static ServiceFixture *fixture;
static XmService *service;
static char *scripts;

/* Attaches at once; $device is the name. */
#define SERVE                                                                                      \
  "for word; do case $word in --pid-file=*) pid=${word#*=} ;; /*/dev/nbd*) device=${word##*/} ;; " \
  "esac; done\n"                                                                                   \
  "echo 4711 >$pid; echo 7 >$T/sys/block/$device/pid; echo 8 >$T/sys/block/$device/size\n"
#define DETACH                                                                                     \
  "[[ $1 == -d ]] && { rm $T/sys/block/${2##*/}/pid; echo 0 >$T/sys/block/${2##*/}/size; exit; "   \
  "}\n"

static void
add_device (guint number)
{
  g_autofree char *size = g_strdup_printf ("sys/block/nbd%u/size", number);
  fixture_write_file (scripts, size, "0\n");
}

static void
set_up (void)
{
  scripts = scripts_new ();
  scripts_search (scripts);
  fixture = service_fixture_new ();
  service = service_fixture_service (fixture);
  service_fixture_set_host_root (fixture, scripts);
  fixture_write_file (scripts, "proc/self/mountinfo", "");
  script_noting (scripts, "modprobe", "exit 1");
  script_noting (scripts, "qemu-nbd", DETACH SERVE);
}

static void
tear_down (void)
{
  service_fixture_free (fixture);
  fixture_free (scripts);
}

/* @text: with %T for the directory and %R for the run directory. */
static void
assert_calls (const char *text)
{
  g_autofree char *calls = fixture_read_file (scripts, "calls");
  g_autoptr (GString) expected = g_string_new (text);
  g_string_replace (expected, "%T", scripts, 0);
  g_string_replace (expected, "%R", service->settings->run_dir, 0);
  ck_assert_str_eq (calls != NULL ? calls : "", expected->str);
  g_autofree char *path = g_build_filename (scripts, "calls", NULL);
  unlink (path);
}

static void
on_ended (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **)user_data = g_object_ref (result);
}

static void
wait_for (GAsyncResult *const *result)
{
  while (*result == NULL)
    g_main_context_iteration (NULL, TRUE);
}

/* (transfer full): name of the device */
static char *
attach (const char *image, gboolean read_only, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;
  xm_block_nbd_attach_async (service, image, "vpc", read_only, NULL, on_ended, &result);
  wait_for (&result);
  g_autofree char *path = xm_block_nbd_attach_finish (result, error);
  ck_assert_uint_eq (service->nbd_reserved, 0);
  return path != NULL ? g_path_get_basename (path) : NULL;
}

static void
attach_well (const char *image, gboolean read_only, const char *name)
{
  GError *error = NULL;
  g_autofree char *device = attach (image, read_only, &error);
  ck_assert_msg (device != NULL, "%s", error != NULL ? error->message : "");
  ck_assert_str_eq (device, name);
}

static void
attach_badly (const char *part)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *device = attach ("/a.vhd", FALSE, &error);
  ck_assert_ptr_null (device);
  ck_assert (g_error_matches (error, XM_ERROR, XM_ERROR_IO));
  ck_assert_msg (strstr (error->message, part) != NULL, "%s", error->message);
}

START_TEST (attach_and_detach)
{
  add_device (0);
  add_device (1);
  attach_well ("/a,b.vhd", FALSE, "nbd0");
  assert_calls ("qemu-nbd --pid-file=%R/nbd0.pid -f vpc -c %T/dev/nbd0 /a,b.vhd\n");
  attach_well ("/a,b.vhd", TRUE, "nbd1");
  assert_calls ("qemu-nbd --pid-file=%R/nbd1.pid -r -c %T/dev/nbd1 --image-opts "
                "driver=vpc,force-share=on,file.filename=/a,,b.vhd\n");
  g_auto (GStrv) names = xm_block_nbd_list (service);
  ck_assert_uint_eq (g_strv_length (names), 2);

  g_autoptr (GAsyncResult) result = NULL;
  xm_block_nbd_detach_async (service, "nbd1", on_ended, &result);
  wait_for (&result);
  ck_assert (xm_block_nbd_detach_finish (result, NULL));
  assert_calls ("qemu-nbd -d %T/dev/nbd1\n");
  g_clear_object (&result);
  xm_block_nbd_detach_async (service, "nbd1", on_ended, &result);
  wait_for (&result);
  ck_assert (xm_block_nbd_detach_finish (result, NULL));
  assert_calls ("");
  g_auto (GStrv) left = xm_block_nbd_list (service);
  ck_assert_uint_eq (g_strv_length (left), 1);
  ck_assert_str_eq (left[0], "nbd0");
}
END_TEST

START_TEST (the_module_is_loaded)
{
  script_noting (scripts, "modprobe", "mkdir -p $T/sys/block/nbd0; echo 0 >$T/sys/block/nbd0/size");
  attach_well ("/a.vhd", FALSE, "nbd0");
  assert_calls ("modprobe nbd max_part=16\n"
                "qemu-nbd --pid-file=%R/nbd0.pid -f vpc -c %T/dev/nbd0 /a.vhd\n");
}
END_TEST

START_TEST (there_is_no_module)
{
  attach_badly ("command: \"modprobe nbd max_part=16\" FAILED.");
  script_noting (scripts, "modprobe", "");
  attach_badly ("/a.vhd: no free network block device");
}
END_TEST

START_TEST (a_device_of_another_program_is_passed_over)
{
  add_device (0);
  add_device (1);
  add_device (2);
  fixture_write_file (scripts, "sys/block/nbd0/pid", "1");
  script_noting (scripts, "qemu-nbd",
                 "[[ $* != *nbd1* ]] || { echo 'Failed to set NBD socket: Device or resource "
                 "busy' >&2; exit 1; }\n" SERVE);
  attach_well ("/a.vhd", FALSE, "nbd2");
  assert_calls ("qemu-nbd --pid-file=%R/nbd1.pid -f vpc -c %T/dev/nbd1 /a.vhd\n"
                "qemu-nbd --pid-file=%R/nbd2.pid -f vpc -c %T/dev/nbd2 /a.vhd\n");
  attach_badly ("no free network block device");
}
END_TEST

START_TEST (an_image_that_cannot_be_served)
{
  add_device (0);
  add_device (1);
  script_noting (scripts, "qemu-nbd", "echo bad image >&2; exit 1");
  attach_badly ("command: \"qemu-nbd ");
  g_autofree char *calls = fixture_read_file (scripts, "calls");
  ck_assert_ptr_null (strstr (calls, "nbd1"));
  g_auto (GStrv) left = xm_block_nbd_list (service);
  ck_assert_uint_eq (g_strv_length (left), 0);
}
END_TEST

START_TEST (two_at_once_get_two_devices)
{
  g_autoptr (GAsyncResult) first = NULL;
  g_autoptr (GAsyncResult) second = NULL;
  add_device (0);
  add_device (1);
  xm_block_nbd_attach_async (service, "/a.vhd", "vpc", FALSE, NULL, on_ended, &first);
  xm_block_nbd_attach_async (service, "/b.vhd", "vpc", FALSE, NULL, on_ended, &second);
  wait_for (&first);
  wait_for (&second);
  g_autofree char *a = xm_block_nbd_attach_finish (first, NULL);
  g_autofree char *b = xm_block_nbd_attach_finish (second, NULL);
  ck_assert (g_str_has_suffix (a, "/nbd0"));
  ck_assert (g_str_has_suffix (b, "/nbd1"));
}
END_TEST

START_TEST (a_device_is_waited_for)
{
  Channel served = channel_new (scripts, "served");
  g_autoptr (GAsyncResult) result = NULL;
  add_device (0);
  script_noting (scripts, "qemu-nbd", "echo 4711 >${1#*=}; echo served >$T/served");
  xm_block_nbd_attach_async (service, "/a.vhd", "vpc", FALSE, NULL, on_ended, &result);
  channel_expect (&served, "served");
  /* Either alone does not do. */
  fixture_write_file (scripts, "sys/block/nbd0/pid", "7");
  gint64 end = g_get_monotonic_time () + 100 * 1000;
  while (g_get_monotonic_time () < end)
    g_main_context_iteration (NULL, FALSE);
  ck_assert_ptr_null (result);
  fixture_write_file (scripts, "sys/block/nbd0/size", "8");
  wait_for (&result);
  g_autofree char *path = xm_block_nbd_attach_finish (result, NULL);
  ck_assert_ptr_nonnull (path);
  channel_close (&served);
}
END_TEST

START_TEST (cancelled_on_its_way)
{
  Channel served = channel_new (scripts, "served");
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  add_device (0);
  script_noting (scripts, "qemu-nbd", "[[ $1 == -d ]] && exit\necho served >$T/served");
  xm_block_nbd_attach_async (service, "/a.vhd", "vpc", FALSE, cancellable, on_ended, &result);
  channel_expect (&served, "served");
  g_cancellable_cancel (cancellable);
  wait_for (&result);
  ck_assert_ptr_null (xm_block_nbd_attach_finish (result, &error));
  ck_assert (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
  assert_calls ("qemu-nbd --pid-file=%R/nbd0.pid -f vpc -c %T/dev/nbd0 /a.vhd\n"
                "qemu-nbd -d %T/dev/nbd0\n");
  ck_assert_uint_eq (service->nbd_reserved, 0);
  channel_close (&served);
}
END_TEST

START_TEST (what_a_device_serves)
{
  fixture_write_file (service->settings->run_dir, "nbd0.pid", "4711\n");
  fixture_write_file (scripts, "proc/4711/cmdline", "");
  g_autofree char *path = g_build_filename (scripts, "proc/4711/cmdline", NULL);
  static const char reader[] = "qemu-nbd\0-r\0driver=vpc,file.filename=/x/a,,b.vhd";
  static const char writer[] = "qemu-nbd\0-c\0/dev/nbd0\0/x/a,b.vhd";
  ck_assert (!xm_block_nbd_serves (service, "nbd0", "/x/a,b.vhd"));
  ck_assert (g_file_set_contents (path, reader, sizeof reader, NULL));
  ck_assert (xm_block_nbd_serves (service, "nbd0", "/x/a,b.vhd"));
  ck_assert (!xm_block_nbd_serves (service, "nbd0", "/y/a,b.vhd"));
  ck_assert (!xm_block_nbd_serves (service, "nbd1", "/x/a,b.vhd"));
  ck_assert (!xm_block_nbd_serves (service, "loop0", "/x/a,b.vhd"));
  ck_assert (g_file_set_contents (path, writer, sizeof writer, NULL));
  ck_assert (xm_block_nbd_serves (service, "nbd0", "/x/a,b.vhd"));
  ck_assert (!xm_block_nbd_serves (service, "nbd0", "/dev/nbd0"));
}
END_TEST

/* -- partitions -------------------------------------------------------------------- */

START_TEST (partitions)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  add_device (0);
  script_noting (scripts, "qemu-nbd", SERVE "mkdir -p $T/dev; touch $T/dev/nbd0p2");
  xm_block_device_attach_async (service, "/a.vhd", "vhd", 2, TRUE, NULL, on_ended, &result);
  wait_for (&result);
  g_autoptr (XmBlockDevice) device = xm_block_device_attach_finish (result, &error);
  ck_assert_ptr_nonnull (device);
  ck_assert_str_eq (device->name, "nbd0");
  ck_assert (g_str_has_suffix (device->path, "/dev/nbd0p2"));

  g_clear_object (&result);
  add_device (1);
  script_noting (scripts, "qemu-nbd", DETACH SERVE);
  xm_block_device_attach_async (service, "/a.vhd", "vhd", 2, TRUE, NULL, on_ended, &result);
  wait_for (&result);
  ck_assert_ptr_null (xm_block_device_attach_finish (result, &error));
  ck_assert_str_eq (error->message, "223:IO error: /a.vhd: there is no partition 2");
  g_autofree char *calls = fixture_read_file (scripts, "calls");
  g_autofree char *last = g_strdup_printf ("qemu-nbd -d %s/dev/nbd1\n", scripts);
  ck_assert (g_str_has_suffix (calls, last));
}
END_TEST

START_TEST (types_that_cannot_be_served)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  xm_block_device_attach_async (service, "/a.vdi", "vdi", 0, TRUE, NULL, on_ended, &result);
  wait_for (&result);
  ck_assert_ptr_null (xm_block_device_attach_finish (result, &error));
  ck_assert (g_error_matches (error, XM_ERROR, XM_ERROR_DISK_TYPE));
}
END_TEST

START_TEST (formats)
{
  static const guint8 old[] = { 'Q', 'F', 'I', 0xfb, 0, 0, 0, 1, 0 };
  static const guint8 new[] = { 'Q', 'F', 'I', 0xfb, 0, 0, 0, 3, 0 };
  g_autofree char *path = g_build_filename (scripts, "image", NULL);
  ck_assert_str_eq (xm_image_format ("vhd", path), "vpc");
  ck_assert_str_eq (xm_image_format ("phy", path), "raw");
  ck_assert_str_eq (xm_image_format ("qcow", path), "qcow2");
  ck_assert (g_file_set_contents (path, (const char *)old, sizeof old, NULL));
  ck_assert_str_eq (xm_image_format ("qcow", path), "qcow");
  ck_assert_str_eq (xm_image_format ("raw", path), "raw"); /* what it says of itself counts not */
  ck_assert (g_file_set_contents (path, (const char *)new, sizeof new, NULL));
  ck_assert_str_eq (xm_image_format ("qcow", path), "qcow2");
  ck_assert_ptr_null (xm_image_format ("vdi", path));
}
END_TEST

/* -- what a service that died left ------------------------------------------------- */

static void
wait_calls (const char *last)
{
  for (;;) {
    g_autofree char *calls = fixture_read_file (scripts, "calls");
    if (calls != NULL && strstr (calls, last) != NULL)
      return;
    g_main_context_iteration (NULL, FALSE);
  }
}

START_TEST (leftovers_are_taken_back)
{
  const char *run_dir = service->settings->run_dir;
  g_autofree char *mounted = g_build_filename (run_dir, "extract-abc", NULL);
  g_autofree char *empty = g_build_filename (run_dir, "extract-def", NULL);
  g_autofree char *table = g_strdup_printf ("30 27 43:0 / %s ro - ext4 /dev/nbd0p1 ro\n"
                                            "31 27 43:32 / /mnt rw - ext4 /dev/nbd1 rw\n",
                                            mounted);
  g_mkdir (mounted, 0700);
  g_mkdir (empty, 0700);
  fixture_write_file (scripts, "proc/self/mountinfo", table);
  static const char *const files[] = { "nbd0.pid", "nbd1.pid", "nbd12.pid", "nbd3.pid", "x.pid" };
  for (gsize i = 0; i < G_N_ELEMENTS (files); i++)
    fixture_write_file (run_dir, files[i], "1");
  fixture_write_file (scripts, "sys/block/nbd0/pid", "1");
  fixture_write_file (scripts, "sys/block/nbd1/pid", "1");
  fixture_write_file (scripts, "sys/block/nbd12/pid", "1");
  script_noting (scripts, "umount", "");
  xm_images_recover (service);
  wait_calls ("-d"); /* of nbd12, or of nbd0 after the umount */
  wait_calls ("nbd0\n");
  wait_calls ("nbd12\n");
  while (fixture_has_file (run_dir, "nbd0.pid") || fixture_has_file (run_dir, "nbd12.pid"))
    g_main_context_iteration (NULL, FALSE);
  ck_assert (!fixture_has_file (run_dir, "extract-abc"));
  ck_assert (!fixture_has_file (run_dir, "extract-def"));
  ck_assert (!fixture_has_file (run_dir, "nbd3.pid")); /* not attached any more */
  ck_assert (fixture_has_file (run_dir, "nbd1.pid"));  /* a disk that is mounted */
  ck_assert (fixture_has_file (run_dir, "x.pid"));
  g_autofree char *calls = fixture_read_file (scripts, "calls");
  ck_assert_ptr_null (strstr (calls, "/dev/nbd1\n"));
  ck_assert_ptr_null (strstr (calls, "/dev/nbd3"));
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("block-nbd");
  TCase *tcase = tcase_create ("block-nbd");
  tcase_set_timeout (tcase, 60);
  tcase_add_checked_fixture (tcase, set_up, tear_down);
  tcase_add_test (tcase, attach_and_detach);
  tcase_add_test (tcase, the_module_is_loaded);
  tcase_add_test (tcase, there_is_no_module);
  tcase_add_test (tcase, a_device_of_another_program_is_passed_over);
  tcase_add_test (tcase, an_image_that_cannot_be_served);
  tcase_add_test (tcase, two_at_once_get_two_devices);
  tcase_add_test (tcase, a_device_is_waited_for);
  tcase_add_test (tcase, cancelled_on_its_way);
  tcase_add_test (tcase, what_a_device_serves);
  tcase_add_test (tcase, partitions);
  tcase_add_test (tcase, types_that_cannot_be_served);
  tcase_add_test (tcase, formats);
  tcase_add_test (tcase, leftovers_are_taken_back);
  suite_add_tcase (suite, tcase);
  return run_suite (suite);
}
