/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/mount.h"

#include <string.h>

#include "shim/error.h"
#include "shim/host-run.h"

/* -- the table --------------------------------------------------------------------- */

void
xm_mounted_free (XmMounted *mounted)
{
  g_free (mounted->device);
  g_free (mounted->dir);
  g_free (mounted);
}

/* In the table, the root of what PrivateTmp has put over /tmp and /var/tmp. */
#define PRIVATE_TMP "/systemd-private-"

/* A line: `36 35 98:0 /root /dir options tags... - type device options`. Blanks in names are
 * written as octal escapes. */
static XmMounted *
parse_line (const char *line)
{
  enum { ROOT = 3, DIR = 4, MIN_WORDS = 10, BEHIND_DASH = 3 };
  g_auto (GStrv) words = g_strsplit (line, " ", -1);
  guint n = g_strv_length (words), dash = DIR + 1;
  while (dash < n && !g_str_equal (words[dash], "-"))
    dash++;
  if (n < MIN_WORDS || dash + BEHIND_DASH >= n)
    return NULL;
  const char *options = words[dash + BEHIND_DASH];
  XmMounted *mounted = g_new (XmMounted, 1);
  mounted->dir = g_strcompress (words[DIR]);
  mounted->is_private = strstr (words[ROOT], PRIVATE_TMP) != NULL;
  mounted->device = g_strcompress (words[dash + 2]);
  mounted->writable = g_str_equal (options, "rw") || g_str_has_prefix (options, "rw,");
  return mounted;
}

GPtrArray *
xm_mounted_list (XmService *service)
{
  GPtrArray *list = g_ptr_array_new_with_free_func ((GDestroyNotify)xm_mounted_free);
  g_autofree char *path = xm_settings_host_path (service->settings, "/proc/self/mountinfo");
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  if (!g_file_get_contents (path, &text, NULL, &error)) {
    g_warning ("%s", error->message);
    return list;
  }
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  for (char **line = lines; *line != NULL; line++) {
    XmMounted *mounted = parse_line (*line);
    if (mounted != NULL)
      g_ptr_array_add (list, mounted);
  }
  return list;
}

const XmMounted *
xm_mounted_find (const GPtrArray *mounted, const char *device, const char *dir)
{
  for (guint i = 0; i < mounted->len; i++) {
    const XmMounted *line = mounted->pdata[i];
    if ((device == NULL || g_str_equal (line->device, device)) &&
        (dir == NULL || g_str_equal (line->dir, dir)))
      return line;
  }
  return NULL;
}

gboolean
xm_mounted_check_shared (XmService *service, const char *path, GError **error)
{
  g_autoptr (GPtrArray) mounted = xm_mounted_list (service);
  g_autofree char *plain = g_canonicalize_filename (path, "/");
  for (guint i = 0; i < mounted->len; i++) {
    const XmMounted *line = mounted->pdata[i];
    gsize length = strlen (line->dir);
    if (line->is_private && g_str_has_prefix (plain, line->dir) &&
        (plain[length] == '/' || plain[length] == '\0')) {
      xm_error_set_io (error, "%s: the service has a %s of its own", path, line->dir);
      return FALSE;
    }
  }
  return TRUE;
}

/* -- mounting ---------------------------------------------------------------------- */

/** Attempt: data of the task. */
typedef struct {
  XmService *service;
  char *device, *dir;
  XmMountFlags flags;
  gboolean unclean; /* the second attempt, without recovery */
  GError *failure;  /* while it is unmounted again */
} Attempt;

static void
attempt_free (gpointer data)
{
  Attempt *attempt = data;
  g_free (attempt->device);
  g_free (attempt->dir);
  g_clear_error (&attempt->failure);
  g_free (attempt);
}

static void run_mount (GTask *task);

static void
on_withdrawn (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Attempt *attempt = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  if (!xm_umount_finish (result, &error))
    g_warning ("%s stays mounted: %s", attempt->dir, error->message);
  g_task_return_error (task, g_steal_pointer (&attempt->failure));
}

/* A mount(8) that was killed may have done its work. @error: (transfer full) */
static void
fail (GTask *task, GError *error)
{
  Attempt *attempt = g_task_get_task_data (task);
  g_autoptr (GPtrArray) mounted = xm_mounted_list (attempt->service);
  if (xm_mounted_find (mounted, attempt->device, attempt->dir) != NULL) {
    attempt->failure = error;
    xm_umount_async (attempt->service, attempt->dir, on_withdrawn, task);
    return;
  }
  g_task_return_error (task, error);
  g_object_unref (task);
}

static void
on_mounted (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Attempt *attempt = g_task_get_task_data (task);
  GError *error = NULL;
  g_autoptr (XlOutput) output = xm_host_run_finish (attempt->service, result, &error);
  if (output != NULL) {
    g_task_return_boolean (task, TRUE);
    g_object_unref (task);
  } else if (!attempt->unclean && (attempt->flags & XM_MOUNT_READ_ONLY) &&
             g_error_matches (error, XL_ERROR, XL_ERROR_EXIT)) {
    g_debug ("%s: %s", attempt->device, xl_error_get_message (error));
    g_error_free (error);
    attempt->unclean = TRUE;
    run_mount (task);
  } else {
    fail (task, xm_error_from_helper (error));
  }
}

static void
run_mount (GTask *task)
{
  Attempt *attempt = g_task_get_task_data (task);
  gboolean look = (attempt->flags & XM_MOUNT_LOOK) != 0;
  g_autofree char *options =
      g_strconcat (attempt->flags & XM_MOUNT_READ_ONLY ? "ro" : "rw", ",nosuid,nodev",
                   look ? ",noexec" : "", attempt->unclean ? ",norecovery" : "", NULL);
  const char *argv[8];
  gsize n = 0;
  argv[n++] = "mount";
  if (look)
    argv[n++] = "-i"; /* no program per type of file system */
  argv[n++] = "-o";
  argv[n++] = options;
  argv[n++] = "--";
  argv[n++] = attempt->device;
  argv[n++] = attempt->dir;
  argv[n] = NULL;
  xm_host_run_async (attempt->service, argv, g_task_get_cancellable (task), on_mounted, task);
}

void
xm_mount_async (XmService *service,
                const char *device,
                const char *dir,
                XmMountFlags flags,
                GCancellable *cancellable,
                GAsyncReadyCallback callback,
                gpointer user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);
  Attempt *attempt = g_new (Attempt, 1);
  *attempt = (Attempt){
    .service = service, .device = g_strdup (device), .dir = g_strdup (dir), .flags = flags
  };
  g_task_set_source_tag (task, xm_mount_async);
  g_task_set_task_data (task, attempt, attempt_free);
  g_task_set_check_cancellable (task, FALSE);
  run_mount (task);
}

gboolean
xm_mount_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* -- unmounting -------------------------------------------------------------------- */

static void
on_unmounted (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  g_autoptr (XlOutput) output = xm_host_run_finish (g_task_get_task_data (task), result, &error);
  if (output != NULL)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, xm_error_from_helper (error));
}

void
xm_umount_async (XmService *service,
                 const char *dir,
                 GAsyncReadyCallback callback,
                 gpointer user_data)
{
  GTask *task = g_task_new (NULL, NULL, callback, user_data);
  g_task_set_source_tag (task, xm_umount_async);
  g_task_set_task_data (task, service, NULL);
  const char *const argv[] = { "umount", "--", dir, NULL };
  xm_host_run_async (service, argv, NULL, on_unmounted, task);
}

gboolean
xm_umount_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
