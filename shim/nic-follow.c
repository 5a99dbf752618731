/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/nic-follow.h"

#include <string.h>

#include "shim/network-daemon.h"
#include "shim/nic-backend.h"
#include "shim/nic-record.h"
#include "shim/text.h"
#include "shim/vm-device.h"
#include "xlwrap/xl-commands.h"

#define ATTEMPTS         31
#define ATTEMPT_INTERVAL 1 /* s */

/** Job: one NIC, from the look at who serves it to its move. */
typedef struct {
  XmVm *vm;
  int domid;
  guint id;
  XmVm *backend;
  int backend_domid; /* the one that has ended, or the one that begins */
  void (*take) (gpointer job, guint64 present);
  guint attempts;
} Job;

static void
job_free (Job *job)
{
  xm_vm_unref (job->vm);
  xm_vm_unref (job->backend);
  g_free (job);
}

/* -- who serves it now ------------------------------------------------------------- */

/* (nullable) of xenstored: libxl's own node, which guests cannot write. */
static gboolean
parse_backend (const char *path, guint64 *domid)
{
  static const char prefix[] = "/local/domain/";
  if (path == NULL || !g_str_has_prefix (path, prefix))
    return FALSE;
  g_autofree char *number = g_strdup (path + strlen (prefix));
  number[strspn (number, "0123456789")] = '\0';
  return g_ascii_string_to_unsigned (number, 10, 0, 0x7fef, domid, NULL);
}

static void
on_backend (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Job *job = user_data;
  g_autofree char *path = xl_xenstore_read_finish (XL_XENSTORE (source), result, NULL);
  guint64 present;
  if (job->vm->object != NULL && job->vm->domid == job->domid && parse_backend (path, &present))
    job->take (job, present);
  else
    job_free (job);
}

static void
look (XmVm *backend, int backend_domid, void (*take) (gpointer job, guint64 present))
{
  XmService *service = backend->service;
  GHashTableIter iter;
  gpointer value;
  g_hash_table_iter_init (&iter, service->vms);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    XmVm *vm = value;
    if (vm == backend || vm->domid < 0)
      continue;
    g_autoptr (GArray) ids = xm_vm_list_ids (vm, "config/nic");
    for (guint i = 0; i < ids->len; i++) {
      guint id = g_array_index (ids, guint, i);
      if (!xm_nic_is_given (vm, id) || xm_nic_backend (vm, id, NULL) != backend)
        continue;
      Job *job = g_new0 (Job, 1);
      *job = (Job){ xm_vm_ref (vm), vm->domid, id, xm_vm_ref (backend), backend_domid, take, 0 };
      g_autofree char *node = g_strdup_printf ("/libxl/%d/device/vif/%u/backend", vm->domid, id);
      xl_xenstore_read_async (service->xenstore, node, NULL, on_backend, job);
    }
  }
}

/* -- the end ----------------------------------------------------------------------- */

static void
on_disconnected (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Job *job = user_data;
  g_autoptr (GError) error = NULL;
  if (!xl_xenstore_apply_finish (XL_XENSTORE (source), result, &error))
    g_info ("%s: nic %u: %s", job->vm->uuid, job->id, error->message);
  job_free (job);
}

static void
disconnect (gpointer data, guint64 present)
{
  Job *job = data;
  g_autofree char *home = g_strdup_printf ("/local/domain/%d/vm", job->domid);
  g_autofree char *node =
      g_strdup_printf ("/local/domain/%d/device/vif/%u/disconnect", job->domid, job->id);
  /* The first fails when the domain is gone: nothing is left behind then. */
  const XlXenstoreChange changes[] = { { home, NULL, "r0" }, { node, "1", NULL } };
  if (present == (guint64)job->backend_domid)
    xl_xenstore_apply_async (job->vm->service->xenstore, changes, G_N_ELEMENTS (changes), NULL,
                             on_disconnected, job);
  else
    job_free (job);
}

void
xm_nic_follow_end (XmVm *backend, int domid)
{
  look (backend, domid, disconnect);
}

/* -- the beginning ----------------------------------------------------------------- */

static gboolean
is_current (const Job *job)
{
  return job->vm->object != NULL && job->vm->domid == job->domid &&
         job->backend->domid == job->backend_domid && !job->vm->service->ending;
}

static gboolean on_retry (gpointer user_data);
static gboolean on_look_again (gpointer user_data);

