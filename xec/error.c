/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xec/error.h"

#include <stdio.h>
#include <string.h>

G_DEFINE_QUARK (xec - error - quark, xec_error)

void
xec_error_report (const GError *error, const char *program, gboolean name_only)
{
  if (!g_error_matches (error, XEC_ERROR, XEC_ERROR_REMOTE)) {
    fflush (stdout);
    fprintf (stderr, "%s: %s\n", program, error->message);
    return;
  }
  /* An error name cannot hold a colon, so the first one ends it. */
  size_t length = name_only ? strcspn (error->message, ":") : strlen (error->message);
  fwrite (error->message, 1, length, stdout);
  putchar ('\n');
}
