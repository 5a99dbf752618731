/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* `xl create`: a domain comes into being in the same steps as on a real host. */
#include "xl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STUBDOM_KERNEL "/usr/lib/xen-4.17/boot/qemu-stubdom-linux-kernel"

/* What libxl prints after any failure of a creation. */
static void
print_clean_up (int domid)
{
  xl_libxl_error ("libxl_domain.c:1183:libxl__destroy_domid", domid, "Non-existant domain");
  xl_libxl_error ("libxl_domain.c:1137:domain_destroy_callback", domid, "Unable to destroy guest");
  xl_libxl_error ("libxl_domain.c:1064:domain_destroy_cb", domid, "Destruction of domain failed");
}

static void
print_cannot_build (int domid, int rc)
{
  xl_libxl_error ("libxl_create.c:1640:domcreate_rebuild_done", domid,
                  "cannot (re-)build domain: %d", rc);
}

/* --- what stops a creation --- */

static gboolean
check_disks (int domid, json_t *config)
{
  json_t *disk;
  size_t i;

  json_array_foreach (json_object_get (config, "disks"), i, disk)
  {
    const char *path = json_string_value (json_object_get (disk, "pdev_path"));
    const char *format = json_string_value (json_object_get (disk, "format"));
    struct stat st;

    if (path == NULL || *path == '\0' || g_strcmp0 (format, "empty") == 0 || stat (path, &st) == 0)
      continue;
    fprintf (stderr,
             "libxl: error: libxl_device.c:455:libxl__device_disk_set_backend: Disk vdev=%s "
             "failed to stat: %s: %s\n",
             json_string_value (json_object_get (disk, "vdev")), path, g_strerror (errno));
    xl_libxl_error ("libxl_create.c:1318:initiate_domain_create", domid,
                    "Unable to set disk defaults for disk %d", (int)i);
    return FALSE;
  }
  return TRUE;
}

