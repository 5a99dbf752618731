/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/vm-nodes.h"

#include <string.h>

#include "shim/boot-sentinel.h"
#include "shim/guest-nodes.h"
#include "shim/node-changes.h"

/* Texts that clients chose; what is longer is left out. */
#define MAX_TEXT 1024

/* So many writes for one domain may fail; xenstored would be asked with every picture otherwise. */
#define MAX_FAILURES 5

#define MAX_TAG    32
#define LAST_DOMID 0x7FEF

struct _XmVmNodes {
  int domid;         /* whose nodes they are */
  guint asked;       /* phases that are written or on their way */
  guint failures;    /* writes */
  gboolean adopting; /* looks what is there already */
  int stub_domid;    /* as read before the watch told; 0 unknown */
  XmGuestNodes *guest;
};

/* -- the table --------------------------------------------------------------------- */

/** Phase: rows that are written together. */
typedef enum {
  GUARD = 1 << 0,    /* with all others: fails while, or once, the domain has no nodes */
  SWITCHER = 1 << 1, /* what others show of it; written again when a property changes */
  CREATING = 1 << 2, /* before the device model runs */
  CREATED = 1 << 3,  /* before the guest runs */
  STUBDOM = 1 << 4,  /* when the stubdomain is known */
  STUB_LATE = 1 << 5 /* when it is known only after CREATED */
} Phase;

#define EARLY (SWITCHER | CREATING)
#define LATE  (CREATED | STUBDOM)

/**
 * Row: one node. In path, permissions and text stand %u for the VM's uuid, %l for it as libxl
 * writes it, %d for the domid, %m for the domain of the device model or else the domid, %t for the
 * type of a service VM.
 */
typedef struct {
  guint phases;
  const char *path;
  const char *permissions; /* NULL: those of the node above */
  const char *text;        /* NULL without a property: the value stays, only permissions change */
  const char *property;
  gboolean inverted;
  gboolean (*wanted) (const XmVm *vm);
} Row;

static int
stubdomain (const XmVm *vm)
{
  gint64 domid = vm->stub_domid != NULL ? xm_watched_number_get (vm->stub_domid) : -1;
  if (domid <= 0 && vm->nodes != NULL)
    domid = vm->nodes->stub_domid;
  return (int)domid;
}

static gboolean
has_stubdomain (const XmVm *vm)
{
  return stubdomain (vm) > 0;
}

static gboolean
has_argo (const XmVm *vm)
{
  return xm_vm_read_boolean (vm, "config/argo", FALSE);
}

static gboolean
serves_networks (const XmVm *vm)
{
  return xm_vm_read_boolean (vm, "provides-network-backend", FALSE);
}

static const char *
tag (const XmVm *vm)
{
  const char *type = xm_vm_read (vm, "type");
  return type != NULL ? type : "svm";
}

/* Any text can be a type; it must be fit for the name of a node. */
static gboolean
is_service_vm (const XmVm *vm)
{
  static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
  const char *text = tag (vm);
  gsize length = strlen (text);
  return length > 0 && length <= MAX_TAG && strspn (text, letters) == length &&
         !g_str_equal (text, "svm") && !g_str_equal (text, "pvm");
}

#define SHOWN "/xenmgr/vms/%u"
#define HOME  "/local/domain/%d"
#define ARGO  "/local/domain/0/backend/argo/%d"

#define NODE(phases_, path_, ...)                                                                  \
  {                                                                                                \
    .phases = phases_, .path = path_, __VA_ARGS__                                                  \
  }

