/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/hook-program.h"

#include <signal.h>
#include <unistd.h>

#include "shim/error.h"
#include "shim/log-lines.h"

typedef struct {
  GTask *task; /* NULL once answered */
  char *path;
  GSubprocess *process;
  XmLogLines *out, *err;
  GSource *cancelled;
} Program;

static void
program_free (Program *program)
{
  if (program->cancelled != NULL) {
    g_source_destroy (program->cancelled);
    g_source_unref (program->cancelled);
  }
  g_clear_pointer (&program->out, xm_log_lines_release);
  g_clear_pointer (&program->err, xm_log_lines_release);
  if (program->process != NULL) /* GLib's own thread may keep it a while: close the pipe now */
    g_output_stream_close (g_subprocess_get_stdin_pipe (program->process), NULL, NULL);
  g_clear_object (&program->process);
  g_free (program->path);
  g_free (program);
}

/* @error: (transfer full) (nullable) */
static void
answer (Program *program, GError *error)
{
  g_autoptr (GTask) task = g_steal_pointer (&program->task);
  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
}

static void
fail (Program *program, const char *why)
{
  GError *error = NULL;
  g_warning ("%s: %s", program->path, why);
  xm_error_set_io (&error, "event-script: %s FAILED.", program->path);
  answer (program, error);
}

static void
on_ended (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Program *program = user_data;
  GSubprocess *process = program->process;
  g_subprocess_wait_finish (process, result, NULL);
  /* What it has said stands in the log before whoever waits goes on. */
  g_clear_pointer (&program->out, xm_log_lines_release);
  g_clear_pointer (&program->err, xm_log_lines_release);
  if (program->task != NULL) {
    g_autofree char *why = NULL;
    if (g_subprocess_get_if_signaled (process))
      why = g_strdup_printf ("ended by signal %d", g_subprocess_get_term_sig (process));
    else if (!g_subprocess_get_successful (process))
      why = g_strdup_printf ("ended with status %d", g_subprocess_get_exit_status (process));
    if (why != NULL)
      fail (program, why);
    else
      answer (program, NULL);
  }
  program_free (program);
}

static gboolean
on_cancelled (GCancellable *cancellable, gpointer user_data)
{
  Program *program = user_data;
  const char *pid = g_subprocess_get_identifier (program->process);
  /* Without a pid it has been reaped, and the number may be another's by now. */
  if (pid != NULL)
    kill (-(pid_t)g_ascii_strtoll (pid, NULL, 10), SIGKILL);
  if (program->task != NULL)
    answer (program,
            g_error_new (G_IO_ERROR, G_IO_ERROR_CANCELLED, "%s: cancelled", program->path));
  return G_SOURCE_REMOVE;
}

/* Runs in the child between fork and exec: async-signal-safe calls only. The service ignores
 * SIGPIPE, which a program need not expect. */
static void
child_setup (gpointer data)
{
  sigset_t none;
  sigemptyset (&none);
  sigprocmask (SIG_SETMASK, &none, NULL);
  signal (SIGPIPE, SIG_DFL);
  setpgid (0, 0);
}

static GSubprocess *
spawn (const char *path, const char *const *arguments, GError **error)
{
  g_autoptr (GPtrArray) argv = g_ptr_array_new ();
  g_ptr_array_add (argv, (gpointer)path);
  for (; *arguments != NULL; arguments++)
    g_ptr_array_add (argv, (gpointer)*arguments);
  g_ptr_array_add (argv, NULL);

  g_autoptr (GSubprocessLauncher) launcher =
      g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE |
                                 G_SUBPROCESS_FLAGS_STDERR_PIPE);
  g_subprocess_launcher_set_child_setup (launcher, child_setup, NULL, NULL);
  return g_subprocess_launcher_spawnv (launcher, (const char *const *)argv->pdata, error);
}

void
xm_hook_program_async (const char *path,
                       const char *const *arguments,
                       GCancellable *cancellable,
                       GAsyncReadyCallback callback,
                       gpointer user_data)
{
  Program *program = g_new0 (Program, 1);
  g_autoptr (GError) error = NULL;
  program->task = g_task_new (NULL, NULL, callback, user_data);
  g_task_set_source_tag (program->task, xm_hook_program_async);
  program->path = g_strdup (path);
  program->process = spawn (path, arguments, &error);
  if (program->process == NULL) {
    fail (program, error->message);
    program_free (program);
    return;
  }
  program->out =
      xm_log_lines_new (g_subprocess_get_stdout_pipe (program->process), G_LOG_LEVEL_MESSAGE, path);
  program->err =
      xm_log_lines_new (g_subprocess_get_stderr_pipe (program->process), G_LOG_LEVEL_WARNING, path);
  if (cancellable != NULL) {
    program->cancelled = g_cancellable_source_new (cancellable);
    g_source_set_callback (program->cancelled, G_SOURCE_FUNC (on_cancelled), program, NULL);
    g_source_attach (program->cancelled, NULL);
  }
  g_subprocess_wait_async (program->process, NULL, on_ended, program);
}

gboolean
xm_hook_program_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
