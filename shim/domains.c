/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/domains.h"

#define RETRY_SECONDS 5

struct _XmDomains {
  GObject parent;
  XlRunner *runner;
  GSource *watches[2];
  guint interval;
  guint timer;
  guint soon;     /* timer of xm_domains_look_within() */
  gint64 soon_at; /* monotonic */
  gboolean stopped;
  gboolean running;   /* an `xl list -v` is under way */
  GPtrArray *served;  /* GTask: told when the one under way ends */
  GPtrArray *waiting; /* GTask: need one that starts later */
  gboolean stale;     /* a watch fired while one was under way */
  gboolean failed;    /* the last one did */
  GPtrArray *all;     /* XlDomain */
};

G_DEFINE_TYPE (XmDomains, xm_domains, G_TYPE_OBJECT)

enum { SIGNAL_REFRESHED, N_SIGNALS };
static guint signals[N_SIGNALS];

static void start_refresh (XmDomains *self);

static gboolean
on_timer (gpointer user_data)
{
  XmDomains *self = user_data;
  self->timer = 0;
  start_refresh (self);
  return G_SOURCE_REMOVE;
}

/* Guests can be paused by hand at any time; without guests only xenstored has news. */
static void
arm_timer (XmDomains *self)
{
  g_clear_handle_id (&self->timer, g_source_remove);
  if (self->stopped)
    return;
  if (self->failed)
    self->timer = g_timeout_add_seconds (RETRY_SECONDS, on_timer, self);
  else if (self->interval > 0 && self->all->len > 1)
    self->timer = g_timeout_add_seconds (self->interval, on_timer, self);
}

/* (transfer full) */
static GPtrArray *
take_waiting (XmDomains *self)
{
  GPtrArray *waiting = self->waiting;
  self->waiting = g_ptr_array_new_with_free_func (g_object_unref);
  return waiting;
}

static void
on_listed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (XmDomains) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) all = xl_list_finish (XL_RUNNER (source), result, &error);
  g_autoptr (GPtrArray) served = g_steal_pointer (&self->served);
  self->served = g_ptr_array_new_with_free_func (g_object_unref);
  self->running = FALSE;
  self->failed = all == NULL;
  /* An xl that hangs would hang for those as well who need a later picture: they do not wait for a
   * second time limit. */
  if (g_error_matches (error, XL_ERROR, XL_ERROR_TIMEOUT))
    g_ptr_array_extend_and_steal (served, take_waiting (self));

  /* The next look, if one is needed, goes on while the news of this one is told. */
  if (self->waiting->len > 0 || self->stale)
    start_refresh (self);

  if (all != NULL) {
    g_ptr_array_unref (self->all);
    self->all = g_steal_pointer (&all);
    g_signal_emit (self, signals[SIGNAL_REFRESHED], 0);
  } else {
    g_warning ("cannot list the domains: %s", error->message);
  }
  arm_timer (self);

  for (guint i = 0; i < served->len; i++) {
    if (error == NULL)
      g_task_return_boolean (served->pdata[i], TRUE);
    else
      g_task_return_error (served->pdata[i], g_error_copy (error));
  }
}

static void
start_refresh (XmDomains *self)
{
  if (self->stopped)
    return;
  if (self->running) {
    self->stale = TRUE;
    return;
  }
  self->running = TRUE;
  self->stale = FALSE;
  GPtrArray *served = self->served;
  self->served = self->waiting;
  self->waiting = served;
  xl_list_async (self->runner, NULL, on_listed, g_object_ref (self));
}

void
xm_domains_refresh_async (XmDomains *self,
                          GCancellable *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer user_data)
{
  GTask *task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, xm_domains_refresh_async);
  if (self->stopped) {
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CANCELLED, "the service is ending");
    g_object_unref (task);
    return;
  }
  g_ptr_array_add (self->waiting, task);
  if (!self->running)
    start_refresh (self);
}

