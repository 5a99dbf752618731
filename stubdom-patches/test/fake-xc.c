/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The calls of libxenctrl and libxenguest that libxl makes on its way through
 * a domain's life, answered from the private directory of the stand-in for the
 * hypervisor (test/simhost/standin), which this is preloaded together with.
 * Domains are records there: domains/DOMID as the stand-in and xenstored know
 * it, uuid/DOMID and hvm/DOMID (its ACPI state) beside it.
 */
#define __XEN_TOOLS__ 1
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <xenctrl.h>
#include <xenguest.h>
#include <xen/hvm/params.h>

#include "test/simhost/standin/standin.h"

enum { DYING, CRASHED, SHUTDOWN, PAUSED, BLOCKED, RUNNING, REASON, N_FLAGS };

static int
read_record (const char *kind, unsigned domid, char *text, size_t size)
{
  char name[64], path[PATH_MAX];
  FILE *file;
  size_t length;

  snprintf (name, sizeof name, "%s/%u", kind, domid);
  file = standin_path (path, sizeof path, name) ? fopen (path, "re") : NULL;
  if (!file)
    return 0;
  length = fread (text, 1, size - 1, file);
  text[length] = '\0';
  fclose (file);
  return 1;
}

static void
write_record (const char *kind, unsigned domid, const char *text)
{
  char name[64], path[PATH_MAX], temporary[PATH_MAX];
  FILE *file;

  standin_path (path, sizeof path, kind);
  mkdir (path, 0700);
  snprintf (name, sizeof name, "%s/%u", kind, domid);
  standin_path (path, sizeof path, name);
  snprintf (name, sizeof name, "%s-%u.new", kind, domid);
  standin_path (temporary, sizeof temporary, name);
  file = fopen (temporary, "we");
  if (!file || fputs (text, file) < 0 || fclose (file) || rename (temporary, path)) {
    perror (path);
    abort ();
  }
}

static void
remove_record (const char *kind, unsigned domid)
{
  char name[64], path[PATH_MAX];

  snprintf (name, sizeof name, "%s/%u", kind, domid);
  unlink (standin_path (path, sizeof path, name));
}

static int
read_flags (unsigned domid, unsigned flags[N_FLAGS])
{
  char text[128];

  memset (flags, 0, N_FLAGS * sizeof *flags);
  if (domid == 0)
    flags[RUNNING] = 1;
  if (!read_record ("domains", domid, text, sizeof text))
    return domid == 0;
  sscanf (text, "%u %u %u %u %u %u %u", &flags[0], &flags[1], &flags[2], &flags[3], &flags[4],
          &flags[5], &flags[6]);
  return 1;
}

static void
write_flags (unsigned domid, const unsigned flags[N_FLAGS])
{
  char text[128];

  snprintf (text, sizeof text, "%u %u %u %u %u %u %u\n", flags[0], flags[1], flags[2], flags[3],
            flags[4], flags[5], flags[6]);
  write_record ("domains", domid, text);
}

static void
raise_event (void)
{
  char path[PATH_MAX];
  FILE *file = standin_path (path, sizeof path, "event") ? fopen (path, "r+e") : NULL;

  if (file) {
    fputc ('x', file);
    fclose (file);
  }
}

static int
no_such_domain (void)
{
  errno = ESRCH;
  return -1;
}

static int
is_hvm (unsigned domid)
{
  char text[64];

  return read_record ("hvm", domid, text, sizeof text);
}

static void
fill_info (unsigned domid, xc_domaininfo_t *info)
{
  static const uint32_t bits[] = { XEN_DOMINF_dying,    0,
                                   XEN_DOMINF_shutdown, XEN_DOMINF_paused,
                                   XEN_DOMINF_blocked,  XEN_DOMINF_running };
  unsigned flags[N_FLAGS];
  char text[64];

  memset (info, 0, sizeof *info);
  read_flags (domid, flags);
  info->domain = (domid_t)domid;
  for (unsigned i = 0; i < sizeof bits / sizeof *bits; i++)
    info->flags |= flags[i] ? bits[i] : 0;
  info->flags |= (flags[REASON] & XEN_DOMINF_shutdownmask) << XEN_DOMINF_shutdownshift;
  if (is_hvm (domid))
    info->flags |= XEN_DOMINF_hvm_guest;
  info->nr_online_vcpus = 1;
  info->max_vcpu_id = 0;
  info->max_pages = info->tot_pages = 16384;
  info->shared_info_frame = 1;
  if (read_record ("uuid", domid, text, sizeof text))
    for (unsigned i = 0; i < sizeof info->handle; i++) {
      unsigned byte = 0;

      sscanf (text + 2 * i, "%2x", &byte);
      info->handle[i] = (uint8_t)byte;
    }
}

