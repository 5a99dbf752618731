/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/vm-qmp.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "shim/vm-cd.h"
#include "shim/vm-power.h"
#include "xlwrap/xl-qmp.h"

/* Where libxl reaches the QEMU of the guest with this domid, and what stands in the lock beside it
 * when qmp-helper serves it with room for more. */
#define LIBXL_SOCKET "/var/run/xen/qmp-libxl-%d"
#define SHARED       "mux\n"

/* How libxl calls the IDE drive hdc. */
#define CD_DRIVE "ide-5632"

/* After a failure it is tried again, each time after twice as long, until this many have failed
 * one after the other: then the domain has no such monitor. */
#define MAX_FAILURES 5
#define FIRST_DELAY  1 /* s */

/* At most one new offset of the clock is stored in this time; further ones wait. */
#define CLOCK_INTERVAL   2                                       /* s */
#define CLOCK_MAX_OFFSET (G_GINT64_CONSTANT (100) * 365 * 86400) /* s */

struct _XmVmQmp {
  XmVm *vm; /* owns this */
  int domid;
  XlQmp *monitor; /* NULL between two attempts */
  gboolean ready;
  guint failures;
  guint retry_timer;
  guint clock_timer;
  gint64 clock_offset; /* s, to be stored */
  gboolean looking_at_cd;
};

/* -- where it is ------------------------------------------------------------------- */

static gboolean
in_stubdomain (const XmVm *vm)
{
  return xm_vm_read_boolean (vm, "stubdom", FALSE);
}

/* (transfer full): of its own, or of the one monitor that libxl uses for a stubdomain's QEMU. */
static char *
socket_path (const XmVm *vm)
{
  if (in_stubdomain (vm)) {
    g_autofree char *path = g_strdup_printf (LIBXL_SOCKET, vm->domid);
    return xm_settings_host_path (vm->service->settings, path);
  }
  g_autofree char *name = g_strconcat (vm->uuid, ".qmp", NULL);
  return g_build_filename (vm->service->settings->run_dir, name, NULL);
}

/* Whether one may stay connected without keeping libxl out: qmp-helper says so in its lock. A file
   of a few bytes in a tmpfs, in a folder of root's. */
