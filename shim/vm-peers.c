/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/vm-peers.h"

#include "shim/boot-sentinel.h"
#include "shim/hosts-file.h"
#include "shim/lifecycle.h"
#include "shim/nic-follow.h"
#include "shim/peers.h"

#define SURFMAN "com.citrix.xenclient.surfman"
#define INPUT   "com.citrix.xenclient.input"
#define USB     "com.citrix.xenclient.usbdaemon"
#define NETWORK "com.citrix.xenclient.networkdaemon"

#define UI_VM "00000000-0000-0000-0000-000000000001"

/* status of ndvm_status */
#define NDVM_STOPPED 0
#define NDVM_STARTED 1

struct _XmVmPeers {
  int domid;         /* whom they were told of */
  gboolean running;  /* that it runs */
  gboolean looked;   /* at its display and keyboard */
  gboolean attached; /* its keyboard */
  gboolean usb, network, service;
};

void
xm_vm_peers_free (XmVmPeers *peers)
{
  g_free (peers);
}

static void
tell (XmVm *vm, const char *name, const char *member, GVariant *parameters)
{
  xm_peers_call (vm->service->peers, name, member, parameters, NULL, NULL);
}

static gboolean
is_service_vm (const XmVm *vm)
{
  const char *type = xm_vm_read (vm, "type");
  return type != NULL && !g_str_equal (type, "svm") && !g_str_equal (type, "pvm");
}

static void
tell_slot (XmVm *vm)
{
  gint64 slot = xm_vm_read_integer (vm, "slot", 0);
  if (slot > 0 && slot <= G_MAXINT32)
    tell (vm, INPUT, "set_slot", g_variant_new ("(ii)", vm->domid, (gint32)slot));
}

/* That a guest shows nothing any more. */
static void
tell_death (XmVm *vm, int domid, int acpi_state)
{
  tell (vm, SURFMAN, "notify_death", g_variant_new ("(ii)", domid, acpi_state));
}

/* -- display and keyboard ---------------------------------------------------------- */

/** Connection: the task data of one look at the devices, and of the calls that follow. */
typedef struct {
  XmVm *vm;
  int domid;
  gboolean quiet; /* they know of it already */
  guint pending;  /* reads and calls */
} Connection;

static void
connection_free (gpointer data)
{
  Connection *connection = data;
  xm_vm_unref (connection->vm);
  g_free (connection);
}

/* Of a read or call: @user_data holds a reference to the task. */
static void
part_done (gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Connection *connection = g_task_get_task_data (task);
  if (--connection->pending == 0)
    g_task_return_boolean (task, TRUE);
}

static void
ask (GTask *task, const char *name, const char *member, GVariant *parameters)
{
  Connection *connection = g_task_get_task_data (task);
  connection->pending++;
  xm_peers_call (connection->vm->service->peers, name, member, parameters, part_done,
                 g_object_ref (task));
}

/* Whether the devices are still somebody's. */
static gboolean
is_current (const Connection *connection)
{
  const XmVm *vm = connection->vm;
  return vm->peers != NULL && vm->peers->domid == connection->domid && !vm->service->ending;
}

static void
on_displays (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  const Connection *connection = g_task_get_task_data (task);
  g_auto (GStrv) displays = xl_xenstore_list_finish (XL_XENSTORE (source), result, NULL);
  if (displays != NULL && *displays != NULL && is_current (connection) && !connection->quiet) {
    ask (task, SURFMAN, "set_pv_display", g_variant_new ("(is)", connection->domid, ""));
    ask (task, SURFMAN, "set_visible", g_variant_new ("(iib)", connection->domid, 0, FALSE));
  }
  part_done (task);
}

static void
on_keyboards (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  const Connection *connection = g_task_get_task_data (task);
  g_auto (GStrv) keyboards = xl_xenstore_list_finish (XL_XENSTORE (source), result, NULL);
  const char *const *ids = (const char *const *)keyboards;
  if (ids != NULL && g_strv_contains (ids, "0") && g_strv_contains (ids, "1") &&
      is_current (connection)) {
    connection->vm->peers->attached = TRUE;
    if (!connection->quiet)
      ask (task, INPUT, "attach_vkbd", g_variant_new ("(i)", connection->domid));
  }
  part_done (task);
}

