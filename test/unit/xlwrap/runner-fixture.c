/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "runner-fixture.h"

#include "xl-test.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

XlRunner *runner;
char *notify_path;
static char *folder;
static int notify_fd;

void
runner_setup (void)
{
  runner = xl_runner_new (FAKE_XL);
  folder = g_dir_make_tmp ("xl-runner-XXXXXX", NULL);
  notify_path = g_build_filename (folder, "notify", NULL);
  ck_assert_int_eq (mkfifo (notify_path, 0600), 0);
  /* Both ends, so that it never is at its end and opening does not wait. */
  notify_fd = open (notify_path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
  ck_assert_int_ge (notify_fd, 0);
}

void
runner_teardown (void)
{
  close (notify_fd);
  g_unlink (notify_path);
  g_rmdir (folder);
  g_free (notify_path);
  g_free (folder);
  g_object_unref (runner);
  prctl (PR_SET_CHILD_SUBREAPER, 0);
}

GAsyncResult **
run_with (const char *const *argv, const char *const *envp, GCancellable *cancellable)
{
  GAsyncResult **result = g_new0 (GAsyncResult *, 1);

  xl_runner_run_async (runner, argv, envp, XL_TIMEOUT_QUICK, cancellable, keep_result, result);
  return result;
}

GAsyncResult **
run (const char *const *argv)
{
  return run_with (argv, NULL, NULL);
}

GAsyncResult **
run_as (XlTimeout timeout, const char *const *argv)
{
  GAsyncResult **result = g_new0 (GAsyncResult *, 1);

  xl_runner_run_async (runner, argv, NULL, timeout, NULL, keep_result, result);
  return result;
}

XlOutput *
finish (GAsyncResult **result, GError **error)
{
  XlOutput *output = xl_runner_run_finish (runner, wait_result (result), error);

  g_object_unref (*result);
  g_free (result);
  return output;
}

XlOutput *
finish_well (GAsyncResult **result)
{
  g_autoptr (GError) error = NULL;
  XlOutput *output = finish (result, &error);

  if (output == NULL)
    ck_abort_msg ("%s", error->message);
  return output;
}

GError *
finish_badly (GAsyncResult **result, GQuark domain, int code)
{
  GError *error = NULL;
  g_autoptr (XlOutput) output = finish (result, &error);

  ck_assert_ptr_null (output);
  if (!g_error_matches (error, domain, code))
    ck_abort_msg ("not the expected error: %s", error->message);
  return error;
}

static gboolean
on_notify (int fd, GIOCondition condition, gpointer data)
{
  return G_SOURCE_CONTINUE;
}

int
wait_notify (char *name, gsize size)
{
  guint source = g_unix_fd_add (notify_fd, G_IO_IN, on_notify, NULL);
  g_autoptr (GString) line = g_string_new (NULL);
  char c = '\0';

  while (c != '\n') {
    if (read (notify_fd, &c, 1) == 1)
      g_string_append_c (line, c);
    else
      g_main_context_iteration (NULL, TRUE);
  }
  g_source_remove (source);

  char *blank = strchr (line->str, ' ');
  ck_assert_ptr_nonnull (blank);
  *blank = '\0';
  if (name != NULL)
    g_strlcpy (name, line->str, size);
  return atoi (blank + 1);
}

char *
make_gate (guint i)
{
  g_autofree char *name = g_strdup_printf ("gate%u", i);
  char *path = g_build_filename (folder, name, NULL);

  ck_assert_int_eq (mkfifo (path, 0600), 0);
  return path;
}

void
open_gate (const char *path)
{
  int fd = open (path, O_WRONLY | O_CLOEXEC);

  ck_assert_int_ge (fd, 0);
  close (fd);
  g_unlink (path);
}
