/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests of XlXenstore. */
#include "test/unit/xlwrap/xenstore-test.h"

#include <dlfcn.h>
#include <xen/io/xs_wire.h>

/* Stands before libxenstore's: others change the store just before a transaction ends. */
static int conflicts_to_make, transactions_ended;

bool
xs_transaction_end (struct xs_handle *handle, xs_transaction_t transaction, bool abort)
{
  bool (*next) (struct xs_handle *, xs_transaction_t, bool) =
      (bool (*) (struct xs_handle *, xs_transaction_t, bool))dlsym (RTLD_NEXT,
                                                                    "xs_transaction_end");

  transactions_ended++;
  if (conflicts_to_make > 0) {
    conflicts_to_make--;
    xs_write (other, XBT_NULL, "/t/contended", "theirs", 6);
  }
  return next (handle, transaction, abort);
}

START_TEST (test_write_and_read)
{
  expect_missing ("/t/a");
  apply ("/t/a", "some text", NULL);
  expect_value ("/t/a", "some text");
  apply ("/t/a", "", NULL);
  expect_value ("/t/a", "");
  write_other ("/t/a", "\xff'\n");
  expect_value ("/t/a", "\xff'\n");
}
END_TEST

START_TEST (test_remove)
{
  apply ("/t/a/b", "x", NULL);
  apply ("/t/a", NULL, NULL);
  expect_missing ("/t/a/b");
  apply ("/t/a", NULL, NULL);
  apply ("/no/such/node/at/all", NULL, NULL);
}
END_TEST

/* Without a value it is only the permissions, of a node that must be there. */
START_TEST (test_permissions_alone)
{
  const XlXenstoreChange changes[] = { { "/t/new", "x", NULL }, { "/t/missing", NULL, "r0" } };
  g_autoptr (GError) error = NULL;
  unsigned int n;
  struct xs_permissions *permissions;

  apply ("/t/a", "kept", "n0");
  apply ("/t/a", NULL, "r0");
  expect_value ("/t/a", "kept");
  permissions = xs_get_permissions (other, XBT_NULL, "/t/a", &n);
  ck_assert_ptr_nonnull (permissions);
  ck_assert_uint_eq (n, 1);
  ck_assert_uint_eq (permissions[0].perms, XS_PERM_READ);
  free (permissions);

  ck_assert (!try_apply (changes, G_N_ELEMENTS (changes), &error));
  expect_error (error, XL_ERROR, XL_ERROR_XENSTORE, "/t/missing");
  expect_missing ("/t/new");
}
END_TEST

static char **
try_list (const char *path, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  xl_xenstore_list_async (store, path, NULL, keep_result, &result);
  return xl_xenstore_list_finish (store, wait_result (&result), error);
}

START_TEST (test_list)
{
  g_auto (GStrv) names = NULL, none = NULL, missing = NULL;
  g_autoptr (GError) error = NULL;

  apply ("/t/a/one", "1", NULL);
  apply ("/t/a/two", "2", NULL);
  names = try_list ("/t/a", NULL);
  ck_assert_uint_eq (g_strv_length (names), 2);
  ck_assert (g_strv_contains ((const char *const *)names, "one"));
  ck_assert (g_strv_contains ((const char *const *)names, "two"));

  none = try_list ("/t/a/one", NULL);
  ck_assert_uint_eq (g_strv_length (none), 0);
  missing = try_list ("/t/b", &error);
  ck_assert_ptr_null (missing);
  expect_error (error, XL_ERROR, XL_ERROR_NOT_FOUND, "/t/b");
}
END_TEST

START_TEST (test_list_longer_than_a_message)
{
  g_auto (GStrv) names = NULL;

  for (int i = 0; i < 300; i++) {
    g_autofree char *path = g_strdup_printf ("/t/many/a-rather-long-name-of-a-node-%d", i);

    write_other (path, "");
  }
  names = try_list ("/t/many", NULL);
  ck_assert_uint_eq (g_strv_length (names), 300);
}
END_TEST

