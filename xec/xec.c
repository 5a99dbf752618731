/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* xec: talk to one D-Bus object, by default to the VM manager's. */
#include <stdio.h>
#include <stdlib.h>

#include "xec/action.h"
#include "xec/bus.h"
#include "xec/error.h"
#include "xec/help.h"

static gboolean
run (XecOptions *options, GError **error)
{
  XecAction action =
      xec_action_from_options (options, xec_options_argument (options, XEC_OPTION_OBJECT, "/"));
  g_autoptr (GDBusConnection) connection = xec_bus_connect (options, error);

  return connection != NULL && xec_action_perform (&action, connection, error);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  XecOptions options;
  int status = EXIT_SUCCESS;

  xec_options_parse (&options, XEC_PROGRAM_XEC, argv);
  if (options.given[XEC_OPTION_HELP]) {
    fputs (xec_help (XEC_PROGRAM_XEC), stdout);
  } else {
    xec_options_log (&options, "xec", argv);
    if (!run (&options, &error)) {
      xec_error_report (error, "xec", FALSE);
      status = EXIT_FAILURE;
    }
  }
  /* A script must not take a list for complete that did not fit on the disk. */
  return fflush (stdout) == 0 ? status : EXIT_FAILURE;
}
