/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/disk-images.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shim/error.h"
#include "shim/root-config.h"
#include "shim/text.h"
#include "shim/vhd.h"
#include "shim/vm-device.h"

/* -- which ------------------------------------------------------------------------- */

/* The stored type counts: a record without one is not enough to remove a file. */
static gboolean
is_removable (const XmVm *vm, guint id)
{
  return g_strcmp0 (xm_vm_device_read (vm, "disk", id, "type"), "vhd") == 0 &&
         !xm_vm_device_read_boolean (vm, "disk", id, "shared", FALSE);
}

static const char *
path_of (const XmVm *vm, guint id)
{
  return xm_text_or (xm_vm_device_read (vm, "disk", id, "path"), "");
}

/* Whether a record below @db_path, which need not be a VM on the bus, names @image. */
static gboolean
node_uses (XmStore *store, const char *db_path, const char *image)
{
  g_autofree char *disks = g_strconcat (db_path, "/config/disk", NULL);
  g_autofree const char **ids = xm_store_list (store, disks);
  for (const char **id = ids; *id != NULL; id++) {
    g_autofree char *path = g_strjoin ("/", disks, *id, "path", NULL);
    if (g_strcmp0 (xm_store_read (store, path), image) == 0)
      return TRUE;
  }
  return FALSE;
}

static gboolean
other_vm_uses (const XmVm *vm, const char *image)
{
  XmStore *store = vm->service->store;
  g_autofree const char **names = xm_store_list (store, "/vm");
  for (const char **name = names; *name != NULL; name++) {
    g_autofree char *db_path = g_strconcat ("/vm/", *name, NULL);
    if (!g_str_equal (*name, vm->uuid) && node_uses (store, db_path, image))
      return TRUE;
  }
  return FALSE;
}

/* Whether nothing that is left needs the image of disk @id; @all: the VM's other disks go too. */
static gboolean
goes_with (const XmVm *vm, guint id, gboolean all)
{
  const char *image = path_of (vm, id);
  if (*image == '\0' || !is_removable (vm, id))
    return FALSE;
  g_autoptr (GArray) ids = xm_vm_list_ids (vm, "config/disk");
  for (guint i = 0; i < ids->len; i++) {
    guint other = g_array_index (ids, guint, i);
    if (other != id && g_str_equal (path_of (vm, other), image) &&
        (!all || !is_removable (vm, other)))
      return FALSE;
  }
  return !other_vm_uses (vm, image);
}

static GPtrArray *
new_list (void)
{
  return g_ptr_array_new_with_free_func (g_free);
}

GPtrArray *
xm_disk_images_of_disk (const XmVm *vm, guint id)
{
  GPtrArray *images = new_list ();
  if (goes_with (vm, id, FALSE))
    g_ptr_array_add (images, g_strdup (path_of (vm, id)));
  return images;
}

GPtrArray *
xm_disk_images_of_vm (const XmVm *vm)
{
  GPtrArray *images = new_list ();
  g_autofree char *backend = g_strconcat (vm->db_path, "/backend", NULL);
  if (xm_store_exists (vm->service->store, backend))
    return images;

  g_autoptr (GArray) ids = xm_vm_list_ids (vm, "config/disk");
  for (guint i = 0; i < ids->len; i++) {
    guint id = g_array_index (ids, guint, i);
    if (goes_with (vm, id, TRUE))
      g_ptr_array_add (images, g_strdup (path_of (vm, id)));
  }
  return images;
}

/* -- keys -------------------------------------------------------------------------- */

char *
xm_disk_key_dirs (XmService *service)
{
  return xm_root_config_text (service, "platform-crypto-key-dirs");
}

char *
xm_disk_key_prefix (const char *image)
{
  g_autofree char *name = g_path_get_basename (image);
  char *dot = strrchr (name, '.');
  if (dot != NULL)
    *dot = '\0';
  return g_strconcat (name, ",", NULL);
}

