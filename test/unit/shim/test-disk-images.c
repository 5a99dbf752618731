/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Image and key files: which are removed with a disk or VM, and which are made. */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "disk-fixture.h"
#include "shim/vm-device.h"
#include "store-fixture.h"
#include "test/unit/run-suite.h"

#define OTHER "00000000-0000-0000-0000-000000000007"

/* -- deleting ---------------------------------------------------------------------- */

static void
add_file (const char *file)
{
  fixture_write_file (disk_base, file, "x");
}

START_TEST (what_goes_with_a_disk)
{
  static const struct {
    const char *record; /* of disk 1, whose image is a.vhd */
    const char *other;  /* disk 2 */
    gboolean stays;
  } cases[] = {
    { "\"type\":\"vhd\"", NULL, FALSE },
    { "\"type\":\"vhd\",\"shared\":\"false\"", NULL, FALSE },
    { "\"type\":\"vhd\",\"shared\":\"true\"", NULL, TRUE },
    { "\"type\":\"raw\"", NULL, TRUE },
    { "\"type\":\"phy\"", NULL, TRUE },
    { "\"mode\":\"w\"", NULL, TRUE }, /* no type */
    { "\"type\":\"vhd\"", "\"type\":\"vhd\"", TRUE },
    { "\"type\":\"vhd\"", "\"type\":\"raw\"", TRUE },
  };
  add_file ("a.vhd");
  g_autofree char *other =
      cases[_i].other != NULL
          ? g_strdup_printf (",\"2\":{\"path\":\"%s/a.vhd\",%s}", disk_base, cases[_i].other)
          : g_strdup ("");
  g_autofree char *config = g_strdup_printf ("\"disk\":{\"1\":{\"path\":\"%s/a.vhd\",%s}%s}",
                                             disk_base, cases[_i].record, other);
  XmVm *vm = disk_add_vm (config);
  disk_run (PATH "/disk/1", DISK, "delete", NULL);
  ck_assert (!xm_vm_device_exists (vm, "disk", 1));
  ck_assert_int_eq (disk_file_is_there ("a.vhd"), cases[_i].stays);
  service_fixture_wait_signal (disk_fixture, "vm_config_changed");
  g_autoptr (GError) error = NULL;
  ck_assert_ptr_null (service_fixture_get (disk_fixture, PATH "/disk/1", DISK, "mode", &error));
}
END_TEST

START_TEST (what_goes_with_a_vm)
{
  static const struct {
    const char *disks; /* @: the folder */
    const char *more;  /* keys of the VM */
    gboolean stays;
  } cases[] = {
    { "\"0\":{\"path\":\"@/a.vhd\",\"type\":\"vhd\"}", "", FALSE },
    { "\"0\":{\"path\":\"@/a.vhd\",\"type\":\"vhd\"},"
      "\"1\":{\"path\":\"@/a.vhd\",\"type\":\"vhd\"}",
      "", FALSE },
    { "\"0\":{\"path\":\"@/a.vhd\",\"type\":\"vhd\"},"
      "\"1\":{\"path\":\"@/a.vhd\",\"type\":\"vhd\",\"shared\":\"true\"}",
      "", TRUE },
    { "\"0\":{\"path\":\"@/a.vhd\",\"type\":\"vhd\"}", ",\"backend\":{\"x\":\"y\"}", TRUE },
    { "\"0\":{\"path\":\"@/a.vhd\",\"type\":\"file\"}", "", TRUE },
    { "\"0\":{\"path\":\"@/b.vhd\",\"type\":\"vhd\"}", "", TRUE },
  };
  add_file ("a.vhd");
  add_file ("storage/ovffiles/" UUID "/env/deep/file");
  add_file ("storage/ovffiles/" OTHER "/file");
  add_file ("outside/file");
  g_autofree char *link = g_strconcat (disk_base, "/storage/ovffiles/" UUID "/link", NULL);
  g_autofree char *outside = g_strconcat (disk_base, "/outside", NULL);
  ck_assert_int_eq (symlink (outside, link), 0);

  g_auto (GStrv) parts = g_strsplit (cases[_i].disks, "@", -1);
  g_autofree char *disks = g_strjoinv (disk_base, parts);
  g_autofree char *json = g_strdup_printf ("{\"config\":{\"disk\":{%s}}%s}", disks, cases[_i].more);
  service_fixture_add_vm (disk_fixture, UUID, json);
  disk_run (PATH, VM, "delete", NULL);
  ck_assert_int_eq (disk_file_is_there ("a.vhd"), cases[_i].stays);
  ck_assert (!disk_file_is_there ("storage/ovffiles/" UUID));
  ck_assert (disk_file_is_there ("storage/ovffiles/" OTHER "/file") &&
             disk_file_is_there ("outside/file"));
}
END_TEST

