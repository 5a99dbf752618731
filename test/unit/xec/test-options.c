/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What stands before the command word, and the line in the system log. */
#include <check.h>

#include "test/unit/run-suite.h"
#include "xec/options.h"

/* The words of @line, split at single blanks; %NULL-terminated, argv[0] added. */
static char **
split (const char *line)
{
  g_autofree char *with_program = g_strdup_printf ("xec %s", line);
  return g_strsplit (with_program, " ", -1);
}

/* The command line in one canonical text: option numbers with arguments, then the words. */
static char *
describe (const XecOptions *options)
{
  GString *text = g_string_new (NULL);

  for (int i = 0; i < XEC_N_OPTIONS; i++) {
    if (!options->given[i])
      continue;
    g_string_append_printf (text, "%d", i);
    for (int j = 0; j < 2 && options->arguments[i][j] != NULL; j++)
      g_string_append_printf (text, ":%s", options->arguments[i][j]);
    g_string_append_c (text, ' ');
  }
  g_autofree char *words = g_strjoinv (" ", options->words);
  g_string_append_printf (text, "| %s", words);
  return g_string_free (text, FALSE);
}

static const struct {
  XecProgram program;
  const char *line;
  const char *same_as; /* canonical spelling with the same meaning */
  const char *words;
} lines[] = {
  { XEC_PROGRAM_XEC, "-s a -o /b -i c get d", "--service a --object /b --interface c get d",
    "get d" },
  { XEC_PROGRAM_XEC, "-q -g p", "--query --get p", "" },
  { XEC_PROGRAM_XEC, "-x p v", "--set p v", "" },
  { XEC_PROGRAM_XEC, "-t 3 -h m", "--target-domid 3 --help m", "m" },
  /* The first word that is no option ends them. */
  { XEC_PROGRAM_XEC, "m -o /b", "m -o /b", "m -o /b" },
  { XEC_PROGRAM_XEC, "--unknown -q", "--unknown -q", "--unknown -q" },
  { XEC_PROGRAM_XEC, "-n x get y", "-n x get y", "-n x get y" },
  { XEC_PROGRAM_XEC, "-qs a", "-qs a", "-qs a" },
  /* An option's argument may look like an option. */
  { XEC_PROGRAM_XEC, "-o -q m", "--object -q m", "m" },
  /* The first of several counts. */
  { XEC_PROGRAM_XEC, "-o /a -o /b m", "-o /a m", "m" },
  /* One that lacks its argument is ignored. */
  { XEC_PROGRAM_XEC, "--list-properties -g", "--list-properties", "" },
  { XEC_PROGRAM_XEC, "-q -x p", "-q", "" },
  { XEC_PROGRAM_XEC_VM, "-n a -k 1 get b", "--name a --disk 1 get b", "get b" },
  { XEC_PROGRAM_XEC_VM, "-u a -c 1 m", "--uuid a --nic 1 m", "m" },
  { XEC_PROGRAM_XEC, "--host a@b:1 m", "--host a@b:1 m", "m" },
  { XEC_PROGRAM_XEC_VM, "--host a -n b m", "--host a --name b m", "m" },
  { XEC_PROGRAM_XEC_VM, "-d 1 m", "--domid 1 m", "m" },
  { XEC_PROGRAM_XEC_VM, "-l -q", "--long --query", "" },
  { XEC_PROGRAM_XEC, "-l m", "-l m", "-l m" },
  { XEC_PROGRAM_XEC_VM, "--path /a m", "-o /a m", "m" },
};

START_TEST (test_lines)
{
  g_auto (GStrv) argv = split (lines[_i].line);
  g_auto (GStrv) same_argv = split (lines[_i].same_as);
  XecOptions options, same;

  xec_options_parse (&options, lines[_i].program, argv);
  xec_options_parse (&same, lines[_i].program, same_argv);
  g_autofree char *text = describe (&options);
  g_autofree char *same_text = describe (&same);
  ck_assert_str_eq (text, same_text);
  g_autofree char *words = g_strjoinv (" ", options.words);
  ck_assert_str_eq (words, lines[_i].words);
}
END_TEST

START_TEST (test_empty)
{
  char program[] = "xec";
  char *argv[] = { program, NULL };
  XecOptions options;

  xec_options_parse (&options, XEC_PROGRAM_XEC, argv);
  ck_assert_ptr_null (options.words[0]);
  ck_assert_str_eq (xec_options_argument (&options, XEC_OPTION_OBJECT, "/"), "/");
}
END_TEST

START_TEST (test_log)
{
  g_auto (GStrv) argv = split ("-o /vm set\tname a\nb");
  XecOptions options;

  xec_options_parse (&options, XEC_PROGRAM_XEC, argv);
  g_autofree char *line = xec_options_log_line (&options, argv);
  ck_assert_str_eq (line, "invoked with: -o /vm set name a b");
}
END_TEST

START_TEST (test_quiet)
{
  g_auto (GStrv) argv = split ("-o /vm -q get name");
  XecOptions options;

  xec_options_parse (&options, XEC_PROGRAM_XEC, argv);
  ck_assert_ptr_null (xec_options_log_line (&options, argv));
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("xec-options");
  TCase *tests = tcase_create ("options");

  tcase_add_loop_test (tests, test_lines, 0, G_N_ELEMENTS (lines));
  tcase_add_test (tests, test_empty);
  tcase_add_test (tests, test_log);
  tcase_add_test (tests, test_quiet);
  suite_add_tcase (suite, tests);

  return run_suite (suite);
}
