/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/error.h"
#include "shim/lifecycle-private.h"

/*
 * Pause and unpause. Xen counts pauses, so a paused VM is not paused again:
 * one unpause must be enough. xl reports success for some failures; what
 * counts is the state that Xen shows afterwards.
 */

static const char *
failure_text (const XmOperation *op)
{
  return op->kind == XM_OPERATION_PAUSE ? "Error parsing domain." : "Error unpausing domain.";
}

static gboolean
is_done (XmOperation *op)
{
  const XlDomain *domain = xm_operation_domain (op);
  if (domain == NULL)
    return op->kind == XM_OPERATION_UNPAUSE;
  gboolean paused = (domain->state & XL_DOMAIN_PAUSED) != 0;
  return paused == (op->kind == XM_OPERATION_PAUSE);
}

static void
on_listed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmOperation *op = user_data;
  GError *error = NULL;
  if (!xm_operation_has_picture (op, result))
    return;
  if (!is_done (op))
    xm_error_set_io (&error, "\"%s\"", failure_text (op));
  xm_operation_end (op, error);
}

static void
on_command (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmOperation *op = user_data;
  GError *error = NULL;
  if (xl_command_finish (XL_RUNNER (source), result, &error))
    xm_domains_refresh_async (op->vm->service->domains, NULL, on_listed, op);
  else
    xm_operation_end (op, xm_operation_explain (op, error, failure_text (op)));
}

static void
on_looked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmOperation *op = user_data;
  XlRunner *runner = op->vm->service->runner;
  GError *error = NULL;
  if (!xm_operation_has_picture (op, result))
    return;
  const XlDomain *domain = xm_operation_domain (op);
  if (is_done (op)) {
    op->vm->lifecycle->fresh = FALSE; /* from now on it is paused because somebody wants that */
    xm_operation_end (op, NULL);
  } else if (domain == NULL) {
    xm_error_set_io (&error, "\"%s\"", failure_text (op));
    xm_operation_end (op, error);
  } else if (op->kind == XM_OPERATION_PAUSE) {
    xl_pause_async (runner, domain->domid, op->cancellable, on_command, op);
  } else {
    xl_unpause_async (runner, domain->domid, op->cancellable, on_command, op);
  }
}

static void
look_first (XmOperation *op)
{
  xm_domains_refresh_async (op->vm->service->domains, op->cancellable, on_looked, op);
}

void
xm_operation_pause (XmOperation *op)
{
  look_first (op);
}

void
xm_operation_unpause (XmOperation *op)
{
  look_first (op);
}
