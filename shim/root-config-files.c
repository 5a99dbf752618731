/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/root-config-files.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "shim/error.h"
#include "shim/read-file.h"

#define VARIABLE "LANGUAGE="
#define MAX_SIZE 65536

/** Alive as long as the service or a change. */
struct _XmRootFiles {
  GQueue waiting; /* of Change */
  gboolean busy;
  gboolean ended; /* the service has gone */
};

/** Change: of one file. */
typedef struct {
  XmRootFiles *files;
  GTask *task; /* answered with a boolean */
  char *path;
  gboolean exists;
  char *language; /* NULL: a flag */
  char **argv;    /* run afterwards; NULL: nothing */
  XlRunner *helpers;
} Change;

static void
change_free (Change *change)
{
  g_rc_box_release (change->files);
  g_object_unref (change->task);
  g_free (change->path);
  g_free (change->language);
  g_strfreev (change->argv);
  g_object_unref (change->helpers);
  g_free (change);
}

/* -- reading ----------------------------------------------------------------------- */

/* (transfer full): the word behind `LANGUAGE=`, which may be quoted */
static char *
unquote (const char *word)
{
  char *copy = g_strstrip (g_strdup (word));
  gsize length = strlen (copy);
  if (length >= 2 && (copy[0] == '\'' || copy[0] == '"') && copy[length - 1] == copy[0]) {
    memmove (copy, copy + 1, length - 2);
    copy[length - 2] = '\0';
  }
  return copy;
}

char *
xm_root_language_in (const char *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  for (char **line = lines; *line != NULL; line++) {
    if (!g_str_has_prefix (*line, VARIABLE))
      continue;
    return unquote (*line + strlen (VARIABLE));
  }
  return NULL;
}

/* -- on the thread ----------------------------------------------------------------- */

static gboolean
write_durably (const char *path, const char *text, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (path);
  if (g_mkdir_with_parents (folder, 0755) != 0) {
    xm_error_set_file (error, folder, "createDirectory", errno);
    return FALSE;
  }
  g_autoptr (GError) reason = NULL;
  if (g_file_set_contents_full (path, text, -1,
                                G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0644,
                                &reason))
    return TRUE;
  xm_error_set_io (error, "%s: %s", path, reason->message);
  return FALSE;
}

static gboolean
set_flag (const Change *change, GError **error)
{
  if (change->exists)
    return access (change->path, F_OK) == 0 || write_durably (change->path, "", error);
  if (g_unlink (change->path) == 0 || errno == ENOENT || errno == ENOTDIR)
    return TRUE;
  xm_error_set_file (error, change->path, "removeLink", errno);
  return FALSE;
}

/* Scripts of the host read the file as shell variables. */
static gboolean
set_language (const Change *change, GError **error)
{
  g_autofree char *old = NULL;
  gsize length;
  int errsv = xm_read_file (change->path, MAX_SIZE, &old, &length);
  if (errsv != 0 && errsv != ENOENT && errsv != ENOTDIR) {
    xm_error_set_file (error, change->path, "openFile", errsv);
    return FALSE;
  }
  g_autoptr (GString) text = g_string_new (NULL);
  g_auto (GStrv) lines = g_strsplit (old != NULL ? g_strchomp (old) : "", "\n", -1);
  for (char **line = lines; *line != NULL; line++) {
    if (!g_str_has_prefix (*line, VARIABLE))
      g_string_append_printf (text, "%s\n", *line);
  }
  g_string_append_printf (text, VARIABLE "'%s'\n", change->language);
  return write_durably (change->path, text->str, error);
}

static void
change_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  const Change *change = task_data;
  GError *error = NULL;
  if (change->language != NULL ? set_language (change, &error) : set_flag (change, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

/* -- one after the other ----------------------------------------------------------- */

static void start_next (XmRootFiles *files);

/* @change, @error: (transfer full) */
static void
end (Change *change, GError *error)
{
  XmRootFiles *files = g_rc_box_acquire (change->files);
  if (error == NULL && files->ended)
    error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "the service ends");
  if (error != NULL)
    g_task_return_error (change->task, error);
  else
    g_task_return_boolean (change->task, TRUE);
  change_free (change);
  files->busy = FALSE;
  start_next (files);
  g_rc_box_release (files);
}

static void
on_command_ended (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GError *error = NULL;
  g_autoptr (XlOutput) output = xl_runner_run_finish (XL_RUNNER (source), result, &error);
  end (user_data, output != NULL ? NULL : xm_error_from_helper (error));
}

static void
on_changed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Change *change = user_data;
  GError *error = NULL;
  if (g_task_propagate_boolean (G_TASK (result), &error) && change->argv != NULL &&
      !change->files->ended)
    xl_runner_run_async (change->helpers, (const char *const *)change->argv, NULL,
                         XL_TIMEOUT_SHUTDOWN, NULL, on_command_ended, change);
  else
    end (change, error);
}

static void
start_next (XmRootFiles *files)
{
  if (files->busy || g_queue_is_empty (&files->waiting))
    return;
  Change *change = g_queue_pop_head (&files->waiting);
  g_autoptr (GTask) thread = g_task_new (NULL, NULL, on_changed, change);
  files->busy = TRUE;
  g_task_set_task_data (thread, change, NULL);
  g_task_run_in_thread (thread, change_in_thread);
}

static Change *
change_new (XmService *service, const char *path, GAsyncReadyCallback callback, gpointer user_data)
{
  Change *change = g_new0 (Change, 1);
  change->files = g_rc_box_acquire (service->root_files);
  change->task = g_task_new (NULL, NULL, callback, user_data);
  change->path = xm_settings_host_path (service->settings, path);
  change->helpers = g_object_ref (service->helpers);
  return change;
}

void
xm_root_flag_set_async (XmService *service,
                        const char *path,
                        gboolean exists,
                        XmCommand command,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  Change *change = change_new (service, path, callback, user_data);
  change->exists = exists;
  change->argv = g_strdupv (service->settings->commands[command]);
  g_queue_push_tail (&change->files->waiting, change);
  start_next (service->root_files);
}

void
xm_root_language_set_async (XmService *service,
                            const char *path,
                            const char *language,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  Change *change = change_new (service, path, callback, user_data);
  change->language = g_strdup (language);
  g_queue_push_tail (&change->files->waiting, change);
  start_next (service->root_files);
}

gboolean
xm_root_file_set_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

XmRootFiles *
xm_root_files_new (void)
{
  XmRootFiles *files = g_rc_box_new0 (XmRootFiles);
  g_queue_init (&files->waiting);
  return files;
}

void
xm_root_files_free (XmRootFiles *files)
{
  files->ended = TRUE;
  Change *change;
  while ((change = g_queue_pop_head (&files->waiting)) != NULL) {
    g_task_return_new_error (change->task, G_IO_ERROR, G_IO_ERROR_CANCELLED, "the service ends");
    change_free (change);
  }
  g_rc_box_release (files);
}
