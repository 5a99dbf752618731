/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How far long operations are, and how far xl is. */
#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "service-fixture.h"
#include "shim/progress.h"
#include "test/unit/run-suite.h"

#define UUID "8a3c1d5e-4f60-4b7a-9c21-0123456789ab"
#define PATH "/vm/8a3c1d5e_4f60_4b7a_9c21_0123456789ab"

static ServiceFixture *fixture;
static XmVm *vm;

static void
set_up (void)
{
  fixture = service_fixture_new ();
  vm = service_fixture_add_vm (fixture, UUID, "{}");
}

static void
tear_down (void)
{
  service_fixture_free (fixture);
}

/* The next signal is `progress` with @arguments after the object and the word. */
static void
is_told (const char *operation, const char *arguments)
{
  g_autofree char *expected =
      g_strdup_printf ("progress ('" PATH "', '%s', %s)", operation, arguments);
  service_fixture_wait_signal (fixture, "progress");
  const GPtrArray *signals = service_fixture_signals (fixture);
  ck_assert_uint_eq (signals->len, 1);
  ck_assert_str_eq (signals->pdata[0], expected);
}

START_TEST (from_beginning_to_end)
{
  XmProgress *progress = xm_progress_begin (vm->service, vm->path, "measure", 0);
  is_told ("measure", "0, 0, false");
  xm_progress_set (progress, 10, 100);
  xm_progress_set (progress, 20, 100);
  is_told ("measure", "20, 100, false");
  xm_progress_set (progress, 101, 100); /* no more than all */
  is_told ("measure", "100, 100, false");
  xm_progress_end (progress, TRUE);
  is_told ("measure", "100, 100, true");
}
END_TEST

START_TEST (all_or_less_at_the_end)
{
  for (int well = 0; well <= 1; well++) {
    XmProgress *progress = xm_progress_begin (vm->service, vm->path, "save", 100);
    is_told ("save", "0, 100, false");
    xm_progress_set (progress, 30, 100);
    xm_progress_end (progress, well == 1);
    is_told ("save", well == 1 ? "100, 100, true" : "30, 100, true");
  }
  xm_progress_end (NULL, TRUE); /* of what was never begun */
}
END_TEST

/* A stopped process with the words of xl, and @fd as its standard input. */
static GPid
play_xl (const char *operation, const char *file, int fd)
{
  const char *argv[] = { "/bin/sh", "xl", "-c", "kill -STOP $$", operation, file, NULL };
  GPid pid;
  ck_assert (g_spawn_async_with_fds (NULL, (char **)argv, NULL,
                                     G_SPAWN_FILE_AND_ARGV_ZERO | G_SPAWN_DO_NOT_REAP_CHILD, NULL,
                                     NULL, &pid, fd, -1, -1, NULL));
  return pid;
}

START_TEST (how_far_xl_is)
{
  const char *run_dir = vm->service->settings->run_dir;
  g_autofree char *file = g_build_filename (run_dir, "image", NULL);
  g_autofree char *text = g_strnfill (1000, 'x');
  ck_assert (g_file_set_contents (file, text, -1, NULL));
  int fd = open (file, O_RDONLY | O_CLOEXEC);
  ck_assert_int_ge (fd, 0);

  /* Before it has the file open nothing is known. */
  XmProgress *progress = xm_progress_begin_xl (vm, "restore", file, 1000);
  is_told ("restore", "0, 1000, false");
  lseek (fd, 400, SEEK_SET);
  GPid pid = play_xl ("restore", file, fd);
  is_told ("restore", "400, 1000, false");
  lseek (fd, 700, SEEK_SET); /* both have the file open as one */
  is_told ("restore", "700, 1000, false");
  kill (pid, SIGKILL);
  ck_assert_int_eq (waitpid (pid, NULL, 0), pid);
  xm_progress_end (progress, FALSE);
  is_told ("restore", "700, 1000, true");
  close (fd);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("progress");
  TCase *tcase = tcase_create ("progress");
  tcase_add_checked_fixture (tcase, set_up, tear_down);
  tcase_set_timeout (tcase, 120);
  tcase_add_test (tcase, from_beginning_to_end);
  tcase_add_test (tcase, all_or_less_at_the_end);
  tcase_add_test (tcase, how_far_xl_is);
  suite_add_tcase (suite, tcase);
  return run_suite (suite);
}
