/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * crash-client [N [FAULT]]: a VM's life from its creation to its deletion, over and
 * over; each time the daemon dies at another of its changes of files (just
 * before it, after half of a write, just after it), or the change fails, the
 * disk being full or broken. Then it is started again: every answered call has
 * its effect, and the rest of the life can go on. All points without N, else N of
 * them, or the one FAULT, such as "before 17". Run by test/regress/sim/crash-points.t.
 */
#include "recovered.h"

#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *vm, *disk; /* paths on the bus, NULL for none */
static char *image;     /* file of the disk */
static char *saved;     /* file that the VM is saved to, over one that is there */
static int first_domid; /* before the reboot */

#define OLDER "what was saved before"

static GString *problems; /* of this life */

static void wrong (const char *format, ...) G_GNUC_PRINTF (1, 2);
static void
wrong (const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  g_string_append_vprintf (problems, format, arguments);
  g_string_append_c (problems, '\n');
  va_end (arguments);
}

/* -- the steps --------------------------------------------------------------------- */

static gboolean
call_path (const char *path,
           const char *interface,
           const char *method,
           GVariant *parameters,
           char **answer,
           GError **error)
{
  g_autoptr (GVariant) result = client_call (path, interface, method, parameters, error);
  if (result != NULL && answer != NULL) {
    g_free (*answer);
    g_variant_get_child (result, 0, "o", answer);
  }
  return result != NULL;
}

static gboolean
create (GError **error)
{
  return call_path ("/", XENMGR, "create_vm_with_template", g_variant_new ("(s)", "new-vm-pv"), &vm,
                    error);
}

static char *
only_path (const char *path, const char *interface, const char *method)
{
  g_autoptr (GVariant) answer = client_call (path, interface, method, NULL, NULL);
  if (answer == NULL) /* it is dead */
    return NULL;
  g_autoptr (GVariant) paths = g_variant_get_child_value (answer, 0);
  char *only = NULL;
  if (g_variant_n_children (paths) > 1)
    wrong ("%s: there are %" G_GSIZE_FORMAT, method, g_variant_n_children (paths));
  if (g_variant_n_children (paths) > 0)
    g_variant_get_child (paths, 0, "o", &only);
  return only;
}

static gboolean
is_created (void)
{
  g_free (vm);
  vm = only_path ("/", XENMGR, "list_vms");
  if (vm == NULL)
    return FALSE;
  g_autofree char *type = client_get_text (vm, VM, "virt-type");
  if (!g_str_equal (type, "pv"))
    wrong ("a VM was made in part: %s", type);
  return TRUE;
}

static gboolean
is_text (const char *property, const char *text)
{
  g_autofree char *got = client_get_text (vm, VM, property);
  return g_str_equal (got, text);
}

#define TEXT_STEP(step, property, value)                                                           \
  static gboolean set_##step (GError **error)                                                      \
  {                                                                                                \
    return client_set (vm, VM, property, g_variant_new_string (value), error);                     \
  }                                                                                                \
  static gboolean is_##step (void)                                                                 \
  {                                                                                                \
    return is_text (property, value);                                                              \
  }

TEXT_STEP (name, "name", "crashed")
TEXT_STEP (kernel, "kernel", g_getenv ("XM_GUEST_KERNEL"))
TEXT_STEP (first_words, "description", "before")
TEXT_STEP (second_words, "description", "while it runs")

static gboolean
write_key (GError **error)
{
  return client_db_try_write ("/regress-crash", "written", error);
}

static gboolean
is_key (void)
{
  g_autofree char *file = client_simhost_file ("state/db");
  return strstr (file, "regress-crash") != NULL;
}

static gboolean
add_disk (GError **error)
{
  return call_path (vm, VM, "add_disk", NULL, &disk, error);
}

static gboolean
is_disk (void)
{
  g_free (disk);
  disk = only_path (vm, VM, "list_disks");
  return disk != NULL;
}

static gboolean
attach (GError **error)
{
  return call_path (disk, VMDISK, "attach_vhd", g_variant_new ("(s)", image), NULL, error);
}

