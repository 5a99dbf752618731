/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xlwrap/xl-process.h"

#include "xlwrap/xl-message.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#define READ_SIZE (64 * 1024)

/*
 * A background process of xl can hold the pipes open after xl itself has ended.
 * What xl wrote is in the pipe by then, so a short wait loses nothing.
 */
#define DRAIN_MS 200

/* How long to wait for a killed process that the kernel cannot end, stuck in a hypercall say. */
#define KILL_GRACE_MS 2000

typedef struct {
  GInputStream *pipe; /* NULL when nothing more is to be read */
  GByteArray *data;
  guint8 *buffer;
} Stream;

enum {
  STREAM_OUT,
  STREAM_ERR,
  N_STREAMS,
};

/*
 * One run, the data of its GTask. Everything that may call back (reads, the wait
 * for the end, timers) holds a reference on the task.
 */
typedef struct {
  char **argv;
  guint timeout; /* seconds, 0 for none */
  gsize output_limit;

  GSubprocess *process;
  char *description;
  gint64 started;
  Stream streams[N_STREAMS];
  GCancellable *reads;
  gboolean ended;
  gboolean abandoned; /* killed, and not even that ended it in time */
  gboolean completed;
  GError *failure; /* why it was killed */

  GSource *cancel_source;
  GSource *timer; /* time limit, then grace after killing, then drain */
} Command;

void
xl_output_free (XlOutput *output)
{
  if (output == NULL)
    return;
  g_free (output->out);
  g_free (output->err);
  g_free (output);
}

static void
clear_source (GSource **source)
{
  if (*source == NULL)
    return;
  g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

/* GSubprocess holds the pipe until GLib's own thread lets go of it: close it now. */
static void
stream_close (Stream *stream)
{
  if (stream->pipe != NULL)
    g_input_stream_close (stream->pipe, NULL, NULL);
  g_clear_object (&stream->pipe);
  g_clear_pointer (&stream->buffer, g_free);
}

static void
command_free (Command *command)
{
  clear_source (&command->cancel_source);
  clear_source (&command->timer);
  for (int i = 0; i < N_STREAMS; i++) {
    stream_close (&command->streams[i]);
    g_clear_pointer (&command->streams[i].data, g_byte_array_unref);
  }
  g_clear_error (&command->failure);
  g_clear_object (&command->reads);
  g_clear_object (&command->process);
  g_strfreev (command->argv);
  g_free (command->description);
  g_free (command);
}

static void
set_timer (GTask *task, guint milliseconds, int priority, GSourceFunc function)
{
  Command *command = g_task_get_task_data (task);

  clear_source (&command->timer);
  if (milliseconds == 0)
    return;
  command->timer = g_timeout_source_new (milliseconds);
  g_source_set_priority (command->timer, priority);
  g_task_attach_source (task, command->timer, function);
}

/* ------------------------------------------------------------- the result */

static GError *
command_error (const Command *command, XlErrorCode code, const char *what)
{
  return g_error_new (XL_ERROR, code, "%s: %s", command->description, what);
}

/* Why the ended command has failed, or NULL. */
static GError *
command_find_failure (Command *command)
{
  const char *err = (const char *)command->streams[STREAM_ERR].data->data;
  g_autofree char *what = NULL;

  if (command->failure != NULL)
    return g_steal_pointer (&command->failure);

  if (g_subprocess_get_if_signaled (command->process)) {
    int number = g_subprocess_get_term_sig (command->process);

    what = g_strdup_printf ("ended by signal %d (%s)", number, g_strsignal (number));
    return command_error (command, XL_ERROR_SIGNAL, what);
  }

  if (!g_subprocess_get_successful (command->process)) {
    what = xl_message_first_error (err);
    if (what == NULL)
      what =
          g_strdup_printf ("ended with status %d", g_subprocess_get_exit_status (command->process));
    return command_error (command, XL_ERROR_EXIT, what);
  }
  return NULL;
}

static void
command_describe (Command *command, GError *error)
{
  int status = -1;

  if (error == NULL || error->domain != XL_ERROR)
    return;
  if (command->ended && g_subprocess_get_if_exited (command->process))
    status = g_subprocess_get_exit_status (command->process);
  xl_error_set_command (error, (const char *const *)command->argv, status,
                        (const char *)command->streams[STREAM_ERR].data->data);
}

static XlOutput *
command_take_output (Command *command)
{
  XlOutput *output = g_new0 (XlOutput, 1);
  gsize len;

  /* complete() has put a terminator behind the data. */
  output->out = (char *)g_byte_array_steal (command->streams[STREAM_OUT].data, &len);
  output->out_len = len - 1;
  output->err = (char *)g_byte_array_steal (command->streams[STREAM_ERR].data, &len);
  output->err_len = len - 1;
  return output;
}

static void
complete (GTask *task)
{
  Command *command = g_task_get_task_data (task);
  double seconds = (double)(g_get_monotonic_time () - command->started) / G_USEC_PER_SEC;

  command->completed = TRUE;
  clear_source (&command->cancel_source);
  clear_source (&command->timer);
  for (int i = 0; i < N_STREAMS; i++)
    g_byte_array_append (command->streams[i].data, (const guint8 *)"", 1);

  GError *error = command_find_failure (command);

  command_describe (command, error);
  if (error != NULL)
    g_debug ("Failed after %.3f s: %s", seconds, error->message);
  else
    g_debug ("Done after %.3f s: %s", seconds, command->description);

  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, command_take_output (command), (GDestroyNotify)xl_output_free);
  g_object_unref (task);
}

