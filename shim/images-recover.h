/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/service.h"

G_BEGIN_DECLS

/**
 * xm_images_recover: takes back in the background what a service that died left attached and
 * mounted for its own use: `<run-dir>/extract-*` and network block devices that are not mounted. To
 * be called before any request is served. What `mount` of a disk made, stays.
 */
void xm_images_recover (XmService *service);

G_END_DECLS
