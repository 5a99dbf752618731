/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/hook.h"

#include <string.h>

#include "shim/error.h"
#include "shim/hook-program.h"
#include "shim/hook-rpc.h"

#define RPC "rpc:"

/* What may not overlap shares a lane. */
enum {
  LANE_CREATE,
  LANE_START,
  LANE_BOOT,
  LANE_DELETE,
  LANE_STATES,
  N_LANES,
};

static const struct {
  const char *key;
  int lane;
} hooks_table[XM_N_HOOKS] = {
  [XM_HOOK_POST_CREATE] = { "run-post-create", LANE_CREATE },
  [XM_HOOK_INSTEADOF_START] = { "run-insteadof-start", LANE_START },
  [XM_HOOK_PRE_BOOT] = { "run-pre-boot", LANE_BOOT },
  [XM_HOOK_PRE_DELETE] = { "run-pre-delete", LANE_DELETE },
  [XM_HOOK_STATE_CHANGE] = { "run-on-state-change", LANE_STATES },
  [XM_HOOK_ACPI_STATE_CHANGE] = { "run-on-acpi-state-change", LANE_STATES },
};

struct _XmHooks {
  GQueue lanes[N_LANES]; /* of GTask; the head runs, the others wait */
};

/* One run of a hook, the data of its task. */
typedef struct {
  XmVm *vm;
  XmHook hook;
  char *arguments[3]; /* with the NULL at the end */
  char **items;
  char **next;
} Run;

static void
run_free (gpointer data)
{
  Run *run = data;
  xm_vm_unref (run->vm);
  for (gsize i = 0; i < G_N_ELEMENTS (run->arguments); i++)
    g_free (run->arguments[i]);
  g_strfreev (run->items);
  g_free (run);
}

/* -- one run after the other ------------------------------------------------------- */

static GQueue *
lane_of (const Run *run)
{
  return &run->vm->hooks->lanes[hooks_table[run->hook].lane];
}

static void next_item (GTask *task);

static void
run_head (GQueue *lane)
{
  GTask *task = g_queue_peek_head (lane);
  if (task != NULL)
    next_item (task);
}

/* @error: (transfer full) (nullable) */
static void
end_run (GTask *task, GError *error)
{
  Run *run = g_task_get_task_data (task);
  G_GNUC_UNUSED g_autoptr (XmVm) vm = xm_vm_ref (run->vm); /* the lane is the VM's */
  GQueue *lane = lane_of (run);
  g_assert (g_queue_peek_head (lane) == task);
  g_queue_pop_head (lane);
  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
  g_object_unref (task);
  run_head (lane);
}

/* -- the items --------------------------------------------------------------------- */

static void
on_program_ended (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GError *error = NULL;
  if (xm_hook_program_finish (result, &error))
    next_item (user_data);
  else
    end_run (user_data, error);
}

static void
on_rpc_ended (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GError *error = NULL;
  if (xm_hook_rpc_finish (result, &error))
    next_item (user_data);
  else
    end_run (user_data, error);
}

/* Returns: whether it has begun; one that lacks something is passed over, as in the original. */
static gboolean
begin_rpc (GTask *task, const char *text)
{
  Run *run = g_task_get_task_data (task);
  g_autoptr (XmHookRpc) rpc = xm_hook_rpc_parse (text);
  if (rpc == NULL) {
    g_debug ("%s: %s: no call: %s", run->vm->uuid, hooks_table[run->hook].key, text);
    return FALSE;
  }
  xm_hook_rpc_async (run->vm->service, rpc, (const char *const *)run->arguments,
                     g_task_get_cancellable (task), on_rpc_ended, task);
  return TRUE;
}

static void
next_item (GTask *task)
{
  Run *run = g_task_get_task_data (task);
  GCancellable *cancellable = g_task_get_cancellable (task);
  GError *error = NULL;
  if (g_cancellable_set_error_if_cancelled (cancellable, &error)) {
    end_run (task, error);
    return;
  }
  while (*run->next != NULL) {
    char *item = g_strstrip (*run->next++);
    if (*item == '\0')
      continue;
    g_message ("%s: %s: %s", run->vm->uuid, hooks_table[run->hook].key, item);
    if (!g_str_has_prefix (item, RPC)) {
      xm_hook_program_async (item, (const char *const *)run->arguments, cancellable,
                             on_program_ended, task);
      return;
    }
    if (begin_rpc (task, item + strlen (RPC)))
      return;
  }
  end_run (task, NULL);
}

/* -- public ------------------------------------------------------------------------ */

gboolean
xm_hook_is_set (const XmVm *vm, XmHook hook)
{
  const char *value = xm_vm_read (vm, hooks_table[hook].key);
  return value != NULL && *value != '\0';
}

void
xm_hook_run_async (XmVm *vm,
                   XmHook hook,
                   const char *argument,
                   GCancellable *cancellable,
                   GAsyncReadyCallback callback,
                   gpointer user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);
  g_task_set_source_tag (task, xm_hook_run_async);
  g_task_set_check_cancellable (task, FALSE);
  if (!xm_hook_is_set (vm, hook)) {
    g_task_return_boolean (task, TRUE);
    g_object_unref (task);
    return;
  }

  Run *run = g_new0 (Run, 1);
  run->vm = xm_vm_ref (vm);
  run->hook = hook;
  run->arguments[0] = g_strdup (vm->uuid);
  run->arguments[1] = g_strdup (argument);
  run->items = g_strsplit (xm_vm_read (vm, hooks_table[hook].key), ";", -1);
  run->next = run->items;
  g_task_set_task_data (task, run, run_free);

  if (vm->hooks == NULL)
    vm->hooks = g_new0 (XmHooks, 1);
  GQueue *lane = lane_of (run);
  if (g_queue_get_length (lane) > XM_HOOK_MAX_WAITING) {
    GError *error = NULL;
    xm_error_set_plain (&error, "%s of %s: too many wait for an earlier one to end",
                        hooks_table[hook].key, vm->uuid);
    g_task_return_error (task, error);
    g_object_unref (task);
    return;
  }
  g_queue_push_tail (lane, task);
  if (g_queue_get_length (lane) == 1)
    run_head (lane);
}

gboolean
xm_hook_run_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

void
xm_hooks_free (XmHooks *hooks)
{
  for (int i = 0; i < N_LANES; i++)
    g_assert (g_queue_is_empty (&hooks->lanes[i]));
  g_free (hooks);
}
