/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/store-writer.h"

#include "shim/store-file.h"

/* One write. The worker thread touches nothing but the changes and `written`. */
typedef struct {
  gatomicrefcount references;
  char *base;
  GPtrArray *changes; /* XmFileChange */
  GPtrArray *commits; /* Commit: those that wait for it */
  gboolean ended;     /* the results are taken */
  GMutex mutex;
  GCond cond;
  gboolean written; /* under the mutex */
} Batch;

struct _XmStoreWriter {
  char *base;
  GObject *owner;
  const XmStoreWriterFuncs *funcs;
  GPtrArray *marked;    /* names of changed files in the order of their first change */
  GHashTable *marks;    /* the same as a set */
  GPtrArray *commits;   /* Commit: those that wait for the next batch */
  Batch *batch;         /* in progress */
  GSource *start;       /* of the next batch */
  gboolean uncommitted; /* there were marks after the last commit */
  GError *lost;         /* what became of them; for the next commit */
};

typedef struct {
  XmStoreWriter *writer;
  GTask *task;
  GSource *cancelled;
} Commit;

static void
commit_free (gpointer data)
{
  Commit *commit = data;

  if (commit->cancelled) {
    g_source_destroy (commit->cancelled);
    g_source_unref (commit->cancelled);
  }
  g_object_unref (commit->task);
  g_free (commit);
}

static Batch *
batch_ref (Batch *batch)
{
  g_atomic_ref_count_inc (&batch->references);
  return batch;
}

static void
batch_unref (Batch *batch)
{
  if (!g_atomic_ref_count_dec (&batch->references))
    return;
  g_free (batch->base);
  g_ptr_array_unref (batch->changes);
  g_ptr_array_unref (batch->commits);
  g_mutex_clear (&batch->mutex);
  g_cond_clear (&batch->cond);
  g_free (batch);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Batch, batch_unref)

static void
batch_write (Batch *batch)
{
  xm_store_apply (batch->base, batch->changes);
  g_mutex_lock (&batch->mutex);
  batch->written = TRUE;
  g_cond_signal (&batch->cond);
  g_mutex_unlock (&batch->mutex);
}

static void
batch_wait (Batch *batch)
{
  g_mutex_lock (&batch->mutex);
  while (!batch->written)
    g_cond_wait (&batch->cond, &batch->mutex);
  g_mutex_unlock (&batch->mutex);
}

static GPtrArray *
take (GPtrArray **array, GDestroyNotify destroy)
{
  GPtrArray *taken = *array;

  *array = g_ptr_array_new_with_free_func (destroy);
  return taken;
}

/* The texts are made here, on the store's thread; the worker only does I/O. */
static void
make_batch (XmStoreWriter *self)
{
  g_autoptr (GPtrArray) marked = take (&self->marked, g_free);
  Batch *batch = g_new0 (Batch, 1);

  g_hash_table_remove_all (self->marks);
  if (self->start)
    g_source_destroy (self->start);
  g_clear_pointer (&self->start, g_source_unref);

  g_atomic_ref_count_init (&batch->references);
  batch->base = g_strdup (self->base);
  batch->commits = take (&self->commits, commit_free);
  batch->changes = g_ptr_array_new_with_free_func ((GDestroyNotify)xm_file_change_free);
  g_mutex_init (&batch->mutex);
  g_cond_init (&batch->cond);
  for (guint i = 0; i < marked->len; i++) {
    const char *file = g_ptr_array_index (marked, i);

    g_ptr_array_add (batch->changes,
                     xm_file_change_new (file, self->funcs->get_text (self->owner, file)));
  }
  self->batch = batch;
}

static void
unmark (XmStoreWriter *self, const char *file)
{
  for (guint i = 0; i < self->marked->len; i++)
    if (g_str_equal (g_ptr_array_index (self->marked, i), file)) {
      g_hash_table_remove (self->marks, file);
      g_ptr_array_remove_index (self->marked, i);
      return;
    }
}

static void
return_commits (GPtrArray *commits, const GError *error)
{
  for (guint i = 0; i < commits->len; i++) {
    Commit *commit = g_ptr_array_index (commits, i);

    if (error)
      g_task_return_error (commit->task, g_error_copy (error));
    else
      g_task_return_boolean (commit->task, TRUE);
  }
}

static GPtrArray *
failed_files (Batch *batch, GError **error)
{
  GPtrArray *files = g_ptr_array_new ();

  for (guint i = 0; i < batch->changes->len; i++) {
    XmFileChange *change = g_ptr_array_index (batch->changes, i);

    if (!change->failure)
      continue;
    g_ptr_array_add (files, change->file);
    if (!*error)
      g_set_error_literal (error, G_IO_ERROR, (int)g_io_error_from_errno (change->errsv),
                           change->failure);
  }
  return files;
}

static void schedule (XmStoreWriter *self);

