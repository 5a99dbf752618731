/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* xec-vm: choose a VM by name, uuid or domid, and do with it what xec does; or list all VMs. */
#include <stdio.h>
#include <stdlib.h>

#include "xec/action.h"
#include "xec/bus.h"
#include "xec/error.h"
#include "xec/help.h"
#include "xec/vm-table.h"

/* What was being done when an error came up decides how it is printed. */
typedef enum { STEP_LOOK_UP, STEP_ACTION } Step;

static const struct {
  XecOption option;
  XecVmColumn column;
} selectors[] = {
  { XEC_OPTION_NAME, XEC_VM_NAME },
  { XEC_OPTION_UUID, XEC_VM_UUID },
  { XEC_OPTION_DOMID, XEC_VM_DOMID },
};

static gboolean
is_vm_selected (const XecOptions *options)
{
  for (gsize i = 0; i < G_N_ELEMENTS (selectors); i++)
    if (options->given[selectors[i].option])
      return TRUE;
  return options->given[XEC_OPTION_OBJECT];
}

static char *
find_vm (const XecOptions *options, GDBusConnection *connection, GError **error)
{
  if (options->given[XEC_OPTION_OBJECT])
    return g_strdup (options->arguments[XEC_OPTION_OBJECT][0]);

  for (gsize i = 0; i < G_N_ELEMENTS (selectors); i++) {
    const char *wanted = xec_options_argument (options, selectors[i].option, NULL);
    if (wanted == NULL)
      continue;
    g_autoptr (GError) reason = NULL;
    char *path = xec_vm_find (connection, selectors[i].column, wanted, &reason);
    if (reason != NULL)
      g_propagate_error (error, g_steal_pointer (&reason));
    else if (path == NULL)
      g_set_error (error, XEC_ERROR, XEC_ERROR_LOCAL, "vm '%s' not found", wanted);
    return path;
  }
  g_return_val_if_reached (NULL);
}

/* The VM itself, or the disk or NIC of it that the options name. */
static char *
action_object (const XecOptions *options, const char *vm)
{
  if (options->given[XEC_OPTION_DISK])
    return g_strdup_printf ("%s/disk/%s", vm, options->arguments[XEC_OPTION_DISK][0]);
  if (options->given[XEC_OPTION_NIC])
    return g_strdup_printf ("%s/nic/%s", vm, options->arguments[XEC_OPTION_NIC][0]);
  return g_strdup (vm);
}

static gboolean
act_on_vm (XecOptions *options, const char *vm, GDBusConnection *connection, GError **error)
{
  char list_disks[] = "list-disks";
  char list_nics[] = "list-nics";
  gboolean disks = options->given[XEC_OPTION_LIST_DISKS];

  if (disks || options->given[XEC_OPTION_LIST_NICS]) {
    char *words[] = { disks ? list_disks : list_nics, NULL };
    XecAction listing = {
      .service = XEC_DEFAULT_SERVICE,
      .object = vm,
      .kind = XEC_ACTION_CALL,
      .words = words,
    };
    return xec_action_perform (&listing, connection, error);
  }
  g_autofree char *object = action_object (options, vm);
  XecAction action = xec_action_from_options (options, object);
  action.shows_progress = TRUE;
  return xec_action_perform (&action, connection, error);
}

static gboolean
run (XecOptions *options, Step *step, GError **error)
{
  g_autoptr (GDBusConnection) connection = xec_bus_connect (options, error);

  *step = STEP_LOOK_UP;
  if (connection == NULL)
    return FALSE;
  if (!is_vm_selected (options))
    return xec_vm_table_print (connection, options->given[XEC_OPTION_LONG], error);
  g_autofree char *vm = find_vm (options, connection, error);
  if (vm == NULL)
    return FALSE;
  *step = STEP_ACTION;
  return act_on_vm (options, vm, connection, error);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  XecOptions options;
  Step step;
  int status = EXIT_SUCCESS;

  xec_options_parse (&options, XEC_PROGRAM_XEC_VM, argv);
  if (options.given[XEC_OPTION_HELP]) {
    fputs (xec_help (XEC_PROGRAM_XEC_VM), stdout);
  } else {
    xec_options_log (&options, "xec-vm", argv);
    if (!run (&options, &step, &error)) {
      xec_error_report (error, "xec-vm", step == STEP_LOOK_UP);
      status = EXIT_FAILURE;
    }
  }
  return fflush (stdout) == 0 ? status : EXIT_FAILURE;
}
