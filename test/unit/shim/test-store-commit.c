/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <check.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <unistd.h>

#include "store-fixture.h"
#include "test/unit/run-suite.h"

/* When commits end, what they share, and what becomes of failed writes. */

static char *base;
static XmStore *store;

static void
setup (void)
{
  base = fixture_new ();
  store = fixture_open (base);
}

static void
teardown (void)
{
  g_clear_object (&store);
  fixture_free (g_steal_pointer (&base));
}

static void
assert_file (const char *file, const char *text)
{
  g_autofree char *content = fixture_read_file (base, file);

  ck_assert_ptr_nonnull (content);
  ck_assert_str_eq (content, text);
}

/* A directory where the temporary file shall be: nothing can be written there, by root neither. */
static void
block (const char *file)
{
  g_autofree char *path = g_strconcat (base, "/", file, ".tmp", NULL);

  ck_assert_int_eq (g_mkdir (path, 0755), 0);
}

static void
unblock (const char *file)
{
  g_autofree char *path = g_strconcat (base, "/", file, ".tmp", NULL);

  ck_assert_int_eq (g_rmdir (path), 0);
}

static void
assert_failed (GError **error, const char *file)
{
  g_autofree char *path = g_strconcat (base, "/", file, NULL);

  ck_assert_ptr_nonnull (*error);
  ck_assert_int_eq ((*error)->domain, G_IO_ERROR);
  ck_assert_msg (g_str_has_prefix ((*error)->message, path), "%s", (*error)->message);
  g_clear_error (error);
}

static int
watch_renames (void)
{
  int fd = inotify_init1 (IN_CLOEXEC | IN_NONBLOCK);

  ck_assert_int_ge (inotify_add_watch (fd, base, IN_MOVED_TO), 0);
  return fd;
}

static guint
count_renames (int fd)
{
  char buffer[4096];
  guint n = 0;
  ssize_t len = read (fd, buffer, sizeof buffer);

  for (ssize_t i = 0; i < len;) {
    const struct inotify_event *event = (const void *)(buffer + i);

    n++;
    i += (ssize_t)sizeof *event + event->len;
  }
  close (fd);
  return n;
}

START_TEST (a_commit_without_changes_ends_in_the_next_iteration)
{
  FixtureCommit commit = { 0 };

  fixture_commit_start (store, NULL, &commit);
  ck_assert (!commit.ended);
  g_main_context_iteration (NULL, FALSE);
  ck_assert (commit.ended);
  ck_assert (fixture_commit_wait (&commit, NULL));
}
END_TEST

START_TEST (commits_of_one_iteration_share_a_write)
{
  FixtureCommit commits[10] = { 0 };
  int fd = watch_renames ();

  for (guint i = 0; i < G_N_ELEMENTS (commits); i++) {
    g_autofree char *path = g_strdup_printf ("/a/%u", i);

    fixture_write (store, path, "1");
    fixture_commit_start (store, NULL, &commits[i]);
  }
  for (guint i = 0; i < G_N_ELEMENTS (commits); i++)
    ck_assert (fixture_commit_wait (&commits[i], NULL));
  ck_assert_uint_eq (count_renames (fd), 1);
}
END_TEST

START_TEST (only_changed_files_are_written)
{
  int fd;

  fixture_write (store, "/vm/a/name", "1");
  ck_assert (fixture_commit (store, NULL));
  fd = watch_renames ();
  fixture_write (store, "/vm/a/name", "2");
  fixture_write (store, "/db-version", "42"); /* as before */
  ck_assert (fixture_commit (store, NULL));
  ck_assert_uint_eq (count_renames (fd), 0);
}
END_TEST

/* What changes while a write is in progress goes into the next one. */
START_TEST (a_commit_covers_what_was_changed_before_it)
{
  FixtureCommit first = { 0 };
  FixtureCommit second = { 0 };
  FixtureCommit third = { 0 };

  fixture_write (store, "/a", "1");
  fixture_commit_start (store, NULL, &first);
  g_main_context_iteration (NULL, FALSE);     /* the first write starts */
  fixture_commit_start (store, NULL, &third); /* waits for it, too */
  fixture_write (store, "/a", "2");
  fixture_commit_start (store, NULL, &second);
  ck_assert (fixture_commit_wait (&second, NULL));
  assert_file ("db", "{\n  \"db-version\": \"42\",\n  \"a\": \"2\"\n}\n");
  ck_assert (fixture_commit_wait (&first, NULL));
  ck_assert (fixture_commit_wait (&third, NULL));
}
END_TEST

