/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "shim/error.h"
#include "shim/lifecycle-private.h"

/*
 * What the service was doing to a VM when it ended, seen from its next life:
 * a start between `xl create` and `xl unpause`, or a reboot whose second half is
 * due. An xl that still builds the domain is waited for. A domain that has not
 * been let run yet has nothing to lose, and nobody knows whether it is whole: it
 * is destroyed, and the start is made anew.
 */

#define LOOK_US (50 * 1000)

/** Search: for the xl that an earlier service has started. */
typedef struct {
  char *config_path; /* its argument */
  guint seconds;     /* then it is killed */
} Search;

static void
search_free (gpointer data)
{
  Search *search = data;
  g_free (search->config_path);
  g_free (search);
}

/* `xl create ... CFG` and `xl restore ... CFG FILE`, also by way of Debian's shell wrapper. */
static gboolean
is_builder (const char *pid, const char *config_path)
{
  g_autofree char *path = g_strdup_printf ("/proc/%s/cmdline", pid);
  g_autofree char *text = NULL;
  gsize size;
  gboolean builds = FALSE, ours = FALSE;
  if (!g_file_get_contents (path, &text, &size, NULL))
    return FALSE;
  for (const char *word = text; word < text + size; word += strlen (word) + 1) {
    builds = builds || g_str_equal (word, "create") || g_str_equal (word, "restore");
    ours = ours || g_str_equal (word, config_path);
  }
  return builds && ours;
}

/* Returns: a process, 0 for none. */
static pid_t
find_builder (const char *config_path)
{
  g_autoptr (GDir) proc = g_dir_open ("/proc", 0, NULL);
  const char *name;
  while (proc != NULL && (name = g_dir_read_name (proc)) != NULL)
    if (g_ascii_isdigit (name[0]) && is_builder (name, config_path))
      return (pid_t)g_ascii_strtoll (name, NULL, 10);
  return 0;
}

static void
wait_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  const Search *search = task_data;
  gint64 end = g_get_monotonic_time () + (gint64)search->seconds * G_TIME_SPAN_SECOND;
  pid_t pid;
  while ((pid = find_builder (search->config_path)) != 0) {
    if (g_get_monotonic_time () > end || g_cancellable_is_cancelled (cancellable))
      kill (pid, SIGKILL);
    g_usleep (LOOK_US);
  }
  g_task_return_boolean (task, TRUE);
}

/* -- the operation ------------------------------------------------------------------ */

static void
on_started (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (XmVm) vm = user_data;
  xm_lifecycle_start_again_finish (vm, result);
}

/* @again: whether the VM is to run */
static void
end (XmOperation *op, gboolean again)
{
  g_autoptr (XmVm) vm = xm_vm_ref (op->vm);
  again = again && vm->object != NULL && !g_cancellable_is_cancelled (op->cancellable);
  vm->lifecycle->building = FALSE;
  if (again) {
    xm_lifecycle_own_none_yet (vm);
    g_message ("%s: the start that was interrupted is made again", vm->uuid);
    xm_lifecycle_run_async (vm, XM_OPERATION_START, on_started, xm_vm_ref (vm));
  } else {
    xm_lifecycle_own (vm, -1);
  }
  xm_operation_end (op, NULL);
}

static void
on_gone (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmOperation *op = user_data;
  gboolean listed = xm_domains_refresh_finish (XM_DOMAINS (source), result, NULL);
  gboolean gone = listed && xm_operation_domain (op) == NULL;
  if (gone)
    xm_start_undo (op->vm);
  end (op, gone && op->vm->lifecycle->again);
}

static void
on_destroyed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmOperation *op = user_data;
  g_autoptr (GError) error = NULL;
  if (!xl_command_finish (XL_RUNNER (source), result, &error))
    g_warning ("cannot remove what is left of %s: %s", op->vm->uuid, error->message);
  xm_domains_refresh_async (op->vm->service->domains, NULL, on_gone, op);
}

static void
on_looked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmOperation *op = user_data;
  XmLifecycle *lifecycle = op->vm->lifecycle;
  if (!xm_domains_refresh_finish (XM_DOMAINS (source), result, NULL)) {
    lifecycle->observed = FALSE; /* the next picture is a new beginning */
    xm_operation_end (op, NULL);
    return;
  }
  const XlDomain *domain = xm_operation_domain (op);
  const XlDomain *left = lifecycle->unfinished ? xm_lifecycle_leftover (op->vm, FALSE) : NULL;
  gboolean is_own = domain != NULL && (int)domain->domid == lifecycle->own_domid;
  if (domain == NULL) {
    xm_start_undo (op->vm);
    end (op, lifecycle->again);
  } else if (left != NULL && (left->state & (XL_DOMAIN_PAUSED | XL_DOMAIN_DYING)) != 0) {
    g_message ("%s: domain %u was not finished when the service ended", op->vm->uuid, left->domid);
    xl_destroy_async (op->vm->service->runner, left->domid, NULL, on_destroyed, op);
  } else if (!lifecycle->unfinished && is_own) {
    lifecycle->restart = lifecycle->again; /* the guest is on its way down, or is there */
    xm_operation_end (op, NULL);
  } else {
    /* It runs: let run by the service in its last moment, or started by somebody else. */
    xm_lifecycle_own (op->vm, is_own ? (int)domain->domid : -1);
    xm_operation_end (op, NULL);
  }
}

static void
on_alone (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmOperation *op = user_data;
  xm_domains_refresh_async (op->vm->service->domains, NULL, on_looked, op);
}

void
xm_operation_recover (XmOperation *op)
{
  XmService *service = op->vm->service;
  g_autofree char *name = g_strconcat (op->vm->uuid, ".cfg", NULL);
  Search *search = g_new (Search, 1);
  *search = (Search){ g_build_filename (service->settings->run_dir, name, NULL),
                      xl_runner_get_timeout (service->runner, XL_TIMEOUT_BUILD) };
  g_autoptr (GTask) task = g_task_new (NULL, op->cancellable, on_alone, op);
  g_task_set_source_tag (task, xm_operation_recover);
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, search, search_free);
  op->vm->lifecycle->building = op->vm->lifecycle->unfinished;
  g_task_run_in_thread (task, wait_in_thread);
}
