/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the service manager hears of the main loop, and what the journal gets. */
#include <check.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "shim/journal.h"
#include "shim/watchdog.h"
#include "test/unit/run-suite.h"

#define UUID "8a3c1d5e-4f60-4b7a-9c21-0123456789ab"

/* What the manager has heard by now, "" when nothing. */
static char *
heard (int fd)
{
  char text[256];
  ssize_t length = recv (fd, text, sizeof text, MSG_DONTWAIT);
  return g_strndup (text, length > 0 ? (gsize)length : 0);
}

START_TEST (a_turning_loop_is_told)
{
  g_autofree char *dir = g_dir_make_tmp ("watchdog.XXXXXX", NULL);
  g_autofree char *path = g_build_filename (dir, "notify", NULL);
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  g_strlcpy (address.sun_path, path, sizeof address.sun_path);
  int fd = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ck_assert_int_eq (bind (fd, (struct sockaddr *)&address, sizeof address), 0);
  g_setenv ("NOTIFY_SOCKET", path, TRUE);
  g_setenv ("WATCHDOG_USEC", "20000", TRUE);

  guint id = xm_watchdog_start ();
  ck_assert_uint_ne (id, 0);
  ck_assert_ptr_null (g_getenv ("WATCHDOG_USEC"));
  for (int times = 0; times < 3; times++) {
    g_autofree char *before = heard (fd);
    ck_assert_str_eq (before, ""); /* nothing while the loop does not turn */
    g_main_context_iteration (NULL, TRUE);
    g_autofree char *after = heard (fd);
    ck_assert_str_eq (after, "WATCHDOG=1");
  }
  g_source_remove (id);
  close (fd);
  g_unlink (path);
  g_rmdir (dir);
}
END_TEST

START_TEST (nobody_watches)
{
  g_unsetenv ("WATCHDOG_USEC");
  ck_assert_uint_eq (xm_watchdog_start (), 0);
}
END_TEST

START_TEST (another_process_is_watched)
{
  g_setenv ("WATCHDOG_USEC", "20000", TRUE);
  g_setenv ("WATCHDOG_PID", "1", TRUE);
  ck_assert_uint_eq (xm_watchdog_start (), 0);
}
END_TEST

static const struct {
  const char *message, *uuid;
} messages[] = {
  { UUID ": running -> paused", UUID },
  { "cannot remove the ended domain of " UUID ": no", UUID },
  { "service VM service-ndvm-pv is " UUID, UUID },
  { UUID " depends on 8a3c1d5e-4f60-4b7a-9c21-000000000000, which does not start", UUID },
  { "no such VM: " UUID ", it seems", UUID },
  { "/storage/disks/" UUID ".vhd: no such file", NULL },
  { "8a3c1d5e-4f60-4b7a-9c21-0123456789ag: not hexadecimal", NULL },
  { "ready: 3 VMs", NULL },
  { "  ", NULL },
  { "", NULL },
};

START_TEST (messages_name_vms)
{
  g_autofree char *uuid = xm_journal_find_uuid (messages[_i].message);
  if (messages[_i].uuid == NULL)
    ck_assert_ptr_null (uuid);
  else
    ck_assert_str_eq (uuid, messages[_i].uuid);
}
END_TEST

START_TEST (no_message)
{
  ck_assert_ptr_null (xm_journal_find_uuid (NULL));
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("watchdog");
  TCase *tcase = tcase_create ("watchdog and journal");
  tcase_add_test (tcase, a_turning_loop_is_told);
  tcase_add_test (tcase, nobody_watches);
  tcase_add_test (tcase, another_process_is_watched);
  tcase_add_loop_test (tcase, messages_name_vms, 0, G_N_ELEMENTS (messages));
  tcase_add_test (tcase, no_message);
  suite_add_tcase (suite, tcase);
  return run_suite (suite);
}