/* Takes the results of the batch. Callbacks run last: they may come back in here. */
static void
end_batch (XmStoreWriter *self, GError **error)
{
  g_autoptr (Batch) batch = g_steal_pointer (&self->batch);
  g_autoptr (GError) why = NULL;
  g_autoptr (GPtrArray) commits = take (&batch->commits, NULL);
  g_autoptr (GPtrArray) late = NULL;
  g_autoptr (GPtrArray) files = failed_files (batch, &why);
  g_autoptr (GObject) alive = g_object_ref (self->owner);

  batch->ended = TRUE;
  if (why) {
    /* Newer changes of a failed file are lost with it, and who waits for them waited for it, too.
     */
    late = take (&self->commits, commit_free);
    for (guint i = 0; i < files->len; i++)
      unmark (self, g_ptr_array_index (files, i));
    if (self->uncommitted) {
      g_clear_error (&self->lost);
      self->lost = g_error_copy (why);
    }
  }
  schedule (self);

  if (why)
    self->funcs->failed (alive, files);
  return_commits (commits, why);
  if (late)
    return_commits (late, why);
  if (why)
    g_propagate_error (error, g_steal_pointer (&why));
}

static void
write_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  batch_write (data);
  g_task_return_boolean (task, TRUE);
}

static void
written (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmStoreWriter *self = user_data;
  Batch *batch = g_task_get_task_data (G_TASK (result));

  if (!batch->ended)
    end_batch (self, NULL);
}

static gboolean
start (gpointer user_data)
{
  XmStoreWriter *self = user_data;
  g_autoptr (GTask) task = NULL;

  make_batch (self);
  task = g_task_new (self->owner, NULL, written, self);
  g_task_set_source_tag (task, start);
  g_task_set_task_data (task, batch_ref (self->batch), (GDestroyNotify)batch_unref);
  g_task_run_in_thread (task, write_thread);
  return G_SOURCE_REMOVE;
}

/* The next batch starts when the loop is idle again, so that all commits of one iteration share it.
 */
static void
schedule (XmStoreWriter *self)
{
  if (self->batch || self->start || !self->marked->len)
    return;
  self->start = g_idle_source_new ();
  g_source_set_priority (self->start, G_PRIORITY_DEFAULT);
  g_source_set_callback (self->start, start, self, NULL);
  g_source_attach (self->start, g_main_context_get_thread_default ());
}

static gboolean
commit_cancelled (GCancellable *cancellable, gpointer user_data)
{
  Commit *commit = user_data;
  XmStoreWriter *self = commit->writer;
  GPtrArray *commits[] = { self->commits, self->batch ? self->batch->commits : NULL };

  for (gsize i = 0; i < G_N_ELEMENTS (commits); i++)
    if (commits[i] && g_ptr_array_find (commits[i], commit, NULL)) {
      g_autoptr (GTask) task = g_object_ref (commit->task);

      g_ptr_array_remove (commits[i], commit);
      g_task_return_error_if_cancelled (task);
      break;
    }
  return G_SOURCE_REMOVE;
}

void
xm_store_writer_commit (XmStoreWriter *self, GTask *task)
{
  GCancellable *cancellable = g_task_get_cancellable (task);
  Commit *commit;

  self->uncommitted = FALSE;
  if (self->lost || (!self->marked->len && !self->batch)) {
    if (self->lost)
      g_task_return_error (task, g_steal_pointer (&self->lost));
    else
      g_task_return_boolean (task, TRUE);
    g_object_unref (task);
    schedule (self);
    return;
  }

  commit = g_new0 (Commit, 1);
  commit->writer = self;
  commit->task = task;
  if (cancellable) {
    commit->cancelled = g_cancellable_source_new (cancellable);
    g_source_set_callback (commit->cancelled, G_SOURCE_FUNC (commit_cancelled), commit, NULL);
    g_source_attach (commit->cancelled, g_task_get_context (task));
  }
  g_ptr_array_add (self->marked->len ? self->commits : self->batch->commits, commit);
  schedule (self);
}

void
xm_store_writer_mark (XmStoreWriter *self, char *file)
{
  self->uncommitted = TRUE;
  if (g_hash_table_contains (self->marks, file)) {
    g_free (file);
    return;
  }
  g_hash_table_add (self->marks, file);
  g_ptr_array_add (self->marked, file);
}

gboolean
xm_store_writer_flush (XmStoreWriter *self, GError **error)
{
  g_autoptr (GError) first = NULL;

  while (self->batch || self->marked->len) {
    if (self->batch) {
      batch_wait (self->batch);
    } else {
      make_batch (self);
      batch_write (self->batch);
    }
    end_batch (self, first ? NULL : &first);
  }
  self->uncommitted = FALSE;
  g_clear_error (&self->lost);
  if (!first)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&first));
  return FALSE;
}

XmStoreWriter *
xm_store_writer_new (const char *base, GObject *owner, const XmStoreWriterFuncs *funcs)
{
  XmStoreWriter *self = g_new0 (XmStoreWriter, 1);

  self->base = g_strdup (base);
  self->owner = owner;
  self->funcs = funcs;
  self->marked = g_ptr_array_new_with_free_func (g_free);
  self->marks = g_hash_table_new (g_str_hash, g_str_equal);
  self->commits = g_ptr_array_new_with_free_func (commit_free);
  return self;
}

void
xm_store_writer_free (XmStoreWriter *self)
{
  if (self->start)
    g_source_destroy (self->start);
  g_clear_pointer (&self->start, g_source_unref);
  g_hash_table_unref (self->marks);
  g_ptr_array_unref (self->marked);
  g_ptr_array_unref (self->commits);
  g_clear_error (&self->lost);
  g_free (self->base);
  g_free (self);
}
