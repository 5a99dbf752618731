/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shim/error.h"
#include "shim/lifecycle-private.h"

/*
 * suspend_to_file and resume_from_file. xl save destroys the domain once its
 * state is written; when it fails, the domain goes on and the file is of no
 * use to anybody.
 */

#define SAVE_ERROR "Error suspending to file."

/** Image: what is known of the file, and of what stood in its place before. */
typedef struct {
  char *path;
  char *config_path; /* <run-dir>/<uuid>.cfg, NULL when it does not exist */
  gboolean existed;
  struct stat before;
} Image;

static void
image_free (Image *image)
{
  g_free (image->path);
  g_free (image->config_path);
  g_free (image);
}

static Image *
image_new (const XmOperation *op)
{
  g_autofree char *name = g_strconcat (op->vm->uuid, ".cfg", NULL);
  Image *image = g_new0 (Image, 1);
  image->path = g_strdup (op->file);
  image->config_path = g_build_filename (op->vm->service->settings->run_dir, name, NULL);
  return image;
}

static gboolean
check_absolute (const char *path, GError **error)
{
  if (g_path_is_absolute (path))
    return TRUE;
  xm_error_set_io (error, "%s: openFile: invalid argument (not an absolute path)", path);
  return FALSE;
}

/* Runs @func on a thread with what is known of the operation's file. */
static void
on_file (XmOperation *op, GTaskThreadFunc func, GAsyncReadyCallback callback, Image *image)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, callback, op);
  g_task_set_task_data (task, image, (GDestroyNotify)image_free);
  g_task_run_in_thread (task, func);
}

/* -- saving ------------------------------------------------------------------------ */

static void
check_target (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Image *image = task_data;
  g_autofree char *directory = g_path_get_dirname (image->path);
  struct stat info;
  GError *error = NULL;
  image->existed = lstat (image->path, &image->before) == 0;
  if (stat (directory, &info) != 0)
    xm_error_set_file (&error, image->path, "openFile", errno);
  else if (!S_ISDIR (info.st_mode))
    xm_error_set_file (&error, image->path, "openFile", ENOTDIR);
  else if (image->existed && S_ISDIR (image->before.st_mode))
    xm_error_set_file (&error, image->path, "openFile", EISDIR);
  if (access (image->config_path, R_OK) != 0)
    g_clear_pointer (&image->config_path, g_free); /* xl keeps a configuration of its own */
  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
}

/* Nothing that xl did not write is removed: it may have failed before it opened the file. */
static void
remove_half_written (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  const Image *image = task_data;
  struct stat now;
  if (lstat (image->path, &now) == 0 && S_ISREG (now.st_mode) &&
      (!image->existed || now.st_ino != image->before.st_ino ||
       now.st_size != image->before.st_size || now.st_mtim.tv_sec != image->before.st_mtim.tv_sec ||
       now.st_mtim.tv_nsec != image->before.st_mtim.tv_nsec))
    unlink (image->path);
  g_task_return_boolean (task, TRUE);
}

/* @error: (transfer full) (nullable) */
static void
finish (XmOperation *op, GError *error)
{
  xm_lifecycle_expect_no_more (op->vm);
  xm_lifecycle_observe (op->vm); /* who asked shall find the VM as it is now */
  xm_operation_end (op, error);
}

static void
on_removed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmOperation *op = user_data;
  finish (op, g_steal_pointer (&op->failure));
}

static void
on_gone_listed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  xm_domains_refresh_finish (XM_DOMAINS (source), result, NULL);
  finish (user_data, NULL); /* without a picture now, the next one will show it */
}

static void
on_rest_destroyed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmOperation *op = user_data;
  g_autoptr (GError) error = NULL;
  if (!xl_command_finish (XL_RUNNER (source), result, &error))
    g_warning ("cannot remove the saved domain of %s: %s", op->vm->uuid, error->message);
  xm_domains_refresh_async (op->vm->service->domains, NULL, on_gone_listed, op);
}

