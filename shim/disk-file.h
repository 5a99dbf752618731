/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "shim/vhd.h"

G_BEGIN_DECLS

/** XmDiskFacts: what a look at a disk's file told; all zero when it cannot be read. */
typedef struct {
  gint64 length; /* bytes; 0 for block devices */
  XmVhdInfo vhd; /* of VHDs only */
} XmDiskFacts;

/**
 * XmDiskFile: the file behind a disk, looked at on a thread, because the file system it lies on may
 * not answer. There is one look at a time: whoever asks during one shares its result, so that a
 * dead file system costs one thread per disk, however often clients ask. The threads are for these
 * looks alone, and few.
 */
typedef struct _XmDiskFile XmDiskFile;

XmDiskFile *xm_disk_file_new (void);

/** xm_disk_file_free: looks in progress end by themselves and are answered. */
void xm_disk_file_free (XmDiskFile *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (XmDiskFile, xm_disk_file_free)

/**
 * xm_disk_file_look_async:
 * @path: "" for none
 * @type: the disk's phys-type; a `phy` disk is not touched
 *
 * Always ends well; the facts are there afterwards. When path or type are not those of a look in
 * progress, that one's result no longer counts.
 */
void xm_disk_file_look_async (XmDiskFile *file,
                              const char *path,
                              const char *type,
                              GAsyncReadyCallback callback,
                              gpointer user_data);

/** xm_disk_file_follow: begins a look when path or type are not those of the last one. */
void xm_disk_file_follow (XmDiskFile *file, const char *path, const char *type);

/** xm_disk_file_renew: begins a look unless the last one began less than a second ago. */
void xm_disk_file_renew (XmDiskFile *file, const char *path, const char *type);

/** xm_disk_file_get_facts: (transfer none): of the last look that ended. */
const XmDiskFacts *xm_disk_file_get_facts (const XmDiskFile *file);

G_END_DECLS
