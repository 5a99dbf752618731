/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Argo and V4V: the numbers and bytes that the driver gets, seen by a stand-in for it. */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fixture.h"
#include "test/simhost/standin/standin-host.h"
#include "test/unit/run-suite.h"

static Host host;
static bool lingers = true;

/** Driver: what differs. Addresses are written down byte by byte, as the driver lays them out. */
static const struct {
  const char *name;
  unsigned char bind[8], to[8], from[8], port[8], domain[8];
  unsigned address_len;
} drivers[] = {
  { "argo",
    { 0xf4, 0x7f, 0x08, 0x01, 0xec, 0x13, 0, 0 }, /* any domain, partner 264, port 5100 */
    { 0xfc, 0x3a, 0, 0, 0x08, 0x01, 0, 0 },       /* port 15100, domain 264, pad */
    { 0xfc, 0x3a, 0, 0, 0x08, 0x01, 0, 0 },
    { 0xfd, 0x3a, 0, 0, 0x08, 0x01, 0, 0 },
    { 0xfc, 0x3a, 0, 0, 0x09, 0x01, 0, 0 },
    8 },
  { "v4v",
    { 0xec, 0x13, 0, 0, 0xff, 0x7f, 0x08, 0x01 }, /* port, any domain, partner */
    { 0xfc, 0x3a, 0, 0, 0x08, 0x01, 0, 0 },
    { 0xfc, 0x3a, 0, 0, 0x08, 0x01, 0, 0 },
    { 0xfd, 0x3a, 0, 0, 0x08, 0x01, 0, 0 },
    { 0xfc, 0x3a, 0, 0, 0x09, 0x01, 0, 0 },
    6 },
};

static void
setup (void)
{
  qt_host_new (&host);
  qt_peer_bind (&host);
}

static void
teardown (void)
{
  qt_host_free (&host);
}

static char transport[32]; /* the option */

static void
make_device (int driver, const char *limit, const char *refusals)
{
  snprintf (transport, sizeof transport, "--transport=%s", drivers[driver].name);
  setenv ("QT_DEVICE_PEER", host.peer, 1);
  setenv ("QT_DEVICE_OWN", host.helper, 1);
  setenv ("QT_DEVICE_KIND", drivers[driver].name, 1);
  setenv ("QT_DEVICE_LIMIT", limit, 1);
  setenv ("QT_DEVICE_REFUSALS", refusals, 1);
}

static void
begin (int driver, const char *limit, const char *refusals)
{
  make_device (driver, limit, refusals);
  const char *const arguments[] = { transport,
                                    "--guest=7",
                                    "--stubdom=264",
                                    "--socket",
                                    host.client,
                                    lingers ? "--linger" : "--stats",
                                    "--stats",
                                    "--stall-time=60",
                                    "--max-datagram=16384",
                                    "--log-level=debug",
                                    NULL };
  /* A sanitizer's library has to come first. */
  ck_assert (qt_start_bare (&host, arguments, FAKE_DEVICE_ENVIRONMENT));
}

static void
expect_request (const void *number, const void *argument, size_t len)
{
  unsigned char bytes[65536];
  ck_assert_uint_eq (qt_peer_take (&host, bytes, sizeof bytes), 4 + len);
  ck_assert_mem_eq (bytes, number, 4);
  ck_assert_mem_eq (bytes + 4, argument, len);
}

static void
expect_setup (int driver)
{
  expect_request ("\x01\x57\x04\x40", "\xb0\x3f\0\0", 4); /* 16304 */
  expect_request ("\x02\x57\x08\x40", drivers[driver].bind, 8);
}

/* One message that was sent; returns its length. */
static size_t
take_sent (int driver, unsigned char *message)
{
  unsigned char bytes[65536];
  size_t n = qt_peer_take (&host, bytes, sizeof bytes);
  ck_assert_uint_ge (n, 12);
  ck_assert_mem_eq (bytes, "\x09\x57\x20\x40", 4);
  ck_assert_mem_eq (bytes + 4, drivers[driver].to, drivers[driver].address_len);
  memcpy (message, bytes + 12, n - 12);
  return n - 12;
}

static void
expect_sent (int driver, const char *text)
{
  unsigned char message[65536];
  size_t n = take_sent (driver, message);
  ck_assert_uint_eq (n, strlen (text));
  ck_assert_mem_eq (message, text, n);
}

