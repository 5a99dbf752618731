/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/host-properties.h"

G_BEGIN_DECLS

/*
 * The host's sound devices, as /proc/asound lists them, and which of them VMs use.
 */

void xm_host_list_playback_devices (gpointer service,
                                    GVariant *parameters,
                                    GDBusMethodInvocation *invocation);
void xm_host_list_capture_devices (gpointer service,
                                   GVariant *parameters,
                                   GDBusMethodInvocation *invocation);
void xm_host_list_sound_cards (gpointer service,
                               GVariant *parameters,
                               GDBusMethodInvocation *invocation);

/** xm_host_get_pcm, xm_host_set_pcm: the device in the key of the store that the row names, such as
 * `00-00`. After Set the program that adapts ALSA's configuration runs, where the key file has one
 * ([commands] pcm-changed); when it fails, so does Set, but the key stays. */
GVariant *xm_host_get_pcm (XmService *service, const XmHostProperty *row);
void xm_host_set_pcm (XmService *service,
                      const XmHostProperty *row,
                      GVariant *value,
                      GDBusMethodInvocation *invocation);

G_END_DECLS
