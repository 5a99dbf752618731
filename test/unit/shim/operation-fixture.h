/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/lifecycle.h"

/** Operation: one of a VM's, under way or ended; with the error it ended with, if any. */
typedef struct {
  gboolean ended;
  GError *error;
} Operation;

void operation_begin (XmVm *vm, XmOperationKind kind, Operation *operation);
void
operation_begin_on_file (XmVm *vm, XmOperationKind kind, const char *file, Operation *operation);

/** operation_end: runs the main context until it has ended, in whichever way. */
void operation_end (Operation *operation);
void operation_end_well (Operation *operation);

/** operation_end_badly: with @part in its error's message. */
void operation_end_badly (Operation *operation, const char *part);

/** operation_run: from its begin to its good end. */
void operation_run (XmVm *vm, XmOperationKind kind);
