/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/service.h"

G_BEGIN_DECLS

/*
 * Methods of /host about the controls of sound cards, by the program amixer
 * (settings: amixer). A program rather than libasound, whose calls block while
 * a device does, and whose plug-ins and configuration of its own would come
 * into the daemon.
 */

void xm_host_list_sound_card_controls (gpointer service,
                                       GVariant *parameters,
                                       GDBusMethodInvocation *invocation);
void xm_host_get_sound_card_control (gpointer service,
                                     GVariant *parameters,
                                     GDBusMethodInvocation *invocation);
void xm_host_set_sound_card_control (gpointer service,
                                     GVariant *parameters,
                                     GDBusMethodInvocation *invocation);

G_END_DECLS
