/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "recovered.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LIMIT_MS 15000
#define LOOK_MS  10

static char *
host_file (const char *name)
{
  return g_build_filename (g_getenv ("XM_SIM_DIR"), name, NULL);
}

/* -- the daemon -------------------------------------------------------------------- */

gboolean
daemon_control (const char *word)
{
  const char *argv[] = { "simhost-daemon", word, NULL };
  g_autoptr (GError) error = NULL;
  int status;
  if (!g_spawn_sync (NULL, (char **)argv, NULL,
                     G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL,
                     NULL, NULL, NULL, NULL, &status, &error))
    g_error ("simhost-daemon %s: %s", word, error->message);
  return g_spawn_check_wait_status (status, NULL);
}

gboolean
daemon_is_dead (void)
{
  g_autofree char *path = host_file ("daemon.status");
  return g_file_test (path, G_FILE_TEST_EXISTS);
}

gboolean
daemon_wait_dead (void)
{
  for (int ms = 0; ms < LIMIT_MS; ms += LOOK_MS) {
    if (daemon_is_dead ())
      return TRUE;
    g_usleep (LOOK_MS * 1000);
  }
  return FALSE;
}

void
daemon_arm (const char *order)
{
  g_autofree char *control = host_file ("crash");
  g_autofree char *log = host_file ("crash.log");
  g_autoptr (GError) error = NULL;
  if (g_getenv ("CRASH_CONTROL") == NULL) {
    g_autofree char *state = host_file ("state"), *run = host_file ("run");
    g_autofree char *images = host_file ("images");
    g_autofree char *folders = g_strjoin (":", state, run, images, NULL);
    g_autofree char *wrapper = g_strdup_printf (
        "env LD_PRELOAD=%s/test/simhost/crash/libcrashpoints.so", g_getenv ("XM_BUILD"));
    g_setenv ("CRASH_FOLDERS", folders, TRUE);
    g_setenv ("CRASH_CONTROL", control, TRUE);
    g_setenv ("XM_DAEMON_WRAPPER", wrapper, TRUE);
  }
  unlink (log);
  if (order == NULL)
    unlink (control);
  else if (!g_file_set_contents (control, order, -1, &error))
    g_error ("%s", error->message);
}

GPtrArray *
daemon_points (void)
{
  g_autofree char *log = host_file ("crash.log");
  g_autofree char *text = NULL;
  GPtrArray *points = g_ptr_array_new_with_free_func (g_free);
  if (!g_file_get_contents (log, &text, NULL, NULL))
    return points;
  g_auto (GStrv) lines = g_strsplit (g_strchomp (text), "\n", -1);
  for (char **line = lines; *line != NULL; line++)
    g_ptr_array_add (points, g_strdup (*line));
  return points;
}

/* -- Xen --------------------------------------------------------------------------- */

GArray *
xen_domains (void)
{
  const char *argv[] = { "xl", "list", "-v", NULL };
  g_autofree char *out = NULL;
  g_autoptr (GError) error = NULL;
  int status;
  GArray *domains = g_array_new (FALSE, TRUE, sizeof (XenDomain));
  if (!g_spawn_sync (NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &out, NULL,
                     &status, &error) ||
      !g_spawn_check_wait_status (status, &error))
    g_error ("xl list -v: %s", error->message);
  g_auto (GStrv) lines = g_strsplit (out, "\n", -1);
  for (char **line = lines; *line != NULL; line++) {
    XenDomain domain = { 0 };
    /* the tests' VMs have names without blanks */
    if (sscanf (*line, "%*s %d %*d %*d %7s %*s %36s", &domain.domid, domain.state, domain.uuid) ==
            3 &&
        domain.domid > 0)
      g_array_append_val (domains, domain);
  }
  return domains;
}

void
xen_destroy_all (void)
{
  g_autoptr (GArray) domains = xen_domains ();
  for (guint i = 0; i < domains->len; i++) {
    g_autofree char *domid = g_strdup_printf ("%d", g_array_index (domains, XenDomain, i).domid);
    const char *argv[] = { "xl", "destroy", domid, NULL };
    g_spawn_sync (NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL,
                  NULL);
  }
}

char *
vm_uuid (const char *path)
{
  return g_strdelimit (g_strdup (path + strlen ("/vm/")), "_", '-');
}

/* -2 for several. @state: (out) (array fixed-size=8) */
static int
find_domain (const char *path, char *state)
{
  g_autoptr (GArray) domains = xen_domains ();
  g_autofree char *uuid = vm_uuid (path);
  int domid = -1;
  state[0] = '\0';
  for (guint i = 0; i < domains->len; i++) {
    const XenDomain *domain = &g_array_index (domains, XenDomain, i);
    if (!g_str_equal (domain->uuid, uuid))
      continue;
    domid = domid == -1 ? domain->domid : -2;
    g_strlcpy (state, domain->state, 8);
  }
  return domid;
}

