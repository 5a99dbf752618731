/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/service.h"

G_BEGIN_DECLS

/**
 * XmHostFiles: small files that say how the host is set up, on its own disk: flags, which count by
 * being there, and a few with lines of text. They are read on a thread, all at once, since a disk
 * may not answer: nobody waits longer than 5 s for it, and until it does what was last read counts,
 * or that there is nothing.
 */
typedef struct _XmHostFiles XmHostFiles;

/* The files with text. Of the capabilities there is one for each flavour, the host's counts. */
#define XM_HOST_FILE_BUILD    "/etc/xenclient.conf"
#define XM_HOST_FILE_CAPS     "/etc/caps"
#define XM_HOST_FILE_LANGUAGE "/config/language.conf"
#define XM_HOST_FILE_RELEASE  "/etc/os-release"

/** xm_host_files_new: begins to read. */
XmHostFiles *xm_host_files_new (XmService *service);

/** xm_host_files_free: whoever waits is told at once. */
void xm_host_files_free (XmHostFiles *files);

/** xm_host_files_refresh: reads them again; @done (nullable) is called once with @user_data when
 * all that was written before this call is seen, or the disk has not answered. */
void
xm_host_files_refresh (XmHostFiles *files, void (*done) (gpointer user_data), gpointer user_data);

/** xm_host_files_exists: whether @path was there; it must be one of the table's. */
gboolean xm_host_files_exists (const XmHostFiles *files, const char *path);

/** xm_host_files_text: (transfer none) (nullable): what @path held, valid UTF-8. Until the main
 * loop runs again. */
const char *xm_host_files_text (const XmHostFiles *files, const char *path);

/** xm_host_files_flavour: (transfer none): which of its flavours the host is; "default". */
const char *xm_host_files_flavour (const XmHostFiles *files);

G_END_DECLS
