/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <check.h>
#include <gio/gio.h>

#include "test/unit/run-suite.h"

/* What the tests of xlwrap share. */

/* Beyond what anything here needs, even under valgrind on a busy machine. */
#define TEST_SECONDS 100

/* The recorded output `GROUP/NAME.SUFFIX`. */
static inline char *
fixture (const char *name, gsize *len)
{
  g_autofree char *path = g_build_filename (FIXTURES, "xl", name, NULL);
  g_autoptr (GError) error = NULL;
  char *text;

  if (!g_file_get_contents (path, &text, len, &error))
    ck_abort_msg ("%s", error->message);
  return text;
}

/* A GAsyncReadyCallback that keeps the result where user_data points. */
static inline void
keep_result (GObject *object, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **)user_data = g_object_ref (result);
}

static inline GAsyncResult *
wait_result (GAsyncResult **result)
{
  while (*result == NULL)
    g_main_context_iteration (NULL, TRUE);
  return *result;
}

/* What one test asks of fake-xl must not reach the next one. */
static inline void
forget_orders (void)
{
  g_unsetenv ("FAKE_XL_REPLAY");
  g_unsetenv ("FAKE_XL_ARGV");
}

static inline int
run_case (const char *name, TCase *tcase)
{
  Suite *suite = suite_create (name);

  tcase_set_timeout (tcase, TEST_SECONDS);
  tcase_add_checked_fixture (tcase, forget_orders, NULL);
  suite_add_tcase (suite, tcase);
  return run_suite (suite);
}
