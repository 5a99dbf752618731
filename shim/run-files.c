/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/run-files.h"

#include <string.h>
#include <unistd.h>

#include "shim/text.h"

#define UUID_LENGTH 36

/* Files of other kinds go with what they are for. */
static const char *const kinds[] = { "cfg", "domid", "again", "saved", "saving", NULL };

/* The one file that belongs to no VM; see autostart.c. */
#define AUTOSTARTED "autostarted"

/* What g_file_set_contents() appends to a name until the file is whole. */
#define TEMPORARY_LENGTH 6

void
xm_run_files_remove (const XmVm *vm)
{
  for (gsize i = 0; kinds[i] != NULL; i++) {
    g_autofree char *name = g_strconcat (vm->uuid, ".", kinds[i], NULL);
    g_autofree char *path = g_build_filename (vm->service->settings->run_dir, name, NULL);
    unlink (path);
  }
}

static gboolean
is_left_over (XmService *service, const char *name)
{
  if (g_str_has_prefix (name, AUTOSTARTED "."))
    return TRUE;
  if (strlen (name) <= UUID_LENGTH + 1 || name[UUID_LENGTH] != '.')
    return FALSE;
  g_autofree char *uuid = g_strndup (name, UUID_LENGTH);
  g_auto (GStrv) rest = g_strsplit (name + UUID_LENGTH + 1, ".", -1);
  if (!xm_uuid_is_valid (uuid))
    return FALSE;
  if (rest[1] != NULL)
    return rest[2] == NULL && strlen (rest[1]) == TEMPORARY_LENGTH;
  g_autofree char *node = g_strconcat ("/vm/", uuid, NULL);
  return g_strv_contains (kinds, rest[0]) && !xm_store_exists (service->store, node);
}

void
xm_run_files_tidy (XmService *service)
{
  const char *run_dir = service->settings->run_dir;
  g_autoptr (GDir) dir = g_dir_open (run_dir, 0, NULL);
  const char *name;
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
    g_autofree char *path = g_build_filename (run_dir, name, NULL);
    if (is_left_over (service, name))
      unlink (path);
  }
}
