/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/service.h"
#include "shim/vm-state.h"
#include "shim/watched-number.h"

G_BEGIN_DECLS

typedef struct _XmLifecycle XmLifecycle;
typedef struct _XmVmNodes XmVmNodes;
typedef struct _XmVmPeers XmVmPeers;
typedef struct _XmVmPower XmVmPower;
typedef struct _XmVmQmp XmVmQmp;
struct _XmNicMoves;
typedef struct _XmHooks XmHooks;
typedef struct _XmStateNode XmStateNode;
typedef struct _XmStateHooks XmStateHooks;
typedef struct _XmKeepAlive XmKeepAlive;

/**
 * XmVm: one VM of the store, on the bus as long as its node /vm/<uuid> exists.
 * Reference counted, because operations in flight outlive a deletion.
 */
typedef struct _XmVm XmVm;
struct _XmVm {
  XmService *service;  /* not owned */
  char *uuid;          /* as in the store */
  char *path;          /* object path: /vm/ and the uuid with `_` for `-` */
  char *db_path;       /* /vm/<uuid> */
  XmBusObject *object; /* NULL once the VM is gone */
  GHashTable *devices; /* "disk/0", "nic/1" -> XmVmDevice */

  XmVmState state;
  int domid;                   /* -1 while there is no domain */
  XmWatchedNumber *memory_kib; /* target of the running domain; NULL while there is none */
  XmWatchedNumber *stub_domid; /* its stubdomain, -1 when it has none; NULL as above */
  XmLifecycle *lifecycle;
  XmVmPower *power;
  XmVmPeers *peers; /* NULL without a domain */
  XmVmNodes *nodes; /* NULL without a domain */
  XmVmQmp *qmp;     /* NULL without a domain whose QEMU can be heard */
  XmVm *waits_for;  /* whose start this one's start waits for; not owned */
  struct _XmNicMoves *nic_moves;
  XmHooks *hooks; /* NULL until one is set */
  XmStateHooks *state_hooks;
  XmKeepAlive *keep_alive;
  XmStateNode *state_node; /* NULL where xl writes none */
  guint config_changed_timer;
};

XmVm *xm_vm_ref (XmVm *vm);
void xm_vm_unref (XmVm *vm);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (XmVm, xm_vm_unref)

/** xm_uuid_is_valid: 8-4-4-4-12 hexadecimal digits of either case. */
gboolean xm_uuid_is_valid (const char *uuid);

/** xm_vm_path: (transfer full): object path of the VM with @uuid. */
char *xm_vm_path (const char *uuid);

/** xm_vm_export: puts the VM with its disks and NICs on the bus and into service->vms. */
XmVm *xm_vm_export (XmService *service, const char *uuid, GError **error);

/** xm_vm_unexport: takes it off the bus and out of service->vms. Operations in progress go on. */
void xm_vm_unexport (XmVm *vm);

/** xm_vm_lookup: (transfer none) (nullable): the VM with this uuid, case as in the store. */
XmVm *xm_vm_lookup (XmService *service, const char *uuid);

/** xm_vm_read: (nullable): text at @key below the VM's node, NULL when unset. Valid until the store
 * changes. */
const char *xm_vm_read (const XmVm *vm, const char *key);

/** xm_vm_read_boolean: like a boolean property; text that is none is @fallback. */
gboolean xm_vm_read_boolean (const XmVm *vm, const char *key, gboolean fallback);

/** xm_vm_read_integer: like an integer property; text that is none is @fallback. */
gint64 xm_vm_read_integer (const XmVm *vm, const char *key, gint64 fallback);

/** xm_vm_write: writes text at @key below the VM's node; %NULL removes the key. */
gboolean xm_vm_write (XmVm *vm, const char *key, const char *value, GError **error);

/** xm_vm_read_list: (transfer full) (array zero-terminated=1): texts of the numbered children of
 * @key, by number. */
char **xm_vm_read_list (const XmVm *vm, const char *key);

/** xm_vm_list_ids: (transfer full) (element-type guint): numbers of the numbered children of @key,
 * ascending. */
GArray *xm_vm_list_ids (const XmVm *vm, const char *key);

/** xm_vm_write_list: replaces the children of @key by 0, 1, ... */
gboolean xm_vm_write_list (XmVm *vm, const char *key, const char *const *items, GError **error);

/** xm_vm_is_hvm: whether its virt-type is hvm. */
gboolean xm_vm_is_hvm (const XmVm *vm);

/** xm_vm_is_user: whether it is one of the users' VMs, not a service VM. */
gboolean xm_vm_is_user (const XmVm *vm);

/** xm_vm_is_running: whether it has a domain in any state. */
gboolean xm_vm_is_running (const XmVm *vm);

/** xm_vm_config_changed: schedules `vm_config_changed`, sent 0.5 s after the last call. */
void xm_vm_config_changed (XmVm *vm);

/** xm_vm_set_state: takes on @state and tells the bus, unless the VM has it already. */
void xm_vm_set_state (XmVm *vm, XmVmState state);

/** xm_vm_acpi_state: 0 working, 3 S3, 4 hibernated, 5 off. */
int xm_vm_acpi_state (const XmVm *vm);

/** xm_vm_set_domid: the domain that is the VM's now, -1 for none; follows what xenstore tells of
 * it.
 */
void xm_vm_set_domid (XmVm *vm, int domid);

G_END_DECLS
