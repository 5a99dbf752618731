/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/host-files.h"

#include <unistd.h>

#include "shim/host-reading.h"
#include "shim/read-file.h"

#define MAX_SIZE 65536

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
  XmHostReading *reading;
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

static const char *
host_root (gpointer owner)
{
  const XmHostFiles *files = owner;
  return files->service->settings->host_root;
}

static void
take_picture (gpointer owner, gpointer result)
{
  XmHostFiles *files = owner;
  g_clear_pointer (&files->picture, picture_free);
  files->picture = result;
}

static const XmHostReadingKind reading_kind = { host_root, read_on_thread, take_picture,
                                                "the host's settings" };

void
xm_host_files_refresh (XmHostFiles *files, void (*done) (gpointer user_data), gpointer user_data)
{
  xm_host_reading_refresh (files->reading, done, user_data);
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
  files->reading = xm_host_reading_new (&reading_kind, files);
  xm_host_reading_refresh (files->reading, NULL, NULL);
  return files;
}

void
xm_host_files_free (XmHostFiles *files)
{
  xm_host_reading_free (files->reading);
  g_clear_pointer (&files->picture, picture_free);
  g_free (files);
}
