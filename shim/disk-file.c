/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/disk-file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_THREADS   8
#define RENEW_SECONDS 1

struct _XmDiskFile {
  char *path, *type; /* of the last look */
  gboolean looking;
  gint64 begun;       /* of the last look; monotonic, microseconds */
  guint generation;   /* of the look that counts */
  GPtrArray *waiting; /* GTask */
  XmDiskFacts facts;
};

typedef struct {
  XmDiskFile *file;
  guint generation;
  char *path;
  gboolean is_vhd;
  XmDiskFacts facts;
} Look;

static void
disk_file_clear (gpointer data)
{
  XmDiskFile *file = data;
  g_ptr_array_unref (file->waiting);
  g_free (file->path);
  g_free (file->type);
}

XmDiskFile *
xm_disk_file_new (void)
{
  XmDiskFile *file = g_rc_box_new0 (XmDiskFile);
  file->waiting = g_ptr_array_new_with_free_func (g_object_unref);
  return file;
}

void
xm_disk_file_free (XmDiskFile *file)
{
  g_rc_box_release_full (file, disk_file_clear);
}

const XmDiskFacts *
xm_disk_file_get_facts (const XmDiskFile *file)
{
  return &file->facts;
}

static void
look_free (Look *look)
{
  xm_disk_file_free (look->file);
  g_free (look->path);
  g_free (look);
}

static void
look_in_thread (gpointer data, gpointer user_data)
{
  g_autoptr (GTask) task = data;
  Look *look = g_task_get_task_data (task);
  struct stat info;
  /* A FIFO or a tape drive must not make us wait. */
  int fd = open (look->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd >= 0) {
    if (fstat (fd, &info) == 0 && (S_ISREG (info.st_mode) || S_ISBLK (info.st_mode))) {
      look->facts.length = info.st_size;
      if (look->is_vhd)
        xm_vhd_read (fd, &look->facts.vhd);
    }
    close (fd);
  }
  g_task_return_boolean (task, TRUE);
}

/* Not GTask's threads: looks that hang must not keep the rest of the service waiting. */
static GThreadPool *
get_pool (void)
{
  static GThreadPool *pool;
  if (G_UNLIKELY (pool == NULL))
    pool = g_thread_pool_new (look_in_thread, NULL, MAX_THREADS, FALSE, NULL);
  return pool;
}

/* Takes the result over and answers everyone. */
static void
conclude (XmDiskFile *file, const XmDiskFacts *facts)
{
  g_autoptr (GPtrArray) waiting = file->waiting;
  file->waiting = g_ptr_array_new_with_free_func (g_object_unref);
  file->facts = *facts;
  file->looking = FALSE;
  for (guint i = 0; i < waiting->len; i++)
    g_task_return_boolean (waiting->pdata[i], TRUE);
}

/* Frees the look here: the task may end on the thread, where the file must not. */
static void
on_looked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Look *look = user_data;
  if (look->generation == look->file->generation)
    conclude (look->file, &look->facts);
  look_free (look);
}

static gboolean
is_of (const XmDiskFile *file, const char *path, const char *type)
{
  return g_strcmp0 (file->path, path) == 0 && g_strcmp0 (file->type, type) == 0;
}

static void
begin (XmDiskFile *file, const char *path, const char *type)
{
  if (file->looking && is_of (file, path, type))
    return;
  if (!is_of (file, path, type)) {
    g_free (file->path);
    g_free (file->type);
    file->path = g_strdup (path);
    file->type = g_strdup (type);
  }
  file->generation++;
  file->begun = g_get_monotonic_time ();
  if (*path == '\0' || g_str_equal (type, "phy")) {
    conclude (file, &(XmDiskFacts){ 0 });
    return;
  }

  file->looking = TRUE;
  Look *look = g_new0 (Look, 1);
  look->file = g_rc_box_acquire (file);
  look->generation = file->generation;
  look->path = g_strdup (path);
  look->is_vhd = g_str_equal (type, "vhd");
  GTask *job = g_task_new (NULL, NULL, on_looked, look);
  g_task_set_source_tag (job, begin);
  g_task_set_task_data (job, look, NULL);
  g_thread_pool_push (get_pool (), job, NULL);
}

void
xm_disk_file_look_async (XmDiskFile *file,
                         const char *path,
                         const char *type,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  GTask *task = g_task_new (NULL, NULL, callback, user_data);
  g_task_set_source_tag (task, xm_disk_file_look_async);
  g_ptr_array_add (file->waiting, task);
  begin (file, path, type);
}

void
xm_disk_file_follow (XmDiskFile *file, const char *path, const char *type)
{
  if (!is_of (file, path, type))
    begin (file, path, type);
}

void
xm_disk_file_renew (XmDiskFile *file, const char *path, const char *type)
{
  if (!is_of (file, path, type) ||
      g_get_monotonic_time () - file->begun >= RENEW_SECONDS * G_USEC_PER_SEC)
    begin (file, path, type);
}
