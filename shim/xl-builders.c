/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/xl-builders.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOOK_US (50 * 1000)

typedef struct {
  char *file;    /* NULL: all but the service's */
  char *run_dir; /* with a slash at its end: where the service's are */
  guint seconds;
} Search;

static void
search_free (gpointer data)
{
  Search *search = data;
  g_free (search->file);
  g_free (search->run_dir);
  g_free (search);
}

static gboolean
is_xl (const char *word)
{
  const char *slash = strrchr (word, '/');
  return g_str_equal (slash != NULL ? slash + 1 : word, "xl");
}

/* `xl create ... CFG`, `xl restore ... CFG FILE` and `xl save DOMID FILE CFG`, also by way of
 * Debian's shell wrapper. */
static gboolean
has_words (const char *pid, const Search *search)
{
  g_autofree char *path = g_strdup_printf ("/proc/%s/cmdline", pid);
  g_autofree char *text = NULL;
  gsize size;
  gboolean xl = FALSE, builds = FALSE, names_file = FALSE, ours = FALSE;
  if (!g_file_get_contents (path, &text, &size, NULL))
    return FALSE;
  for (const char *word = text; word < text + size; word += strlen (word) + 1) {
    builds |= xl && (g_str_equal (word, "create") || g_str_equal (word, "restore") ||
                     (search->file != NULL && g_str_equal (word, "save")));
    xl |= is_xl (word);
    names_file |= g_strcmp0 (word, search->file) == 0;
    ours |= g_str_has_prefix (word, search->run_dir);
  }
  return builds && (search->file != NULL ? names_file : !ours);
}

/* The number of the session is the fourth after the name, which may hold anything but ends with
 * the last parenthesis. */
static gboolean
leads_session (const char *pid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%s/stat", pid);
  g_autofree char *text = NULL;
  const char *end = NULL;
  if (g_file_get_contents (path, &text, NULL, NULL))
    end = strrchr (text, ')');
  g_auto (GStrv) words = g_strsplit (end != NULL ? end : "", " ", 6);
  return g_strv_length (words) > 4 && g_str_equal (words[4], pid);
}

static gboolean
is_builder (const char *pid, const Search *search)
{
  return has_words (pid, search) && (search->file != NULL || !leads_session (pid));
}

/* (transfer full) (element-type utf8): their process ids. */
static GPtrArray *
find_builders (const Search *search)
{
  GPtrArray *pids = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GDir) proc = g_dir_open ("/proc", 0, NULL);
  const char *name;
  while (proc != NULL && (name = g_dir_read_name (proc)) != NULL) {
    if (g_ascii_isdigit (name[0]) && is_builder (name, search))
      g_ptr_array_add (pids, g_strdup (name));
  }
  return pids;
}

GPtrArray *
xm_xl_builders_find (const char *file)
{
  const Search search = { .file = (char *)file, .run_dir = (char *)"" };
  return find_builders (&search);
}

/* Returns: whether it has ended in time. */
static gboolean
outlive (const char *pid, const Search *search, gint64 end, GCancellable *cancellable)
{
  while (is_builder (pid, search)) {
    if (g_get_monotonic_time () > end || g_cancellable_is_cancelled (cancellable)) {
      if (search->file == NULL)
        return FALSE;
      kill ((pid_t)g_ascii_strtoll (pid, NULL, 10), SIGKILL);
    }
    g_usleep (LOOK_US);
  }
  return TRUE;
}

/* Those that begin later have nothing to do with what has been. */
static void
wait_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  const Search *search = task_data;
  gint64 end = g_get_monotonic_time () + (gint64)search->seconds * G_TIME_SPAN_SECOND;
  g_autoptr (GPtrArray) pids = find_builders (search);
  for (guint i = 0; i < pids->len; i++) {
    if (!outlive (pids->pdata[i], search, end, cancellable))
      break;
  }
  g_task_return_boolean (task, pids->len > 0);
}

