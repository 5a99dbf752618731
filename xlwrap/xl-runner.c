/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xlwrap/xl-runner.h"

#include <string.h>

#include "xlwrap/xl-error.h"
#include "xlwrap/xl-message.h"

#define DEFAULT_MAX_PARALLEL 4
#define DEFAULT_OUTPUT_LIMIT (16 * 1024 * 1024)

static const guint default_timeouts[XL_N_TIMEOUTS] = {
  [XL_TIMEOUT_QUERY] = 10,
  [XL_TIMEOUT_QUICK] = 30,
  [XL_TIMEOUT_SHUTDOWN] = 90,
  [XL_TIMEOUT_BUILD] = 300,
};

struct _XlRunner {
  GObject parent;

  char *program;
  guint max_parallel;
  gsize output_limit;
  guint timeouts[XL_N_TIMEOUTS];

  GQueue waiting; /* of GTask, owned */
  guint running;
  guint slow; /* of these, commands that may wait for minutes */
  guint64 spawned;
};

G_DEFINE_TYPE (XlRunner, xl_runner, G_TYPE_OBJECT)

/* One call of xl_runner_run_async(), the data of its GTask. */
typedef struct {
  char **argv; /* with the program */
  char **envp;
  XlTimeout timeout;
  GSource *cancel_source; /* while it waits */
} Request;

static void pump (XlRunner *self);

/* xl waits for its own lock in these, or for a guest. */
static gboolean
is_slow (const Request *request)
{
  return request->timeout == XL_TIMEOUT_BUILD || request->timeout == XL_TIMEOUT_SHUTDOWN;
}

static void
stop_watching (Request *request)
{
  if (request->cancel_source == NULL)
    return;
  g_source_destroy (request->cancel_source);
  g_clear_pointer (&request->cancel_source, g_source_unref);
}

static void
request_free (Request *request)
{
  stop_watching (request);
  g_strfreev (request->argv);
  g_strfreev (request->envp);
  g_free (request);
}

/* Takes the queue's reference on @task. */
static void
return_cancelled (GTask *task)
{
  Request *request = g_task_get_task_data (task);
  g_autofree char *description = xl_message_format_command ((const char *const *)request->argv);

  g_debug ("Cancelled before its start: %s", description);
  g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CANCELLED, "%s: cancelled", description);
  g_object_unref (task);
}

static gboolean
on_cancelled (GCancellable *cancellable, gpointer data)
{
  XlRunner *self = g_task_get_source_object (data);

  stop_watching (g_task_get_task_data (data));
  g_queue_remove (&self->waiting, data);
  return_cancelled (data);
  return G_SOURCE_REMOVE;
}

/* What changes something is worth a line in every log; queries are not. */
static void
log_end (const Request *request, const GError *error)
{
  if (request->timeout == XL_TIMEOUT_QUERY)
    return;
  int status = error != NULL ? xl_error_get_exit_status (error) : 0;
  g_autofree char *command = xl_message_format_command ((const char *const *)request->argv);
  g_autofree char *status_text = g_strdup_printf ("%d", status);
  g_autofree char *message =
      error != NULL ? g_strdup (error->message) : g_strconcat (command, ": done", NULL);
  const GLogField fields[] = { { "MESSAGE", message, -1 },
                               { "PRIORITY", "5", -1 },
                               { "GLIB_DOMAIN", G_LOG_DOMAIN, -1 },
                               { "PROGRAM_ARGV", command, -1 },
                               { "EXIT_STATUS", status_text, -1 } }; /* last: not all have one */
  g_log_structured_array (G_LOG_LEVEL_MESSAGE, fields, G_N_ELEMENTS (fields) - (status < 0));
}

static void
on_ended (GObject *object, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  XlRunner *self = g_task_get_source_object (task);
  GError *error = NULL;
  XlOutput *output = xl_process_run_finish (result, &error);

  log_end (g_task_get_task_data (task), error);
  if (g_error_matches (error, XL_ERROR, XL_ERROR_SPAWN))
    self->spawned--;
  if (output != NULL)
    g_task_return_pointer (task, output, (GDestroyNotify)xl_output_free);
  else
    g_task_return_error (task, error);
  self->running--;
  if (is_slow (g_task_get_task_data (task)))
    self->slow--;
  pump (self);
}

