/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <check.h>

#include "dummy-xl.h"
#include "shim/domains.h"
#include "store-fixture.h"
#include "test/simhost/standin/standin-host.h"
#include "test/unit/run-suite.h"

#define SHARED_UUID "11111111-2222-3333-4444-555555555501"

/* With the start-up of the watches behind it: its first refresh is over. */
typedef struct {
  char *base;
  StandinHost *host;
  XlRunner *runner;
  XlXenstore *xenstore;
  XmDomains *domains;
  guint refreshed; /* emissions of the signal */
} Picture;

/** Wait: a call of xm_domains_refresh_async(). */
typedef struct {
  gboolean ended;
  GError *error;
  guint domains;   /* how many the picture had then */
  guint refreshed; /* emissions until then */
  Picture *picture;
} Wait;

static void
on_refreshed (XmDomains *domains, gpointer user_data)
{
  ((Picture *)user_data)->refreshed++;
}

static void
on_ended (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Wait *wait = user_data;
  wait->ended = TRUE;
  xm_domains_refresh_finish (XM_DOMAINS (source), result, &wait->error);
  wait->domains = xm_domains_get_all (XM_DOMAINS (source))->len;
  wait->refreshed = wait->picture->refreshed;
}

static void
begin (Picture *picture, Wait *wait)
{
  *wait = (Wait){ .picture = picture };
  xm_domains_refresh_async (picture->domains, NULL, on_ended, wait);
}

static void
end (Wait *wait)
{
  while (!wait->ended)
    g_main_context_iteration (NULL, TRUE);
}

