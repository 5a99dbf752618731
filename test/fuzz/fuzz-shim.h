/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/error.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

/* What holds of the daemon's errors: they say something, in words fit for D-Bus. */
static inline void
check_refusal (const GError *error)
{
  g_assert_nonnull (error);
  g_assert_true (*error->message != '\0');
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
}
