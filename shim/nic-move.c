/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/nic-move.h"

#include <string.h>

#include "shim/error.h"
#include "shim/network-daemon.h"

/* libxl's bridge for NICs that name none. */
#define DEFAULT_BRIDGE "xenbr0"

/** Move: one change of a NIC's network, from its turn to its end. */
typedef struct {
  XmVm *vm;
  guint id;
  char *network;
  GTask *task;
  int domid;
  const char *kind;  /* of the device: "vif", or "vwif" for the wireless ones of OpenXT */
  char *backend;     /* the backend's node in xenstore */
  char *bridge;      /* what the backend's node shall name */
  gboolean emulated; /* it is the device model's interface that moves now */
} Move;

struct _XmNicMoves {
  GHashTable *queues; /* NIC id -> GQueue of Move; the head is under way */
};

static void
move_free (Move *move)
{
  g_object_unref (move->task);
  xm_vm_unref (move->vm);
  g_free (move->network);
  g_free (move->backend);
  g_free (move->bridge);
  g_free (move);
}

static void begin (Move *move);

/* @error: (transfer full) (nullable) */
static void
end (Move *move, GError *error)
{
  g_autoptr (XmVm) vm = xm_vm_ref (move->vm);
  XmNicMoves *moves = vm->nic_moves;
  GQueue *queue = g_hash_table_lookup (moves->queues, GUINT_TO_POINTER (move->id));
  if (error != NULL)
    g_task_return_error (move->task, error);
  else
    g_task_return_boolean (move->task, TRUE);
  g_queue_pop_head (queue);
  if (g_queue_is_empty (queue))
    g_hash_table_remove (moves->queues, GUINT_TO_POINTER (move->id));
  else
    begin (g_queue_peek_head (queue));
  move_free (move);
}

/* -- what xenstore says of it afterwards ------------------------------------------- */

static void
on_noted (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Move *move = user_data;
  g_autoptr (GError) error = NULL;
  /* The NIC has moved; only who looks there, as the hotplug script at the end, sees the old one. */
  if (!xl_xenstore_apply_finish (XL_XENSTORE (source), result, &error))
    g_warning ("%s: bridge of nic %u: %s", move->vm->uuid, move->id, error->message);
  end (move, NULL);
}

static void
note_bridge (Move *move)
{
  g_autofree char *node = g_strconcat (move->backend, "/bridge", NULL);
  g_autofree char *libxl_node =
      g_strdup_printf ("/libxl/%d/device/%s/%u/bridge", move->domid, move->kind, move->id);
  const XlXenstoreChange changes[] = { { node, move->bridge, NULL },
                                       { libxl_node, move->bridge, NULL } };
  xl_xenstore_apply_async (move->vm->service->xenstore, changes, G_N_ELEMENTS (changes), NULL,
                           on_noted, move);
}

/* -- by ip(8) ---------------------------------------------------------------------- */

static char *
interface_name (const Move *move)
{
  return g_strdup_printf ("vif%d.%u%s", move->domid, move->id, move->emulated ? "-emu" : "");
}

static void connect_interface (Move *move);

static void
on_connected (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Move *move = user_data;
  GError *error = NULL;
  g_autoptr (XlOutput) output = xl_runner_run_finish (XL_RUNNER (source), result, &error);
  if (output == NULL) {
    end (move, xm_error_from_helper (error));
    return;
  }
  if (!move->emulated) {
    /* An HVM guest without PV drivers uses the device model's own interface. */
    move->emulated = TRUE;
    g_autofree char *name = interface_name (move);
    g_autofree char *plain = g_strconcat ("/sys/class/net/", name, NULL);
    g_autofree char *path = xm_settings_host_path (move->vm->service->settings, plain);
    if (g_file_test (path, G_FILE_TEST_EXISTS)) {
      connect_interface (move);
      return;
    }
  }
  note_bridge (move);
}

/* The kernel takes an interface off its old bridge by itself, and leaves it there when there is no
 * such new one. */
static void
connect_interface (Move *move)
{
  g_autofree char *name = interface_name (move);
  const char *const argv[] = { "ip", "link", "set", "dev", name, "master", move->bridge, NULL };
  xl_runner_run_async (move->vm->service->helpers, argv, NULL, XL_TIMEOUT_QUICK, NULL, on_connected,
                       move);
}

/* -- by the network daemon --------------------------------------------------------- */

static void
on_moved (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Move *move = user_data;
  GError *error = NULL;
  if (xm_network_daemon_move_finish (result, &error))
    note_bridge (move);
  else
    end (move, error);
}

static void
on_disconnected (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Move *move = user_data;
  XmService *service = move->vm->service;
  GError *error = NULL;
  if (!xl_xenstore_apply_finish (XL_XENSTORE (source), result, &error)) {
    end (move, error);
    return;
  }
  g_autofree char *name = interface_name (move);
  xm_network_daemon_move_async (service->network_daemon, name, move->network, on_moved, move);
}

