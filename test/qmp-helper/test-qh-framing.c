/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Cutting bytes into datagrams that no version of the other end takes for control messages. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "qmp-helper/framing.h"
#include "qmp-helper/queue.h"
#include "test/unit/run-suite.h"

/** Chardev: the other end as OpenXT has it: one buffer, whose first four bytes are compared
 * whatever the datagram's length. */
typedef struct {
  unsigned char buffer[4096];
  bool open;
  unsigned char got[65536];
  size_t n_got;
  unsigned closed;
} Chardev;

static void
chardev_take (Chardev *self, const unsigned char *datagram, size_t len)
{
  ck_assert_uint_le (len, sizeof self->buffer);
  memcpy (self->buffer, datagram, len);
  if (!self->open && memcmp (self->buffer, "live", 4) == 0)
    self->open = true;
  else if (self->open && memcmp (self->buffer, "dead", 4) == 0) {
    self->open = false;
    self->closed++;
  } else if (self->open) {
    memcpy (self->got + self->n_got, datagram, len);
    self->n_got += len;
  }
}

/* Sends @bytes, of which only what @pieces says is known at a time, as the link does. */
static void
send_all (Chardev *chardev, const unsigned char *bytes, size_t len, size_t piece)
{
  QhCutter cutter = { { 0 } };
  *chardev = (Chardev){ .open = false };
  qh_cutter_sent (&cutter, "live", 4);
  chardev_take (chardev, (const unsigned char *)"live", 4);
  for (size_t at = 0; at < len;) {
    size_t known = len - at < piece ? len - at : piece;
    size_t n = qh_cutter_next (&cutter, bytes + at, known, 4096);
    ck_assert_uint_ge (n, 1);
    ck_assert_uint_le (n, known);
    chardev_take (chardev, bytes + at, n);
    qh_cutter_sent (&cutter, bytes + at, n);
    at += n;
  }
  ck_assert_uint_eq (chardev->closed, 0);
  ck_assert (chardev->open);
  ck_assert_uint_eq (chardev->n_got, len);
  ck_assert_mem_eq (chardev->got, bytes, len);
}

START_TEST (only_four_bytes_say_something)
{
  ck_assert_int_eq (qh_magic_of ("live", 4), QH_MAGIC_LIVE);
  ck_assert_int_eq (qh_magic_of ("dead", 4), QH_MAGIC_DEAD);
  ck_assert_int_eq (qh_magic_of ("deadbeef", 8), QH_MAGIC_NONE);
  ck_assert_int_eq (qh_magic_of ("liv", 3), QH_MAGIC_NONE);
  ck_assert_int_eq (qh_magic_of ("", 0), QH_MAGIC_NONE);
  ck_assert_int_eq (qh_magic_of ("Live", 4), QH_MAGIC_NONE);
}
END_TEST

/* The word at each offset, with everything known at once. */
START_TEST (word_at_every_offset)
{
  static Chardev chardev;
  static unsigned char bytes[20100];
  for (size_t offset = 0; offset <= 20000; offset++) {
    const char *word = _i == 0 ? "dead" : "live";
    if (_i == 1 && offset == 0)
      continue; /* right after `live`, a `live` is nothing to a monitor that is open */
    memset (bytes, 'x', sizeof bytes);
    memcpy (bytes + offset, word, 4);
    send_all (&chardev, bytes, sizeof bytes, sizeof bytes);
  }
}
END_TEST

/* The same where the client's own writes end right before the word, or within it. */
START_TEST (word_at_the_begin_of_what_is_known)
{
  static Chardev chardev;
  unsigned char bytes[64];
  for (size_t piece = 2; piece < 12; piece++)
    for (size_t offset = 1; offset < 40; offset++) {
      memset (bytes, 'x', sizeof bytes);
      memcpy (bytes + offset, "deaddead", 8);
      memcpy (bytes + offset + 12, "livedead", 8);
      send_all (&chardev, bytes, sizeof bytes, piece);
    }
}
END_TEST

START_TEST (nothing_but_the_words)
{
  static Chardev chardev;
  unsigned char bytes[8000];
  for (size_t i = 0; i < sizeof bytes; i++)
    bytes[i] = (unsigned char)"dead"[i % 4];
  send_all (&chardev, bytes, sizeof bytes, sizeof bytes);
  for (size_t i = 0; i < sizeof bytes; i++)
    bytes[i] = (unsigned char)"xdeadlivedea"[i % 12];
  send_all (&chardev, bytes, sizeof bytes, 4100);
}
END_TEST

