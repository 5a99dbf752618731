/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/vm-config.h"

#include <sys/stat.h>

#include "shim/error.h"
#include "shim/vm-config-lines.h"

/** NeededFile: must exist and be no directory when the domain is built. */
typedef struct {
  char *path;
  int disk; /* id of the disk it belongs to, -1 for none */
} NeededFile;

struct _XmVmConfig {
  char *text;
  char *path;     /* of the file to write */
  GArray *needed; /* NeededFile */
};

static void
needed_file_clear (gpointer data)
{
  g_free (((NeededFile *)data)->path);
}

void
xm_vm_config_free (XmVmConfig *config)
{
  g_free (config->text);
  g_free (config->path);
  g_array_unref (config->needed);
  g_free (config);
}

const char *
xm_vm_config_get_text (const XmVmConfig *config)
{
  return config->text;
}

void
xm_vm_config_need (XmVmConfig *config, const char *path, int disk)
{
  NeededFile needed = { g_strdup (path), disk };
  g_array_append_val (config->needed, needed);
}

/* -- building ---------------------------------------------------------------------- */

XmVmConfig *
xm_vm_config_build (XmVm *vm, const XmStart *start, GError **error)
{
  static const char *const virt_types[] = { "pv", "pvh", "hvm", NULL };
  const char *virt_type = xm_vm_read (vm, "config/virt-type");
  if (virt_type == NULL)
    virt_type = "pv";
  if (!g_strv_contains (virt_types, virt_type)) {
    xm_error_set_plain (error, "unexpected enumeration value: property virt-type of vm %s is %s",
                        vm->uuid, virt_type);
    return NULL;
  }

  g_autoptr (XmVmConfig) config = g_new0 (XmVmConfig, 1);
  config->needed = g_array_new (FALSE, FALSE, sizeof (NeededFile));
  g_array_set_clear_func (config->needed, needed_file_clear);
  g_autofree char *name = g_strconcat (vm->uuid, ".cfg", NULL);
  config->path = g_build_filename (vm->service->settings->run_dir, name, NULL);

  g_autoptr (XlConfig) lines = xl_config_new ();
  gboolean hvm = g_str_equal (virt_type, "hvm");
  XmConfigBuilder builder = {
    .vm = vm,
    .start = start,
    .virt_type = virt_type,
    .hvm = hvm,
    .stubdom = hvm && xm_vm_read_boolean (vm, "stubdom", FALSE),
    .openxt = start != NULL && start->openxt,
    .lines = lines,
    .config = config,
  };
  if (!xm_vm_config_add_lines (&builder, error))
    return NULL;
  config->text = xl_config_to_text (lines);
  return g_steal_pointer (&config);
}

/* -- checking and writing ---------------------------------------------------------- */

static gboolean
check_file (const NeededFile *needed, GError **error)
{
  struct stat info;
  gboolean found = stat (needed->path, &info) == 0;
  if (found && !S_ISDIR (info.st_mode))
    return TRUE;
  if (needed->disk >= 0)
    xm_error_set_plain (error, "Bad Physical Path for disk %d (%s)", needed->disk, needed->path);
  else if (found)
    xm_error_set_io (error, "%s: openFile: inappropriate type (is a directory)", needed->path);
  else
    xm_error_set_io (error, "%s: openFile: does not exist (No such file or directory)",
                     needed->path);
  return FALSE;
}

static void
write_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  const XmVmConfig *config = task_data;
  GError *error = NULL;
  for (guint i = 0; i < config->needed->len; i++) {
    if (!check_file (&g_array_index (config->needed, NeededFile, i), &error)) {
      g_task_return_error (task, error);
      return;
    }
  }
  if (g_file_set_contents_full (config->path, config->text, -1, G_FILE_SET_CONTENTS_CONSISTENT,
                                0600, &error))
    g_task_return_pointer (task, g_strdup (config->path), g_free);
  else
    g_task_return_error (task, error);
}

void
xm_vm_config_write_async (XmVmConfig *config,
                          GCancellable *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  g_task_set_source_tag (task, xm_vm_config_write_async);
  g_task_set_task_data (task, config, (GDestroyNotify)xm_vm_config_free);
  g_task_run_in_thread (task, write_in_thread);
}

char *
xm_vm_config_write_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
