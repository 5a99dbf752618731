/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xlwrap/xl-xenstore-worker.h"

#include "xlwrap/xl-xenstore-watch.h"
#include "xlwrap/xl-xenstore-wire.h"

#include <errno.h>
#include <gio/gio.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <xenstore.h>

#define CLOSE_WAIT_US  G_TIME_SPAN_SECOND
#define FIRST_RETRY_US (50 * G_TIME_SPAN_MILLISECOND)
#define LAST_RETRY_US  (2 * G_TIME_SPAN_SECOND)

/* One entry of the queue: a request, or the beginning or end of a watch. */
typedef struct {
  gatomicrefcount references;
  GTask *task;  /* NULL: it is about @watch */
  gint claimed; /* whoever sets it returns the task */
  XlXenstoreCall call;
  GDestroyNotify free_result;
  XlXenstoreWatch *watch;
  gboolean unwatch;
} Job;

struct _XlXenstoreWorker {
  gatomicrefcount references;
  GThread *thread;
  int wake_fd;

  GMutex lock; /* over what follows */
  GCond ended_cond;
  GQueue jobs;
  Job *current; /* borrowed; the one that is being carried out */
  gboolean closing;
  gboolean ended;

  /* Of the thread alone. */
  XlXenstoreLink link;  /* for requests */
  XlXenstoreWire *wire; /* for watches; it also tells when xenstored goes */
  gint64 retry_at, retry_delay;
  GHashTable *watches; /* token -> XlXenstoreWatch */
  guint32 last_token;
};

static Job *
job_new (void)
{
  Job *job = g_new0 (Job, 1);

  g_atomic_ref_count_init (&job->references);
  return job;
}

static Job *
job_ref (Job *job)
{
  g_atomic_ref_count_inc (&job->references);
  return job;
}

static void
job_unref (gpointer data)
{
  Job *job = data;

  if (!g_atomic_ref_count_dec (&job->references))
    return;
  g_clear_object (&job->task);
  g_clear_pointer (&job->watch, xl_xenstore_watch_unref);
  g_free (job);
}

static gboolean
job_claim (Job *job)
{
  return g_atomic_int_compare_and_exchange (&job->claimed, FALSE, TRUE);
}

static void
job_cancel (Job *job)
{
  if (job->task && job_claim (job))
    g_task_return_new_error (job->task, G_IO_ERROR, G_IO_ERROR_CANCELLED,
                             "the connection to xenstored was closed");
}

XlXenstoreWorker *
xl_xenstore_worker_ref (XlXenstoreWorker *self)
{
  g_atomic_ref_count_inc (&self->references);
  return self;
}

void
xl_xenstore_worker_unref (XlXenstoreWorker *self)
{
  if (!g_atomic_ref_count_dec (&self->references))
    return;
  g_queue_clear_full (&self->jobs, job_unref);
  g_hash_table_unref (self->watches);
  g_cond_clear (&self->ended_cond);
  g_mutex_clear (&self->lock);
  close (self->wake_fd);
  g_free (self);
}

/* ---- connections ---- */

static void
disconnect (XlXenstoreWorker *self)
{
  g_clear_pointer (&self->link.handle, xs_close);
  g_clear_pointer (&self->wire, xl_xenstore_wire_close);
  self->link.broken = FALSE;
}

static void
register_watches (XlXenstoreWorker *self)
{
  GHashTableIter iter;
  gpointer token, watch;

  g_hash_table_iter_init (&iter, self->watches);
  while (g_hash_table_iter_next (&iter, &token, &watch))
    xl_xenstore_wire_watch (self->wire, GPOINTER_TO_UINT (token),
                            xl_xenstore_watch_get_path (watch));
}

/* The wire comes first: then the other connection cannot outlive an xenstored unnoticed. */
static gboolean
try_connect (XlXenstoreWorker *self)
{
  self->wire = xl_xenstore_wire_open ();
  self->link.handle = self->wire ? xs_open (0) : NULL;
  if (!self->link.handle) {
    disconnect (self);
    return FALSE;
  }
  self->retry_delay = FIRST_RETRY_US;
  register_watches (self);
  return TRUE;
}

static void
retry_connect (XlXenstoreWorker *self)
{
  if (try_connect (self))
    return;
  self->retry_at = g_get_monotonic_time () + self->retry_delay;
  self->retry_delay = MIN (2 * self->retry_delay, LAST_RETRY_US);
}

static gboolean
is_connected (XlXenstoreWorker *self)
{
  return self->link.handle != NULL;
}

/* ---- the thread ---- */

static void
on_changed (guint32 token, const char *path, gpointer user_data)
{
  XlXenstoreWorker *self = user_data;
  XlXenstoreWatch *watch = g_hash_table_lookup (self->watches, GUINT_TO_POINTER (token));

  if (watch)
    xl_xenstore_watch_deliver (watch, path);
}

