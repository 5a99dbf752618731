/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* `xl save` and `xl restore`. The saved state is the configuration, and some memory between marks.
 */
#include "xl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char magic[] = "Xen saved domain, xl format\n \r";
static const char memory_mark[] = "\n-- memory of the saved domain\n";
static const char end_mark[] = "\n-- end of the saved domain\n";

static const char *
xc_type (const SimDomain *domain)
{
  return g_str_equal (domain->type, "pv") ? "PV" : "HVM";
}

static void
print_progress (const SimDomain *domain)
{
  gint64 frames = domain->memory_kb / 4;

  for (int step = 1; step <= 16; step++)
    fprintf (stderr, "xc: progress: Frames: %" G_GINT64_FORMAT "/%" G_GINT64_FORMAT "  %3d%%\n",
             frames * step / 16, frames, 100 * step / 16);
  fprintf (stderr, "xc: progress: End of stream: 0/0    0%%\n");
}

static FILE *
begin_image (const char *path, json_t *config)
{
  g_autofree char *text = sim_config_text (config);
  FILE *file = fopen (path, "we");

  if (file == NULL) {
    fprintf (stderr, "Failed to open temp file %s for writing\n", path);
    return NULL;
  }
  fprintf (stderr, "Saving to %s new xl format (info 0x3/0x0/%d)\n", path, (int)strlen (text));
  fprintf (file, "%s%s%s", magic, text, memory_mark);
  fflush (file);
  return file;
}

/* The memory, half of it at a time. */
static void
end_image (FILE *file)
{
  fprintf (file, "%*s", 2048, "");
  fflush (file);
  sim_sleep_ms (sim_knob ("SIMHOST_SAVE_MS", 500));
  fprintf (file, "%*s%s", 2048, "", end_mark);
  fclose (file);
}

/* Asks the guest to suspend, and waits until it has. */
static gboolean
suspend (int domid)
{
  gint64 deadline = g_get_monotonic_time () + sim_knob ("SIMHOST_ACK_TIMEOUT", 60) * G_USEC_PER_SEC;

  sim_store_write (domid, "control/shutdown", "suspend");
  while (g_get_monotonic_time () < deadline) {
    int lock = sim_lock ("lock");
    g_autoptr (SimDomain) domain = sim_domain_load (domid);

    sim_unlock (lock);
    if (domain == NULL || domain->reason == SIM_SUSPEND)
      return domain != NULL;
    sim_sleep_ms (5);
  }
  return FALSE;
}

static void
print_not_suspended (const SimDomain *domain)
{
  fprintf (stderr, "xc: error: Failed to map 1 page table pages for p2m list (16 = Device or "
                   "resource busy): Internal error\n"
                   "xc: error: Save failed (16 = Device or resource busy): Internal error\n");
  xl_libxl_error ("libxl_stream_write.c:347:libxl__xc_domain_save_done", domain->domid,
                  "saving domain: domain did not respond to suspend request: Device or resource "
                  "busy");
  fprintf (stderr, "Failed to save domain, resuming domain\n");
  fprintf (stderr, "xc: error: Dom %d not suspended: (shutdown 0, reason 255): Internal error\n",
           domain->domid);
  xl_libxl_error ("libxl_dom_suspend.c:666:domain_resume_done", domain->domid,
                  "xc_domain_resume failed: Invalid argument");
}

int
xl_save (XlCall *call)
{
  int domid = xl_domain (call->argv[0]);
  int lock = sim_lock ("lock");
  g_autoptr (SimDomain) domain = sim_domain_load (domid);
  json_t *config = sim_config_load (domid);
  gboolean stays = call->options['c'] != 0 || call->options['p'] != 0;
  FILE *file;

  sim_unlock (lock);
  if (domain == NULL || config == NULL) {
    xl_libxl_error ("libxl_domain.c:2335:retrieve_domain_configuration_lock_acquired", domid,
                    "Fail to get domain configuration");
    return 1;
  }
  file = begin_image (call->argv[1], config);
  json_decref (config);
  if (file == NULL)
    return 1;
  xl_fault_point ();
  fprintf (stderr, "xc: info: Saving domain %d, type x86 %s\n", domid, xc_type (domain));
  if (domain->pauses > 0 || domain->reason != SIM_RUNNING || !suspend (domid)) {
    print_not_suspended (domain);
    fclose (file);
    return 1;
  }
  print_progress (domain);
  end_image (file);
  sim_domain_free (domain);
  lock = sim_lock ("lock");
  domain = sim_domain_load (domid);
  if (domain != NULL && !stays) {
    xl_destroy_domain (domain);
  } else if (domain != NULL) {
    domain->reason = SIM_RUNNING;
    domain->pauses = call->options['p'] != 0 ? 1 : 0;
    if (domain->pauses == 0)
      sim_guest_run (domain, NULL);
    sim_domain_save (domain);
  }
  sim_unlock (lock);
  return 0;
}

