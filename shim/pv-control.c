/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/pv-control.h"

#include "shim/error.h"

#define ACKNOWLEDGE_SECONDS 60

typedef struct {
  XlXenstore *xenstore;
  char *word;
  char *feature; /* nodes */
  char *request;
  gboolean offered;
  gboolean ended;
  GSource *watch;
  GSource *timer;
} Control;

static void
clear_source (GSource **source)
{
  if (*source == NULL)
    return;
  g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static void
control_free (gpointer data)
{
  Control *control = data;
  clear_source (&control->watch);
  clear_source (&control->timer);
  g_object_unref (control->xenstore);
  g_free (control->word);
  g_free (control->feature);
  g_free (control->request);
  g_free (control);
}

/* @error: (transfer full) (nullable). The reads that are under way hold the task, too. */
static void
end (GTask *task, GError *error)
{
  Control *control = g_task_get_task_data (task);
  if (control->ended) {
    g_clear_error (&error);
    return;
  }
  control->ended = TRUE;
  clear_source (&control->watch);
  clear_source (&control->timer);
  if (error != NULL) {
    const XlXenstoreChange back = { control->request, "", NULL };
    xl_xenstore_apply_async (control->xenstore, &back, 1, NULL, NULL, NULL);
    g_task_return_error (task, error);
  } else {
    g_task_return_boolean (task, TRUE);
  }
  g_object_unref (task);
}

static void
on_request_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Control *control = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autofree char *text = xl_xenstore_read_finish (XL_XENSTORE (source), result, &error);
  if (text == NULL ? g_error_matches (error, XL_ERROR, XL_ERROR_NOT_FOUND)
                   : !g_str_equal (text, control->word))
    end (task, NULL);
}

static gboolean
on_watch (const char *path, gpointer user_data)
{
  GTask *task = user_data;
  Control *control = g_task_get_task_data (task);
  xl_xenstore_read_async (control->xenstore, control->request, NULL, on_request_read,
                          g_object_ref (task));
  return G_SOURCE_CONTINUE;
}

/* Time is up, or the operation was cancelled. */
static gboolean
on_timer (gpointer user_data)
{
  GTask *task = user_data;
  Control *control = g_task_get_task_data (task);
  GError *error = NULL;
  if (!g_cancellable_set_error_if_cancelled (g_task_get_cancellable (task), &error))
    xm_error_set_plain (&error, "the guest does not react to %s", control->word);
  end (task, error);
  return G_SOURCE_REMOVE;
}

static void
on_requested (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Control *control = g_task_get_task_data (task);
  GCancellable *cancellable = g_task_get_cancellable (task);
  GError *error = NULL;
  if (!xl_xenstore_apply_finish (XL_XENSTORE (source), result, &error)) {
    end (task, error);
    return;
  }
  control->watch = xl_xenstore_watch_source_new (control->xenstore, control->request);
  g_source_set_callback (control->watch, G_SOURCE_FUNC (on_watch), task, NULL);
  g_source_attach (control->watch, NULL);
  control->timer = g_timeout_source_new_seconds (ACKNOWLEDGE_SECONDS);
  if (cancellable != NULL) {
    g_autoptr (GSource) cancelled = g_cancellable_source_new (cancellable);
    g_source_set_dummy_callback (cancelled);
    g_source_add_child_source (control->timer, cancelled);
  }
  g_source_set_callback (control->timer, on_timer, task, NULL);
  g_source_attach (control->timer, NULL);
}

static void
on_feature_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Control *control = g_task_get_task_data (task);
  g_autofree char *text = xl_xenstore_read_finish (XL_XENSTORE (source), result, NULL);
  if (g_strcmp0 (text, "1") != 0) {
    end (task, NULL);
    return;
  }
  control->offered = TRUE;
  const XlXenstoreChange request = { control->request, control->word, NULL };
  xl_xenstore_apply_async (control->xenstore, &request, 1, NULL, on_requested, task);
}

void
xm_pv_control_async (XmVm *vm,
                     const char *word,
                     GCancellable *cancellable,
                     GAsyncReadyCallback callback,
                     gpointer user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);
  Control *control = g_new0 (Control, 1);
  control->xenstore = g_object_ref (vm->service->xenstore);
  control->word = g_strdup (word);
  control->feature = g_strdup_printf ("/local/domain/%d/control/feature-%s", vm->domid, word);
  control->request = g_strdup_printf ("/local/domain/%d/control/shutdown", vm->domid);
  g_task_set_source_tag (task, xm_pv_control_async);
  g_task_set_task_data (task, control, control_free);
  g_task_set_check_cancellable (task, FALSE);
  xl_xenstore_read_async (control->xenstore, control->feature, NULL, on_feature_read, task);
}

gboolean
xm_pv_control_finish (GAsyncResult *result, gboolean *offered, GError **error)
{
  *offered = ((Control *)g_task_get_task_data (G_TASK (result)))->offered;
  return g_task_propagate_boolean (G_TASK (result), error);
}
