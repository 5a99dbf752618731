/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/*
 * What the references of properties are made of: the XML, and cells of Markdown tables.
 */

/** xm_reference_interface: (transfer full): as compiled in; @name must be one of dbus-xml/. */
GDBusInterfaceInfo *xm_reference_interface (const char *name);

/** xm_reference_properties: (transfer container): its GDBusPropertyInfo, by name. */
GPtrArray *xm_reference_properties (GDBusInterfaceInfo *interface);

/** xm_reference_type: a word for its type. */
const char *xm_reference_type (const GDBusPropertyInfo *info);

/** xm_reference_access: `rw` or `r`. */
const char *xm_reference_access (const GDBusPropertyInfo *info);

/* Each adds a cell that begins with its bar. NULL is an empty cell; an empty code is `""`. */
void xm_reference_add_code (GString *text, const char *code);
void xm_reference_add_text (GString *text, const char *cell);
void xm_reference_add_words (GString *text, const char *const *words);

G_END_DECLS
