/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "vms.h"

G_BEGIN_DECLS

/** walk_note: what this step does. */
void walk_note (const char *format, ...) G_GNUC_PRINTF (1, 2);

/** walk_fail: prints the seed, the step and the last ones, and ends the program. */
G_NORETURN void walk_fail (const char *format, ...) G_GNUC_PRINTF (1, 2);

/** walk_refresh: returns when the service has looked at the domains again. */
void walk_refresh (void);

/** walk_expect_told: fails unless the states told match; forgets them. */
void walk_expect_told (TestVm *vm, const char *pattern);

G_END_DECLS