static gboolean
check_images (int domid, json_t *config)
{
  static const struct {
    const char *key, *function;
    int line;
  } images[] = {
    { "kernel", "xc_dom_kernel_file", 646 },
    { "ramdisk", "xc_dom_ramdisk_file", 659 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (images); i++) {
    const char *path = sim_config_string (config, "b_info", images[i].key);

    if (path == NULL || access (path, R_OK) == 0)
      continue;
    fprintf (stderr,
             "xc: error: panic: xg_dom_core.c:205: failed to open file '%s': %s: Internal error\n",
             path, g_strerror (errno));
    fprintf (stderr, "libxl: error: libxl_dom.c:%d:libxl__build_pv: %s failed: %s\n",
             images[i].line, images[i].function, g_strerror (errno));
    print_cannot_build (domid, -3);
    return FALSE;
  }
  return TRUE;
}

static gboolean
check_memory (int domid, gint64 wanted_kb, gint64 free_kb)
{
  if (wanted_kb <= free_kb)
    return TRUE;
  fprintf (stderr, "xc: error: panic: xg_dom_boot.c:119: xc_dom_boot_mem_init: can't allocate low "
                   "memory for domain: Out of memory\n"
                   "libxl: error: libxl_dom.c:586:libxl__build_dom: xc_dom_boot_mem_init failed: "
                   "Cannot allocate memory\n");
  print_cannot_build (domid, -3);
  return FALSE;
}

static gboolean
check_device_model (int domid, json_t *config)
{
  const char *model = sim_config_string (config, "b_info", "device_model");
  const char *kernel = sim_config_string (config, "b_info", "stubdomain_kernel");
  json_t *stubdom = json_object_get (json_object_get (config, "b_info"), "device_model_stubdomain");

  if (g_strcmp0 (sim_config_string (config, "c_info", "type"), "hvm") != 0)
    return TRUE;
  if (kernel == NULL)
    kernel = STUBDOM_KERNEL;
  if (g_strcmp0 (json_string_value (stubdom), "True") == 0 && access (kernel, R_OK) != 0) {
    xl_libxl_error ("libxl_dm.c:2377:libxl__spawn_stub_dm", domid,
                    "could not access stubdomain kernel %s: %s", kernel, g_strerror (errno));
    xl_libxl_error ("libxl_dm.c:2780:stubdom_pvqemu_cb", domid,
                    "error connecting nics devices: No such file or directory");
    xl_libxl_error ("libxl_create.c:1896:domcreate_devmodel_started", domid,
                    "device model did not start: -6");
    return FALSE;
  }
  if (model != NULL && access (model, X_OK) != 0) {
    xl_libxl_error ("libxl_dm.c:2909:libxl__spawn_local_dm", domid,
                    "device model %s is not executable: %s", model, g_strerror (errno));
    xl_libxl_error ("libxl_dm.c:3161:device_model_spawn_outcome", domid,
                    "(null): spawn failed (rc=-3)");
    xl_libxl_error ("libxl_dm.c:3381:device_model_postconfig_done", domid,
                    "Post DM startup configs failed, rc=-3");
    xl_libxl_error ("libxl_create.c:1896:domcreate_devmodel_started", domid,
                    "device model did not start: -3");
    return FALSE;
  }
  return TRUE;
}

/* --- the steps --- */

/* Takes a number and makes an empty domain: it exists, has no name and is paused. */
static SimDomain *
step_make (json_t *config)
{
  SimDomain *domain = g_new0 (SimDomain, 1);
  int lock = sim_lock ("lock");

  domain->domid = sim_domain_next ();
  domain->uuid = g_strdup (sim_config_string (config, "c_info", "uuid"));
  domain->type = g_strdup (sim_config_string (config, "c_info", "type"));
  domain->pauses = 1;
  domain->reason = SIM_RUNNING;
  sim_domain_save (domain);
  sim_unlock (lock);
  return domain;
}

static gboolean
step_name (SimDomain *domain, json_t *config)
{
  const char *name = sim_config_string (config, "c_info", "name");
  int lock = sim_lock ("lock");
  gboolean taken = sim_domain_find (name) >= 0;

  if (!taken) {
    domain->name = g_strdup (name);
    sim_domain_save (domain);
    sim_store_make (domain);
  }
  sim_unlock (lock);
  if (taken) {
    xl_libxl_error ("libxl_domain.c:81:libxl__domain_rename", domain->domid,
                    "Domain with name \"%s\" already exists.", name);
    xl_libxl_error ("libxl_create.c:1296:initiate_domain_create", domain->domid,
                    "cannot make domain: -6");
  }
  return !taken;
}

static gboolean
step_build (SimDomain *domain, json_t *config)
{
  gint64 memory = sim_config_number (config, "b_info", "target_memkb", 32 * 1024);
  gint64 free_kb;
  int lock = sim_lock ("lock");

  free_kb = sim_memory_free_kb ();
  sim_unlock (lock);
  if (!check_disks (domain->domid, config) || !check_images (domain->domid, config) ||
      !check_memory (domain->domid, memory, free_kb) || !check_device_model (domain->domid, config))
    return FALSE;
  lock = sim_lock ("lock");
  domain->memory_kb = memory;
  domain->max_kb = sim_config_number (config, "b_info", "max_memkb", memory);
  domain->max_vcpus = (int)sim_config_number (config, "b_info", "max_vcpus", 1);
  domain->vcpus =
      (int)json_array_size (json_object_get (json_object_get (config, "b_info"), "avail_vcpus"));
  domain->vcpus = MAX (domain->vcpus, 1);
  domain->started_us = g_get_real_time ();
  sim_qemu_start (domain, config);
  sim_domain_save (domain);
  sim_config_complete (config);
  sim_config_save (domain->domid, config);
  sim_store_build (domain, config);
  sim_unlock (lock);
  return TRUE;
}

int
xl_make_domain (json_t *config, int flags)
{
  gint64 step_ms = sim_knob ("SIMHOST_CREATE_STEP_MS", 2);
  int creation = sim_lock ("xl.lock");
  g_autoptr (SimDomain) domain = step_make (config);
  int domid = domain->domid;
  int lock;

  sim_sleep_ms (step_ms);
  if (!step_name (domain, config))
    goto failed;
  xl_fault_point ();
  sim_sleep_ms (step_ms);
  if (!step_build (domain, config))
    goto failed;
  sim_unlock (creation);
  if ((flags & XL_STAY_PAUSED) == 0) {
    lock = sim_lock ("lock");
    domain->pauses = 0;
    sim_guest_run (domain, sim_config_string (config, "b_info", "cmdline"));
    sim_domain_save (domain);
    sim_unlock (lock);
  }
  return domid;

failed:
  print_clean_up (domid);
  lock = sim_lock ("lock");
  if (domain->name != NULL)
    sim_store_remove (domain);
  sim_domain_forget (domain);
  sim_unlock (lock);
  sim_unlock (creation);
  return -1;
}

void
xl_destroy_domain (SimDomain *domain)
{
  g_auto (GStrv) policy = domain->name != NULL ? sim_guest_policy (domain->name) : NULL;

  sim_guest_kill (domain);
  sim_qemu_end (domain);
  if (domain->name != NULL)
    sim_store_remove (domain);
  if (policy != NULL && sim_guest_policy_has (policy, "zombie", NULL)) {
    /* something still holds its pages: it goes on dying */
    g_clear_pointer (&domain->name, g_free);
    domain->dying = TRUE;
    domain->memory_kb = 0;
    sim_domain_save (domain);
    sim_hv_poke ();
    return;
  }
  sim_domain_forget (domain);
}

int
xl_create (XlCall *call)
{
  json_t *config;
  int domid, status;
  int flags = (call->options['p'] != 0 ? XL_STAY_PAUSED : 0) |
              (call->options['e'] != 0 ? XL_NO_MONITOR : 0) |
              (call->options['F'] != 0 ? XL_FOREGROUND : 0);

  if (call->dry_run || call->options['n'] != 0) {
    g_autoptr (GPtrArray) argv = g_ptr_array_new ();

    g_ptr_array_add (argv, (char *)"xl");
    g_ptr_array_add (argv, (char *)"-N");
    g_ptr_array_add (argv, (char *)"create");
    for (char **p = call->words; *p != NULL; p++)
      g_ptr_array_add (argv, *p);
    g_ptr_array_add (argv, NULL);
    sim_real_xl ((char **)argv->pdata);
  }
  config = sim_config_parse (call->words, &status);
  if (config == NULL)
    return status;
  domid = xl_make_domain (config, flags);
  json_decref (config);
  if (domid < 0)
    return 3;
  xl_monitor (domid, flags);
  return 0;
}
