/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The preloaded stand-in for the hypervisor: see README.md. It is not the
 * product's code and uses no GLib, because it lives inside foreign programs.
 */

/** standin_dir: the directory named by XENSTANDIN_DIR, NULL when it is not set. */
const char *standin_dir (void);

/** standin_path: writes "DIR/NAME" to @buffer. Returns: @buffer, or NULL when there is no
 * directory. */
const char *standin_path (char *buffer, unsigned long size, const char *name);

/** standin_prepare: makes what is missing in the directory. Called before anything in it is used.
 */
void standin_prepare (void);

/** standin_next_domain: as the hypervisor finds it. Returns: the first domid that is at least
 * @from, -1 when there is none. */
long standin_next_domain (unsigned from);