static void
settle (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static gboolean
on_marker (const char *path, gpointer user_data)
{
  ++*(guint *)user_data;
  return G_SOURCE_CONTINUE;
}

/* xenstored tells its watchers in the order of their registration, so what the picture watches has
 * arrived when this has. */
static GSource *
add_marker (Picture *picture, guint *fired)
{
  GSource *marker = xl_xenstore_watch_source_new (picture->xenstore, "@introduceDomain");
  *fired = 0;
  g_source_set_callback (marker, G_SOURCE_FUNC (on_marker), fired, NULL);
  g_source_attach (marker, NULL);
  while (*fired < 1)
    g_main_context_iteration (NULL, TRUE);
  return marker;
}

static Picture *
picture_new (void)
{
  Picture *picture = g_new0 (Picture, 1);
  picture->base = fixture_new ();
  dummy_xl_new (picture->base);
  picture->host = standin_host_new ();
  standin_host_start_xenstored (picture->host);
  picture->runner = xl_runner_new (DUMMY_XL);
  picture->xenstore = xl_xenstore_new ();
  picture->domains = xm_domains_new (picture->runner, picture->xenstore, 0);
  g_signal_connect (picture->domains, "refreshed", G_CALLBACK (on_refreshed), picture);

  /* Watches fire once when they are registered; their refreshes must not be taken for others. */
  guint fired;
  GSource *marker = add_marker (picture, &fired);
  g_source_destroy (marker);
  g_source_unref (marker);
  settle ();
  Wait wait;
  begin (picture, &wait);
  end (&wait);
  ck_assert_ptr_null (wait.error);
  begin (picture, &wait);
  end (&wait);
  settle ();
  return picture;
}

static void
picture_free (Picture *picture)
{
  xm_domains_stop (picture->domains);
  g_object_unref (picture->domains);
  xl_xenstore_close (picture->xenstore);
  g_object_unref (picture->xenstore);
  g_object_unref (picture->runner);
  standin_host_free (picture->host);
  fixture_free (picture->base);
  g_free (picture);
}

static void
show_domain (int domid)
{
  g_autofree char *name = g_strdup_printf ("g%d", domid);
  g_autofree char *line = dummy_xl_domain (name, domid, "-b----", SHARED_UUID, "-");
  g_autofree char *text = dummy_xl_domains (line);
  dummy_xl_tell ("list", text);
}

START_TEST (one_run_serves_all_who_wait_for_it)
{
  Picture *picture = picture_new ();
  guint64 before = xl_runner_get_spawned (picture->runner);
  Wait first, later[5];

  dummy_xl_shut_gate ("list");
  begin (picture, &first);
  for (gsize i = 0; i < G_N_ELEMENTS (later); i++)
    begin (picture, &later[i]);
  settle ();
  ck_assert_uint_eq (xl_runner_get_spawned (picture->runner) - before, 1);
  ck_assert (!first.ended);

  /* Those that came while it ran need one that starts later. */
  dummy_xl_open_gate ("list");
  end (&first);
  ck_assert_ptr_null (first.error);
  for (gsize i = 0; i < G_N_ELEMENTS (later); i++)
    ck_assert (!later[i].ended);
  for (gsize i = 0; i < G_N_ELEMENTS (later); i++) {
    end (&later[i]);
    ck_assert_ptr_null (later[i].error);
    ck_assert_uint_eq (later[i].refreshed, first.refreshed + 1);
  }
  settle ();
  ck_assert_uint_eq (xl_runner_get_spawned (picture->runner) - before, 2);
  picture_free (picture);
}
END_TEST

START_TEST (a_call_gets_a_picture_that_is_not_older)
{
  Picture *picture = picture_new ();
  Wait first, second;

  dummy_xl_shut_gate ("list");
  begin (picture, &first);
  begin (picture, &second);
  dummy_xl_open_gate ("list");
  dummy_xl_shut_gate ("list"); /* for the next run */
  end (&first);
  ck_assert_uint_eq (first.domains, 1);
  show_domain (3);
  dummy_xl_open_gate ("list");
  end (&second);
  ck_assert_uint_eq (second.domains, 2);
  picture_free (picture);
}
END_TEST

START_TEST (a_new_domain_refreshes_the_picture)
{
  Picture *picture = picture_new ();
  guint before = picture->refreshed;

  show_domain (7);
  standin_host_introduce (picture->host, 7);
  while (picture->refreshed == before)
    g_main_context_iteration (NULL, TRUE);
  ck_assert_uint_eq (xm_domains_get_all (picture->domains)->len, 2);
  picture_free (picture);
}
END_TEST

START_TEST (an_event_during_a_run_causes_another)
{
  Picture *picture = picture_new ();
  guint fired;
  GSource *marker = add_marker (picture, &fired);
  guint64 before = xl_runner_get_spawned (picture->runner);
  guint refreshed = picture->refreshed;
  Wait wait;

  dummy_xl_shut_gate ("list");
  begin (picture, &wait);
  standin_host_introduce (picture->host, 8);
  while (fired < 2)
    g_main_context_iteration (NULL, TRUE);
  settle ();
  ck_assert_uint_eq (xl_runner_get_spawned (picture->runner) - before, 1);

  dummy_xl_open_gate ("list");
  end (&wait);
  while (picture->refreshed < refreshed + 2)
    g_main_context_iteration (NULL, TRUE);
  settle ();
  ck_assert_uint_eq (xl_runner_get_spawned (picture->runner) - before, 2);
  g_source_destroy (marker);
  g_source_unref (marker);
  picture_free (picture);
}
END_TEST

START_TEST (a_failure_is_told_and_tried_again_later)
{
  Picture *picture = picture_new ();
  guint64 before = xl_runner_get_spawned (picture->runner);
  guint refreshed = picture->refreshed;
  Wait wait;

  show_domain (3);
  dummy_xl_tell ("list.status", "1");
  begin (picture, &wait);
  end (&wait);
  ck_assert (g_error_matches (wait.error, XL_ERROR, XL_ERROR_EXIT));
  g_clear_error (&wait.error);
  ck_assert_uint_eq (wait.domains, 1); /* the old picture stays */
  ck_assert_uint_eq (picture->refreshed, refreshed);
  settle ();
  ck_assert_uint_eq (xl_runner_get_spawned (picture->runner) - before, 1);

  /* A change of the interval must not put an end to trying. */
  xm_domains_set_interval (picture->domains, 0);
  dummy_xl_tell ("list.status", NULL);
  gint64 failed_at = g_get_monotonic_time ();
  while (picture->refreshed == refreshed)
    g_main_context_iteration (NULL, TRUE);
  ck_assert_int_ge (g_get_monotonic_time () - failed_at, 1 * G_USEC_PER_SEC);
  ck_assert_uint_eq (xl_runner_get_spawned (picture->runner) - before, 2);
  ck_assert_uint_eq (xm_domains_get_all (picture->domains)->len, 2);
  picture_free (picture);
}
END_TEST

START_TEST (rubbish_leaves_the_picture)
{
  Picture *picture = picture_new ();
  Wait wait;

  dummy_xl_tell ("list", "Segmentation fault\n");
  begin (picture, &wait);
  end (&wait);
  ck_assert (g_error_matches (wait.error, XL_ERROR, XL_ERROR_PARSE));
  g_clear_error (&wait.error);
  ck_assert_uint_eq (wait.domains, 1);
  picture_free (picture);
}
END_TEST

/* Whoever comes while xl hangs does not wait for a second time limit. */
START_TEST (a_hanging_xl_fails_those_who_wait_for_the_next_run)
{
  Picture *picture = picture_new ();
  guint64 before = xl_runner_get_spawned (picture->runner);
  Wait first, later;

  xl_runner_set_timeout (picture->runner, XL_TIMEOUT_QUERY, 1);
  dummy_xl_tell ("list.hang", "");
  begin (picture, &first);
  begin (picture, &later);
  end (&first);
  ck_assert (g_error_matches (first.error, XL_ERROR, XL_ERROR_TIMEOUT));
  settle ();
  ck_assert (later.ended);
  ck_assert (g_error_matches (later.error, XL_ERROR, XL_ERROR_TIMEOUT));
  ck_assert_uint_eq (xl_runner_get_spawned (picture->runner) - before, 1);
  g_clear_error (&first.error);
  g_clear_error (&later.error);
  picture_free (picture);
}
END_TEST

/* Any other failure may be over by the next run. */
START_TEST (a_failing_xl_gets_its_second_chance)
{
  Picture *picture = picture_new ();
  Wait first, later;

  dummy_xl_tell ("list.status", "1");
  dummy_xl_shut_gate ("list");
  begin (picture, &first);
  begin (picture, &later);
  dummy_xl_open_gate ("list");
  dummy_xl_shut_gate ("list"); /* for the next run */
  end (&first);
  ck_assert (g_error_matches (first.error, XL_ERROR, XL_ERROR_EXIT));
  ck_assert (!later.ended);
  dummy_xl_tell ("list.status", NULL);
  dummy_xl_open_gate ("list");
  end (&later);
  ck_assert_ptr_null (later.error);
  g_clear_error (&first.error);
  picture_free (picture);
}
END_TEST

START_TEST (cancelling_ends_the_wait)
{
  Picture *picture = picture_new ();
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Wait wait = { .picture = picture }, other;

  dummy_xl_shut_gate ("list");
  xm_domains_refresh_async (picture->domains, cancellable, on_ended, &wait);
  begin (picture, &other);
  g_cancellable_cancel (cancellable);
  dummy_xl_open_gate ("list");
  end (&wait);
  ck_assert (g_error_matches (wait.error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
  g_clear_error (&wait.error);
  end (&other);
  ck_assert_ptr_null (other.error);
  picture_free (picture);
}
END_TEST

START_TEST (stopping_ends_everything)
{
  Picture *picture = picture_new ();
  guint64 before = xl_runner_get_spawned (picture->runner);
  Wait wait;

  xm_domains_stop (picture->domains);
  standin_host_introduce (picture->host, 9);
  begin (picture, &wait);
  end (&wait);
  ck_assert (g_error_matches (wait.error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
  g_clear_error (&wait.error);
  ck_assert_uint_eq (xl_runner_get_spawned (picture->runner), before);
  picture_free (picture);
}
END_TEST

/* Two domains of one uuid, as xl lets them be made. */
START_TEST (looking_up_a_uuid)
{
  Picture *picture = picture_new ();
  g_autofree char *capture = NULL;
  Wait wait;

  ck_assert (
      g_file_get_contents (FIXTURES "/xl/pv1/list-after-same-uuid.out", &capture, NULL, NULL));
  dummy_xl_tell ("list", capture);
  begin (picture, &wait);
  end (&wait);
  ck_assert_ptr_null (wait.error);

  static const struct {
    const char *uuid, *domids;
  } cases[] = {
    { SHARED_UUID, " 6 8" },
    { "11111111-2222-3333-4444-555555555502", "" },
    { "00000000-0000-0000-0000-000000000000", "" }, /* dom0 is nobody's VM */
  };
  for (gsize i = 0; i < 2 * G_N_ELEMENTS (cases); i++) {
    const char *uuid = cases[i / 2].uuid;
    g_autofree char *upper = g_ascii_strup (uuid, -1);
    g_autoptr (GPtrArray) found =
        xm_domains_find_uuid (picture->domains, i % 2 == 0 ? upper : uuid);
    g_autoptr (GString) domids = g_string_new (NULL);
    for (guint k = 0; k < found->len; k++)
      g_string_append_printf (domids, " %u", ((XlDomain *)found->pdata[k])->domid);
    ck_assert_str_eq (domids->str, cases[i / 2].domids);
  }
  picture_free (picture);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("domains");
  TCase *tcase = tcase_create ("domains");
  tcase_set_timeout (tcase, 120);
  tcase_add_test (tcase, one_run_serves_all_who_wait_for_it);
  tcase_add_test (tcase, a_call_gets_a_picture_that_is_not_older);
  tcase_add_test (tcase, a_new_domain_refreshes_the_picture);
  tcase_add_test (tcase, an_event_during_a_run_causes_another);
  tcase_add_test (tcase, a_failure_is_told_and_tried_again_later);
  tcase_add_test (tcase, rubbish_leaves_the_picture);
  tcase_add_test (tcase, a_hanging_xl_fails_those_who_wait_for_the_next_run);
  tcase_add_test (tcase, a_failing_xl_gets_its_second_chance);
  tcase_add_test (tcase, cancelling_ends_the_wait);
  tcase_add_test (tcase, stopping_ends_everything);
  tcase_add_test (tcase, looking_up_a_uuid);
  suite_add_tcase (suite, tcase);
  return run_suite (suite);
}
