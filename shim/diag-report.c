/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/diag-report.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#include "shim/diag-dir.h"
#include "shim/diag-gather.h"
#include "shim/error.h"
#include "shim/redact.h"
#include "shim/vm-set.h"

#include "xenmgr-xl-config.h"

#define PREFIX     "status-report"
#define USER_FILE  "user-report.xml"
#define GUESTS_DIR "guests"

/** Report: alive as long as something of it is on its way. */
typedef struct {
  XmService *service; /* may be gone once service_end is cancelled */
  GCancellable *service_end;
  XlRunner *helpers;
  GTask *task;
  gboolean screenshots, guest_info;
  char *user_text;
  char *base; /* of all reports */
  char *dir;  /* of this one */
  char *name; /* of the folder in it that goes into the tarball */
  char *folder, *tarball;
  guint pending; /* parts that are still to come */
} Report;

/** Part: a file of the report, or what runs to get its text. */
typedef struct {
  Report *report;
  char *name;
  char *text;
  char *words; /* of the command that it comes from; NULL: none */
  gboolean json;
} Part;

static void
report_clear (gpointer data)
{
  Report *report = data;
  g_object_unref (report->service_end);
  g_object_unref (report->helpers);
  g_object_unref (report->task);
  g_free (report->user_text);
  g_free (report->base);
  g_free (report->dir);
  g_free (report->name);
  g_free (report->folder);
  g_free (report->tarball);
}

static void
report_unref (Report *report)
{
  g_rc_box_release_full (report, report_clear);
}

static void
part_free (gpointer data)
{
  Part *part = data;
  report_unref (part->report);
  g_free (part->name);
  g_free (part->text);
  g_free (part->words);
  g_free (part);
}

static gboolean
service_is_there (const Report *report)
{
  return !g_cancellable_is_cancelled (report->service_end);
}

/* -- the end ----------------------------------------------------------------------- */

static void
remove_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  xm_diag_dir_remove (task_data);
  g_task_return_boolean (task, TRUE);
}

static void
remove_later (const char *dir)
{
  g_autoptr (GTask) removal = g_task_new (NULL, NULL, NULL, NULL);
  g_task_set_task_data (removal, g_strdup (dir), g_free);
  g_task_run_in_thread (removal, remove_in_thread);
}

/* @path, @error: (transfer full): one of them */
static void
end (Report *report, char *path, GError *error)
{
  if (service_is_there (report))
    report->service->diag_reporting = FALSE;
  if (error == NULL) {
    g_task_return_pointer (report->task, path, g_free);
  } else {
    if (report->dir != NULL)
      remove_later (report->dir);
    g_task_return_error (report->task, error);
  }
  report_unref (report);
}

static void
on_packed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Report *report = user_data;
  GError *error = NULL;
  g_autoptr (XlOutput) output = xl_runner_run_finish (XL_RUNNER (source), result, &error);
  if (output == NULL) {
    end (report, NULL, xm_error_from_helper (error));
    return;
  }
  remove_later (report->folder);
  end (report, g_strdup (report->tarball), NULL);
}

static void
part_done (Report *report)
{
  if (--report->pending > 0)
    return;
  const char *const argv[] = { "tar",           "--create",    "--gzip",     "--file",
                               report->tarball, "--directory", report->dir,  "--owner=0",
                               "--group=0",     "--sort=name", report->name, NULL };
  if (service_is_there (report))
    xl_runner_run_async (report->helpers, argv, NULL, XL_TIMEOUT_BUILD,
                         g_task_get_cancellable (report->task), on_packed, report);
  else
    end (report, NULL, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "the service ends"));
}

/* -- parts ------------------------------------------------------------------------- */

