/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* VHD files as qemu-img makes them, as blktap would extend them, and as nobody should make them. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shim/vhd.h"
#include "store-fixture.h"
#include "test/unit/run-suite.h"

#define SECTOR 512
#define MIB    1048576

static char *base, *image;

static void
set_up (void)
{
  base = fixture_new ();
  image = g_build_filename (base, "a.vhd", NULL);
}

static void
tear_down (void)
{
  g_clear_pointer (&image, g_free);
  fixture_free (base);
}

static void
make_image (const char *options, const char *size)
{
  const char *argv[] = {
    "qemu-img", "create", "-q", "-f", "vpc", "-o", options, image, size, NULL
  };
  int status;
  g_autoptr (GError) error = NULL;
  ck_assert_msg (g_spawn_sync (NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL,
                               NULL, &status, &error),
                 "%s", error != NULL ? error->message : "");
  ck_assert_int_eq (status, 0);
}

static int
read_image (XmVhdInfo *info)
{
  int fd = open (image, O_RDONLY | O_CLOEXEC);
  ck_assert_int_ge (fd, 0);
  int errsv = xm_vhd_read (fd, info);
  close (fd);
  return errsv;
}

static void
overwrite (off_t offset, const void *bytes, gsize n)
{
  int fd = open (image, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  ck_assert_int_ge (fd, 0);
  ck_assert_int_eq (pwrite (fd, bytes, n, offset), (ssize_t)n);
  close (fd);
}

static off_t
image_length (void)
{
  struct stat info;
  ck_assert_int_eq (stat (image, &info), 0);
  return info.st_size;
}

/* Where qemu-img puts things. */
#define HEADER_AT 512
#define TABLE_AT  1536

static void
assert_no_vhd (void)
{
  XmVhdInfo info;
  ck_assert_int_eq (read_image (&info), EINVAL);
  ck_assert_uint_eq (info.size, 0);
  ck_assert (!info.encrypted && !info.differencing);
}

START_TEST (sizes)
{
  static const struct {
    const char *options, *size;
    guint64 bytes;
  } cases[] = {
    { "subformat=dynamic,force_size=on", "1M", MIB },
    { "subformat=dynamic,force_size=on", "5000M", 5000 * (guint64)MIB },
    { "subformat=dynamic,force_size=on", "2040G", 2040 * 1024 * (guint64)MIB },
    { "subformat=fixed,force_size=on", "3M", 3 * MIB },
  };
  make_image (cases[_i].options, cases[_i].size);
  XmVhdInfo info;
  ck_assert_int_eq (read_image (&info), 0);
  ck_assert_uint_eq (info.size, cases[_i].bytes);
  ck_assert (!info.encrypted && !info.differencing);
}
END_TEST

/* A batmap header behind the allocation table, whose length is that of the 2 MiB blocks. */
static void
add_batmap (guint n_blocks, gboolean with_key)
{
  char sector[SECTOR] = "tdbatmap";
  sector[29] = with_key ? 1 : 0;
  off_t table_length = (n_blocks * 4 + SECTOR - 1) / SECTOR * SECTOR;
  overwrite (TABLE_AT + table_length, sector, sizeof sector);
  char footer[SECTOR]; /* what was behind the table has made room */
  int fd = open (image, O_RDONLY | O_CLOEXEC);
  ck_assert_int_eq (pread (fd, footer, SECTOR, 0), SECTOR);
  close (fd);
  overwrite (TABLE_AT + table_length + SECTOR, footer, sizeof footer);
}

START_TEST (key_of_a_batmap)
{
  XmVhdInfo info;
  make_image ("subformat=dynamic,force_size=on", "300M");
  add_batmap (150, FALSE);
  ck_assert_int_eq (read_image (&info), 0);
  ck_assert (!info.encrypted);
  add_batmap (150, TRUE);
  ck_assert_int_eq (read_image (&info), 0);
  ck_assert (info.encrypted);
  ck_assert_uint_eq (info.size, 300 * MIB);
}
END_TEST

START_TEST (differencing)
{
  static const guint8 type[] = { 0, 0, 0, 4 };
  make_image ("subformat=dynamic,force_size=on", "4M");
  overwrite (image_length () - SECTOR + 60, type, sizeof type);
  XmVhdInfo info;
  ck_assert_int_eq (read_image (&info), 0);
  ck_assert (info.differencing);
}
END_TEST

START_TEST (damaged_footer)
{
  make_image ("subformat=dynamic,force_size=on", "4M");
  overwrite (image_length () - SECTOR, "garbage!", 8);
  XmVhdInfo info;
  ck_assert_int_eq (read_image (&info), 0);
  ck_assert_uint_eq (info.size, 4 * MIB);
  overwrite (0, "garbage!", 8);
  assert_no_vhd ();
}
END_TEST

START_TEST (no_vhd)
{
  static const gsize lengths[] = { 0, 1, 511, 512, 513, 4096 };
  for (gsize i = 0; i < G_N_ELEMENTS (lengths); i++) {
    g_autofree char *bytes = g_malloc0 (lengths[i] + 1);
    ck_assert (g_file_set_contents (image, bytes, (gssize)lengths[i], NULL));
    assert_no_vhd ();
  }
}
END_TEST

/* Offsets that lead out of the file, or around the end of the numbers. */
START_TEST (insane_offsets)
{
  static const struct {
    gsize at; /* in the footer, or in the header beyond it */
    guint8 bytes[8];
    gsize n;
    int errsv;
  } cases[] = {
    { 16, { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, 8, EINVAL },
    { 16, { 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, 8, EINVAL },
    { 16, { 0x00, 0x00, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff }, 8, EINVAL },
    { 16, { 0 }, 8, EINVAL },
    { 60, { 0xff, 0xff, 0xff, 0xff }, 4, EINVAL },
    { 60, { 0 }, 4, EINVAL },
    { SECTOR + 16, { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, 8, EINVAL },
    { SECTOR + 16, { 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, 8, EINVAL },
    { SECTOR + 16, { 0x00, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, 8, 0 },
    { SECTOR + 28, { 0xff, 0xff, 0xff, 0xff }, 4, 0 },
  };
  make_image ("subformat=dynamic,force_size=on", "4M");
  overwrite (image_length () - SECTOR, "no footer", 9); /* the copy at 0 counts */
  overwrite ((off_t)cases[_i].at, cases[_i].bytes, cases[_i].n);
  XmVhdInfo info;
  ck_assert_int_eq (read_image (&info), cases[_i].errsv);
  ck_assert (!info.encrypted);
}
END_TEST

/* Bits turned at random: any answer will do, as long as there is one. */
START_TEST (random_damage)
{
  make_image ("subformat=dynamic,force_size=on", "64M");
  g_autoptr (GRand) random = g_rand_new_with_seed (20);
  for (int i = 0; i < 2000; i++) {
    guint8 byte = (guint8)g_rand_int_range (random, 0, 256);
    overwrite (g_rand_int_range (random, 0, (gint32)image_length ()), &byte, 1);
    XmVhdInfo info;
    int errsv = read_image (&info);
    ck_assert_msg (errsv == 0 || errsv == EINVAL, "%d", errsv);
  }
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("vhd");
  TCase *tcase = tcase_create ("vhd");
  tcase_add_checked_fixture (tcase, set_up, tear_down);
  tcase_add_loop_test (tcase, sizes, 0, 4);
  tcase_add_test (tcase, key_of_a_batmap);
  tcase_add_test (tcase, differencing);
  tcase_add_test (tcase, damaged_footer);
  tcase_add_test (tcase, no_vhd);
  tcase_add_loop_test (tcase, insane_offsets, 0, 10);
  tcase_add_test (tcase, random_damage);
  suite_add_tcase (suite, tcase);

  return run_suite (suite);
}
