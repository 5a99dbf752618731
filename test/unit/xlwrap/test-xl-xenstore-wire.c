/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The protocol of watches, against a server that says what a test wants. */
#include "test/unit/xlwrap/xl-test.h"

#include <glib/gstdio.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <xen/io/xs_wire.h>

#include "xlwrap/xl-xenstore-wire.h"

static char *dir;
static int listener, server;
static XlXenstoreWire *wire;
static GString *seen; /* what the callbacks got */

static void
setup (void)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };

  dir = g_dir_make_tmp ("wire-XXXXXX", NULL);
  g_snprintf (address.sun_path, sizeof address.sun_path, "%s/socket", dir);
  g_setenv ("XENSTORED_PATH", address.sun_path, TRUE);
  listener = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ck_assert_int_eq (bind (listener, (struct sockaddr *)&address, sizeof address), 0);
  ck_assert_int_eq (listen (listener, 1), 0);
  wire = xl_xenstore_wire_open ();
  ck_assert_ptr_nonnull (wire);
  server = accept (listener, NULL, NULL);
  ck_assert_int_ge (server, 0);
  seen = g_string_new (NULL);
}

static void
teardown (void)
{
  g_autofree char *path = g_build_filename (dir, "socket", NULL);

  g_clear_pointer (&wire, xl_xenstore_wire_close);
  close (server);
  close (listener);
  g_remove (path);
  g_rmdir (dir);
  g_free (dir);
  g_string_free (seen, TRUE);
}

static void
on_changed (guint32 token, const char *path, gpointer user_data)
{
  g_string_append_printf (seen, "changed %u %s;", token, path);
}

static void
on_refused (guint32 token, const char *why, gpointer user_data)
{
  g_string_append_printf (seen, "refused %u %s;", token, why);
}

static gboolean
process (void)
{
  static const XlXenstoreWireFuncs funcs = { on_changed, on_refused };

  return xl_xenstore_wire_process (wire, &funcs, NULL);
}

static GByteArray *
message (guint32 type, guint32 id, const char *body, gsize length)
{
  struct xsd_sockmsg header = { .type = type, .req_id = id, .len = (guint32)length };
  GByteArray *bytes = g_byte_array_new ();

  g_byte_array_append (bytes, (const guint8 *)&header, sizeof header);
  g_byte_array_append (bytes, (const guint8 *)body, (guint)length);
  return bytes;
}

static void
say (guint32 type, guint32 id, const char *body, gsize length)
{
  g_autoptr (GByteArray) bytes = message (type, id, body, length);

  ck_assert_int_eq (write (server, bytes->data, bytes->len), bytes->len);
}

/* With the NUL at the end of the literal. */
#define SAY(type, id, literal) say (type, id, literal, sizeof literal)

static void
expect_seen (const char *expected)
{
  ck_assert (process ());
  ck_assert_str_eq (seen->str, expected);
}

static void
expect_request (guint32 type, guint32 token, const char *body, gsize length)
{
  g_autoptr (GByteArray) expected = message (type, token, body, length);
  g_autofree guint8 *got = g_malloc (expected->len);

  ck_assert_int_eq (read (server, got, expected->len), expected->len);
  ck_assert_mem_eq (got, expected->data, expected->len);
}

START_TEST (test_requests)
{
  static const char watch[] = "/a b\0007", unwatch[] = "@releaseDomain\0008";

  xl_xenstore_wire_watch (wire, 7, "/a b");
  xl_xenstore_wire_unwatch (wire, 8, "@releaseDomain");
  ck_assert (process ());
  expect_request (XS_WATCH, 7, watch, sizeof watch);
  expect_request (XS_UNWATCH, 8, unwatch, sizeof unwatch);
}
END_TEST

START_TEST (test_many_requests_to_a_slow_server)
{
  enum { N = 1000 };

  for (int i = 0; i < N; i++)
    xl_xenstore_wire_watch (wire, 1000000, "/some/path/to/be/watched");
  ck_assert (process ());
  /* More than a socket holds: what is left waits, and is asked for by its event. */
  ck_assert_int_eq (xl_xenstore_wire_get_events (wire), POLLIN | POLLOUT);
  for (int i = 0; i < N; i++) {
    static const char watch[] = "/some/path/to/be/watched\0001000000";

    expect_request (XS_WATCH, 1000000, watch, sizeof watch);
    ck_assert (process ());
  }
  ck_assert_int_eq (xl_xenstore_wire_get_events (wire), POLLIN);
}
END_TEST

