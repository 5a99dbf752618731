/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/vm-saved.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "shim/start.h"

static char *
marker (const XmVm *vm)
{
  g_autofree char *name = g_strconcat (vm->uuid, ".saved", NULL);
  return g_build_filename (vm->service->settings->run_dir, name, NULL);
}

void
xm_vm_saved_note (XmVm *vm)
{
  g_autofree char *path = marker (vm);
  g_autoptr (GError) error = NULL;
  if (!g_file_set_contents_full (path, "", 0, G_FILE_SET_CONTENTS_CONSISTENT, 0600, &error))
    g_warning ("%s: what its saved state needs will not be kept: %s", vm->uuid, error->message);
}

gboolean
xm_vm_saved_is (const XmVm *vm)
{
  g_autofree char *path = marker (vm);
  return access (path, F_OK) == 0;
}

void
xm_vm_saved_forget (XmVm *vm)
{
  g_autofree char *path = marker (vm);
  if (unlink (path) != 0 && errno != ENOENT)
    g_warning ("%s: %s", path, g_strerror (errno));
}

void
xm_vm_saved_discard (XmVm *vm)
{
  if (!xm_vm_saved_is (vm))
    return;
  xm_vm_saved_forget (vm);
  xm_start_undo (vm);
}
