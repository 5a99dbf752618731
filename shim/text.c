/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/text.h"

static const char *const true_words[] = { "true", "yes", "1", NULL };
static const char *const false_words[] = { "false", "no", "0", NULL };

gboolean
xm_text_is_true (const char *text)
{
  return g_strv_contains (true_words, text);
}

gboolean
xm_text_to_boolean (const char *text, gboolean *value)
{
  *value = xm_text_is_true (text);
  return *value || g_strv_contains (false_words, text);
}

const char *
xm_text_or (const char *text, const char *fallback)
{
  return text != NULL && *text != '\0' ? text : fallback;
}
