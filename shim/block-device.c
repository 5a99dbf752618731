/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/block-device.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "shim/block-loop.h"
#include "shim/block-nbd.h"
#include "shim/error.h"

/** Attachment: data of the task. */
typedef struct {
  XmService *service;
  char *image, *type;
  guint partition;
  gboolean read_only;
  const char *format;
  XmBlockDevice *device;
  GError *failure; /* while it is detached again */
} Attachment;

static void
attachment_free (gpointer data)
{
  Attachment *attachment = data;
  g_free (attachment->image);
  g_free (attachment->type);
  g_clear_pointer (&attachment->device, xm_block_device_free);
  g_clear_error (&attachment->failure);
  g_free (attachment);
}

void
xm_block_device_free (XmBlockDevice *device)
{
  if (device->fd >= 0)
    close (device->fd);
  g_free (device->path);
  g_free (device->name);
  g_free (device);
}

/* -- formats ----------------------------------------------------------------------- */

/* Version 1 is what QEMU calls qcow; the number follows the magic, most significant byte first. */
static gboolean
is_qcow1 (const char *path)
{
  static const guint8 start[] = { 'Q', 'F', 'I', 0xfb, 0, 0, 0, 1 };
  guint8 bytes[sizeof start];
  int fd = open (path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (fd < 0)
    return FALSE;
  gboolean same =
      read (fd, bytes, sizeof bytes) == sizeof bytes && memcmp (bytes, start, sizeof start) == 0;
  close (fd);
  return same;
}

const char *
xm_image_format (const char *type, const char *path)
{
  static const struct {
    const char *type, *format;
  } formats[] = {
    { "vhd", "vpc" }, { "phy", "raw" }, { "file", "raw" }, { "raw", "raw" }, { "aio", "raw" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (formats); i++) {
    if (g_str_equal (formats[i].type, type))
      return formats[i].format;
  }
  if (g_str_equal (type, "qcow"))
    return is_qcow1 (path) ? "qcow" : "qcow2";
  return NULL;
}

/* -- detaching --------------------------------------------------------------------- */

static void
on_nbd_detached (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  if (xm_block_nbd_detach_finish (result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

void
xm_block_device_detach_async (XmService *service,
                              const char *name,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  GTask *task = g_task_new (NULL, NULL, callback, user_data);
  g_task_set_source_tag (task, xm_block_device_detach_async);
  if (g_str_has_prefix (name, "nbd")) {
    xm_block_nbd_detach_async (service, name, on_nbd_detached, task);
    return;
  }
  g_task_return_boolean (task, TRUE); /* loop devices are gone with their last user */
  g_object_unref (task);
}

gboolean
xm_block_device_detach_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* -- the partition ----------------------------------------------------------------- */

static void
on_withdrawn (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Attachment *attachment = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  if (!xm_block_device_detach_finish (result, &error))
    g_warning ("%s stays attached: %s", attachment->device->name, error->message);
  g_task_return_error (task, g_steal_pointer (&attachment->failure));
}

/* @error: (transfer full) */
static void
withdraw (GTask *task, GError *error)
{
  Attachment *attachment = g_task_get_task_data (task);
  attachment->failure = error;
  xm_block_device_detach_async (attachment->service, attachment->device->name, on_withdrawn, task);
}

static void
succeed (GTask *task)
{
  Attachment *attachment = g_task_get_task_data (task);
  g_task_return_pointer (task, g_steal_pointer (&attachment->device),
                         (GDestroyNotify)xm_block_device_free);
  g_object_unref (task);
}

static void
on_partition (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GError *error = NULL;
  if (g_task_propagate_boolean (G_TASK (result), &error))
    succeed (user_data);
  else
    withdraw (user_data, error);
}

/* qemu-nbd lets the kernel look for partitions of a device that can be written only. */
static void
read_table (const XmBlockDevice *device)
{
  g_autofree char *dir = g_path_get_dirname (device->path);
  g_autofree char *path = g_build_filename (dir, device->name, NULL);
  int fd = open (path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return;
  if (ioctl (fd, BLKRRPART) < 0)
    g_debug ("%s: %s", path, g_strerror (errno));
  close (fd);
}

static void
find_partition_in_thread (GTask *task,
                          gpointer source,
                          gpointer task_data,
                          GCancellable *cancellable)
{
  const Attachment *attachment = task_data;
  const XmBlockDevice *device = attachment->device;
  GError *error = NULL;
  if (access (device->path, F_OK) < 0)
    read_table (device);
  if (access (device->path, F_OK) == 0) {
    g_task_return_boolean (task, TRUE);
    return;
  }
  xm_error_set_io (&error, "%s: there is no partition %u", attachment->image,
                   attachment->partition);
  g_task_return_error (task, error);
}

/* @path: (transfer full): of the whole device */
static void
take (GTask *task, char *path, int fd)
{
  Attachment *attachment = g_task_get_task_data (task);
  attachment->device = g_new (XmBlockDevice, 1);
  *attachment->device = (XmBlockDevice){ path, g_path_get_basename (path), fd };
  if (attachment->partition == 0) {
    succeed (task);
    return;
  }
  attachment->device->path = g_strdup_printf ("%sp%u", path, attachment->partition);
  g_free (path);
  g_autoptr (GTask) thread = g_task_new (NULL, g_task_get_cancellable (task), on_partition, task);
  g_task_set_source_tag (thread, find_partition_in_thread);
  g_task_set_task_data (thread, attachment, NULL);
  g_task_run_in_thread (thread, find_partition_in_thread);
}

/* -- attaching --------------------------------------------------------------------- */

static void
on_nbd_attached (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GError *error = NULL;
  char *path = xm_block_nbd_attach_finish (result, &error);
  if (path != NULL) {
    take (user_data, path, -1);
  } else {
    g_task_return_error (user_data, error);
    g_object_unref (user_data);
  }
}

/** Loop: what the thread hands over. */
typedef struct {
  char *path;
  int fd;
} Loop;

static void
loop_free (gpointer data)
{
  Loop *loop = data;
  if (loop->fd >= 0)
    close (loop->fd);
  g_free (loop->path);
  g_free (loop);
}

static void
on_loop_attached (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Attachment *attachment = g_task_get_task_data (task);
  GError *error = NULL;
  Loop *loop = g_task_propagate_pointer (G_TASK (result), &error);
  if (error != NULL) {
    g_task_return_error (task, error);
    g_object_unref (task);
  } else if (loop != NULL) {
    take (task, g_steal_pointer (&loop->path), loop->fd);
    loop->fd = -1;
    loop_free (loop);
  } else {
    xm_block_nbd_attach_async (attachment->service, attachment->image, attachment->format,
                               attachment->read_only, g_task_get_cancellable (task),
                               on_nbd_attached, task);
  }
}

/* Answers with a loop device, or with NULL when another sort is needed. */
static void
attach_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Attachment *attachment = task_data;
  GError *error = NULL;
  attachment->format = xm_image_format (attachment->type, attachment->image);
  if (attachment->format == NULL) {
    xm_error_set (&error, XM_ERROR_DISK_TYPE);
    g_task_return_error (task, error);
    return;
  }
  if (!g_str_equal (attachment->format, "raw")) {
    g_task_return_pointer (task, NULL, NULL);
    return;
  }
  g_autofree char *dev = xm_settings_host_path (attachment->service->settings, "/dev");
  Loop *loop = g_new0 (Loop, 1);
  loop->fd = xm_block_loop_attach (dev, attachment->image, attachment->read_only,
                                   attachment->partition != 0, &loop->path, &error);
  if (loop->fd >= 0) {
    g_task_return_pointer (task, loop, loop_free);
    return;
  }
  loop_free (loop);
  g_task_return_error (task, error);
}

void
xm_block_device_attach_async (XmService *service,
                              const char *image,
                              const char *type,
                              guint partition,
                              gboolean read_only,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);
  Attachment *attachment = g_new0 (Attachment, 1);
  *attachment = (Attachment){ .service = service,
                              .image = g_strdup (image),
                              .type = g_strdup (type),
                              .partition = partition,
                              .read_only = read_only };
  g_task_set_source_tag (task, xm_block_device_attach_async);
  g_task_set_task_data (task, attachment, attachment_free);
  g_task_set_check_cancellable (task, FALSE);

  g_autoptr (GTask) thread = g_task_new (NULL, cancellable, on_loop_attached, task);
  g_task_set_source_tag (thread, attach_in_thread);
  g_task_set_task_data (thread, attachment, NULL);
  g_task_run_in_thread (thread, attach_in_thread);
}

XmBlockDevice *
xm_block_device_attach_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
