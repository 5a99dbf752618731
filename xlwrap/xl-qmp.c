/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xlwrap/xl-qmp.h"

#include <gio/gunixsocketaddress.h>
#include <string.h>
#include <sys/un.h>

#include "xlwrap/xl-qmp-line.h"

#define ANSWER_SECONDS 10
#define MAX_COMMANDS   32 /* in flight */
#define CHUNK          4096

struct _XlQmp {
  GObject parent;
  GSocketConnection *connection;
  GCancellable *ended; /* cancelled when nothing is to happen any more */
  char chunk[CHUNK];
  GByteArray *line;     /* begun, without its end yet */
  GHashTable *commands; /* id -> GTask */
  guint last_id;
  GString *output; /* to be written after what is being written */
  GBytes *writing; /* what is */
  gboolean greeted;
  gboolean ready;
  gboolean closed;
  guint greeting_timer;
};

G_DEFINE_TYPE (XlQmp, xl_qmp, G_TYPE_OBJECT)

enum { SIGNAL_READY, SIGNAL_EVENT, SIGNAL_CLOSED, N_SIGNALS };
static guint signals[N_SIGNALS];

gboolean
xl_qmp_path_fits (const char *path)
{
  return strlen (path) < sizeof ((struct sockaddr_un *)NULL)->sun_path;
}

/* ------------------------------------------------------------- the end */

/* Quietly. @error: (nullable): what commands in flight fail with, else cancelled */
static void
shut (XlQmp *self, const GError *error)
{
  self->closed = TRUE;
  g_cancellable_cancel (self->ended);
  g_clear_handle_id (&self->greeting_timer, g_source_remove);

  g_autoptr (GHashTable) commands = g_steal_pointer (&self->commands);
  self->commands = g_hash_table_new (NULL, NULL);
  GHashTableIter iter;
  gpointer task;
  g_hash_table_iter_init (&iter, commands);
  while (g_hash_table_iter_next (&iter, NULL, &task)) {
    if (error != NULL)
      g_task_return_error (task, g_error_copy (error));
    else
      g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CANCELLED, "the monitor was closed");
    g_object_unref (task);
  }
  if (self->connection != NULL)
    g_io_stream_close_async (G_IO_STREAM (self->connection), G_PRIORITY_DEFAULT, NULL, NULL, NULL);
}

void
xl_qmp_close (XlQmp *self)
{
  if (!self->closed)
    shut (self, NULL);
}

/* @error: (transfer full) */
static void
fail (XlQmp *self, GError *error)
{
  g_autoptr (GError) owned = error;
  if (self->closed)
    return;
  G_GNUC_UNUSED g_autoptr (XlQmp) kept = g_object_ref (self);
  shut (self, owned);
  g_signal_emit (self, signals[SIGNAL_CLOSED], 0, owned);
}

static void
fail_with (XlQmp *self, XlErrorCode code, const char *text)
{
  fail (self, g_error_new_literal (XL_ERROR, code, text));
}

/* ------------------------------------------------------------- writing */

static void write_next (XlQmp *self);

static void
on_written (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (XlQmp) self = user_data;
  GError *error = NULL;
  gboolean written =
      g_output_stream_write_all_finish (G_OUTPUT_STREAM (source), result, NULL, &error);
  g_clear_pointer (&self->writing, g_bytes_unref);
  if (written)
    write_next (self);
  else
    fail (self, error);
}

static void
write_next (XlQmp *self)
{
  if (self->writing != NULL || self->output->len == 0 || self->closed)
    return;
  self->writing = g_bytes_new (self->output->str, self->output->len);
  g_string_truncate (self->output, 0);
  g_output_stream_write_all_async (g_io_stream_get_output_stream (G_IO_STREAM (self->connection)),
                                   g_bytes_get_data (self->writing, NULL),
                                   g_bytes_get_size (self->writing), G_PRIORITY_DEFAULT,
                                   self->ended, on_written, g_object_ref (self));
}

/* ------------------------------------------------------------ commands */

static gboolean
on_answer_timer (gpointer user_data)
{
  g_autoptr (XlQmp) self = g_object_ref (user_data);
  fail_with (self, XL_ERROR_TIMEOUT, "the monitor does not answer");
  return G_SOURCE_REMOVE;
}

/* The timer belongs to the command: it ends with it. */
static void
remove_timer (gpointer timer)
{
  g_source_destroy (timer);
  g_source_unref (timer);
}