static void
look_at_devices (XmVm *vm, gboolean quiet, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (NULL, NULL, callback, user_data);
  Connection *connection = g_new (Connection, 1);
  g_autofree char *displays = g_strdup_printf ("/local/domain/%d/device/vfb", vm->domid);
  g_autofree char *keyboards = g_strdup_printf ("/local/domain/%d/device/vkbd", vm->domid);
  *connection = (Connection){ xm_vm_ref (vm), vm->domid, quiet, 2 };
  g_task_set_source_tag (task, look_at_devices);
  g_task_set_task_data (task, connection, connection_free);
  xl_xenstore_list_async (vm->service->xenstore, displays, NULL, on_displays, g_object_ref (task));
  xl_xenstore_list_async (vm->service->xenstore, keyboards, NULL, on_keyboards, task);
}

void
xm_vm_peers_connect_async (XmVm *vm, GAsyncReadyCallback callback, gpointer user_data)
{
  xm_vm_peers_follow (vm);
  if (vm->peers != NULL)
    vm->peers->looked = TRUE;
  look_at_devices (vm, FALSE, callback, user_data);
}

void
xm_vm_peers_connect_finish (GAsyncResult *result)
{
  g_task_propagate_boolean (G_TASK (result), NULL);
}

/* -- the domain's life ------------------------------------------------------------- */

/* @quiet: they know of it already */
static void
tell_running (XmVm *vm, gboolean quiet)
{
  XmVmPeers *peers = vm->peers;
  peers->running = TRUE;
  peers->usb = xm_vm_read_boolean (vm, "usb-enabled", TRUE);
  peers->network = xm_vm_read_boolean (vm, "provides-network-backend", FALSE);
  peers->service = is_service_vm (vm);
  if (peers->service)
    xm_hosts_file_update (vm->service);
  if (quiet)
    return;
  /* A start that waits for the guest to boot does this itself. */
  if (!xm_boot_sentinel_is_set (vm) || !xm_lifecycle_is_busy (vm))
    xm_nic_follow_begin (vm);
  tell_slot (vm);
  if (peers->usb)
    tell (vm, USB, "new_vm", g_variant_new ("(i)", vm->domid));
  if (peers->network)
    tell (vm, NETWORK, "ndvm_status", g_variant_new ("(siu)", vm->uuid, vm->domid, NDVM_STARTED));
}

static void
tell_end (XmVm *vm)
{
  const XmVmPeers *peers = vm->peers;
  xm_nic_follow_end (vm, peers->domid);
  tell_death (vm, peers->domid, xm_vm_read_boolean (vm, "hibernated", FALSE) ? 4 : 5);
  if (peers->attached)
    tell (vm, INPUT, "detach_vkbd", g_variant_new ("(i)", peers->domid));
  if (peers->usb)
    tell (vm, USB, "vm_stopped", g_variant_new ("(i)", peers->domid));
  if (peers->network)
    tell (vm, NETWORK, "ndvm_status", g_variant_new ("(siu)", vm->uuid, -1, NDVM_STOPPED));
  if (peers->service)
    xm_hosts_file_update (vm->service);
}

void
xm_vm_peers_follow (XmVm *vm)
{
  XmService *service = vm->service;
  if (service->ending || service->peers == NULL) {
    g_clear_pointer (&vm->peers, xm_vm_peers_free);
    return;
  }
  if (vm->peers != NULL && vm->peers->domid != vm->domid) {
    tell_end (vm);
    g_clear_pointer (&vm->peers, xm_vm_peers_free);
  }
  if (vm->domid < 0 || vm->state == XM_VM_SHUTDOWN || vm->object == NULL)
    return;
  gboolean quiet = !xm_lifecycle_is_known (vm); /* it runs since before the service began */
  if (vm->peers == NULL) {
    vm->peers = g_new0 (XmVmPeers, 1);
    vm->peers->domid = vm->domid;
  }
  /* A domain that the service starts has xm_vm_peers_connect_async() before it runs. */
  if (!vm->peers->looked && vm->state != XM_VM_CREATING_DEVICES && vm->state != XM_VM_CREATED) {
    vm->peers->looked = TRUE;
    look_at_devices (vm, quiet, NULL, NULL);
  }
  if (!vm->peers->running && (quiet || vm->state == XM_VM_RUNNING))
    tell_running (vm, quiet);
}

void
xm_vm_peers_slot_changed (XmVm *vm)
{
  if (vm->peers != NULL)
    tell_slot (vm);
}

void
xm_vm_peers_asleep (XmVm *vm, int acpi_state)
{
  if (vm->service->peers != NULL && vm->domid >= 0)
    tell_death (vm, vm->domid, acpi_state);
  const XmVm *ui = xm_vm_lookup (vm->service, UI_VM);
  if (ui != NULL && ui != vm && ui->domid >= 0 && vm->service->peers != NULL)
    tell (vm, INPUT, "switch_focus", g_variant_new ("(ib)", ui->domid, FALSE));
}
