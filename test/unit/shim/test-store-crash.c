/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store-fixture.h"
#include "test/unit/run-suite.h"

/*
 * A process changes a store and says after each commit how far it is; it is
 * killed at random moments. What it said must be in the store afterwards.
 */
#define ROUNDS 100
#define N_VMS  5

/* Step n writes the number n to one VM and to the main file; each seventh step removes another VM.
 */
static void
do_step (XmStore *store, guint step)
{
  g_autofree char *number = g_strdup_printf ("%u", step);
  g_autofree char *path = g_strdup_printf ("/vm/v%u/step", step % N_VMS);
  g_autofree char *gone = g_strdup_printf ("/vm/v%u", (step + 1) % N_VMS);

  fixture_write (store, path, number);
  if (step % 7 == 0)
    fixture_remove (store, gone);
  fixture_write (store, "/step", number);
}

static guint
read_number (XmStore *store, const char *path)
{
  const char *text = xm_store_read (store, path);

  return text ? (guint)strtoul (text, NULL, 10) : 0;
}

G_NORETURN static void
run_child (const char *base, int fd)
{
  XmStore *store = fixture_open (base);
  guint step = read_number (store, "/step");

  for (;;) {
    do_step (store, ++step);
    if (!fixture_commit (store, NULL) || write (fd, &step, sizeof step) != sizeof step)
      _exit (1);
  }
}

/* Returns the last step that the child has said to be done. */
static guint
run_and_kill (const char *base, guint n_answers, guint microseconds)
{
  guint answered = 0;
  guint step;
  int fds[2];
  int status;
  pid_t pid;

  ck_assert_int_eq (pipe (fds), 0);
  pid = fork ();
  ck_assert_int_ge (pid, 0);
  if (pid == 0) {
    close (fds[0]);
    run_child (base, fds[1]);
  }
  close (fds[1]);
  for (guint i = 0; i < n_answers; i++) {
    ck_assert_int_eq (read (fds[0], &step, sizeof step), sizeof step);
    answered = step;
  }
  g_usleep (microseconds); /* any moment will do */
  ck_assert_int_eq (kill (pid, SIGKILL), 0);
  ck_assert_int_eq (waitpid (pid, &status, 0), pid);
  ck_assert (WIFSIGNALED (status) && WTERMSIG (status) == SIGKILL);
  while (read (fds[0], &step, sizeof step) == sizeof step)
    answered = step;
  close (fds[0]);
  return answered;
}

/* The number of a VM after so many steps: that of its last write, 0 when it was removed since. */
static guint
expected_number (guint vm, guint steps)
{
  for (guint step = steps; step > 0; step--) {
    if (step % 7 == 0 && (step + 1) % N_VMS == vm)
      return 0;
    if (step % N_VMS == vm)
      return step;
  }
  return 0;
}

/*
 * Opens the store without making threads: this process is to fork again.
 * Returns how many steps are done: those answered, and perhaps one more.
 */
static guint
check_store (const char *base, guint answered)
{
  g_autoptr (XmStore) store = fixture_open (base);
  guint done = read_number (store, "/step");

  ck_assert_msg (done == answered || done == answered + 1, "%u after %u", done, answered);
  for (guint vm = 0; vm < N_VMS; vm++) {
    g_autofree char *path = g_strdup_printf ("/vm/v%u/step", vm);
    guint found = read_number (store, path);

    /* Files change one after the other, so the next step may be there in part. */
    ck_assert_msg (found == expected_number (vm, done) || found == expected_number (vm, done + 1),
                   "v%u has %u after %u steps", vm, found, done);
  }
  return done;
}

static void
check_files (const char *base)
{
  static const char *const directories[] = { "", "vms", "dom-store" };

  for (gsize i = 0; i < G_N_ELEMENTS (directories); i++) {
    g_autofree char *path = g_build_filename (base, directories[i], NULL);
    g_autoptr (GDir) directory = g_dir_open (path, 0, NULL);
    const char *name;

    while ((name = g_dir_read_name (directory)))
      ck_assert_msg (!strstr (name, "damaged") && !g_str_has_suffix (name, ".tmp"), "%s", name);
  }
}

START_TEST (what_was_answered_survives_a_kill)
{
  char *base = fixture_new ();
  g_autoptr (GRand) rand = g_rand_new ();
  guint done = 0;

  for (guint i = 0; i < ROUNDS; i++) {
    guint n_answers = (guint)g_rand_int_range (rand, 0, 4);
    guint microseconds = (guint)g_rand_int_range (rand, 0, 3000);
    guint answered = run_and_kill (base, n_answers, microseconds);

    done = check_store (base, answered ? answered : done);
    check_files (base);
  }
  ck_assert_uint_gt (done, ROUNDS / 2);
  fixture_free (base);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("store-crash");
  TCase *tests = tcase_create ("crash");

  tcase_set_timeout (tests, 110);
  tcase_add_test (tests, what_was_answered_survives_a_kill);
  suite_add_tcase (suite, tests);
  return run_suite (suite);
}
