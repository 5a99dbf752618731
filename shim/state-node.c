/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/state-node.h"

#include <string.h>

#include "shim/lifecycle-private.h"
#include "shim/xl-builders.h"

#define TOP "/state"

/* The longest word has 16 letters; of anything longer as much is logged. */
#define MAX_LOGGED 32

struct _XmStateNodes {
  XmService *service; /* not owned */
  GSource *watch;
  GCancellable *cancellable;
  gboolean used; /* something was there once */
};

/** Word: what it makes of a domain that Xen shows running, and of one that it shows paused. */
typedef struct {
  const char *text;
  int running, paused; /* XmVmState, KEEP for what Xen says */
  gboolean follows;    /* Xen, though maybe not the picture of it that there is, shows it already */
} Word;

#define KEEP -1

static const Word words[] = {
  { "pre-create", KEEP, XM_VM_CREATING_DEVICES, FALSE },
  { "creating-domain", KEEP, XM_VM_CREATING_DEVICES, FALSE },
  { "creating-devices", KEEP, XM_VM_CREATING_DEVICES, FALSE },
  { "restoring", KEEP, XM_VM_CREATING_DEVICES, FALSE },
  { "created", KEEP, XM_VM_CREATED, FALSE },
  { "running", KEEP, XM_VM_PAUSED, TRUE },
  { "paused", KEEP, XM_VM_PAUSED, FALSE },
  { "suspending", XM_VM_SUSPENDING, XM_VM_SUSPENDING, FALSE },
  { "suspended", KEEP, KEEP, TRUE },
  { "shutdowning", XM_VM_SHUTTING_DOWN, XM_VM_SHUTTING_DOWN, FALSE },
  { "rebooting", XM_VM_REBOOTING, XM_VM_REBOOTING, FALSE },
  { "shutdown", KEEP, KEEP, TRUE },
  { "rebooted", KEEP, KEEP, TRUE },
};

struct _XmStateNode {
  const Word *word; /* NULL for none that is known */
  gboolean exists;
  gboolean reboot;
  gboolean continued; /* an xl that waited makes the domain again, because it was told to */
  gint64 changed;     /* monotonic */
};

void
xm_state_node_free (XmStateNode *node)
{
  g_free (node);
}

/* -- reading ----------------------------------------------------------------------- */

typedef struct {
  XmVm *vm;
  gboolean reboot; /* which of the two nodes */
} Reading;

static const Word *
find_word (const XmVm *vm, const char *text)
{
  for (gsize i = 0; text != NULL && i < G_N_ELEMENTS (words); i++)
    if (g_str_equal (words[i].text, text))
      return &words[i];
  if (text != NULL) {
    g_autofree char *part = g_strndup (text, MAX_LOGGED);
    g_autofree char *printable = g_strescape (part, NULL);
    g_warning ("%s: unexpected VM state string: %s", vm->uuid, printable);
  }
  return NULL;
}

static gboolean
is_others (const XmVm *vm)
{
  return vm->domid >= 0 && vm->lifecycle->own_domid != vm->domid && !vm->lifecycle->building;
}

/* -- an xl that waits before it makes a domain again ------------------------------- */

static void
on_let_run (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (XmVm) vm = user_data;
  g_autoptr (GError) error = NULL;
  if (!xm_lifecycle_run_finish (result, &error))
    g_warning ("%s: the domain that was made again does not run: %s", vm->uuid, error->message);
}

static void
on_continued (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (XmVm) vm = user_data;
  if (!xm_xl_rebuilder_continue_finish (result))
    g_info ("%s: no xl waits to make its domain again", vm->uuid);
  else if (vm->state_node != NULL)
    vm->state_node->continued = TRUE;
}

/* It makes it as it has made it at first, paused when that was so; nobody else lets it run. Domains
 * of the service itself are watched by no xl. */
static void
continue_reboot (XmVm *vm, const char *word)
{
  if (g_str_equal (word, "rebooted") && vm->lifecycle->own_domid == -1 &&
      !vm->lifecycle->building) {
    xm_xl_rebuilder_continue_async (vm->uuid, on_continued, xm_vm_ref (vm));
  } else if (g_str_equal (word, "created") && vm->state_node->continued) {
    vm->state_node->continued = FALSE;
    xm_lifecycle_run_async (vm, XM_OPERATION_UNPAUSE, on_let_run, xm_vm_ref (vm));
  }
}

/* -- what was read ----------------------------------------------------------------- */

static void
on_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Reading *reading = user_data;
  g_autoptr (XmVm) vm = reading->vm;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = xl_xenstore_read_finish (XL_XENSTORE (source), result, &error);
  if (text == NULL && !g_error_matches (error, XL_ERROR, XL_ERROR_NOT_FOUND))
    return;
  if (vm->object == NULL || (text == NULL && vm->state_node == NULL))
    return;
  if (vm->state_node == NULL)
    vm->state_node = g_new0 (XmStateNode, 1);
  if (reading->reboot) {
    vm->state_node->reboot = g_strcmp0 (text, "1") == 0;
    return;
  }
  vm->state_node->exists = text != NULL;
  vm->state_node->word = find_word (vm, text);
  vm->state_node->changed = g_get_monotonic_time ();
  if (vm->state_node->word != NULL && !vm->service->ending)
    continue_reboot (vm, vm->state_node->word->text);
  if (!is_others (vm))
    return;
  if (vm->state_node->word == NULL || !vm->state_node->word->follows)
    xm_lifecycle_observe (vm);
  if (!xm_lifecycle_is_busy (vm)) /* pause and unpause show nowhere else */
    xm_domains_refresh_async (vm->service->domains, NULL, NULL, NULL);
}