int
xc_domain_getinfolist (xc_interface *xch, uint32_t first, unsigned max, xc_domaininfo_t *info)
{
  unsigned count = 0;
  long domid;

  (void)xch;
  for (; count < max && (domid = standin_next_domain (first)) >= 0; first = (unsigned)domid + 1)
    fill_info ((unsigned)domid, &info[count++]);
  return (int)count;
}

int
xc_domain_getinfo (xc_interface *xch, uint32_t first, unsigned max, xc_dominfo_t *out)
{
  unsigned count = 0;
  long domid;

  (void)xch;
  for (; count < max && (domid = standin_next_domain (first)) >= 0; first = (unsigned)domid + 1) {
    unsigned flags[N_FLAGS];
    xc_domaininfo_t info;
    xc_dominfo_t *one = &out[count++];

    read_flags ((unsigned)domid, flags);
    fill_info ((unsigned)domid, &info);
    memset (one, 0, sizeof *one);
    one->domid = (uint32_t)domid;
    one->dying = !!flags[DYING];
    one->shutdown = !!flags[SHUTDOWN];
    one->paused = !!flags[PAUSED];
    one->blocked = !!flags[BLOCKED];
    one->running = !!flags[RUNNING];
    one->shutdown_reason = flags[REASON];
    one->hvm = !!is_hvm ((unsigned)domid);
    one->nr_online_vcpus = 1;
    memcpy (one->handle, info.handle, sizeof one->handle);
  }
  return (int)count;
}

int
xc_domain_create (xc_interface *xch, uint32_t *domid, struct xen_domctl_createdomain *config)
{
  unsigned flags[N_FLAGS] = { 0 }, next = 1;
  char text[64];

  (void)xch;
  if (*domid == 0 || *domid >= DOMID_FIRST_RESERVED) {
    while (standin_next_domain (next) == (long)next)
      next++;
    if (read_record ("last", 0, text, sizeof text) && (unsigned)atoi (text) >= next)
      next = (unsigned)atoi (text) + 1;
    *domid = next;
  }
  snprintf (text, sizeof text, "%u", *domid);
  write_record ("last", 0, text);
  for (unsigned i = 0; i < sizeof config->handle; i++)
    sprintf (text + 2 * i, "%02x", config->handle[i]);
  write_record ("uuid", *domid, text);
  if (config->flags & XEN_DOMCTL_CDF_hvm)
    write_record ("hvm", *domid, "0");
  flags[PAUSED] = 1;
  write_flags (*domid, flags);
  return 0;
}

static int
set_flag (unsigned domid, unsigned which, unsigned value)
{
  unsigned flags[N_FLAGS];

  if (!read_flags (domid, flags))
    return no_such_domain ();
  flags[which] = value;
  write_flags (domid, flags);
  return 0;
}

int
xc_domain_pause (xc_interface *xch, uint32_t domid)
{
  (void)xch;
  return set_flag (domid, PAUSED, 1);
}

int
xc_domain_unpause (xc_interface *xch, uint32_t domid)
{
  (void)xch;
  return set_flag (domid, PAUSED, 0);
}

int
xc_domain_shutdown (xc_interface *xch, uint32_t domid, int reason)
{
  (void)xch;
  if (set_flag (domid, SHUTDOWN, 1) < 0)
    return -1;
  set_flag (domid, REASON, (unsigned)reason);
  raise_event ();
  return 0;
}

int
xc_domain_destroy (xc_interface *xch, uint32_t domid)
{
  unsigned flags[N_FLAGS];

  (void)xch;
  if (!read_flags (domid, flags))
    return no_such_domain ();
  remove_record ("domains", domid);
  remove_record ("uuid", domid);
  remove_record ("hvm", domid);
  raise_event ();
  return 0;
}

