/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Calls of the database, one a line: `w PATH VALUE`, `i PATH JSON`, `r PATH`,
 * where a path holds no blank. What memory holds afterwards is what the files
 * hold.
 */
#include "shim/store.h"

#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz-shim.h"

/* Writing and reading files takes long; most inputs are looked at in memory only. */
#define RELOAD_EVERY 64

static char *base;

static void
remove_base (void)
{
  const char *argv[] = { "rm", "-rf", base, NULL };
  g_spawn_sync (NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL);
}

static XmStore *
open_store (void)
{
  g_autoptr (GError) error = NULL;
  base = g_dir_make_tmp ("fuzz-store-XXXXXX", NULL);
  g_assert_nonnull (base);
  atexit (remove_base);
  XmStore *store = xm_store_new (base, &error);
  g_assert_no_error (error);
  return store;
}

static void
call (XmStore *store, const char *line)
{
  g_auto (GStrv) words = g_strsplit (line, " ", 3);
  g_autoptr (GError) error = NULL;
  gboolean done = TRUE;
  if (g_strv_length (words) < 2)
    return;
  const char *path = words[1];
  const char *value = words[2] != NULL ? words[2] : "";
  gboolean was_there = xm_store_exists (store, path);
  g_autofree char *before = xm_store_dump (store, path);

  switch (*words[0]) {
  case 'w':
    done = xm_store_write (store, path, value, &error);
    break;
  case 'i':
    done = xm_store_inject (store, path, value, &error);
    break;
  case 'r':
    done = xm_store_remove (store, path, &error);
    break;
  default:
    return;
  }
  if (!done) { /* nothing is half done */
    g_autofree char *after = xm_store_dump (store, path);
    check_refusal (error);
    g_assert_cmpstr (before, ==, after);
    g_assert_cmpint (xm_store_exists (store, path), ==, was_there);
  } else if (*words[0] != 'r') {
    g_assert_true (xm_store_exists (store, path));
  }
  g_autofree char *text = xm_store_read_dbd (store, path);
  g_autofree const char **names = xm_store_list (store, path);
  g_assert_true (g_utf8_validate (text, -1, NULL));
  g_assert_true (*names == NULL || *text == '\0');
}

static int
compare_lines (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *)a, *(const char *const *)b);
}

/* The children of /vm and /dom-store are sorted by loading. */
static char *
sorted_dump (XmStore *store)
{
  g_autofree char *dump = xm_store_dump (store, "/");
  g_auto (GStrv) lines = g_strsplit (g_strdelimit (dump, ",", '\n'), "\n", -1);
  qsort (lines, g_strv_length (lines), sizeof *lines, compare_lines);
  g_autofree char *joined = g_strjoinv ("\n", lines);
  return g_strdup (joined + strspn (joined, "\n"));
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  static XmStore *store;
  static guint n;
  g_autoptr (GError) error = NULL;
  g_autofree char *input = g_strndup ((const char *)data, size);
  g_auto (GStrv) lines = g_strsplit (input, "\n", 200);

  if (store == NULL)
    store = open_store ();
  g_assert_true (xm_store_remove (store, "/", &error));
  for (char **line = lines; *line != NULL; line++)
    call (store, *line);
  if (++n % RELOAD_EVERY == 0) {
    g_autofree char *before = sorted_dump (store);
    g_assert_true (xm_store_reload (store, &error));
    g_autofree char *after = sorted_dump (store);
    g_assert_cmpstr (before, ==, after);
  }
  return 0;
}