static gboolean
is_attached (void)
{
  if (disk == NULL)
    return FALSE;
  g_autofree char *got = client_get_text (disk, VMDISK, "phys-path");
  return g_str_equal (got, image);
}

static gboolean
start (GError **error)
{
  return call_path (vm, VM, "start", NULL, NULL, error);
}

static gboolean
is_running (void)
{
  g_autofree char *why = vm_settles (vm);
  if (why != NULL)
    wrong ("after start: %s", why);
  return vm_domid (vm) > 0;
}

static gboolean
reboot (GError **error)
{
  first_domid = vm_domid (vm);
  return call_path (vm, VM, "reboot", NULL, NULL, error);
}

/* The call is answered when the guest was asked. */
static gboolean
is_rebooted (void)
{
  g_autofree char *why = NULL;
  int off = 0;
  gint64 end = g_get_monotonic_time () + 20 * G_TIME_SPAN_SECOND;
  while (g_get_monotonic_time () < end && !daemon_is_dead ()) {
    g_free (why);
    why = vm_settles (vm);
    if (why == NULL && vm_domid (vm) > first_domid)
      return TRUE;
    off += why == NULL && vm_domid (vm) == -1;
    if (off > 10) /* and stays so */
      return FALSE;
    g_usleep (10000);
  }
  if (why != NULL)
    wrong ("after reboot: %s", why);
  return FALSE;
}

static gboolean
save (GError **error)
{
  return call_path (vm, VM, "suspend_to_file", g_variant_new ("(s)", saved), NULL, error);
}

/* Either the old file is there or the new one, and nothing else. */
static gboolean
is_saved (void)
{
  g_autofree char *why = vm_settles (vm);
  g_autofree char *text = NULL;
  g_autofree char *left = saves_left (vm, "images");
  if (why != NULL)
    wrong ("after suspend_to_file: %s", why);
  if (left != NULL)
    wrong ("after suspend_to_file there is %s", left);
  if (!g_file_get_contents (saved, &text, NULL, NULL))
    wrong ("neither the old nor the new file is there");
  gboolean is_new = text != NULL && !g_str_equal (text, OLDER);
  if (is_new && vm_domid (vm) > 0)
    wrong ("it is saved, and runs");
  return is_new;
}

static gboolean
resume (GError **error)
{
  return call_path (vm, VM, "resume_from_file", g_variant_new ("(s)", saved), NULL, error);
}

static gboolean
destroy (GError **error)
{
  return call_path (vm, VM, "destroy", NULL, NULL, error);
}

static gboolean
is_destroyed (void)
{
  g_autofree char *why = vm_settles (vm);
  if (why != NULL)
    wrong ("after destroy: %s", why);
  return vm_domid (vm) == -1;
}

static gboolean
delete_disk (GError **error)
{
  return call_path (disk, VMDISK, "delete", NULL, NULL, error);
}

static gboolean
is_no_disk (void)
{
  gboolean there = is_disk ();
  if (!there && g_file_test (image, G_FILE_TEST_EXISTS))
    wrong ("the disk is gone, its image is not");
  return !there;
}

static gboolean
delete_vm (GError **error)
{
  return call_path (vm, VM, "delete", NULL, NULL, error);
}

static gboolean
is_deleted (void)
{
  g_autofree char *left = only_path ("/", XENMGR, "list_vms");
  return left == NULL;
}

typedef enum {
  CREATE,
  NAME,
  KERNEL,
  WORDS,
  KEY,
  DISK,
  ATTACH,
  START,
  WORDS_2,
  REBOOT,
  SAVE,
  RESUME,
  DESTROY,
  NO_DISK,
  DELETE,
  N_STEPS
} StepId;