static void
print_restoring (json_t *config)
{
  fprintf (stderr, "xc: info: Found x86 %s domain from Xen 4.17\n",
           g_strcmp0 (sim_config_string (config, "c_info", "type"), "pv") == 0 ? "PV" : "HVM");
  fprintf (stderr, "xc: info: Restoring domain\n");
}

static void
print_truncated (void)
{
  int lock = sim_lock ("lock");
  int domid = sim_domain_next ();

  sim_unlock (lock);
  fprintf (stderr, "xc: error: Failed to read 4202504 bytes of data for record (0x00000001, Page "
                   "data) (0 = Success): Internal error\n"
                   "xc: error: Restore failed (0 = Success): Internal error\n"
                   "libxl: error: libxl_stream_read.c:850:libxl__xc_domain_restore_done: "
                   "restoring domain: Success\n");
  xl_libxl_error ("libxl_create.c:1640:domcreate_rebuild_done", domid,
                  "cannot (re-)build domain: -3");
  xl_libxl_error ("libxl_domain.c:1183:libxl__destroy_domid", domid, "Non-existant domain");
  xl_libxl_error ("libxl_domain.c:1137:domain_destroy_callback", domid, "Unable to destroy guest");
  xl_libxl_error ("libxl_domain.c:1064:domain_destroy_cb", domid, "Destruction of domain failed");
}

int
xl_restore (XlCall *call)
{
  const char *path = call->argv[call->argc - 1];
  int flags = (call->options['p'] != 0 ? XL_STAY_PAUSED : 0) |
              (call->options['e'] != 0 ? XL_NO_MONITOR : 0) |
              (call->options['F'] != 0 ? XL_FOREGROUND : 0);
  g_autofree char *text = NULL;
  char *memory;
  gboolean whole;
  json_t *config;
  int domid, status, fd;

  fd = open (path, O_RDONLY | O_CLOEXEC);
  if (fd < 0 || !g_file_get_contents (path, &text, NULL, NULL)) {
    fprintf (stderr, "Can't open restore file: %s\n", g_strerror (ENOENT));
    return 1;
  }
  if (!g_str_has_prefix (text, magic)) {
    fprintf (stderr, "File has wrong magic number - corrupt or for a different tool?\n");
    return 1;
  }
  whole = g_str_has_suffix (text, end_mark);
  lseek (fd, (off_t)strlen (text) / 2, SEEK_SET); /* as if it were being read */
  memory = strstr (text, memory_mark);
  if (memory != NULL)
    *memory = '\0';
  fprintf (stderr, "Loading new save file %s (new xl fmt info 0x3/0x0/%d)\n", path,
           (int)strlen (text + strlen (magic)));
  if (call->argc > 1) {
    char *words[] = { call->argv[0], NULL };

    fprintf (stderr, " Savefile contains xl domain config in JSON format\n");
    config = sim_config_parse (words, &status);
    if (config == NULL)
      return 1;
  } else {
    fprintf (stderr, " Savefile contains xl domain config in JSON format\n"
                     "Parsing config from <saved>\n");
    config = json_loads (text + strlen (magic), 0, NULL);
  }
  if (!whole || config == NULL) {
    print_restoring (config);
    print_truncated ();
    json_decref (config);
    return 1;
  }
  domid = xl_make_domain (config, flags);
  if (domid >= 0) {
    print_restoring (config);
    fprintf (stderr, "xc: info: Restore successful\n"
                     "xc: info: XenStore: mfn 0x9f2d4, dom 0, evt 1\n"
                     "xc: info: Console: mfn 0x9f2d3, dom 0, evt 2\n");
  }
  json_decref (config);
  close (fd);
  if (domid < 0)
    return 1;
  xl_monitor (domid, flags);
  return 0;
}