void
xm_xl_builders_wait_async (XmService *service,
                           const char *file,
                           guint seconds,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  Search *search = g_new (Search, 1);
  *search =
      (Search){ g_strdup (file), g_strconcat (service->settings->run_dir, "/", NULL), seconds };
  g_task_set_source_tag (task, xm_xl_builders_wait_async);
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, search, search_free);
  g_task_run_in_thread (task, wait_in_thread);
}

gboolean
xm_xl_builders_wait_finish (GAsyncResult *result)
{
  return g_task_propagate_boolean (G_TASK (result), NULL);
}

/* -- xl that waits before it makes a domain again ---------------------------------- */

#define MAX_CONFIG (64 * 1024)

static gboolean
is_own (const char *pid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%s", pid);
  struct stat info;
  return stat (path, &info) == 0 && info.st_uid == geteuid ();
}

/* Any other process it would kill. */
static gboolean
catches_the_signal (const char *pid)
{
  static const char key[] = "\nSigCgt:";
  g_autofree char *path = g_strdup_printf ("/proc/%s/status", pid);
  g_autofree char *text = NULL;
  if (!g_file_get_contents (path, &text, NULL, NULL))
    return FALSE;
  const char *line = strstr (text, key);
  guint64 mask = line != NULL ? g_ascii_strtoull (line + strlen (key), NULL, 16) : 0;
  return (mask >> (SIGUSR1 - 1)) & 1;
}

/* Nothing that could be waited for is opened. */
static gboolean
file_holds (const char *path, const char *uuid)
{
  int fd = open (path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  struct stat info;
  gboolean holds = FALSE;
  if (fd < 0)
    return FALSE;
  if (fstat (fd, &info) == 0 && S_ISREG (info.st_mode)) {
    g_autofree char *text = g_malloc (MAX_CONFIG + 1);
    ssize_t n = read (fd, text, MAX_CONFIG);
    text[MAX (n, 0)] = '\0';
    g_autofree char *lower = g_ascii_strdown (text, -1);
    holds = strstr (lower, uuid) != NULL;
  }
  close (fd);
  return holds;
}

/* @uuid: in small letters */
static gboolean
rebuilds (const char *pid, const char *uuid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%s/cmdline", pid);
  g_autofree char *text = NULL;
  gsize size;
  gboolean xl = FALSE, builds = FALSE;
  if (!g_file_get_contents (path, &text, &size, NULL))
    return FALSE;
  for (const char *word = text; word < text + size; word += strlen (word) + 1) {
    if (builds && *word == '/' && (strstr (word, uuid) != NULL || file_holds (word, uuid)))
      return TRUE;
    builds |= xl && (g_str_equal (word, "create") || g_str_equal (word, "restore"));
    xl |= is_xl (word);
  }
  return FALSE;
}

static void
continue_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  g_autoptr (GDir) proc = g_dir_open ("/proc", 0, NULL);
  gboolean found = FALSE;
  const char *pid;
  while (proc != NULL && (pid = g_dir_read_name (proc)) != NULL) {
    if (!g_ascii_isdigit (pid[0]) || !is_own (pid) || !rebuilds (pid, task_data) ||
        !leads_session (pid) || !catches_the_signal (pid))
      continue;
    found |= kill ((pid_t)g_ascii_strtoll (pid, NULL, 10), SIGUSR1) == 0;
  }
  g_task_return_boolean (task, found);
}

void
xm_xl_rebuilder_continue_async (const char *uuid, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, callback, user_data);
  g_task_set_source_tag (task, xm_xl_rebuilder_continue_async);
  g_task_set_task_data (task, g_ascii_strdown (uuid, -1), g_free);
  g_task_run_in_thread (task, continue_in_thread);
}

gboolean
xm_xl_rebuilder_continue_finish (GAsyncResult *result)
{
  return g_task_propagate_boolean (G_TASK (result), NULL);
}
