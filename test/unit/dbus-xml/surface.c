/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "surface.h"

#include <string.h>

/* Columns of surface.tsv. */
enum { SERVICE, OBJECT_PATH, INTERFACE, KIND, NAME, IN_ARGS, OUT_ARGS, TYPE, ACCESS, N_COLUMNS };

static void
surface_interface_free (SurfaceInterface *interface)
{
  g_free (interface->name);
  g_free (interface->path);
  g_ptr_array_unref (interface->members);
  g_free (interface);
}

GPtrArray *
surface_load (void)
{
  GPtrArray *interfaces = g_ptr_array_new_with_free_func ((GDestroyNotify)surface_interface_free);
  SurfaceInterface *current = NULL;
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  g_autoptr (GError) error = NULL;

  if (!g_file_get_contents (FIXTURES "/surface.tsv", &text, NULL, &error))
    g_error ("%s", error->message);
  lines = g_strsplit (text, "\n", -1);
  for (char **line = lines + 1; *line && **line; line++) {
    g_auto (GStrv) columns = g_strsplit (*line, "\t", -1);

    if (g_strv_length (columns) != N_COLUMNS)
      g_error ("surface.tsv: `%s` does not have %d columns", *line, N_COLUMNS);
    if (!current || strcmp (current->name, columns[INTERFACE]) != 0) {
      current = g_new0 (SurfaceInterface, 1);
      current->name = g_strdup (columns[INTERFACE]);
      current->path = g_strdup (columns[OBJECT_PATH]);
      current->members = g_ptr_array_new_with_free_func (g_free);
      g_ptr_array_add (interfaces, current);
    }
    g_ptr_array_add (current->members, g_strjoinv ("\t", columns + INTERFACE));
  }
  return interfaces;
}
