/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/vm.h"

G_BEGIN_DECLS

/*
 * Which files go with a disk or a VM that is deleted: VHDs that are not
 * `shared` and that no record uses but those that are deleted with them. Other
 * types of images are never removed, and neither are the images of a managed
 * VM (one with a node `backend`) when it is deleted as a whole.
 */

/** xm_disk_images_of_vm: (transfer full) (element-type filename): what goes with the VM. */
GPtrArray *xm_disk_images_of_vm (const XmVm *vm);

/** xm_disk_images_of_disk: (transfer full) (element-type filename): what goes with disk @id. */
GPtrArray *xm_disk_images_of_disk (const XmVm *vm, guint id);

/**
 * xm_disk_images_remove_async:
 * @images: (transfer full): from one of the above
 * @folder: (nullable): to be removed with all in it
 *
 * On a thread. Of an encrypted image the key file goes first: the one in the directory that
 * /xenmgr/platform-crypto-key-dirs names whose name begins with the image's; when several do, all
 * stay. Missing files are no error; a device stays, with a warning. Errors: 223 with the path.
 */
void xm_disk_images_remove_async (XmService *service,
                                  GPtrArray *images,
                                  const char *folder,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data);
gboolean xm_disk_images_remove_finish (GAsyncResult *result, GError **error);

/**
 * xm_disk_key_dirs: (transfer full): platform-crypto-key-dirs as it is stored, or its default; a
 * list with commas, though the original takes it for one path where it removes keys.
 */
char *xm_disk_key_dirs (XmService *service);

/**
 * xm_disk_key_prefix: (transfer full): what the names of an image's key files begin with: its own
 * name without folder and suffix, and a comma. (The original leaves the comma out, and so takes the
 * key of `ab.vhd` for one of `a.vhd`.)
 */
char *xm_disk_key_prefix (const char *image);

G_END_DECLS
