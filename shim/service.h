/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/bus-object.h"
#include "shim/domains.h"
#include "shim/settings.h"
#include "shim/store.h"
#include "shim/templates.h"
#include "shim/toolstack.h"
#include "xlwrap/xl-runner.h"
#include "xlwrap/xl-xenstore.h"

G_BEGIN_DECLS

struct _XmVm;
struct _XmNetworkDaemon;
struct _XmAutostart;
struct _XmPeers;
struct _XmHostsFile;
struct _XmHostFiles;
struct _XmHostInfo;
struct _XmHostStorage;
struct _XmAccess;
struct _XmHostLid;
struct _XmHostPower;
struct _XmRootFiles;
struct _XmScriptQueue;
struct _XmDiagGather;

/**
 * XmService: what the parts of the daemon share. Made by main(), alive as long
 * as the main loop; everything else points here and owns nothing of it.
 */
typedef struct _XmService XmService;
struct _XmService {
  XmSettings *settings;
  XmStore *store;
  XmTemplates *templates;
  XlRunner *runner;       /* of xl */
  XmToolstack *toolstack; /* what that xl can do */
  XlRunner *helpers;      /* of the programs beside it: qemu-img, mount, ... */
  XlXenstore *xenstore;
  struct _XmStateNodes *state_nodes; /* what OpenXT's xl says of its domains */
  XmDomains *domains;
  GDBusConnection *connection;
  GHashTable *vms;      /* uuid as in the store -> XmVm, exactly the exported ones */
  GVariant *paths;      /* what list_vms answers; NULL when the set has changed */
  GHashTable *mounting; /* "<uuid>/<id>" of the disks that mount or umount is busy with */
  guint64 nbd_reserved; /* network block devices that are being attached, by bit */
  struct _XmNetworkDaemon *network_daemon;
  struct _XmPeers *peers;       /* NULL until there is a connection */
  gboolean bus_without_domains; /* it has said so: all callers are in dom0 */
  guint db_calls_asked;         /* calls of the database whose caller's domain is asked for */
  struct _XmHostsFile *hosts_file;
  struct _XmHostFiles *host_files;
  struct _XmHostInfo *host_info;
  struct _XmHostStorage *host_storage; /* NULL until there is a connection */
  GHashTable *host_kept;               /* XmHostProperty -> its value; see host-properties.c */
  gboolean ui_ready;
  struct _XmRootFiles *root_files;
  struct _XmScriptQueue *script_queue;
  struct _XmDiagGather *diag_gather;
  gboolean diag_reporting;       /* a status report is being made */
  struct _XmVm *default_backend; /* of NICs: the VM that provides it; see nic-backend.c */
  gboolean default_backend_known;
  struct _XmAutostart *autostart;
  struct _XmAccess *access; /* NULL: whom the bus lets in may do all */
  struct _XmHostPower *host_power;
  struct _XmHostLid *host_lid;             /* NULL until there is a connection */
  struct _XmGuestSignals *guest_signals;   /* the same */
  struct _XmPorticaStatus *portica_status; /* the same */
  gboolean going_down;                     /* all VMs end: see shutdown-all.h */
  int network_backend; /* the domain that /local/domain/0/backend-domid names; 0 none of ours */
  gboolean recovered;  /* from what happened while there was no service */
  gboolean ending;     /* the VMs leave the bus, their domains stay */
  GCancellable *end;   /* cancelled then, for what asks others. Its handlers must not call GDBus,
                        * which can wait for their end under its own lock */

  XmObjectKind *root_kind;
  XmObjectKind *host_kind;
  XmObjectKind *vm_kind;
  XmObjectKind *disk_kind;
  XmObjectKind *nic_kind;
  XmBusObject *root;
  XmBusObject *host;
  XmBusObject *vm_node; /* /vm, which only leads to the VMs */
};

/**
 * xm_service_new:
 * @settings: (transfer full)
 *
 * Opens store, templates and xenstore. Nothing is on the bus yet.
 */
XmService *xm_service_new (XmSettings *settings, GError **error);

/** xm_service_free: takes all off the bus, writes what is not written, closes xenstore. Whatever xl
 * is doing, it finishes by itself; the next service finds the domain. */
void xm_service_free (XmService *service);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (XmService, xm_service_free)

/** xm_service_export: puts all objects on @connection; the names may be taken afterwards. */
gboolean xm_service_export (XmService *service, GDBusConnection *connection, GError **error);

/** xm_service_reload: rereads key file and store (SIGHUP). Paths and the bus stay as they were. */
void xm_service_reload (XmService *service);

/** xm_service_has_subcommand: whether xl has @subcommand, as far as is known yet. Starts no
 * process.
 */
gboolean xm_service_has_subcommand (const XmService *service, const char *subcommand);

/** xm_service_make_kinds: the descriptions of all objects, which need no bus (also for tests). */
void xm_service_make_kinds (XmService *service);

/**
 * xm_service_answer_when_durable:
 * @value: (transfer floating) (nullable): the tuple to answer
 *
 * Answers @invocation with @value when all that was changed so far is on disk, or with the error of
 * the write.
 */
void xm_service_answer_when_durable (XmService *service,
                                     GDBusMethodInvocation *invocation,
                                     GVariant *value);

/**
 * xm_service_task: (transfer full): a task for whoever does what @invocation asks for: answered
 * with a boolean, and the invocation follows, after a success when all is on disk.
 */
GTask *xm_service_task (XmService *service, GDBusMethodInvocation *invocation);

G_END_DECLS
