/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xec/vm-table.h"

#include <stdio.h>

#include "xec/bus.h"
#include "xec/error.h"
#include "xec/format.h"

#define ROOT_INTERFACE "com.citrix.xenclient.xenmgr"
#define VM_INTERFACE   "com.citrix.xenclient.xenmgr.vm"
#define OWN_INTERFACE  "com.citrix.xenclient.xenmgr_xl"

enum { CPU_TIME = XEC_N_VM_PROPERTIES, N_LONG_COLUMNS };

static const struct {
  const char *property;
  const char *title;
  int width;
  gboolean right; /* aligned to the right, but for its title */
} columns[] = {
  [XEC_VM_DOMID] = { "domid", "ID", 3, TRUE },
  [XEC_VM_NAME] = { "name", "Name", 18, FALSE },
  [XEC_VM_UUID] = { "uuid", "UUID", 36, FALSE },
  [XEC_VM_STATE] = { "state", "State", 10, FALSE },
  [XEC_VM_MEMORY] = { "memory", "Memory", 7, TRUE },
  [XEC_VM_VCPUS] = { "vcpus", "VCPUs", 5, TRUE },
  [CPU_TIME] = { NULL, "CPU time", 9, TRUE }, /* of all VMs at once */
};

/* Some columns of all VMs, a row for each. */
typedef struct {
  GVariant *paths;
  XecGot *cells;
  gsize n_rows;
  gsize n_columns;
} Table;

static void
table_clear (Table *table)
{
  for (gsize i = 0; i < table->n_rows * table->n_columns; i++) {
    g_clear_pointer (&table->cells[i].value, g_variant_unref);
    g_clear_error (&table->cells[i].error);
  }
  g_free (table->cells);
  g_clear_pointer (&table->paths, g_variant_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Table, table_clear)

static const XecGot *
table_row (const Table *table, gsize row)
{
  return table->cells + row * table->n_columns;
}

static gboolean
row_is_gone (const Table *table, gsize row)
{
  for (gsize i = 0; i < table->n_columns; i++)
    if (xec_bus_is_gone (table_row (table, row)[i].error))
      return TRUE;
  return FALSE;
}

/* Reads @n_columns properties of all VMs, from @first on. */
static gboolean
table_read (Table *table,
            GDBusConnection *connection,
            XecVmColumn first,
            gsize n_columns,
            GError **error)
{
  g_autoptr (GVariant) results =
      xec_bus_call (connection, XEC_DEFAULT_SERVICE, "/", ROOT_INTERFACE, "list_vms", NULL, error);

  if (results == NULL)
    return FALSE;
  if (!g_variant_is_of_type (results, G_VARIANT_TYPE ("(ao)"))) {
    g_set_error_literal (error, XEC_ERROR, XEC_ERROR_LOCAL,
                         "list_vms did not answer with object paths");
    return FALSE;
  }
  table->paths = g_variant_get_child_value (results, 0);
  table->n_rows = g_variant_n_children (table->paths);
  table->n_columns = n_columns;
  table->cells = g_new0 (XecGot, table->n_rows * n_columns);
  for (gsize row = 0; row < table->n_rows; row++) {
    const char *path;
    g_variant_get_child (table->paths, row, "&o", &path);
    for (gsize i = 0; i < n_columns; i++) {
      table->cells[row * n_columns + i].object = path;
      table->cells[row * n_columns + i].property = columns[first + i].property;
    }
  }

  gsize n_cells = table->n_rows * n_columns;
  xec_bus_get_many (connection, XEC_DEFAULT_SERVICE, VM_INTERFACE, table->cells, n_cells);
  for (gsize i = 0; i < n_cells; i++) {
    if (table->cells[i].error != NULL && !xec_bus_is_gone (table->cells[i].error)) {
      g_propagate_error (error, g_steal_pointer (&table->cells[i].error));
      return FALSE;
    }
  }
  return TRUE;
}

typedef struct {
  gint64 domid;
  char *cells[N_LONG_COLUMNS]; /* NULL for those that are not asked for */
} Line;

static void
line_free (gpointer data)
{
  Line *line = data;

  for (int i = 0; i < N_LONG_COLUMNS; i++)
    g_free (line->cells[i]);
  g_free (line);
}

/* @cpu_times: (nullable) */
static Line *
line_new (const XecGot *row, gsize n_columns, GVariant *cpu_times)
{
  Line *line = g_new0 (Line, 1);
  double seconds;

  for (gsize i = 0; i < n_columns; i++)
    line->cells[i] = xec_format_value (row[i].value);
  if (cpu_times != NULL && g_variant_lookup (cpu_times, row->object, "d", &seconds))
    line->cells[CPU_TIME] = g_strdup_printf ("%.1f", seconds);
  line->domid = g_ascii_strtoll (line->cells[XEC_VM_DOMID], NULL, 10);
  if (line->domid < 0)
    *line->cells[XEC_VM_DOMID] = '\0';
  return line;
}

static gint
compare_lines (gconstpointer a, gconstpointer b)
{
  const Line *first = *(const Line *const *)a;
  const Line *second = *(const Line *const *)b;

  /* A VM that does not run has a negative domid, and comes last. */
  if ((first->domid < 0) != (second->domid < 0))
    return first->domid < 0 ? 1 : -1;
  if (first->domid < 0 || first->domid == second->domid)
    return 0;
  return first->domid < second->domid ? -1 : 1;
}

static void
print_header (int n_columns)
{
  for (int i = 0; i < n_columns; i++)
    printf ("%s%-*s", i == 0 ? " " : " | ", columns[i].width, columns[i].title);
  /* The last stretch of the plain table is shorter than its column, in the original too. */
  printf ("\n-----+--------------------+--------------------------------------+--------%s\n",
          n_columns > XEC_N_VM_COLUMNS ? "----+---------+-------+----------" : "");
}

static void
print_line (const Line *line, int n_columns)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (int i = 0; i < n_columns; i++) {
    const char *cell = line->cells[i] != NULL ? line->cells[i] : "";
    g_string_append (text, i == 0 ? " " : " | ");
    if (columns[i].right)
      g_string_append_printf (text, "%*s", columns[i].width, cell);
    else
      xec_format_padded (text, cell, columns[i].width);
  }
  puts (text->str);
}