/* clang-format off */
static const Row rows[] = {
  NODE (GUARD, HOME "/vm", .permissions = "r0"),
  /* The tag first: a type with the name of another node does not hide that. */
  NODE (SWITCHER, "/xenmgr/vms", .permissions = "r0", .text = ""),
  NODE (SWITCHER, SHOWN, .permissions = "r0", .text = ""),
  NODE (SWITCHER, SHOWN "/%t", .text = "1", .wanted = is_service_vm),
  NODE (SWITCHER, SHOWN "/domid", .text = "%d"),
  NODE (SWITCHER, SHOWN "/name", .property = "name"),
  NODE (SWITCHER, SHOWN "/slot", .property = "slot"),
  NODE (SWITCHER, SHOWN "/image", .property = "image-path"),
  NODE (SWITCHER, SHOWN "/type", .property = "type"),
  NODE (SWITCHER, SHOWN "/hidden", .property = "hidden-in-switcher"),
  NODE (SWITCHER, SHOWN "/hide-switcher", .property = "show-switcher", .inverted = TRUE),
  NODE (SWITCHER, SHOWN "/seamlessid", .property = "seamless-id"),
  NODE (STUBDOM, SHOWN "/stubdomid", .text = "%m", .wanted = has_stubdomain),

  NODE (CREATING, HOME "/argo-firewall-ready", .permissions = "n0", .text = "1"),

  NODE (CREATED, "/vm/%l/uuid", .permissions = "r0"),
  NODE (CREATED, HOME "/acpi-state", .permissions = "n%m,b%d", .text = ""),
  NODE (CREATED, HOME "/power-state", .permissions = "n%m,b%d", .text = ""),
  NODE (STUB_LATE, HOME "/acpi-state", .permissions = "n%m,b%d", .wanted = has_stubdomain),
  NODE (STUB_LATE, HOME "/power-state", .permissions = "n%m,b%d", .wanted = has_stubdomain),
  NODE (CREATED, HOME "/bsgdev", .permissions = "n0,b%d", .text = ""),
  NODE (CREATED, HOME "/bsgdev-req", .permissions = "n0,b%d", .text = ""),
  NODE (CREATED, HOME "/device/argo/0", .permissions = "n%d,r0", .text = "", .wanted = has_argo),
  NODE (CREATED, HOME "/device/argo/0/backend", .permissions = "n%d,r0", .text = ARGO "/0", .wanted = has_argo),
  NODE (CREATED, HOME "/device/argo/0/backend-id", .permissions = "n%d,r0", .text = "0", .wanted = has_argo),
  NODE (CREATED, HOME "/device/argo/0/state", .permissions = "n%d,r0", .text = "1", .wanted = has_argo),
  NODE (CREATED, ARGO "/0", .permissions = "n0,r%d", .text = "", .wanted = has_argo),
  NODE (CREATED, ARGO "/0/frontend", .permissions = "n0,r%d", .text = HOME "/device/argo/0", .wanted = has_argo),
  NODE (CREATED, ARGO "/0/frontend-id", .permissions = "n0,r%d", .text = "%d", .wanted = has_argo),
  NODE (CREATED, ARGO "/0/state", .permissions = "n0,r%d", .text = "0", .wanted = has_argo),
  NODE (CREATED, "/local/domain/0/backend-domid", .permissions = "r0", .text = "%d", .wanted = serves_networks),
};
/* clang-format on */

/* What does not go with the domain's own nodes. */
static const char *const leftovers[] = { SHOWN, ARGO };

/* -- from rows to changes ---------------------------------------------------------- */

static char *
expand (const XmVm *vm, int domid, const char *pattern)
{
  GString *text = g_string_new (NULL);
  for (const char *c = pattern; *c != '\0'; c++) {
    if (*c != '%') {
      g_string_append_c (text, *c);
      continue;
    }
    switch (*++c) {
    case 'u':
      g_string_append (text, vm->uuid);
      break;
    case 'l': {
      g_autofree char *lower = g_ascii_strdown (vm->uuid, -1);
      g_string_append (text, lower);
      break;
    }
    case 'd':
      g_string_append_printf (text, "%d", domid);
      break;
    case 'm':
      g_string_append_printf (text, "%d", has_stubdomain (vm) ? stubdomain (vm) : domid);
      break;
    case 't':
      g_string_append (text, tag (vm));
      break;
    default:
      g_assert_not_reached ();
    }
  }
  return g_string_free (text, FALSE);
}

/* (nullable): NULL for what cannot be shown. */
static char *
property_text (const XmVm *vm, const Row *row)
{
  g_autoptr (GVariant) value = xm_vm_property_get (vm, xm_vm_property_lookup (row->property), NULL);
  if (value == NULL)
    return NULL;
  g_variant_ref_sink (value);
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_BOOLEAN))
    return g_strdup (g_variant_get_boolean (value) != row->inverted ? "1" : "0");
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_INT32))
    return g_strdup_printf ("%d", g_variant_get_int32 (value));
  const char *text = g_variant_get_string (value, NULL);
  return strlen (text) <= MAX_TEXT ? g_strdup (text) : NULL;
}

