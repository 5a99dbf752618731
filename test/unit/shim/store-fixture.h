/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/store.h"

/* What the tests of the store share: a directory of their own, its files, and commits. */

/** fixture_new: (transfer full): a fresh directory; fixture_free() removes it with all in it. */
char *fixture_new (void);
void fixture_free (char *base);

/** fixture_open: (transfer full): the store in @base, which must be fine. */
XmStore *fixture_open (const char *base);

/** fixture_write_file: makes a file below @base, with its directory. */
void fixture_write_file (const char *base, const char *file, const char *text);
/** fixture_read_file: (transfer full) (nullable): %NULL when it is missing. */
char *fixture_read_file (const char *base, const char *file);
gboolean fixture_has_file (const char *base, const char *file);

/** FixtureCommit: a commit on its way; zero it before. */
typedef struct {
  gboolean ended;
  GError *error;
} FixtureCommit;

void fixture_commit_start (XmStore *store, GCancellable *cancellable, FixtureCommit *commit);
/** fixture_commit_wait: runs the main context until it ends. Returns: its success. */
gboolean fixture_commit_wait (FixtureCommit *commit, GError **error);
/** fixture_commit: both. */
gboolean fixture_commit (XmStore *store, GError **error);

/* These end the test when the store refuses. */
void fixture_write (XmStore *store, const char *path, const char *value);
void fixture_remove (XmStore *store, const char *path);
void fixture_inject (XmStore *store, const char *path, const char *json);

/** assert_dump: the node's dump without the newline is @text. */
void assert_dump (XmStore *store, const char *path, const char *text);
/** assert_refused: @error is XM_ERROR_PLAIN with a text that contains @part; clears it. */
void assert_refused (GError **error, const char *part);
