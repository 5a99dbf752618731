/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/block-nbd.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "shim/error.h"
#include "shim/read-file.h"

#define MAX_DEVICES 64 /* bits of XmService.nbd_reserved */

/* The kernel tells nobody when a device has got its size but those who listen to all its events;
 * it takes milliseconds. */
#define POLL_MS     20
#define MAX_POLLS   500
#define MAX_SYSFS   64
#define MAX_CMDLINE (128 * 1024)
#define PID_SUFFIX  ".pid"

/** Attachment: data of the task. */
typedef struct {
  XmService *service;
  char *image, *format;
  gboolean read_only;
  gboolean loaded;   /* the module was asked for */
  guint number;      /* candidate */
  gboolean reserved; /* the candidate is */
  guint polls;
  GError *failure; /* while it is detached again */
} Attachment;

static void
attachment_free (gpointer data)
{
  Attachment *attachment = data;
  g_free (attachment->image);
  g_free (attachment->format);
  g_clear_error (&attachment->failure);
  g_free (attachment);
}

/* -- what there is ----------------------------------------------------------------- */

static char *
sysfs_path (XmService *service, guint number, const char *file)
{
  g_autofree char *path = g_strdup_printf ("/sys/block/nbd%u%s", number, file);
  return xm_settings_host_path (service->settings, path);
}

static gboolean
sysfs_exists (XmService *service, guint number, const char *file)
{
  g_autofree char *path = sysfs_path (service, number, file);
  return access (path, F_OK) == 0;
}

static char *
device_path (XmService *service, guint number)
{
  g_autofree char *path = g_strdup_printf ("/dev/nbd%u", number);
  return xm_settings_host_path (service->settings, path);
}

static char *
pid_path (XmService *service, const char *name)
{
  g_autofree char *file = g_strconcat (name, PID_SUFFIX, NULL);
  return g_build_filename (service->settings->run_dir, file, NULL);
}

static gboolean
is_ready (XmService *service, guint number)
{
  g_autofree char *path = sysfs_path (service, number, "/size");
  g_autofree char *text = NULL;
  gsize len;
  return sysfs_exists (service, number, "/pid") &&
         xm_read_file (path, MAX_SYSFS, &text, &len) == 0 && g_ascii_strtoull (text, NULL, 10) > 0;
}

/* As values of qemu-nbd's options. */
static char *
escape_commas (const char *text)
{
  g_auto (GStrv) parts = g_strsplit (text, ",", -1);
  return g_strjoinv (",,", parts);
}

/* Where the last of @len bytes of words begins, each of which ends with a NUL. */
static gsize
last_word (const char *words, gsize len)
{
  while (len > 0 && words[len - 1] != '\0')
    len--;
  return len;
}

static gboolean
is_name (const char *name)
{
  guint64 number;
  return g_str_has_prefix (name, "nbd") &&
         g_ascii_string_to_unsigned (name + strlen ("nbd"), 10, 0, MAX_DEVICES - 1, &number, NULL);
}

char **
xm_block_nbd_list (XmService *service)
{
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();
  g_autoptr (GDir) dir = g_dir_open (service->settings->run_dir, 0, NULL);
  const char *file;
  while (dir != NULL && (file = g_dir_read_name (dir)) != NULL) {
    if (!g_str_has_suffix (file, PID_SUFFIX))
      continue;
    g_autofree char *name = g_strndup (file, strlen (file) - strlen (PID_SUFFIX));
    if (is_name (name))
      g_strv_builder_add (names, name);
  }
  return g_strv_builder_end (names);
}

gboolean
xm_block_nbd_serves (XmService *service, const char *name, const char *image)
{
  g_autofree char *pid_file = pid_path (service, name);
  g_autofree char *text = NULL;
  g_autofree char *words = NULL;
  gsize len;
  if (!is_name (name) || xm_read_file (pid_file, MAX_SYSFS, &text, &len) != 0)
    return FALSE;
  g_autofree char *relative =
      g_strdup_printf ("/proc/%" G_GUINT64_FORMAT "/cmdline", g_ascii_strtoull (text, NULL, 10));
  g_autofree char *path = xm_settings_host_path (service->settings, relative);
  if (xm_read_file (path, MAX_CMDLINE, &words, &len) != 0)
    return FALSE;
  /* The image is the end of its last word. */
  while (len > 0 && words[len - 1] == '\0')
    len--;
  g_autofree char *escaped = escape_commas (image);
  return g_str_has_suffix (words + last_word (words, len), image) ||
         g_str_has_suffix (words + last_word (words, len), escaped);
}

