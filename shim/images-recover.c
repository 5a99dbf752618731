/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/images-recover.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shim/block-nbd.h"
#include "shim/mount.h"
#include "shim/start-extract.h"

/** Leftover: a directory that was used for looking into an image. */
typedef struct {
  XmService *service;
  char *dir;
  char *device; /* name of the network block device behind it, NULL for none */
} Leftover;

static void
leftover_free (Leftover *leftover)
{
  g_free (leftover->dir);
  g_free (leftover->device);
  g_free (leftover);
}

static void
on_detached (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  if (!xm_block_nbd_detach_finish (result, &error))
    g_warning ("left over: %s", error->message);
}

static void
on_unmounted (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Leftover *leftover = user_data;
  g_autoptr (GError) error = NULL;
  if (!xm_umount_finish (result, &error)) {
    g_warning ("left over: %s", error->message);
  } else {
    rmdir (leftover->dir);
    if (leftover->device != NULL)
      xm_block_nbd_detach_async (leftover->service, leftover->device, on_detached, NULL);
  }
  leftover_free (leftover);
}

/* (transfer full): of `/dev/nbd0` or `/dev/nbd0p1`, nbd0; NULL for others */
static char *
nbd_name (const char *device)
{
  const char *name = strrchr (device, '/');
  if (name == NULL || !g_str_has_prefix (name, "/nbd"))
    return NULL;
  name++;
  gsize len = strlen ("nbd");
  return g_strndup (name, len + strspn (name + len, "0123456789"));
}

static void
remove_directory (XmService *service, const GPtrArray *table, const char *dir)
{
  const XmMounted *mounted = xm_mounted_find (table, NULL, dir);
  if (mounted == NULL) {
    if (rmdir (dir) < 0)
      g_warning ("%s: %s", dir, g_strerror (errno));
    return;
  }
  Leftover *leftover = g_new (Leftover, 1);
  *leftover = (Leftover){ service, g_strdup (dir), nbd_name (mounted->device) };
  xm_umount_async (service, dir, on_unmounted, leftover);
}

static gboolean
is_mounted (const GPtrArray *table, const char *name)
{
  for (guint i = 0; i < table->len; i++) {
    g_autofree char *other = nbd_name (((const XmMounted *)table->pdata[i])->device);
    if (g_strcmp0 (name, other) == 0)
      return TRUE;
  }
  return FALSE;
}

void
xm_images_recover (XmService *service)
{
  /* The table of mounts has names without symbolic links. */
  g_autofree char *run_dir = realpath (service->settings->run_dir, NULL);
  if (run_dir == NULL)
    return;
  g_autoptr (GPtrArray) table = xm_mounted_list (service);
  g_autoptr (GDir) dir = g_dir_open (run_dir, 0, NULL);
  const char *name;
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
    g_autofree char *path = g_build_filename (run_dir, name, NULL);
    if (g_str_has_prefix (name, XM_EXTRACT_PREFIX))
      remove_directory (service, table, path);
  }
  g_auto (GStrv) devices = xm_block_nbd_list (service);
  for (char **device = devices; *device != NULL; device++) {
    if (!is_mounted (table, *device))
      xm_block_nbd_detach_async (service, *device, on_detached, NULL);
  }
}