/* The frontends of OpenXT drop their link until the daemon connects them again. */
static void
disconnect_frontend (Move *move)
{
  g_autofree char *node = g_strdup_printf ("/local/domain/%d/device/%s/%u/disconnect", move->domid,
                                           move->kind, move->id);
  const XlXenstoreChange change = { node, "1", NULL };
  xl_xenstore_apply_async (move->vm->service->xenstore, &change, 1, NULL, on_disconnected, move);
}

/* -- finding the backend ----------------------------------------------------------- */

/* The node is libxl's own; still, no more is taken from it than a backend's path can hold. */
static gboolean
parse_backend (const Move *move, const char *path, guint64 *domid)
{
  static const char prefix[] = "/local/domain/";
  if (!g_str_has_prefix (path, prefix))
    return FALSE;
  const char *digits = path + strlen (prefix);
  const char *rest = digits + strspn (digits, "0123456789");
  g_autofree char *number = g_strndup (digits, (gsize)(rest - digits));
  g_autofree char *expected =
      g_strdup_printf ("/backend/%s/%d/%u", move->kind, move->domid, move->id);
  return g_ascii_string_to_unsigned (number, 10, 0, 0x7fef, domid, NULL) &&
         g_str_equal (rest, expected);
}

static void look_for (Move *move, const char *kind);

static void
on_backend (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Move *move = user_data;
  XmService *service = move->vm->service;
  GError *error = NULL;
  guint64 backend;
  move->backend = xl_xenstore_read_finish (XL_XENSTORE (source), result, &error);
  if (move->backend == NULL) {
    gboolean missing = g_error_matches (error, XL_ERROR, XL_ERROR_NOT_FOUND);
    if (missing)
      g_clear_error (&error);
    if (missing && g_str_equal (move->kind, "vif"))
      look_for (move, "vwif");
    else
      end (move, error); /* the domain has been given no such NIC: it gets it at its next start */
    return;
  }
  if (!parse_backend (move, move->backend, &backend)) {
    xm_error_set_io (&error, "unexpected backend of nic %u of vm %s in xenstore", move->id,
                     move->vm->uuid);
    end (move, error);
  } else if (xm_network_daemon_is_present (service->network_daemon)) {
    move->bridge = g_strdup (move->network); /* its bridges have the networks' names */
    disconnect_frontend (move);
  } else if (backend != 0) {
    xm_error_set_io (&error,
                     "nic %u of vm %s is served by domain %" G_GUINT64_FORMAT
                     ", and no network daemon is there to move it",
                     move->id, move->vm->uuid, backend);
    end (move, error);
  } else {
    move->bridge = xm_settings_bridge (service->settings, move->network);
    if (move->bridge == NULL)
      move->bridge = g_strdup (DEFAULT_BRIDGE);
    connect_interface (move);
  }
}

static void
look_for (Move *move, const char *kind)
{
  g_autofree char *node =
      g_strdup_printf ("/libxl/%d/device/%s/%u/backend", move->domid, kind, move->id);
  move->kind = kind;
  xl_xenstore_read_async (move->vm->service->xenstore, node, NULL, on_backend, move);
}

/* -- one after the other ----------------------------------------------------------- */

static void
begin (Move *move)
{
  move->domid = move->vm->domid;
  if (move->domid < 0)
    end (move, NULL); /* it has stopped meanwhile */
  else
    look_for (move, "vif");
}

void
xm_nic_move_async (XmVm *vm,
                   guint id,
                   const char *network,
                   GAsyncReadyCallback callback,
                   gpointer user_data)
{
  if (vm->nic_moves == NULL) {
    vm->nic_moves = g_new0 (XmNicMoves, 1);
    vm->nic_moves->queues = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify)g_queue_free);
  }
  GQueue *queue = g_hash_table_lookup (vm->nic_moves->queues, GUINT_TO_POINTER (id));
  if (queue == NULL) {
    queue = g_queue_new ();
    g_hash_table_insert (vm->nic_moves->queues, GUINT_TO_POINTER (id), queue);
  }
  Move *move = g_new0 (Move, 1);
  move->vm = xm_vm_ref (vm);
  move->id = id;
  move->network = g_strdup (network);
  move->task = g_task_new (NULL, NULL, callback, user_data);
  g_task_set_source_tag (move->task, xm_nic_move_async);
  g_queue_push_tail (queue, move);
  if (g_queue_peek_head (queue) == move)
    begin (move);
}

gboolean
xm_nic_move_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

void
xm_nic_moves_free (XmNicMoves *moves)
{
  if (moves == NULL)
    return;
  g_hash_table_unref (moves->queues);
  g_free (moves);
}
