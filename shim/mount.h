/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/service.h"

G_BEGIN_DECLS

typedef enum {
  XM_MOUNT_READ_ONLY = 1 << 0,
  XM_MOUNT_LOOK = 1 << 1, /* only to read some files of it: the kernel's file systems only, nothing
                             on it can be run */
} XmMountFlags;

/**
 * xm_mount_async: mounts the file system on the block device @device at @dir by mount(8), which
 * finds out what it is, where the whole host sees it (xm_host_run_async()). Never with set-user-id
 * programs or device files: the content is a guest's. A file system that is not clean, as that of a
 * running or crashed guest, is mounted read-only without recovery. Errors: as of helper programs.
 */
void xm_mount_async (XmService *service,
                     const char *device,
                     const char *dir,
                     XmMountFlags flags,
                     GCancellable *cancellable,
                     GAsyncReadyCallback callback,
                     gpointer user_data);
gboolean xm_mount_finish (GAsyncResult *result, GError **error);

/** xm_umount_async: cannot be cancelled. */
void xm_umount_async (XmService *service,
                      const char *dir,
                      GAsyncReadyCallback callback,
                      gpointer user_data);
gboolean xm_umount_finish (GAsyncResult *result, GError **error);

/** XmMounted: one line of the table of mounts. */
typedef struct {
  char *device; /* what was mounted, such as /dev/loop0 */
  char *dir;
  gboolean writable;
  gboolean is_private; /* a unit's own /tmp or /var/tmp */
} XmMounted;

void xm_mounted_free (XmMounted *mounted);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (XmMounted, xm_mounted_free)

/** xm_mounted_list: (transfer full) (element-type XmMounted): what the service sees mounted now. */
GPtrArray *xm_mounted_list (XmService *service);

/** xm_mounted_find: (transfer none) (nullable): the line that has @device and @dir; a NULL matches
 * any. */
const XmMounted *xm_mounted_find (const GPtrArray *mounted, const char *device, const char *dir);

/**
 * xm_mounted_check_shared: fails when @path, which is absolute, is in a /tmp that only the service
 * sees: what it puts there its clients would not find, and the other way round.
 */
gboolean xm_mounted_check_shared (XmService *service, const char *path, GError **error);

G_END_DECLS
