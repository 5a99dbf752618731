/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * docs/vm-properties.md is what `xenmgr-xl --list-properties` prints, and says
 * something of every property. With XM_UPDATE_GOLDEN set the file is written anew.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "shim/property-notes.h"
#include "shim/property-reference.h"

#define DOCUMENT SOURCE_DIR "/docs/vm-properties.md"

START_TEST (the_document_is_current)
{
  g_autofree char *text = xm_property_reference ();
  if (g_getenv ("XM_UPDATE_GOLDEN") != NULL)
    ck_assert (g_file_set_contents (DOCUMENT, text, -1, NULL));
  g_autofree char *document = NULL;
  ck_assert (g_file_get_contents (DOCUMENT, &document, NULL, NULL));
  ck_assert_msg (g_str_equal (text, document),
                 "docs/vm-properties.md is old: write `xenmgr-xl --list-properties` over it");
}
END_TEST

/* Rows of the three tables: the part of @line between the first two backquotes. */
static char *
name_of_row (const char *line)
{
  return g_str_has_prefix (line, "| `") ? g_strndup (line + 3, strcspn (line + 3, "`")) : NULL;
}

START_TEST (every_property_is_there)
{
  static const XmPropertyNote *const notes[] = { xm_property_notes_vm, xm_property_notes_disk,
                                                 xm_property_notes_nic };
  static const guint wanted[] = { 148, 14, 8 };
  guint seen[3] = { 0, 0, 0 };
  g_autofree char *text = xm_property_reference ();
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  int table = -1;
  for (char **line = lines; *line != NULL; line++) {
    table += g_str_has_prefix (*line, "## ");
    g_autofree char *name = name_of_row (*line);
    if (name == NULL)
      continue;
    ck_assert_msg (xm_property_note (notes[table], name) != NULL, "no note on %s", name);
    seen[table]++;
  }
  for (gsize i = 0; i < G_N_ELEMENTS (notes); i++) {
    ck_assert_uint_eq (seen[i], wanted[i]);
    for (const XmPropertyNote *note = notes[i]; note->name != NULL; note++) {
      g_autofree char *row = g_strdup_printf ("| `%s`", note->name);
      ck_assert_msg (strstr (text, row) != NULL, "a note on %s, which is no property", note->name);
    }
  }
}
END_TEST

/* A few rows by hand, so that a reference that has lost its sources is noticed. */
START_TEST (rows)
{
  static const char *const expected[] = {
    "| `boot` | text | rw | `config/boot` | `\"\"` |  | `boot='TEXT'`, HVM | ",
    "| `usb-enabled` | boolean | rw | `usb-enabled` | `true` |  | `usb=1` or `0`, HVM, when false",
    "| `domid` | integer | r |  |  |  |  |  | -1 without a domain |",
    "| `stubdom-memory` (vm.unrestricted only) | integer | rw | `config/stubdom-memory` | `96` |",
    "| `virt-type` | text | rw | `config/virt-type` | `pv` | `pv`, `pvh`, `hvm` | ",
    "| `phys-type` | text | rw | `type` | `vhd` | `file`, `phy`, `qcow`, ",
    "| `enabled` | boolean | rw | `enable` | `true` |",
    "| `dependencies` | object paths | r |",
  };
  g_autofree char *text = xm_property_reference ();
  for (gsize i = 0; i < G_N_ELEMENTS (expected); i++)
    ck_assert_msg (strstr (text, expected[i]) != NULL, "%s", expected[i]);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("property-reference");
  TCase *tcase = tcase_create ("property-reference");
  tcase_add_test (tcase, the_document_is_current);
  tcase_add_test (tcase, every_property_is_there);
  tcase_add_test (tcase, rows);
  suite_add_tcase (suite, tcase);
  SRunner *runner = srunner_create (suite);
  srunner_run_all (runner, CK_ENV);
  int failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