/* xl has destroyed the domain; whatever kept it from that, what is saved must not run on. */
static void
on_saved_listed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmOperation *op = user_data;
  gboolean known = xm_domains_refresh_finish (XM_DOMAINS (source), result, NULL);
  const XlDomain *domain = xm_operation_domain (op);
  if (known && domain != NULL && domain->domid == op->domid && !(domain->state & XL_DOMAIN_DYING))
    xl_destroy_async (op->vm->service->runner, domain->domid, NULL, on_rest_destroyed, op);
  else
    finish (op, NULL);
}

typedef struct {
  XmOperation *op;
  Image *image;
} Save;

static void
on_saved (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Save *save = user_data;
  XmOperation *op = save->op;
  GError *error = NULL;
  if (xl_command_finish (XL_RUNNER (source), result, &error)) {
    image_free (save->image);
    xm_vm_set_state (op->vm, XM_VM_SUSPENDED);
    xm_domains_refresh_async (op->vm->service->domains, NULL, on_saved_listed, op);
    return;
  }
  g_message ("%s is not saved: %s", op->vm->uuid, error->message);
  op->failure = xm_operation_explain (op, error, SAVE_ERROR);
  on_file (op, remove_half_written, on_removed, save->image);
}

static void
on_target_checked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmOperation *op = user_data;
  XmVm *vm = op->vm;
  Image *image = g_task_get_task_data (G_TASK (result));
  GError *error = NULL;
  if (!g_task_propagate_boolean (G_TASK (result), &error)) {
    xm_operation_end (op, error);
    return;
  }
  if (g_cancellable_set_error_if_cancelled (op->cancellable, &error)) {
    xm_operation_end (op, xm_operation_explain (op, error, NULL));
    return;
  }
  if (vm->domid < 0) {
    xm_error_set_io (&error, "\"" SAVE_ERROR "\"");
    xm_operation_end (op, error);
    return;
  }
  Save *save = g_new (Save, 1);
  *save = (Save){ op, image_new (op) };
  save->image->existed = image->existed;
  save->image->before = image->before;
  /* xl's own time limit ends it */
  xm_lifecycle_expect_for (vm, XM_VM_SUSPENDING, 0);
  op->domid = (guint)vm->domid;
  xl_save_async (vm->service->runner, (guint)vm->domid, op->file, image->config_path,
                 op->cancellable, on_saved, save);
}

void
xm_operation_suspend_to_file (XmOperation *op)
{
  GError *error = NULL;
  if (op->vm->domid < 0)
    xm_error_set_io (&error, "\"" SAVE_ERROR "\"");
  if (error != NULL || !check_absolute (op->file, &error))
    xm_operation_end (op, error);
  else
    on_file (op, check_target, on_target_checked, image_new (op));
}

/* -- resuming ---------------------------------------------------------------------- */

static void
check_source (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  const Image *image = task_data;
  const char *const paths[] = { image->config_path, image->path };
  struct stat info;
  GError *error = NULL;
  for (gsize i = 0; i < G_N_ELEMENTS (paths) && error == NULL; i++) {
    if (stat (paths[i], &info) != 0)
      xm_error_set_file (&error, paths[i], "openFile", errno);
    else if (S_ISDIR (info.st_mode))
      xm_error_set_file (&error, paths[i], "openFile", EISDIR);
  }
  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
}

static void
on_source_checked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmOperation *op = user_data;
  const Image *image = g_task_get_task_data (G_TASK (result));
  GError *error = NULL;
  if (g_task_propagate_boolean (G_TASK (result), &error))
    xm_operation_build (op, image->config_path, image->path);
  else
    xm_operation_end (op, error);
}

static void
on_looked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmOperation *op = user_data;
  if (!xm_operation_has_picture (op, result))
    return;
  if (xm_vm_is_running (op->vm)) {
    g_warning ("%s: not resumed: it runs already", op->vm->uuid);
    xm_operation_end (op, NULL);
    return;
  }
  on_file (op, check_source, on_source_checked, image_new (op));
}

void
xm_operation_resume_from_file (XmOperation *op)
{
  GError *error = NULL;
  if (check_absolute (op->file, &error))
    xm_domains_refresh_async (op->vm->service->domains, op->cancellable, on_looked, op);
  else
    xm_operation_end (op, error);
}
