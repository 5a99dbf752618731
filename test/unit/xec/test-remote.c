/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What xec --host takes for a host, and how ssh is told. */
#include <check.h>

#include "test/unit/run-suite.h"
#include "xec/remote.h"

#define BRIDGE " systemd-stdio-bridge"

static const struct {
  const char *host;
  const char *command; /* NULL: no host */
} hosts[] = {
  { "xen1", "ssh -xT -- xen1" BRIDGE },
  { "root@xen1.example", "ssh -xT -- root@xen1.example" BRIDGE },
  { "root@xen1:2222", "ssh -xT -p 2222 -- root@xen1" BRIDGE },
  { "fe80::1", "ssh -xT -- fe80::1" BRIDGE },
  { "root@[fe80::1]", "ssh -xT -- root@fe80::1" BRIDGE },
  { "[fe80::1]:22", "ssh -xT -p 22 -- fe80::1" BRIDGE },
  { "", NULL },
  { ":22", NULL },
  { "root@", NULL },
  { "root@:22", NULL },
  { "@xen1", NULL },
  { "-oProxyCommand=reboot", NULL },
  { "xen1:", NULL },
  { "xen1:ssh", NULL },
  { "xen1:-1", NULL },
};

START_TEST (test_host)
{
  g_auto (GStrv) argv = xec_remote_argv (hosts[_i].host);
  if (hosts[_i].command == NULL) {
    ck_assert_ptr_null (argv);
    return;
  }
  ck_assert_ptr_nonnull (argv);
  g_autofree char *command = g_strjoinv (" ", argv);
  ck_assert_str_eq (command, hosts[_i].command);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("xec-remote");
  TCase *tests = tcase_create ("remote");

  tcase_add_loop_test (tests, test_host, 0, G_N_ELEMENTS (hosts));
  suite_add_tcase (suite, tests);

  return run_suite (suite);
}