/* (transfer full) */
static GArray *
make_changes (const XmVm *vm, guint phases)
{
  GArray *changes = xm_node_changes_new ();
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
    const Row *row = &rows[i];
    g_autofree char *value = NULL;
    if (!(row->phases & (phases | GUARD)) || (row->wanted != NULL && !row->wanted (vm)))
      continue;
    if (row->property != NULL)
      value = property_text (vm, row);
    else if (row->text != NULL)
      value = expand (vm, vm->nodes->domid, row->text);
    if (row->property != NULL && value == NULL)
      continue;
    xm_node_changes_add (
        changes, expand (vm, vm->nodes->domid, row->path), g_steal_pointer (&value),
        row->permissions != NULL ? expand (vm, vm->nodes->domid, row->permissions) : NULL);
  }
  return changes;
}

/* -- writing ----------------------------------------------------------------------- */

typedef struct {
  XmVm *vm;
  int domid;
  guint phases;
  GTask *task; /* NULL when nobody waits */
} Writing;

static void
on_written (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Writing *writing = user_data;
  g_autoptr (XmVm) vm = writing->vm;
  g_autoptr (GTask) task = writing->task;
  g_autoptr (GError) error = NULL;
  gboolean current = vm->nodes != NULL && vm->nodes->domid == writing->domid;
  if (!xl_xenstore_apply_finish (XL_XENSTORE (source), result, &error) && current) {
    vm->nodes->asked &= ~writing->phases;
    if (++vm->nodes->failures == MAX_FAILURES)
      g_warning ("%s: nodes of domain %d: %s", vm->uuid, writing->domid, error->message);
    else
      g_info ("%s: nodes of domain %d: %s", vm->uuid, writing->domid, error->message);
  }
  if (task != NULL)
    g_task_return_boolean (task, TRUE);
}

/* @task: (transfer full) (nullable): answered when it is done */
static void
write_phases (XmVm *vm, guint phases, GTask *task)
{
  XlXenstore *xenstore = vm->service->xenstore;
  g_autoptr (GArray) changes = make_changes (vm, phases);
  Writing *writing = g_new (Writing, 1);
  *writing = (Writing){ xm_vm_ref (vm), vm->nodes->domid, phases, task };
  vm->nodes->asked |= phases;
  if ((phases & CREATED) && serves_networks (vm))
    vm->service->network_backend = vm->nodes->domid;
  xl_xenstore_apply_async (xenstore, (const XlXenstoreChange *)(void *)changes->data, changes->len,
                           NULL, on_written, writing);
}

static void
write_missing (XmVm *vm, guint phases, GTask *task)
{
  phases &= ~vm->nodes->asked;
  if (phases != 0)
    write_phases (vm, phases, task);
  else if (task != NULL) {
    g_task_return_boolean (task, TRUE);
    g_object_unref (task);
  }
}

static void
nodes_begin (XmVm *vm)
{
  vm->nodes = g_new0 (XmVmNodes, 1);
  vm->nodes->domid = vm->domid;
  vm->nodes->guest = xm_guest_nodes_new (vm);
}

static void
nodes_free (XmVmNodes *nodes)
{
  xm_guest_nodes_free (nodes->guest);
  g_free (nodes);
}

/* -- before the guest of a start runs ---------------------------------------------- */

typedef struct {
  XmVm *vm;
  int domid;
} Subject;

static Subject *
subject_new (XmVm *vm)
{
  Subject *subject = g_new (Subject, 1);
  *subject = (Subject){ xm_vm_ref (vm), vm->domid };
  return subject;
}

static void
subject_free (gpointer data)
{
  Subject *subject = data;
  xm_vm_unref (subject->vm);
  g_free (subject);
}

static gboolean
subject_is_current (const Subject *subject)
{
  return subject->vm->nodes != NULL && subject->vm->nodes->domid == subject->domid;
}

static void
on_sentinel_made (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  const Subject *subject = g_task_get_task_data (task);
  xm_boot_sentinel_make_finish (result);
  if (subject_is_current (subject))
    write_missing (subject->vm, EARLY | LATE, g_steal_pointer (&task));
  else
    g_task_return_boolean (task, TRUE);
}

static void
on_stubdomain_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  const Subject *subject = g_task_get_task_data (task);
  g_autofree char *text = xl_xenstore_read_finish (XL_XENSTORE (source), result, NULL);
  guint64 domid;
  if (!subject_is_current (subject)) {
    g_task_return_boolean (task, TRUE);
    g_object_unref (task);
    return;
  }
  if (text != NULL && g_ascii_string_to_unsigned (text, 10, 1, LAST_DOMID, &domid, NULL))
    subject->vm->nodes->stub_domid = (int)domid;
  xm_boot_sentinel_make_async (subject->vm, on_sentinel_made, task);
}

