/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What journalctl finds messages by, besides the fields of GLib and of the journal itself:
 *   VM_UUID       of the VM that a message is about
 *   DOMID         its domain, where the message tells of one
 *   PROGRAM_ARGV  an xl or another program that was run, as in the message
 *   EXIT_STATUS   of that command, when it has ended with one */

/**
 * xm_journal_find_uuid: (transfer full) (nullable): the first word of @message that is a uuid, a
 * colon or comma behind it aside: messages name VMs so. Part of a path is none.
 */
char *xm_journal_find_uuid (const char *message);

/**
 * xm_journal_write: a GLogWriterFunc: GLib's own writer, which uses the journal when the service
 * runs under it and else stderr, with VM_UUID added.
 */
GLogWriterOutput xm_journal_write (GLogLevelFlags level,
                                   const GLogField *fields,
                                   gsize n_fields,
                                   gpointer user_data);

G_END_DECLS
