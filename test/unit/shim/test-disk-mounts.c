/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which disks are mounted on the host, with the real xenstored and a table of mounts of the test's
 * own. */
#include <check.h>
#include <string.h>
#include <xenstore.h>

#include "script-fixture.h"
#include "service-fixture.h"
#include "shim/disk-mounts.h"
#include "store-fixture.h"
#include "test/simhost/standin/standin-host.h"
#include "test/unit/run-suite.h"

#define UUID   "8a3c1d5e-4f60-4b7a-9c21-0123456789ab"
#define OTHER  "8a3c1d5e-4f60-4b7a-9c21-0123456789ac"
#define MOUNTS "/xenmgr/mount/"

static StandinHost *host;
static ServiceFixture *fixture;
static XmService *service;
static struct xs_handle *connection; /* somebody else's */
static char *root;                   /* of the host */
static XmVm *vm, *other;

static void
tell_table (const char *text)
{
  fixture_write_file (root, "proc/self/mountinfo", text);
}

static void
begin (void)
{
  service = service_fixture_service (fixture);
  service_fixture_set_host_root (fixture, root);
  tell_table ("");
  vm = service_fixture_add_vm (fixture, UUID,
                               "{\"config\":{\"disk\":{\"0\":{},\"3\":{},\"12\":{}}}}");
  other = service_fixture_add_vm (fixture, OTHER, "{\"config\":{\"disk\":{\"0\":{}}}}");
}

static void
set_up (void)
{
  host = standin_host_new ();
  standin_host_start_xenstored (host);
  connection = xs_open (0);
  ck_assert_ptr_nonnull (connection);
  root = scripts_new ();
  fixture = service_fixture_new_with_xenstored ();
  begin ();
}

static void
set_up_alone (void)
{
  root = scripts_new ();
  fixture = service_fixture_new ();
  begin ();
}

static void
tear_down (void)
{
  service_fixture_free (fixture);
  fixture_free (root);
  if (connection != NULL)
    xs_close (connection);
  if (host != NULL)
    standin_host_free (host);
}

static void
put (const char *disk, const char *node, const char *text)
{
  g_autofree char *path = g_strdup_printf (MOUNTS "%s/%s", disk, node);
  ck_assert (xs_write (connection, XBT_NULL, path, text, (unsigned)strlen (text)));
}

static void
on_ended (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **)user_data = g_object_ref (result);
}

/* @part: (nullable): of the error; NULL when there is to be none */
static void
end (GAsyncResult **result, const char *part)
{
  g_autoptr (GError) error = NULL;
  while (*result == NULL)
    g_main_context_iteration (NULL, TRUE);
  gboolean free_of_mounts = xm_disk_mounts_check_finish (*result, &error);
  g_clear_object (result);
  ck_assert_int_eq (free_of_mounts, error == NULL);
  ck_assert_msg ((error == NULL) == (part == NULL), "%s", error != NULL ? error->message : part);
  if (error != NULL)
    ck_assert_str_eq (error->message, part);
}

static void
check_vm (const char *part)
{
  GAsyncResult *result = NULL;
  xm_disk_mounts_check_vm_async (vm, on_ended, &result);
  end (&result, part);
}

/* Disk 0 of both VMs. */
static void
check_both (gboolean any, const char *part)
{
  GAsyncResult *result = NULL;
  GPtrArray *vms = g_ptr_array_new_with_free_func ((GDestroyNotify)xm_vm_unref);
  GArray *ids = g_array_sized_new (FALSE, TRUE, sizeof (guint), 2);
  g_array_set_size (ids, 2);
  g_ptr_array_add (vms, xm_vm_ref (vm));
  g_ptr_array_add (vms, xm_vm_ref (other));
  xm_disk_mounts_check_async (service, vms, ids, any, on_ended, &result);
  end (&result, part);
}

START_TEST (none)
{
  GAsyncResult *result = NULL;
  check_vm (NULL);
  check_both (TRUE, NULL);
  xm_disk_mounts_check_async (service, g_ptr_array_new_with_free_func ((GDestroyNotify)xm_vm_unref),
                              g_array_new (FALSE, FALSE, sizeof (guint)), TRUE, on_ended, &result);
  end (&result, NULL);
}
END_TEST

/* Xenstore names them, the kernel's table decides. */
START_TEST (both_must_say_so)
{
  put (UUID "/3", "dev", "/dev/nbd0");
  put (UUID "/3", "path", "/mnt/x y");
  check_vm (NULL);
  tell_table ("30 27 7:3 / /mnt/x\\040y rw - ext4 /dev/nbd0 rw\n");
  check_vm ("disk 3 of vm " UUID " is mounted at /mnt/x y");
  tell_table ("30 27 7:3 / /mnt/x\\040y rw - ext4 /dev/nbd1 rw\n"); /* another device */
  check_vm (NULL);
  tell_table ("30 27 7:3 / /mnt/z rw - ext4 /dev/nbd0 rw\n"); /* another place */
  check_vm (NULL);
  tell_table ("30 27 7:3 / /mnt/x\\040y rw - ext4 /dev/nbd0 rw\n");
  put (UUID "/3", "path", "");
  check_vm (NULL);
  ck_assert (xs_rm (connection, XBT_NULL, MOUNTS UUID "/3/path"));
  check_vm (NULL);
}
END_TEST