START_TEST (images_of_other_vms_stay)
{
  add_file ("a.vhd");
  g_autofree char *config =
      g_strdup_printf ("\"disk\":{\"0\":{\"path\":\"%s/a.vhd\",\"type\":\"vhd\"}}", disk_base);
  g_autofree char *json = g_strdup_printf ("{\"config\":{%s}}", config);
  disk_add_vm (config);
  /* Also one that is not even on the bus. */
  fixture_inject (disk_service->store, "/vm/template", json);
  disk_run (PATH "/disk/0", DISK, "delete", NULL);
  ck_assert (disk_file_is_there ("a.vhd"));

  disk_add_vm (config);
  fixture_remove (disk_service->store, "/vm/template");
  service_fixture_add_vm (disk_fixture, OTHER, json);
  disk_run (PATH, VM, "delete", NULL);
  ck_assert (disk_file_is_there ("a.vhd"));
  disk_run ("/vm/00000000_0000_0000_0000_000000000007", VM, "delete", NULL);
  ck_assert (!disk_file_is_there ("a.vhd"));
}
END_TEST

START_TEST (the_key_goes_with_the_image)
{
  static const struct {
    const char *keys[3];
    gboolean stay[3];
    gboolean encrypted;
  } cases[] = {
    { { "a,aes-xts-plain,256.key", "ab,aes-xts-plain,256.key" }, { FALSE, TRUE }, TRUE },
    { { "a,aes-xts-plain,256.key", "a,aes-xts-plain,512.key" }, { TRUE, TRUE }, TRUE },
    { { "ab,aes-xts-plain,256.key", "b,aes-xts-plain,256.key" }, { TRUE, TRUE }, TRUE },
    { { "a,aes-xts-plain,256.key" }, { TRUE }, FALSE },
  };
  for (int i = 0; cases[_i].keys[i] != NULL; i++) {
    g_autofree char *file = g_strconcat ("config/platform-crypto-keys/", cases[_i].keys[i], NULL);
    add_file (file);
  }
  g_autofree char *image = disk_make_vhd ("a.vhd", "10M");
  if (cases[_i].encrypted)
    disk_encrypt (image);
  disk_add_vm ("\"disk\":{\"0\":{}}");
  disk_run (PATH "/disk/0", DISK, "attach_vhd", g_variant_new ("(s)", image));
  disk_run (PATH "/disk/0", DISK, "delete", NULL);
  ck_assert (!disk_file_is_there ("a.vhd"));
  for (int i = 0; cases[_i].keys[i] != NULL; i++) {
    g_autofree char *file = g_strconcat ("config/platform-crypto-keys/", cases[_i].keys[i], NULL);
    ck_assert_msg (disk_file_is_there (file) == cases[_i].stay[i], "%s", file);
  }
}
END_TEST

/* An image that cannot be removed keeps its disk; what is no file is left alone. */
START_TEST (images_that_cannot_go)
{
  add_file ("folder.vhd/inside");
  g_autofree char *folder = g_build_filename (disk_base, "folder.vhd", NULL);
  XmVm *vm = disk_add_vm ("\"disk\":{\"0\":{},\"1\":{},\"2\":{}}");
  disk_run (PATH "/disk/0", DISK, "attach_vhd", g_variant_new ("(s)", folder));
  g_autofree char *text =
      g_strdup_printf ("223:IO error: %s: removeLink: inappropriate type (Is a directory)", folder);
  disk_refuse (PATH "/disk/0", DISK, "delete", NULL, text);
  ck_assert (xm_vm_device_exists (vm, "disk", 0));

  g_autofree char *fifo = g_build_filename (disk_base, "fifo.vhd", NULL);
  ck_assert_int_eq (mkfifo (fifo, 0600), 0);
  disk_run (PATH "/disk/1", DISK, "attach_vhd", g_variant_new ("(s)", fifo));
  disk_run (PATH "/disk/1", DISK, "delete", NULL);
  ck_assert (disk_file_is_there ("fifo.vhd") && !xm_vm_device_exists (vm, "disk", 1));

  disk_run (PATH "/disk/2", DISK, "attach_vhd", g_variant_new ("(s)", "/no/such.vhd"));
  disk_run (PATH "/disk/2", DISK, "delete", NULL);
  ck_assert (!xm_vm_device_exists (vm, "disk", 2));
}
END_TEST

