/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "test/unit/xlwrap/xl-test.h"

#include <stdlib.h>
#include <string.h>
#include <xenstore.h>

#include "test/simhost/standin/standin-host.h"
#include "xlwrap/xl-xenstore.h"

/* What the tests of XlXenstore share: Debian's real xenstored on the stand-in. */

static StandinHost *host;
static struct xs_handle *other; /* somebody else's connection */
static XlXenstore *store;

static inline void
setup (void)
{
  host = standin_host_new ();
  standin_host_start_xenstored (host);
  other = xs_open (0);
  store = xl_xenstore_new ();
}

static inline void
teardown (void)
{
  g_clear_object (&store);
  g_clear_pointer (&other, xs_close);
  g_clear_pointer (&host, standin_host_free);
}

static inline char *
try_read (const char *path, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  xl_xenstore_read_async (store, path, NULL, keep_result, &result);
  return xl_xenstore_read_finish (store, wait_result (&result), error);
}

static inline void
expect_value (const char *path, const char *value)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *read = try_read (path, &error);

  ck_assert_msg (read != NULL, "%s", error ? error->message : "");
  ck_assert_str_eq (read, value);
}

static inline void
expect_error (GError *error, GQuark domain, int code, const char *names)
{
  ck_assert_ptr_nonnull (error);
  ck_assert_msg (g_error_matches (error, domain, code), "%s", error->message);
  if (*names && !strstr (error->message, names))
    ck_abort_msg ("%s", error->message);
}

static inline void
expect_missing (const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *read = try_read (path, &error);

  ck_assert_ptr_null (read);
  expect_error (error, XL_ERROR, XL_ERROR_NOT_FOUND, path);
}

static inline gboolean
try_apply (const XlXenstoreChange *changes, gsize n, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  xl_xenstore_apply_async (store, changes, n, NULL, keep_result, &result);
  return xl_xenstore_apply_finish (store, wait_result (&result), error);
}

static inline void
apply (const char *path, const char *value, const char *permissions)
{
  const XlXenstoreChange change = { path, value, permissions };
  g_autoptr (GError) error = NULL;

  ck_assert_msg (try_apply (&change, 1, &error), "%s", error ? error->message : "");
}

static inline void
write_other (const char *path, const char *value)
{
  ck_assert (xs_write (other, XBT_NULL, path, value, (unsigned)strlen (value)));
}

/* ---- watches ---- */

typedef struct {
  GSource *source;
  GPtrArray *paths; /* of char* */
  guint stop_after; /* end the watch from its callback; 0: never */
} Watch;

static inline gboolean
on_event (const char *path, gpointer user_data)
{
  Watch *watch = user_data;

  g_ptr_array_add (watch->paths, g_strdup (path));
  return watch->paths->len != watch->stop_after;
}

static inline Watch *
watch_new (const char *path, GMainContext *context)
{
  Watch *watch = g_new0 (Watch, 1);

  watch->paths = g_ptr_array_new_with_free_func (g_free);
  watch->source = xl_xenstore_watch_source_new (store, path);
  g_source_set_callback (watch->source, G_SOURCE_FUNC (on_event), watch, NULL);
  g_source_attach (watch->source, context);
  return watch;
}

static inline void
watch_free (Watch *watch)
{
  g_source_destroy (watch->source);
  g_source_unref (watch->source);
  g_ptr_array_unref (watch->paths);
  g_free (watch);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Watch, watch_free)

/* Takes the next event; those before it must have been taken. */
static inline void
expect_event (Watch *watch, const char *path)
{
  while (watch->paths->len == 0)
    g_main_context_iteration (NULL, TRUE);
  ck_assert_str_eq (watch->paths->pdata[0], path);
  g_ptr_array_remove_index (watch->paths, 0);
}
