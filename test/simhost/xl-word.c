/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What all subcommands share: the words for domains, and libxl's error lines. */
#include "xl.h"

#include <stdio.h>
#include <stdlib.h>

int
xl_domain (const char *word)
{
  char *end;
  long domid = strtol (word, &end, 10);
  int lock;

  if (*end == '\0' && end != word && domid >= 0)
    return (int)domid;
  lock = sim_lock ("lock");
  domid = sim_domain_find (word);
  sim_unlock (lock);
  if (domid < 0) {
    fprintf (stderr, "%s is an invalid domain identifier (rc=-6)\n", word);
    exit (1);
  }
  return (int)domid;
}

void
xl_libxl_error (const char *where, int domid, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_autofree char *text = g_strdup_vprintf (format, args);
  va_end (args);
  fprintf (stderr, "libxl: error: %s: Domain %d:%s\n", where, domid, text);
}