/* ----------------------------------------------------------- while it runs */

static gboolean
command_is_read (const Command *command)
{
  return command->streams[STREAM_OUT].pipe == NULL && command->streams[STREAM_ERR].pipe == NULL;
}

static void
complete_if_over (GTask *task)
{
  Command *command = g_task_get_task_data (task);

  if ((command->ended || command->abandoned) && command_is_read (command) && !command->completed)
    complete (task);
}

static gboolean
on_drained (gpointer data)
{
  Command *command = g_task_get_task_data (data);

  g_debug ("Output still held open by another process: %s", command->description);
  clear_source (&command->timer);
  g_cancellable_cancel (command->reads);
  return G_SOURCE_REMOVE;
}

static gboolean
on_grace_over (gpointer data)
{
  Command *command = g_task_get_task_data (data);

  g_warning ("Killed, but does not end: %s", command->description);
  clear_source (&command->timer);
  command->abandoned = TRUE;
  g_cancellable_cancel (command->reads);
  complete_if_over (data);
  return G_SOURCE_REMOVE;
}

/*
 * Ends the command for the reason @failure. Reading goes on until it has ended,
 * so that the error can carry what it has said.
 */
static void
command_kill (GTask *task, GError *failure)
{
  Command *command = g_task_get_task_data (task);
  const char *pid = g_subprocess_get_identifier (command->process);

  if (command->failure != NULL) {
    g_error_free (failure);
    return;
  }
  command->failure = failure;
  clear_source (&command->cancel_source);
  if (command->ended)
    return;

  g_debug ("Killing %s", command->description);
  /* Without a pid it has been reaped, and the number may be another's by now. */
  if (pid != NULL)
    kill (-(pid_t)g_ascii_strtoll (pid, NULL, 10), SIGKILL);
  set_timer (task, KILL_GRACE_MS, G_PRIORITY_DEFAULT, on_grace_over);
}

static gboolean
on_timeout (gpointer data)
{
  Command *command = g_task_get_task_data (data);
  g_autofree char *what = g_strdup_printf ("did not end within %u s", command->timeout);

  clear_source (&command->timer);
  command_kill (data, command_error (command, XL_ERROR_TIMEOUT, what));
  return G_SOURCE_REMOVE;
}

static gboolean
on_cancelled (GCancellable *cancellable, gpointer data)
{
  Command *command = g_task_get_task_data (data);

  clear_source (&command->cancel_source);
  command_kill (
      data, g_error_new (G_IO_ERROR, G_IO_ERROR_CANCELLED, "%s: cancelled", command->description));
  return G_SOURCE_REMOVE;
}

static void
on_ended (GObject *object, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  Command *command = g_task_get_task_data (task);

  g_subprocess_wait_finish (G_SUBPROCESS (object), result, NULL);
  command->ended = TRUE;
  if (command->completed)
    return;
  clear_source (&command->cancel_source);
  /* Data that is ready comes first, hence the low priority. */
  set_timer (task, DRAIN_MS, G_PRIORITY_DEFAULT_IDLE, on_drained);
  complete_if_over (task);
}

static void read_more (GTask *task, Stream *stream);

