/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/save-image.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shim/error.h"

/** Kind: what stood in the file's place, by its word in the record. */
typedef enum { NOTHING, A_FILE, A_DEVICE } Kind;

static const char *const kind_words[] = {
  [NOTHING] = "new",
  [A_FILE] = "replaced",
  [A_DEVICE] = "device", /* or a link or the like: it is written to, and never removed */
};

struct _XmSaveImage {
  char *path;
  char *config_path;
  char *former; /* in the same directory: the name of what was replaced, meanwhile */
  char *record;
  int domid;
  Kind kind;
  guint64 size;
};

static void
image_clear (gpointer data)
{
  XmSaveImage *image = data;
  g_free (image->path);
  g_free (image->config_path);
  g_free (image->former);
  g_free (image->record);
}

XmSaveImage *
xm_save_image_ref (XmSaveImage *image)
{
  return g_atomic_rc_box_acquire (image);
}

void
xm_save_image_unref (XmSaveImage *image)
{
  g_atomic_rc_box_release_full (image, image_clear);
}

static void
unref (gpointer image)
{
  xm_save_image_unref (image);
}

static char *
run_file (const XmVm *vm, const char *kind)
{
  g_autofree char *name = g_strdup_printf ("%s.%s", vm->uuid, kind);
  return g_build_filename (vm->service->settings->run_dir, name, NULL);
}

XmSaveImage *
xm_save_image_new (const XmVm *vm, const char *file)
{
  g_autofree char *directory = g_path_get_dirname (file);
  g_autofree char *former = g_strdup_printf (".%s.former", vm->uuid);
  XmSaveImage *image = g_atomic_rc_box_new0 (XmSaveImage);
  image->path = g_strdup (file);
  image->former = g_build_filename (directory, former, NULL);
  image->config_path = run_file (vm, "cfg");
  image->record = run_file (vm, "saving");
  image->domid = vm->domid;
  return image;
}

const char *
xm_save_image_get_path (const XmSaveImage *image)
{
  return image->path;
}

const char *
xm_save_image_get_config_path (const XmSaveImage *image)
{
  return image->config_path;
}

int
xm_save_image_get_domid (const XmSaveImage *image)
{
  return image->domid;
}

gboolean
xm_save_image_is_plain (const XmSaveImage *image)
{
  return image->kind != A_DEVICE;
}

guint64
xm_save_image_get_size (const XmSaveImage *image)
{
  return image->size;
}

/* Runs @func on a thread with @image. */
static void
on_thread (XmSaveImage *image,
           GTaskThreadFunc func,
           GAsyncReadyCallback callback,
           gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, callback, user_data);
  g_task_set_source_tag (task, func);
  g_task_set_task_data (task, xm_save_image_ref (image), unref);
  g_task_run_in_thread (task, func);
}

static gboolean
finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
return_error (GTask *task, GError *error)
{
  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
}

/* -- the record -------------------------------------------------------------------- */

/* `DOMID KIND PATH`; a path may hold anything. */
static gboolean
write_record (const XmSaveImage *image, GError **error)
{
  g_autofree char *text =
      g_strdup_printf ("%d %s %s", image->domid, kind_words[image->kind], image->path);
  g_autoptr (GError) why = NULL;
  if (g_file_set_contents_full (image->record, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600,
                                &why))
    return TRUE;
  xm_error_set_io (error, "\"cannot record what is saved: %s\"", why->message);
  return FALSE;
}

static gboolean
find_kind (const char *word, Kind *kind)
{
  for (gsize i = 0; i < G_N_ELEMENTS (kind_words); i++) {
    if (!g_str_equal (word, kind_words[i]))
      continue;
    *kind = (Kind)i;
    return TRUE;
  }
  return FALSE;
}

XmSaveImage *
xm_save_image_find (const XmVm *vm)
{
  g_autofree char *record = run_file (vm, "saving");
  g_autofree char *text = NULL;
  gint64 domid;
  Kind kind;
  if (!g_file_get_contents (record, &text, NULL, NULL))
    return NULL;
  g_auto (GStrv) words = g_strsplit (text, " ", 3);
  if (g_strv_length (words) != 3 || !g_path_is_absolute (words[2]) ||
      !g_ascii_string_to_signed (words[0], 10, 1, G_MAXINT32, &domid, NULL) ||
      !find_kind (words[1], &kind)) {
    g_warning ("%s is no record of a save", record);
    unlink (record);
    return NULL;
  }
  XmSaveImage *image = xm_save_image_new (vm, words[2]);
  image->domid = (int)domid;
  image->kind = kind;
  return image;
}

