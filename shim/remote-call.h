/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/** XmRemoteMethod: a method of another service on the bus. */
typedef struct {
  const char *destination, *path, *interface, *member;
} XmRemoteMethod;

/** xm_remote_method_check: whether all four have the form that D-Bus demands. */
gboolean xm_remote_method_check (const XmRemoteMethod *method, GError **error);

/**
 * xm_remote_call_async:
 * @method: copied; must be well-formed
 * @parameters: (transfer floating)
 * @timeout_ms: how long each attempt may take; G_MAXINT: any time
 *
 * Calls @method. While nobody owns the destination it is tried again, five times in all, one second
 * apart, as the original does: services come up in any order.
 */
void xm_remote_call_async (GDBusConnection *connection,
                           const XmRemoteMethod *method,
                           GVariant *parameters,
                           int timeout_ms,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data);

/**
 * xm_remote_call_finish: (transfer full): the answer. Errors: G_IO_ERROR_CANCELLED, or an uncoded
 * one: `<name of the error>: <its message>`.
 */
GVariant *xm_remote_call_finish (GAsyncResult *result, GError **error);

G_END_DECLS
