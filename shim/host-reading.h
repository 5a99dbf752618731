/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * XmHostReading: reads something of the host's file systems on a thread, since one may not answer,
 * for all who ask for it. Who asks while it is being read is told after the next reading, which
 * follows at once: the first may have missed what they wrote.
 *
 * A reading is waited for no longer than 5 s, and until the file system has answered not at all.
 */
typedef struct _XmHostReading XmHostReading;

/** XmHostReadingKind: what is read; @owner is that of the reading. */
typedef struct {
  /* (transfer none): where; data of the task, as a copy. */
  const char *(*path) (gpointer owner);
  /* On the thread: returns a pointer. */
  GTaskThreadFunc read;
  /* (transfer full): gets what was read. */
  void (*take) (gpointer owner, gpointer result);
  /* Whose file system it is, for the warning. */
  const char *of;
} XmHostReadingKind;

/** xm_host_reading_new: reads nothing yet. */
XmHostReading *xm_host_reading_new (const XmHostReadingKind *kind, gpointer owner);

/** xm_host_reading_refresh: reads; @done (nullable) is called once with @user_data, after take()
 * or when nobody waits any longer. */
void xm_host_reading_refresh (XmHostReading *reading,
                              void (*done) (gpointer user_data),
                              gpointer user_data);

/** xm_host_reading_free: whoever waits is told at once; take() is not called any more. */
void xm_host_reading_free (XmHostReading *reading);

G_END_DECLS
