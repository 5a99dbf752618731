/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bench-load.h"

typedef struct {
  const BenchPeer *peer;
  GDBusConnection *connection;
  BenchCall call;
  guint n_objects;
  guint next_object;
  guint in_flight;
  guint64 n_answers;
  gint64 end; /* monotonic, microseconds */
  GError *error;
} Load;

static void send_one (Load *load);

static void
got_answer (GObject *source, GAsyncResult *result, gpointer data)
{
  Load *load = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GDBusMessage) reply =
      g_dbus_connection_send_message_with_reply_finish (load->connection, result, &error);

  load->in_flight--;
  if (reply == NULL || g_dbus_message_to_gerror (reply, &error)) {
    if (load->error == NULL)
      g_propagate_error (&load->error, g_steal_pointer (&error));
    return;
  }
  load->n_answers++;
  if (load->error == NULL && g_get_monotonic_time () < load->end)
    send_one (load);
}

static void
send_one (Load *load)
{
  g_autoptr (GDBusMessage) message = bench_peer_message (load->peer, load->call, load->next_object);

  load->next_object = (load->next_object + 1) % load->n_objects;
  load->in_flight++;
  g_dbus_connection_send_message_with_reply (
      load->connection, message, G_DBUS_SEND_MESSAGE_FLAGS_NONE, -1, NULL, NULL, got_answer, load);
}

gboolean
bench_load (const BenchPeer *peer,
            GDBusConnection *connection,
            BenchCall call,
            guint in_flight,
            double seconds,
            BenchResult *result,
            GError **error)
{
  guint64 cpu_start = bench_peer_cpu_time (peer);
  gint64 start = g_get_monotonic_time ();
  Load load = {
    .peer = peer,
    .connection = connection,
    .call = call,
    .n_objects = g_strv_length (peer->objects),
    .end = start + (gint64)(seconds * G_USEC_PER_SEC),
  };

  for (guint i = 0; i < in_flight; i++)
    send_one (&load);
  while (load.in_flight > 0)
    g_main_context_iteration (NULL, TRUE);
  if (load.error != NULL) {
    g_propagate_prefixed_error (error, load.error, "%s: ", peer->title);
    return FALSE;
  }
  double elapsed = (double)(g_get_monotonic_time () - start) / G_USEC_PER_SEC;
  double cpu = (double)(bench_peer_cpu_time (peer) - cpu_start) / 1e9;
  result->rate = (double)load.n_answers / elapsed;
  result->rate_per_cpu = cpu > 0 ? (double)load.n_answers / cpu : 0;
  return TRUE;
}
