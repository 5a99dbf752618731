/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * XEC_ERROR: everything that ends xec or xec-vm with status 1.
 *
 * The two codes differ in where the original clients print them: what the other
 * side of the bus answered is output, what the client finds out by itself is a
 * complaint.
 */
#define XEC_ERROR (xec_error_quark ())
GQuark xec_error_quark (void);

typedef enum {
  XEC_ERROR_LOCAL,  /**< unknown member, bad argument, no bus: to stderr */
  XEC_ERROR_REMOTE, /**< a D-Bus error reply, "NAME: text": to stdout */
} XecError;

/**
 * xec_error_report: prints @error where the original prints it.
 * @program: put before messages on stderr
 * @name_only: print only the D-Bus error name of a reply, as the original
 *   xec-vm does for its own look-ups
 */
void xec_error_report (const GError *error, const char *program, gboolean name_only);

G_END_DECLS
