/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * docs/vm-properties.md is what `xenmgr-xl --list-properties` prints, docs/host-config.md what
 * `--list-host-config` does, and they say something of every property. With XM_UPDATE_GOLDEN set
 * the files are written anew.
 */
#include <check.h>
#include <string.h>

#include "shim/host-reference.h"
#include "shim/property-notes.h"
#include "shim/property-reference.h"
#include "test/unit/run-suite.h"

typedef struct {
  const char *document, *option;
  char *(*make) (void);
  struct {
    const XmPropertyNote *notes;
    guint rows;
  } tables[3];
} Reference;

static const Reference references[] = {
  { "vm-properties.md",
    "--list-properties",
    xm_property_reference,
    { { xm_property_notes_vm, 148 },
      { xm_property_notes_disk, 14 },
      { xm_property_notes_nic, 8 } } },
  { "host-config.md",
    "--list-host-config",
    xm_host_reference,
    { { xm_property_notes_config, 23 },
      { xm_property_notes_config, 20 },
      { xm_property_notes_host, 28 } } },
};

START_TEST (the_document_is_current)
{
  const Reference *reference = &references[_i];
  g_autofree char *text = reference->make ();
  g_autofree char *path = g_build_filename (SOURCE_DIR "/docs", reference->document, NULL);
  if (g_getenv ("XM_UPDATE_GOLDEN") != NULL)
    ck_assert (g_file_set_contents (path, text, -1, NULL));
  g_autofree char *document = NULL;
  ck_assert (g_file_get_contents (path, &document, NULL, NULL));
  ck_assert_msg (g_str_equal (text, document), "docs/%s is old: write `xenmgr-xl %s` over it",
                 reference->document, reference->option);
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
  const Reference *reference = &references[_i];
  guint seen[G_N_ELEMENTS (reference->tables)] = { 0 };
  g_autofree char *text = reference->make ();
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  int table = -1;
  for (char **line = lines; *line != NULL; line++) {
    table += g_str_has_prefix (*line, "## ");
    g_autofree char *name = name_of_row (*line);
    if (name == NULL)
      continue;
    ck_assert_msg (xm_property_note (reference->tables[table].notes, name) != NULL, "no note on %s",
                   name);
    seen[table]++;
  }
  for (gsize i = 0; i < G_N_ELEMENTS (seen); i++) {
    ck_assert_uint_eq (seen[i], reference->tables[i].rows);
    for (const XmPropertyNote *note = reference->tables[i].notes; note->name != NULL; note++) {
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
    "| `vm-creation-allowed` | boolean | rw | store | `/vm-create-disallowed` | `true` |  | yes | ",
    "| `enable-ssh` | boolean | rw | flag | `/config/etc/ssh/sshd_not_to_be_run` | `true` |  |  | ",
    "| `secondary-gpu-pt` | boolean | r | capabilities | `secondary-gpu-pt` | `true` |  |  | ",
    "measured disk is not as it was; other words become `nothing` |",
    "| `supported-languages` | texts | r |",
    "| `vendor` | text | r | once known, kept | `/sys/class/dmi/id/sys_vendor` | of the machine |",
    "| `build-info` | dictionary | r |",
  };
  g_autofree char *vms = xm_property_reference ();
  g_autofree char *host = xm_host_reference ();
  g_autofree char *text = g_strconcat (vms, host, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (expected); i++)
    ck_assert_msg (strstr (text, expected[i]) != NULL, "%s", expected[i]);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("property-reference");
  TCase *tcase = tcase_create ("property-reference");
  tcase_add_loop_test (tcase, the_document_is_current, 0, G_N_ELEMENTS (references));
  tcase_add_loop_test (tcase, every_property_is_there, 0, G_N_ELEMENTS (references));
  tcase_add_test (tcase, rows);
  suite_add_tcase (suite, tcase);
  return run_suite (suite);
}