int
vm_domid (const char *path)
{
  char state[8];
  return find_domain (path, state);
}

/* -- the service's picture ---------------------------------------------------------- */

/* (nullable): what the run directory says of the VM's domain, without the end of the line */
static char *
recorded_domain (const char *path)
{
  g_autofree char *uuid = vm_uuid (path);
  g_autofree char *name = g_strdup_printf ("run/%s.domid", uuid);
  g_autofree char *file = host_file (name);
  char *text = NULL;
  g_file_get_contents (file, &text, NULL, NULL);
  return text != NULL ? g_strchomp (text) : NULL;
}

static char *
look (const char *path)
{
  char xen[8];
  int domid = find_domain (path, xen);
  g_autofree char *number = g_strdup_printf ("%d", domid);
  g_autofree char *state = client_get_text (path, VM, "state");
  g_autofree char *told = client_get_text (path, VM, "domid");
  g_autofree char *record = recorded_domain (path);
  gboolean runs = domid > 0 && strpbrk (xen, "psd") == NULL;
  gboolean fits = runs ? g_str_equal (state, "running") && g_strcmp0 (record, number) == 0
                       : domid == -1 && g_str_equal (state, "stopped") && record == NULL;
  if (fits && g_str_equal (told, number))
    return NULL;
  return g_strdup_printf ("in Xen domain %d %s; the service says %s, domain %s; recorded: %s",
                          domid, xen, state, told, record != NULL ? record : "nothing");
}

/* Twice in a row, so that it is not a moment on the way. */
char *
vm_settles (const char *path)
{
  char *wrong = NULL;
  int good = 0;
  for (int ms = 0; ms < LIMIT_MS; ms += LOOK_MS) {
    g_free (wrong);
    wrong = look (path);
    good = wrong == NULL ? good + 1 : 0;
    if (good == 2)
      return NULL;
    if (daemon_is_dead ())
      break;
    g_usleep (LOOK_MS * 1000);
  }
  return wrong;
}

/* -- files ------------------------------------------------------------------------- */

static gboolean
folder_is_whole (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;
  gboolean whole = TRUE;
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
    g_autofree char *path = g_build_filename (folder, name, NULL);
    json_error_t error;
    if (g_file_test (path, G_FILE_TEST_IS_DIR)) {
      whole = folder_is_whole (path) && whole;
      continue;
    }
    json_auto_t *json = json_load_file (path, JSON_DECODE_ANY, &error);
    if (json == NULL || strstr (name, ".damaged") != NULL || g_str_has_suffix (name, ".tmp")) {
      client_diag ("%s: %s", path, json == NULL ? error.text : "must not be there");
      whole = FALSE;
    }
  }
  return whole;
}

gboolean
store_is_whole (void)
{
  g_autofree char *store = host_file ("state");
  return folder_is_whole (store);
}

char *
folder_left (const char *folder)
{
  g_autofree char *path = host_file (folder);
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  GString *names = g_string_new (NULL);
  const char *name;
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    g_string_append_printf (names, "%s%s", names->len > 0 ? " " : "", name);
  return g_string_free (names, FALSE);
}

/* A file that a broken disk would not let go stays, which the log tells. */
static gboolean
is_told (const char *path)
{
  g_autofree char *log = host_file ("daemon.log"), *text = NULL;
  g_autofree char *told = g_strdup_printf ("%s: %s", path, g_strerror (EIO));
  return g_file_get_contents (log, &text, NULL, NULL) && strstr (text, told) != NULL;
}

static char *
save_left (const char *vm, const char *folder)
{
  g_autofree char *uuid = vm_uuid (vm);
  g_autofree char *former = g_strdup_printf ("%s/.%s.former", folder, uuid);
  g_autofree char *record = g_strdup_printf ("run/%s.saving", uuid);
  const char *const names[] = { former, record };
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree char *path = host_file (names[i]);
    if (!g_file_test (path, G_FILE_TEST_EXISTS))
      continue;
    if (!is_told (path))
      return g_strdup (names[i]);
    if (names[i] == former) /* an admin's to remove; the next life removes the record */
      unlink (path);
  }
  return NULL;
}

char *
saves_left (const char *vm, const char *folder)
{
  char *left = NULL;
  for (int ms = 0; ms < LIMIT_MS; ms += LOOK_MS) {
    g_free (left);
    left = save_left (vm, folder);
    if (left == NULL || daemon_is_dead ())
      break;
    g_usleep (LOOK_MS * 1000);
  }
  return left;
}