/* -- detaching --------------------------------------------------------------------- */

static void
on_detached (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  g_autoptr (XlOutput) output = xl_runner_run_finish (XL_RUNNER (source), result, &error);
  if (output == NULL) {
    g_task_return_error (task, xm_error_from_helper (error));
    return;
  }
  unlink (g_task_get_task_data (task));
  g_task_return_boolean (task, TRUE);
}

static void
disconnect (XmService *service, const char *name, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (NULL, NULL, callback, user_data);
  g_task_set_source_tag (task, xm_block_nbd_detach_async);
  g_task_set_task_data (task, pid_path (service, name), g_free);
  g_autofree char *relative = g_strconcat ("/dev/", name, NULL);
  g_autofree char *device = xm_settings_host_path (service->settings, relative);
  const char *const argv[] = { "qemu-nbd", "-d", device, NULL };
  xl_runner_run_async (service->helpers, argv, NULL, XL_TIMEOUT_QUICK, NULL, on_detached, task);
}

void
xm_block_nbd_detach_async (XmService *service,
                           const char *name,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  g_autofree char *relative = g_strdup_printf ("/sys/block/%s/pid", name);
  g_autofree char *attached = xm_settings_host_path (service->settings, relative);
  g_autofree char *pid_file = pid_path (service, name);
  if (access (attached, F_OK) == 0) {
    disconnect (service, name, callback, user_data);
    return;
  }
  unlink (pid_file);
  g_autoptr (GTask) task = g_task_new (NULL, NULL, callback, user_data);
  g_task_set_source_tag (task, xm_block_nbd_detach_async);
  g_task_return_boolean (task, TRUE);
}

gboolean
xm_block_nbd_detach_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* -- attaching --------------------------------------------------------------------- */

static void
reserve (Attachment *attachment, gboolean reserved)
{
  guint64 bit = G_GUINT64_CONSTANT (1) << attachment->number;
  if (reserved)
    attachment->service->nbd_reserved |= bit;
  else if (attachment->reserved)
    attachment->service->nbd_reserved &= ~bit;
  attachment->reserved = reserved;
}

/* @error: (transfer full) */
static void
fail (GTask *task, GError *error)
{
  reserve (g_task_get_task_data (task), FALSE);
  g_task_return_error (task, error);
  g_object_unref (task);
}

static void
on_withdrawn (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Attachment *attachment = g_task_get_task_data (user_data);
  g_autoptr (GError) error = NULL;
  if (!xm_block_nbd_detach_finish (result, &error))
    g_warning ("nbd%u stays attached: %s", attachment->number, error->message);
  fail (user_data, g_steal_pointer (&attachment->failure));
}

/* The process may serve the device already: end it before the call fails. @error: (transfer full)
 */
static void
withdraw (GTask *task, GError *error)
{
  Attachment *attachment = g_task_get_task_data (task);
  g_autofree char *name = g_strdup_printf ("nbd%u", attachment->number);
  attachment->failure = error;
  disconnect (attachment->service, name, on_withdrawn, task);
}

static gboolean
on_poll (gpointer user_data)
{
  GTask *task = user_data;
  Attachment *attachment = g_task_get_task_data (task);
  GError *error = NULL;
  if (g_cancellable_set_error_if_cancelled (g_task_get_cancellable (task), &error)) {
    withdraw (task, error);
  } else if (is_ready (attachment->service, attachment->number)) {
    reserve (attachment, FALSE);
    g_task_return_pointer (task, device_path (attachment->service, attachment->number), g_free);
    g_object_unref (task);
  } else if (++attachment->polls >= MAX_POLLS) {
    xm_error_set_io (&error, "%s: nbd%u does not get ready", attachment->image, attachment->number);
    withdraw (task, error);
  } else {
    return G_SOURCE_CONTINUE;
  }
  return G_SOURCE_REMOVE;
}