static void
on_refused (guint32 token, const char *why, gpointer user_data)
{
  XlXenstoreWorker *self = user_data;
  XlXenstoreWatch *watch = g_hash_table_lookup (self->watches, GUINT_TO_POINTER (token));

  if (watch)
    g_warning ("cannot watch %s in xenstore: %s", xl_xenstore_watch_get_path (watch), why);
}

static const XlXenstoreWireFuncs wire_funcs = { on_changed, on_refused };

static void
begin_watch (XlXenstoreWorker *self, XlXenstoreWatch *watch)
{
  guint32 token = ++self->last_token;

  g_hash_table_insert (self->watches, GUINT_TO_POINTER (token), xl_xenstore_watch_ref (watch));
  if (self->wire)
    xl_xenstore_wire_watch (self->wire, token, xl_xenstore_watch_get_path (watch));
}

static void
end_watch (XlXenstoreWorker *self, XlXenstoreWatch *watch)
{
  GHashTableIter iter;
  gpointer token, value;

  g_hash_table_iter_init (&iter, self->watches);
  while (g_hash_table_iter_next (&iter, &token, &value)) {
    if (value != watch)
      continue;
    if (self->wire)
      xl_xenstore_wire_unwatch (self->wire, GPOINTER_TO_UINT (token),
                                xl_xenstore_watch_get_path (watch));
    g_hash_table_iter_remove (&iter);
    return;
  }
}

static void
carry_out_request (XlXenstoreWorker *self, Job *job)
{
  GError *error = NULL;
  gpointer result = NULL;

  if (g_atomic_int_get (&job->claimed))
    return;
  if (is_connected (self) || try_connect (self))
    result = job->call (&self->link, g_task_get_task_data (job->task), &error);
  else
    error = g_error_new_literal (XL_ERROR, XL_ERROR_XENSTORE, "xenstored cannot be reached");
  if (self->link.broken)
    disconnect (self);

  if (!job_claim (job)) {
    g_clear_error (&error);
    if (result && job->free_result)
      job->free_result (result);
  } else if (error) {
    g_task_return_error (job->task, error);
  } else {
    g_task_return_pointer (job->task, result, job->free_result);
  }
}

static void
carry_out (XlXenstoreWorker *self, Job *job)
{
  if (job->task)
    carry_out_request (self, job);
  else if (job->unwatch)
    end_watch (self, job->watch);
  else
    begin_watch (self, job->watch);
}

/* Returns: (transfer full) (nullable) */
static Job *
take_job (XlXenstoreWorker *self, gboolean *closing)
{
  Job *job;

  g_mutex_lock (&self->lock);
  *closing = self->closing;
  job = *closing ? NULL : g_queue_pop_head (&self->jobs);
  self->current = job;
  g_mutex_unlock (&self->lock);
  return job;
}

static void
finish_job (XlXenstoreWorker *self, Job *job)
{
  g_mutex_lock (&self->lock);
  self->current = NULL;
  g_mutex_unlock (&self->lock);
  job_unref (job);
}

static int
get_poll_timeout (XlXenstoreWorker *self)
{
  gint64 wait;
  gboolean busy;

  g_mutex_lock (&self->lock);
  busy = self->closing || !g_queue_is_empty (&self->jobs);
  g_mutex_unlock (&self->lock);
  if (busy)
    return 0;
  if (is_connected (self))
    return -1;
  wait = self->retry_at - g_get_monotonic_time ();
  return wait <= 0 ? 0 : (int)(wait / G_TIME_SPAN_MILLISECOND) + 1;
}

/* Waits for something to do, and sees to the connections and the events. */
static void
wait_for_events (XlXenstoreWorker *self)
{
  enum { WAKE, WIRE, N_FDS };
  struct pollfd fds[N_FDS] = {
    [WAKE] = { .fd = self->wake_fd, .events = POLLIN },
    [WIRE] = { .fd = -1 },
  };
  eventfd_t ignored;

  if (self->wire) {
    fds[WIRE].fd = xl_xenstore_wire_get_fd (self->wire);
    fds[WIRE].events = xl_xenstore_wire_get_events (self->wire);
  }
  if (poll (fds, N_FDS, get_poll_timeout (self)) < 0)
    return;
  if (fds[WAKE].revents)
    eventfd_read (self->wake_fd, &ignored);
  if (fds[WIRE].revents && !xl_xenstore_wire_process (self->wire, &wire_funcs, self))
    disconnect (self);
  if (!is_connected (self) && g_get_monotonic_time () >= self->retry_at)
    retry_connect (self);
}

static gpointer
worker_main (gpointer data)
{
  XlXenstoreWorker *self = data;
  gboolean closing = FALSE;
  sigset_t all;

  /* Signals are the main thread's; and no SIGPIPE when xenstored goes. */
  sigfillset (&all);
  pthread_sigmask (SIG_SETMASK, &all, NULL);

  while (!closing) {
    Job *job;

    wait_for_events (self);
    job = take_job (self, &closing);
    if (job) {
      carry_out (self, job);
      finish_job (self, job);
    }
  }

  disconnect (self);
  g_hash_table_remove_all (self->watches);
  g_mutex_lock (&self->lock);
  self->ended = TRUE;
  g_cond_signal (&self->ended_cond);
  g_mutex_unlock (&self->lock);
  xl_xenstore_worker_unref (self);
  return NULL;
}