START_TEST (test_embedded_nul_is_refused)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *read = NULL;

  ck_assert (xs_write (other, XBT_NULL, "/t/a", "a\0b", 3));
  read = try_read ("/t/a", &error);
  ck_assert_ptr_null (read);
  expect_error (error, XL_ERROR, XL_ERROR_XENSTORE, "/t/a");
}
END_TEST

START_TEST (test_size_limit)
{
  static const char path[] = "/t/large";
  g_autofree char *fits = g_strnfill (XENSTORE_PAYLOAD_MAX - sizeof path, 'x');
  g_autofree char *large = g_strnfill (XENSTORE_PAYLOAD_MAX - sizeof path + 1, 'x');
  const XlXenstoreChange change = { path, large, NULL };
  g_autoptr (GError) error = NULL;

  apply (path, fits, NULL);
  expect_value (path, fits);
  ck_assert (!try_apply (&change, 1, &error));
  expect_error (error, XL_ERROR, XL_ERROR_XENSTORE, path);
  expect_value (path, fits);
}
END_TEST

START_TEST (test_bad_requests)
{
  static const XlXenstoreChange bad[] = {
    { "relative", "x", NULL }, { "/t/bad path", "x", NULL }, { "/t/a//b", "x", NULL },
    { "/t/a", "x", "" },       { "/t/a", "x", "n" },         { "/t/a", "x", "x0" },
    { "/t/a", "x", "n77" },    { "/t/a", "x", "n0,,r1" },    { "/t/a", "x", "n-1" },
    { "/t/a", "x", "n99999" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (GError) error = NULL;

    ck_assert (!try_apply (&bad[i], 1, &error));
    expect_error (error, XL_ERROR, XL_ERROR_XENSTORE, bad[i].path);
  }
  expect_missing ("/t/a");
}
END_TEST

START_TEST (test_all_or_nothing)
{
  const XlXenstoreChange changes[] = { { "/t/a", "1", NULL }, { "/t/b d", "2", NULL } };
  const XlXenstoreChange good[] = { { "/t/a", "1", NULL },
                                    { "/t/b", "2", NULL },
                                    { "/t/a", NULL, NULL } };
  g_autoptr (GError) error = NULL;

  ck_assert (!try_apply (changes, 2, &error));
  expect_error (error, XL_ERROR, XL_ERROR_XENSTORE, "/t/b d");
  expect_missing ("/t/a");

  ck_assert (try_apply (good, 3, NULL));
  expect_missing ("/t/a");
  expect_value ("/t/b", "2");
  ck_assert (try_apply (NULL, 0, NULL));
}
END_TEST

static void
expect_permission (const struct xs_permissions *permission, unsigned domid, unsigned type)
{
  ck_assert_uint_eq (permission->id, domid);
  ck_assert_uint_eq (permission->perms, type);
}

START_TEST (test_permissions)
{
  struct xs_permissions *permissions;
  unsigned int n;

  /* xenstored takes only domains that exist. */
  standin_host_introduce (host, 5);
  standin_host_introduce (host, 7);
  standin_host_introduce (host, 9);
  apply ("/t/a", "x", "n5,r0,w7,b9");
  permissions = xs_get_permissions (other, XBT_NULL, "/t/a", &n);
  ck_assert_ptr_nonnull (permissions);
  ck_assert_uint_eq (n, 4);
  expect_permission (&permissions[0], 5, XS_PERM_NONE);
  expect_permission (&permissions[1], 0, XS_PERM_READ);
  expect_permission (&permissions[2], 7, XS_PERM_WRITE);
  expect_permission (&permissions[3], 9, XS_PERM_READ | XS_PERM_WRITE);
  free (permissions);
}
END_TEST

START_TEST (test_conflicts_are_tried_again)
{
  const XlXenstoreChange change = { "/t/contended", "ours", NULL };
  g_autoptr (GError) error = NULL;

  write_other ("/t/contended", "before");
  conflicts_to_make = 3;
  ck_assert_msg (try_apply (&change, 1, &error), "%s", error ? error->message : "");
  ck_assert_int_eq (transactions_ended, 4);
  expect_value ("/t/contended", "ours");
}
END_TEST

START_TEST (test_endless_conflicts_end)
{
  const XlXenstoreChange change = { "/t/contended", "ours", NULL };
  g_autoptr (GError) error = NULL;

  write_other ("/t/contended", "before");
  conflicts_to_make = G_MAXINT;
  ck_assert (!try_apply (&change, 1, &error));
  expect_error (error, XL_ERROR, XL_ERROR_XENSTORE, "/t/contended");
  ck_assert_int_eq (transactions_ended, 100);
  expect_value ("/t/contended", "theirs");
}
END_TEST

START_TEST (test_requests_in_order)
{
  GAsyncResult *results[200] = { NULL };

  for (int i = 0; i < 200; i += 2) {
    g_autofree char *value = g_strdup_printf ("%d", i);
    const XlXenstoreChange change = { "/t/n", value, NULL };

    xl_xenstore_apply_async (store, &change, 1, NULL, keep_result, &results[i]);
    xl_xenstore_read_async (store, "/t/n", NULL, keep_result, &results[i + 1]);
  }
  for (int i = 0; i < 200; i += 2) {
    g_autofree char *expected = g_strdup_printf ("%d", i), *value = NULL;

    ck_assert (xl_xenstore_apply_finish (store, wait_result (&results[i]), NULL));
    value = xl_xenstore_read_finish (store, wait_result (&results[i + 1]), NULL);
    ck_assert_str_eq (value, expected);
    g_object_unref (results[i]);
    g_object_unref (results[i + 1]);
  }
}
END_TEST

START_TEST (test_results_in_the_callers_context)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GAsyncResult) result = NULL;

  g_main_context_push_thread_default (context);
  xl_xenstore_read_async (store, "/t/none", NULL, keep_result, &result);
  g_main_context_pop_thread_default (context);
  expect_missing ("/t/none");
  ck_assert_ptr_null (result);
  while (!result)
    g_main_context_iteration (context, TRUE);
}
END_TEST

