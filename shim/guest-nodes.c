/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/guest-nodes.h"

#include <string.h>

#include "shim/vm-power.h"
#include "shim/vm-properties.h"

#define MAX_DIGITS 9
#define MAX_PATHS  2

typedef struct _Node Node;

/** Kind: nodes that are followed, and read, together. */
typedef struct {
  const char *paths[MAX_PATHS]; /* below the domain's */
  guint interval;               /* ms between two reads */
  void (*look) (Node *node);
} Kind;

struct _Node {
  const Kind *kind;
  XmGuestNodes *owner;
  GSource *watches[MAX_PATHS];
  guint timer;    /* nothing is read before it ends */
  gboolean again; /* it has changed meanwhile */
};

#define N_KINDS 3

struct _XmGuestNodes {
  XmVm *vm; /* owns this, in XmVm.nodes */
  int domid;
  Node nodes[N_KINDS];
};

/* -- reading ----------------------------------------------------------------------- */

/** Look: reads of some nodes, from their beginning to the answer to the last. */
typedef struct {
  XmVm *vm;
  int domid;
  void (*take) (XmVm *vm, char *const *texts); /* NULL for a text that is not there */
  guint pending;
  guint n;
  char *texts[];
} Look;

typedef struct {
  Look *look;
  guint i;
} Reading;

static void
on_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Reading *reading = user_data;
  Look *look = reading->look;
  look->texts[reading->i] = xl_xenstore_read_finish (XL_XENSTORE (source), result, NULL);
  if (--look->pending > 0)
    return;
  if (look->vm->domid == look->domid && look->vm->object != NULL)
    look->take (look->vm, look->texts);
  for (guint i = 0; i < look->n; i++)
    g_free (look->texts[i]);
  xm_vm_unref (look->vm);
  g_free (look);
}

static void
read_nodes (const XmGuestNodes *nodes,
            const char *const *paths,
            guint n,
            void (*take) (XmVm *vm, char *const *texts))
{
  Look *look = g_malloc0 (sizeof (Look) + n * sizeof (char *));
  *look = (Look){ xm_vm_ref (nodes->vm), nodes->domid, take, n, n };
  for (guint i = 0; i < n; i++) {
    g_autofree char *path = g_strdup_printf ("/local/domain/%d/%s", nodes->domid, paths[i]);
    Reading *reading = g_new (Reading, 1);
    *reading = (Reading){ look, i };
    xl_xenstore_read_async (nodes->vm->service->xenstore, path, NULL, on_read, reading);
  }
}

/* -- power ------------------------------------------------------------------------- */

static void
take_power (XmVm *vm, char *const *texts)
{
  static const struct {
    const char *word;
    int state;
  } words[] = { { "s3", 3 }, { "s0", 0 }, { "4", 4 } };
  for (gsize i = 0; texts[0] != NULL && i < G_N_ELEMENTS (words); i++) {
    if (g_str_equal (texts[0], words[i].word))
      xm_vm_power_told (vm, words[i].state);
  }
}

static void
look_at_power (Node *node)
{
  read_nodes (node->owner, node->kind->paths, 1, take_power);
}

/* -- PV drivers -------------------------------------------------------------------- */

static gboolean
store (XmVm *vm, const char *property, const char *text)
{
  const char *key = xm_vm_property_lookup (property)->key;
  g_autoptr (GError) error = NULL;
  if (g_strcmp0 (xm_vm_read (vm, key), text) == 0)
    return FALSE;
  if (xm_vm_write (vm, key, text, &error))
    return TRUE;
  g_warning ("%s: %s is not recorded: %s", vm->uuid, property, error->message);
  return FALSE;
}

/* @version: (nullable): NULL leaves it as it is */
static void
store_addons (XmVm *vm, gboolean installed, const char *version)
{
  if (!xm_store_exists (vm->service->store, vm->db_path))
    return;
  gboolean changed = xm_vm_read_boolean (vm, "pv-addons-installed", FALSE) != installed &&
                     store (vm, "pv-addons", installed ? "true" : "false");
  const char *key = xm_vm_property_lookup ("pv-addons-version")->key;
  const char *old = xm_vm_read (vm, key);
  if (version != NULL && !g_str_equal (old != NULL ? old : "", version))
    changed |= store (vm, "pv-addons-version", version);
  if (!changed)
    return;
  xm_store_commit_async (vm->service->store, NULL, NULL, NULL);
  xm_vm_config_changed (vm);
}