static void
send_from (const unsigned char *address, const char *text)
{
  unsigned char bytes[4096];
  memcpy (bytes, address, 8);
  memcpy (bytes + 8, text, strlen (text));
  qt_peer_send (&host, bytes, 8 + strlen (text));
}

START_TEST (numbers_and_bytes)
{
  begin (_i, "16272", "0");
  expect_setup (_i);
  int client = qt_connect (host.client);
  expect_sent (_i, "dead");
  expect_sent (_i, "\n");
  expect_sent (_i, "live");
  /* A wrong port, a wrong domain: as if it had not come. */
  send_from (drivers[_i].port, "{\"QMP\": \"port\"}\n");
  send_from (drivers[_i].domain, "{\"QMP\": \"domain\"}\n");
  send_from (drivers[_i].from, "{\"QMP\": \"right\"}\n");
  qt_expect_line (client, "{\"QMP\": \"right\"}");
  qt_say (client, "{\"execute\":\"cont\"}");
  expect_sent (_i, "{\"execute\":\"cont\"}");
  close (client);
  expect_sent (_i, "dead");
  ck_assert_int_eq (qt_end (&host, SIGTERM), 0);
  ck_assert (qt_log_has (&host, "foreign=2"));
}
END_TEST

/* The other end's ring is smaller than thought: halves, and nothing is lost. */
START_TEST (smaller_ring)
{
  static unsigned char command[60000], message[65536];
  unsigned smallest = _i < 2 ? 1000 : 16272;
  begin (_i % 2, _i < 2 ? "1000" : "16272", "0");
  expect_setup (_i % 2);
  int client = qt_connect (host.client);
  for (int i = 0; i < 3; i++)
    take_sent (_i % 2, message);
  for (size_t i = 0; i < sizeof command; i++)
    command[i] = (unsigned char)('a' + i % 23);
  qt_write (client, command, sizeof command);
  for (size_t got = 0; got < sizeof command;) {
    size_t n = take_sent (_i % 2, message);
    ck_assert_uint_le (n, smallest);
    ck_assert_uint_ge (n, 1);
    ck_assert_mem_eq (message, command + got, n);
    got += n;
  }
  ck_assert_int_eq (qt_end (&host, SIGTERM), 0);
}
END_TEST

/* The other domain does not exist yet: it is tried again. */
START_TEST (waits_for_the_domain)
{
  begin (_i, "16272", "2");
  for (int i = 0; i < 3; i++)
    expect_setup (_i);
  int client = qt_connect (host.client);
  expect_sent (_i, "dead");
  close (client);
}
END_TEST

/* Nor does it ever: whoever starts the helper need not wait for that. */
START_TEST (ends_while_it_waits)
{
  static const int signals[] = { SIGTERM, SIGINT, SIGHUP };
  int driver = _i % 2;
  make_device (driver, "16272", "1000000");
  const char *const argv[] = { QMP_HELPER, transport,   "--guest=7", "--stubdom=264",
                               "--socket", host.client, "--linger",  NULL };
  host.pid = qt_spawn (argv, host.log, FAKE_DEVICE_ENVIRONMENT, -1);
  for (int i = 0; i < 2; i++)
    expect_setup (driver);
  ck_assert_int_eq (qt_end (&host, signals[_i / 2]), 0);
  ck_assert_int_ne (access (host.client, F_OK), 0);
}
END_TEST

/* Nobody has bound the other port: clients fail at once, the helper goes on. */
START_TEST (nobody_there)
{
  begin (_i, "16272", "0");
  expect_setup (_i);
  qt_peer_close (&host);
  int client = qt_connect (host.client);
  qt_expect_end (client);
  close (client);
  qt_peer_bind (&host);
  client = qt_connect (host.client);
  expect_sent (_i, "dead");
  ck_assert_int_eq (qt_end (&host, SIGTERM), 0);
}
END_TEST

