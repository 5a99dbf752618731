/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include <jansson.h>

#include "xlwrap/xl-error.h"

G_BEGIN_DECLS

/**
 * XlQmp: a connection to the QMP monitor of one QEMU, over a UNIX socket.
 *
 * It connects, takes the greeting and leaves the capabilities negotiation
 * behind it; then commands may be sent, and events come. It never connects a
 * second time: when to try again is for its owner to say, with a new object.
 *
 * Signals, all in the main context that made it:
 *   ready ()                    commands may be sent
 *   event (name, data: json_t*) @data is an object, or NULL when the event carries none
 *   closed (error: GError*)     nothing more comes; once, also when it could not connect
 *
 * The other end is not trusted: a line too long, too deep or no JSON object
 * ends the connection, as do answers to what nobody asked. So does silence:
 * the greeting and each answer must come within 10 s.
 */
#define XL_TYPE_QMP (xl_qmp_get_type ())
G_DECLARE_FINAL_TYPE (XlQmp, xl_qmp, XL, QMP, GObject)

/** xl_qmp_path_fits: whether a socket can have this path (107 bytes on Linux). */
gboolean xl_qmp_path_fits (const char *path);

/** xl_qmp_new: begins to connect. Returns: (transfer full): to be closed before it is let go. */
XlQmp *xl_qmp_new (const char *path);

/** xl_qmp_close: ends the connection without a signal; commands in flight fail as cancelled. */
void xl_qmp_close (XlQmp *self);

/**
 * xl_qmp_execute_async: sends a command, once the connection is ready.
 * @arguments: (transfer full) (nullable): an object
 */
void xl_qmp_execute_async (XlQmp *self,
                           const char *command,
                           json_t *arguments,
                           GAsyncReadyCallback callback,
                           gpointer user_data);

/**
 * xl_qmp_execute_finish:
 *
 * Returns: (transfer full): what the command returned, often an empty object. QEMU's refusal is
 * XL_ERROR_QMP with QEMU's words.
 */
json_t *xl_qmp_execute_finish (XlQmp *self, GAsyncResult *result, GError **error);

G_END_DECLS