static void
read_node (XmStateNodes *nodes, XmVm *vm, gboolean reboot)
{
  g_autofree char *path = g_strdup_printf (TOP "/%s/%s", vm->uuid, reboot ? "reboot" : "state");
  Reading *reading = g_new (Reading, 1);
  *reading = (Reading){ xm_vm_ref (vm), reboot };
  xl_xenstore_read_async (nodes->service->xenstore, path, nodes->cancellable, on_read, reading);
}

void
xm_state_nodes_look (XmStateNodes *nodes, XmVm *vm)
{
  if (nodes == NULL || !nodes->used)
    return;
  read_node (nodes, vm, TRUE);
  read_node (nodes, vm, FALSE);
}

static void
on_listed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_auto (GStrv) names = xl_xenstore_list_finish (XL_XENSTORE (source), result, NULL);
  if (names == NULL || names[0] == NULL) /* cancelled, or as with stock xl */
    return;
  XmStateNodes *nodes = user_data;
  nodes->used = TRUE;
  for (char **name = names; *name != NULL; name++) {
    XmVm *vm = xm_vm_lookup (nodes->service, *name);
    if (vm != NULL)
      xm_state_nodes_look (nodes, vm);
  }
}

static gboolean
on_watch (const char *path, gpointer user_data)
{
  XmStateNodes *nodes = user_data;
  if (!g_str_has_prefix (path, TOP "/")) {
    xl_xenstore_list_async (nodes->service->xenstore, TOP, nodes->cancellable, on_listed, nodes);
    return G_SOURCE_CONTINUE;
  }
  g_auto (GStrv) names = g_strsplit (path + strlen (TOP "/"), "/", 3);
  XmVm *vm = names[0] != NULL ? xm_vm_lookup (nodes->service, names[0]) : NULL;
  nodes->used = TRUE;
  if (vm == NULL)
    return G_SOURCE_CONTINUE;
  if (names[1] == NULL)
    xm_state_nodes_look (nodes, vm);
  else if (g_str_equal (names[1], "state") || g_str_equal (names[1], "reboot"))
    read_node (nodes, vm, g_str_equal (names[1], "reboot"));
  return G_SOURCE_CONTINUE;
}

XmStateNodes *
xm_state_nodes_new (XmService *service)
{
  XmStateNodes *nodes = g_new0 (XmStateNodes, 1);
  nodes->service = service;
  nodes->cancellable = g_cancellable_new ();
  nodes->watch = xl_xenstore_watch_source_new (service->xenstore, TOP);
  g_source_set_callback (nodes->watch, G_SOURCE_FUNC (on_watch), nodes, NULL);
  g_source_attach (nodes->watch, NULL);
  return nodes;
}

void
xm_state_nodes_free (XmStateNodes *nodes)
{
  g_cancellable_cancel (nodes->cancellable);
  g_object_unref (nodes->cancellable);
  g_source_destroy (nodes->watch);
  g_source_unref (nodes->watch);
  g_free (nodes);
}

/* -- using what they say ----------------------------------------------------------- */

/* What was asked for and did not happen in the time that anything may take, is not to come. */
static gboolean
is_old (const XmVm *vm)
{
  guint seconds = xl_runner_get_timeout (vm->service->runner, XL_TIMEOUT_BUILD);
  gint64 age = g_get_monotonic_time () - vm->state_node->changed;
  return seconds > 0 && age > (gint64)seconds * G_USEC_PER_SEC;
}

XmVmState
xm_state_node_refine (const XmVm *vm, XmVmState seen)
{
  const XmStateNode *node = vm->state_node;
  if (node == NULL || !is_others (vm))
    return seen;
  if (seen == XM_VM_SHUTTING_DOWN)
    return node->reboot ? XM_VM_REBOOTING : seen;
  if (node->word == NULL || is_old (vm))
    return seen;
  int state = seen == XM_VM_RUNNING ? node->word->running : node->word->paused;
  return state != KEEP ? (XmVmState)state : seen;
}

void
xm_state_node_write_end (XmVm *vm)
{
  const XmStateNode *node = vm->state_node;
  if (node == NULL || !node->exists ||
      (node->word != NULL && g_str_equal (node->word->text, "shutdown")))
    return;
  g_autofree char *path = g_strconcat (TOP "/", vm->uuid, "/state", NULL);
  const XlXenstoreChange end = { path, "shutdown", NULL };
  xl_xenstore_apply_async (vm->service->xenstore, &end, 1, NULL, NULL, NULL);
}
