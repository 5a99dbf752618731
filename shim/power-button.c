/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/power-button.h"

#include "xlwrap/xl-commands.h"

#define PRESSES          3
#define INTERVAL_SECONDS 1

/* (transfer full) */
static char *
node (const XmVm *vm, const char *name)
{
  gint64 model = vm->stub_domid != NULL ? xm_watched_number_get (vm->stub_domid) : 0;
  return g_strdup_printf ("/local/domain/%" G_GINT64_FORMAT "/device-model/%d/%s", MAX (model, 0),
                          vm->domid, name);
}

/* -- is there one? ----------------------------------------------------------------- */

static void
on_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = xl_xenstore_read_finish (XL_XENSTORE (source), result, &error);
  if (!g_task_return_error_if_cancelled (task))
    g_task_return_boolean (task, text != NULL);
}

void
xm_power_button_find_async (XmVm *vm,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);
  g_task_set_source_tag (task, xm_power_button_find_async);
  if (!xm_vm_is_hvm (vm)) {
    g_task_return_boolean (task, FALSE);
    g_object_unref (task);
    return;
  }
  g_autofree char *path = node (vm, "hvm-powerbutton-enable");
  xl_xenstore_read_async (vm->service->xenstore, path, cancellable, on_read, task);
}

gboolean
xm_power_button_find_finish (GAsyncResult *result, gboolean *found, GError **error)
{
  GError *failure = NULL;
  *found = g_task_propagate_boolean (G_TASK (result), &failure);
  if (failure == NULL)
    return TRUE;
  g_propagate_error (error, failure);
  return FALSE;
}

/* -- pressing ---------------------------------------------------------------------- */

typedef struct {
  XmVm *vm;
  GCancellable *end; /* of the service, which a timer may outlive */
  int domid;
  guint left;
} Press;

static void press (Press *button);

static gboolean
on_timer (gpointer user_data)
{
  press (user_data);
  return G_SOURCE_REMOVE;
}

static void
on_triggered (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Press *button = user_data;
  g_autoptr (GError) error = NULL;
  if (!xl_command_finish (XL_RUNNER (source), result, &error))
    g_message ("%s: the power button: %s", button->vm->uuid, error->message);
  g_timeout_add_seconds (INTERVAL_SECONDS, on_timer, button);
}

static void
on_written (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  if (!xl_xenstore_apply_finish (XL_XENSTORE (source), result, &error))
    g_message ("the power button: %s", error->message);
}

static void
press (Press *button)
{
  XmVm *vm = button->vm;
  if (button->left == 0 || vm->domid != button->domid || g_cancellable_is_cancelled (button->end)) {
    g_object_unref (button->end);
    xm_vm_unref (vm);
    g_free (button);
    return;
  }
  XmService *service = vm->service;
  button->left--;
  g_autofree char *home = g_strdup_printf ("/local/domain/%d/vm", vm->domid);
  g_autofree char *request = node (vm, "hvm-shutdown");
  /* The first fails when the domain is gone: nothing is left behind then. */
  const XlXenstoreChange changes[] = { { home, NULL, "r0" }, { request, "poweroff", NULL } };
  xl_xenstore_apply_async (service->xenstore, changes, G_N_ELEMENTS (changes), NULL, on_written,
                           NULL);
  xl_trigger_async (service->runner, (guint)vm->domid, XL_TRIGGER_POWER, NULL, on_triggered,
                    button);
}

void
xm_power_button_press (XmVm *vm)
{
  Press *button = g_new (Press, 1);
  *button = (Press){ xm_vm_ref (vm), g_object_ref (vm->service->end), vm->domid, PRESSES };
  press (button);
}
