/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/toolstack.h"

#include "xlwrap/xl-help.h"

struct _XmToolstack {
  XlRunner *runner;
  GCancellable *ended;
  XlHelp *help; /* NULL: not known */
};

static void
toolstack_clear (gpointer data)
{
  XmToolstack *toolstack = data;
  g_object_unref (toolstack->runner);
  g_object_unref (toolstack->ended);
  xl_help_free (toolstack->help);
}

static void
toolstack_unref (gpointer toolstack)
{
  g_rc_box_release_full (toolstack, toolstack_clear);
}

XmToolstack *
xm_toolstack_new (XlRunner *runner)
{
  XmToolstack *toolstack = g_rc_box_new0 (XmToolstack);
  toolstack->runner = g_object_ref (runner);
  toolstack->ended = g_cancellable_new ();
  return toolstack;
}

void
xm_toolstack_free (XmToolstack *toolstack)
{
  g_cancellable_cancel (toolstack->ended);
  toolstack_unref (toolstack);
}

static void
on_help (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  XmToolstack *toolstack = g_task_get_task_data (task);
  GError *error = NULL;
  g_autoptr (XlHelp) help = xl_help_finish (XL_RUNNER (source), result, &error);
  if (help == NULL) {
    if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
      g_warning ("cannot tell what this xl can do: %s", error->message);
    g_task_return_error (task, error);
    return;
  }
  g_clear_pointer (&toolstack->help, xl_help_free);
  toolstack->help = g_steal_pointer (&help);
  g_debug ("xl is %s", xm_toolstack_is_openxt (toolstack) ? "OpenXT's" : "stock");
  g_task_return_boolean (task, TRUE);
}

void
xm_toolstack_find_async (XmToolstack *toolstack,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  g_task_set_source_tag (task, xm_toolstack_find_async);
  g_task_set_task_data (task, g_rc_box_acquire (toolstack), toolstack_unref);
  if (toolstack->help != NULL)
    g_task_return_boolean (task, TRUE);
  else
    xl_help_async (toolstack->runner, cancellable != NULL ? cancellable : toolstack->ended, on_help,
                   g_steal_pointer (&task));
}

gboolean
xm_toolstack_find_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

void
xm_toolstack_forget (XmToolstack *toolstack)
{
  g_clear_pointer (&toolstack->help, xl_help_free);
}

gboolean
xm_toolstack_has (const XmToolstack *toolstack, const char *subcommand)
{
  return toolstack->help != NULL && xl_help_has (toolstack->help, subcommand);
}

/* OpenXT's subcommands, which this project's patches bring, too. */
static gboolean
has_openxt_commands (const XmToolstack *toolstack)
{
  return xm_toolstack_has (toolstack, "acpi-state") &&
         xm_toolstack_has (toolstack, "uuid-to-domid");
}

gboolean
xm_toolstack_is_openxt (const XmToolstack *toolstack)
{
  return has_openxt_commands (toolstack) && !xm_toolstack_has (toolstack, "sleep");
}

gboolean
xm_toolstack_chooses_qmp_proxy (const XmToolstack *toolstack)
{
  return has_openxt_commands (toolstack) && xm_toolstack_has (toolstack, "sleep");
}
