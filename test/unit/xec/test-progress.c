/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The line that says how far a long operation is. */
#include <check.h>

#include "test/unit/run-suite.h"
#include "xec/progress.h"

#define MIB G_GUINT64_CONSTANT (1048576)

static const struct {
  guint64 done, total;
  const char *line;
} samples[] = {
  { 0, 128 * MIB, "save:   0%, 0 of 128 MiB" },
  { 64 * MIB + 1, 128 * MIB, "save:  50%, 64 of 128 MiB" },
  { 128 * MIB - 1, 128 * MIB, "save:  99%, 127 of 128 MiB" },
  { 128 * MIB, 128 * MIB, "save: 100%, 128 of 128 MiB" },
  { 129 * MIB, 128 * MIB, "save: 100%, 129 of 128 MiB" }, /* no more than all */
  { 1, 3, "save:  33%, 0 of 0 MiB" },
  { 7 * MIB, 0, "save: 7 MiB" },
  { G_MAXUINT64 / 2, G_MAXUINT64, "save:  50%, 8796093022207 of 17592186044415 MiB" },
};

START_TEST (a_line)
{
  g_autofree char *line = xec_progress_format ("save", samples[_i].done, samples[_i].total);
  ck_assert_str_eq (line, samples[_i].line);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("xec-progress");
  TCase *tests = tcase_create ("line");
  tcase_add_loop_test (tests, a_line, 0, G_N_ELEMENTS (samples));
  suite_add_tcase (suite, tests);
  return run_suite (suite);
}
