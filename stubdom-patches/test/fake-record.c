/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Keeps a list of what the program under test writes below /state: a watcher
 * could miss a value that is overwritten at once, this cannot.
 */
#include <dlfcn.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <xenstore.h>

#include "test/simhost/standin/standin.h"

bool
xs_write (struct xs_handle *h,
          xs_transaction_t t,
          const char *path,
          const void *data,
          unsigned int len)
{
  static bool (*next) (struct xs_handle *, xs_transaction_t, const char *, const void *,
                       unsigned int);
  char file_name[PATH_MAX];
  FILE *file;

  if (!next)
    *(void **)(&next) = dlsym (RTLD_NEXT, "xs_write");
  if (strncmp (path, "/state/", 7) == 0 && standin_path (file_name, sizeof file_name, "written")) {
    file = fopen (file_name, "ae");
    if (file) {
      fprintf (file, "%s %.*s\n", strrchr (path, '/') + 1, (int)len, (const char *)data);
      fclose (file);
    }
  }
  return next (h, t, path, data, len);
}

/* Who waits for a console gets it, as from xenconsoled. */
bool
xs_watch (struct xs_handle *h, const char *path, const char *token)
{
  static bool (*next) (struct xs_handle *, const char *, const char *);
  const char *end = strstr (path, "/console/tty");

  if (!next)
    *(void **)(&next) = dlsym (RTLD_NEXT, "xs_watch");
  if (end && !end[12])
    xs_write (h, XBT_NULL, path, "/dev/pts/0", 10);
  return next (h, path, token);
}
