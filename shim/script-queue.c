/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/script-queue.h"

#include <string.h>

#include "shim/error.h"
#include "shim/service.h"

struct _XmScriptQueue {
  GQueue scripts; /* of char * */
  gsize bytes;
  GQueue waiting; /* of Waiting, by when they asked */
};

/** Waiting: a caller of script_dequeue. */
typedef struct {
  XmScriptQueue *queue;
  GDBusMethodInvocation *invocation;
  guint watch;    /* of the caller's name on the bus; 0 without a bus between us */
  gboolean there; /* the watch has found it: from now on it cannot leave unseen */
} Waiting;

/* @error: (transfer full) (nullable): NULL when it has its answer */
static void
waiting_end (Waiting *waiting, GError *error)
{
  if (error != NULL)
    xm_error_return (waiting->invocation, error);
  if (waiting->watch != 0)
    g_bus_unwatch_name (waiting->watch);
  g_free (waiting);
}

/* The bus keeps the order: a caller that left before a text was queued is known to have left when
 * the text arrives. */
static void
hand_out (XmScriptQueue *queue)
{
  while (!g_queue_is_empty (&queue->scripts) && !g_queue_is_empty (&queue->waiting)) {
    Waiting *waiting = g_queue_peek_head (&queue->waiting);
    if (!waiting->there)
      return; /* soon it is, or has left */
    g_queue_pop_head (&queue->waiting);
    g_autofree char *script = g_queue_pop_head (&queue->scripts);
    queue->bytes -= strlen (script);
    g_dbus_method_invocation_return_value (waiting->invocation, g_variant_new ("(s)", script));
    waiting_end (waiting, NULL);
  }
}

static void
on_appeared (GDBusConnection *connection, const char *name, const char *owner, gpointer user_data)
{
  Waiting *waiting = user_data;
  waiting->there = TRUE;
  hand_out (waiting->queue);
}

static void
on_vanished (GDBusConnection *connection, const char *name, gpointer user_data)
{
  Waiting *waiting = user_data;
  XmScriptQueue *queue = waiting->queue;
  GError *error = NULL;
  g_queue_remove (&queue->waiting, waiting);
  xm_error_set_plain (&error, "%s is gone", name);
  waiting_end (waiting, error);
  hand_out (queue);
}

static void
script_dequeue (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  XmScriptQueue *queue = ((XmService *)owner)->script_queue;
  const char *sender = g_dbus_method_invocation_get_sender (invocation);
  GError *error = NULL;
  if (g_queue_get_length (&queue->waiting) >= XM_SCRIPT_QUEUE_MAX_WAITING) {
    xm_error_set_plain (&error, "%d callers wait for a script already",
                        XM_SCRIPT_QUEUE_MAX_WAITING);
    xm_error_return (invocation, error);
    return;
  }
  Waiting *waiting = g_new0 (Waiting, 1);
  *waiting = (Waiting){ .queue = queue, .invocation = invocation, .there = sender == NULL };
  g_queue_push_tail (&queue->waiting, waiting);
  if (sender != NULL)
    waiting->watch = g_bus_watch_name_on_connection (
        g_dbus_method_invocation_get_connection (invocation), sender, G_BUS_NAME_WATCHER_FLAGS_NONE,
        on_appeared, on_vanished, waiting, NULL);
  else
    hand_out (queue);
}

static void
script_queue (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  XmScriptQueue *queue = ((XmService *)owner)->script_queue;
  const char *script;
  g_variant_get (parameters, "(&s)", &script);
  gsize length = strlen (script);
  GError *error = NULL;
  if (g_queue_get_length (&queue->scripts) >= XM_SCRIPT_QUEUE_MAX ||
      length > XM_SCRIPT_QUEUE_MAX_BYTES - queue->bytes) {
    xm_error_set_plain (&error, "the queue of scripts is full: %d scripts or %d bytes",
                        XM_SCRIPT_QUEUE_MAX, XM_SCRIPT_QUEUE_MAX_BYTES);
    xm_error_return (invocation, error);
    return;
  }
  queue->bytes += length;
  g_queue_push_tail (&queue->scripts, g_strdup (script));
  g_dbus_method_invocation_return_value (invocation, NULL);
  hand_out (queue);
}

const XmMethod xm_testing_methods[] = {
  { "script_dequeue", script_dequeue },
  { "script_queue", script_queue },
  { NULL, NULL },
};

XmScriptQueue *
xm_script_queue_new (void)
{
  XmScriptQueue *queue = g_new0 (XmScriptQueue, 1);
  g_queue_init (&queue->scripts);
  g_queue_init (&queue->waiting);
  return queue;
}

void
xm_script_queue_free (XmScriptQueue *queue)
{
  Waiting *waiting;
  while ((waiting = g_queue_pop_head (&queue->waiting)) != NULL) {
    GError *error = NULL;
    xm_error_set_plain (&error, "the service ends");
    waiting_end (waiting, error);
  }
  g_queue_clear_full (&queue->scripts, g_free);
  g_free (queue);
}
