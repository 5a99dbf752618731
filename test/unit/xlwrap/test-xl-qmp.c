/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The QMP client against a server of the test's own, polite and otherwise. */
#include <check.h>
#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

#include "test/unit/run-suite.h"
#include "xlwrap/xl-qmp-line.h"
#include "xlwrap/xl-qmp.h"

#define GREETING "{\"QMP\": {\"version\": {\"qemu\": {\"major\": 7}}, \"capabilities\": []}}\r\n"

/** Monitor: the other end, and what the client has told. */
typedef struct {
  char *dir, *path;
  GSocketListener *listener;
  GSocketConnection *connection;
  GDataInputStream *lines;
  XlQmp *qmp;
  gboolean ready;
  GString *events; /* `name key=value` lines */
  GError *closed;
} Monitor;

static void
on_ready (XlQmp *qmp, gpointer user_data)
{
  ((Monitor *)user_data)->ready = TRUE;
}

static void
on_event (XlQmp *qmp, const char *name, gpointer data, gpointer user_data)
{
  Monitor *monitor = user_data;
  char *text = data != NULL ? json_dumps (data, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
  g_string_append_printf (monitor->events, "%s%s%s\n", name, text != NULL ? " " : "",
                          text != NULL ? text : "");
  free (text);
}

static void
on_closed (XlQmp *qmp, GError *error, gpointer user_data)
{
  Monitor *monitor = user_data;
  ck_assert_ptr_null (monitor->closed); /* once */
  monitor->closed = g_error_copy (error);
}

static void
on_accepted (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Monitor *monitor = user_data;
  monitor->connection =
      g_socket_listener_accept_finish (G_SOCKET_LISTENER (source), result, NULL, NULL);
  ck_assert_ptr_nonnull (monitor->connection);
}

static void
watch (Monitor *monitor)
{
  monitor->qmp = xl_qmp_new (monitor->path);
  g_signal_connect (monitor->qmp, "ready", G_CALLBACK (on_ready), monitor);
  g_signal_connect (monitor->qmp, "event", G_CALLBACK (on_event), monitor);
  g_signal_connect (monitor->qmp, "closed", G_CALLBACK (on_closed), monitor);
}

/* A monitor that the client has connected to, and that has said nothing yet. */
static Monitor *
monitor_new (void)
{
  Monitor *monitor = g_new0 (Monitor, 1);
  monitor->events = g_string_new (NULL);
  monitor->dir = g_dir_make_tmp ("qmp-XXXXXX", NULL);
  monitor->path = g_build_filename (monitor->dir, "monitor", NULL);
  monitor->listener = g_socket_listener_new ();
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (monitor->path);
  ck_assert (g_socket_listener_add_address (monitor->listener, address, G_SOCKET_TYPE_STREAM,
                                            G_SOCKET_PROTOCOL_DEFAULT, NULL, NULL, NULL));
  g_socket_listener_accept_async (monitor->listener, NULL, on_accepted, monitor);
  watch (monitor);
  while (monitor->connection == NULL)
    g_main_context_iteration (NULL, TRUE);
  monitor->lines =
      g_data_input_stream_new (g_io_stream_get_input_stream (G_IO_STREAM (monitor->connection)));
  return monitor;
}

static void
monitor_free (Monitor *monitor)
{
  if (monitor->qmp != NULL) {
    xl_qmp_close (monitor->qmp);
    g_signal_handlers_disconnect_by_data (monitor->qmp, monitor);
    g_object_unref (monitor->qmp);
  }
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_clear_object (&monitor->lines);
  g_clear_object (&monitor->connection);
  g_clear_object (&monitor->listener);
  g_clear_error (&monitor->closed);
  g_string_free (monitor->events, TRUE);
  g_unlink (monitor->path);
  g_rmdir (monitor->dir);
  g_free (monitor->path);
  g_free (monitor->dir);
  g_free (monitor);
}

static void
say_bytes (Monitor *monitor, const char *bytes, gsize n)
{
  GOutputStream *out = g_io_stream_get_output_stream (G_IO_STREAM (monitor->connection));
  ck_assert (g_output_stream_write_all (out, bytes, n, NULL, NULL, NULL));
}

static void
say (Monitor *monitor, const char *text)
{
  say_bytes (monitor, text, strlen (text));
}

static void
on_line (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(char **)user_data =
      g_data_input_stream_read_line_finish (G_DATA_INPUT_STREAM (source), result, NULL, NULL);
  ck_assert_ptr_nonnull (*(char **)user_data);
}

/* The next line that the client sends. */
static char *
hear (Monitor *monitor)
{
  char *line = NULL;
  g_data_input_stream_read_line_async (monitor->lines, G_PRIORITY_DEFAULT, NULL, on_line, &line);
  while (line == NULL)
    g_main_context_iteration (NULL, TRUE);
  return line;
}

static Monitor *
monitor_new_ready (void)
{
  Monitor *monitor = monitor_new ();
  say (monitor, GREETING);
  g_autofree char *line = hear (monitor);
  ck_assert_str_eq (line, "{\"execute\":\"qmp_capabilities\",\"id\":1}");
  ck_assert (!monitor->ready);
  say (monitor, "{\"return\": {}, \"id\": 1}\r\n");
  while (!monitor->ready)
    g_main_context_iteration (NULL, TRUE);
  return monitor;
}

static void
wait_closed (Monitor *monitor, int code, const char *part)
{
  while (monitor->closed == NULL)
    g_main_context_iteration (NULL, TRUE);
  ck_assert_msg (g_error_matches (monitor->closed, XL_ERROR, code), "%s", monitor->closed->message);
  ck_assert_msg (strstr (monitor->closed->message, part) != NULL, "%s", monitor->closed->message);
}

static void
wait_events (Monitor *monitor, const char *expected)
{
  while (monitor->events->len < strlen (expected) && monitor->closed == NULL)
    g_main_context_iteration (NULL, TRUE);
  ck_assert_str_eq (monitor->events->str, expected);
  g_string_truncate (monitor->events, 0);
}

/* -- a polite monitor -------------------------------------------------------------- */

typedef struct {
  gboolean ended;
  json_t *value;
  GError *error;
} Command;

static void
on_answer (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Command *command = user_data;
  command->value = xl_qmp_execute_finish (XL_QMP (source), result, &command->error);
  command->ended = TRUE;
}

static void
wait_command (Command *command)
{
  while (!command->ended)
    g_main_context_iteration (NULL, TRUE);
}

START_TEST (commands_and_answers)
{
  Monitor *monitor = monitor_new_ready ();
  Command one = { FALSE, NULL, NULL }, two = { FALSE, NULL, NULL };
  xl_qmp_execute_async (monitor->qmp, "query-status", NULL, on_answer, &one);
  xl_qmp_execute_async (monitor->qmp, "eject", json_pack ("{s:s}", "id", "a\"b\n"), on_answer,
                        &two);
  g_autofree char *first = hear (monitor);
  g_autofree char *second = hear (monitor);
  ck_assert_str_eq (first, "{\"execute\":\"query-status\",\"id\":2}");
  ck_assert_str_eq (second,
                    "{\"execute\":\"eject\",\"id\":3,\"arguments\":{\"id\":\"a\\\"b\\n\"}}");
  /* Answers may overtake each other; events may come between. */
  say (monitor, "{\"id\":3,\"error\":{\"class\":\"GenericError\",\"desc\":\"no such drive\"}}\r\n"
                "{\"event\":\"STOP\",\"timestamp\":{\"seconds\":1,\"microseconds\":2}}\r\n"
                "{\"id\":2,\"return\":{\"status\":\"running\"}}\r\n");
  wait_command (&one);
  wait_command (&two);
  ck_assert_str_eq (json_string_value (json_object_get (one.value, "status")), "running");
  ck_assert (g_error_matches (two.error, XL_ERROR, XL_ERROR_QMP));
  ck_assert_str_eq (two.error->message, "no such drive");
  wait_events (monitor, "STOP\n");
  json_decref (one.value);
  g_clear_error (&two.error);
  monitor_free (monitor);
}
END_TEST

START_TEST (events)
{
  Monitor *monitor = monitor_new_ready ();
  say (monitor,
       "{\"event\": \"SUSPEND\"}\r\n\r\n{\"event\":\"RTC_CHANGE\",\"data\":{\"offset\":-3}}"
       "\n{\"event\": \"WAKE");
  wait_events (monitor, "SUSPEND\nRTC_CHANGE {\"offset\":-3}\n");
  say (monitor, "UP\", \"data\": 7}\r\n"); /* data that is no object is no data */
  wait_events (monitor, "WAKEUP\n");
  monitor_free (monitor);
}
END_TEST

START_TEST (lines_in_any_pieces)
{
  static const char text[] =
      "{\"event\":\"A\",\"data\":{\"k\":\"v\\\\\"}}\r\n{\"event\":\"B\"}\r\n";
  for (gsize cut = 1; cut < sizeof text - 1; cut++) {
    Monitor *monitor = monitor_new_ready ();
    say_bytes (monitor, text, cut);
    for (int i = 0; i < 5; i++)
      g_main_context_iteration (NULL, FALSE);
    say_bytes (monitor, text + cut, sizeof text - 1 - cut);
    wait_events (monitor, "A {\"k\":\"v\\\\\"}\nB\n");
    monitor_free (monitor);
  }
}
END_TEST

/* The longest line that is allowed, and events behind it. */
START_TEST (long_lines)
{
  Monitor *monitor = monitor_new_ready ();
  g_autoptr (GString) line = g_string_new ("{\"event\":\"LONG\",\"pad\":\"");
  while (line->len < XL_QMP_MAX_LINE - 3)
    g_string_append_c (line, 'x');
  g_string_append (line, "\"}\r\n");
  ck_assert_uint_eq (line->len, XL_QMP_MAX_LINE + 1); /* \n does not count */
  say_bytes (monitor, line->str, line->len);
  say (monitor, "{\"event\":\"NEXT\"}\n");
  wait_events (monitor, "LONG\nNEXT\n");
  monitor_free (monitor);
}
END_TEST

/* -- the end ----------------------------------------------------------------------- */

START_TEST (nobody_there)
{
  Monitor monitor = { 0 };
  monitor.path = g_strdup ("/nonexistent/monitor");
  watch (&monitor);
  while (monitor.closed == NULL)
    g_main_context_iteration (NULL, TRUE);
  ck_assert (!monitor.ready);
  ck_assert (g_error_matches (monitor.closed, G_IO_ERROR, G_IO_ERROR_NOT_FOUND));
  g_clear_error (&monitor.closed);
  g_object_unref (monitor.qmp);
  g_free (monitor.path);
}
END_TEST

START_TEST (hang_up_fails_commands)
{
  Monitor *monitor = monitor_new_ready ();
  Command command = { FALSE, NULL, NULL };
  xl_qmp_execute_async (monitor->qmp, "query-status", NULL, on_answer, &command);
  g_free (hear (monitor));
  g_io_stream_close (G_IO_STREAM (monitor->connection), NULL, NULL);
  wait_closed (monitor, XL_ERROR_QMP, "hung up");
  wait_command (&command);
  ck_assert (g_error_matches (command.error, XL_ERROR, XL_ERROR_QMP));
  g_clear_error (&command.error);

  command.ended = FALSE;
  xl_qmp_execute_async (monitor->qmp, "query-status", NULL, on_answer, &command);
  wait_command (&command);
  ck_assert (g_error_matches (command.error, XL_ERROR, XL_ERROR_QMP));
  g_clear_error (&command.error);
  monitor_free (monitor);
}
END_TEST

START_TEST (close_is_quiet)
{
  Monitor *monitor = monitor_new_ready ();
  Command command = { FALSE, NULL, NULL };
  xl_qmp_execute_async (monitor->qmp, "query-status", NULL, on_answer, &command);
  xl_qmp_close (monitor->qmp);
  wait_command (&command);
  ck_assert (g_error_matches (command.error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
  g_clear_error (&command.error);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  ck_assert_ptr_null (monitor->closed);
  monitor_free (monitor);
}
END_TEST

/* Closed while it still connects. */
START_TEST (close_at_once)
{
  Monitor *monitor = monitor_new ();
  xl_qmp_close (monitor->qmp);
  g_object_unref (monitor->qmp);
  monitor->qmp = xl_qmp_new (monitor->path);
  xl_qmp_close (monitor->qmp);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  ck_assert_ptr_null (monitor->closed);
  monitor_free (monitor);
}
END_TEST

/* -- a monitor in the hands of a guest --------------------------------------------- */

START_TEST (hostile)
{
  static const struct {
    const char *text;
    int code;
    const char *part;
  } cases[] = {
    { "nonsense\r\n", XL_ERROR_PARSE, "not JSON" },
    { "[1,2]\r\n", XL_ERROR_PARSE, "not an object" },
    { "{\"return\":{},\"id\":77}\r\n", XL_ERROR_PARSE, "nobody asked" },
    { "{\"return\":{}}\r\n", XL_ERROR_PARSE, "nobody asked" },
    { "{\"return\":{},\"id\":\"1\"}\r\n", XL_ERROR_PARSE, "nobody asked" },
    { "{\"return\":{},\"id\":99999999999999}\r\n", XL_ERROR_PARSE, "nobody asked" },
    { "{\"event\":7}\r\n", XL_ERROR_PARSE, "without a name" },
    { "{\"event\":\"A\",\"event\":\"B\"}\r\n", XL_ERROR_PARSE, "not JSON" },
    { "{\"event\":\"\xff\xfe\"}\r\n", XL_ERROR_PARSE, "not JSON" },
    { "{\"QMP\":{}}\r\n", XL_ERROR_PARSE, "nobody asked" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    Monitor *monitor = monitor_new_ready ();
    say (monitor, cases[i].text);
    wait_closed (monitor, cases[i].code, cases[i].part);
    monitor_free (monitor);
  }
}
END_TEST

START_TEST (no_greeting)
{
  Monitor *monitor = monitor_new ();
  say (monitor, "{\"event\":\"SUSPEND\"}\r\n");
  wait_closed (monitor, XL_ERROR_PARSE, "no greeting");
  ck_assert_uint_eq (monitor->events->len, 0);
  monitor_free (monitor);
}
END_TEST

START_TEST (endless_line)
{
  Monitor *monitor = monitor_new_ready ();
  g_autofree char *pad = g_strnfill (XL_QMP_MAX_LINE + 1, ' ');
  say (monitor, pad);
  wait_closed (monitor, XL_ERROR_OUTPUT_LIMIT, "too long");
  monitor_free (monitor);
}
END_TEST

START_TEST (depth)
{
  for (int extra = 0; extra < 2; extra++) {
    GError *error = NULL;
    g_autoptr (GString) line = g_string_new ("{\"a]}\\\"[\":");
    for (int i = 1; i < XL_QMP_MAX_DEPTH + extra; i++)
      g_string_append_c (line, '[');
    for (int i = 1; i < XL_QMP_MAX_DEPTH + extra; i++)
      g_string_append_c (line, ']');
    g_string_append_c (line, '}');
    json_t *value = xl_qmp_line_parse (line->str, line->len, &error);
    ck_assert_int_eq (value != NULL, extra == 0);
    ck_assert_int_eq (g_error_matches (error, XL_ERROR, XL_ERROR_PARSE), extra == 1);
    json_decref (value);
    g_clear_error (&error);
  }
}
END_TEST

START_TEST (path_length)
{
  g_autofree char *fits = g_strnfill (107, 'x');
  g_autofree char *too_long = g_strnfill (108, 'x');
  ck_assert (xl_qmp_path_fits (fits));
  ck_assert (!xl_qmp_path_fits (too_long));
}
END_TEST

/* A monitor that says nothing, and one that says nothing more, are given up. */
START_TEST (silence)
{
  Monitor *mute = monitor_new ();
  Monitor *deaf = monitor_new_ready ();
  Command command = { FALSE, NULL, NULL };
  xl_qmp_execute_async (deaf->qmp, "query-status", NULL, on_answer, &command);
  wait_closed (mute, XL_ERROR_TIMEOUT, "does not greet");
  wait_closed (deaf, XL_ERROR_TIMEOUT, "does not answer");
  wait_command (&command);
  ck_assert (g_error_matches (command.error, XL_ERROR, XL_ERROR_TIMEOUT));
  g_clear_error (&command.error);
  monitor_free (mute);
  monitor_free (deaf);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("xl-qmp");
  TCase *tcase = tcase_create ("xl-qmp");
  tcase_set_timeout (tcase, 60);
  tcase_add_test (tcase, commands_and_answers);
  tcase_add_test (tcase, events);
  tcase_add_test (tcase, lines_in_any_pieces);
  tcase_add_test (tcase, long_lines);
  tcase_add_test (tcase, nobody_there);
  tcase_add_test (tcase, hang_up_fails_commands);
  tcase_add_test (tcase, close_is_quiet);
  tcase_add_test (tcase, close_at_once);
  tcase_add_test (tcase, hostile);
  tcase_add_test (tcase, no_greeting);
  tcase_add_test (tcase, endless_line);
  tcase_add_test (tcase, depth);
  tcase_add_test (tcase, path_length);
  tcase_add_test (tcase, silence);
  suite_add_tcase (suite, tcase);
  return run_suite (suite);
}