static void
note_path (XmStore *source, const char *path, gpointer user_data)
{
  g_string_append_printf (user_data, "%s ", path);
}

START_TEST (a_failed_write_takes_back_its_file_only)
{
  g_autoptr (GString) paths = g_string_new (NULL);
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  g_autofree const char **names = NULL;
  GError *error = NULL;

  fixture_write (store, "/vm/a/name", "old");
  fixture_write (store, "/vm/b/name", "old");
  ck_assert (fixture_commit (store, NULL));
  before = xm_store_dump (store, "/vm/a");

  block ("vms/a.db");
  fixture_write (store, "/vm/a/name", "new");
  fixture_write (store, "/vm/a/extra", "new");
  fixture_write (store, "/vm/b/name", "new");
  fixture_write (store, "/vm/c/name", "new");
  g_signal_connect (store, "changed", G_CALLBACK (note_path), paths);
  ck_assert (!fixture_commit (store, &error));
  assert_failed (&error, "vms/a.db.tmp: Is a directory");

  after = xm_store_dump (store, "/vm/a");
  ck_assert_str_eq (after, before);
  ck_assert_str_eq (paths->str, "/ ");
  assert_file ("vms/a.db", "{\n  \"name\": \"old\"\n}\n");
  assert_file ("vms/b.db", "{\n  \"name\": \"new\"\n}\n");
  assert_file ("vms/c.db", "{\n  \"name\": \"new\"\n}\n");
  names = xm_store_list (store, "/vm");
  ck_assert_str_eq (names[0], "a"); /* in its place */

  ck_assert (fixture_commit (store, NULL));
  unblock ("vms/a.db");
  fixture_write (store, "/vm/a/name", "newer");
  ck_assert (fixture_commit (store, NULL));
  assert_file ("vms/a.db", "{\n  \"name\": \"newer\"\n}\n");
}
END_TEST

START_TEST (a_node_that_was_never_written_vanishes)
{
  GError *error = NULL;

  block ("vms/a.db");
  fixture_write (store, "/vm/a/name", "1");
  ck_assert (!fixture_commit (store, &error));
  assert_failed (&error, "vms/a.db.tmp");
  ck_assert (!xm_store_exists (store, "/vm/a"));
}
END_TEST

START_TEST (a_failed_main_file_leaves_the_vms)
{
  GError *error = NULL;

  fixture_write (store, "/vm/a/name", "1");
  ck_assert (fixture_commit (store, NULL));
  block ("db");
  fixture_write (store, "/a", "1");
  fixture_write (store, "/vm/a/name", "2");
  ck_assert (!fixture_commit (store, &error));
  assert_failed (&error, "db.tmp");
  assert_dump (store, "/",
               "{\n  \"vm\": {\n    \"a\": {\n      \"name\": \"2\"\n    }\n  },\n"
               "  \"dom-store\": { },\n  \"db-version\": \"42\"\n}");
  unblock ("db");
  fixture_write (store, "/b", "1");
  ck_assert (fixture_commit (store, NULL));
  assert_file ("db", "{\n  \"db-version\": \"42\",\n  \"b\": \"1\"\n}\n");
}
END_TEST

START_TEST (a_removal_that_fails_is_taken_back)
{
  g_autofree char *path = g_build_filename (base, "vms/a.db", NULL);
  g_autofree char *moved = g_build_filename (base, "vms/moved", NULL);
  GError *error = NULL;

  fixture_write (store, "/vm/a/name", "1");
  ck_assert (fixture_commit (store, NULL));
  ck_assert_int_eq (g_rename (path, moved), 0);
  fixture_write_file (base, "vms/a.db/x", "");
  fixture_remove (store, "/vm/a");
  ck_assert (!fixture_commit (store, &error));
  assert_failed (&error, "vms/a.db: ");
}
END_TEST

