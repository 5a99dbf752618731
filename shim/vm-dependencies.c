/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/vm-dependencies.h"

#include "shim/error.h"
#include "shim/lifecycle.h"
#include "shim/network-daemon.h"
#include "shim/nic-backend.h"

static void
set_cycle_error (GError **error)
{
  xm_error_set_plain (error, "errors in dependency graph; check for cycles");
}

/* -- the graph --------------------------------------------------------------------- */

typedef struct {
  GHashTable *on_path; /* VMs whose dependencies are being visited */
  GHashTable *seen;
  GPtrArray *found;
} Visit;

static gboolean
visit_backends (Visit *visit, const XmVm *vm, GError **error)
{
  g_autoptr (GArray) ids = xm_vm_list_ids (vm, "config/nic");
  g_hash_table_add (visit->on_path, (gpointer)vm);
  for (guint i = 0; i < ids->len; i++) {
    XmVm *backend = xm_nic_backend (vm, g_array_index (ids, guint, i), NULL);
    if (backend == NULL)
      continue;
    if (g_hash_table_contains (visit->on_path, backend)) {
      set_cycle_error (error);
      return FALSE;
    }
    if (!g_hash_table_add (visit->seen, backend))
      continue;
    if (!visit_backends (visit, backend, error))
      return FALSE;
    g_ptr_array_add (visit->found, xm_vm_ref (backend));
  }
  g_hash_table_remove (visit->on_path, vm);
  return TRUE;
}

GPtrArray *
xm_vm_dependencies (const XmVm *vm, GError **error)
{
  g_autoptr (GHashTable) on_path = g_hash_table_new (NULL, NULL);
  g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);
  g_autoptr (GPtrArray) found = g_ptr_array_new_with_free_func ((GDestroyNotify)xm_vm_unref);
  Visit visit = { on_path, seen, found };
  return visit_backends (&visit, vm, error) ? g_steal_pointer (&found) : NULL;
}

GVariant *
xm_vm_get_dependencies (const XmVm *vm, const XmVmProperty *row, GError **error)
{
  g_autoptr (GPtrArray) found = xm_vm_dependencies (vm, error);
  if (found == NULL)
    return NULL;
  g_auto (GVariantBuilder) paths = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_OBJECT_PATH_ARRAY);
  for (guint i = 0; i < found->len; i++)
    g_variant_builder_add (&paths, "o", ((const XmVm *)found->pdata[i])->path);
  return g_variant_builder_end (&paths);
}

/* -- at start ---------------------------------------------------------------------- */

/** Walk: one start that starts what it depends on. Outlives the start when that is cancelled while
 * a dependency starts. */
typedef struct {
  XmVm *vm;
  GTask *task;        /* NULL once answered */
  GSource *cancelled; /* destroyed with the answer */
  GPtrArray *needed;  /* XmVm */
  guint next;
} Walk;

static void
walk_free (Walk *walk)
{
  g_ptr_array_unref (walk->needed);
  xm_vm_unref (walk->vm);
  g_free (walk);
}

/* @error: (transfer full) (nullable) */
static void
answer (Walk *walk, GError *error)
{
  g_autoptr (GTask) task = g_steal_pointer (&walk->task);
  walk->vm->waits_for = NULL;
  g_source_destroy (walk->cancelled);
  g_clear_pointer (&walk->cancelled, g_source_unref);
  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
}

static gboolean
on_cancelled (GCancellable *cancellable, gpointer user_data)
{
  Walk *walk = user_data;
  answer (walk, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "the start was cancelled"));
  return G_SOURCE_REMOVE; /* the dependency's start comes back and frees the walk */
}

/* The graph may have changed since it was visited: a start must not wait for one that waits for it.
 */
static gboolean
would_wait_for_itself (const Walk *walk, const XmVm *needed)
{
  for (; needed != NULL; needed = needed->waits_for) {
    if (needed == walk->vm)
      return TRUE;
  }
  return FALSE;
}

static void
end_walk (Walk *walk)
{
  GError *error = NULL;
  for (guint i = 0; i < walk->needed->len && error == NULL; i++) {
    const XmVm *needed = walk->needed->pdata[i];
    if (!xm_vm_is_running (needed))
      g_set_error (&error, XM_ERROR, XM_ERROR_NOT_STARTED,
                   "vm %s, which it depends on, does not run", needed->uuid);
  }
  answer (walk, error);
  walk_free (walk);
}

static void start_next (Walk *walk);

static void
on_started (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Walk *walk = user_data;
  g_autoptr (GError) error = NULL;
  if (!xm_lifecycle_run_finish (result, &error))
    g_warning ("%s depends on %s, which does not start: %s", walk->vm->uuid,
               ((const XmVm *)walk->needed->pdata[walk->next - 1])->uuid, error->message);
  if (walk->task != NULL)
    start_next (walk);
  else
    walk_free (walk);
}

static void
start_next (Walk *walk)
{
  while (walk->next < walk->needed->len) {
    XmVm *needed = walk->needed->pdata[walk->next++];
    if (xm_vm_is_running (needed) || needed->object == NULL)
      continue;
    if (would_wait_for_itself (walk, needed)) {
      GError *error = NULL;
      set_cycle_error (&error);
      answer (walk, error);
      walk_free (walk);
      return;
    }
    g_message ("%s depends on %s: starting it", walk->vm->uuid, needed->uuid);
    walk->vm->waits_for = needed;
    xm_lifecycle_run_async (needed, XM_OPERATION_START, on_started, walk);
    return;
  }
  end_walk (walk);
}

typedef struct {
  XmStart *start;
  GTask *task;
} Entry;

static void
on_refreshed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Entry *entry = user_data;
  g_autoptr (GTask) task = entry->task;
  XmVm *vm = entry->start->vm;
  GError *error = NULL;
  g_autoptr (GPtrArray) needed = NULL;
  if (xm_network_daemon_refresh_finish (result, &error))
    needed = xm_vm_dependencies (vm, &error);
  if (needed == NULL) {
    g_task_return_error (task, error);
    return;
  }
  Walk *walk = g_new0 (Walk, 1);
  walk->vm = xm_vm_ref (vm);
  walk->task = g_steal_pointer (&task);
  walk->needed = g_steal_pointer (&needed);
  walk->cancelled = g_cancellable_source_new (entry->start->cancellable);
  g_source_set_callback (walk->cancelled, G_SOURCE_FUNC (on_cancelled), walk, NULL);
  g_source_attach (walk->cancelled, NULL);
  start_next (walk);
}

void
xm_start_dependencies (XmStart *start, GTask *task)
{
  if (!xm_vm_read_boolean (start->vm, "track-dependencies", FALSE)) {
    g_task_return_boolean (task, TRUE);
    g_object_unref (task);
    return;
  }
  Entry *entry = g_new (Entry, 1);
  *entry = (Entry){ start, task };
  xm_network_daemon_refresh_async (start->vm->service->network_daemon, start->cancellable,
                                   on_refreshed, entry);
}
