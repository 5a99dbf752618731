/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/keep-alive.h"

#include <unistd.h>

#include "shim/hook.h"
#include "shim/lifecycle.h"
#include "shim/host-power.h"

#define LONGEST_DELAY_MS 60000

struct _XmKeepAlive {
  guint failures;  /* starts that failed and runs that were short, in a row */
  guint timer;     /* until the next start */
  gint64 since;    /* monotonic µs: the present or the last domain was there first */
  gboolean marked; /* <uuid>.again is there, or may be */
};

/* -- what survives the service ----------------------------------------------------- */

static char *
mark_file (const XmVm *vm)
{
  g_autofree char *name = g_strconcat (vm->uuid, ".again", NULL);
  return g_build_filename (vm->service->settings->run_dir, name, NULL);
}

static void
mark (XmVm *vm)
{
  g_autofree char *path = mark_file (vm);
  g_autoptr (GError) error = NULL;
  vm->keep_alive->marked = TRUE;
  if (!g_file_set_contents_full (path, "", 0, G_FILE_SET_CONTENTS_CONSISTENT, 0600, &error))
    g_warning ("cannot record that %s is to start again: %s", vm->uuid, error->message);
}

static void
unmark (XmVm *vm)
{
  if (!vm->keep_alive->marked)
    return;
  g_autofree char *path = mark_file (vm);
  vm->keep_alive->marked = FALSE;
  unlink (path);
}

/* -- starting again ---------------------------------------------------------------- */

static gboolean
is_wanted (const XmVm *vm)
{
  return vm->object != NULL && xm_vm_read_boolean (vm, "keep-alive", FALSE) &&
         xm_host_power_is_idle (vm->service);
}

/* The hook may have put the start off, or to somewhere else: then it is not for us to insist. */
static gboolean
has_come_to_nothing (const XmVm *vm)
{
  return !xm_vm_is_running (vm) && !xm_lifecycle_is_busy (vm) &&
         !xm_hook_is_set (vm, XM_HOOK_INSTEADOF_START);
}

static void
on_started (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (XmVm) vm = user_data;
  g_autoptr (GError) error = NULL;
  gboolean started = xm_lifecycle_run_finish (result, &error);
  if (!started)
    g_warning ("%s is not started again: %s", vm->uuid, error->message);
  if (!started || has_come_to_nothing (vm))
    xm_keep_alive_start_failed (vm);
}

static gboolean
on_timer (gpointer user_data)
{
  XmVm *vm = user_data;
  vm->keep_alive->timer = 0;
  if (is_wanted (vm) && !xm_vm_is_running (vm)) {
    g_message ("%s: started again: keep-alive", vm->uuid);
    xm_lifecycle_run_async (vm, XM_OPERATION_START, on_started, xm_vm_ref (vm));
  } else {
    unmark (vm);
  }
  return G_SOURCE_REMOVE;
}

guint
xm_keep_alive_delay_ms (guint first, guint failures)
{
  guint64 delay = first;
  for (guint i = 1; i < failures && delay < LONGEST_DELAY_MS; i++)
    delay *= 2;
  return (guint)MIN (delay, LONGEST_DELAY_MS);
}

static void
schedule (XmVm *vm)
{
  XmKeepAlive *keep_alive = vm->keep_alive;
  const XmSettings *settings = vm->service->settings;
  if (keep_alive->timer != 0) /* a start that fails may end a domain, too */
    return;
  if (!is_wanted (vm)) {
    unmark (vm);
    return;
  }
  if (settings->keep_alive_failures > 0 && keep_alive->failures >= settings->keep_alive_failures) {
    g_warning ("%s: not started again: it has failed %u times in a row", vm->uuid,
               keep_alive->failures);
    keep_alive->failures = 0;
    unmark (vm);
    return;
  }
  guint delay = xm_keep_alive_delay_ms (settings->keep_alive_delay_ms, keep_alive->failures);
  keep_alive->timer = g_timeout_add (delay, on_timer, vm);
  mark (vm);
}

/* -- public ------------------------------------------------------------------------ */

void
xm_keep_alive_domain_came (XmVm *vm)
{
  vm->keep_alive->since = g_get_monotonic_time ();
  g_clear_handle_id (&vm->keep_alive->timer, g_source_remove);
  unmark (vm);
}

void
xm_keep_alive_domain_gone (XmVm *vm, XmVmState last)
{
  XmKeepAlive *keep_alive = vm->keep_alive;
  gint64 run = g_get_monotonic_time () - keep_alive->since;
  if (last == XM_VM_SUSPENDED)
    return;
  if (run >= (gint64)vm->service->settings->keep_alive_run * G_TIME_SPAN_SECOND)
    keep_alive->failures = 0;
  else if (keep_alive->timer == 0)
    keep_alive->failures++;
  schedule (vm);
}

void
xm_keep_alive_start_failed (XmVm *vm)
{
  if (vm->keep_alive->timer == 0)
    vm->keep_alive->failures++;
  schedule (vm);
}

void
xm_keep_alive_found_off (XmVm *vm, gboolean had_one)
{
  g_autofree char *path = mark_file (vm);
  vm->keep_alive->marked = access (path, F_OK) == 0;
  if (had_one || vm->keep_alive->marked)
    schedule (vm);
}

void
xm_keep_alive_stop (XmVm *vm)
{
  g_clear_handle_id (&vm->keep_alive->timer, g_source_remove);
  if (!xm_store_exists (vm->service->store, vm->db_path))
    unmark (vm);
}

XmKeepAlive *
xm_keep_alive_new (void)
{
  XmKeepAlive *keep_alive = g_new0 (XmKeepAlive, 1);
  keep_alive->since = g_get_monotonic_time ();
  return keep_alive;
}

void
xm_keep_alive_free (XmKeepAlive *keep_alive)
{
  g_assert (keep_alive->timer == 0);
  g_free (keep_alive);
}
