/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/progress.h"

#include <string.h>
#include <sys/stat.h>

#include "shim/signals.h"
#include "shim/xl-builders.h"

#define INTERVAL_MS 500

typedef struct {
  guint64 done, total;
} Figures;

struct _XmProgress {
  XmService *service;
  char *path;
  const char *operation;
  guint timer;
  Figures told;
  GMutex lock;
  Figures now; /* under the lock */
  /* of xl only: */
  char *file;
  char *fd, *fdinfo; /* of the thread that looks: what xl has open, and where it is in it */
  gboolean looking;
};

static void
progress_clear (gpointer data)
{
  XmProgress *progress = data;
  g_mutex_clear (&progress->lock);
  g_free (progress->path);
  g_free (progress->file);
  g_free (progress->fd);
  g_free (progress->fdinfo);
}

static void
progress_unref (gpointer progress)
{
  g_atomic_rc_box_release_full (progress, progress_clear);
}

static Figures
get_now (XmProgress *progress)
{
  g_mutex_lock (&progress->lock);
  Figures now = progress->now;
  g_mutex_unlock (&progress->lock);
  return now;
}

static void
tell (XmProgress *progress, Figures figures, gboolean ended)
{
  progress->told = figures;
  xm_signal_progress (progress->service, progress->path, progress->operation, figures.done,
                      figures.total, ended);
}

static void
tell_news (XmProgress *progress)
{
  Figures now = get_now (progress);
  if (now.done != progress->told.done || now.total != progress->told.total)
    tell (progress, now, FALSE);
}

/* -- how far xl is ----------------------------------------------------------------- */

/*
 * xl opens the file, and libxl-save-helper, its child, reads or writes through the same open file:
 * the `pos` of either in /proc/PID/fdinfo/FD (proc(5)) is how far both are, without gaps.
 */

static gboolean
is_file (const char *path, const struct stat *what)
{
  struct stat info;
  return stat (path, &info) == 0 && info.st_dev == what->st_dev && info.st_ino == what->st_ino;
}

static void
find_open_file (XmProgress *progress, const struct stat *what)
{
  g_autoptr (GPtrArray) pids = xm_xl_builders_find (progress->file);
  for (guint i = 0; i < pids->len && progress->fd == NULL; i++) {
    const char *pid = pids->pdata[i];
    g_autofree char *folder = g_strdup_printf ("/proc/%s/fd", pid);
    g_autoptr (GDir) fds = g_dir_open (folder, 0, NULL);
    const char *name;
    while (fds != NULL && progress->fd == NULL && (name = g_dir_read_name (fds)) != NULL) {
      g_autofree char *fd = g_build_filename (folder, name, NULL);
      if (!is_file (fd, what))
        continue;
      progress->fd = g_steal_pointer (&fd);
      progress->fdinfo = g_strdup_printf ("/proc/%s/fdinfo/%s", pid, name);
    }
  }
}

/* xl may have closed it, and have another file under the same number, when the position was read.
 */
static gboolean
read_position (const XmProgress *progress, const struct stat *what, guint64 *position)
{
  static const char key[] = "pos:";
  g_autofree char *text = NULL;
  if (progress->fd == NULL || !g_file_get_contents (progress->fdinfo, &text, NULL, NULL) ||
      !g_str_has_prefix (text, key) || !is_file (progress->fd, what))
    return FALSE;
  *position = g_ascii_strtoull (text + strlen (key), NULL, 10);
  return TRUE;
}

static void
look_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  XmProgress *progress = task_data;
  struct stat info;
  guint64 position;
  if (stat (progress->file, &info) == 0 && S_ISREG (info.st_mode)) {
    if (progress->fd == NULL)
      find_open_file (progress, &info);
    if (read_position (progress, &info, &position))
      xm_progress_set (progress, position, get_now (progress).total);
  }
  g_task_return_boolean (task, TRUE);
}

static void
on_looked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmProgress *progress = g_task_get_task_data (G_TASK (result));
  progress->looking = FALSE;
  if (progress->timer != 0) /* else it has ended meanwhile */
    tell_news (progress);
}

static void
look (XmProgress *progress)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, on_looked, NULL);
  progress->looking = TRUE;
  g_task_set_source_tag (task, look);
  g_task_set_task_data (task, g_atomic_rc_box_acquire (progress), progress_unref);
  g_task_run_in_thread (task, look_in_thread);
}

/* -- from beginning to end --------------------------------------------------------- */

static gboolean
on_timer (gpointer user_data)
{
  XmProgress *progress = user_data;
  if (progress->file == NULL)
    tell_news (progress);
  else if (!progress->looking)
    look (progress);
  return G_SOURCE_CONTINUE;
}

XmProgress *
xm_progress_begin (XmService *service, const char *path, const char *operation, guint64 total)
{
  XmProgress *progress = g_atomic_rc_box_new0 (XmProgress);
  progress->service = service;
  progress->path = g_strdup (path);
  progress->operation = operation;
  progress->now.total = total;
  g_mutex_init (&progress->lock);
  progress->timer = g_timeout_add (INTERVAL_MS, on_timer, progress);
  tell (progress, progress->now, FALSE);
  return progress;
}

XmProgress *
xm_progress_begin_xl (XmVm *vm, const char *operation, const char *file, guint64 total)
{
  XmProgress *progress = xm_progress_begin (vm->service, vm->path, operation, total);
  progress->file = g_strdup (file);
  return progress;
}

void
xm_progress_set (XmProgress *progress, guint64 done, guint64 total)
{
  g_mutex_lock (&progress->lock);
  progress->now = (Figures){ total > 0 ? MIN (done, total) : done, total };
  g_mutex_unlock (&progress->lock);
}

void
xm_progress_end (XmProgress *progress, gboolean well)
{
  if (progress == NULL)
    return;
  Figures last = get_now (progress);
  if (well)
    last.done = MAX (last.done, last.total);
  g_clear_handle_id (&progress->timer, g_source_remove);
  tell (progress, last, TRUE);
  progress_unref (progress);
}
