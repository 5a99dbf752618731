/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a start does with disks: the check of their images, and the lines for either form of xl. */
#include <check.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "service-fixture.h"
#include "shim/start-disks.h"
#include "shim/vm-config.h"
#include "store-fixture.h"
#include "test/unit/run-suite.h"

#define UUID "8a3c1d5e-4f60-4b7a-9c21-0123456789ab"

static ServiceFixture *fixture;
static XmService *service;
static char *base;
static XmStart *start;

static void
set_up (void)
{
  fixture = service_fixture_new ();
  service = service_fixture_service (fixture);
  base = fixture_new ();
  service_fixture_set_host_root (fixture, base);
}

static void
tear_down (void)
{
  g_clear_pointer (&start, xm_start_free);
  service_fixture_free (fixture);
  fixture_free (base);
}

/* @disks: with @ for the folder. @config: more of the VM's node config. */
static void
add_vm (const char *type, const char *config, const char *disks)
{
  g_auto (GStrv) parts = g_strsplit (disks, "@", -1);
  g_autofree char *records = g_strjoinv (base, parts);
  g_autofree char *json = g_strdup_printf (
      "{\"name\":\"n\",\"config\":{\"virt-type\":\"%s\",\"kernel\":\"/k\",\"memory\":\"64\"%s,"
      "\"disk\":{%s}}}",
      type, config, records);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  start = xm_start_new (service_fixture_add_vm (fixture, UUID, json), cancellable);
}

/* -- the check --------------------------------------------------------------------- */

static void
on_checked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **)user_data = g_object_ref (result);
}