START_TEST (test_cancelled_beforehand)
{
  const XlXenstoreChange change = { "/t/a", "1", NULL };
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  g_cancellable_cancel (cancellable);
  xl_xenstore_apply_async (store, &change, 1, cancellable, keep_result, &result);
  ck_assert (!xl_xenstore_apply_finish (store, wait_result (&result), &error));
  expect_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "");
  expect_missing ("/t/a");
}
END_TEST

int
main (void)
{
  TCase *tcase = tcase_create ("xl-xenstore");

  tcase_add_checked_fixture (tcase, setup, teardown);
  tcase_add_test (tcase, test_write_and_read);
  tcase_add_test (tcase, test_remove);
  tcase_add_test (tcase, test_permissions_alone);
  tcase_add_test (tcase, test_list);
  tcase_add_test (tcase, test_list_longer_than_a_message);
  tcase_add_test (tcase, test_embedded_nul_is_refused);
  tcase_add_test (tcase, test_size_limit);
  tcase_add_test (tcase, test_bad_requests);
  tcase_add_test (tcase, test_all_or_nothing);
  tcase_add_test (tcase, test_permissions);
  tcase_add_test (tcase, test_conflicts_are_tried_again);
  tcase_add_test (tcase, test_endless_conflicts_end);
  tcase_add_test (tcase, test_requests_in_order);
  tcase_add_test (tcase, test_results_in_the_callers_context);
  tcase_add_test (tcase, test_cancelled_beforehand);
  return run_case ("xl-xenstore", tcase);
}