/* Whether another attempt is worth while. */
static gboolean
again_with (Job *job, GSourceFunc attempt)
{
  if (++job->attempts >= ATTEMPTS || !is_current (job))
    return FALSE;
  g_timeout_add_seconds (ATTEMPT_INTERVAL, attempt, job);
  return TRUE;
}

static void
on_connected (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Job *job = user_data;
  if (xm_network_daemon_connected_finish (result))
    g_message ("%s: nic %u is served by domain %d", job->vm->uuid, job->id, job->backend_domid);
  else if (again_with (job, on_look_again))
    return;
  else
    g_warning ("%s: domain %d does not connect nic %u", job->vm->uuid, job->backend_domid, job->id);
  job_free (job);
}

/* xl has given the NIC to its backend; that it works there, the network daemon knows. */
static gboolean
on_look_again (gpointer user_data)
{
  Job *job = user_data;
  XmNetworkDaemon *daemon = is_current (job) ? job->vm->service->network_daemon : NULL;
  g_autofree char *interface = g_strdup_printf ("vif%d.%u", job->domid, job->id);
  if (daemon != NULL)
    xm_network_daemon_connected_async (daemon, interface, job->backend_domid, on_connected, job);
  else
    job_free (job);
  return G_SOURCE_REMOVE;
}

static void
on_attached (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Job *job = user_data;
  g_autoptr (GError) error = NULL;
  if (xl_command_finish (XL_RUNNER (source), result, &error)) {
    on_look_again (job);
    return;
  }
  if (again_with (job, on_retry))
    return;
  g_warning ("%s: nic %u is lost: %s", job->vm->uuid, job->id, error->message);
  job_free (job);
}

static void
add (GStrvBuilder *words, const char *key, const char *value)
{
  g_autofree char *word = g_strconcat (key, "=", value, NULL);
  g_strv_builder_add (words, word);
}

static void
attach (Job *job)
{
  XmVm *vm = job->vm;
  XmService *service = vm->service;
  gboolean openxt = xm_toolstack_is_openxt (service->toolstack);
  gboolean emulated = xm_vm_is_hvm (vm) && xm_vm_read_boolean (vm, "stubdom", FALSE);
  const char *network = xm_nic_network (vm, job->id);
  g_autofree char *bridge =
      openxt ? g_strdup (network) : xm_settings_bridge (service->settings, network);
  g_autofree char *mac = xm_nic_mac (vm, job->id);
  g_autofree char *backend = g_strdup_printf ("%d", job->backend_domid);
  g_autofree char *devid = g_strdup_printf ("%u", job->id);
  g_autoptr (GStrvBuilder) words = g_strv_builder_new ();
  if (bridge != NULL)
    add (words, "bridge", bridge);
  add (words, "backend", backend);
  add (words, "mac", mac);
  if (openxt)
    add (words, "type", emulated ? "ioemu" : "vif");
  if (openxt && xm_network_is_wireless (network))
    add (words, "wireless", "1");
  add (words, "devid", devid);
  g_auto (GStrv) settings = g_strv_builder_end (words);
  xl_network_attach_async (service->runner, (guint)job->domid, (const char *const *)settings, NULL,
                           on_attached, job);
}

static gboolean
on_retry (gpointer user_data)
{
  Job *job = user_data;
  if (is_current (job))
    attach (job);
  else
    job_free (job);
  return G_SOURCE_REMOVE;
}

/* It may be half gone with its backend: what counts is whether it can be attached. */
static void
on_detached (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Job *job = user_data;
  g_autoptr (GError) error = NULL;
  if (!xl_command_finish (XL_RUNNER (source), result, &error))
    g_info ("%s: nic %u: %s", job->vm->uuid, job->id, error->message);
  on_retry (job);
}

static gboolean
domain_exists (XmService *service, guint64 domid)
{
  const GPtrArray *all = xm_domains_get_all (service->domains);
  for (guint i = 0; i < all->len; i++) {
    if (((const XlDomain *)all->pdata[i])->domid == domid)
      return TRUE;
  }
  return FALSE;
}

static void
move (gpointer data, guint64 present)
{
  Job *job = data;
  XmService *service = job->vm->service;
  if (is_current (job) && !domain_exists (service, present))
    xl_network_detach_async (service->runner, (guint)job->domid, job->id, NULL, on_detached, job);
  else
    job_free (job);
}

void
xm_nic_follow_begin (XmVm *backend)
{
  if (backend->domid >= 0)
    look (backend, backend->domid, move);
}
