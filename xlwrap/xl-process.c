/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xlwrap/xl-process.h"

#include "xlwrap/xl-message.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#define READ_SIZE (16 * 1024)

/* How long to wait for a killed process that the kernel cannot end, stuck in a hypercall say. */
#define KILL_GRACE_MS 2000

typedef struct {
  int fd; /* -1 when nothing more is to be read */
  GSource *source;
  GByteArray *data;
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

  GPid pid;
  int wait_status;
  char *description;
  gint64 started;
  Stream streams[N_STREAMS];
  gboolean ended;
  gboolean completed; /* which a killed process can be before it has ended */
  GError *failure;    /* why it was killed */

  GSource *cancel_source;
  GSource *timer; /* time limit, then grace after killing */
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

static void
stream_close (Stream *stream)
{
  clear_source (&stream->source);
  if (stream->fd >= 0)
    close (stream->fd);
  stream->fd = -1;
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
  g_strfreev (command->argv);
  g_free (command->description);
  g_free (command);
}

static void
set_timer (GTask *task, guint milliseconds, GSourceFunc function)
{
  Command *command = g_task_get_task_data (task);

  clear_source (&command->timer);
  if (milliseconds == 0)
    return;
  command->timer = g_timeout_source_new (milliseconds);
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

  if (WIFSIGNALED (command->wait_status)) {
    int number = WTERMSIG (command->wait_status);

    what = g_strdup_printf ("ended by signal %d (%s)", number, g_strsignal (number));
    return command_error (command, XL_ERROR_SIGNAL, what);
  }

  if (WEXITSTATUS (command->wait_status) != 0) {
    what = xl_message_first_error (err);
    if (what == NULL)
      what = g_strdup_printf ("ended with status %d", WEXITSTATUS (command->wait_status));
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
  if (command->ended && WIFEXITED (command->wait_status))
    status = WEXITSTATUS (command->wait_status);
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
  for (int i = 0; i < N_STREAMS; i++) {
    stream_close (&command->streams[i]);
    g_byte_array_append (command->streams[i].data, (const guint8 *)"", 1);
  }

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
on_grace_over (gpointer data)
{
  Command *command = g_task_get_task_data (data);

  g_warning ("Killed, but does not end: %s", command->description);
  complete (data);
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
  siginfo_t info;

  if (command->failure != NULL) {
    g_error_free (failure);
    return;
  }
  command->failure = failure;
  clear_source (&command->cancel_source);
  if (command->ended)
    return;

  g_debug ("Killing %s", command->description);
  /* Once it has been reaped, the number may be another's. */
  if (waitid (P_PID, (id_t)command->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0)
    kill (-command->pid, SIGKILL);
  set_timer (task, KILL_GRACE_MS, on_grace_over);
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

/* Takes what is there of the output; with its end, or too much of it, the stream is closed. */
static void
stream_read (GTask *task, Stream *stream)
{
  Command *command = g_task_get_task_data (task);
  guint8 buffer[READ_SIZE];
  gssize n;

  while ((n = read (stream->fd, buffer, sizeof buffer)) > 0 || (n < 0 && errno == EINTR)) {
    if (n < 0)
      continue;
    if (stream->data->len + (gsize)n > command->output_limit) {
      g_autofree char *what =
          g_strdup_printf ("printed more than %" G_GSIZE_FORMAT " bytes", command->output_limit);

      command_kill (task, command_error (command, XL_ERROR_OUTPUT_LIMIT, what));
      break;
    }
    g_byte_array_append (stream->data, buffer, (guint)n);
  }
  if (n >= 0 || errno != EAGAIN)
    stream_close (stream);
}

static gboolean
on_readable (int fd, GIOCondition condition, gpointer data)
{
  Command *command = g_task_get_task_data (data);
  Stream *stream = &command->streams[STREAM_OUT];

  if (stream->fd != fd)
    stream = &command->streams[STREAM_ERR];
  stream_read (data, stream);
  return G_SOURCE_CONTINUE; /* stream_close() destroys the source */
}

/*
 * What xl wrote is in the pipes by now, and is all there is to wait for: a background
 * process of xl can hold them open after xl itself has ended.
 */
static void
on_ended (GPid pid, int wait_status, gpointer data)
{
  Command *command = g_task_get_task_data (data);

  command->ended = TRUE;
  command->wait_status = wait_status;
  if (command->completed)
    return;
  for (int i = 0; i < N_STREAMS; i++)
    if (command->streams[i].fd >= 0)
      stream_read (data, &command->streams[i]);
  complete (data);
}

/* --------------------------------------------------------------- starting */

static char **
make_environment (const char *const *envp)
{
  char **environment = g_get_environ ();

  for (; envp != NULL && *envp != NULL; envp++) {
    g_auto (GStrv) pair = g_strsplit (*envp, "=", 2);

    if (g_strv_length (pair) == 2)
      environment = g_environ_setenv (environment, pair[0], pair[1], TRUE);
  }
  return g_environ_setenv (environment, "LC_ALL", "C", TRUE);
}

/*
 * posix_spawn() does not copy the page tables of the service as a fork would, which costs a dom0
 * more than all else here. Returns: 0 or an errno.
 */
static int
spawn (Command *command, const char *const *envp, const int ends[N_STREAMS])
{
  g_auto (GStrv) environment = make_environment (envp);
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  sigset_t none;

  posix_spawn_file_actions_init (&actions);
  posix_spawn_file_actions_adddup2 (&actions, ends[STREAM_OUT], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2 (&actions, ends[STREAM_ERR], STDERR_FILENO);
  posix_spawn_file_actions_addopen (&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addclosefrom_np (&actions, STDERR_FILENO + 1);
  sigemptyset (&none);
  posix_spawnattr_init (&attributes);
  posix_spawnattr_setflags (&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
  posix_spawnattr_setsigmask (&attributes, &none);

  int result = posix_spawnp (&command->pid, command->argv[0], &actions, &attributes, command->argv,
                             environment);

  posix_spawnattr_destroy (&attributes);
  posix_spawn_file_actions_destroy (&actions);
  return result;
}

/* Its output is read from command->streams. Returns: 0 or an errno. */
static int
start (Command *command, const char *const *envp)
{
  int ends[N_STREAMS] = { -1, -1 };
  int result = 0;

  for (int i = 0; i < N_STREAMS && result == 0; i++) {
    int pair[2];

    if (pipe2 (pair, O_CLOEXEC) < 0) {
      result = errno;
      break;
    }
    command->streams[i].fd = pair[0];
    ends[i] = pair[1];
    if (fcntl (pair[0], F_SETFL, O_NONBLOCK) < 0)
      result = errno;
  }
  if (result == 0)
    result = spawn (command, envp, ends);
  for (int i = 0; i < N_STREAMS; i++)
    if (ends[i] >= 0)
      close (ends[i]);
  return result;
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

  command->argv = g_strdupv ((char **)argv);
  command->timeout = timeout;
  command->output_limit = output_limit;
  command->description = xl_message_format_command (argv);
  command->started = g_get_monotonic_time ();
  for (int i = 0; i < N_STREAMS; i++)
    command->streams[i] = (Stream){ .fd = -1, .data = g_byte_array_new () };
  g_task_set_source_tag (task, xl_process_run_async);
  g_task_set_task_data (task, command, (GDestroyNotify)command_free);
  /* A command that has done its work by the time of the cancellation has succeeded. */
  g_task_set_check_cancellable (task, FALSE);

  int failed = start (command, envp);
  if (failed != 0) {
    g_autofree char *what = g_strdup_printf ("not started: %s", g_strerror (failed));
    GError *failure = command_error (command, XL_ERROR_SPAWN, what);

    g_debug ("%s", failure->message);
    xl_error_set_command (failure, argv, -1, NULL);
    g_task_return_error (task, failure);
    g_object_unref (task);
    return;
  }
  g_debug ("Started [%d] %s", command->pid, command->description);

  if (cancellable != NULL) {
    command->cancel_source = g_cancellable_source_new (cancellable);
    g_task_attach_source (task, command->cancel_source, G_SOURCE_FUNC (on_cancelled));
  }
  set_timer (task, timeout * 1000, on_timeout);
  for (int i = 0; i < N_STREAMS; i++) {
    command->streams[i].source = g_unix_fd_source_new (command->streams[i].fd, G_IO_IN);
    g_task_attach_source (task, command->streams[i].source, G_SOURCE_FUNC (on_readable));
  }
  g_autoptr (GSource) end = g_child_watch_source_new (command->pid);
  g_task_attach_source (task, end, G_SOURCE_FUNC (on_ended));
}

XlOutput *
xl_process_run_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, xl_process_run_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
