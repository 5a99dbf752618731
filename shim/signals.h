/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/vm.h"

G_BEGIN_DECLS

/*
 * The signals of com.citrix.xenclient.xenmgr, emitted by object `/`, and those of
 * com.citrix.xenclient.xenmgr.host, emitted by `/host`; and of other interfaces, by `/`.
 */

/** xm_signal_host: a signal of the host. @parameters: (transfer floating): a tuple */
void xm_signal_host (XmService *service, const char *member, GVariant *parameters);

/** xm_signal_vm: `vm_created`, `vm_deleted`, `vm_config_changed`, `vm_name_changed` or
 * `vm_transfer_changed`. */
void xm_signal_vm (XmVm *vm, const char *member);

/** xm_signal_config_changed: `config_changed`: a setting of the host was set. */
void xm_signal_config_changed (XmService *service);

/** xm_signal_language_changed: `language_changed`. */
void xm_signal_language_changed (XmService *service);

/** xm_signal_cd_assignment_changed: the optical drive @device of the host, such as `1:0:0:0`, is
 * now that of VM @uuid with object @path, or of none: "" and "/". */
void xm_signal_cd_assignment_changed (XmService *service,
                                      const char *device,
                                      const char *uuid,
                                      const char *path);

/** xm_signal_requested_attention: `requested_attention` of com.citrix.xenclient.xenmgr.guestreq. */
void xm_signal_requested_attention (XmVm *vm);

/** xm_signal_gather_request: `gather_request` of com.citrix.xenclient.xenmgr.diag. */
void xm_signal_gather_request (XmService *service, const char *mode);

/** xm_signal_progress: `progress` of com.citrix.xenclient.xenmgr_xl, for progress.h, which knows
 * when it is due. @path: of the VM, or `/`; @done, @total: bytes */
void xm_signal_progress (XmService *service,
                         const char *path,
                         const char *operation,
                         guint64 done,
                         guint64 total,
                         gboolean ended);

/** xm_signal_vm_notify: `notify` with `vm:state:<internal word>` or `power-state:<number>`. */
void xm_signal_vm_notify (XmVm *vm, const char *message);

/** xm_signal_vm_state_changed: for state-hooks.h, which knows when it is due. */
void xm_signal_vm_state_changed (XmVm *vm, XmVmState state, int acpi_state);

/** xm_signal_is_emitted: whether the service emits signal @member of @interface at all. */
gboolean xm_signal_is_emitted (const char *interface, const char *member);

/** xm_signal_is_never_emitted: whether @member is there for listeners, and never sent. */
gboolean xm_signal_is_never_emitted (const char *interface, const char *member);

G_END_DECLS