static void
on_read (GObject *object, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  Command *command = g_task_get_task_data (task);
  Stream *stream = &command->streams[STREAM_OUT];

  if (stream->pipe != (GInputStream *)object)
    stream = &command->streams[STREAM_ERR];

  gssize n = g_input_stream_read_finish (G_INPUT_STREAM (object), result, NULL);
  gboolean fits = n <= 0 || stream->data->len + (gsize)n <= command->output_limit;

  if (n > 0 && fits) {
    g_byte_array_append (stream->data, stream->buffer, n);
    read_more (task, stream);
    return;
  }

  stream_close (stream);
  if (!fits) {
    g_autofree char *what =
        g_strdup_printf ("printed more than %" G_GSIZE_FORMAT " bytes", command->output_limit);

    command_kill (task, command_error (command, XL_ERROR_OUTPUT_LIMIT, what));
  }
  complete_if_over (task);
}

static void
read_more (GTask *task, Stream *stream)
{
  Command *command = g_task_get_task_data (task);

  g_input_stream_read_async (stream->pipe, stream->buffer, READ_SIZE, G_PRIORITY_DEFAULT,
                             command->reads, on_read, g_object_ref (task));
}

static void
stream_open (GTask *task, Stream *stream, GInputStream *pipe)
{
  stream->pipe = g_object_ref (pipe);
  stream->buffer = g_malloc (READ_SIZE);
  read_more (task, stream);
}

/* --------------------------------------------------------------- starting */

/* Runs in the child between fork and exec: async-signal-safe calls only. A service that dies takes
 * the other ends of the pipes with it; what xl has begun, a save say, must go on all the same. */
static void
child_setup (gpointer data)
{
  sigset_t none;

  signal (SIGPIPE, SIG_IGN);
  sigemptyset (&none);
  sigprocmask (SIG_SETMASK, &none, NULL);
  setpgid (0, 0);
}

static GSubprocess *
spawn (const Command *command, const char *const *envp, GError **error)
{
  g_autoptr (GSubprocessLauncher) launcher =
      g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE);

  for (gsize i = 0; envp != NULL && envp[i] != NULL; i++) {
    const char *equals = strchr (envp[i], '=');

    if (equals != NULL) {
      g_autofree char *name = g_strndup (envp[i], equals - envp[i]);

      g_subprocess_launcher_setenv (launcher, name, equals + 1, TRUE);
    }
  }
  g_subprocess_launcher_setenv (launcher, "LC_ALL", "C", TRUE);
  g_subprocess_launcher_set_child_setup (launcher, child_setup, NULL, NULL);
  return g_subprocess_launcher_spawnv (launcher, (const char *const *)command->argv, error);
}

void
xl_process_run_async (const char *const *argv,
                      const char *const *envp,
                      guint timeout,
                      gsize output_limit,
                      GCancellable *cancellable,
                      GAsyncReadyCallback callback,
                      gpointer user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);
  Command *command = g_new0 (Command, 1);
  g_autoptr (GError) error = NULL;

  command->argv = g_strdupv ((char **)argv);
  command->timeout = timeout;
  command->output_limit = output_limit;
  command->description = xl_message_format_command (argv);
  command->started = g_get_monotonic_time ();
  g_task_set_source_tag (task, xl_process_run_async);
  g_task_set_task_data (task, command, (GDestroyNotify)command_free);
  /* A command that has done its work by the time of the cancellation has succeeded. */
  g_task_set_check_cancellable (task, FALSE);

  command->process = spawn (command, envp, &error);
  if (command->process == NULL) {
    g_debug ("Cannot start %s: %s", command->description, error->message);
    GError *failure = command_error (command, XL_ERROR_SPAWN, error->message);

    xl_error_set_command (failure, argv, -1, NULL);
    g_task_return_error (task, failure);
    g_object_unref (task);
    return;
  }
  g_debug ("Started [%s] %s", g_subprocess_get_identifier (command->process) ?: "ended",
           command->description);

  if (cancellable != NULL) {
    command->cancel_source = g_cancellable_source_new (cancellable);
    g_task_attach_source (task, command->cancel_source, G_SOURCE_FUNC (on_cancelled));
  }
  set_timer (task, timeout * 1000, G_PRIORITY_DEFAULT, on_timeout);
  command->reads = g_cancellable_new ();
  for (int i = 0; i < N_STREAMS; i++)
    command->streams[i].data = g_byte_array_new ();
  stream_open (task, &command->streams[STREAM_OUT],
               g_subprocess_get_stdout_pipe (command->process));
  stream_open (task, &command->streams[STREAM_ERR],
               g_subprocess_get_stderr_pipe (command->process));
  g_subprocess_wait_async (command->process, NULL, on_ended, g_object_ref (task));
}

XlOutput *
xl_process_run_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, xl_process_run_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