/* Not only the first error counts: what was changed again meanwhile is lost as well. */
START_TEST (later_changes_of_a_failed_file_fail_with_it)
{
  FixtureCommit first = { 0 };
  FixtureCommit second = { 0 };
  GError *error = NULL;

  fixture_write (store, "/vm/a/name", "old");
  ck_assert (fixture_commit (store, NULL));
  block ("vms/a.db");
  fixture_write (store, "/vm/a/name", "1");
  fixture_commit_start (store, NULL, &first);
  g_main_context_iteration (NULL, FALSE);
  fixture_write (store, "/vm/a/name", "2");
  fixture_write (store, "/vm/b/name", "2");
  fixture_commit_start (store, NULL, &second);
  ck_assert (!fixture_commit_wait (&first, &error));
  assert_failed (&error, "vms/a.db.tmp");
  ck_assert (!fixture_commit_wait (&second, &error));
  assert_failed (&error, "vms/a.db.tmp");
  ck_assert_str_eq (xm_store_read (store, "/vm/a/name"), "old");
  ck_assert (fixture_commit (store, NULL));
  assert_file ("vms/b.db", "{\n  \"name\": \"2\"\n}\n");
}
END_TEST

/* A change whose commit comes only after the write that took it along has failed. */
START_TEST (a_loss_is_told_to_the_next_commit)
{
  FixtureCommit first = { 0 };
  GError *error = NULL;

  fixture_write (store, "/vm/a/name", "1");
  fixture_commit_start (store, NULL, &first);
  fixture_write (store, "/vm/b/name", "1");
  block ("vms/b.db");
  ck_assert (!fixture_commit_wait (&first, &error));
  assert_failed (&error, "vms/b.db.tmp");
  ck_assert (!fixture_commit (store, &error));
  assert_failed (&error, "vms/b.db.tmp");
  ck_assert (fixture_commit (store, NULL));
}
END_TEST

START_TEST (a_full_disk_leaves_no_temporary_file)
{
  const struct rlimit small = { 4096, RLIM_INFINITY };
  const struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
  g_autofree char *value = g_strnfill (8192, 'x');
  GError *error = NULL;

  fixture_write (store, "/vm/a/name", "old");
  ck_assert (fixture_commit (store, NULL));
  signal (SIGXFSZ, SIG_IGN);
  ck_assert_int_eq (setrlimit (RLIMIT_FSIZE, &small), 0);
  fixture_write (store, "/vm/a/name", value);
  ck_assert (!fixture_commit (store, &error));
  ck_assert_int_eq (setrlimit (RLIMIT_FSIZE, &unlimited), 0);
  assert_failed (&error, "vms/a.db.tmp: File too large");
  ck_assert (!fixture_has_file (base, "vms/a.db.tmp"));
  ck_assert_str_eq (xm_store_read (store, "/vm/a/name"), "old");
}
END_TEST

START_TEST (a_link_in_place_of_the_temporary_file_is_not_followed)
{
  g_autofree char *target = g_build_filename (base, "target", NULL);
  g_autofree char *link = g_build_filename (base, "vms/a.db.tmp", NULL);

  fixture_write_file (base, "target", "precious");
  ck_assert_int_eq (symlink (target, link), 0);
  fixture_write (store, "/vm/a/name", "1");
  ck_assert (fixture_commit (store, NULL));
  assert_file ("target", "precious");
  assert_file ("vms/a.db", "{\n  \"name\": \"1\"\n}\n");
}
END_TEST

