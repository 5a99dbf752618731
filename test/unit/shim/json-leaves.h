/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/**
 * json_leaves: what a JSON text says, as a set of lines such as `b_info.max_vcpus 2` and
 * `disks[0].vdev "xvda"`, one for each value that is neither object nor array.
 *
 * Returns: (transfer full) (nullable): %NULL when @text is no JSON.
 */
GHashTable *json_leaves (const char *text);
