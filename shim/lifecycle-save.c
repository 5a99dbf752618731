/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shim/error.h"
#include "shim/lifecycle-private.h"

/*
 * suspend_to_file and resume_from_file. xl save destroys the domain once its
 * state is written; when it fails, the domain goes on, the file is of no use to
 * anybody, and one that it replaced gets its name back.
 */

#define SAVE_ERROR "Error suspending to file."

/** Image: the file, and what stood in its place before. */
typedef struct {
  char *path;
  char *config_path; /* <run-dir>/<uuid>.cfg, NULL when it does not exist */
  gboolean replaces; /* there was a file, which has the name @former meanwhile */
  gboolean in_place; /* it is no file but a device, a link or the like, and is written to */
  char *former;      /* in the same directory */
} Image;

static void
image_clear (gpointer data)
{
  Image *image = data;
  g_free (image->path);
  g_free (image->config_path);
  g_free (image->former);
}

static void
image_unref (gpointer image)
{
  g_atomic_rc_box_release_full (image, image_clear);
}

static Image *
image_new (const XmOperation *op)
{
  g_autofree char *name = g_strconcat (op->vm->uuid, ".cfg", NULL);
  g_autofree char *directory = g_path_get_dirname (op->file);
  g_autofree char *former = g_strdup_printf (".%s.former", op->vm->uuid);
  Image *image = g_atomic_rc_box_new0 (Image);
  image->path = g_strdup (op->file);
  image->former = g_build_filename (directory, former, NULL);
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

/* Runs @func on a thread with what is known of the operation's file. @image: (transfer full) */
static void
on_file (XmOperation *op, GTaskThreadFunc func, GAsyncReadyCallback callback, Image *image)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, callback, op);
  g_task_set_task_data (task, image, image_unref);
  g_task_run_in_thread (task, func);
}

/* -- saving ------------------------------------------------------------------------ */

/* A file that is there keeps what it holds until there is something better. */
static void
prepare_target (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Image *image = task_data;
  g_autofree char *directory = g_path_get_dirname (image->path);
  struct stat info, before;
  GError *error = NULL;
  gboolean exists = lstat (image->path, &before) == 0;
  image->in_place = exists && !S_ISREG (before.st_mode);
  if (stat (directory, &info) != 0)
    xm_error_set_file (&error, image->path, "openFile", errno);
  else if (!S_ISDIR (info.st_mode))
    xm_error_set_file (&error, image->path, "openFile", ENOTDIR);
  else if (exists && S_ISDIR (before.st_mode))
    xm_error_set_file (&error, image->path, "openFile", EISDIR);
  else if (exists && !image->in_place && rename (image->path, image->former) != 0)
    xm_error_set_file (&error, image->path, "openFile", errno);
  if (access (image->config_path, R_OK) != 0)
    g_clear_pointer (&image->config_path, g_free); /* xl keeps a configuration of its own */
  if (error == NULL) {
    image->replaces = exists && !image->in_place;
    g_task_return_boolean (task, TRUE);
  } else {
    g_task_return_error (task, error);
  }
}

static void
undo_target (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  const Image *image = task_data;
  if (!image->in_place && unlink (image->path) != 0 && errno != ENOENT)
    g_warning ("%s: %s", image->path, g_strerror (errno));
  if (image->replaces && rename (image->former, image->path) != 0)
    g_warning ("%s stays as %s: %s", image->path, image->former, g_strerror (errno));
  g_task_return_boolean (task, TRUE);
}

static void
remove_former (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  const Image *image = task_data;
  if (image->replaces && unlink (image->former) != 0)
    g_warning ("%s: %s", image->former, g_strerror (errno));
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
on_undone (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmOperation *op = user_data;
  finish (op, g_steal_pointer (&op->failure));
}

/* @error: (transfer full) @image: (transfer full) */
static void
fail_and_undo (XmOperation *op, GError *error, Image *image)
{
  op->failure = error;
  on_file (op, undo_target, on_undone, image);
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

static void
on_former_removed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmOperation *op = user_data;
  xm_domains_refresh_async (op->vm->service->domains, NULL, on_saved_listed, op);
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
    xm_vm_set_state (op->vm, XM_VM_SUSPENDED);
    on_file (op, remove_former, on_former_removed, save->image);
    return;
  }
  g_message ("%s is not saved: %s", op->vm->uuid, error->message);
  fail_and_undo (op, xm_operation_explain (op, error, SAVE_ERROR), save->image);
}

static void
on_target_prepared (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmOperation *op = user_data;
  XmVm *vm = op->vm;
  Image *image = g_atomic_rc_box_acquire (g_task_get_task_data (G_TASK (result)));
  GError *error = NULL;
  if (!g_task_propagate_boolean (G_TASK (result), &error)) {
    image_unref (image);
    xm_operation_end (op, error);
    return;
  }
  if (g_cancellable_set_error_if_cancelled (op->cancellable, &error))
    error = xm_operation_explain (op, error, NULL);
  else if (vm->domid < 0)
    xm_error_set_io (&error, "\"" SAVE_ERROR "\"");
  if (error != NULL) {
    fail_and_undo (op, error, image);
    return;
  }
  Save *save = g_new (Save, 1);
  *save = (Save){ op, image };
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
    on_file (op, prepare_target, on_target_prepared, image_new (op));
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