START_TEST (cancelling_ends_the_wait_but_not_the_write)
{
  g_autoptr (GCancellable) early = g_cancellable_new ();
  g_autoptr (GCancellable) late = g_cancellable_new ();
  FixtureCommit commits[3] = { 0 };
  GError *error = NULL;

  fixture_write (store, "/vm/a/name", "1");
  fixture_commit_start (store, early, &commits[0]);
  fixture_commit_start (store, late, &commits[1]);
  fixture_commit_start (store, NULL, &commits[2]);
  g_cancellable_cancel (early);
  g_main_context_iteration (NULL, FALSE);
  g_cancellable_cancel (late);
  for (guint i = 0; i < 2; i++) {
    ck_assert (!fixture_commit_wait (&commits[i], &error));
    ck_assert (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
    g_clear_error (&error);
  }
  ck_assert (fixture_commit_wait (&commits[2], NULL));
  assert_file ("vms/a.db", "{\n  \"name\": \"1\"\n}\n");
}
END_TEST

START_TEST (flush_writes_all_at_once)
{
  FixtureCommit running = { 0 };
  FixtureCommit waiting = { 0 };
  GError *error = NULL;

  fixture_write (store, "/a", "1");
  fixture_commit_start (store, NULL, &running);
  g_main_context_iteration (NULL, FALSE);
  fixture_write (store, "/a", "2");
  fixture_commit_start (store, NULL, &waiting);
  fixture_write (store, "/a", "3");
  ck_assert (xm_store_flush (store, NULL));
  assert_file ("db", "{\n  \"db-version\": \"42\",\n  \"a\": \"3\"\n}\n");
  ck_assert (fixture_commit_wait (&running, NULL));
  ck_assert (fixture_commit_wait (&waiting, NULL));

  block ("db");
  fixture_write (store, "/a", "4");
  ck_assert (!xm_store_flush (store, &error));
  assert_failed (&error, "db.tmp");
  ck_assert_str_eq (xm_store_read (store, "/a"), "3");
  ck_assert (xm_store_flush (store, NULL));
}
END_TEST

static void
change_again (XmStore *source, const char *path, gpointer user_data)
{
  if (g_str_equal (path, "/"))
    fixture_write (source, "/vm/b/name", "from the handler");
}

/* Who hears of a failure may change the store, and commit, at once. */
START_TEST (handlers_may_change_the_store)
{
  GError *error = NULL;

  block ("vms/a.db");
  fixture_write (store, "/vm/a/name", "1");
  g_signal_connect (store, "changed", G_CALLBACK (change_again), NULL);
  ck_assert (!fixture_commit (store, &error));
  assert_failed (&error, "vms/a.db.tmp");
  ck_assert (fixture_commit (store, NULL));
  assert_file ("vms/b.db", "{\n  \"name\": \"from the handler\"\n}\n");
}
END_TEST

START_TEST (a_commit_keeps_the_store_alive)
{
  FixtureCommit commit = { 0 };

  fixture_write (store, "/a", "1");
  fixture_commit_start (store, NULL, &commit);
  g_clear_object (&store);
  ck_assert (fixture_commit_wait (&commit, NULL));
  assert_file ("db", "{\n  \"db-version\": \"42\",\n  \"a\": \"1\"\n}\n");
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("store-commit");
  TCase *tests = tcase_create ("commit");

  tcase_add_checked_fixture (tests, setup, teardown);
  tcase_set_timeout (tests, 60);
  tcase_add_test (tests, a_commit_without_changes_ends_in_the_next_iteration);
  tcase_add_test (tests, commits_of_one_iteration_share_a_write);
  tcase_add_test (tests, only_changed_files_are_written);
  tcase_add_test (tests, a_commit_covers_what_was_changed_before_it);
  tcase_add_test (tests, a_failed_write_takes_back_its_file_only);
  tcase_add_test (tests, a_node_that_was_never_written_vanishes);
  tcase_add_test (tests, a_failed_main_file_leaves_the_vms);
  tcase_add_test (tests, a_removal_that_fails_is_taken_back);
  tcase_add_test (tests, later_changes_of_a_failed_file_fail_with_it);
  tcase_add_test (tests, a_loss_is_told_to_the_next_commit);
  tcase_add_test (tests, a_full_disk_leaves_no_temporary_file);
  tcase_add_test (tests, a_link_in_place_of_the_temporary_file_is_not_followed);
  tcase_add_test (tests, cancelling_ends_the_wait_but_not_the_write);
  tcase_add_test (tests, flush_writes_all_at_once);
  tcase_add_test (tests, handlers_may_change_the_store);
  tcase_add_test (tests, a_commit_keeps_the_store_alive);
  suite_add_tcase (suite, tests);
  return run_suite (suite);
}