START_TEST (cut_at_the_limit)
{
  QhCutter cutter = { { 0 } };
  unsigned char bytes[5000];
  memset (bytes, 'x', sizeof bytes);
  ck_assert_uint_eq (qh_cutter_next (&cutter, bytes, 4095, 4096), 4095);
  ck_assert_uint_eq (qh_cutter_next (&cutter, bytes, 4096, 4096), 4096);
  ck_assert_uint_eq (qh_cutter_next (&cutter, bytes, 4097, 4096), 4096);
  memcpy (bytes + 4096, "dead", 4);
  ck_assert_uint_eq (qh_cutter_next (&cutter, bytes, 5000, 4096), 4095);
  ck_assert_uint_eq (qh_cutter_next (&cutter, bytes, 1, 1), 1);
}
END_TEST

static const struct {
  const char *stream, *rest; /* NULL: no greeting */
} greetings[] = {
  { "{\"QMP\": {}}", "{\"QMP\": {}}" },
  { "{\"return\": {}}\r\n{\"QMP\": 1}", "{\"QMP\": 1}" },
  { "{ \r\n\"QMP\": 1}", "{ \r\n\"QMP\": 1}" },
  { "{{\"QM{\"QMP\"", "{\"QMP\"" },
  { "stale \\\"QMP\\\" \"{\\\"QMP\\\"\"", NULL },
  { "{                          \"QMP\"", NULL }, /* more blanks than anybody sends */
  { "{\"QMPx\"", NULL },
  { "", NULL },
};

START_TEST (greeting_found_wherever_it_is_cut)
{
  const char *stream = greetings[_i].stream;
  size_t len = strlen (stream);
  for (size_t cut = 0; cut <= len; cut++) {
    char got[128] = "";
    size_t n_got = 0;
    QhGreeting greeting;
    bool found = false;
    qh_greeting_reset (&greeting);
    const unsigned char *pieces[] = { (const unsigned char *)stream,
                                      (const unsigned char *)stream + cut };
    size_t lens[] = { cut, len - cut };
    for (int i = 0; i < 2; i++) {
      size_t skip = 0;
      if (!found) {
        skip = qh_greeting_find (&greeting, pieces[i], lens[i], &found);
        if (found) {
          memcpy (got, greeting.held, greeting.count);
          n_got = greeting.count;
        }
      }
      ck_assert_uint_le (skip, lens[i]);
      if (found) {
        memcpy (got + n_got, pieces[i] + skip, lens[i] - skip);
        n_got += lens[i] - skip;
      }
    }
    ck_assert_int_eq (found, greetings[_i].rest != NULL);
    if (found) {
      ck_assert_uint_eq (n_got, strlen (greetings[_i].rest));
      ck_assert_mem_eq (got, greetings[_i].rest, n_got);
    }
  }
}
END_TEST

/* Random amounts in and out: what comes out is what went in, and the bound holds. */
START_TEST (queue_keeps_order_and_bound)
{
  QhQueue queue;
  unsigned char in = 0, out = 0;
  srand (7);
  ck_assert (qh_queue_init (&queue, 8192));
  for (int round = 0; round < 5000; round++) {
    size_t room = qh_queue_room (&queue);
    ck_assert_uint_le (qh_queue_used (&queue) + room, 8192);
    size_t put = room > 0 ? (size_t)rand () % (room + 1) : 0;
    for (size_t i = 0; i < put; i++)
      qh_queue_back (&queue)[i] = in++;
    qh_queue_put (&queue, put);
    size_t used = qh_queue_used (&queue);
    size_t take = used > 0 ? (size_t)rand () % (used + 1) : 0;
    for (size_t i = 0; i < take; i++)
      if (qh_queue_front (&queue)[i] != out++)
        ck_abort_msg ("byte %zu of round %d", i, round);
    qh_queue_take (&queue, take);
  }
  /* Never full for good. */
  qh_queue_take (&queue, qh_queue_used (&queue));
  ck_assert_uint_eq (qh_queue_room (&queue), 8192);
  unsigned char block[8192] = { 0 };
  ck_assert (!qh_queue_add (&queue, block, sizeof block + 1));
  ck_assert (qh_queue_add (&queue, block, sizeof block));
  ck_assert_uint_eq (qh_queue_room (&queue), 0);
  ck_assert (!qh_queue_add (&queue, block, 1));
  qh_queue_take (&queue, 10);
  ck_assert (qh_queue_add (&queue, block, 10));
  qh_queue_free (&queue);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("qmp-helper framing");
  TCase *cases = tcase_create ("framing");
  tcase_set_timeout (cases, 60);
  tcase_add_test (cases, only_four_bytes_say_something);
  tcase_add_loop_test (cases, word_at_every_offset, 0, 2);
  tcase_add_test (cases, word_at_the_begin_of_what_is_known);
  tcase_add_test (cases, nothing_but_the_words);
  tcase_add_test (cases, cut_at_the_limit);
  tcase_add_loop_test (cases, greeting_found_wherever_it_is_cut, 0,
                       sizeof greetings / sizeof *greetings);
  tcase_add_test (cases, queue_keeps_order_and_bound);
  suite_add_tcase (suite, cases);
  return run_suite (suite);
}
