/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/service.h"

G_BEGIN_DECLS

/*
 * Settings of the host that are files of it: flags, which say something by
 * being there, and the language. Here they are written, on a thread; what they
 * are is in host-files.h.
 */

/**
 * xm_root_flag_set_async: makes or removes the flag @path of the host, durably, then runs
 * @command if the key file has one.
 *
 * One such change begins when those before it have ended, so that the last one called for is the
 * one that stays. The flag stays as it was set when the command fails.
 */
void xm_root_flag_set_async (XmService *service,
                             const char *path,
                             gboolean exists,
                             XmCommand command,
                             GAsyncReadyCallback callback,
                             gpointer user_data);

/** xm_root_language_in: (transfer full) (nullable): the word of the line `LANGUAGE='...'` in @text;
 * %NULL where there is none. */
char *xm_root_language_in (const char *text);

/** xm_root_language_set_async: writes that line, in order with the flags; other lines of the file
 * stay. */
void xm_root_language_set_async (XmService *service,
                                 const char *path,
                                 const char *language,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data);

/** xm_root_file_set_finish: for both. Errors: 223. */
gboolean xm_root_file_set_finish (GAsyncResult *result, GError **error);

/** XmRootFiles: the changes that wait for their turn. */
typedef struct _XmRootFiles XmRootFiles;
XmRootFiles *xm_root_files_new (void);
void xm_root_files_free (XmRootFiles *files);

G_END_DECLS
