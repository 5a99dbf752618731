/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store-fixture.h"

#include <check.h>
#include <ftw.h>
#include <stdio.h>
#include <unistd.h>

#include "shim/error.h"

char *
fixture_new (void)
{
  char *base = g_dir_make_tmp ("xm-store-XXXXXX", NULL);

  ck_assert_ptr_nonnull (base);
  return base;
}

static int
remove_one (const char *path, const struct stat *status, int type, struct FTW *ftw)
{
  return remove (path);
}

void
fixture_free (char *base)
{
  ck_assert_int_eq (nftw (base, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
  g_free (base);
}

XmStore *
fixture_open (const char *base)
{
  g_autoptr (GError) error = NULL;
  XmStore *store = xm_store_new (base, &error);

  ck_assert_msg (store != NULL, "%s", error ? error->message : "no error");
  return store;
}

void
fixture_write_file (const char *base, const char *file, const char *text)
{
  g_autofree char *path = g_build_filename (base, file, NULL);
  g_autofree char *directory = g_path_get_dirname (path);

  ck_assert_int_eq (g_mkdir_with_parents (directory, 0755), 0);
  ck_assert (g_file_set_contents (path, text, -1, NULL));
}

char *
fixture_read_file (const char *base, const char *file)
{
  g_autofree char *path = g_build_filename (base, file, NULL);
  char *text = NULL;

  g_file_get_contents (path, &text, NULL, NULL);
  return text;
}

gboolean
fixture_has_file (const char *base, const char *file)
{
  g_autofree char *path = g_build_filename (base, file, NULL);

  return access (path, F_OK) == 0;
}

static void
committed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  FixtureCommit *commit = user_data;

  ck_assert (!commit->ended);
  commit->ended = TRUE;
  if (!xm_store_commit_finish (XM_STORE (source), result, &commit->error))
    ck_assert_ptr_nonnull (commit->error);
}

void
fixture_commit_start (XmStore *store, GCancellable *cancellable, FixtureCommit *commit)
{
  xm_store_commit_async (store, cancellable, committed, commit);
}

gboolean
fixture_commit_wait (FixtureCommit *commit, GError **error)
{
  while (!commit->ended)
    g_main_context_iteration (NULL, TRUE);
  if (!commit->error)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&commit->error));
  return FALSE;
}

gboolean
fixture_commit (XmStore *store, GError **error)
{
  FixtureCommit commit = { 0 };

  fixture_commit_start (store, NULL, &commit);
  return fixture_commit_wait (&commit, error);
}

static void
assert_done (gboolean done, GError *error)
{
  ck_assert_msg (done, "%s", error ? error->message : "failed without an error");
  ck_assert_ptr_null (error);
}

void
fixture_write (XmStore *store, const char *path, const char *value)
{
  GError *error = NULL;

  assert_done (xm_store_write (store, path, value, &error), error);
}

void
fixture_remove (XmStore *store, const char *path)
{
  GError *error = NULL;

  assert_done (xm_store_remove (store, path, &error), error);
}

void
fixture_inject (XmStore *store, const char *path, const char *json)
{
  GError *error = NULL;

  assert_done (xm_store_inject (store, path, json, &error), error);
}

void
assert_dump (XmStore *store, const char *path, const char *text)
{
  g_autofree char *dump = xm_store_dump (store, path);
  g_autofree char *expected = g_strconcat (text, "\n", NULL);

  ck_assert_str_eq (dump, expected);
}

void
assert_refused (GError **error, const char *part)
{
  ck_assert_ptr_nonnull (*error);
  ck_assert (g_error_matches (*error, XM_ERROR, XM_ERROR_PLAIN));
  ck_assert_msg (strstr ((*error)->message, part) != NULL, "%s", (*error)->message);
  g_clear_error (error);
}