static void
send_command (XlQmp *self, const char *command, json_t *arguments, GTask *task)
{
  guint id = ++self->last_id & G_MAXINT32;
  g_autofree char *line = xl_qmp_line_command (command, arguments, id);
  GSource *timer = g_timeout_source_new_seconds (ANSWER_SECONDS);
  g_source_set_callback (timer, on_answer_timer, self, NULL);
  g_source_attach (timer, g_main_context_get_thread_default ());
  g_task_set_task_data (task, timer, remove_timer);
  g_hash_table_insert (self->commands, GUINT_TO_POINTER (id), task);
  g_string_append (self->output, line);
  write_next (self);
}

void
xl_qmp_execute_async (XlQmp *self,
                      const char *command,
                      json_t *arguments,
                      GAsyncReadyCallback callback,
                      gpointer user_data)
{
  GTask *task = g_task_new (self, NULL, callback, user_data);
  g_task_set_source_tag (task, xl_qmp_execute_async);
  if (self->closed || !self->ready || g_hash_table_size (self->commands) >= MAX_COMMANDS) {
    g_task_return_new_error (task, XL_ERROR, XL_ERROR_QMP, "%s: the monitor is not there", command);
    g_object_unref (task);
  } else {
    send_command (self, command, arguments, task);
  }
  json_decref (arguments);
}

json_t *
xl_qmp_execute_finish (XlQmp *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* ------------------------------------------------------------- reading */

static void
take_answer (XlQmp *self, json_t *message)
{
  json_t *id = json_object_get (message, "id");
  json_t *value = json_object_get (message, "return");
  gpointer task = NULL, key = NULL;
  if (json_is_integer (id) && json_integer_value (id) > 0 && json_integer_value (id) <= G_MAXINT32)
    key = GUINT_TO_POINTER ((guint)json_integer_value (id));
  if (key == NULL || !g_hash_table_steal_extended (self->commands, key, NULL, &task)) {
    fail_with (self, XL_ERROR_PARSE, "an answer to what nobody asked");
    return;
  }
  g_task_set_task_data (task, NULL, NULL); /* the timer */
  if (value != NULL) {
    g_task_return_pointer (task, json_incref (value), (GDestroyNotify)json_decref);
  } else {
    const char *words =
        json_string_value (json_object_get (json_object_get (message, "error"), "desc"));
    g_task_return_new_error (task, XL_ERROR, XL_ERROR_QMP, "%s",
                             words != NULL ? words : "the monitor refuses and does not say why");
  }
  g_object_unref (task);
}

static void
take_event (XlQmp *self, json_t *message)
{
  const char *name = json_string_value (json_object_get (message, "event"));
  json_t *data = json_object_get (message, "data");
  if (name == NULL)
    fail_with (self, XL_ERROR_PARSE, "an event without a name");
  else if (self->ready)
    g_signal_emit (self, signals[SIGNAL_EVENT], 0, name, json_is_object (data) ? data : NULL);
}

static void
on_capabilities (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XlQmp *self = XL_QMP (source);
  GError *error = NULL;
  json_t *answer = xl_qmp_execute_finish (self, result, &error);
  if (answer == NULL) {
    fail (self, error); /* does nothing when that is why */
    return;
  }
  json_decref (answer);
  if (self->closed)
    return;
  self->ready = TRUE;
  g_clear_handle_id (&self->greeting_timer, g_source_remove);
  g_signal_emit (self, signals[SIGNAL_READY], 0);
}

static void
take_greeting (XlQmp *self, json_t *message)
{
  if (!json_is_object (json_object_get (message, "QMP"))) {
    fail_with (self, XL_ERROR_PARSE, "no greeting");
    return;
  }
  self->greeted = TRUE;
  GTask *task = g_task_new (self, NULL, on_capabilities, NULL);
  send_command (self, "qmp_capabilities", NULL, task);
}

static void
take_line (XlQmp *self, const char *line, gsize len)
{
  GError *error = NULL;
  json_t *message;
  while (len > 0 && g_ascii_isspace (line[len - 1]))
    len--;
  if (len == 0)
    return;
  message = xl_qmp_line_parse (line, len, &error);
  if (message == NULL)
    fail (self, error);
  else if (!self->greeted)
    take_greeting (self, message);
  else if (json_object_get (message, "event") != NULL)
    take_event (self, message);
  else
    take_answer (self, message);
  json_decref (message);
}

static void
take_bytes (XlQmp *self, gsize n)
{
  const char *next = self->chunk, *const end = self->chunk + n;
  while (next < end && !self->closed) {
    const char *line_end = memchr (next, '\n', (gsize)(end - next));
    gsize piece = (gsize)((line_end != NULL ? line_end : end) - next);
    if (self->line->len + piece > XL_QMP_MAX_LINE) {
      fail_with (self, XL_ERROR_OUTPUT_LIMIT, "a line too long");
      return;
    }
    g_byte_array_append (self->line, (const guint8 *)next, (guint)piece);
    next += piece;
    if (line_end == NULL)
      return;
    next++;
    /* Handlers may close and free what is theirs, but not this object: the read holds it. */
    take_line (self, (const char *)self->line->data, self->line->len);
    g_byte_array_set_size (self->line, 0);
  }
}

static void read_next (XlQmp *self);

static void
on_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (XlQmp) self = user_data;
  GError *error = NULL;
  gssize n = g_input_stream_read_finish (G_INPUT_STREAM (source), result, &error);
  if (n < 0) {
    fail (self, error);
  } else if (n == 0) {
    fail_with (self, XL_ERROR_QMP, "the monitor hung up");
  } else {
    take_bytes (self, (gsize)n);
    read_next (self);
  }
}

