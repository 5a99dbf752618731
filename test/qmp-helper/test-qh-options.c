/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The three forms of the command line, and what is refused. */
#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "qmp-helper/options.h"
#include "qmp-helper/transport.h"
#include "test/unit/run-suite.h"

#define MOST_WORDS 12

static QhParsed
parse (QhOptions *options, const char *const *words)
{
  char *argv[MOST_WORDS + 2] = { (char *)"qmp-helper" };
  int argc = 1;
  for (; words[argc - 1] != NULL; argc++)
    argv[argc] = (char *)words[argc - 1];
  return qh_options_parse (options, argc, argv);
}

#define PARSE(options, ...) parse (options, (const char *const[]){ __VA_ARGS__, NULL })

START_TEST (as_openxt_starts_it)
{
  QhOptions options;
  ck_assert_int_eq (PARSE (&options, "7", "8"), QH_PARSED);
  ck_assert_str_eq (options.transport, "argo");
  ck_assert_int_eq (options.guest, 7);
  ck_assert_int_eq (options.stubdom, 8);
  ck_assert_str_eq (options.socket, "/var/run/xen/qmp-libxl-7");
  ck_assert_uint_eq (options.port, 5100);
  ck_assert_uint_eq (options.remote_port, 15100);
  ck_assert_uint_eq (options.ring_size, 16304);
  ck_assert_uint_eq (options.max_datagram, 4096);
  ck_assert_uint_eq (options.mode, 0600);
  ck_assert_uint_eq (options.stall_seconds, 10);
  ck_assert (options.sandbox);
  ck_assert (!options.mux);
}
END_TEST

START_TEST (as_libxl_starts_its_proxy)
{
  QhOptions options;
  ck_assert_int_eq (PARSE (&options, "--state-path=/local/domain/0/device-model/8/qmp-proxy-state",
                           "8", "/local/domain/8/device-model/7/qmp-vchan",
                           "/var/run/xen/qmp-libxl-7"),
                    QH_PARSED);
  ck_assert_str_eq (options.transport, "vchan");
  ck_assert_str_eq (options.state_path, "/local/domain/0/device-model/8/qmp-proxy-state");
  ck_assert_int_eq (options.stubdom, 8);
  ck_assert_int_eq (options.guest, 7);
  ck_assert_str_eq (options.vchan_path, "/local/domain/8/device-model/7/qmp-vchan");
  ck_assert_str_eq (options.socket, "/var/run/xen/qmp-libxl-7");
  ck_assert (!options.marker);

  ck_assert_int_eq (
      PARSE (&options, "--state-path=/s", "--reconnect-marker=1", "-v", "8", "/n", "/sock"),
      QH_PARSED);
  ck_assert (options.marker);
  ck_assert_int_eq (options.log_level, QH_LOG_DEBUG);
  ck_assert_int_eq (PARSE (&options, "--transport=argo", "--mode=client", "8", "/n", "/sock"),
                    QH_PARSED);
  ck_assert_str_eq (options.transport, "argo");
  ck_assert_ptr_null (options.connect);
}
END_TEST

START_TEST (as_a_stubdomain_starts_its_end)
{
  QhOptions options;
  ck_assert_int_eq (PARSE (&options, "--mode=server", "--reconnect-marker=1", "0",
                           "device-model/7/qmp-vchan", "/tmp/qemu.qmp"),
                    QH_PARSED);
  ck_assert_int_eq (options.stubdom, 0);
  ck_assert_str_eq (options.connect, "/tmp/qemu.qmp");
  ck_assert_ptr_null (options.socket);
  ck_assert_int_eq (PARSE (&options, "--connect=/q", "--stubdom=0"), QH_PARSED);
  ck_assert_uint_eq (options.port, 15100);
  ck_assert_uint_eq (options.remote_port, 5100);
}
END_TEST

