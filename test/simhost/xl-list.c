/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The subcommands that only look. */
#include "xl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define DOM0_KB 786432

/* A tenth of a second of processor time per second of life: enough to see it grow. */
static double
cpu_seconds (gint64 since_us)
{
  return since_us == 0 ? 0.0 : (double)(g_get_real_time () - since_us) / G_USEC_PER_SEC / 10;
}

static gint64
born_us (void)
{
  g_autofree char *path = sim_path ("next-domid.born");
  struct stat st;

  return stat (path, &st) == 0 ? (gint64)st.st_mtime * G_USEC_PER_SEC : g_get_real_time ();
}

static gint64
shown_mib (const SimDomain *domain)
{
  gint64 mib = domain->memory_kb / 1024;

  /* QEMU and hvmloader keep some pages of an HVM guest */
  return g_strcmp0 (domain->type, "hvm") == 0 && mib > 0 ? mib - 1 : mib;
}

static SimDomain *
domain_zero (void)
{
  SimDomain *domain = g_new0 (SimDomain, 1);

  domain->name = g_strdup ("Domain-0");
  domain->uuid = g_strdup ("00000000-0000-0000-0000-000000000000");
  domain->type = g_strdup ("pv");
  domain->memory_kb = domain->max_kb = DOM0_KB;
  domain->vcpus = domain->max_vcpus = 1;
  domain->reason = SIM_RUNNING;
  domain->started_us = born_us ();
  return domain;
}

/* dom0 and the domains named, or all of them; what is missing is complained about */
static GPtrArray *
chosen (XlCall *call, gboolean must_exist)
{
  int lock = sim_lock ("lock");
  g_autoptr (GPtrArray) all = sim_domain_list ();
  GPtrArray *found = g_ptr_array_new_with_free_func ((GDestroyNotify)sim_domain_free);

  sim_unlock (lock);
  if (call->argc == 0) {
    g_ptr_array_add (found, domain_zero ());
    while (all->len > 0)
      g_ptr_array_add (found, g_ptr_array_steal_index (all, 0));
    return found;
  }
  for (int i = 0; i < call->argc; i++) {
    int domid = xl_domain (call->argv[i]);
    guint before = found->len;

    if (domid == 0)
      g_ptr_array_add (found, domain_zero ());
    for (guint k = 0; k < all->len; k++)
      if (((SimDomain *)g_ptr_array_index (all, k))->domid == domid) {
        g_ptr_array_add (found, g_ptr_array_steal_index (all, k));
        break;
      }
    if (found->len == before && must_exist) {
      fprintf (stderr, "Error: Domain '%s' does not exist.\n", call->argv[i]);
      exit (1);
    }
  }
  return found;
}

/* --- list --- */

static json_t *
dom0_config (void)
{
  return json_pack ("{s:{s:s,s:s},s:{s:i,s:i,s:{s:s,s:i,s:i},s:{},s:{},s:{}}}", "c_info", "type",
                    "pv", "name", "Domain-0", "b_info", "max_memkb", DOM0_KB, "target_memkb",
                    DOM0_KB - 1, "sched_params", "sched", "credit2", "weight", 256, "cap", 0,
                    "type.pv", "arch_arm", "arch_x86");
}

/* libxl overlays the stored configuration with what xenstore and the hypervisor say now. */
static json_t *
live_config (const SimDomain *domain)
{
  int lock = sim_lock ("lock");
  json_t *config = domain->domid == 0 ? dom0_config () : sim_config_load (domain->domid);
  json_t *build = json_object_get (config, "b_info");

  sim_unlock (lock);
  if (config != NULL && domain->domid != 0) {
    g_autofree char *target = sim_store_read (domain->domid, "memory/target");

    json_object_set_new (json_object_get (config, "c_info"), "name", json_string (domain->name));
    json_object_set_new (build, "max_memkb", json_integer (domain->max_kb));
    if (target != NULL)
      json_object_set_new (
          build, "target_memkb",
          json_integer (g_ascii_strtoll (target, NULL, 10) +
                        json_integer_value (json_object_get (build, "video_memkb"))));
  }
  return config;
}