static gboolean
check (GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;
  xm_start_check_disks (start, g_task_new (NULL, start->cancellable, on_checked, &result));
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* @expected: NULL when it passes; @ for the folder. */
static void
assert_check (const char *expected)
{
  g_autoptr (GError) error = NULL;
  if (expected == NULL) {
    gboolean passed = check (&error);
    ck_assert_msg (passed, "%s", error != NULL ? error->message : "");
    return;
  }
  g_auto (GStrv) parts = g_strsplit (expected, "@", -1);
  g_autofree char *text = g_strjoinv (base, parts);
  ck_assert (!check (&error));
  ck_assert_str_eq (error->message, text);
}

START_TEST (images_must_be_there)
{
  static const struct {
    const char *disks, *error;
  } cases[] = {
    { "", NULL },
    { "\"0\":{\"path\":\"@/a.raw\",\"type\":\"raw\"}", NULL },
    { "\"0\":{\"path\":\"@/a.raw\"},\"3\":{\"path\":\"@/b\"}",
      "Bad Physical Path for disk 3 (@/b)" },
    { "\"0\":{\"path\":\"\"}", "Bad Physical Path for disk 0 ()" },
    { "\"0\":{}", "Bad Physical Path for disk 0 ()" },
    { "\"0\":{\"path\":\"@\"}", "Bad Physical Path for disk 0 (@)" },
    { "\"0\":{\"path\":\"@/b\",\"enable\":\"false\"}", "Bad Physical Path for disk 0 (@/b)" },
    { "\"0\":{\"path\":\"\",\"devtype\":\"cdrom\"}", NULL },
    { "\"0\":{\"path\":\"@/null.iso\",\"devtype\":\"cdrom\"}", NULL },
    { "\"0\":{\"path\":\"@/x.iso\",\"devtype\":\"cdrom\"}",
      "Bad Physical Path for disk 0 (@/x.iso)" },
    { "\"0\":{\"path\":\"/dev/null\",\"type\":\"phy\"}", NULL },
  };
  fixture_write_file (base, "a.raw", "x");
  add_vm ("pv", "", cases[_i].disks);
  assert_check (cases[_i].error);
}
END_TEST

/* A VHD that blktap has encrypted, or one whose other half is elsewhere. */
static void
make_vhd (gboolean encrypted, gboolean differencing)
{
  g_autofree char *path = g_build_filename (base, "a.vhd", NULL);
  const char *argv[] = { "qemu-img", "create", "-q", "-f", "vpc", path, "10M", NULL };
  int status;
  ck_assert (g_spawn_sync (NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL,
                           &status, NULL));
  char sector[512] = "tdbatmap", footer[512];
  int fd = open (path, O_RDWR | O_CLOEXEC);
  ck_assert_int_eq (pread (fd, footer, sizeof footer, 0), sizeof footer);
  sector[29] = encrypted ? 1 : 0;
  footer[63] = differencing ? 4 : 3;
  ck_assert_int_eq (pwrite (fd, sector, sizeof sector, 2048), sizeof sector);
  ck_assert_int_eq (pwrite (fd, footer, sizeof footer, 2560), sizeof footer);
  close (fd);
}

#define VHD_DISK "\"4\":{\"path\":\"@/a.vhd\",\"type\":\"vhd\"}"

START_TEST (unreadable_vhds)
{
  make_vhd (FALSE, FALSE);
  add_vm ("pv", "", VHD_DISK);
  assert_check (NULL);
  make_vhd (TRUE, FALSE);
  assert_check ("disk 4 of vm " UUID " is encrypted, which this toolstack cannot read: @/a.vhd");
  make_vhd (FALSE, TRUE);
  assert_check ("disk 4 of vm " UUID
                " is a differencing VHD, which this toolstack cannot read: @/a.vhd");
  start->openxt = TRUE;
  assert_check (NULL); /* blktap reads both */
  start->openxt = FALSE;
  fixture_write (service->store, "/vm/" UUID "/config/disk/4/enable", "false");
  assert_check (NULL); /* nor does it matter when the guest does not get it */
}
END_TEST

START_TEST (a_cancelled_check)
{
  add_vm ("pv", "", "\"0\":{\"path\":\"@/no\"}");
  g_cancellable_cancel (start->cancellable);
  g_autoptr (GError) error = NULL;
  ck_assert (!check (&error));
  ck_assert (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
}
END_TEST

/* -- the lines --------------------------------------------------------------------- */

/* The line disk=[...]; @expected: NULL for an error that contains @part. */
static void
assert_line (const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (XmVmConfig) config = xm_vm_config_build (start->vm, start, &error);
  ck_assert_msg (config != NULL, "%s", error != NULL ? error->message : "");
  g_auto (GStrv) lines = g_strsplit (xm_vm_config_get_text (config), "\n", -1);
  g_auto (GStrv) parts = g_strsplit (expected, "@", -1);
  g_autofree char *line = g_strjoinv (base, parts);
  for (char **l = lines; *l != NULL; l++) {
    if (g_str_has_prefix (*l, "disk="))
      ck_assert_str_eq (*l, line);
  }
}

static void
assert_no_line (const char *part)
{
  g_autoptr (GError) error = NULL;
  ck_assert_ptr_null (xm_vm_config_build (start->vm, start, &error));
  ck_assert_msg (strstr (error->message, part) != NULL, "%s", error->message);
}

START_TEST (types_for_stock_xl)
{
  static const struct {
    const char *disk, *pv, *hvm; /* without the list around it */
  } cases[] = {
    { "\"path\":\"@/x\",\"type\":\"vhd\",\"device\":\"hda\"",
      "format=vhd,backendtype=qdisk,vdev=hda,access=w,devtype=disk,target=@/x", NULL },
    { "\"path\":\"@/x\",\"type\":\"file\",\"device\":\"hdb\",\"mode\":\"w\"",
      "format=raw,vdev=hdb,access=w,devtype=disk,target=@/x", NULL },
    { "\"path\":\"@/x\",\"type\":\"raw\",\"device\":\"xvda\",\"mode\":\"r\"",
      "format=raw,vdev=xvda,access=r,devtype=disk,target=@/x", NULL },
    { "\"path\":\"@/x\",\"type\":\"aio\",\"device\":\"hda\",\"mode\":\"r\"",
      "format=raw,vdev=hda,access=r,devtype=disk,target=@/x",
      "format=raw,vdev=xvda,access=r,devtype=disk,target=@/x" },
    { "\"path\":\"/dev/x\",\"type\":\"phy\",\"device\":\"hda\"",
      "format=raw,backendtype=phy,vdev=hda,access=w,devtype=disk,target=/dev/x", NULL },
    { "\"path\":\"@/x\",\"type\":\"phy\",\"device\":\"hda\"",
      "format=raw,vdev=hda,access=w,devtype=disk,target=@/x", NULL },
    { "\"path\":\"/dev/sr0\",\"type\":\"phy\",\"device\":\"hdc\",\"devtype\":\"cdrom\"",
      "format=raw,backendtype=phy,vdev=hdc,access=r,devtype=cdrom,target=/dev/sr0",
      "format=raw,vdev=hdc,access=r,devtype=cdrom,target=/dev/sr0" },
    { "\"path\":\"@/x\",\"type\":\"qcow\",\"device\":\"hda\"",
      "format=qcow2,backendtype=qdisk,vdev=hda,access=w,devtype=disk,target=@/x", NULL },
    { "\"path\":\"\",\"device\":\"hdd\",\"devtype\":\"cdrom\"",
      "vdev=hdd,devtype=cdrom,access=r,target=", NULL },
    { "\"path\":\"@/a/null.iso\",\"devtype\":\"cdrom\"",
      "vdev=hdc,devtype=cdrom,access=r,target=", NULL },
  };
  g_autofree char *record = g_strdup_printf ("\"1\":{%s}", cases[_i].disk);
  g_autofree char *pv = g_strdup_printf ("disk=['%s']", cases[_i].pv);
  g_autofree char *hvm =
      g_strdup_printf ("disk=['%s']", cases[_i].hvm != NULL ? cases[_i].hvm : cases[_i].pv);
  add_vm ("pv", "", record);
  assert_line (pv);
  xm_start_free (start);
  add_vm ("hvm", "", record);
  assert_line (hvm);
}
END_TEST

START_TEST (no_line_for_vdi)
{
  add_vm ("pv", "", "\"2\":{\"path\":\"/x\",\"type\":\"vdi\",\"device\":\"hda\"}");
  assert_no_line ("property phys-type of disk 2 of vm " UUID);
  xm_start_free (start);
  add_vm ("pv", "", "\"2\":{\"path\":\"/x\",\"type\":\"raw\",\"device\":\"a,b\"}");
  assert_no_line ("property virt-path of disk 2 of vm " UUID);
}
END_TEST

/* -- QEMU's own formats: what a look at the file tells, and overlays --------------- */

START_TEST (old_and_new_qcow)
{
  fixture_write_file (base, "old", "");
  g_autofree char *old = g_build_filename (base, "old", NULL);
  ck_assert (g_file_set_contents (old, "QFI\373\0\0\0\1rest", 12, NULL));
  g_autofree char *new = g_build_filename (base, "new", NULL);
  ck_assert (g_file_set_contents (new, "QFI\373\0\0\0\3rest", 12, NULL));
  add_vm ("pv", "",
          "\"0\":{\"path\":\"@/old\",\"type\":\"qcow\",\"device\":\"xvda\"},"
          "\"1\":{\"path\":\"@/new\",\"type\":\"qcow\",\"device\":\"xvdb\"}");
  assert_check (NULL);
  assert_line ("disk=['format=qcow,backendtype=qdisk,vdev=xvda,access=w,devtype=disk,target=@/old',"
               "'format=qcow2,backendtype=qdisk,vdev=xvdb,access=w,devtype=disk,target=@/new']");
}
END_TEST

START_TEST (overlays)
{
  add_vm ("pv", "",
          "\"0\":{\"path\":\"/a.vhd\",\"type\":\"vhd\",\"device\":\"xvda\"},"
          "\"1\":{\"path\":\"/b.vhd\",\"type\":\"vhd\",\"device\":\"xvdb\"}");
  g_hash_table_insert (start->overlays, GUINT_TO_POINTER (1), g_strdup ("/o.qcow2"));
  assert_line ("disk=['format=vhd,backendtype=qdisk,vdev=xvda,access=w,devtype=disk,target=/a.vhd',"
               "'format=qcow2,backendtype=qdisk,vdev=xvdb,access=w,devtype=disk,target=/o.qcow2']");
  start->openxt = TRUE;
  assert_line ("disk=['format=raw,backendtype=phy,vdev=xvda,access=w,devtype=disk,script=block-tap,"
               "target=vhd:/a.vhd',"
               "'format=qcow2,backendtype=qdisk,vdev=xvdb,access=w,devtype=disk,target=/o.qcow2']");
}
END_TEST

START_TEST (ovf_environment_first)
{
  add_vm ("hvm", "",
          "\"0\":{\"path\":\"/a\",\"type\":\"raw\",\"device\":\"hda\"},"
          "\"1\":{\"path\":\"/b\",\"type\":\"raw\",\"device\":\"hdc\",\"enable\":\"false\"}");
  start->ovf_iso = g_strdup ("/env.iso");
  assert_line ("disk=['format=raw,vdev=hdb,access=r,devtype=cdrom,target=/env.iso',"
               "'format=raw,vdev=hda,access=w,devtype=disk,target=/a']");
  start->openxt = TRUE;
  assert_line ("disk=['format=raw,backendtype=phy,vdev=hdb,access=r,devtype=cdrom,script=block,"
               "target=/env.iso',"
               "'format=raw,backendtype=phy,vdev=hda,access=w,devtype=disk,script=block,"
               "target=/a']");
}
END_TEST

START_TEST (types_for_openxt)
{
  add_vm ("hvm", ",\"hdtype\":\"ahci\"",
          "\"0\":{\"path\":\"/i/null.iso\",\"type\":\"file\",\"mode\":\"r\",\"device\":\"hdc\","
          "\"devtype\":\"cdrom\"},"
          "\"1\":{\"path\":\"/a\",\"type\":\"vhd\",\"device\":\"hda\"},"
          "\"2\":{\"path\":\"/b\",\"type\":\"aio\",\"device\":\"hdb\",\"mode\":\"r\"},"
          "\"3\":{\"path\":\"/dev/c\",\"type\":\"phy\",\"device\":\"hdd\"}");
  start->openxt = TRUE;
  assert_line ("disk=['format=raw,backendtype=phy,vdev=hdc,access=r,devtype=cdrom,script=block,"
               "target=/i/null.iso',"
               "'format=raw,backendtype=phy,vdev=xvda,access=w,devtype=disk,script=block-tap,"
               "target=vhd:/a',"
               "'format=raw,backendtype=phy,vdev=xvdb,access=r,devtype=disk,script=block-tap,"
               "target=aio:/b',"
               "'format=raw,backendtype=phy,vdev=xvdd,access=w,devtype=disk,script=block,"
               "target=/dev/c']");
}
END_TEST

START_TEST (drives_of_the_host)
{
  fixture_write_file (base, "proc/scsi/scsi",
                      "Attached devices:\n"
                      "Host: scsi0 Channel: 00 Id: 00 Lun: 00\n"
                      "  Vendor: ATA      Model: DISK             Rev: 1\n"
                      "  Type:   Direct-Access                    ANSI  SCSI revision: 05\n"
                      "Host: scsi1 Channel: 00 Id: 02 Lun: 00\n"
                      "  Vendor: X        Model: DVD              Rev: 1\n"
                      "  Type:   CD-ROM                           ANSI  SCSI revision: 05\n");
  add_vm ("hvm", "", "");
  assert_line ("disk=[]");
  start->openxt = TRUE;
  assert_line ("disk=['atapi-pt-local:/dev/bsg/1:0:2:0,raw,atapi-pt,devtype=cdrom,access=rw']");
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("disk-start");
  TCase *tcase = tcase_create ("disk-start");
  tcase_add_checked_fixture (tcase, set_up, tear_down);
  tcase_set_timeout (tcase, 60);
  tcase_add_loop_test (tcase, images_must_be_there, 0, 11);
  tcase_add_test (tcase, unreadable_vhds);
  tcase_add_test (tcase, a_cancelled_check);
  tcase_add_loop_test (tcase, types_for_stock_xl, 0, 10);
  tcase_add_test (tcase, no_line_for_vdi);
  tcase_add_test (tcase, old_and_new_qcow);
  tcase_add_test (tcase, overlays);
  tcase_add_test (tcase, ovf_environment_first);
  tcase_add_test (tcase, types_for_openxt);
  tcase_add_test (tcase, drives_of_the_host);
  suite_add_tcase (suite, tcase);
  return run_suite (suite);
}