static gboolean
is_number (const char *text)
{
  gsize length = text != NULL ? strlen (text) : 0;
  return length > 0 && length <= MAX_DIGITS && strspn (text, "0123456789") == length;
}

/*
 * Which of the two nodes the guest wrote last, nobody can tell: events of xenstored say that a node
 * has changed, not when. So nothing counts but what both say when they are read, and while both say
 * 1 the drivers are gone: they come back with a new domain, or when the second word is taken back.
 * Every change is followed by a look at both.
 */
static void
take_addons (XmVm *vm, char *const *texts)
{
  g_autofree char *version = NULL;
  if (g_strcmp0 (texts[0], "1") == 0) {
    store_addons (vm, FALSE, "");
    return;
  }
  if (g_strcmp0 (texts[1], "1") != 0)
    return;
  if (is_number (texts[2]) && is_number (texts[3]) && is_number (texts[4]) && is_number (texts[5]))
    version = g_strjoin (".", texts[2], texts[3], texts[4], texts[5], NULL);
  store_addons (vm, TRUE, version);
}

#define INSTALLED   "attr/PVAddons"
#define UNINSTALLED "attr/PVAddonsUninstalled"

static void
read_addons (const XmGuestNodes *nodes)
{
  static const char *const paths[] = { UNINSTALLED,
                                       INSTALLED "/Installed",
                                       INSTALLED "/MajorVersion",
                                       INSTALLED "/MinorVersion",
                                       INSTALLED "/MicroVersion",
                                       INSTALLED "/BuildVersion" };
  read_nodes (nodes, paths, G_N_ELEMENTS (paths), take_addons);
}

static void
look_at_addons (Node *node)
{
  read_addons (node->owner);
}

void
xm_guest_nodes_agent_told (XmVm *vm, gboolean installed)
{
  if (installed)
    read_addons (&(XmGuestNodes){ .vm = vm, .domid = vm->domid });
  else
    store_addons (vm, FALSE, "");
}

/* -- following --------------------------------------------------------------------- */

/* What the PV drivers tell is written to disk. */
static const Kind kinds[N_KINDS] = {
  { { "acpi-state" }, 250, look_at_power },
  { { "power-state" }, 250, look_at_power },
  { { INSTALLED, UNINSTALLED }, 2000, look_at_addons },
};

static gboolean
on_timer (gpointer user_data)
{
  Node *node = user_data;
  if (node->again) {
    node->again = FALSE;
    node->kind->look (node);
    return G_SOURCE_CONTINUE;
  }
  node->timer = 0;
  return G_SOURCE_REMOVE;
}

static gboolean
on_change (const char *path, gpointer user_data)
{
  Node *node = user_data;
  if (node->timer != 0) {
    node->again = TRUE;
    return G_SOURCE_CONTINUE;
  }
  node->timer = g_timeout_add (node->kind->interval, on_timer, node);
  node->kind->look (node);
  return G_SOURCE_CONTINUE;
}

static void
begin (Node *node, const Kind *kind, XmGuestNodes *owner)
{
  node->kind = kind;
  node->owner = owner;
  for (guint i = 0; i < MAX_PATHS && kind->paths[i] != NULL; i++) {
    g_autofree char *path = g_strdup_printf ("/local/domain/%d/%s", owner->domid, kind->paths[i]);
    node->watches[i] = xl_xenstore_watch_source_new (owner->vm->service->xenstore, path);
    g_source_set_callback (node->watches[i], G_SOURCE_FUNC (on_change), node, NULL);
    g_source_attach (node->watches[i], NULL);
  }
}

static void
end (Node *node)
{
  for (guint i = 0; i < MAX_PATHS && node->watches[i] != NULL; i++) {
    g_source_destroy (node->watches[i]);
    g_source_unref (node->watches[i]);
  }
  g_clear_handle_id (&node->timer, g_source_remove);
}

XmGuestNodes *
xm_guest_nodes_new (XmVm *vm)
{
  XmGuestNodes *nodes = g_new0 (XmGuestNodes, 1);
  nodes->vm = vm;
  nodes->domid = vm->domid;
  for (guint i = 0; i < N_KINDS; i++)
    begin (&nodes->nodes[i], &kinds[i], nodes);
  return nodes;
}

void
xm_guest_nodes_free (XmGuestNodes *nodes)
{
  for (guint i = 0; i < N_KINDS; i++)
    end (&nodes->nodes[i]);
  g_free (nodes);
}
