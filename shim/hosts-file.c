/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/hosts-file.h"

#include <string.h>
#include <sys/stat.h>

#include "shim/root-config.h"
#include "shim/vm.h"

#define PREFIX "1.0.0."
#define MARK   "# xenmgr-xl"

#define MAX_NAME   253
#define MAX_NUMBER 254 /* of the last part of an address */
#define MAX_SIZE   (1024 * 1024)

/** State of the updates: alive as long as the service or an update. */
struct _XmHostsFile {
  XmService *service; /* NULL once it is gone */
  gboolean busy;
  gboolean again; /* something has changed meanwhile */
};

/** Update: what one update needs on its thread. */
typedef struct {
  char *path;
  GString *lines; /* of the VMs that run */
} Update;

static void
update_free (gpointer data)
{
  Update *update = data;
  g_free (update->path);
  g_string_free (update->lines, TRUE);
  g_free (update);
}

/* -- on the thread ----------------------------------------------------------------- */

static gboolean
is_ours (const char *line)
{
  return g_str_has_prefix (line, PREFIX) && g_str_has_suffix (line, " " MARK);
}

/* (transfer full) */
static char *
rewrite (const char *old, const char *lines)
{
  GString *text = g_string_new (NULL);
  for (const char *line = old; *line != '\0';) {
    gsize length = strcspn (line, "\n");
    g_autofree char *copy = g_strndup (line, length);
    line += length + (line[length] == '\n');
    if (!is_ours (copy))
      g_string_append_printf (text, "%s\n", copy);
  }
  g_string_append (text, lines);
  return g_string_free (text, FALSE);
}

static void
update_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  const Update *update = task_data;
  g_autofree char *old = NULL;
  GError *error = NULL;
  struct stat info;
  gboolean there = stat (update->path, &info) == 0;
  if (there && (!S_ISREG (info.st_mode) || info.st_size > MAX_SIZE)) {
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_NOT_REGULAR_FILE, "%s is no usual file",
                             update->path);
    return;
  }
  if (there && !g_file_get_contents (update->path, &old, NULL, &error)) {
    g_task_return_error (task, error);
    return;
  }
  const char *before = old != NULL ? old : "";
  g_autofree char *text = rewrite (before, update->lines->str);
  int mode = there ? (int)(info.st_mode & 0777) : 0644;
  gboolean concerns_us = update->lines->len > 0 || strstr (before, MARK) != NULL;
  if (concerns_us && !g_str_equal (before, text) &&
      !g_file_set_contents_full (update->path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, mode,
                                 &error))
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
}

/* -- what shall be there ----------------------------------------------------------- */

static gboolean
is_host_name (const char *text)
{
  static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";
  gsize length = strlen (text);
  return length > 0 && length <= MAX_NAME && strspn (text, letters) == length;
}

static void
add_line (GString *lines, const XmVm *vm)
{
  const char *type = xm_vm_read (vm, "type");
  const char *name = xm_vm_read (vm, "name");
  if (vm->domid < 0 || type == NULL || g_str_equal (type, "svm") || g_str_equal (type, "pvm"))
    return;
  if (vm->domid > MAX_NUMBER || name == NULL || !is_host_name (name))
    g_message ("%s: no line in /etc/hosts for domain %d", vm->uuid, vm->domid);
  else
    g_string_append_printf (lines, PREFIX "%d %s " MARK "\n", vm->domid, name);
}

static gboolean
is_wanted (XmService *service)
{
  if (!xm_root_config_boolean (service, "argo-hosts-file"))
    return FALSE;
  g_autofree char *driver = xm_settings_host_path (service->settings, "/dev/argo_stream");
  return g_file_test (driver, G_FILE_TEST_EXISTS);
}

static void
on_updated (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmHostsFile *state = user_data;
  g_autoptr (GError) error = NULL;
  if (!g_task_propagate_boolean (G_TASK (result), &error))
    g_warning ("names of service VMs: %s", error->message);
  state->busy = FALSE;
  if (state->again && state->service != NULL)
    xm_hosts_file_update (state->service);
  g_rc_box_release (state);
}

void
xm_hosts_file_update (XmService *service)
{
  XmHostsFile *state = service->hosts_file;
  GHashTableIter iter;
  gpointer vm;
  if (state->busy) {
    state->again = TRUE;
    return;
  }
  state->again = FALSE;
  if (!is_wanted (service))
    return;
  Update *update = g_new (Update, 1);
  *update =
      (Update){ xm_settings_host_path (service->settings, "/etc/hosts"), g_string_new (NULL) };
  g_hash_table_iter_init (&iter, service->vms);
  while (g_hash_table_iter_next (&iter, NULL, &vm))
    add_line (update->lines, vm);
  state->busy = TRUE;
  g_autoptr (GTask) task = g_task_new (NULL, NULL, on_updated, g_rc_box_acquire (state));
  g_task_set_task_data (task, update, update_free);
  g_task_run_in_thread (task, update_in_thread);
}

XmHostsFile *
xm_hosts_file_new (XmService *service)
{
  XmHostsFile *state = g_rc_box_new0 (XmHostsFile);
  state->service = service;
  return state;
}

void
xm_hosts_file_free (XmHostsFile *state)
{
  state->service = NULL;
  g_rc_box_release (state);
}
