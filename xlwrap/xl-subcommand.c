/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xlwrap/xl-subcommand.h"

#include "xlwrap/xl-message.h"

typedef enum {
  JUDGE_STATUS, /* the exit status tells whether it worked */
  JUDGE_STDERR, /* status 0 tells nothing: what is on stderr does */
} Judge;

typedef struct {
  const char *word;
  XlTimeout timeout;
  Judge judge;
} Subcommand;

/*
 * Device changes share the limit of shutdown: libxl itself waits 40 s for
 * hotplug scripts and for QEMU, and must not be killed before it gives up.
 */
static const Subcommand subcommands[] = {
  { "-N", XL_TIMEOUT_QUERY, JUDGE_STATUS }, /* dry run of create */
  { "acpi-state", XL_TIMEOUT_QUERY, JUDGE_STATUS },
  { "block-attach", XL_TIMEOUT_SHUTDOWN, JUDGE_STATUS },
  { "block-detach", XL_TIMEOUT_SHUTDOWN, JUDGE_STATUS },
  { "cd-eject", XL_TIMEOUT_SHUTDOWN, JUDGE_STATUS },
  { "cd-insert", XL_TIMEOUT_SHUTDOWN, JUDGE_STATUS },
  { "create", XL_TIMEOUT_BUILD, JUDGE_STATUS },
  { "destroy", XL_TIMEOUT_QUICK, JUDGE_STATUS },
  { "help", XL_TIMEOUT_QUERY, JUDGE_STATUS },
  { "hibernate", XL_TIMEOUT_SHUTDOWN, JUDGE_STATUS },
  { "info", XL_TIMEOUT_QUERY, JUDGE_STATUS },
  { "list", XL_TIMEOUT_QUERY, JUDGE_STATUS },
  { "mem-set", XL_TIMEOUT_QUICK, JUDGE_STATUS },
  { "network-attach", XL_TIMEOUT_SHUTDOWN, JUDGE_STATUS },
  { "network-detach", XL_TIMEOUT_SHUTDOWN, JUDGE_STATUS },
  { "pause", XL_TIMEOUT_QUICK, JUDGE_STDERR },
  { "qemu-monitor-command", XL_TIMEOUT_QUICK, JUDGE_STATUS },
  { "reboot", XL_TIMEOUT_SHUTDOWN, JUDGE_STATUS },
  { "rename", XL_TIMEOUT_QUICK, JUDGE_STATUS },
  { "restore", XL_TIMEOUT_BUILD, JUDGE_STATUS },
  { "save", XL_TIMEOUT_BUILD, JUDGE_STATUS },
  { "shutdown", XL_TIMEOUT_SHUTDOWN, JUDGE_STATUS },
  { "sleep", XL_TIMEOUT_SHUTDOWN, JUDGE_STATUS },
  { "sysrq", XL_TIMEOUT_QUICK, JUDGE_STDERR },
  { "trigger", XL_TIMEOUT_QUICK, JUDGE_STDERR },
  { "unpause", XL_TIMEOUT_QUICK, JUDGE_STDERR },
  { "uptime", XL_TIMEOUT_QUERY, JUDGE_STATUS },
  { "uuid-to-domid", XL_TIMEOUT_QUERY, JUDGE_STATUS },
  { "vcpu-list", XL_TIMEOUT_QUERY, JUDGE_STATUS },
};

/* Nothing is known of a subcommand that is not in the table: be careful. */
static const Subcommand unknown = { NULL, XL_TIMEOUT_QUICK, JUDGE_STDERR };

typedef struct {
  const Subcommand *subcommand;
  char **argv; /* with "xl" in front */
} Call;

static void
call_free (Call *call)
{
  g_strfreev (call->argv);
  g_free (call);
}

static const Subcommand *
find_subcommand (const char *word)
{
  for (gsize i = 0; i < G_N_ELEMENTS (subcommands); i++)
    if (g_strcmp0 (subcommands[i].word, word) == 0)
      return &subcommands[i];
  return &unknown;
}

static GError *
find_reported (const Call *call, const XlOutput *output)
{
  g_autofree char *message = xl_message_first_error (output->err);
  g_autofree char *command = NULL;
  GError *error;

  if (message == NULL)
    return NULL;

  command = xl_message_format_command ((const char *const *)call->argv);
  if (call->subcommand->judge == JUDGE_STATUS) {
    g_info ("%s succeeded but said: %s", command, message);
    return NULL;
  }
  error = g_error_new (XL_ERROR, XL_ERROR_REPORTED, "%s: %s", command, message);
  xl_error_set_command (error, (const char *const *)call->argv, 0, output->err);
  return error;
}

static void
on_run (GObject *object, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  g_autoptr (XlOutput) output = NULL;
  GError *error = NULL;

  output = xl_runner_run_finish (XL_RUNNER (object), result, &error);
  if (output != NULL)
    error = find_reported (g_task_get_task_data (task), output);
  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, g_steal_pointer (&output), (GDestroyNotify)xl_output_free);
}

void
xl_command_run_async (XlRunner *runner,
                      const char *const *argv,
                      const char *const *envp,
                      GCancellable *cancellable,
                      GAsyncReadyCallback callback,
                      gpointer user_data)
{
  g_return_if_fail (argv != NULL && argv[0] != NULL);

  g_autoptr (GTask) task = g_task_new (runner, cancellable, callback, user_data);
  g_autoptr (GStrvBuilder) words = g_strv_builder_new ();
  Call *call = g_new0 (Call, 1);

  g_strv_builder_add (words, "xl");
  g_strv_builder_addv (words, (const char **)argv);
  call->subcommand = find_subcommand (argv[0]);
  call->argv = g_strv_builder_end (words);

  g_task_set_source_tag (task, xl_command_run_async);
  g_task_set_task_data (task, call, (GDestroyNotify)call_free);
  g_task_set_check_cancellable (task, FALSE);
  xl_runner_run_async (runner, argv, envp, call->subcommand->timeout, cancellable, on_run,
                       g_steal_pointer (&task));
}

XlOutput *
xl_command_finish_output (XlRunner *runner, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, runner), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, xl_command_run_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

gboolean
xl_command_finish (XlRunner *runner, GAsyncResult *result, GError **error)
{
  g_autoptr (XlOutput) output = xl_command_finish_output (runner, result, error);

  return output != NULL;
}

void
xl_command_prefix_error (GAsyncResult *result, GError **error)
{
  const Call *call = g_task_get_task_data (G_TASK (result));

  if (error == NULL || *error == NULL)
    return;

  g_autofree char *command = xl_message_format_command ((const char *const *)call->argv);
  g_prefix_error (error, "%s: ", command);
  if ((*error)->domain == XL_ERROR)
    xl_error_set_command (*error, (const char *const *)call->argv, 0, NULL);
}