/* ---- for the other threads ---- */

XlXenstoreWorker *
xl_xenstore_worker_new (void)
{
  XlXenstoreWorker *self = g_new0 (XlXenstoreWorker, 1);

  g_atomic_ref_count_init (&self->references);
  g_mutex_init (&self->lock);
  g_cond_init (&self->ended_cond);
  g_queue_init (&self->jobs);
  self->watches = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify)xl_xenstore_watch_unref);
  self->retry_delay = FIRST_RETRY_US;
  self->wake_fd = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (self->wake_fd < 0)
    g_error ("eventfd: %s", g_strerror (errno));
  self->thread = g_thread_new ("xenstore", worker_main, xl_xenstore_worker_ref (self));
  return self;
}

void
xl_xenstore_worker_close (XlXenstoreWorker *self)
{
  GQueue jobs = G_QUEUE_INIT;
  gint64 end = g_get_monotonic_time () + CLOSE_WAIT_US;
  g_autoptr (GThread) thread = NULL;
  gboolean ended;
  Job *job;

  g_mutex_lock (&self->lock);
  thread = g_steal_pointer (&self->thread);
  self->closing = TRUE;
  while ((job = g_queue_pop_head (&self->jobs)))
    g_queue_push_tail (&jobs, job);
  if (self->current)
    g_queue_push_head (&jobs, job_ref (self->current));
  g_mutex_unlock (&self->lock);

  eventfd_write (self->wake_fd, 1);
  while ((job = g_queue_pop_head (&jobs))) {
    job_cancel (job);
    job_unref (job);
  }

  /* The last reference on the object can go in the worker's own thread. */
  if (!thread || thread == g_thread_self ())
    return;
  g_mutex_lock (&self->lock);
  while (!self->ended && g_cond_wait_until (&self->ended_cond, &self->lock, end))
    ;
  ended = self->ended;
  g_mutex_unlock (&self->lock);
  if (ended)
    g_thread_join (g_steal_pointer (&thread));
}

/* @job: (transfer full). Returns: FALSE when the worker is closed. */
static gboolean
push (XlXenstoreWorker *self, Job *job)
{
  gboolean closing;

  g_mutex_lock (&self->lock);
  closing = self->closing;
  if (!closing)
    g_queue_push_tail (&self->jobs, job);
  g_mutex_unlock (&self->lock);

  if (closing)
    job_unref (job);
  else
    eventfd_write (self->wake_fd, 1);
  return !closing;
}

static gboolean
on_cancelled (GCancellable *cancellable, gpointer data)
{
  Job *job = data;

  if (job_claim (job))
    g_task_return_error_if_cancelled (job->task);
  return G_SOURCE_REMOVE;
}

static void
on_completed (GTask *task, GParamSpec *property, gpointer data)
{
  GSource *source = data;

  g_source_destroy (source);
  g_source_unref (source);
}

/*
 * The answer comes in the task's context in any case, so the cancellation is
 * taken there too; the source lives and dies in that one thread.
 */
static void
watch_cancellable (Job *job)
{
  GCancellable *cancellable = g_task_get_cancellable (job->task);
  GSource *source;

  if (!cancellable)
    return;
  source = g_cancellable_source_new (cancellable);
  g_source_set_callback (source, G_SOURCE_FUNC (on_cancelled), job_ref (job), job_unref);
  g_source_attach (source, g_task_get_context (job->task));
  g_signal_connect (job->task, "notify::completed", G_CALLBACK (on_completed), source);
}

void
xl_xenstore_worker_submit (XlXenstoreWorker *self,
                           GTask *task,
                           XlXenstoreCall call,
                           GDestroyNotify free_result)
{
  Job *job;

  if (g_task_return_error_if_cancelled (task))
    return;
  job = job_new ();
  job->task = g_object_ref (task);
  job->call = call;
  job->free_result = free_result;
  watch_cancellable (job);
  if (!push (self, job_ref (job)))
    job_cancel (job);
  job_unref (job);
}

static void
push_watch (XlXenstoreWorker *self, XlXenstoreWatch *watch, gboolean unwatch)
{
  Job *job = job_new ();

  job->watch = xl_xenstore_watch_ref (watch);
  job->unwatch = unwatch;
  push (self, job);
}

void
xl_xenstore_worker_watch (XlXenstoreWorker *self, XlXenstoreWatch *watch)
{
  push_watch (self, watch, FALSE);
}

void
xl_xenstore_worker_unwatch (XlXenstoreWorker *self, XlXenstoreWatch *watch)
{
  push_watch (self, watch, TRUE);
}
