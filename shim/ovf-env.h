/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/start.h"

G_BEGIN_DECLS

/*
 * The OVF environment (DMTF DSP0243): the document that tells an appliance its
 * product properties, and the CD image that carries it into the guest.
 */

/** xm_ovf_env_xml: (transfer full): the document of @vm. */
char *xm_ovf_env_xml (const XmVm *vm);

/**
 * xm_ovf_env_step: a step of a start: when `ovf-transport-iso` is set, makes the image
 * /var/lib/ovf/<uuid>-env.iso, a CD with ovf-env.xml on it, and names it in start->ovf_iso.
 */
void xm_ovf_env_step (XmStart *start, GTask *task);

/** xm_ovf_env_undo: removes the image. */
void xm_ovf_env_undo (XmVm *vm);

G_END_DECLS