START_TEST (test_events)
{
  expect_seen ("");
  SAY (XS_WATCH, 1, "OK");
  SAY (XS_WATCH_EVENT, 0, "/a b\0001");
  SAY (XS_WATCH_EVENT, 0, "@releaseDomain\0004294967295");
  SAY (XS_UNWATCH, 1, "OK");
  SAY (XS_ERROR, 3, "EINVAL");
  expect_seen ("changed 1 /a b;changed 4294967295 @releaseDomain;refused 3 EINVAL;");
}
END_TEST

START_TEST (test_events_in_pieces)
{
  g_autoptr (GByteArray) bytes = message (XS_WATCH_EVENT, 0, "/a\0001", 5);

  for (guint round = 0; round < 3; round++)
    for (guint i = 0; i < bytes->len; i++) {
      ck_assert_int_eq (write (server, bytes->data + i, 1), 1);
      ck_assert (process ());
    }
  expect_seen ("changed 1 /a;changed 1 /a;changed 1 /a;");
}
END_TEST

START_TEST (test_more_events_than_one_read_takes)
{
  g_autoptr (GByteArray) all = g_byte_array_new ();
  g_autoptr (GByteArray) one = message (XS_WATCH_EVENT, 0, "/a/path\0001", 10);

  for (int i = 0; i < 1000; i++)
    g_byte_array_append (all, one->data, one->len);
  ck_assert_int_eq (write (server, all->data, all->len), all->len);
  for (int i = 0; i < 100; i++)
    ck_assert (process ());
  ck_assert_uint_eq (seen->len, 1000 * strlen ("changed 1 /a/path;"));
}
END_TEST

START_TEST (test_server_goes)
{
  SAY (XS_WATCH_EVENT, 0, "/a\0001");
  close (server);
  server = -1;
  expect_seen ("changed 1 /a;");
  ck_assert (!process ());
}
END_TEST

/* What a sane xenstored never says breaks the connection; nothing is reported. */
static const struct {
  guint32 type;
  const char *body;
  gsize length;
} insane[] = {
  { XS_WATCH_EVENT, "", 0 },
  { XS_WATCH_EVENT, "/a", 2 },
  { XS_WATCH_EVENT, "/a", 3 },
  { XS_WATCH_EVENT, "/a\0001", 4 },
  { XS_WATCH_EVENT, "/a\0", 4 },
  { XS_WATCH_EVENT, "/a\0-1", 6 },
  { XS_WATCH_EVENT, "/a\0x", 5 },
  { XS_WATCH_EVENT, "/a\0004294967296", 14 },
  { XS_ERROR, "", 0 },
  { XS_ERROR, "EINVAL", 6 },
  { XS_READ, "x", 2 },
  { 0xffffffff, "x", 2 },
};

START_TEST (test_insane_message)
{
  say (insane[_i].type, 1, insane[_i].body, insane[_i].length);
  ck_assert (!process ());
  ck_assert_str_eq (seen->str, "");
}
END_TEST

START_TEST (test_too_long_message)
{
  struct xsd_sockmsg header = { .type = XS_WATCH_EVENT, .len = XENSTORE_PAYLOAD_MAX + 1 };

  ck_assert_int_eq (write (server, &header, sizeof header), sizeof header);
  ck_assert (!process ());
}
END_TEST

START_TEST (test_nobody_serves)
{
  g_autofree char *path = g_build_filename (dir, "none", NULL), *long_path = g_strnfill (200, 'x');

  ck_assert (g_setenv ("XENSTORED_PATH", path, TRUE));
  ck_assert_ptr_null (xl_xenstore_wire_open ());
  ck_assert (g_setenv ("XENSTORED_PATH", long_path, TRUE));
  ck_assert_ptr_null (xl_xenstore_wire_open ());
}
END_TEST

int
main (void)
{
  TCase *tcase = tcase_create ("xl-xenstore-wire");

  tcase_add_checked_fixture (tcase, setup, teardown);
  tcase_add_test (tcase, test_requests);
  tcase_add_test (tcase, test_many_requests_to_a_slow_server);
  tcase_add_test (tcase, test_events);
  tcase_add_test (tcase, test_events_in_pieces);
  tcase_add_test (tcase, test_more_events_than_one_read_takes);
  tcase_add_test (tcase, test_server_goes);
  tcase_add_loop_test (tcase, test_insane_message, 0, G_N_ELEMENTS (insane));
  tcase_add_test (tcase, test_too_long_message);
  tcase_add_test (tcase, test_nobody_serves);
  return run_case ("xl-xenstore-wire", tcase);
}
