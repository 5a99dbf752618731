/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/host-properties.h"

G_BEGIN_DECLS

/** xm_host_get_wired_mac: address of eth0; where there is none of that name, of the first Ethernet
 * device that is hardware, preferably the one behind the bridge of /wired/0/bridged. */
GVariant *xm_host_get_wired_mac (XmService *service, const XmHostProperty *row);

/** xm_host_get_wireless_mac: address of wlan0, else of the first wireless device. */
GVariant *xm_host_get_wireless_mac (XmService *service, const XmHostProperty *row);

G_END_DECLS