static int
list_long (GPtrArray *domains)
{
  json_t *array = json_array ();
  g_autofree char *text = NULL;

  for (guint i = 0; i < domains->len; i++) {
    const SimDomain *domain = g_ptr_array_index (domains, i);
    json_t *config = live_config (domain);

    if (config == NULL) {
      xl_libxl_error ("libxl_domain.c:2335:retrieve_domain_configuration_lock_acquired",
                      domain->domid, "Fail to get domain configuration");
      continue;
    }
    json_array_append_new (array,
                           json_pack ("{s:i,s:o}", "domid", domain->domid, "config", config));
  }
  text = sim_config_text (array);
  printf ("%s\n\n", text);
  json_decref (array);
  return 0;
}

int
xl_list (XlCall *call)
{
  g_autoptr (GPtrArray) domains = chosen (call, TRUE);
  gboolean verbose = call->options['v'] != 0, context = call->options['Z'] != 0;
  gboolean pool = call->options['c'] != 0, numa = call->options['n'] != 0;

  if (call->options['l'] != 0)
    return list_long (domains);
  printf ("Name                                        ID   Mem VCPUs\tState\tTime(s)");
  if (verbose)
    printf ("   UUID                            Reason-Code\tSecurity Label");
  if (context && !verbose)
    printf ("   Security Label");
  if (pool)
    printf ("         Cpupool");
  if (numa)
    printf (" NODE Affinity");
  printf ("\n");
  for (guint i = 0; i < domains->len; i++) {
    const SimDomain *domain = g_ptr_array_index (domains, i);
    char letters[7];

    sim_domain_letters (domain, letters);
    if (domain->domid == 0)
      letters[0] = 'r', letters[1] = '-';
    printf ("%-40s %5d %5" G_GINT64_FORMAT " %5d     %s  %8.1f",
            domain->name != NULL ? domain->name : "(null)", domain->domid, shown_mib (domain),
            domain->vcpus, letters,
            cpu_seconds (domain->guest_pid != 0 || domain->domid == 0 ? domain->started_us : 0));
    if (verbose) {
      printf (" %s", domain->uuid);
      if (domain->reason != SIM_RUNNING)
        printf (" %8x", domain->reason);
      else
        printf (" %8s", "-");
    }
    if (verbose || context)
      printf (" %16s", "-");
    if (pool)
      printf ("%16s", "Pool-0");
    if (numa)
      printf (" all");
    printf ("\n");
  }
  return 0;
}

int
xl_vcpu_list (XlCall *call)
{
  g_autoptr (GPtrArray) domains = NULL;

  printf ("Name                                ID  VCPU   CPU State   Time(s) Affinity (Hard / "
          "Soft)\n");
  fflush (stdout);
  domains = chosen (call, FALSE);
  for (guint i = 0; i < domains->len; i++) {
    const SimDomain *domain = g_ptr_array_index (domains, i);
    char letters[7];

    sim_domain_letters (domain, letters);
    for (int v = 0; v < domain->max_vcpus; v++) {
      double seconds = cpu_seconds (domain->started_us) / domain->max_vcpus;

      printf ("%-32s %5d %5d", domain->name != NULL ? domain->name : "(null)", domain->domid, v);
      if (domain->domid == 0)
        printf (" %4d   r-- ", v);
      else if (v < domain->vcpus)
        printf (" %4d   -%c%c ", 1, letters[1], letters[2]);
      else
        printf (" %4c   --p ", '-');
      printf (" %8.1f  %s / all\n", seconds, domain->domid == 0 ? "0" : "all");
    }
  }
  return 0;
}

int
xl_uptime (XlCall *call)
{
  g_autoptr (GPtrArray) domains = NULL;

  domains = chosen (call, FALSE);
  printf ("Name                                ID Uptime\n");
  for (guint i = 0; i < domains->len; i++) {
    const SimDomain *domain = g_ptr_array_index (domains, i);
    g_autofree char *path = g_strdup_printf ("/vm/%s/start_time", domain->uuid);
    char *start = domain->domid == 0 ? NULL : xs_read (sim_store (), XBT_NULL, path, NULL);
    gint64 seconds;

    if (start == NULL && domain->domid != 0) {
      xl_libxl_error ("libxl_domain.c:2231:libxl_vm_get_start_time", domain->domid,
                      "Can't get start time of domain");
      continue;
    }
    free (start);
    seconds = (g_get_real_time () - domain->started_us) / G_USEC_PER_SEC;
    printf ("%-33s %4d ", domain->name != NULL ? domain->name : "(null)", domain->domid);
    if (seconds >= 86400)
      printf ("%d days, ", (int)(seconds / 86400));
    printf ("%2d:%02d:%02d\n", (int)(seconds / 3600 % 24), (int)(seconds / 60 % 60),
            (int)(seconds % 60));
  }
  return 0;
}

