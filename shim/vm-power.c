/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/vm-power.h"

#include <string.h>

#include "shim/host-power.h"
#include "shim/lifecycle.h"
#include "shim/platform-power.h"
#include "shim/state-hooks.h"
#include "shim/vm-peers.h"
#include "shim/vm-qmp.h"
#include "xlwrap/xl-commands.h"

#define S3 3
#define S4 4

#define LOOK_INTERVAL 1000 /* ms between two looks while waiting, where nobody tells */

struct _XmVmPower {
  gboolean asleep;
  gboolean waking;      /* auto-s3-wake is at work */
  gboolean slept_again; /* meanwhile */
  GPtrArray *waits;     /* Wait */
};

XmVmPower *
xm_vm_power_new (void)
{
  XmVmPower *power = g_new0 (XmVmPower, 1);
  power->waits = g_ptr_array_new ();
  return power;
}

void
xm_vm_power_free (XmVmPower *power)
{
  g_assert (power->waits->len == 0); /* they hold the VM */
  g_ptr_array_unref (power->waits);
  g_free (power);
}

gboolean
xm_vm_power_is_asleep (const XmVm *vm)
{
  return vm->power->asleep && vm->domid >= 0;
}

/* -- waiting ----------------------------------------------------------------------- */

typedef struct {
  XmVm *vm;
  int domid;
  gboolean asleep; /* what is waited for */
  gint64 deadline; /* monotonic µs */
  GSource *timer;
  gboolean looking;
} Wait;

static void
wait_free (gpointer data)
{
  Wait *wait = data;
  g_ptr_array_remove_fast (wait->vm->power->waits, wait);
  g_source_destroy (wait->timer);
  g_source_unref (wait->timer);
  xm_vm_unref (wait->vm);
  g_free (wait);
}

static void
on_wait_looked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data; /* may be answered already */
  Wait *wait = g_task_get_task_data (task);
  wait->looking = FALSE;
  xm_vm_power_look_finish (result, NULL);
}

static gboolean
on_wait (gpointer user_data)
{
  GTask *task = user_data;
  Wait *wait = g_task_get_task_data (task);
  GError *error = NULL;
  gboolean reached =
      wait->vm->domid == wait->domid && xm_vm_power_is_asleep (wait->vm) == wait->asleep;
  if (g_cancellable_set_error_if_cancelled (g_task_get_cancellable (task), &error)) {
    g_task_return_error (task, error);
  } else if (reached || wait->vm->domid != wait->domid ||
             g_get_monotonic_time () >= wait->deadline) {
    g_task_return_boolean (task, reached);
  } else {
    if (!wait->looking && !xm_vm_qmp_is_ready (wait->vm)) {
      wait->looking = TRUE;
      xm_vm_power_look_async (wait->vm, NULL, on_wait_looked, g_object_ref (task));
    }
    return G_SOURCE_CONTINUE;
  }
  g_source_destroy (wait->timer);
  g_object_unref (task);
  return G_SOURCE_REMOVE;
}

static void
hurry_waits (XmVm *vm)
{
  for (guint i = 0; i < vm->power->waits->len; i++)
    g_source_set_ready_time (((Wait *)vm->power->waits->pdata[i])->timer, 0);
}

void
xm_vm_power_wait_async (XmVm *vm,
                        gboolean asleep,
                        guint seconds,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);
  Wait *wait = g_new0 (Wait, 1);
  g_task_set_source_tag (task, xm_vm_power_wait_async);
  g_task_set_check_cancellable (task, FALSE);
  wait->vm = xm_vm_ref (vm);
  wait->domid = vm->domid;
  wait->asleep = asleep;
  wait->deadline = g_get_monotonic_time () + (gint64)seconds * G_USEC_PER_SEC;
  wait->timer = g_timeout_source_new (LOOK_INTERVAL);
  g_task_set_task_data (task, wait, wait_free);
  if (cancellable != NULL) {
    g_autoptr (GSource) cancelled = g_cancellable_source_new (cancellable);
    g_source_set_dummy_callback (cancelled);
    g_source_add_child_source (wait->timer, cancelled);
  }
  g_source_set_callback (wait->timer, on_wait, task, NULL);
  g_source_set_ready_time (wait->timer, 0);
  g_source_attach (wait->timer, NULL);
  g_ptr_array_add (vm->power->waits, wait);
}

gboolean
xm_vm_power_wait_finish (GAsyncResult *result, gboolean *reached, GError **error)
{
  GError *failure = NULL;
  *reached = g_task_propagate_boolean (G_TASK (result), &failure);
  if (failure == NULL)
    return TRUE;
  g_propagate_error (error, failure);
  return FALSE;
}

