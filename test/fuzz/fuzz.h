/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "xlwrap/xl-error.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

/* What holds of every parser: it answers, or says why not in words fit for D-Bus. */
static inline void
check_answer (gconstpointer parsed, const GError *error)
{
  g_assert_true ((parsed != NULL) != (error != NULL));
  if (error != NULL) {
    g_assert_true (g_error_matches (error, XL_ERROR, XL_ERROR_PARSE));
    g_assert_true (g_utf8_validate (error->message, -1, NULL));
  }
}

static inline void
check_text (const char *text)
{
  g_assert_true (text == NULL || g_utf8_validate (text, -1, NULL));
}