static void
write_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  const Part *part = task_data;
  g_autofree char *clean = part->json ? xm_redact_json (part->text) : NULL;
  const char *text = !part->json     ? part->text
                     : clean != NULL ? clean
                                     : "left out: this is no JSON\n";
  GError *error = NULL;
  if (xm_diag_dir_write (part->report->folder, part->name, text, strlen (text), &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
on_written (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Report *report = user_data;
  g_autoptr (GError) error = NULL;
  if (!g_task_propagate_boolean (G_TASK (result), &error))
    g_warning ("a status report is not complete: %s", error->message);
  part_done (report);
}

static Part *
part_new (Report *report, const char *name)
{
  Part *part = g_new0 (Part, 1);
  part->report = g_rc_box_acquire (report);
  part->name = g_strdup (name);
  report->pending++;
  return part;
}

/* @part, @text: (transfer full) */
static void
write_part (Part *part, char *text)
{
  part->text = text;
  g_autoptr (GTask) thread = g_task_new (NULL, NULL, on_written, part->report);
  g_task_set_task_data (thread, part, part_free);
  g_task_run_in_thread (thread, write_in_thread);
}

static void
on_command_ended (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Part *part = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (XlOutput) output = xl_runner_run_finish (XL_RUNNER (source), result, &error);
  if (output == NULL) {
    part->json = FALSE;
    write_part (part, g_strdup_printf ("%s: %s\n", part->words, error->message));
  } else {
    g_autofree char *valid = g_utf8_make_valid (output->out, (gssize)output->out_len);
    write_part (part, g_steal_pointer (&valid));
  }
}

typedef struct {
  const char *name;
  gboolean helper; /* not xl */
  gboolean json;
  const char *argv[8];
} Command;

static const Command commands[] = {
  { "xl-info.txt", FALSE, FALSE, { "info", NULL } },
  { "xl-list.txt", FALSE, FALSE, { "list", "-v", NULL } },
  { "xl-list.json", FALSE, TRUE, { "list", "-l", NULL } },
  { "xl-dmesg.txt", FALSE, FALSE, { "dmesg", NULL } },
  { "log.txt",
    TRUE,
    FALSE,
    { "journalctl", "--unit=xenmgr-xl.service", "--lines=5000", "--output=short-iso", "--no-pager",
      "--quiet", NULL } },
};

static void
run_command (Report *report, const Command *command)
{
  Part *part = part_new (report, command->name);
  g_autofree char *words = g_strjoinv (" ", (char **)command->argv);
  part->words = command->helper ? g_steal_pointer (&words) : g_strconcat ("xl ", words, NULL);
  part->json = command->json;
  xl_runner_run_async (command->helper ? report->helpers : report->service->runner, command->argv,
                       NULL, XL_TIMEOUT_QUICK, g_task_get_cancellable (report->task),
                       on_command_ended, part);
}

/* -- what the service itself knows ------------------------------------------------- */

static char *
describe_user (const XmDiagRequest *request)
{
  return g_markup_printf_escaped ("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                                  "<report>\n"
                                  "  <summary>%s</summary>\n"
                                  "  <description>%s</description>\n"
                                  "  <reproduction-steps>%s</reproduction-steps>\n"
                                  "  <ticket>%s</ticket>\n"
                                  "</report>\n",
                                  request->summary, request->description, request->repro_steps,
                                  request->ticket);
}

static char *
describe_service (const Report *report)
{
  XmService *service = report->service;
  GString *text = g_string_new (NULL);
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree char *time = g_date_time_format_iso8601 (now);
  g_autoptr (GPtrArray) vms = xm_vm_set_list (service);
  g_string_append_printf (text, "xenmgr-xl %s, %s\nstore: %s\n", XM_VERSION, time,
                          service->settings->state_dir);
  if (report->screenshots)
    g_string_append (text, "screenshots: none, this host cannot make them\n");
  g_string_append_printf (text, "%u VMs\n", vms->len);
  for (guint i = 0; i < vms->len; i++) {
    const XmVm *vm = vms->pdata[i];
    g_string_append_printf (text, "%s domid %d, %s, acpi-state %d\n", vm->uuid, vm->domid,
                            xm_vm_state_internal (vm->state), xm_vm_acpi_state (vm));
  }
  return g_string_free (text, FALSE);
}

/* -- guests ------------------------------------------------------------------------ */

static void
move_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  const Part *part = task_data;
  g_autofree char *target = g_build_filename (part->report->folder, GUESTS_DIR, NULL);
  GError *error = NULL;
  if (g_rename (part->text, target) == 0) {
    g_task_return_boolean (task, TRUE);
    return;
  }
  xm_error_set_file (&error, target, "renameDirectory", errno);
  g_task_return_error (task, error);
}

static void
on_collected (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Part *part = user_data;
  g_autoptr (GError) error = NULL;
  part->text = xm_diag_collect_finish (result, &error);
  if (part->text == NULL) {
    write_part (part, g_strdup_printf ("no files from guests: %s\n", error->message));
    return;
  }
  g_autoptr (GTask) thread = g_task_new (NULL, NULL, on_written, part->report);
  g_task_set_task_data (thread, part, part_free);
  g_task_run_in_thread (thread, move_in_thread);
}

/* -- with the host's own tool ------------------------------------------------------ */

static void
on_tool_ended (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Report *report = user_data;
  GError *error = NULL;
  g_autoptr (XlOutput) output = xl_runner_run_finish (XL_RUNNER (source), result, &error);
  if (output == NULL)
    end (report, NULL, xm_error_from_helper (error));
  else
    end (report, g_utf8_make_valid (g_strchomp (output->out), -1), NULL);
}

static void
run_tool (Report *report, char **tool)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_strv_builder_addv (builder, (const char **)tool);
  g_strv_builder_add_many (builder, report->screenshots ? "--screenshots" : "--no-screenshots",
                           report->guest_info ? "--vm-diagnostics" : "--no-vm-diagnostics",
                           "--quiet", "--print-tarball", NULL);
  g_auto (GStrv) argv = g_strv_builder_end (builder);
  g_autofree char *user_file = g_strconcat ("XM_USER_REPORT=", report->folder, "/" USER_FILE, NULL);
  const char *const envp[] = { user_file, NULL };
  xl_runner_run_async (report->helpers, (const char *const *)argv, envp, XL_TIMEOUT_BUILD,
                       g_task_get_cancellable (report->task), on_tool_ended, report);
}

