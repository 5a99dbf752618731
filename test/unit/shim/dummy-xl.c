/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dummy-xl.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEADER                                                                                     \
  "Name                                        ID   Mem VCPUs\tState\tTime(s)   UUID"              \
  "                            Reason-Code\tSecurity Label\n"
#define LINE "%-40s %5d   128     1     %s       4.3 %s %8s                -\n"

static char *
in_dir (const char *file)
{
  return g_build_filename (g_getenv ("DUMMY_XL_DIR"), file, NULL);
}

void
dummy_xl_new (const char *base)
{
  g_autofree char *dir = g_build_filename (base, "xl", NULL);
  g_autofree char *alone = dummy_xl_domains ("");
  ck_assert_int_eq (g_mkdir (dir, 0700), 0);
  g_setenv ("DUMMY_XL_DIR", dir, TRUE);
  dummy_xl_tell ("calls", "");
  dummy_xl_tell ("list", alone);
}

void
dummy_xl_tell (const char *file, const char *text)
{
  g_autofree char *path = in_dir (file);
  if (text == NULL)
    ck_assert (unlink (path) == 0 || errno == ENOENT);
  else
    ck_assert (g_file_set_contents (path, text, -1, NULL));
}

void
dummy_xl_shut_gate (const char *command)
{
  g_autofree char *file = g_strconcat (command, ".gate", NULL);
  g_autofree char *path = in_dir (file);
  ck_assert_int_eq (mkfifo (path, 0600), 0);
}

void
dummy_xl_open_gate (const char *command)
{
  g_autofree char *file = g_strconcat (command, ".gate", NULL);
  g_autofree char *path = in_dir (file);
  int fd = open (path, O_WRONLY | O_CLOEXEC); /* returns when the other end is open, too */
  ck_assert_int_ge (fd, 0);
  ck_assert_int_eq (unlink (path), 0);
  close (fd);
}

char **
dummy_xl_calls (void)
{
  g_autofree char *path = in_dir ("calls");
  g_autofree char *text = NULL;
  ck_assert (g_file_get_contents (path, &text, NULL, NULL));
  return g_strsplit (g_strchomp (text), "\n", -1);
}

guint
dummy_xl_count (const char *command)
{
  g_auto (GStrv) calls = dummy_xl_calls ();
  g_autofree char *prefix = g_strconcat (command, " ", NULL);
  guint n = 0;
  for (char **call = calls; *call != NULL; call++)
    n += g_str_equal (*call, command) || g_str_has_prefix (*call, prefix);
  return n;
}

char *
dummy_xl_domains (const char *lines)
{
  g_autofree char *dom0 =
      dummy_xl_domain ("Domain-0", 0, "r-----", "00000000-0000-0000-0000-000000000000", "-");
  return g_strconcat (HEADER, dom0, lines, NULL);
}

char *
dummy_xl_domain (const char *name,
                 int domid,
                 const char *state,
                 const char *uuid,
                 const char *reason)
{
  return g_strdup_printf (LINE, name, domid, state, uuid, reason);
}