int
xc_hvm_param_get (xc_interface *xch, uint32_t domid, uint32_t param, uint64_t *value)
{
  char text[64];

  (void)xch;
  *value = 0;
  if (!read_record ("hvm", domid, text, sizeof text)) {
    errno = EINVAL;
    return -1;
  }
  if (param == HVM_PARAM_ACPI_S_STATE)
    *value = strtoull (text, NULL, 10);
  /* "STATE drivers": the guest has PV drivers. */
  if (param == HVM_PARAM_CALLBACK_IRQ)
    *value = strstr (text, "drivers") != NULL;
  return 0;
}

int
xc_evtchn_alloc_unbound (xc_interface *xch, uint32_t domid, uint32_t remote)
{
  (void)xch, (void)domid, (void)remote;
  return 5;
}

int
xc_sched_id (xc_interface *xch, int *id)
{
  (void)xch;
  *id = XEN_SCHEDULER_CREDIT2;
  return 0;
}

struct xc_dom_image *
xc_dom_allocate (xc_interface *xch, const char *cmdline, const char *features)
{
  static struct xc_dom_arch arch = { .page_shift = 12 };
  struct xc_dom_image *dom = calloc (1, sizeof *dom);

  (void)cmdline, (void)features;
  dom->xch = xch;
  dom->arch_hooks = &arch;
  dom->console_pfn = 2;
  dom->xenstore_pfn = 3;
  return dom;
}

void
xc_dom_release (struct xc_dom_image *dom)
{
  free (dom);
}

/* So that no table of its pages is looked at. */
bool
xc_dom_translated (const struct xc_dom_image *dom)
{
  (void)dom;
  return true;
}

/* Of cpupools there is one, which has the two processors. */
xc_cpupoolinfo_t *
xc_cpupool_getinfo (xc_interface *xch, uint32_t poolid)
{
  xc_cpupoolinfo_t *info;

  (void)xch;
  if (poolid != 0) {
    errno = ENOENT;
    return NULL;
  }
  info = calloc (1, sizeof *info);
  info->sched_id = XEN_SCHEDULER_CREDIT2;
  info->cpumap = calloc (1, 8);
  info->cpumap[0] = 3;
  return info;
}

void
xc_cpupool_infofree (xc_interface *xch, xc_cpupoolinfo_t *info)
{
  (void)xch;
  free (info->cpumap);
  free (info);
}

/* One node of memory with them. */
int
xc_numainfo (xc_interface *xch, unsigned *max_nodes, xc_meminfo_t *memory, uint32_t *distance)
{
  (void)xch;
  if (memory && *max_nodes) {
    memory[0].memsize = 4ULL << 30;
    memory[0].memfree = 3ULL << 30;
  }
  if (distance && *max_nodes)
    distance[0] = 10;
  *max_nodes = 1;
  return 0;
}

int
xc_cputopoinfo (xc_interface *xch, unsigned *max_cpus, xc_cputopo_t *topology)
{
  (void)xch;
  for (unsigned i = 0; topology && i < *max_cpus && i < 2; i++)
    topology[i] = (xc_cputopo_t){ .core = i, .socket = 0, .node = 0 };
  *max_cpus = 2;
  return 0;
}

/* FAKE_BUILD_FAILS in the environment: the domain exists, but cannot be filled. */
int
xc_dom_build_image (struct xc_dom_image *dom)
{
  (void)dom;
  errno = ENOMEM;
  return getenv ("FAKE_BUILD_FAILS") ? -1 : 0;
}

int
xc_sched_credit2_domain_get (xc_interface *xch,
                             uint32_t domid,
                             struct xen_domctl_sched_credit2 *sched)
{
  (void)xch, (void)domid;
  *sched = (struct xen_domctl_sched_credit2){ .weight = 256 };
  return 0;
}

/* A page of an HVM guest: where its loader finds what it has to know. */
void *
xc_map_foreign_range (xc_interface *xch, uint32_t domid, int size, int prot, unsigned long frame)
{
  void *page;

  (void)xch, (void)domid, (void)prot, (void)frame;
  page = mmap (NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return page == MAP_FAILED ? NULL : page;
}