/* Somebody else's disk, and one that the VM has not. */
START_TEST (other_disks_do_not_count)
{
  tell_table ("30 27 7:3 / /mnt/a rw - ext4 /dev/nbd0 rw\n");
  put (OTHER "/0", "dev", "/dev/nbd0");
  put (OTHER "/0", "path", "/mnt/a");
  put (UUID "/4", "dev", "/dev/nbd0");
  put (UUID "/4", "path", "/mnt/a");
  put (UUID "/1", "dev", "/dev/nbd0");
  put (UUID "/1", "path", "/mnt/a");
  check_vm (NULL);
  check_both (TRUE, "disk 0 of vm " OTHER " is mounted at /mnt/a");
}
END_TEST

START_TEST (read_only)
{
  put (UUID "/0", "dev", "/dev/nbd0");
  put (UUID "/0", "path", "/mnt/a");
  put (OTHER "/0", "dev", "/dev/nbd1");
  put (OTHER "/0", "path", "/mnt/b");
  tell_table ("30 27 7:3 / /mnt/a rw - ext4 /dev/nbd0 ro\n");
  check_vm ("disk 0 of vm " UUID " is mounted at /mnt/a");
  check_both (TRUE, "disk 0 of vm " UUID " is mounted at /mnt/a");
  check_both (FALSE, NULL);
  tell_table ("30 27 7:3 / /mnt/a rw - ext4 /dev/nbd0 ro\n"
              "31 27 7:4 / /mnt/b rw - ext4 /dev/nbd1 rw\n");
  check_both (FALSE, "disk 0 of vm " OTHER " is mounted for writing at /mnt/b");
}
END_TEST

START_TEST (while_it_is_being_mounted)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *key = xm_disk_mounts_key (vm, 12);
  ck_assert_str_eq (key, UUID "/12");
  ck_assert (xm_disk_mounts_check_idle (vm, 12, NULL));
  g_hash_table_add (service->mounting, g_strdup (key));
  ck_assert (!xm_disk_mounts_check_idle (vm, 12, &error));
  ck_assert_str_eq (error->message, "disk 12 of vm " UUID " is being mounted or unmounted");
  ck_assert (xm_disk_mounts_check_idle (vm, 1, NULL)); /* nor is 1 the begin of 12 */
  ck_assert (xm_disk_mounts_check_idle (other, 12, NULL));
  check_vm ("disk 12 of vm " UUID " is being mounted or unmounted");
  check_both (TRUE, NULL);
  g_hash_table_remove (service->mounting, key);
  check_vm (NULL);
}
END_TEST

/* The VM can be deleted, and its disks with it, while xenstored is asked. */
START_TEST (the_vm_goes_meanwhile)
{
  GAsyncResult *result = NULL;
  put (UUID "/12", "dev", "/dev/nbd0");
  put (UUID "/12", "path", "/mnt/a");
  tell_table ("30 27 7:3 / /mnt/a rw - ext4 /dev/nbd0 rw\n");
  xm_disk_mounts_check_vm_async (vm, on_ended, &result);
  ck_assert (xm_store_remove (service->store, vm->db_path, NULL));
  end (&result, "disk 12 of vm " UUID " is mounted at /mnt/a");
}
END_TEST

START_TEST (without_xenstored)
{
  tell_table ("30 27 7:3 / /mnt/a rw - ext4 /dev/nbd0 rw\n");
  check_vm (NULL);
  check_both (FALSE, NULL);
}
END_TEST

static TCase *
add_case (Suite *suite, const char *name, SFun begins)
{
  TCase *tcase = tcase_create (name);
  tcase_set_timeout (tcase, 120);
  tcase_add_checked_fixture (tcase, begins, tear_down);
  suite_add_tcase (suite, tcase);
  return tcase;
}

int
main (void)
{
  Suite *suite = suite_create ("disk-mounts");
  TCase *tcase = add_case (suite, "disk-mounts", set_up);
  tcase_add_test (tcase, none);
  tcase_add_test (tcase, both_must_say_so);
  tcase_add_test (tcase, other_disks_do_not_count);
  tcase_add_test (tcase, read_only);
  tcase_add_test (tcase, while_it_is_being_mounted);
  tcase_add_test (tcase, the_vm_goes_meanwhile);
  tcase = add_case (suite, "alone", set_up_alone);
  tcase_add_test (tcase, without_xenstored);
  return run_suite (suite);
}
