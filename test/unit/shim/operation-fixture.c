/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "operation-fixture.h"

#include <check.h>
#include <string.h>

static void
on_ended (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Operation *operation = user_data;
  xm_lifecycle_run_finish (result, &operation->error);
  operation->ended = TRUE;
}

void
operation_begin (XmVm *vm, XmOperationKind kind, Operation *operation)
{
  *operation = (Operation){ FALSE, NULL };
  xm_lifecycle_run_async (vm, kind, on_ended, operation);
}

void
operation_begin_on_file (XmVm *vm, XmOperationKind kind, const char *file, Operation *operation)
{
  *operation = (Operation){ FALSE, NULL };
  xm_lifecycle_run_on_file_async (vm, kind, file, on_ended, operation);
}

void
operation_end (Operation *operation)
{
  while (!operation->ended)
    g_main_context_iteration (NULL, TRUE);
}

void
operation_end_well (Operation *operation)
{
  operation_end (operation);
  ck_assert_msg (operation->error == NULL, "%s", operation->error->message);
}

void
operation_end_badly (Operation *operation, const char *part)
{
  operation_end (operation);
  ck_assert_ptr_nonnull (operation->error);
  ck_assert_msg (strstr (operation->error->message, part) != NULL, "%s", operation->error->message);
  g_clear_error (&operation->error);
}

void
operation_run (XmVm *vm, XmOperationKind kind)
{
  Operation operation;
  operation_begin (vm, kind, &operation);
  operation_end_well (&operation);
}