/* -- before ------------------------------------------------------------------------ */

static void
prepare_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  XmSaveImage *image = task_data;
  g_autofree char *directory = g_path_get_dirname (image->path);
  struct stat info, before;
  GError *error = NULL;
  gboolean exists = lstat (image->path, &before) == 0;
  image->kind = !exists ? NOTHING : S_ISREG (before.st_mode) ? A_FILE : A_DEVICE;
  if (stat (directory, &info) != 0)
    xm_error_set_file (&error, image->path, "openFile", errno);
  else if (!S_ISDIR (info.st_mode))
    xm_error_set_file (&error, image->path, "openFile", ENOTDIR);
  else if (exists && S_ISDIR (before.st_mode))
    xm_error_set_file (&error, image->path, "openFile", EISDIR);
  else if (write_record (image, &error) && image->kind == A_FILE &&
           rename (image->path, image->former) != 0)
    xm_error_set_file (&error, image->path, "openFile", errno);
  if (error != NULL)
    unlink (image->record);
  if (access (image->config_path, R_OK) != 0)
    g_clear_pointer (&image->config_path, g_free); /* xl keeps a configuration of its own */
  return_error (task, error);
}

void
xm_save_image_prepare_async (XmSaveImage *image, GAsyncReadyCallback callback, gpointer user_data)
{
  on_thread (image, prepare_in_thread, callback, user_data);
}

gboolean
xm_save_image_prepare_finish (GAsyncResult *result, GError **error)
{
  return finish (result, error);
}

/* -- after ------------------------------------------------------------------------- */

/* What is not there was done by an earlier life. */
static void
move_former (const XmSaveImage *image, const char *to)
{
  if (image->kind == A_FILE && rename (image->former, to) != 0 && errno != ENOENT)
    g_warning ("%s stays as %s: %s", to, image->former, g_strerror (errno));
}

static void
remove_file (const char *path)
{
  if (unlink (path) != 0 && errno != ENOENT)
    g_warning ("%s: %s", path, g_strerror (errno));
}

static void
done_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  const XmSaveImage *image = task_data;
  if (image->kind == A_FILE)
    remove_file (image->former);
  remove_file (image->record);
  g_task_return_boolean (task, TRUE);
}

static void
failed_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  const XmSaveImage *image = task_data;
  if (image->kind == NOTHING)
    remove_file (image->path);
  move_former (image, image->path);
  remove_file (image->record);
  g_task_return_boolean (task, TRUE);
}

static void
doubtful_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  const XmSaveImage *image = task_data;
  g_autofree char *to = g_strconcat (image->path, ".former", NULL);
  move_former (image, to);
  remove_file (image->record);
  g_task_return_boolean (task, TRUE);
}

void
xm_save_image_end_async (XmSaveImage *image,
                         XmSaveEnd how,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  static const GTaskThreadFunc ends[] = {
    [XM_SAVE_DONE] = done_in_thread,
    [XM_SAVE_FAILED] = failed_in_thread,
    [XM_SAVE_DOUBTFUL] = doubtful_in_thread,
  };
  on_thread (image, ends[how], callback, user_data);
}

/* -- resuming ---------------------------------------------------------------------- */

static void
check_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  XmSaveImage *image = task_data;
  const char *const paths[] = { image->config_path, image->path };
  struct stat info;
  GError *error = NULL;
  for (gsize i = 0; i < G_N_ELEMENTS (paths) && error == NULL; i++) {
    if (stat (paths[i], &info) != 0)
      xm_error_set_file (&error, paths[i], "openFile", errno);
    else if (S_ISDIR (info.st_mode))
      xm_error_set_file (&error, paths[i], "openFile", EISDIR);
  }
  if (error == NULL && S_ISREG (info.st_mode)) /* of the path that was looked at last */
    image->size = (guint64)info.st_size;
  return_error (task, error);
}

void
xm_save_image_check_async (XmSaveImage *image, GAsyncReadyCallback callback, gpointer user_data)
{
  on_thread (image, check_in_thread, callback, user_data);
}

gboolean
xm_save_image_check_finish (GAsyncResult *result, GError **error)
{
  return finish (result, error);
}
