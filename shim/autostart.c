/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/autostart.h"

#include "shim/host-files.h"
#include "shim/host-installer.h"
#include "shim/lifecycle.h"
#include "shim/host-power.h"
#include "shim/peers.h"
#include "shim/root-config.h"
#include "shim/text.h"
#include "shim/vm-auth.h"
#include "shim/vm-set.h"

#define PENDING    "/xenmgr/autostart-pending-vms"
#define HIBERNATED "/platform/hibernated"
#define MAX_DELAY  3600
#define INPUT      "com.citrix.xenclient.input"

struct _XmAutostart {
  XmService *service;
  guint subscription;
  guint timer;
  gboolean starting; /* a VM starts, or gets the screen */
  gboolean switched;
};

/* -- the list ---------------------------------------------------------------------- */

/* @uuids: (element-type utf8): what waits now, from @first on */
static void
store_pending (XmService *service, const GPtrArray *uuids, guint first)
{
  g_autoptr (GError) error = NULL;
  gboolean stored = xm_store_remove (service->store, PENDING, &error);
  for (guint i = first; stored && i < uuids->len; i++) {
    g_autofree char *path = g_strdup_printf (PENDING "/%u", i - first);
    stored = xm_store_write (service->store, path, uuids->pdata[i], &error);
  }
  if (!stored)
    g_warning ("cannot record which VMs wait for their start: %s", error->message);
  xm_store_commit_async (service->store, NULL, NULL, NULL);
}

/* (transfer full) (element-type utf8) */
static GPtrArray *
load_pending (XmService *service)
{
  GPtrArray *uuids = g_ptr_array_new_with_free_func (g_free);
  g_autofree const char **names = xm_store_list (service->store, PENDING);
  for (const char **name = names; *name != NULL; name++) {
    g_autofree char *path = g_strconcat (PENDING "/", *name, NULL);
    const char *uuid = xm_store_read (service->store, path);
    if (uuid != NULL)
      g_ptr_array_add (uuids, g_strdup (uuid));
  }
  return uuids;
}

static gboolean
starts_on_boot (const XmVm *vm)
{
  return xm_vm_read_boolean (vm, "start_on_boot", FALSE) ||
         xm_vm_read_boolean (vm, "native-experience", FALSE);
}

static gboolean
is_candidate (const XmVm *vm, gboolean host_hibernated)
{
  if (xm_vm_is_running (vm) || !xm_vm_read_boolean (vm, "ready", TRUE))
    return FALSE;
  if (host_hibernated && xm_vm_is_user (vm))
    return xm_vm_read_boolean (vm, "hibernated", FALSE);
  return starts_on_boot (vm);
}

static int
compare (gconstpointer a, gconstpointer b)
{
  const XmVm *left = *(XmVm *const *)a, *right = *(XmVm *const *)b;
  gint64 x = xm_vm_read_integer (left, "start_on_boot_priority", 0);
  gint64 y = xm_vm_read_integer (right, "start_on_boot_priority", 0);
  if (x != y)
    return x < y ? 1 : -1;
  x = xm_vm_read_integer (left, "slot", 0);
  y = xm_vm_read_integer (right, "slot", 0);
  return (x > y) - (x < y);
}

static void
make_list (XmService *service)
{
  const char *text = xm_store_read (service->store, HIBERNATED);
  gboolean hibernated = text != NULL && xm_text_is_true (text);
  g_autoptr (GPtrArray) vms = xm_vm_set_list (service);
  g_autoptr (GPtrArray) uuids = g_ptr_array_new ();
  g_ptr_array_sort (vms, compare); /* keeps the store's order where it finds no other */
  for (guint i = 0; i < vms->len; i++) {
    if (is_candidate (vms->pdata[i], hibernated))
      g_ptr_array_add (uuids, ((const XmVm *)vms->pdata[i])->uuid);
  }
  g_autoptr (GError) error = NULL;
  if (text != NULL && !xm_store_remove (service->store, HIBERNATED, &error))
    g_warning ("%s: %s", HIBERNATED, error->message);
  if (uuids->len > 0 || xm_store_exists (service->store, PENDING))
    store_pending (service, uuids, 0);
}

/* -- starting ---------------------------------------------------------------------- */

/** Turn: one VM's turn. */
typedef struct {
  XmAutostart *autostart;
  XmVm *vm;
  gboolean ran; /* before it */
} Turn;

static void start_next (XmAutostart *autostart);

static gboolean
on_delay_over (gpointer user_data)
{
  XmAutostart *autostart = user_data;
  autostart->timer = 0;
  start_next (autostart);
  return G_SOURCE_REMOVE;
}

/* @turn: (transfer full) */
static void
end_turn (Turn *turn)
{
  XmAutostart *autostart = turn->autostart;
  gboolean started = !turn->ran && xm_vm_is_running (turn->vm);
  int delay = xm_root_config_integer (autostart->service, "svm-autostart-delay");
  xm_vm_unref (turn->vm);
  g_free (turn);
  autostart->starting = FALSE;
  guint seconds = started ? (guint)CLAMP (delay, 0, MAX_DELAY) : 0;
  autostart->timer = g_timeout_add_seconds (seconds, on_delay_over, autostart);
}