/* A guest can make its QEMU talk without end: everything else comes first. */
static void
read_next (XlQmp *self)
{
  if (!self->closed)
    g_input_stream_read_async (g_io_stream_get_input_stream (G_IO_STREAM (self->connection)),
                               self->chunk, CHUNK, G_PRIORITY_LOW, self->ended, on_read,
                               g_object_ref (self));
}

/* ---------------------------------------------------------- connecting */

static void
on_connected (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (XlQmp) self = user_data;
  GError *error = NULL;
  self->connection = g_socket_client_connect_finish (G_SOCKET_CLIENT (source), result, &error);
  if (self->connection == NULL) {
    fail (self, error);
  } else if (self->closed) {
    g_io_stream_close_async (G_IO_STREAM (self->connection), G_PRIORITY_DEFAULT, NULL, NULL, NULL);
  } else {
    read_next (self);
  }
}

static gboolean
on_greeting_timer (gpointer user_data)
{
  XlQmp *self = user_data;
  self->greeting_timer = 0;
  fail_with (self, XL_ERROR_TIMEOUT, "the monitor does not greet");
  return G_SOURCE_REMOVE;
}

XlQmp *
xl_qmp_new (const char *path)
{
  XlQmp *self = g_object_new (XL_TYPE_QMP, NULL);
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (path);
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_socket_client_set_enable_proxy (client, FALSE);
  self->greeting_timer = g_timeout_add_seconds (ANSWER_SECONDS, on_greeting_timer, self);
  g_socket_client_connect_async (client, G_SOCKET_CONNECTABLE (address), self->ended, on_connected,
                                 g_object_ref (self));
  return self;
}

static void
xl_qmp_init (XlQmp *self)
{
  self->ended = g_cancellable_new ();
  self->line = g_byte_array_new ();
  self->commands = g_hash_table_new (NULL, NULL);
  self->output = g_string_new (NULL);
}

static void
xl_qmp_finalize (GObject *object)
{
  XlQmp *self = XL_QMP (object);
  g_clear_handle_id (&self->greeting_timer, g_source_remove);
  g_clear_object (&self->connection);
  g_object_unref (self->ended);
  g_byte_array_unref (self->line);
  g_hash_table_unref (self->commands); /* empty: commands hold this object */
  g_string_free (self->output, TRUE);
  G_OBJECT_CLASS (xl_qmp_parent_class)->finalize (object);
}

static void
xl_qmp_class_init (XlQmpClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = xl_qmp_finalize;
  signals[SIGNAL_READY] =
      g_signal_new ("ready", XL_TYPE_QMP, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[SIGNAL_EVENT] = g_signal_new ("event", XL_TYPE_QMP, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                        NULL, G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_POINTER);
  signals[SIGNAL_CLOSED] = g_signal_new ("closed", XL_TYPE_QMP, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                         NULL, G_TYPE_NONE, 1, G_TYPE_ERROR);
}
