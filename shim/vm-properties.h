/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/vm.h"

G_BEGIN_DECLS

/*
 * One row per VM property: D-Bus name and type, key in the store, value when
 * unset, which words are allowed, which xl.cfg line it becomes. Reading,
 * writing, GetAll and the xl.cfg all come from the row.
 */

typedef enum {
  XM_PROPERTY_NONE = 0,
  XM_PROPERTY_READ_ONLY = 1 << 0,
  XM_PROPERTY_TRIM = 1 << 1,          /* white space around the value is dropped */
  XM_PROPERTY_EMPTY_REMOVES = 1 << 2, /* "" or a number <= 0 removes the key, without a signal */
  XM_PROPERTY_LIST = 1 << 3,          /* numbered children, joined with `;` on the bus */
  XM_PROPERTY_INVERTED = 1 << 4,      /* true removes the key, false stores "true"; no signal */
  XM_PROPERTY_ALWAYS_SIGNAL = 1 << 5, /* `vm_config_changed` even when the value is the same */
  XM_PROPERTY_NO_POLICY = 1 << 6,     /* not subject to policy-modify-vm-settings */
  XM_PROPERTY_ONE_LINE = 1 << 7,      /* becomes text for xl or QEMU: a newline is refused */
} XmPropertyFlags;

/** XmConfigLine: how a row becomes a line of xl.cfg. */
typedef enum {
  XM_CONFIG_NONE,
  XM_CONFIG_STRING,  /* key='value' */
  XM_CONFIG_INTEGER, /* key=value */
  XM_CONFIG_BOOLEAN, /* key=0 or key=1 */
  XM_CONFIG_LIST,    /* key=['value'] */
} XmConfigLine;

/** XmConfigUse: when it does: if the key exists in the store, and not as "none", unless these say
 * otherwise. */
typedef enum {
  XM_CONFIG_HVM = 1 << 0,    /* HVM guests only: xl reads it of no others */
  XM_CONFIG_PV = 1 << 1,     /* PV and PVH guests only */
  XM_CONFIG_OPENXT = 1 << 2, /* OpenXT's xl only: stock xl does not know it */
  XM_CONFIG_ALWAYS = 1 << 3, /* the fallback when the key does not exist */
  XM_CONFIG_IF_TRUE = 1 << 4,
  XM_CONFIG_IF_FALSE = 1 << 5,
  XM_CONFIG_IF_POSITIVE = 1 << 6,
} XmConfigUse;

typedef struct _XmVmProperty XmVmProperty;
struct _XmVmProperty {
  const char *name;
  char type;            /* D-Bus type: 'b', 'i', 's'; 'a' for object paths */
  const char *key;      /* below /vm/<uuid>; NULL for what is not stored */
  const char *fallback; /* text when unset */
  XmPropertyFlags flags;
  const char *const *words; /* allowed values, NULL for any */
  const char *config_key;
  XmConfigLine config_line;
  XmConfigUse config_use;
  const char *(*config_check) (
      const char *text); /* see vm-config-check.h; NULL: any text will do */
  GVariant *(*get) (const XmVm *vm,
                    const XmVmProperty *row,
                    GError **error); /* NULL: from the store */
  /* Called after each Set, a new value or not, for what else must happen. */
  gboolean (*changed) (XmVm *vm, const XmVmProperty *row, const char *old_text, GError **error);
  /* Handles Set all by itself, where a running domain must be changed too. @value: (transfer none)
   * @task: (transfer full): answered with %TRUE, what it stored need not be on disk yet, or an
   * error */
  void (*set) (XmVm *vm, const XmVmProperty *row, GVariant *value, GTask *task);
};

/** xm_vm_property_lookup: (nullable): the row of @name. */
const XmVmProperty *xm_vm_property_lookup (const char *name);

/** xm_vm_properties: (array length=n): all rows, by name. */
const XmVmProperty *xm_vm_properties (gsize *n);

/** xm_vm_property_get: (transfer floating): the value, or an error when the stored text is not of
 * the row's type. */
GVariant *xm_vm_property_get (const XmVm *vm, const XmVmProperty *row, GError **error);

/** xm_vm_property_get_stored: the same of what is stored, for a row's `get`. */
GVariant *xm_vm_property_get_stored (const XmVm *vm, const XmVmProperty *row, GError **error);

/** xm_vm_property_set: checks and stores @value; memory only, the caller waits for the disk. Not
 * for rows with a `set` of their own. */
gboolean xm_vm_property_set (XmVm *vm, const XmVmProperty *row, GVariant *value, GError **error);

/* The property functions of both interfaces, for their XmInterface. */
gconstpointer xm_vm_lookup_property (const char *name);
GVariant *xm_vm_get_property (gpointer owner, gconstpointer row, GError **error);
void xm_vm_set_property (gpointer owner,
                         const char *interface,
                         gconstpointer row,
                         GVariant *value,
                         GDBusMethodInvocation *invocation);

G_END_DECLS
