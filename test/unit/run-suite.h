/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <check.h>

/**
 * run_suite: runs @suite (transfer full), telling as much as CK_VERBOSITY says.
 * Returns what main() is to end with.
 */
int run_suite (Suite *suite);
