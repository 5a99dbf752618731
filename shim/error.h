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

/** XmErrorCode: the numbers are part of the interface; the texts stand in error.c. */
typedef enum {
  XM_ERROR_PLAIN = 0,       /* no number on the bus */
  XM_ERROR_NOT_STARTED = 2, /* a start ends here, logged, and the call succeeds; never on the bus */
  XM_ERROR_MEMORY = 101,
  XM_ERROR_HIBERNATE = 201,
  XM_ERROR_POLICY_MODIFY = 202,
  XM_ERROR_NO_SUCH_DEVICE = 203,
  XM_ERROR_REMOVE_RUNNING = 204,
  XM_ERROR_TOO_MANY_VMS = 205,
  XM_ERROR_NO_SUCH_DISK = 206,
  XM_ERROR_DISK_TYPE = 207,
  XM_ERROR_DEVICE_TYPE = 208,
  XM_ERROR_DUPLICATE_DISK = 212,
  XM_ERROR_PV_ADDONS = 213,
  XM_ERROR_READ_ONLY = 214,
  XM_ERROR_WRITE_ONLY = 215,
  XM_ERROR_NOT_GATHERING = 216,
  XM_ERROR_DISK_SUM = 217,
  XM_ERROR_AMT_IN_USE = 219,
  XM_ERROR_POLICY = 220,
  XM_ERROR_HIBERNATED = 221,
  XM_ERROR_NO_SUCH_NIC = 222,
  XM_ERROR_IO = 223, /* about: the text */
  XM_ERROR_RESUME = 224,
  XM_ERROR_NOT_READY = 225,
  XM_ERROR_NO_AGENT = 226,
  XM_ERROR_SLEEP_TIMEOUT = 227,
  XM_ERROR_HIBERNATE_TIMEOUT = 228,
  XM_ERROR_SHUTDOWN_TIMEOUT = 229,
  XM_ERROR_DEVICE_IN_USE = 230, /* about: the device's address and name */
  XM_ERROR_GPU_SECONDARY = 231,
  XM_ERROR_NO_BACKEND = 232,
  XM_ERROR_OEM_ACPI_IN_USE = 233,
  XM_ERROR_UNKNOWN_GPU = 234, /* about: the id given */
  XM_ERROR_MEASURED_SLEEP = 235,
  XM_ERROR_LANGUAGE = 236,
  XM_ERROR_RULE = 237,
  XM_ERROR_KEY_EXISTS = 238,
  XM_ERROR_VHD_HAS_KEY = 239,
  XM_ERROR_NETWORK_DAEMON = 240,
  XM_ERROR_NO_FILE = 242,
  XM_ERROR_NETWORK = 243,
  XM_ERROR_CASE_ID = 244,
  XM_ERROR_UNAUTHORIZED = 245,
  XM_ERROR_LEGAL_TERMS = 246,
} XmErrorCode;

/** xm_error_set: sets @error to the standard text of @code, which takes no arguments. */
void xm_error_set (GError **error, XmErrorCode code);

/** xm_error_set_about: the same for the codes whose text names @subject. */
void xm_error_set_about (GError **error, XmErrorCode code, const char *subject);

/** xm_error_set_io: `223:IO error: <text>`. */
void xm_error_set_io (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);

/**
 * xm_error_set_file: `223:IO error: <path>: <operation>: <kind> (<strerror>)`, such as
 * `... openFile: does not exist (No such file or directory)`.
 * @operation: the original's name of it: openFile, openBinaryFile, ...
 */
void xm_error_set_file (GError **error, const char *path, const char *operation, int errsv);

/** xm_error_set_plain: an uncoded text. */
void xm_error_set_plain (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);

/**
 * xm_error_from_xl:
 * @error: (transfer full): an error of an xl command
 * @text: (nullable): what the original says instead of xl's own words, such as "Error destroying
 * domain."
 *
 * Turns a failed xl command into what clients match: `223:IO error: "<text>"`,
 * where without @text the quoted part is xl's stderr with its lines joined by `<br>`.
 * Time-outs, signals and unusable output say so in the quoted part. Lack of
 * memory becomes 101.
 *
 * Returns: (transfer full): an error in XM_ERROR.
 */
GError *xm_error_from_xl (GError *error, const char *text);

/**
 * xm_error_from_helper:
 * @error: (transfer full): an error of a program run by XmService.helpers
 *
 * Returns: (transfer full): `223:IO error: command: "<words>" FAILED.`, as the original says of its
 * helpers; what the program printed is logged.
 */
GError *xm_error_from_helper (GError *error);

/**
 * xm_error_from_peer:
 * @error: (transfer full): of a call to another service
 *
 * Returns: (transfer full): an uncoded error with the name and text of what the other service
 * answered; G_IO_ERROR_CANCELLED stays.
 */
GError *xm_error_from_peer (GError *error);

/**
 * xm_error_to_dbus:
 * @error: (transfer full): of any domain
 *
 * Returns: (transfer full): the error as it goes on the bus: G_DBUS_ERROR_FAILED with the text that
 * clients match.
 */
GError *xm_error_to_dbus (GError *error);

/** xm_error_return: answers @invocation with @error in its form on the bus; takes both. */
void xm_error_return (GDBusMethodInvocation *invocation, GError *error);

G_END_DECLS