START_TEST (by_hand)
{
  QhOptions options;
  ck_assert_int_eq (PARSE (&options, "--guest", "32751", "--stubdom", "0", "--port", "1",
                           "--remote-port", "4294967295", "--mode", "0660", "--mux",
                           "--no-sandbox"),
                    QH_PARSED);
  ck_assert_int_eq (options.guest, 32751);
  ck_assert_uint_eq (options.remote_port, UINT32_MAX);
  ck_assert_uint_eq (options.mode, 0660);
  ck_assert (options.mux && !options.sandbox);
  ck_assert_int_eq (PARSE (&options, "--peer", "/p", "--socket", "/s", "--unix-type", "seqpacket"),
                    QH_PARSED);
  ck_assert_str_eq (options.transport, "unix");
  ck_assert_str_eq (options.local, "/p.helper");
  ck_assert_int_eq (options.unix_type, QH_UNIX_SEQPACKET);
  ck_assert_int_eq (PARSE (&options, "--help"), QH_PARSED_HELP);
  ck_assert_int_eq (PARSE (&options, "--version"), QH_PARSED_VERSION);
}
END_TEST

/* What libxl hands on from whoever runs it. */
START_TEST (by_the_environment)
{
  QhOptions options;
  setenv ("QMP_HELPER_MUX", "1", 1);
  ck_assert_int_eq (PARSE (&options, "7", "8"), QH_PARSED);
  ck_assert (options.mux);
  ck_assert_int_eq (PARSE (&options, "--connect=/q", "--stubdom=0"), QH_PARSED);
  ck_assert (!options.mux); /* there is nothing to share at that end */
  setenv ("QMP_HELPER_MUX", "yes", 1);
  ck_assert_int_eq (PARSE (&options, "7", "8"), QH_PARSED);
  ck_assert (!options.mux);
  unsetenv ("QMP_HELPER_MUX");
}
END_TEST

static const char *const wrong[][MOST_WORDS] = {
  { NULL },
  { "7", NULL },
  { "7", "8", "9", "10", NULL },
  { "7", "8x", NULL },
  { "7", "", NULL },
  { "7", "+8", NULL },
  { "7", " 8", NULL },
  { "0x7", "8", NULL },
  { "7", "32752", NULL },
  { "7", "4294967304", NULL },
  { "7", "18446744073709551624", NULL },
  { "7", "-1", NULL },
  { "x", "/node", "/socket", NULL },
  { "--guest=7", NULL },
  { "--stubdom=7", NULL },
  { "--guest=7", "--stubdom=8", "--port=0", NULL },
  { "--guest=7", "--stubdom=8", "--port=4294967296", NULL },
  { "--guest=7", "--stubdom=8", "--mode=9", NULL },
  { "--guest=7", "--stubdom=8", "--mode=1777", NULL },
  { "--guest=7", "--stubdom=8", "--unix-type=raw", NULL },
  { "--guest=7", "--stubdom=8", "--log-level=loud", NULL },
  { "--guest=7", "--stubdom=8", "--reconnect-marker=2", NULL },
  { "--guest=7", "--stubdom=8", "--unheard-of", NULL },
  { "--guest=7", "--stubdom=8", "--transport=vchan", NULL },
  { "--guest=7", "--stubdom=8", "--ring-size=262144", NULL },
  { "--guest=7", "--transport=unix", NULL },
  { "--peer=/p", NULL },
  { "--mode=server", NULL },
  { "--connect=/q", "--stubdom=0", "--mux", NULL },
};

START_TEST (refused)
{
  QhOptions options;
  ck_assert_int_eq (parse (&options, wrong[_i]), QH_PARSED_WRONG);
}
END_TEST

START_TEST (transports)
{
  const char *const names[] = { "argo", "v4v", "vchan", "unix" };
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    ck_assert_str_eq (qh_transport_find (names[i])->name, names[i]);
  ck_assert_ptr_null (qh_transport_find ("Argo"));
  ck_assert_ptr_null (qh_transport_find (""));
  ck_assert_ptr_null (qh_transport_find ("vsock"));
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("qmp-helper options");
  TCase *cases = tcase_create ("options");
  tcase_add_test (cases, as_openxt_starts_it);
  tcase_add_test (cases, as_libxl_starts_its_proxy);
  tcase_add_test (cases, as_a_stubdomain_starts_its_end);
  tcase_add_test (cases, by_hand);
  tcase_add_test (cases, by_the_environment);
  tcase_add_loop_test (cases, refused, 0, sizeof wrong / sizeof *wrong);
  tcase_add_test (cases, transports);
  suite_add_tcase (suite, cases);
  return run_suite (suite);
}
