/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the helper understands of xenstored, in whatever order and pieces it comes. */
#include "qmp-helper/xenstore.h"
#include "test/unit/run-suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <xen/io/xs_wire.h>

#define DOMID     8
#define ANSWER_MS 30000 /* never waited for: everything is there before it is asked for */

static QhXenstore xenstore;
static int server = -1; /* xenstored's end */
static char path[64];

static void
setup (void)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  snprintf (path, sizeof path, "/tmp/test-qh-xenstore-%d", (int)getpid ());
  strcpy (address.sun_path, path);
  unlink (path);
  int listener = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ck_assert_int_eq (bind (listener, (struct sockaddr *)&address, sizeof address), 0);
  ck_assert_int_eq (listen (listener, 1), 0);
  setenv ("XENSTORED_PATH", path, 1);
  ck_assert (qh_xenstore_open (&xenstore));
  server = accept (listener, NULL, NULL);
  ck_assert_int_ge (server, 0);
  close (listener);
}

static void
teardown (void)
{
  qh_xenstore_close (&xenstore);
  if (server >= 0)
    close (server);
  unlink (path);
}

/** Letter: what xenstored sends, one behind the other in a single read of the helper. */
typedef struct {
  uint32_t type, number;
  const char *body;
  size_t len;
} Letter;

#define BODY(text) text, sizeof text
#define OK                                                                                         \
  {                                                                                                \
    XS_WRITE, 1, BODY ("OK")                                                                       \
  }
#define ERROR                                                                                      \
  {                                                                                                \
    XS_ERROR, 1, BODY ("EACCES")                                                                   \
  }
#define WATCHED                                                                                    \
  {                                                                                                \
    XS_WATCH, 2, BODY ("OK")                                                                       \
  }
#define EVENT                                                                                      \
  {                                                                                                \
    XS_WATCH_EVENT, 0, BODY ("@releaseDomain\0end")                                                \
  }
#define LIVES                                                                                      \
  {                                                                                                \
    XS_IS_DOMAIN_INTRODUCED, 3, BODY ("T")                                                         \
  }
#define DEAD                                                                                       \
  {                                                                                                \
    XS_IS_DOMAIN_INTRODUCED, 3, BODY ("F")                                                         \
  }

static const struct {
  Letter letters[4];
  bool written, gone;
} posts[] = {
  { { OK }, true, false },
  { { ERROR }, false, false },
  { { OK, EVENT }, true, false },
  { { OK, WATCHED, EVENT, LIVES }, true, false },
  { { EVENT, OK }, true, false },
  { { WATCHED, EVENT, OK, EVENT }, true, false },
  { { ERROR, EVENT, LIVES }, false, false },
  { { LIVES, ERROR, WATCHED, EVENT }, false, false },
  { { OK, DEAD }, true, true },
  { { DEAD, OK, EVENT }, true, true },
};

static size_t
pack (const Letter *letters, char *bytes)
{
  size_t used = 0;
  for (int i = 0; i < 4 && letters[i].body != NULL; i++) {
    struct xsd_sockmsg header = { .type = letters[i].type,
                                  .req_id = letters[i].number,
                                  .len = (uint32_t)letters[i].len };
    memcpy (bytes + used, &header, sizeof header);
    memcpy (bytes + used + sizeof header, letters[i].body, letters[i].len);
    used += sizeof header + letters[i].len;
  }
  return used;
}

static void
send_all (const char *bytes, size_t count)
{
  ck_assert_int_eq (send (server, bytes, count, MSG_NOSIGNAL), (ssize_t)count);
}

START_TEST (in_one_piece)
{
  char bytes[512];
  xenstore.domid = DOMID;
  send_all (bytes, pack (posts[_i].letters, bytes));
  ck_assert_int_eq (qh_xenstore_write (&xenstore, "/node", "running", ANSWER_MS),
                    posts[_i].written);
  ck_assert_int_eq (xenstore.gone, posts[_i].gone);
  ck_assert_int_ge (xenstore.fd, 0);
}
END_TEST

/* The rest of each comes only after the beginning has been read. */
START_TEST (cut_anywhere)
{
  static const Letter letters[4] = { EVENT, LIVES, DEAD };
  char bytes[512];
  size_t count = pack (letters, bytes);
  for (size_t cut = 1; cut < count; cut++) {
    xenstore.domid = DOMID;
    xenstore.gone = false;
    send_all (bytes, cut);
    qh_xenstore_process (&xenstore);
    ck_assert (!xenstore.gone);
    send_all (bytes + cut, count - cut);
    qh_xenstore_process (&xenstore);
    ck_assert_msg (xenstore.gone, "cut at %zu", cut);
  }
}
END_TEST

/* An event makes it ask for the domain, in words that xenstored understands. */
START_TEST (asks_for_the_domain)
{
  static const Letter letters[4] = { EVENT };
  static const char watch[] = "@releaseDomain\0end";
  struct xsd_sockmsg header;
  char bytes[512];
  ck_assert (qh_xenstore_watch_domain (&xenstore, DOMID));
  ck_assert_int_eq (recv (server, &header, sizeof header, MSG_WAITALL), sizeof header);
  ck_assert_uint_eq (header.type, XS_WATCH);
  ck_assert_uint_eq (header.len, sizeof watch);
  ck_assert_int_eq (recv (server, bytes, sizeof watch, MSG_WAITALL), sizeof watch);
  ck_assert_mem_eq (bytes, watch, sizeof watch);
  send_all (bytes, pack (letters, bytes));
  qh_xenstore_process (&xenstore);
  ck_assert_int_eq (recv (server, &header, sizeof header, MSG_WAITALL), sizeof header);
  ck_assert_uint_eq (header.type, XS_IS_DOMAIN_INTRODUCED);
  ck_assert_uint_eq (header.len, 2);
  ck_assert_int_eq (recv (server, bytes, 2, MSG_WAITALL), 2);
  ck_assert_str_eq (bytes, "8");
}
END_TEST

/* What is not xenstored, or is no longer there, is left alone; nothing is taken for the domain's
   end. */
START_TEST (no_xenstored)
{
  struct xsd_sockmsg header = { .type = XS_WRITE, .req_id = 1, .len = 1 << 20 };
  if (_i == 0) {
    close (server);
    server = -1;
  } else {
    send_all ((const char *)&header, sizeof header);
  }
  qh_xenstore_process (&xenstore);
  ck_assert_int_lt (xenstore.fd, 0);
  ck_assert (!xenstore.gone);
  ck_assert (!qh_xenstore_write (&xenstore, "/node", "running", ANSWER_MS));
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("qmp-helper xenstore");
  TCase *cases = tcase_create ("xenstore");
  tcase_set_timeout (cases, 120);
  tcase_add_checked_fixture (cases, setup, teardown);
  tcase_add_loop_test (cases, in_one_piece, 0, sizeof posts / sizeof *posts);
  tcase_add_test (cases, cut_anywhere);
  tcase_add_test (cases, asks_for_the_domain);
  tcase_add_loop_test (cases, no_xenstored, 0, 2);
  suite_add_tcase (suite, cases);
  return run_suite (suite);
}
