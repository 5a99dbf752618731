/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/service.h"

G_BEGIN_DECLS

typedef struct _XmHostsFile XmHostsFile;

/** xm_hosts_file_new: for XmService.hosts_file. */
XmHostsFile *xm_hosts_file_new (XmService *service);
void xm_hosts_file_free (XmHostsFile *state);

/**
 * xm_hosts_file_update: brings the lines `1.0.0.<domid> <name>` of the service VMs that run into
 * /etc/hosts, and those of others out of it. Argo knows domains by such addresses, so nothing
 * happens on a host without Argo's driver, nor when /xenmgr/argo-hosts-file of the store is false.
 * All other lines stay as they are. Done on a thread, one update after the other.
 */
void xm_hosts_file_update (XmService *service);

G_END_DECLS