gboolean
xm_domains_refresh_finish (XmDomains *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

/*
 * A destroyed domain stays in Xen, dying and without a name, as long as some
 * other domain holds its memory: that can be for ever, and is nobody's VM.
 */
static gboolean
is_zombie (const XlDomain *domain)
{
  return (domain->state & XL_DOMAIN_DYING) != 0 && g_str_equal (domain->name, "(null)");
}

GPtrArray *
xm_domains_find_uuid (XmDomains *self, const char *uuid)
{
  GPtrArray *found = g_ptr_array_new ();
  for (guint i = 0; i < self->all->len; i++) {
    XlDomain *domain = self->all->pdata[i];
    if (domain->domid != 0 && domain->uuid != NULL && !is_zombie (domain) &&
        g_ascii_strcasecmp (domain->uuid, uuid) == 0)
      g_ptr_array_add (found, domain);
  }
  return found;
}

const GPtrArray *
xm_domains_get_all (XmDomains *self)
{
  return self->all;
}

static gboolean
on_watch (const char *path, gpointer user_data)
{
  start_refresh (user_data);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_soon (gpointer user_data)
{
  XmDomains *self = user_data;
  self->soon = 0;
  start_refresh (self);
  return G_SOURCE_REMOVE;
}

void
xm_domains_look_within (XmDomains *self, guint ms)
{
  gint64 at = g_get_monotonic_time () + ms * (gint64)1000;
  if (self->stopped || (self->soon != 0 && self->soon_at <= at))
    return;
  g_clear_handle_id (&self->soon, g_source_remove);
  self->soon_at = at;
  self->soon = g_timeout_add (ms, on_soon, self);
}

void
xm_domains_set_interval (XmDomains *self, guint interval)
{
  self->interval = interval;
  arm_timer (self);
}

void
xm_domains_stop (XmDomains *self)
{
  self->stopped = TRUE;
  g_clear_handle_id (&self->timer, g_source_remove);
  g_clear_handle_id (&self->soon, g_source_remove);
  for (guint i = 0; i < G_N_ELEMENTS (self->watches); i++) {
    if (self->watches[i] == NULL)
      continue;
    g_source_destroy (self->watches[i]);
    g_clear_pointer (&self->watches[i], g_source_unref);
  }
}

XmDomains *
xm_domains_new (XlRunner *runner, XlXenstore *xenstore, guint interval)
{
  static const char *const special[] = { "@introduceDomain", "@releaseDomain" };
  XmDomains *self = g_object_new (XM_TYPE_DOMAINS, NULL);
  self->runner = g_object_ref (runner);
  self->interval = interval;
  for (guint i = 0; i < G_N_ELEMENTS (special); i++) {
    self->watches[i] = xl_xenstore_watch_source_new (xenstore, special[i]);
    g_source_set_callback (self->watches[i], G_SOURCE_FUNC (on_watch), self, NULL);
    g_source_attach (self->watches[i], NULL);
  }
  return self;
}

static void
xm_domains_init (XmDomains *self)
{
  self->served = g_ptr_array_new_with_free_func (g_object_unref);
  self->waiting = g_ptr_array_new_with_free_func (g_object_unref);
  self->all = g_ptr_array_new_with_free_func ((GDestroyNotify)xl_domain_free);
}

static void
xm_domains_finalize (GObject *object)
{
  XmDomains *self = XM_DOMAINS (object);
  xm_domains_stop (self);
  g_ptr_array_unref (self->served);
  g_ptr_array_unref (self->waiting);
  g_ptr_array_unref (self->all);
  g_object_unref (self->runner);
  G_OBJECT_CLASS (xm_domains_parent_class)->finalize (object);
}

static void
xm_domains_class_init (XmDomainsClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = xm_domains_finalize;
  signals[SIGNAL_REFRESHED] = g_signal_new ("refreshed", XM_TYPE_DOMAINS, G_SIGNAL_RUN_LAST, 0,
                                            NULL, NULL, NULL, G_TYPE_NONE, 0);
}
