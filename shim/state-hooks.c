/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/state-hooks.h"

#include "shim/hook.h"
#include "shim/signals.h"

#define NO_NUMBER -1

struct _XmStateHooks {
  GQueue waiting; /* Announcement, oldest first */
  guint timer;    /* for the oldest one's deadline */
};

/** Announcement: one vm_state_changed to be sent. Alive as long as it waits or a hook runs. */
typedef struct {
  XmVm *vm;
  XmVmState state;
  int acpi_state;
  gint64 deadline; /* monotonic µs */
  gboolean waits;
  guint hooks; /* that have not ended */
} Announcement;

/* -- sending ----------------------------------------------------------------------- */

static void
free_if_done (Announcement *announcement)
{
  if (announcement->waits || announcement->hooks > 0)
    return;
  xm_vm_unref (announcement->vm);
  g_free (announcement);
}

static void
send_oldest (XmStateHooks *hooks)
{
  Announcement *oldest = g_queue_pop_head (&hooks->waiting);
  oldest->waits = FALSE;
  xm_signal_vm_state_changed (oldest->vm, oldest->state, oldest->acpi_state);
  free_if_done (oldest);
}

static gboolean on_deadline (gpointer user_data);

/* The VM must be kept by the caller. */
static void
send_what_may_go (XmVm *vm)
{
  XmStateHooks *hooks = vm->state_hooks;
  gint64 now = g_get_monotonic_time ();
  const Announcement *oldest;
  g_clear_handle_id (&hooks->timer, g_source_remove);
  while ((oldest = g_queue_peek_head (&hooks->waiting)) != NULL) {
    gboolean late = now >= oldest->deadline;
    gboolean many = hooks->waiting.length > XM_STATE_HOOKS_MAX_WAITING;
    if (oldest->hooks > 0 && !late && !many) {
      hooks->timer = g_timeout_add ((guint)((oldest->deadline - now) / 1000 + 1), on_deadline, vm);
      return;
    }
    if (oldest->hooks > 0)
      g_warning ("%s: %s is told before its hooks have ended: %s", vm->uuid,
                 xm_vm_state_public (oldest->state),
                 late ? "they take too long" : "too much waits for them");
    send_oldest (hooks);
  }
}

static gboolean
on_deadline (gpointer user_data)
{
  G_GNUC_UNUSED g_autoptr (XmVm) vm = xm_vm_ref (user_data); /* what waits holds it until here */
  vm->state_hooks->timer = 0;
  send_what_may_go (vm);
  return G_SOURCE_REMOVE;
}

/* -- hooks ------------------------------------------------------------------------- */

static void
on_hook_ended (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Announcement *announcement = user_data;
  G_GNUC_UNUSED g_autoptr (XmVm) vm = xm_vm_ref (announcement->vm);
  g_autoptr (GError) error = NULL;
  if (!xm_hook_run_finish (result, &error))
    g_warning ("%s: on a change of state: %s", vm->uuid, error->message);
  announcement->hooks--;
  free_if_done (announcement);
  send_what_may_go (vm);
}

static void
run_hook (Announcement *announcement, XmHook hook, const char *argument)
{
  if (!xm_hook_is_set (announcement->vm, hook))
    return;
  announcement->hooks++;
  xm_hook_run_async (announcement->vm, hook, argument, NULL, on_hook_ended, announcement);
}

/* @word: (nullable): for the first hook; @number: for the second, or NO_NUMBER */
static void
announce (XmVm *vm, const char *word, int number)
{
  G_GNUC_UNUSED g_autoptr (XmVm) kept = xm_vm_ref (vm);
  if (vm->state_hooks == NULL)
    vm->state_hooks = g_new0 (XmStateHooks, 1);
  Announcement *announcement = g_new0 (Announcement, 1);
  announcement->vm = xm_vm_ref (vm);
  announcement->state = vm->state;
  announcement->acpi_state = xm_vm_acpi_state (vm);
  announcement->deadline = g_get_monotonic_time () +
                           (gint64)vm->service->settings->state_hook_timeout * G_TIME_SPAN_SECOND;
  announcement->waits = TRUE;
  g_queue_push_tail (&vm->state_hooks->waiting, announcement);

  if (word != NULL)
    run_hook (announcement, XM_HOOK_STATE_CHANGE, word);
  if (number != NO_NUMBER) {
    g_autofree char *text = g_strdup_printf ("%d", number);
    run_hook (announcement, XM_HOOK_ACPI_STATE_CHANGE, text);
  }
  send_what_may_go (vm);
}

/* -- public ------------------------------------------------------------------------ */

/* What the original passes to run-on-acpi-state-change at changes of the VM's state. */
static int
number_of (XmVmState state)
{
  switch (state) {
  case XM_VM_RUNNING:
    return 0;
  case XM_VM_SUSPENDED:
    return 3;
  case XM_VM_SHUTDOWN:
    return 5;
  default:
    return NO_NUMBER;
  }
}

void
xm_state_hooks_state (XmVm *vm, gboolean news)
{
  g_autofree char *message = g_strconcat ("vm:state:", xm_vm_state_internal (vm->state), NULL);
  gboolean creating = vm->state == XM_VM_CREATING_DEVICES || vm->state == XM_VM_CREATED;
  xm_signal_vm_notify (vm, message);
  if (news && !creating)
    announce (vm, xm_vm_state_public (vm->state), number_of (vm->state));
  else
    announce (vm, NULL, NO_NUMBER);
}

void
xm_state_hooks_power (XmVm *vm, int number)
{
  g_autofree char *message = g_strdup_printf ("power-state:%d", number);
  xm_bus_object_changed (vm->object, "acpi-state");
  xm_signal_vm_notify (vm, message);
  announce (vm, NULL, number);
}

void
xm_state_hooks_flush (XmVm *vm)
{
  if (vm->state_hooks == NULL)
    return;
  g_clear_handle_id (&vm->state_hooks->timer, g_source_remove);
  while (vm->state_hooks->waiting.length > 0)
    send_oldest (vm->state_hooks);
}

void
xm_state_hooks_free (XmStateHooks *hooks)
{
  g_assert (g_queue_is_empty (&hooks->waiting) && hooks->timer == 0);
  g_free (hooks);
}