/* -- keys -------------------------------------------------------------------------- */

#define NO_TOOL                                                                                    \
  "disk encryption is not supported on this host: there is no vhd-util to bind a key to an image"

static GVariant *
size_in (gint32 bits, const char *folder)
{
  return g_variant_new ("(is)", bits, folder);
}

START_TEST (keys_are_refused_without_the_tool)
{
  g_autofree char *image = disk_make_vhd ("a.vhd", "10M");
  g_autofree char *keys = g_build_filename (disk_base, "config/platform-crypto-keys", NULL);
  disk_add_vm ("\"disk\":{\"0\":{}}");
  disk_run (PATH "/disk/0", DISK, "attach_vhd", g_variant_new ("(s)", image));
  disk_refuse (PATH "/disk/0", DISK, "generate_crypto_key", g_variant_new ("(i)", 128),
               "only supported key sizes: 256, 512");
  disk_refuse (PATH "/disk/0", DISK, "generate_crypto_key", g_variant_new ("(i)", 256), NO_TOOL);
  ck_assert (!disk_file_is_there ("config"));
  disk_refuse (PATH "/disk/0", DISK, "generate_crypto_key_in", size_in (512, disk_base), NO_TOOL);

  add_file ("config/platform-crypto-keys/a,aes-xts-plain,512.key");
  disk_refuse (PATH "/disk/0", DISK, "generate_crypto_key", g_variant_new ("(i)", 512),
               "238:Encryption key already exists");
  disk_refuse (PATH "/disk/0", DISK, "generate_crypto_key_in", size_in (512, keys),
               "238:Encryption key already exists");
  disk_encrypt (image);
  disk_refuse (PATH "/disk/0", DISK, "generate_crypto_key", g_variant_new ("(i)", 256),
               "239:VHD file already contains encryption key");
  fixture_write (disk_service->store, "/xenmgr/platform-crypto-key-dirs", "");
  disk_refuse (PATH "/disk/0", DISK, "generate_crypto_key", g_variant_new ("(i)", 256),
               "no platform crypto directories configured");
}
END_TEST

static void
add_program (const char *name, const char *script)
{
  g_autofree char *file = g_strconcat ("bin/", name, NULL);
  g_autofree char *text = g_strconcat ("#!/bin/sh\n", script, "\n", NULL);
  fixture_write_file (disk_base, file, text);
  g_autofree char *path = g_build_filename (disk_base, file, NULL);
  ck_assert_int_eq (chmod (path, 0755), 0);
  g_autofree char *search = g_strdup_printf ("%s/bin:%s", disk_base, g_getenv ("PATH"));
  g_setenv ("PATH", search, TRUE);
}

START_TEST (keys_with_the_tool)
{
  g_autofree char *image = disk_make_vhd ("a.vhd", "10M");
  g_autofree char *keys = g_build_filename (disk_base, "keys", NULL);
  g_autofree char *key = g_build_filename (keys, "a,aes-xts-plain,512.key", NULL);
  g_autofree char *list = g_strconcat (keys, ",/second", NULL);
  g_autofree char *record = g_strdup_printf ("echo \"$@\" > %s/arguments", disk_base);
  disk_add_vm ("\"disk\":{\"0\":{}}");
  disk_run (PATH "/disk/0", DISK, "attach_vhd", g_variant_new ("(s)", image));
  fixture_write (disk_service->store, "/xenmgr/platform-crypto-key-dirs", list);
  add_program ("vhd-util", record);
  disk_run (PATH "/disk/0", DISK, "generate_crypto_key", g_variant_new ("(i)", 512));
  struct stat info;
  ck_assert_int_eq (stat (key, &info), 0);
  ck_assert_int_eq (info.st_size, 64);
  ck_assert_uint_eq (info.st_mode & 07777, 0600);
  g_autofree char *arguments = fixture_read_file (disk_base, "arguments");
  g_autofree char *expected = g_strdup_printf ("key -n %s -k %s -s\n", image, key);
  ck_assert_str_eq (arguments, expected);

  disk_refuse (
      PATH "/disk/0", DISK, "generate_crypto_key_in", size_in (256, "/no/such"),
      "223:IO error: /no/such/a,aes-xts-plain,256.key: openBinaryFile: does not exist (No such "
      "file or directory)");
  add_program ("vhd-util", "exit 7");
  g_autofree char *text = g_strdup_printf ("223:IO error: command: \"vhd-util key -n %s -k "
                                           "%s/a,aes-xts-plain,256.key -s\" FAILED.",
                                           image, keys);
  disk_refuse (PATH "/disk/0", DISK, "generate_crypto_key_in", size_in (256, keys), text);
  while (disk_file_is_there (
      "keys/a,aes-xts-plain,256.key")) /* a key that no image has is of no use */
    g_main_context_iteration (NULL, FALSE);
}
END_TEST

