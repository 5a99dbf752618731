/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/host-files.h"

#include <unistd.h>

#include "shim/host-waiters.h"
#include "shim/read-file.h"

#define MAX_SIZE   65536
#define PATIENCE_S 5

static const struct {
  const char *path;
  gboolean has_text; /* else it is a flag */
} table[] = {
  { XM_HOST_FILE_BUILD, TRUE },
  { XM_HOST_FILE_CAPS, TRUE },
  { XM_HOST_FILE_LANGUAGE, TRUE },
  { XM_HOST_FILE_RELEASE, TRUE },
  { "/boot/system/tpm/enabled", FALSE },
  { "/config/deferred_dom0_password", FALSE },
  { "/config/deferred_eula", FALSE },
  { "/config/deferred_kb_layout", FALSE },
  { "/config/deferred_language", FALSE },
  { "/config/etc/ssh/argo_not_to_be_run", FALSE },
  { "/config/etc/ssh/sshd_not_to_be_run", FALSE },
  { "/config/system/dom0-networking-disabled", FALSE },
  { "/config/tpm/measured-boot", FALSE },
};

/** Picture: what they were at one time. */
typedef struct {
  char *flavour;
  gboolean exists[G_N_ELEMENTS (table)];
  char *texts[G_N_ELEMENTS (table)]; /* NULL: none */
} Picture;

struct _XmHostFiles {
  XmService *service;
  Picture *picture;
  GCancellable *cancellable; /* not NULL while they are read */
  guint patience;
  gboolean late;         /* the disk does not answer: nobody waits for it any more */
  XmHostWaiters waiters; /* for this reading */
  XmHostWaiters next;    /* who came while it was under way: it may have missed what they wrote */
  gboolean again;        /* there are such */
};

static void
picture_free (gpointer data)
{
  Picture *picture = data;
  for (gsize i = 0; i < G_N_ELEMENTS (table); i++)
    g_free (picture->texts[i]);
  g_free (picture->flavour);
  g_free (picture);
}

/* -- on the thread ----------------------------------------------------------------- */

static char *
read_text (const char *path)
{
  g_autofree char *text = NULL;
  gsize len;
  return xm_read_file (path, MAX_SIZE, &text, &len) == 0 ? g_utf8_make_valid (text, -1) : NULL;
}

static void
read_on_thread (GTask *task, gpointer source, gpointer root, GCancellable *cancellable)
{
  Picture *picture = g_new0 (Picture, 1);
  picture->flavour = xm_settings_read_flavour (root);
  for (gsize i = 0; i < G_N_ELEMENTS (table); i++) {
    gboolean of_flavour = g_str_equal (table[i].path, XM_HOST_FILE_CAPS);
    g_autofree char *path = g_strconcat (root, table[i].path, of_flavour ? "." : NULL,
                                         picture->flavour, NULL); /* ends at the first NULL */
    if (table[i].has_text)
      picture->texts[i] = read_text (path);
    picture->exists[i] = access (path, F_OK) == 0;
  }
  g_task_return_pointer (task, picture, picture_free);
}

/* -- reading ----------------------------------------------------------------------- */

static void begin (XmHostFiles *files);

static void
on_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Picture *picture = g_task_propagate_pointer (G_TASK (result), NULL);
  if (picture == NULL)
    return; /* cancelled: the XmHostFiles is gone */
  XmHostFiles *files = user_data;
  g_clear_pointer (&files->picture, picture_free);
  files->picture = picture;
  files->late = FALSE;
  g_clear_handle_id (&files->patience, g_source_remove);
  g_clear_object (&files->cancellable);
  XmHostWaiters told = files->waiters;
  files->waiters = files->next;
  files->next = (XmHostWaiters){ NULL };
  if (files->again)
    begin (files);
  xm_host_waiters_tell (&told);
}

static gboolean
on_late (gpointer user_data)
{
  XmHostFiles *files = user_data;
  g_warning ("the file system of the host's settings does not answer");
  files->patience = 0;
  files->late = TRUE;
  files->again = FALSE;
  xm_host_waiters_tell (&files->waiters);
  xm_host_waiters_tell (&files->next);
  return G_SOURCE_REMOVE;
}

static void
begin (XmHostFiles *files)
{
  files->again = FALSE;
  files->cancellable = g_cancellable_new ();
  files->patience = g_timeout_add_seconds (PATIENCE_S, on_late, files);
  g_autoptr (GTask) task = g_task_new (NULL, files->cancellable, on_read, files);
  g_task_set_task_data (task, g_strdup (files->service->settings->host_root), g_free);
  g_task_run_in_thread (task, read_on_thread);
}

void
xm_host_files_refresh (XmHostFiles *files, void (*done) (gpointer user_data), gpointer user_data)
{
  if (files->late) {
    if (done != NULL)
      done (user_data);
    return;
  }
  gboolean busy = files->cancellable != NULL;
  if (done != NULL)
    xm_host_waiters_add (busy ? &files->next : &files->waiters, done, user_data);
  if (busy)
    files->again = TRUE;
  else
    begin (files);
}

/* -- what was read ----------------------------------------------------------------- */

static gsize
find (const char *path)
{
  gsize i = 0;
  while (i < G_N_ELEMENTS (table) && !g_str_equal (table[i].path, path))
    i++;
  g_assert (i < G_N_ELEMENTS (table));
  return i;
}

gboolean
xm_host_files_exists (const XmHostFiles *files, const char *path)
{
  gsize i = find (path);
  return files->picture != NULL && files->picture->exists[i];
}

const char *
xm_host_files_text (const XmHostFiles *files, const char *path)
{
  gsize i = find (path);
  return files->picture != NULL ? files->picture->texts[i] : NULL;
}

const char *
xm_host_files_flavour (const XmHostFiles *files)
{
  return files->picture != NULL ? files->picture->flavour : "default";
}

/* -- making and freeing ------------------------------------------------------------ */

XmHostFiles *
xm_host_files_new (XmService *service)
{
  XmHostFiles *files = g_new0 (XmHostFiles, 1);
  files->service = service;
  begin (files);
  return files;
}

void
xm_host_files_free (XmHostFiles *files)
{
  if (files->cancellable != NULL)
    g_cancellable_cancel (files->cancellable);
  g_clear_object (&files->cancellable);
  g_clear_handle_id (&files->patience, g_source_remove);
  xm_host_waiters_tell (&files->waiters);
  xm_host_waiters_tell (&files->next);
  g_clear_pointer (&files->picture, picture_free);
  g_free (files);
}
