/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "shim/error.h"
#include "shim/lifecycle-private.h"

/*
 * `<run-dir>/<uuid>.domid`: a line with the domid of the service's domain (-1
 * none, XM_OWN_NEXT the one that xl builds), the word `unfinished` until that
 * domain was let run, and the word `start` while the VM is to be started if the
 * service ends before it has. Nothing to say is no file.
 */

static char *
record_file (const XmVm *vm)
{
  g_autofree char *name = g_strconcat (vm->uuid, ".domid", NULL);
  return g_build_filename (vm->service->settings->run_dir, name, NULL);
}

static gboolean
write_record (XmVm *vm, GError **error)
{
  const XmLifecycle *lifecycle = vm->lifecycle;
  g_autofree char *path = record_file (vm);
  if (lifecycle->own_domid == -1 && !lifecycle->unfinished && !lifecycle->again) {
    if (unlink (path) == 0 || errno == ENOENT)
      return TRUE;
    xm_error_set_file (error, path, "removeLink", errno);
    return FALSE;
  }
  g_autofree char *text =
      g_strdup_printf ("%d%s%s\n", lifecycle->own_domid, lifecycle->unfinished ? " unfinished" : "",
                       lifecycle->again ? " start" : "");
  g_autoptr (GError) why = NULL;
  if (g_file_set_contents_full (path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, &why))
    return TRUE;
  xm_error_set_io (error, "\"cannot record the domain of vm %s: %s\"", vm->uuid, why->message);
  return FALSE;
}

static void
try_write (XmVm *vm)
{
  g_autoptr (GError) error = NULL;
  vm->lifecycle->outdated = !write_record (vm, &error);
  if (error != NULL)
    g_warning ("%s", error->message);
}

/* An outdated record could have the next life destroy a VM that merely is paused then. */
void
xm_lifecycle_record_retry (XmVm *vm)
{
  g_autoptr (GError) error = NULL;
  if (vm->lifecycle->outdated)
    vm->lifecycle->outdated = !write_record (vm, &error);
}

void
xm_lifecycle_read_record (XmLifecycle *lifecycle)
{
  g_autofree char *path = record_file (lifecycle->vm);
  g_autofree char *text = NULL;
  gint64 domid;
  lifecycle->own_domid = -1;
  if (!g_file_get_contents (path, &text, NULL, NULL))
    return;
  g_auto (GStrv) words = g_strsplit (g_strchomp (text), " ", -1);
  if (words[0] == NULL ||
      !g_ascii_string_to_signed (words[0], 10, XM_OWN_NEXT, G_MAXINT32, &domid, NULL))
    return;
  lifecycle->own_domid = (int)domid;
  lifecycle->unfinished =
      domid == XM_OWN_NEXT || g_strv_contains ((const char **)words, "unfinished");
  lifecycle->again = g_strv_contains ((const char **)words, "start");
}

gboolean
xm_lifecycle_record_building (XmVm *vm, gboolean again, GError **error)
{
  XmLifecycle *lifecycle = vm->lifecycle;
  lifecycle->own_domid = XM_OWN_NEXT;
  lifecycle->unfinished = TRUE;
  lifecycle->again = again;
  return write_record (vm, error);
}

gboolean
xm_lifecycle_record_built (XmVm *vm, guint domid, GError **error)
{
  vm->lifecycle->own_domid = (int)domid;
  return write_record (vm, error);
}

void
xm_lifecycle_record_running (XmVm *vm)
{
  XmLifecycle *lifecycle = vm->lifecycle;
  lifecycle->unfinished = FALSE;
  lifecycle->again = lifecycle->restart; /* it may have asked for a reboot already */
  try_write (vm);
}

void
xm_lifecycle_own (XmVm *vm, int domid)
{
  XmLifecycle *lifecycle = vm->lifecycle;
  if (lifecycle->own_domid == domid && !lifecycle->unfinished && !lifecycle->again)
    return;
  lifecycle->own_domid = domid;
  lifecycle->unfinished = FALSE;
  lifecycle->again = FALSE;
  try_write (vm);
}

void
xm_lifecycle_set_again (XmVm *vm, gboolean again)
{
  if (vm->lifecycle->again == again)
    return;
  vm->lifecycle->again = again;
  try_write (vm);
}

void
xm_lifecycle_own_none_yet (XmVm *vm)
{
  vm->lifecycle->own_domid = -1;
  vm->lifecycle->unfinished = FALSE;
  try_write (vm);
}