/* -- being told -------------------------------------------------------------------- */

static void wake (XmVm *vm);

static void
on_woken (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (XmVm) vm = user_data;
  g_autoptr (GError) error = NULL;
  vm->power->waking = FALSE;
  if (!xm_lifecycle_run_finish (result, &error))
    g_warning ("%s is not woken: %s", vm->uuid, error->message);
  else if (vm->power->slept_again && xm_vm_power_is_asleep (vm))
    wake (vm);
}

/* However often a guest sleeps and wakes, one resume at most is in the VM's queue. */
static void
wake (XmVm *vm)
{
  vm->power->slept_again = vm->power->waking;
  if (vm->power->waking)
    return;
  vm->power->waking = TRUE;
  xm_lifecycle_run_async (vm, XM_OPERATION_RESUME, on_woken, xm_vm_ref (vm));
}

static void
store_hibernated (XmVm *vm)
{
  g_autoptr (GError) error = NULL;
  if (!xm_store_exists (vm->service->store, vm->db_path))
    return;
  if (xm_vm_write (vm, "hibernated", "true", &error))
    xm_store_commit_async (vm->service->store, NULL, NULL, NULL);
  else
    g_warning ("%s: hibernation is not recorded: %s", vm->uuid, error->message);
}

void
xm_vm_power_told (XmVm *vm, int state)
{
  gboolean asleep = state == S3;
  if (vm->object == NULL || (state != S4 && asleep == vm->power->asleep))
    return;
  if (state == S4) {
    store_hibernated (vm);
  } else {
    vm->power->asleep = asleep;
    hurry_waits (vm);
  }
  g_message ("%s: ACPI state %d", vm->uuid, state);
  if (state != 0)
    xm_vm_peers_asleep (vm, state);
  xm_state_hooks_power (vm, state);
  gboolean host_is_idle = xm_host_power_is_idle (vm->service); /* else it wants the guest asleep */
  if (asleep && !xm_platform_power_asleep (vm) && host_is_idle &&
      xm_vm_read_boolean (vm, "auto-s3-wake", FALSE))
    wake (vm);
}

void
xm_vm_power_reset (XmVm *vm)
{
  vm->power->asleep = FALSE;
  hurry_waits (vm);
}

/* -- looking ----------------------------------------------------------------------- */

typedef struct {
  XmVm *vm;
  int domid;
} Look;

static void
look_free (gpointer data)
{
  Look *look = data;
  xm_vm_unref (look->vm);
  g_free (look);
}

/* @asleep: -1 when it is not known. Takes @task; what xl could not tell is no error. */
static void
look_end (GTask *task, int asleep, GError *error)
{
  const Look *look = g_task_get_task_data (task);
  if (error != NULL)
    g_info ("%s: sleeping or not: %s", look->vm->uuid, error->message);
  if (asleep >= 0 && look->vm->domid == look->domid && !xm_vm_qmp_is_ready (look->vm))
    xm_vm_power_told (look->vm, asleep ? S3 : 0);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
    g_task_return_error (task, error);
  } else {
    g_clear_error (&error);
    g_task_return_boolean (task, TRUE);
  }
  g_object_unref (task);
}

static void
on_acpi_state (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GError *error = NULL;
  int state = -1;
  gboolean known = xl_acpi_state_finish (XL_RUNNER (source), result, &state, &error);
  look_end (user_data, known && state >= 0 ? state == S3 : -1, error);
}

static void
on_status (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GError *error = NULL;
  g_autoptr (XlOutput) output = xl_command_finish_output (XL_RUNNER (source), result, &error);
  look_end (user_data, output != NULL ? strstr (output->out, "(suspended)") != NULL : -1, error);
}

void
xm_vm_power_look_async (XmVm *vm,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);
  XlRunner *runner = vm->service->runner;
  Look *look = g_new (Look, 1);
  *look = (Look){ xm_vm_ref (vm), vm->domid };
  g_task_set_source_tag (task, xm_vm_power_look_async);
  g_task_set_task_data (task, look, look_free);
  if (vm->domid < 0 || !xm_vm_is_hvm (vm) || xm_vm_qmp_is_ready (vm))
    look_end (task, -1, NULL);
  else if (xm_service_has_subcommand (vm->service, "acpi-state"))
    xl_acpi_state_async (runner, (guint)vm->domid, cancellable, on_acpi_state, task);
  else
    xl_qemu_monitor_command_async (runner, (guint)vm->domid, "info status", cancellable, on_status,
                                   task);
}

gboolean
xm_vm_power_look_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