/* (transfer full) (nullable): a{od}; the original service does not know it. */
static GVariant *
get_cpu_times (GDBusConnection *connection)
{
  g_autoptr (GVariant) results = xec_bus_call (connection, XEC_DEFAULT_SERVICE, "/", OWN_INTERFACE,
                                               "list_cpu_times", NULL, NULL);

  return results != NULL && g_variant_is_of_type (results, G_VARIANT_TYPE ("(a{od})"))
             ? g_variant_get_child_value (results, 0)
             : NULL;
}

gboolean
xec_vm_table_print (GDBusConnection *connection, gboolean with_usage, GError **error)
{
  gsize n_properties = with_usage ? XEC_N_VM_PROPERTIES : XEC_N_VM_COLUMNS;
  int n_columns = with_usage ? N_LONG_COLUMNS : XEC_N_VM_COLUMNS;
  g_auto (Table) table = { 0 };

  if (!table_read (&table, connection, XEC_VM_DOMID, n_properties, error))
    return FALSE;
  g_autoptr (GVariant) cpu_times = with_usage ? get_cpu_times (connection) : NULL;
  g_autoptr (GPtrArray) lines = g_ptr_array_new_with_free_func (line_free);
  for (gsize row = 0; row < table.n_rows; row++)
    if (!row_is_gone (&table, row))
      g_ptr_array_add (lines, line_new (table_row (&table, row), n_properties, cpu_times));
  /* Stable, so the VMs that do not run keep their order. */
  g_ptr_array_sort (lines, compare_lines);

  print_header (n_columns);
  for (guint i = 0; i < lines->len; i++)
    print_line (lines->pdata[i], n_columns);
  return TRUE;
}

char *
xec_vm_find (GDBusConnection *connection, XecVmColumn column, const char *value, GError **error)
{
  g_auto (Table) table = { 0 };

  if (!table_read (&table, connection, column, 1, error))
    return NULL;
  for (gsize row = 0; row < table.n_rows; row++) {
    const XecGot *cell = table_row (&table, row);
    if (cell->value == NULL)
      continue;
    g_autofree char *text = xec_format_value (cell->value);
    if (g_str_equal (text, value))
      return g_strdup (cell->object);
  }
  return NULL;
}