/* The stubdomain is destroyed: so ends the helper, with what the real xenstored tells. */
START_TEST (ends_with_the_domain)
{
  StandinHost *xen = standin_host_new ();
  standin_host_start_xenstored (xen);
  standin_host_introduce (xen, 264);
  standin_host_introduce (xen, 265);
  lingers = false;
  begin (_i, "16272", "0");
  expect_setup (_i);
  int client = qt_connect (host.client);
  expect_sent (_i, "dead");
  standin_host_destroy (xen, 265); /* another one */
  expect_sent (_i, "\n");
  expect_sent (_i, "live");
  send_from (drivers[_i].from, "{\"QMP\": {}}\n");
  qt_expect_line (client, "QMP");
  standin_host_destroy (xen, 264);
  ck_assert_int_eq (qt_ended (&host.pid), 0);
  ck_assert_int_ne (access (host.client, F_OK), 0);
  standin_host_free (xen);
}
END_TEST

/* What every send fails with from now on; 0: with nothing. */
static void
fail_sends (int error)
{
  unsigned char byte = (unsigned char)error;
  qt_peer_send (&host, &byte, 1);
}

/* A ring that is full, and too many that wait for it: the bytes go out later. */
START_TEST (full_ring)
{
  int driver = _i % 2;
  begin (driver, "16272", "0");
  expect_setup (driver);
  int client = qt_connect (host.client);
  expect_sent (driver, "dead");
  expect_sent (driver, "\n");
  expect_sent (driver, "live");
  fail_sends (_i < 2 ? EAGAIN : EBUSY);
  /* What comes behind it is taken behind it. */
  send_from (drivers[driver].from, "{\"QMP\": {}}\n");
  qt_expect_line (client, "QMP");
  qt_say (client, "patience");
  ck_assert (!qt_readable (host.peer_fd, 100));
  fail_sends (0);
  expect_sent (driver, "patience");
  close (client);
  expect_sent (driver, "dead");
  ck_assert_int_eq (qt_end (&host, SIGTERM), 0);
  ck_assert (qt_log_has (&host, " lost=0"));
}
END_TEST

/* No xenstore tells of the domain's end, but the first message to it does. */
START_TEST (ends_when_a_send_finds_no_domain)
{
  lingers = false;
  begin (_i, "16272", "0");
  lingers = true;
  expect_setup (_i);
  int client = qt_connect (host.client);
  for (int i = 0; i < 3; i++) {
    unsigned char message[65536];
    take_sent (_i, message);
  }
  fail_sends (ESRCH);
  send_from (drivers[_i].from, "{\"QMP\": {}}\n");
  qt_expect_line (client, "QMP");
  qt_say (client, "anybody?");
  ck_assert_int_eq (qt_ended (&host.pid), 0);
  ck_assert_int_ne (access (host.client, F_OK), 0);
}
END_TEST

/* Of the device's own requests only those that serving takes are left. */
START_TEST (sandboxed_device)
{
  make_device (_i, "16272", "0");
  const char *const argv[] = { QMP_HELPER,       transport,  "--guest=7",
                               "--stubdom=264",  "--socket", host.client,
                               "--sandbox-test", "--linger", NULL };
  setenv ("ASAN_OPTIONS", "detect_leaks=0", 1); /* the filter forbids what it does */
  pid_t pid = qt_spawn (argv, host.log, FAKE_DEVICE_ENVIRONMENT, -1);
  ck_assert_int_eq (qt_ended (&pid), 0);
  ck_assert (qt_log_has (&host, "ioctl-bind: denied"));
  ck_assert (!qt_log_has (&host, "ALLOWED"));
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("qmp-helper device");
  TCase *cases = qt_case (suite, "device");
  tcase_add_checked_fixture (cases, setup, teardown);
  tcase_add_loop_test (cases, numbers_and_bytes, 0, 2);
  tcase_add_loop_test (cases, smaller_ring, 0, 4);
  tcase_add_loop_test (cases, waits_for_the_domain, 0, 2);
  tcase_add_loop_test (cases, ends_while_it_waits, 0, 6);
  tcase_add_loop_test (cases, nobody_there, 0, 2);
  tcase_add_loop_test (cases, ends_with_the_domain, 0, 2);
  tcase_add_loop_test (cases, full_ring, 0, 4);
  tcase_add_loop_test (cases, ends_when_a_send_finds_no_domain, 0, 2);
  tcase_add_loop_test (cases, sandboxed_device, 0, 2);
  return run_suite (suite);
}