static const struct {
  const char *name;
  gboolean (*act) (GError **error);
  gboolean (*is_done) (void);
  StepId until; /* the step that takes the effect back */
} steps[N_STEPS] = {
  [CREATE] = { "create", create, is_created, DELETE },
  [NAME] = { "name", set_name, is_name, DELETE },
  [KERNEL] = { "kernel", set_kernel, is_kernel, DELETE },
  [WORDS] = { "description", set_first_words, is_first_words, WORDS_2 },
  [KEY] = { "db write", write_key, is_key, N_STEPS },
  [DISK] = { "add_disk", add_disk, is_disk, NO_DISK },
  [ATTACH] = { "attach_vhd", attach, is_attached, NO_DISK },
  [START] = { "start", start, is_running, SAVE },
  [WORDS_2] = { "description of the running one", set_second_words, is_second_words, DELETE },
  [REBOOT] = { "reboot", reboot, is_rebooted, SAVE },
  [SAVE] = { "suspend_to_file", save, is_saved, RESUME },
  [RESUME] = { "resume_from_file", resume, is_running, DESTROY },
  [DESTROY] = { "destroy", destroy, is_destroyed, DELETE },
  [NO_DISK] = { "delete disk", delete_disk, is_no_disk, DELETE },
  [DELETE] = { "delete", delete_vm, is_deleted, N_STEPS },
};

/* -- lives ------------------------------------------------------------------------- */

static void
prepare (void)
{
  static const char cookie[8] = "conectix";
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_path_get_dirname (image);
  char bytes[1024] = { 0 };
  memcpy (bytes, cookie, sizeof cookie);
  memcpy (bytes + 512, cookie, sizeof cookie);
  g_mkdir_with_parents (folder, 0700);
  if (!g_file_set_contents (image, bytes, sizeof bytes, &error) ||
      !g_file_set_contents (saved, OLDER, -1, &error))
    g_error ("%s", error->message);
  g_clear_pointer (&vm, g_free);
  g_clear_pointer (&disk, g_free);
  g_string_truncate (problems, 0);
}

static gboolean
is_dead (const GError *error)
{
  return g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_NO_REPLY) ||
         g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN) ||
         g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_NAME_HAS_NO_OWNER);
}

/* The step @before may have taken effect or not. */
static void
check_done (StepId before)
{
  for (StepId step = CREATE; step < before; step++)
    if (steps[step].until > before && !steps[step].is_done ())
      wrong ("%s was answered, and has no effect", steps[step].name);
}

/* The daemon is started again without faults. */
static void
recover (StepId at)
{
  if (!daemon_wait_dead ())
    wrong ("the daemon does not end");
  daemon_arm (NULL);
  if (!daemon_control ("start"))
    wrong ("the daemon does not start again");
  if (at > CREATE && (at < DELETE || !is_deleted ())) {
    g_autofree char *why = vm_settles (vm);
    if (why != NULL)
      wrong ("after the restart: %s", why);
  }
  if (!store_is_whole ())
    wrong ("a file of the store is damaged");
  check_done (at);
}

/* Returns: whether the fault was met. */
static gboolean
live (gboolean fatal)
{
  gboolean met = FALSE;
  for (StepId step = CREATE; step < N_STEPS; step++) {
    g_autoptr (GError) error = NULL;
    if (vm == NULL && step > CREATE) {
      wrong ("%s: there is no VM", steps[step].name);
      break;
    }
    gboolean done = steps[step].act (&error);
    if (!done && is_dead (error)) {
      met = TRUE;
      recover (step);
      g_clear_error (&error);
      done = steps[step].is_done () || steps[step].act (&error);
    } else if (!done && !fatal && !met) {
      met = TRUE;
      check_done (step);
      client_diag ("%s", error->message);
      g_clear_error (&error);
      done = steps[step].is_done () || steps[step].act (&error);
    }
    if (!done)
      wrong ("%s: %s", steps[step].name, error->message);
    else if (!steps[step].is_done ()) {
      if (!fatal && step == REBOOT && is_destroyed () && start (NULL))
        continue; /* the guest has ended, and for its new start there was no space */
      if (!met && fatal && daemon_wait_dead ()) { /* after its answer */
        met = TRUE;
        g_string_truncate (problems, 0);
        recover (step);
        if (steps[step].is_done ())
          continue;
      }
      wrong ("%s has no effect", steps[step].name);
    }
    if (problems->len > 0)
      break;
  }
  return met;
}

