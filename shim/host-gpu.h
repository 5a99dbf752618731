/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/service.h"

G_BEGIN_DECLS

/*
 * Methods of /host about graphics adapters: where their screens stand
 * (/xenmgr/gpu-placement/<address> of the store) and which of them the display
 * handler uses (/xenmgr/dh/gpu), so that VMs do not get them.
 */

void xm_host_list_gpu_devices (gpointer service,
                               GVariant *parameters,
                               GDBusMethodInvocation *invocation);
void xm_host_list_gpus_for_displayhandler (gpointer service,
                                           GVariant *parameters,
                                           GDBusMethodInvocation *invocation);
void xm_host_get_gpu_placement (gpointer service,
                                GVariant *parameters,
                                GDBusMethodInvocation *invocation);
void xm_host_configure_gpu_placement (gpointer service,
                                      GVariant *parameters,
                                      GDBusMethodInvocation *invocation);
void xm_host_set_displayhandler_gpu (gpointer service,
                                     GVariant *parameters,
                                     GDBusMethodInvocation *invocation);
void xm_host_get_displayhandler_gpu (gpointer service,
                                     GVariant *parameters,
                                     GDBusMethodInvocation *invocation);

G_END_DECLS