/* -- create_vhd -------------------------------------------------------------------- */

START_TEST (creating_images)
{
  disk_add_vm ("\"disk\":{\"0\":{}}");
  g_autoptr (GVariant) answer = disk_call ("/", XENMGR, "create_vhd", g_variant_new ("(i)", 123));
  const char *path;
  g_variant_get (answer, "(&s)", &path);
  g_autofree char *prefix = g_build_filename (disk_base, "storage/disks/", NULL);
  ck_assert (g_str_has_prefix (path, prefix) && g_str_has_suffix (path, ".vhd"));
  struct stat info;
  ck_assert_int_eq (stat (path, &info), 0);
  ck_assert_int_lt (info.st_blocks * 512, MIB);
  disk_run (PATH "/disk/0", DISK, "attach_vhd", g_variant_new ("(s)", path));
  disk_assert (PATH "/disk/0", "virtual-size-mb", "123");

  static const gint32 refused[] = { 0, -1, G_MININT32, 2040 * 1024 + 1, G_MAXINT32 };
  for (gsize i = 0; i < G_N_ELEMENTS (refused); i++) {
    g_autofree char *text = g_strdup_printf ("a VHD can have 1 to 2088960 MiB, not %d", refused[i]);
    disk_refuse ("/", XENMGR, "create_vhd", g_variant_new ("(i)", refused[i]), text);
  }
  disk_run ("/", XENMGR, "create_vhd", g_variant_new ("(i)", 2040 * 1024));
}
END_TEST

static guint
count_images (void)
{
  g_autoptr (GDir) folder = g_dir_open (disk_service->settings->disks_dir, 0, NULL);
  guint n = 0;
  while (folder != NULL && g_dir_read_name (folder) != NULL)
    n++;
  return n;
}

START_TEST (a_failed_creation_leaves_nothing)
{
  add_program ("qemu-img", "echo half > \"$7\"; echo no space left >&2; exit 1");
  g_autoptr (GError) error = NULL;
  ck_assert_ptr_null (service_fixture_call (disk_fixture, XENMGR, "/", XENMGR, "create_vhd",
                                            g_variant_new ("(i)", 1), &error));
  ck_assert_msg (strstr (error->message, "223:IO error: command: \"qemu-img create ") != NULL &&
                     g_str_has_suffix (error->message, ".vhd 1M\" FAILED."),
                 "%s", error->message);
  while (count_images () > 0)
    g_main_context_iteration (NULL, FALSE);

  disk_replace (&disk_service->settings->disks_dir, g_strdup ("/proc/no/such"));
  disk_refuse ("/", XENMGR, "create_vhd", g_variant_new ("(i)", 1),
               "223:IO error: /proc/no/such: createDirectory: does not exist (No such file or "
               "directory)");
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("disk-images");
  TCase *tcase = tcase_create ("disk-images");
  tcase_add_checked_fixture (tcase, disk_set_up, disk_tear_down);
  tcase_set_timeout (tcase, 60);
  tcase_add_loop_test (tcase, what_goes_with_a_disk, 0, 8);
  tcase_add_loop_test (tcase, what_goes_with_a_vm, 0, 6);
  tcase_add_test (tcase, images_of_other_vms_stay);
  tcase_add_loop_test (tcase, the_key_goes_with_the_image, 0, 4);
  tcase_add_test (tcase, images_that_cannot_go);
  tcase_add_test (tcase, keys_are_refused_without_the_tool);
  tcase_add_test (tcase, keys_with_the_tool);
  tcase_add_test (tcase, creating_images);
  tcase_add_test (tcase, a_failed_creation_leaves_nothing);
  suite_add_tcase (suite, tcase);
  return run_suite (suite);
}