/* --- the host --- */

int
xl_info (XlCall *call)
{
  int lock = sim_lock ("lock");
  gint64 free_kb = sim_memory_free_kb ();

  sim_unlock (lock);
  printf ("host                   : dom0\n"
          "release                : 6.1.0-56-amd64\n"
          "version                : #1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2 (2026-11-16)\n"
          "machine                : x86_64\n"
          "nr_cpus                : 2\n"
          "max_cpu_id             : 1\n"
          "nr_nodes               : 1\n"
          "cores_per_socket       : 2\n"
          "threads_per_core       : 1\n"
          "cpu_mhz                : 2596.139\n"
          "hw_caps                : "
          "178bf3fd:c0002001:20100800:00000007:00000000:00000000:00000000:00000000\n"
          "virt_caps              : pv hvm gnttab-v1 gnttab-v2\n"
          "total_memory           : %" G_GINT64_FORMAT "\n"
          "free_memory            : %" G_GINT64_FORMAT "\n"
          "sharing_freed_memory   : 0\n"
          "sharing_used_memory    : 0\n"
          "outstanding_claims     : 0\n"
          "free_cpus              : 0\n",
          sim_memory_total_kb () / 1024, free_kb / 1024);
  printf ("xen_major              : 4\n"
          "xen_minor              : 17\n"
          "xen_extra              : .7\n"
          "xen_version            : 4.17.7\n"
          "xen_caps               : xen-3.0-x86_64 hvm-3.0-x86_32 hvm-3.0-x86_32p "
          "hvm-3.0-x86_64 \n"
          "xen_scheduler          : credit2\n"
          "xen_pagesize           : 4096\n"
          "platform_params        : virt_start=0xffff800000000000\n"
          "xen_changeset          : \n"
          "xen_commandline        : com1=115200,8n1 console=com1 dom0_mem=768M,max:768M\n"
          "cc_compiler            : x86_64-linux-gnu-gcc (Debian 12.2.0-14+deb12u1) 12.2.0\n"
          "cc_compile_by          : pkg-xen-devel\n"
          "cc_compile_domain      : lists.alioth.debian.org\n"
          "cc_compile_date        : Wed Nov  4 16:52:28 UTC 2026\n"
          "build_id               : 151b373fd64b321593bf987fd923cd10dabadac4\n"
          "xend_config_format     : 4\n");
  return 0;
}

int
xl_domid (XlCall *call)
{
  int lock = sim_lock ("lock");
  int domid = sim_domain_find (call->argv[0]);

  sim_unlock (lock);
  if (domid < 0) {
    fprintf (stderr, "Can't get domid of domain name '%s', maybe this domain does not exist.\n",
             call->argv[0]);
    return 1;
  }
  printf ("%d\n", domid);
  return 0;
}

int
xl_domname (XlCall *call)
{
  g_autoptr (SimDomain) domain = NULL;
  char *end;
  long domid = strtol (call->argv[0], &end, 10);
  int lock;

  if (*end != '\0' || end == call->argv[0]) {
    fprintf (stderr, "Invalid domain id.\n\n");
    return 1;
  }
  lock = sim_lock ("lock");
  domain = domid == 0 ? domain_zero () : sim_domain_load ((int)domid);
  sim_unlock (lock);
  if (domain == NULL || domain->name == NULL) {
    fprintf (stderr, "Can't get domain name of domain id '%s', maybe this domain does not exist.\n",
             call->argv[0]);
    return 1;
  }
  printf ("%s\n", domain->name);
  return 0;
}

int
xl_qemu_monitor_command (XlCall *call)
{
  int domid = xl_domain (call->argv[0]);
  int lock = sim_lock ("lock");
  g_autoptr (SimDomain) domain = sim_domain_load (domid);

  if (domain != NULL && g_str_equal (call->argv[1], "system_wakeup"))
    sim_guest_sleep (domain, FALSE);
  sim_unlock (lock);
  if (domain == NULL || !g_str_equal (domain->type, "hvm")) {
    xl_libxl_error ("libxl_qmp.c:1234:libxl__ev_qmp_send", domid,
                    "Connecting to QMP: No such file or directory");
    return 1;
  }
  if (g_str_equal (call->argv[1], "info status"))
    printf ("VM status: %s\r\n", domain->s3           ? "paused (suspended)"
                                 : domain->pauses > 0 ? "paused"
                                                      : "running");
  printf ("\n");
  return 0;
}