/* -- the beginning ----------------------------------------------------------------- */

/* The folder stands with the user's words in it. */
static void
on_begun (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Report *report = user_data;
  GError *error = NULL;
  gboolean begun = g_task_propagate_boolean (G_TASK (result), &error);
  if (begun && !service_is_there (report))
    error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "the service ends");
  if (error != NULL) {
    end (report, NULL, error);
    return;
  }
  XmService *service = report->service;
  char **tool = service->settings->commands[XM_COMMAND_STATUS_REPORT];
  if (tool != NULL) {
    run_tool (report, tool);
    return;
  }

  report->pending = 1; /* this function */
  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++)
    run_command (report, &commands[i]);
  write_part (part_new (report, "service.txt"), describe_service (report));
  Part *store = part_new (report, "store.json");
  store->json = TRUE;
  write_part (store, xm_store_dump (service->store, "/"));
  if (report->guest_info)
    xm_diag_collect_async (service, PREFIX, g_task_get_cancellable (report->task), on_collected,
                           part_new (report, "guests.txt"));
  part_done (report);
}

static void
begin_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Report *report = task_data; /* nobody else's until this is done */
  GError *error = NULL;
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  report->dir = xm_diag_dir_new (report->base, PREFIX, &error);
  if (report->dir != NULL) {
    report->name = g_date_time_format (now, PREFIX "-%Y%m%d-%H%M%S");
    report->folder = g_build_filename (report->dir, report->name, NULL);
    report->tarball = g_strconcat (report->folder, ".tar.gz", NULL);
    if (g_mkdir (report->folder, 0700) != 0)
      xm_error_set_file (&error, report->folder, "createDirectory", errno);
    else
      xm_diag_dir_write (report->folder, USER_FILE, report->user_text, strlen (report->user_text),
                         &error);
  }
  if (error == NULL)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static gboolean
check_request (const XmService *service, const XmDiagRequest *request, GError **error)
{
  const struct {
    const char *name, *text;
  } texts[] = {
    { "summary", request->summary },
    { "description", request->description },
    { "repro_steps", request->repro_steps },
    { "ticket", request->ticket },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++) {
    if (strlen (texts[i].text) > XM_DIAG_MAX_TEXT) {
      xm_error_set_plain (error, "%s: longer than %d bytes", texts[i].name, XM_DIAG_MAX_TEXT);
      return FALSE;
    }
  }
  if (!service->diag_reporting)
    return TRUE;
  xm_error_set_plain (error, "a status report is being made already");
  return FALSE;
}

void
xm_diag_report_async (XmService *service,
                      const XmDiagRequest *request,
                      GCancellable *cancellable,
                      GAsyncReadyCallback callback,
                      gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  g_task_set_source_tag (task, xm_diag_report_async);
  g_task_set_check_cancellable (task, FALSE);
  GError *error = NULL;
  if (!check_request (service, request, &error)) {
    g_task_return_error (task, error);
    return;
  }
  Report *report = g_rc_box_new0 (Report);
  report->service = service;
  report->service_end = g_object_ref (service->end);
  report->helpers = g_object_ref (service->helpers);
  report->task = g_object_ref (task);
  report->screenshots = request->screenshots;
  report->guest_info = request->guest_info;
  report->base = g_strdup (service->settings->diag_dir);
  report->user_text = describe_user (request);
  service->diag_reporting = TRUE;
  g_autoptr (GTask) thread = g_task_new (NULL, NULL, on_begun, report);
  g_task_set_task_data (thread, report, NULL);
  g_task_run_in_thread (thread, begin_in_thread);
}

char *
xm_diag_report_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
