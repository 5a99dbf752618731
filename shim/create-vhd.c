/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/create-vhd.h"

#include <errno.h>

#include "shim/error.h"
#include "shim/progress.h"

#define MAX_MIB (2040 * 1024)

typedef struct {
  XmService *service;
  GDBusMethodInvocation *invocation;
  char *folder;
  char *path;
  gint32 mib;
  gboolean with_vhd_util;
  XmProgress *progress; /* while the program runs */
} Creation;

static void
creation_free (Creation *creation)
{
  g_free (creation->folder);
  g_free (creation->path);
  g_free (creation);
}

static void
on_created (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Creation *creation = user_data;
  GError *error = NULL;
  g_autoptr (XlOutput) output = xl_runner_run_finish (XL_RUNNER (source), result, &error);
  xm_progress_end (g_steal_pointer (&creation->progress), output != NULL);
  if (output != NULL) {
    g_dbus_method_invocation_return_value (creation->invocation,
                                           g_variant_new ("(s)", creation->path));
  } else {
    g_autoptr (GFile) half = g_file_new_for_path (creation->path);
    g_file_delete_async (half, G_PRIORITY_DEFAULT, NULL, NULL, NULL);
    xm_error_return (creation->invocation, xm_error_from_helper (error));
  }
  creation_free (creation);
}

/* QEMU would round the size to a geometry of cylinders, if it were not told to keep it. */
static void
run_program (Creation *creation)
{
  g_autofree char *mib = g_strdup_printf ("%d", creation->mib);
  g_autofree char *size = g_strconcat (mib, "M", NULL);
  const char *const qemu_img[] = {
    "qemu-img",     "create", "-q", "-f", "vpc", "-o", "subformat=dynamic,force_size=on",
    creation->path, size,     NULL
  };
  const char *const vhd_util[] = { "vhd-util", "create", "-s", mib, "-n", creation->path, NULL };
  /* of what an empty disk will take, the program tells nothing */
  creation->progress = xm_progress_begin (creation->service, "/", "create-vhd", 0);
  xl_runner_run_async (creation->service->helpers, creation->with_vhd_util ? vhd_util : qemu_img,
                       NULL, XL_TIMEOUT_SHUTDOWN, NULL, on_created, creation);
}

static void
on_ready (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Creation *creation = user_data;
  GError *error = NULL;
  if (g_task_propagate_boolean (G_TASK (result), &error)) {
    run_program (creation);
    return;
  }
  xm_error_return (creation->invocation, error);
  creation_free (creation);
}

static void
make_ready_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Creation *creation = task_data;
  g_autofree char *qemu_img = g_find_program_in_path ("qemu-img");
  g_autofree char *vhd_util = g_find_program_in_path ("vhd-util");
  GError *error = NULL;
  creation->with_vhd_util = qemu_img == NULL && vhd_util != NULL;
  if (g_mkdir_with_parents (creation->folder, 0755) == 0) {
    g_task_return_boolean (task, TRUE);
  } else {
    xm_error_set_file (&error, creation->folder, "createDirectory", errno);
    g_task_return_error (task, error);
  }
}

void
xm_create_vhd (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  XmService *service = owner;
  gint32 mib;
  g_variant_get (parameters, "(i)", &mib);
  if (mib < 1 || mib > MAX_MIB) {
    GError *error = NULL;
    xm_error_set_plain (&error, "a VHD can have 1 to %d MiB, not %d", MAX_MIB, mib);
    xm_error_return (invocation, error);
    return;
  }
  g_autofree char *uuid = g_uuid_string_random ();
  g_autofree char *name = g_strconcat (uuid, ".vhd", NULL);
  Creation *creation = g_new0 (Creation, 1);
  creation->service = service;
  creation->invocation = invocation;
  creation->folder = g_strdup (service->settings->disks_dir);
  creation->path = g_build_filename (creation->folder, name, NULL);
  creation->mib = mib;
  g_autoptr (GTask) task = g_task_new (NULL, NULL, on_ready, creation);
  g_task_set_task_data (task, creation, NULL);
  g_task_run_in_thread (task, make_ready_in_thread);
}