static void
on_switched (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Turn *turn = user_data;
  g_autoptr (GError) error = NULL;
  if (!xm_lifecycle_run_finish (result, &error))
    g_info ("%s does not get the screen: %s", turn->vm->uuid, error->message);
  end_turn (turn);
}

static void
on_started (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Turn *turn = user_data;
  XmVm *vm = turn->vm;
  g_autoptr (GError) error = NULL;
  if (!xm_lifecycle_run_finish (result, &error))
    g_warning ("%s does not start with the host: %s", vm->uuid, error->message);
  if (turn->autostart->switched || !xm_vm_is_running (vm) || vm->object == NULL ||
      !xm_vm_is_user (vm) || xm_vm_is_locked (vm)) {
    end_turn (turn);
    return;
  }
  turn->autostart->switched = TRUE;
  xm_lifecycle_run_async (vm, XM_OPERATION_SWITCH, on_switched, turn);
}

static void
start_next (XmAutostart *autostart)
{
  XmService *service = autostart->service;
  g_autoptr (GPtrArray) uuids = load_pending (service);
  for (guint i = 0; i < uuids->len; i++) {
    XmVm *vm = xm_vm_lookup (service, uuids->pdata[i]);
    if (!xm_host_power_is_idle (service))
      return;
    store_pending (service, uuids, i + 1);
    if (vm == NULL)
      continue;
    g_message ("%s starts with the host", vm->uuid);
    Turn *turn = g_new (Turn, 1);
    *turn = (Turn){ autostart, xm_vm_ref (vm), xm_vm_is_running (vm) };
    autostart->starting = TRUE;
    xm_lifecycle_run_async (vm, XM_OPERATION_START, on_started, turn);
    return;
  }
}

/* What the installer has left to do is known. */
static void
on_files_read (gpointer user_data)
{
  const XmService *service = user_data;
  XmAutostart *autostart = service->autostart; /* NULL: the service ends */
  if (autostart == NULL || autostart->starting || autostart->timer != 0)
    return;
  if (xm_host_installer_has_work (service))
    g_message ("VMs start with the host when the installer's work is done");
  else
    start_next (autostart);
}

void
xm_autostart_continue (XmAutostart *autostart)
{
  if (!autostart->starting && autostart->timer == 0)
    xm_host_files_refresh (autostart->service->host_files, on_files_read, autostart->service);
}

/* -- beginning --------------------------------------------------------------------- */

/* Whether this boot's VMs have been listed before; from now on they have. */
static gboolean
was_done (const XmService *service)
{
  g_autofree char *id_file =
      xm_settings_host_path (service->settings, "/proc/sys/kernel/random/boot_id");
  g_autofree char *done_file = g_build_filename (service->settings->run_dir, "autostarted", NULL);
  g_autofree char *id = NULL, *done = NULL;
  g_autoptr (GError) error = NULL;
  if (!g_file_get_contents (id_file, &id, NULL, NULL))
    id = g_strdup ("");
  g_file_get_contents (done_file, &done, NULL, NULL);
  if (g_strcmp0 (id, done) == 0)
    return TRUE;
  if (!g_file_set_contents_full (done_file, id, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, &error))
    g_warning ("cannot record that this was the host's boot: %s", error->message);
  return FALSE;
}

static void
on_auth_status (GDBusConnection *connection,
                const char *sender,
                const char *path,
                const char *interface,
                const char *member,
                GVariant *parameters,
                gpointer user_data)
{
  xm_autostart_continue (user_data);
}

void
xm_autostart_begin (XmAutostart *autostart)
{
  XmService *service = autostart->service;
  if (service->settings->no_autostart || !xm_root_config_boolean (service, "autostart")) {
    g_autoptr (GPtrArray) none = g_ptr_array_new ();
    if (xm_store_exists (service->store, PENDING))
      store_pending (service, none, 0);
    return;
  }
  if (!was_done (service) || !service->settings->autostart_once)
    make_list (service);
  autostart->subscription = g_dbus_connection_signal_subscribe (
      service->connection, xm_peers_sender (service->connection, INPUT), INPUT, "auth_status", NULL,
      NULL, G_DBUS_SIGNAL_FLAGS_NONE, on_auth_status, autostart, NULL);
  xm_autostart_continue (autostart);
}

XmAutostart *
xm_autostart_new (XmService *service)
{
  XmAutostart *autostart = g_new0 (XmAutostart, 1);
  autostart->service = service;
  return autostart;
}

void
xm_autostart_free (XmAutostart *autostart)
{
  g_clear_handle_id (&autostart->timer, g_source_remove);
  if (autostart->subscription != 0)
    g_dbus_connection_signal_unsubscribe (autostart->service->connection, autostart->subscription);
  g_free (autostart);
}