static void
check_end (void)
{
  unlink (saved);
  g_autofree char *vms = folder_left ("state/vms"), *run = folder_left ("run");
  g_autofree char *images = folder_left ("images");
  g_autoptr (GArray) domains = xen_domains ();
  /* a mark for the whole boot, not for a VM */
  if (!g_str_equal (vms, "") || !g_str_equal (run, "autostarted") || !g_str_equal (images, ""))
    wrong ("left over: %s %s %s", vms, run, images);
  if (domains->len > 0)
    wrong ("%u domains are left over", domains->len);
}

/* Whatever a life that went wrong has left must not spoil the next. */
static void
clear_host (void)
{
  static const char *const folders[] = { "state/vms", "run", "images" };
  xen_destroy_all ();
  for (gsize i = 0; i < G_N_ELEMENTS (folders); i++) {
    g_autofree char *names = folder_left (folders[i]);
    g_auto (GStrv) list = g_strsplit (names, " ", -1);
    for (char **name = list; *name != NULL && **name != '\0'; name++) {
      g_autofree char *path = g_build_filename (g_getenv ("XM_SIM_DIR"), folders[i], *name, NULL);
      unlink (path);
    }
  }
}

/* Returns: whether the fault was met. */
static gboolean
try_life (const char *order, const char *point)
{
  gboolean fatal = !g_str_has_prefix (order, "E");
  daemon_control ("kill");
  prepare ();
  daemon_arm (order);
  gboolean met = FALSE;
  if (!daemon_control ("start")) {
    met = TRUE;
    recover (CREATE);
  }
  gint64 began = g_get_monotonic_time ();
  met = live (fatal) || met;
  gint64 took = g_get_monotonic_time () - began;
  if (took > 3 * G_TIME_SPAN_SECOND)
    client_diag ("%s %s: a life of %d ms", order, point, (int)(took / 1000));
  if (problems->len == 0 && !fatal) { /* a file that could not be removed goes at the next start */
    daemon_control ("kill");
    daemon_arm (NULL);
    daemon_control ("start");
  }
  if (problems->len == 0)
    check_end ();
  if (problems->len > 0) {
    client_ok (FALSE, "%s: %s", order, point);
    client_diag ("%s", problems->str);
    daemon_control ("kill");
    clear_host ();
  }
  return met;
}

int
main (int argc, char **argv)
{
  guint wanted = argc > 1 ? (guint)MAX (atoi (argv[1]), 1) : G_MAXUINT;
  static const char *const faults[] = { "before", "after", "half", "ENOSPC", "EIO" };
  image = g_build_filename (g_getenv ("XM_SIM_DIR"), "images", "disk.vhd", NULL);
  saved = g_build_filename (g_getenv ("XM_SIM_DIR"), "images", "saved", NULL);
  g_setenv ("SIMHOST_SAVE_MS", "20", TRUE);
  problems = g_string_new (NULL);

  try_life ("count 1", "no fault");
  if (argc > 2) { /* one fault, such as "before 17" */
    gboolean felt = try_life (argv[2], "that one");
    client_ok (problems->len == 0, "%s, felt: %d", argv[2], felt);
    return client_done ();
  }
  g_autoptr (GPtrArray) points = daemon_points ();
  client_ok (points->len > 50, "a life has %u changes of files", points->len);
  guint all = points->len * G_N_ELEMENTS (faults);
  guint stride = wanted < all ? all / wanted : 1, tried = 0, met = 0, failed = 0;
  if (stride % G_N_ELEMENTS (faults) == 0)
    stride++; /* or it would be the same fault everywhere */
  for (guint i = 0; i < all; i += stride) {
    const char *fault = faults[i % G_N_ELEMENTS (faults)];
    const char *point = points->pdata[i / G_N_ELEMENTS (faults)];
    if (g_str_equal (fault, "half") && strstr (point, " write ") == NULL)
      continue;
    g_autofree char *order = g_strdup_printf ("%s %d\n", fault, atoi (point));
    tried++;
    met += try_life (order, point);
    failed += problems->len > 0;
  }
  client_diag ("%u faults tried, %u of them felt by a call", tried, met);
  client_ok (failed == 0, "after %u of %u faults all was as it must be", tried - failed, tried);
  daemon_arm (NULL);
  return client_done ();
}