static void try_next (GTask *task);

static void
on_served (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Attachment *attachment = g_task_get_task_data (task);
  GError *error = NULL;
  g_autoptr (XlOutput) output = xl_runner_run_finish (XL_RUNNER (source), result, &error);
  if (output != NULL) {
    g_timeout_add (POLL_MS, on_poll, task);
  } else if (g_error_matches (error, XL_ERROR, XL_ERROR_EXIT)) {
    g_autofree char *name = g_strdup_printf ("nbd%u", attachment->number);
    g_autofree char *pid_file = pid_path (attachment->service, name);
    unlink (pid_file);
    if (strstr (xl_error_get_message (error), "resource busy") == NULL) {
      fail (task, xm_error_from_helper (error));
      return;
    }
    g_error_free (error);
    reserve (attachment, FALSE);
    attachment->number++;
    try_next (task);
  } else {
    /* Killed on its way: nobody knows how far it came. */
    withdraw (task, xm_error_from_helper (error));
  }
}

/* QEMU locks what it writes; a reader beside a running guest must ask to be let in. */
static char *
reader_options (const Attachment *attachment)
{
  g_autofree char *image = escape_commas (attachment->image);
  return g_strdup_printf ("driver=%s,force-share=on,file.filename=%s", attachment->format, image);
}

static void
serve (GTask *task)
{
  Attachment *attachment = g_task_get_task_data (task);
  XmService *service = attachment->service;
  g_autofree char *device = device_path (service, attachment->number);
  g_autofree char *name = g_strdup_printf ("nbd%u", attachment->number);
  g_autofree char *pid_file = pid_path (service, name);
  g_autofree char *pid_option = g_strconcat ("--pid-file=", pid_file, NULL);
  g_autofree char *options = reader_options (attachment);
  const char *const writer[] = { "qemu-nbd", pid_option,        "-f", attachment->format, "-c",
                                 device,     attachment->image, NULL };
  const char *const reader[] = { "qemu-nbd", pid_option,     "-r",    "-c",
                                 device,     "--image-opts", options, NULL };
  reserve (attachment, TRUE);
  xl_runner_run_async (service->helpers, attachment->read_only ? reader : writer, NULL,
                       XL_TIMEOUT_QUICK, g_task_get_cancellable (task), on_served, task);
}

static void
on_loaded (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GError *error = NULL;
  g_autoptr (XlOutput) output = xl_runner_run_finish (XL_RUNNER (source), result, &error);
  if (output != NULL)
    try_next (user_data);
  else
    fail (user_data, xm_error_from_helper (error));
}

static void
try_next (GTask *task)
{
  static const char *const modprobe[] = { "modprobe", "nbd", "max_part=16", NULL };
  Attachment *attachment = g_task_get_task_data (task);
  XmService *service = attachment->service;
  if (!attachment->loaded && !sysfs_exists (service, 0, "")) {
    attachment->loaded = TRUE;
    xl_runner_run_async (service->helpers, modprobe, NULL, XL_TIMEOUT_QUICK,
                         g_task_get_cancellable (task), on_loaded, task);
    return;
  }
  for (; attachment->number < MAX_DEVICES && sysfs_exists (service, attachment->number, "");
       attachment->number++) {
    if ((service->nbd_reserved >> attachment->number & 1) == 0 &&
        !sysfs_exists (service, attachment->number, "/pid")) {
      serve (task);
      return;
    }
  }
  GError *error = NULL;
  xm_error_set_io (&error, "%s: no free network block device", attachment->image);
  fail (task, error);
}

void
xm_block_nbd_attach_async (XmService *service,
                           const char *image,
                           const char *format,
                           gboolean read_only,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);
  Attachment *attachment = g_new0 (Attachment, 1);
  *attachment = (Attachment){ .service = service,
                              .image = g_strdup (image),
                              .format = g_strdup (format),
                              .read_only = read_only };
  g_task_set_source_tag (task, xm_block_nbd_attach_async);
  g_task_set_task_data (task, attachment, attachment_free);
  /* A device that is attached must reach the caller, who detaches it. */
  g_task_set_check_cancellable (task, FALSE);
  try_next (task);
}

char *
xm_block_nbd_attach_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
