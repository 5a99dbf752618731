/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xec/options.h"

#include <string.h>
#include <syslog.h>

static const struct {
  XecOption option;
  const char *spellings[3];
  int n_arguments;
  XecProgram first_program; /* the first of XecProgram that knows the option */
} specs[] = {
  { XEC_OPTION_HELP, { "--help", "-h" }, 0, XEC_PROGRAM_XEC },
  { XEC_OPTION_QUERY, { "--query", "-q" }, 0, XEC_PROGRAM_XEC },
  { XEC_OPTION_SESSION, { "--session" }, 0, XEC_PROGRAM_XEC },
  { XEC_OPTION_LIST_INTERFACES, { "--list-interfaces" }, 0, XEC_PROGRAM_XEC },
  { XEC_OPTION_LIST_METHODS, { "--list-methods" }, 0, XEC_PROGRAM_XEC },
  { XEC_OPTION_LIST_PROPERTIES, { "--list-properties" }, 0, XEC_PROGRAM_XEC },
  { XEC_OPTION_SERVICE, { "--service", "-s" }, 1, XEC_PROGRAM_XEC },
  { XEC_OPTION_OBJECT, { "--object", "-o" }, 1, XEC_PROGRAM_XEC },
  { XEC_OPTION_OBJECT, { "--path" }, 1, XEC_PROGRAM_XEC_VM },
  { XEC_OPTION_INTERFACE, { "--interface", "-i" }, 1, XEC_PROGRAM_XEC },
  { XEC_OPTION_GET, { "--get", "-g" }, 1, XEC_PROGRAM_XEC },
  { XEC_OPTION_SET, { "--set", "-x" }, 2, XEC_PROGRAM_XEC },
  { XEC_OPTION_TARGET_DOMID, { "--target-domid", "-t" }, 1, XEC_PROGRAM_XEC },
  { XEC_OPTION_HOST, { "--host" }, 1, XEC_PROGRAM_XEC },
  { XEC_OPTION_NAME, { "--name", "-n" }, 1, XEC_PROGRAM_XEC_VM },
  { XEC_OPTION_UUID, { "--uuid", "-u" }, 1, XEC_PROGRAM_XEC_VM },
  { XEC_OPTION_DOMID, { "--domid", "-d" }, 1, XEC_PROGRAM_XEC_VM },
  { XEC_OPTION_DISK, { "--disk", "-k" }, 1, XEC_PROGRAM_XEC_VM },
  { XEC_OPTION_NIC, { "--nic", "-c" }, 1, XEC_PROGRAM_XEC_VM },
  { XEC_OPTION_LIST_DISKS, { "--list-disks" }, 0, XEC_PROGRAM_XEC_VM },
  { XEC_OPTION_LIST_NICS, { "--list-nics" }, 0, XEC_PROGRAM_XEC_VM },
  { XEC_OPTION_LONG, { "--long", "-l" }, 0, XEC_PROGRAM_XEC_VM },
};

static int
find_spec (const char *word, XecProgram program)
{
  for (gsize i = 0; i < G_N_ELEMENTS (specs); i++)
    if (program >= specs[i].first_program && g_strv_contains (specs[i].spellings, word))
      return (int)i;
  return -1;
}

void
xec_options_parse (XecOptions *options, XecProgram program, char **argv)
{
  char **word = argv + 1;

  memset (options, 0, sizeof *options);
  while (*word != NULL) {
    int spec = find_spec (*word, program);
    if (spec < 0)
      break;
    word++;

    int n_wanted = specs[spec].n_arguments;
    if ((int)g_strv_length (word) < n_wanted) {
      word += g_strv_length (word);
      break;
    }
    XecOption option = specs[spec].option;
    if (!options->given[option])
      memcpy (options->arguments[option], word, (gsize)n_wanted * sizeof *word);
    options->given[option] = TRUE;
    word += n_wanted;
  }
  options->words = word;
}

const char *
xec_options_argument (const XecOptions *options, XecOption option, const char *otherwise)
{
  return options->given[option] ? options->arguments[option][0] : otherwise;
}

char *
xec_options_log_line (const XecOptions *options, char **argv)
{
  if (options->given[XEC_OPTION_QUERY])
    return NULL;
  g_autofree char *words = g_strjoinv (" ", argv + 1);
  char *line = g_strconcat ("invoked with: ", words, NULL);
  for (char *c = line; *c != '\0'; c++)
    if (g_ascii_iscntrl (*c))
      *c = ' ';
  return line;
}

void
xec_options_log (const XecOptions *options, const char *program, char **argv)
{
  g_autofree char *line = xec_options_log_line (options, argv);

  if (line == NULL)
    return;
  openlog (program, 0, LOG_USER);
  syslog (LOG_INFO, "%s", line);
  closelog ();
}