static gboolean
is_shared (const char *path)
{
  g_autofree char *lock = g_strconcat (path, ".lock", NULL);
  char text[sizeof SHARED];
  int fd = open (lock, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  gssize n = fd >= 0 ? read (fd, text, sizeof text) : -1;
  if (fd >= 0)
    close (fd);
  return n == sizeof SHARED - 1 && memcmp (text, SHARED, sizeof SHARED - 1) == 0;
}

char **
xm_vm_qmp_arguments (const XmVm *vm)
{
  g_autofree char *path = socket_path (vm);
  if (!xm_vm_is_hvm (vm) || in_stubdomain (vm))
    return NULL;
  if (!xl_qmp_path_fits (path)) {
    g_warning ("%s: no monitor, the path is too long for a socket: %s", vm->uuid, path);
    return NULL;
  }
  g_auto (GStrv) parts = g_strsplit (path, ",", -1);
  g_autofree char *escaped = g_strjoinv (",,", parts); /* as QEMU reads option lists */
  g_autoptr (GStrvBuilder) words = g_strv_builder_new ();
  g_autofree char *chardev =
      g_strdup_printf ("socket,id=xenmgr-xl,path=%s,server=on,wait=off", escaped);
  g_strv_builder_add_many (words, "-chardev", chardev, "-mon", "chardev=xenmgr-xl,mode=control",
                           NULL);
  return g_strv_builder_end (words);
}

/* -- the CD drive ------------------------------------------------------------------ */

static void
on_cd_emptied (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (XmVm) vm = user_data;
  g_autoptr (GError) error = NULL;
  if (!g_task_propagate_boolean (G_TASK (result), &error))
    g_warning ("%s: the ejected CD: %s", vm->uuid, error->message);
}

/* The medium leaves the drive, too: else it would be back when the guest closes the tray. */
static void
empty_cd (XmVm *vm)
{
  const XmVmProperty *row = xm_vm_property_lookup ("cd");
  g_autoptr (GVariant) nothing = g_variant_ref_sink (g_variant_new_string (""));
  g_message ("%s: the guest has ejected its CD", vm->uuid);
  xm_vm_set_cd (vm, row, nothing, g_task_new (NULL, NULL, on_cd_emptied, xm_vm_ref (vm)));
  /* Now: the drive may be changed only after the service has ended. */
  xm_store_commit_async (vm->service->store, NULL, NULL, NULL);
}

static gboolean
is_cd_drive (json_t *object)
{
  const char *device = json_string_value (json_object_get (object, "device"));
  const char *id = json_string_value (json_object_get (object, "id"));
  return g_strcmp0 (device, CD_DRIVE) == 0 || g_strcmp0 (id, CD_DRIVE) == 0;
}

/* The tray moves for xl as well, but xl takes the medium out in the same moment; a guest cannot. */
static gboolean
is_ejected_by_guest (json_t *drives)
{
  size_t i;
  json_t *drive;
  json_array_foreach (drives, i, drive)
  {
    if (is_cd_drive (drive))
      return json_is_true (json_object_get (drive, "tray_open")) &&
             json_is_object (json_object_get (drive, "inserted"));
  }
  return FALSE;
}

static void
on_drives (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (XmVm) vm = user_data;
  g_autoptr (GError) error = NULL;
  json_t *drives = xl_qmp_execute_finish (XL_QMP (source), result, &error);
  if (vm->qmp != NULL)
    vm->qmp->looking_at_cd = FALSE;
  if (drives != NULL && vm->object != NULL && is_ejected_by_guest (drives))
    empty_cd (vm);
  json_decref (drives);
}

static void
tray_moved (XmVm *vm, json_t *data)
{
  XmVmQmp *qmp = vm->qmp;
  if (!is_cd_drive (data) || !json_is_true (json_object_get (data, "tray-open")) ||
      qmp->looking_at_cd)
    return;
  qmp->looking_at_cd = TRUE;
  xl_qmp_execute_async (qmp->monitor, "query-block", NULL, on_drives, xm_vm_ref (vm));
}

/* -- the other events -------------------------------------------------------------- */

static void
suspended (XmVm *vm, json_t *data)
{
  xm_vm_power_told (vm, 3);
}

static void
hibernated (XmVm *vm, json_t *data)
{
  xm_vm_power_told (vm, 4);
}

static void
woken (XmVm *vm, json_t *data)
{
  xm_vm_power_told (vm, 0);
}

static void
store_clock (XmVm *vm)
{
  const char *key = xm_vm_property_lookup ("time-offset")->key;
  g_autofree char *text = g_strdup_printf ("%" G_GINT64_FORMAT, vm->qmp->clock_offset);
  g_autoptr (GError) error = NULL;
  g_clear_handle_id (&vm->qmp->clock_timer, g_source_remove);
  if (!xm_store_exists (vm->service->store, vm->db_path) ||
      g_strcmp0 (xm_vm_read (vm, key), text) == 0)
    return;
  if (xm_vm_write (vm, key, text, &error)) {
    xm_store_commit_async (vm->service->store, NULL, NULL, NULL);
    xm_vm_config_changed (vm);
  } else {
    g_warning ("%s: the clock's offset is not recorded: %s", vm->uuid, error->message);
  }
}

static gboolean
on_clock_timer (gpointer user_data)
{
  store_clock (user_data);
  return G_SOURCE_CONTINUE; /* it is gone already */
}

static void
clock_changed (XmVm *vm, json_t *data)
{
  json_t *offset = json_object_get (data, "offset");
  if (!json_is_integer (offset) || json_integer_value (offset) > CLOCK_MAX_OFFSET ||
      json_integer_value (offset) < -CLOCK_MAX_OFFSET)
    return;
  vm->qmp->clock_offset = json_integer_value (offset);
  if (vm->qmp->clock_timer == 0)
    vm->qmp->clock_timer = g_timeout_add_seconds (CLOCK_INTERVAL, on_clock_timer, vm);
}

static const struct {
  const char *name;
  void (*take) (XmVm *vm, json_t *data);
} events[] = {
  { "DEVICE_TRAY_MOVED", tray_moved },
  { "RESET", woken },
  { "RTC_CHANGE", clock_changed },
  { "SUSPEND", suspended },
  { "WAKEUP", woken },
  { "SUSPEND_DISK", hibernated },
};

static void
on_event (XlQmp *monitor, const char *name, gpointer data, XmVm *vm)
{
  g_autoptr (XmVm) kept = xm_vm_ref (vm);
  for (gsize i = 0; i < G_N_ELEMENTS (events); i++) {
    if (g_str_equal (events[i].name, name)) {
      events[i].take (kept, data);
      return;
    }
  }
}

/* -- the connection ---------------------------------------------------------------- */

static void connect_monitor (XmVmQmp *qmp);

static void
drop_monitor (XmVmQmp *qmp)
{
  g_clear_handle_id (&qmp->retry_timer, g_source_remove);
  qmp->ready = FALSE;
  qmp->looking_at_cd = FALSE;
  if (qmp->monitor == NULL)
    return;
  g_signal_handlers_disconnect_by_data (qmp->monitor, qmp->vm);
  xl_qmp_close (qmp->monitor);
  g_clear_object (&qmp->monitor);
}

static gboolean
on_retry_timer (gpointer user_data)
{
  XmVmQmp *qmp = user_data;
  qmp->retry_timer = 0;
  connect_monitor (qmp);
  return G_SOURCE_REMOVE;
}

static void
try_again (XmVmQmp *qmp, const char *why)
{
  drop_monitor (qmp);
  if (++qmp->failures < MAX_FAILURES) {
    g_debug ("%s: monitor: %s", qmp->vm->uuid, why);
    qmp->retry_timer =
        g_timeout_add_seconds (FIRST_DELAY << (qmp->failures - 1), on_retry_timer, qmp);
  } else {
    g_message ("%s: QEMU is not heard: %s", qmp->vm->uuid, why);
  }
}

static void
on_closed (XlQmp *monitor, const GError *error, XmVm *vm)
{
  try_again (vm->qmp, error->message);
}

/* What happened while nobody listened. */
static void
on_status (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (XmVm) vm = user_data;
  json_t *answer = xl_qmp_execute_finish (XL_QMP (source), result, NULL);
  const char *status = json_string_value (json_object_get (answer, "status"));
  if (vm->qmp != NULL && vm->qmp->monitor == XL_QMP (source) && status != NULL) {
    vm->qmp->failures = 0;
    vm->qmp->ready = TRUE;
    g_debug ("%s: QEMU is heard, its status is %s", vm->uuid, status);
    xm_vm_power_told (vm, g_str_equal (status, "suspended") ? 3 : 0);
  }
  json_decref (answer);
}

static void
on_ready (XlQmp *monitor, XmVm *vm)
{
  xl_qmp_execute_async (monitor, "query-status", NULL, on_status, xm_vm_ref (vm));
}

static void
connect_monitor (XmVmQmp *qmp)
{
  g_autofree char *path = socket_path (qmp->vm);
  if (in_stubdomain (qmp->vm) && !is_shared (path)) {
    g_autofree char *why = g_strdup_printf ("no qmp-helper shares %s", path);
    try_again (qmp, why);
    return;
  }
  qmp->monitor = xl_qmp_new (path);
  g_signal_connect (qmp->monitor, "ready", G_CALLBACK (on_ready), qmp->vm);
  g_signal_connect (qmp->monitor, "event", G_CALLBACK (on_event), qmp->vm);
  g_signal_connect (qmp->monitor, "closed", G_CALLBACK (on_closed), qmp->vm);
}

void
xm_vm_qmp_free (XmVmQmp *qmp)
{
  drop_monitor (qmp);
  g_clear_handle_id (&qmp->clock_timer, g_source_remove);
  g_free (qmp);
}

void
xm_vm_qmp_follow (XmVm *vm)
{
  /* While xl builds a domain, QEMU is not there yet, or busy with xl. */
  gboolean wanted = vm->object != NULL && vm->domid >= 0 && vm->state != XM_VM_SHUTDOWN &&
                    vm->state != XM_VM_CREATING_DEVICES && xm_vm_is_hvm (vm);
  if (vm->qmp != NULL && vm->qmp->domid == vm->domid && vm->domid >= 0 && vm->object != NULL)
    return;
  if (vm->qmp != NULL && vm->qmp->clock_timer != 0)
    store_clock (vm);
  g_clear_pointer (&vm->qmp, xm_vm_qmp_free);
  g_autofree char *path = socket_path (vm);
  if (!wanted || !xl_qmp_path_fits (path))
    return;
  vm->qmp = g_new0 (XmVmQmp, 1);
  vm->qmp->vm = vm;
  vm->qmp->domid = vm->domid;
  connect_monitor (vm->qmp);
}

gboolean
xm_vm_qmp_is_ready (const XmVm *vm)
{
  return vm->qmp != NULL && vm->qmp->ready;
}
