/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/boot-sentinel.h"

#include <string.h>

#define WAIT_SECONDS 60
#define MAX_PATH     512

/* Between two looks whether the VM still has the domain; its node is watched. */
#define LOOK_INTERVAL 500 /* ms */

/* (transfer full) (nullable): the node; NULL for none. */
static char *
sentinel_node (const XmVm *vm)
{
  static const char letters[] =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_@/";
  const char *path = xm_vm_read (vm, "boot-sentinel");
  if (path == NULL || *path == '\0' || vm->domid < 0)
    return NULL;
  path += strspn (path, "/");
  gsize length = strlen (path);
  if (length == 0 || length > MAX_PATH || strspn (path, letters) != length ||
      strstr (path, "//") != NULL || path[length - 1] == '/')
    return NULL;
  return g_strdup_printf ("/local/domain/%d/%s", vm->domid, path);
}

gboolean
xm_boot_sentinel_is_set (const XmVm *vm)
{
  g_autofree char *node = sentinel_node (vm);
  return node != NULL;
}

/* -- making it --------------------------------------------------------------------- */

typedef struct {
  XmVm *vm;
  char *node;
} Making;

static void
making_free (gpointer data)
{
  Making *making = data;
  xm_vm_unref (making->vm);
  g_free (making->node);
  g_free (making);
}

static void
on_made (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  const Making *making = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  if (!xl_xenstore_apply_finish (XL_XENSTORE (source), result, &error))
    g_warning ("%s: boot-sentinel: %s", making->vm->uuid, error->message);
  g_task_return_boolean (task, TRUE);
}

static void
on_looked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  const Making *making = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  G_GNUC_UNUSED g_autofree char *text =
      xl_xenstore_read_finish (XL_XENSTORE (source), result, &error);
  if (g_error_matches (error, XL_ERROR, XL_ERROR_NOT_FOUND)) {
    const XlXenstoreChange change = { making->node, "", "b0" };
    xl_xenstore_apply_async (XL_XENSTORE (source), &change, 1, NULL, on_made,
                             g_steal_pointer (&task));
    return;
  }
  g_warning ("%s: boot-sentinel: %s", making->vm->uuid,
             error != NULL ? error->message : "there is such a node already");
  g_task_return_boolean (task, TRUE);
}

void
xm_boot_sentinel_make_async (XmVm *vm, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, callback, user_data);
  char *node = sentinel_node (vm);
  g_task_set_source_tag (task, xm_boot_sentinel_make_async);
  if (node == NULL) {
    const char *path = xm_vm_read (vm, "boot-sentinel");
    if (path != NULL && *path != '\0')
      g_warning ("%s: boot-sentinel is no path of a node: %s", vm->uuid, path);
    g_task_return_boolean (task, TRUE);
    return;
  }
  Making *making = g_new (Making, 1);
  *making = (Making){ xm_vm_ref (vm), node };
  g_task_set_task_data (task, making, making_free);
  xl_xenstore_read_async (vm->service->xenstore, node, NULL, on_looked, g_steal_pointer (&task));
}

void
xm_boot_sentinel_make_finish (GAsyncResult *result)
{
  g_task_propagate_boolean (G_TASK (result), NULL);
}

/* -- waiting for it ---------------------------------------------------------------- */

typedef struct {
  XmVm *vm;
  int domid;
  char *node;
  gint64 deadline; /* monotonic µs */
  GSource *watch;
  GSource *timer;
  gboolean ended;
} Wait;

static void
drop_source (GSource **source)
{
  if (*source == NULL)
    return;
  g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static void
wait_free (gpointer data)
{
  Wait *wait = data;
  drop_source (&wait->watch);
  drop_source (&wait->timer);
  xm_vm_unref (wait->vm);
  g_free (wait->node);
  g_free (wait);
}

/* Reads that are under way hold @task, too. */
static void
end_wait (GTask *task)
{
  Wait *wait = g_task_get_task_data (task);
  if (wait->ended)
    return;
  wait->ended = TRUE;
  drop_source (&wait->watch);
  drop_source (&wait->timer);
  if (!g_task_return_error_if_cancelled (task))
    g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

static void
on_sentinel_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autofree char *text = xl_xenstore_read_finish (XL_XENSTORE (source), result, NULL);
  if (text != NULL && *text != '\0')
    end_wait (task);
}

static gboolean
on_sentinel_changed (const char *path, gpointer user_data)
{
  GTask *task = user_data;
  const Wait *wait = g_task_get_task_data (task);
  xl_xenstore_read_async (wait->vm->service->xenstore, wait->node, NULL, on_sentinel_read,
                          g_object_ref (task));
  return G_SOURCE_CONTINUE;
}

static gboolean
on_timer (gpointer user_data)
{
  GTask *task = user_data;
  const Wait *wait = g_task_get_task_data (task);
  gboolean late = g_get_monotonic_time () >= wait->deadline;
  if (late)
    g_message ("%s: nobody has written boot-sentinel in %d s", wait->vm->uuid, WAIT_SECONDS);
  if (!late && wait->vm->domid == wait->domid &&
      !g_cancellable_is_cancelled (g_task_get_cancellable (task)))
    return G_SOURCE_CONTINUE;
  end_wait (task);
  return G_SOURCE_REMOVE;
}

void
xm_boot_sentinel_wait_async (XmVm *vm,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);
  Wait *wait = g_new0 (Wait, 1);
  g_task_set_source_tag (task, xm_boot_sentinel_wait_async);
  g_task_set_check_cancellable (task, FALSE);
  wait->vm = xm_vm_ref (vm);
  wait->domid = vm->domid;
  wait->node = sentinel_node (vm);
  wait->deadline = g_get_monotonic_time () + WAIT_SECONDS * G_USEC_PER_SEC;
  g_task_set_task_data (task, wait, wait_free);
  wait->timer = g_timeout_source_new (LOOK_INTERVAL);
  if (cancellable != NULL) {
    g_autoptr (GSource) cancelled = g_cancellable_source_new (cancellable);
    g_source_set_dummy_callback (cancelled);
    g_source_add_child_source (wait->timer, cancelled);
  }
  g_source_set_callback (wait->timer, on_timer, task, NULL);
  g_source_attach (wait->timer, NULL);
  if (wait->node == NULL) { /* unset meanwhile */
    end_wait (task);
    return;
  }
  wait->watch = xl_xenstore_watch_source_new (vm->service->xenstore, wait->node);
  g_source_set_callback (wait->watch, G_SOURCE_FUNC (on_sentinel_changed), task, NULL);
  g_source_attach (wait->watch, NULL);
}

gboolean
xm_boot_sentinel_wait_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
