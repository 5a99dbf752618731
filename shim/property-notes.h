/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** XmPropertyNote: what the tables of properties do not say about one of them. */
typedef struct {
  const char *name;
  const char *line;    /* its part in xl.cfg, where the table does not tell; NULL: none */
  const char *running; /* what a new value does to a domain that runs; NULL: nothing */
  const char *text;    /* what it is for, and what is odd about it */
} XmPropertyNote;

/** xm_property_notes_vm, _disk, _nic: end with a NULL name; by name. */
extern const XmPropertyNote xm_property_notes_vm[];
extern const XmPropertyNote xm_property_notes_disk[];
extern const XmPropertyNote xm_property_notes_nic[];

/** xm_property_notes_config, _host: of objects `/` and `/host`; only their text counts. */
extern const XmPropertyNote xm_property_notes_config[];
extern const XmPropertyNote xm_property_notes_host[];

/** xm_property_note: (transfer none) (nullable): of @name. */
const XmPropertyNote *xm_property_note (const XmPropertyNote *notes, const char *name);

G_END_DECLS
