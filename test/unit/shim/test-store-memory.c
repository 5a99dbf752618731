/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <check.h>
#include <malloc.h>
#include <stdlib.h>

#include "store-fixture.h"
#include "test/unit/run-suite.h"

#define N_VMS    1000
#define N_LEAVES 80
#define LIMIT    (3500 * 1024)

/* Settings as VMs have them: most values are the same in all of them. */
static char *
make_vm (guint i)
{
  g_autofree char *uuid = g_strdup_printf ("%08x-1111-2222-3333-%012x", i, i * 7);
  GString *text = g_string_new (NULL);
  guint leaves = 0;

  g_string_append_printf (text,
                          "{\"uuid\":\"%s\",\"name\":\"machine number %u\",\"seamless-id\":\"%s\","
                          "\"slot\":\"%u\"",
                          uuid, i, uuid, i % 9);
  leaves += 4;
  for (; leaves < 24; leaves++)
    g_string_append_printf (text, ",\"property-%u\":\"%s\"", leaves, leaves % 2 ? "true" : "false");
  g_string_append (text, ",\"config\":{\"memory\":\"1024\"");
  for (leaves++; leaves < 62; leaves++)
    g_string_append_printf (text, ",\"setting-%u\":\"value %u\"", leaves, leaves % 10);
  g_string_append (text, ",\"disk\":{");
  for (guint disk = 0; disk < 3; disk++, leaves += 6)
    g_string_append_printf (text,
                            "%s\"%u\":{\"path\":\"/storage/disks/%s-%u.vhd\",\"type\":\"vhd\","
                            "\"mode\":\"w\",\"device\":\"hd%c\",\"devtype\":\"disk\","
                            "\"shared\":\"false\"}",
                            disk ? "," : "", disk, uuid, disk, 'a' + (int)disk);
  g_string_append (text, "}}}");
  ck_assert_uint_eq (leaves, N_LEAVES);
  return g_string_free (text, FALSE);
}

START_TEST (a_thousand_vms_fit)
{
  char *base = fixture_new ();
  g_autoptr (XmStore) store = NULL;
  g_autofree const char **names = NULL;
  struct mallinfo2 before;
  struct mallinfo2 after;
  gsize used;

  for (guint i = 0; i < N_VMS; i++) {
    g_autofree char *text = make_vm (i);
    g_autofree char *file = g_strdup_printf ("vms/vm-%u.db", i);

    fixture_write_file (base, file, text);
  }
  fixture_write_file (base, "db", "{}");

  before = mallinfo2 ();
  store = fixture_open (base);
  after = mallinfo2 ();
  used = (after.uordblks + after.hblkhd) - (before.uordblks + before.hblkhd);
  names = xm_store_list (store, "/vm");
  ck_assert_uint_eq (g_strv_length ((char **)names), N_VMS);
  ck_assert_msg (used < LIMIT, "%zu bytes", used);
  g_print ("%u VMs with %u leaves: %zu KiB\n", N_VMS, N_LEAVES, used / 1024);
  fixture_free (base);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("store-memory");
  TCase *tests = tcase_create ("memory");

  tcase_set_timeout (tests, 110);
  tcase_add_test (tests, a_thousand_vms_fit);
  suite_add_tcase (suite, tests);
  return run_suite (suite);
}