static void
remove_key (const char *image, const char *key_dir)
{
  XmVhdInfo info;
  int fd = open (image, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0)
    return;
  gboolean encrypted = xm_vhd_read (fd, &info) == 0 && info.encrypted;
  close (fd);
  g_autoptr (GDir) folder = encrypted ? g_dir_open (key_dir, 0, NULL) : NULL;
  if (folder == NULL)
    return;

  g_autofree char *stem = xm_disk_key_prefix (image);
  g_autofree char *key = NULL;
  guint found = 0;
  const char *name;
  while ((name = g_dir_read_name (folder)) != NULL) {
    if (!g_str_has_prefix (name, stem))
      continue;
    found++;
    g_free (key);
    key = g_build_filename (key_dir, name, NULL);
  }
  if (found != 1)
    g_message ("%u key files begin with %s: all of them stay", found, stem);
  else if (unlink (key) != 0)
    g_warning ("cannot remove the key %s: %s", key, g_strerror (errno));
}

/* -- removing ---------------------------------------------------------------------- */

typedef struct {
  GPtrArray *images;
  char *folder;
  char *key_dir;
} Removal;

static void
removal_free (gpointer data)
{
  Removal *removal = data;
  g_ptr_array_unref (removal->images);
  g_free (removal->folder);
  g_free (removal->key_dir);
  g_free (removal);
}

static gboolean
remove_image (const char *path, const char *key_dir, GError **error)
{
  struct stat info;
  if (lstat (path, &info) == 0 && !S_ISREG (info.st_mode) && !S_ISLNK (info.st_mode) &&
      !S_ISDIR (info.st_mode)) {
    g_warning ("%s stays: it is no file", path);
    return TRUE;
  }
  remove_key (path, key_dir);
  if (unlink (path) == 0 || errno == ENOENT)
    return TRUE;
  xm_error_set_file (error, path, "removeLink", errno);
  return FALSE;
}

/* Follows no symbolic link. */
static gboolean
remove_folder (const char *folder, GError **error)
{
  char *const paths[] = { (char *)folder, NULL };
  FTS *tree = fts_open (paths, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, NULL);
  if (tree == NULL) {
    xm_error_set_file (error, folder, "removeDirectory", errno);
    return FALSE;
  }
  gboolean done = TRUE;
  FTSENT *entry;
  while (done && (entry = fts_read (tree)) != NULL) {
    int errsv = 0;
    if (entry->fts_info == FTS_D)
      continue; /* comes again when it is empty */
    if (entry->fts_info == FTS_DP)
      errsv = rmdir (entry->fts_accpath) == 0 ? 0 : errno;
    else if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR)
      errsv = entry->fts_errno;
    else
      errsv = unlink (entry->fts_accpath) == 0 ? 0 : errno;
    if (errsv != 0 && errsv != ENOENT) {
      xm_error_set_file (error, entry->fts_path, "removeDirectory", errsv);
      done = FALSE;
    }
  }
  fts_close (tree);
  return done;
}

static void
remove_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  const Removal *removal = task_data;
  GError *error = NULL;
  gboolean done = TRUE;
  for (guint i = 0; done && i < removal->images->len; i++)
    done = remove_image (removal->images->pdata[i], removal->key_dir, &error);
  if (done && removal->folder != NULL)
    done = remove_folder (removal->folder, &error);
  if (done)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

void
xm_disk_images_remove_async (XmService *service,
                             GPtrArray *images,
                             const char *folder,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, callback, user_data);
  g_task_set_source_tag (task, xm_disk_images_remove_async);
  Removal *removal = g_new (Removal, 1);
  *removal = (Removal){ images, g_strdup (folder), xm_disk_key_dirs (service) };
  g_task_set_task_data (task, removal, removal_free);
  g_task_run_in_thread (task, remove_in_thread);
}

gboolean
xm_disk_images_remove_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