/* (nullable): the first that may run now. Slow ones leave a place to the others. */
static GTask *
take_next (XlRunner *self)
{
  gboolean slow_too = self->slow < MAX (self->max_parallel - 1, 1);
  if (self->running >= self->max_parallel)
    return NULL;
  for (GList *link = self->waiting.head; link != NULL; link = link->next) {
    GTask *task = link->data;
    if (slow_too || !is_slow (g_task_get_task_data (task))) {
      g_queue_delete_link (&self->waiting, link);
      return task;
    }
  }
  return NULL;
}

static void
pump (XlRunner *self)
{
  GTask *task;
  while ((task = take_next (self)) != NULL) {
    Request *request = g_task_get_task_data (task);

    stop_watching (request);
    self->running++;
    self->spawned++;
    if (is_slow (request))
      self->slow++;
    xl_process_run_async ((const char *const *)request->argv, (const char *const *)request->envp,
                          self->timeouts[request->timeout], self->output_limit,
                          g_task_get_cancellable (task), on_ended, task);
  }
}

void
xl_runner_run_async (XlRunner *self,
                     const char *const *argv,
                     const char *const *envp,
                     XlTimeout timeout,
                     GCancellable *cancellable,
                     GAsyncReadyCallback callback,
                     gpointer user_data)
{
  g_return_if_fail (XL_IS_RUNNER (self));
  g_return_if_fail (argv != NULL);
  g_return_if_fail ((guint)timeout < XL_N_TIMEOUTS);

  GTask *task = g_task_new (self, cancellable, callback, user_data);
  Request *request = g_new0 (Request, 1);
  g_autoptr (GStrvBuilder) words = g_strv_builder_new ();

  if (self->program != NULL)
    g_strv_builder_add (words, self->program);
  g_strv_builder_addv (words, (const char **)argv);
  request->argv = g_strv_builder_end (words);
  request->envp = g_strdupv ((char **)envp);
  request->timeout = timeout;

  g_task_set_source_tag (task, xl_runner_run_async);
  g_task_set_task_data (task, request, (GDestroyNotify)request_free);
  g_task_set_check_cancellable (task, FALSE); /* a command that has done its work has succeeded */

  if (g_cancellable_is_cancelled (cancellable)) {
    return_cancelled (task);
    return;
  }
  if (cancellable != NULL) {
    request->cancel_source = g_cancellable_source_new (cancellable);
    g_task_attach_source (task, request->cancel_source, G_SOURCE_FUNC (on_cancelled));
  }
  g_queue_push_tail (&self->waiting, task);
  pump (self);
}

XlOutput *
xl_runner_run_finish (XlRunner *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, xl_runner_run_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/* ---------------------------------------------------------------- settings */

void
xl_runner_set_max_parallel (XlRunner *self, guint n)
{
  g_return_if_fail (XL_IS_RUNNER (self));

  self->max_parallel = MAX (n, 1);
  pump (self);
}

void
xl_runner_set_output_limit (XlRunner *self, gsize bytes)
{
  g_return_if_fail (XL_IS_RUNNER (self));

  /* GByteArray counts in guint. */
  self->output_limit = MIN (bytes, G_MAXINT);
}

void
xl_runner_set_timeout (XlRunner *self, XlTimeout timeout, guint seconds)
{
  g_return_if_fail (XL_IS_RUNNER (self));
  g_return_if_fail ((guint)timeout < XL_N_TIMEOUTS);

  self->timeouts[timeout] = MIN (seconds, G_MAXUINT / 1000);
}

guint
xl_runner_get_timeout (XlRunner *self, XlTimeout timeout)
{
  g_return_val_if_fail (XL_IS_RUNNER (self), 0);
  g_return_val_if_fail ((guint)timeout < XL_N_TIMEOUTS, 0);

  return self->timeouts[timeout];
}

guint64
xl_runner_get_spawned (XlRunner *self)
{
  g_return_val_if_fail (XL_IS_RUNNER (self), 0);

  return self->spawned;
}

XlRunner *
xl_runner_new (const char *program)
{
  XlRunner *self = g_object_new (XL_TYPE_RUNNER, NULL);

  self->program = g_strdup (program);
  return self;
}

static void
xl_runner_finalize (GObject *object)
{
  XlRunner *self = XL_RUNNER (object);

  g_free (self->program);
  G_OBJECT_CLASS (xl_runner_parent_class)->finalize (object);
}

static void
xl_runner_class_init (XlRunnerClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = xl_runner_finalize;
}

static void
xl_runner_init (XlRunner *self)
{
  g_queue_init (&self->waiting);
  self->max_parallel = DEFAULT_MAX_PARALLEL;
  self->output_limit = DEFAULT_OUTPUT_LIMIT;
  memcpy (self->timeouts, default_timeouts, sizeof self->timeouts);
}
