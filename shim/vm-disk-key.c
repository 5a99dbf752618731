/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/vm-disk-key.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shim/disk-images.h"
#include "shim/error.h"
#include "shim/vm-disk.h"

#define PROGRAM       "vhd-util"
#define MAX_KEY_BYTES (512 / 8)

typedef struct {
  XmService *service;
  GDBusMethodInvocation *invocation;
  char *image;
  char *folder;
  gboolean make_folder;
  char *key; /* file to be made in @folder */
  gsize key_bytes;
} Generation;

static void
generation_free (Generation *generation)
{
  g_free (generation->image);
  g_free (generation->folder);
  g_free (generation->key);
  g_free (generation);
}

/* -- on the thread ----------------------------------------------------------------- */

static gboolean
check_image (const Generation *generation, GError **error)
{
  struct stat info;
  if (stat (generation->key, &info) == 0) {
    xm_error_set (error, XM_ERROR_KEY_EXISTS);
    return FALSE;
  }
  XmVhdInfo vhd = { 0 };
  int fd = open (generation->image, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  int errsv = fd < 0 ? errno : xm_vhd_read (fd, &vhd);
  if (fd >= 0)
    close (fd);
  if (errsv == 0 && vhd.encrypted) {
    xm_error_set (error, XM_ERROR_VHD_HAS_KEY);
    return FALSE;
  }
  g_autofree char *program = g_find_program_in_path (PROGRAM);
  if (program == NULL) {
    xm_error_set_plain (error,
                        "disk encryption is not supported on this host: there is no "
                        "%s to bind a key to an image",
                        PROGRAM);
    return FALSE;
  }
  if (errsv != 0)
    xm_error_set_file (error, generation->image, "openBinaryFile", errsv);
  return errsv == 0;
}

static int
write_key (const Generation *generation)
{
  guint8 bytes[MAX_KEY_BYTES];
  if (getrandom (bytes, generation->key_bytes, 0) != (ssize_t)generation->key_bytes)
    return EIO;
  if (generation->make_folder && mkdir (generation->folder, 0700) != 0 && errno != EEXIST)
    return errno;
  int fd = open (generation->key, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0)
    return errno;
  errno = EIO; /* of a short write */
  gboolean done =
      write (fd, bytes, generation->key_bytes) == (ssize_t)generation->key_bytes && fsync (fd) == 0;
  int errsv = done ? 0 : errno;
  close (fd);
  if (!done)
    unlink (generation->key);
  explicit_bzero (bytes, sizeof bytes);
  return errsv;
}

static void
make_key_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  const Generation *generation = task_data;
  GError *error = NULL;
  if (check_image (generation, &error)) {
    int errsv = write_key (generation);
    if (errsv != 0)
      xm_error_set_file (&error, generation->key, "openBinaryFile", errsv);
  }
  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
}

/* -- in the main loop -------------------------------------------------------------- */

static void
on_bound (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Generation *generation = user_data;
  GError *error = NULL;
  g_autoptr (XlOutput) output = xl_runner_run_finish (XL_RUNNER (source), result, &error);
  if (output != NULL) {
    g_dbus_method_invocation_return_value (generation->invocation, NULL);
  } else {
    g_autoptr (GFile) key = g_file_new_for_path (generation->key);
    g_file_delete_async (key, G_PRIORITY_DEFAULT, NULL, NULL, NULL); /* it protects nothing */
    xm_error_return (generation->invocation, xm_error_from_helper (error));
  }
  generation_free (generation);
}

static void
on_key_made (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Generation *generation = user_data;
  GError *error = NULL;
  if (!g_task_propagate_boolean (G_TASK (result), &error)) {
    xm_error_return (generation->invocation, error);
    generation_free (generation);
    return;
  }
  const char *const argv[] = { PROGRAM, "key",           "-n", generation->image,
                               "-k",    generation->key, "-s", NULL };
  xl_runner_run_async (generation->service->helpers, argv, NULL, XL_TIMEOUT_QUICK, NULL, on_bound,
                       generation);
}

static gboolean
check_arguments (const XmVmDevice *disk, gint32 bits, const char *folder, GError **error)
{
  if (bits != 256 && bits != 512) {
    xm_error_set_plain (error, "only supported key sizes: 256, 512");
    return FALSE;
  }
  if (!xm_vm_device_exists (disk->vm, "disk", disk->id)) {
    xm_error_set (error, XM_ERROR_NO_SUCH_DISK);
    return FALSE;
  }
  if (*folder == '\0') {
    xm_error_set_plain (error, "no platform crypto directories configured");
    return FALSE;
  }
  return TRUE;
}

static void
generate (const XmVmDevice *disk,
          gint32 bits,
          const char *folder,
          gboolean make_folder,
          GDBusMethodInvocation *invocation)
{
  GError *error = NULL;
  if (!check_arguments (disk, bits, folder, &error)) {
    xm_error_return (invocation, error);
    return;
  }
  Generation *generation = g_new0 (Generation, 1);
  generation->service = disk->vm->service;
  generation->invocation = invocation;
  generation->image = g_strdup (xm_vm_disk_path (disk->vm, disk->id));
  generation->folder = g_strdup (folder);
  generation->make_folder = make_folder;
  generation->key_bytes = (gsize)bits / 8;
  g_autofree char *prefix = xm_disk_key_prefix (generation->image);
  g_autofree char *name = g_strdup_printf ("%saes-xts-plain,%d.key", prefix, bits);
  generation->key = g_build_filename (folder, name, NULL);

  g_autoptr (GTask) task = g_task_new (NULL, NULL, on_key_made, generation);
  g_task_set_task_data (task, generation, NULL);
  g_task_run_in_thread (task, make_key_in_thread);
}

void
xm_vm_disk_generate_key (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  const XmVmDevice *disk = owner;
  gint32 bits;
  g_variant_get (parameters, "(i)", &bits);
  g_autofree char *dirs = xm_disk_key_dirs (disk->vm->service);
  g_auto (GStrv) list = g_strsplit (dirs, ",", 2);
  generate (disk, bits, list[0] != NULL ? list[0] : "", TRUE, invocation);
}

void
xm_vm_disk_generate_key_in (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  gint32 bits;
  const char *folder;
  g_variant_get (parameters, "(i&s)", &bits, &folder);
  generate (owner, bits, folder, FALSE, invocation);
}
