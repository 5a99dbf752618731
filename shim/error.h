/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * XM_ERROR:
 *
 * The service's own errors. On the bus each is org.freedesktop.DBus.Error.Failed
 * with one text: `<code>:<text>` for the coded ones, the bare text for
 * XM_ERROR_PLAIN. Scripts match these texts.
 */
#define XM_ERROR (xm_error_quark ())
GQuark xm_error_quark (void);

/** XmErrorCode: the numbers are part of the interface. */
typedef enum {
  XM_ERROR_PLAIN = 0, /* no number on the bus */
  XM_ERROR_NOT_SUPPORTED = 1, /* org.freedesktop.DBus.Error.NotSupported */
  XM_ERROR_MEMORY = 101,
  XM_ERROR_POLICY_MODIFY = 202,
  XM_ERROR_REMOVE_RUNNING = 204,
  XM_ERROR_TOO_MANY_VMS = 205,
  XM_ERROR_NO_SUCH_DISK = 206,
  XM_ERROR_PV_ADDONS = 213,
  XM_ERROR_POLICY = 220,
  XM_ERROR_NO_SUCH_NIC = 222,
  XM_ERROR_IO = 223,
  XM_ERROR_NO_BACKEND = 232,
} XmErrorCode;

/** xm_error_set: sets @error to the standard text of @code, which takes no arguments. */
void xm_error_set (GError **error, XmErrorCode code);

/** xm_error_set_io: `223:IO error: <text>`. */
void xm_error_set_io (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);

/** xm_error_set_plain: an uncoded text. */
void xm_error_set_plain (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);

/**
 * xm_error_from_xl:
 * @error: (transfer full): an error of an xl command
 * @text: (nullable): what the original says instead of xl's own words, such as "Error destroying domain."
 *
 * Turns a failed xl command into what clients match: `223:IO error: "<text>"`,
 * where without @text the quoted part is xl's stderr with its lines joined by `<br>`.
 * Time-outs, signals and unusable output say so in the quoted part. Lack of
 * memory becomes 101.
 *
 * Returns: (transfer full): an error in XM_ERROR.
 */
GError *xm_error_from_xl (GError *error, const char *text);

/** xm_error_return: answers @invocation with @error in its form on the bus; takes both. */
void xm_error_return (GDBusMethodInvocation *invocation, GError *error);

G_END_DECLS
