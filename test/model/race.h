/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "walk.h"

G_BEGIN_DECLS

/**
 * race_run: does two or three things to one VM at once, by the service, by hand and by the guest,
 * perhaps kills the daemon meanwhile, and waits until the service shows what xl shows.
 *
 * What comes of it depends on who was first: the VM is destroyed at the end, so that the model
 * knows it again.
 *
 * Returns: whether the daemon was killed.
 */
gboolean race_run (TestVm *vm, GRand *chance);

G_END_DECLS