void
xm_vm_nodes_complete_async (XmVm *vm, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (NULL, NULL, callback, user_data);
  g_task_set_source_tag (task, xm_vm_nodes_complete_async);
  g_task_set_task_data (task, subject_new (vm), subject_free);
  if (vm->object == NULL || vm->domid < 0) {
    g_task_return_boolean (task, TRUE);
    g_object_unref (task);
    return;
  }
  xm_vm_nodes_follow (vm);
  if (xm_vm_is_hvm (vm) && xm_vm_read_boolean (vm, "stubdom", FALSE) && !has_stubdomain (vm)) {
    g_autofree char *node =
        g_strdup_printf ("/local/domain/%d/image/device-model-domid", vm->domid);
    xl_xenstore_read_async (vm->service->xenstore, node, NULL, on_stubdomain_read, task);
  } else {
    xm_boot_sentinel_make_async (vm, on_sentinel_made, task);
  }
}

void
xm_vm_nodes_complete_finish (GAsyncResult *result)
{
  g_task_propagate_boolean (G_TASK (result), NULL);
}

/* -- domains that nobody starts now ------------------------------------------------ */

/* The nodes that the guest answers in are not emptied when the service comes back. */
static void
on_adopted (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Subject *subject = user_data;
  XmVm *vm = subject->vm;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = xl_xenstore_read_finish (XL_XENSTORE (source), result, &error);
  if (subject_is_current (subject)) {
    vm->nodes->adopting = FALSE;
    if (text != NULL) {
      vm->nodes->asked |= CREATED;
      if (serves_networks (vm))
        vm->service->network_backend = vm->nodes->domid;
    }
    write_missing (vm, EARLY | LATE, NULL);
  }
  subject_free (subject);
}

static void
adopt (XmVm *vm)
{
  if (vm->nodes->adopting || ((EARLY | LATE) & ~vm->nodes->asked) == 0)
    return;
  g_autofree char *node = g_strdup_printf ("/local/domain/%d/acpi-state", vm->domid);
  vm->nodes->adopting = TRUE;
  xl_xenstore_read_async (vm->service->xenstore, node, NULL, on_adopted, subject_new (vm));
}

void
xm_vm_nodes_stubdomain_changed (gpointer user_data)
{
  XmVm *vm = user_data;
  if (vm->nodes == NULL || !has_stubdomain (vm))
    return;
  if (vm->nodes->asked & CREATED)
    write_phases (vm, STUBDOM | STUB_LATE, NULL);
  else if (vm->nodes->asked & SWITCHER)
    write_phases (vm, STUBDOM, NULL);
}

void
xm_vm_nodes_show (XmVm *vm)
{
  if (vm->nodes != NULL && (vm->nodes->asked & SWITCHER))
    write_phases (vm, SWITCHER, NULL);
}

gboolean
xm_vm_nodes_property_changed (XmVm *vm,
                              const XmVmProperty *row,
                              const char *old_text,
                              GError **error)
{
  xm_vm_nodes_show (vm);
  return TRUE;
}

/* -- the end ----------------------------------------------------------------------- */

static void
end (XmVm *vm)
{
  XmService *service = vm->service;
  g_autoptr (GArray) changes = xm_node_changes_new ();
  int domid = vm->nodes->domid;
  for (gsize i = 0; i < G_N_ELEMENTS (leftovers); i++)
    xm_node_changes_add (changes, expand (vm, domid, leftovers[i]), NULL, NULL);
  if (service->network_backend == domid) {
    xm_node_changes_add (changes, g_strdup ("/local/domain/0/backend-domid"), NULL, NULL);
    service->network_backend = 0;
  }
  g_clear_pointer (&vm->nodes, nodes_free);
  xm_node_changes_make (service, changes);
}

void
xm_vm_nodes_follow (XmVm *vm)
{
  if (vm->service->ending) {
    g_clear_pointer (&vm->nodes, nodes_free);
    return;
  }
  if (vm->nodes != NULL && vm->nodes->domid != vm->domid)
    end (vm);
  if (vm->domid < 0 || vm->state == XM_VM_SHUTDOWN || vm->object == NULL)
    return;
  if (vm->nodes == NULL)
    nodes_begin (vm);
  if (vm->nodes->failures >= MAX_FAILURES)
    return;
  if (vm->state == XM_VM_CREATING_DEVICES)
    write_missing (vm, EARLY, NULL);
  else if (vm->state != XM_VM_CREATED) /* then the start itself writes them */
    adopt (vm);
}
