/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/start.h"

G_BEGIN_DECLS

/**
 * xm_start_snapshots: makes a fresh qcow2 overlay, `snap_<file>.snap.tmp.qcow2` beside the image,
 * for each enabled disk with snapshot=temporary, and puts it into XmStart.overlays. Overlays of
 * block devices go to the folder of create_vhd. When another VM has one of that name, the VM's uuid
 * and the disk's id join the name: images may be shared, overlays are not. CD-ROMs have none.
 *
 * The paths are kept in `<run-dir>/<uuid>.overlays`, so that exactly these are removed again,
 * whatever has become of the disks' records.
 */
void xm_start_snapshots (XmStart *start, GTask *task);

/** xm_start_snapshots_undo: removes the VM's overlays, also those from before a restart of the
 * host. */
void xm_start_snapshots_undo (XmVm *vm);

G_END_DECLS
