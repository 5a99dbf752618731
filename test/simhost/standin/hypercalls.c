/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The few hypercalls that xenstored and the dry runs of xl make, answered from
 * the private directory; every other one is ENOSYS. The libraries above
 * (libxenctrl, libxenlight) stay the real ones.
 */

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define __XEN_TOOLS__ 1
#include <xencall.h>
#include <xendevicemodel.h>
#include <xenforeignmemory.h>
#include <xen/xen.h>
#include <xen/domctl.h>
#include <xen/sched.h>
#include <xen/sysctl.h>
#include <xen/version.h>

#include "standin.h"

#define PAGE_BYTES  4096
#define XEN_VERSION ((4 << 16) | 17)

/* Handles that are only passed around: any address that is not NULL. */
static char call_handle, memory_handle, model_handle;

xencall_handle *
xencall_open (struct xentoollog_logger *logger, unsigned open_flags)
{
  (void)logger, (void)open_flags;
  return (xencall_handle *)(void *)&call_handle;
}

int
xencall_close (xencall_handle *xcall)
{
  (void)xcall;
  return 0;
}

xenforeignmemory_handle *
xenforeignmemory_open (struct xentoollog_logger *logger, unsigned open_flags)
{
  (void)logger, (void)open_flags;
  return (xenforeignmemory_handle *)(void *)&memory_handle;
}

int
xenforeignmemory_close (xenforeignmemory_handle *fmem)
{
  (void)fmem;
  return 0;
}

xendevicemodel_handle *
xendevicemodel_open (struct xentoollog_logger *logger, unsigned open_flags)
{
  (void)logger, (void)open_flags;
  return (xendevicemodel_handle *)(void *)&model_handle;
}

int
xendevicemodel_close (xendevicemodel_handle *dmod)
{
  (void)dmod;
  return 0;
}

void *
xencall_alloc_buffer_pages (xencall_handle *xcall, size_t nr_pages)
{
  void *pages = mmap (NULL, nr_pages * PAGE_BYTES, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

  (void)xcall;
  return pages == MAP_FAILED ? NULL : pages;
}

void
xencall_free_buffer_pages (xencall_handle *xcall, void *p, size_t nr_pages)
{
  (void)xcall;
  if (p)
    munmap (p, nr_pages * PAGE_BYTES);
}

void *
xencall_alloc_buffer (xencall_handle *xcall, size_t size)
{
  (void)xcall;
  return calloc (1, size ? size : 1);
}

void
xencall_free_buffer (xencall_handle *xcall, void *p)
{
  (void)xcall;
  free (p);
}

int
xencall_buffers_never_fault (xencall_handle *xcall)
{
  (void)xcall;
  return 1;
}

static int
refuse (void)
{
  errno = ENOSYS;
  return -1;
}

long
standin_next_domain (unsigned from)
{
  char path[PATH_MAX];
  struct dirent *entry;
  long best = from == 0 ? 0 : -1;
  DIR *dir;

  if (best == 0 || !standin_path (path, sizeof path, "domains"))
    return best;
  dir = opendir (path);
  while (dir && (entry = readdir (dir))) {
    char *end;
    long domid = strtol (entry->d_name, &end, 10);

    if (end != entry->d_name && *end == '\0' && domid >= (long)from && (best < 0 || domid < best))
      best = domid;
  }
  if (dir)
    closedir (dir);
  return best;
}

static uint32_t
read_flags (long domid)
{
  static const uint32_t bits[] = { XEN_DOMINF_dying,    0,
                                   XEN_DOMINF_shutdown, XEN_DOMINF_paused,
                                   XEN_DOMINF_blocked,  XEN_DOMINF_running };
  enum { CRASHED = 1, N_BITS = 6 };
  unsigned values[N_BITS + 1] = { 0 };
  char name[32], path[PATH_MAX];
  uint32_t flags = 0;
  FILE *file;

  snprintf (name, sizeof name, "domains/%ld", domid);
  file = standin_path (path, sizeof path, name) ? fopen (path, "re") : NULL;
  if (!file)
    return domid == 0 ? XEN_DOMINF_running : 0;
  for (unsigned i = 0; i <= N_BITS && fscanf (file, "%u", &values[i]) == 1; i++)
    ;
  fclose (file);

  for (unsigned i = 0; i < N_BITS; i++)
    flags |= values[i] ? bits[i] : 0;
  if (values[CRASHED]) {
    flags |= XEN_DOMINF_shutdown;
    values[N_BITS] = SHUTDOWN_crash;
  }
  return flags | ((values[N_BITS] & XEN_DOMINF_shutdownmask) << XEN_DOMINF_shutdownshift);
}

static int
call_domctl (struct xen_domctl *domctl)
{
  long domid;

  if (domctl->cmd != XEN_DOMCTL_getdomaininfo)
    return refuse ();
  domid = standin_next_domain (domctl->domain);
  if (domid < 0) {
    errno = ESRCH;
    return -1;
  }
  memset (&domctl->u.getdomaininfo, 0, sizeof domctl->u.getdomaininfo);
  domctl->domain = (domid_t)domid;
  domctl->u.getdomaininfo.domain = (domid_t)domid;
  domctl->u.getdomaininfo.flags = read_flags (domid);
  domctl->u.getdomaininfo.nr_online_vcpus = 1;
  return 0;
}

/* A host of two processors and 4 GiB that can do everything: what a dry run asks before it parses.
 */
static int
call_sysctl (struct xen_sysctl *sysctl)
{
  struct xen_sysctl_physinfo *info = &sysctl->u.physinfo;

  if (sysctl->cmd != XEN_SYSCTL_physinfo)
    return refuse ();
  memset (info, 0, sizeof *info);
  info->threads_per_core = 1;
  info->cores_per_socket = 2;
  info->nr_cpus = 2;
  info->max_cpu_id = 1;
  info->nr_nodes = 1;
  info->cpu_khz = 2000000;
  info->total_pages = (4ULL << 30) / PAGE_BYTES;
  info->free_pages = (3ULL << 30) / PAGE_BYTES;
  info->capabilities = XEN_SYSCTL_PHYSCAP_hvm | XEN_SYSCTL_PHYSCAP_pv | XEN_SYSCTL_PHYSCAP_hap |
                       XEN_SYSCTL_PHYSCAP_shadow | XEN_SYSCTL_PHYSCAP_gnttab_v1;
  return 0;
}

static int
call_version (uint64_t what, void *answer)
{
  switch (what) {
  case XENVER_version:
    return XEN_VERSION;
  case XENVER_pagesize:
    return PAGE_BYTES;
  case XENVER_extraversion:
    strcpy (answer, ".0");
    return 0;
  case XENVER_capabilities:
    strcpy (answer, "xen-3.0-x86_64 hvm-3.0-x86_32 hvm-3.0-x86_32p hvm-3.0-x86_64");
    return 0;
  default:
    return refuse ();
  }
}

int
xencall0 (xencall_handle *xcall, unsigned int op)
{
  (void)xcall, (void)op;
  return refuse ();
}

int
xencall1 (xencall_handle *xcall, unsigned int op, uint64_t arg1)
{
  (void)xcall;
  if (op == __HYPERVISOR_domctl)
    return call_domctl ((void *)(uintptr_t)arg1);
  if (op == __HYPERVISOR_sysctl)
    return call_sysctl ((void *)(uintptr_t)arg1);
  return refuse ();
}

int
xencall2 (xencall_handle *xcall, unsigned int op, uint64_t arg1, uint64_t arg2)
{
  (void)xcall;
  if (op == __HYPERVISOR_xen_version)
    return call_version (arg1, (void *)(uintptr_t)arg2);
  return refuse ();
}

int
xencall3 (xencall_handle *xcall, unsigned int op, uint64_t arg1, uint64_t arg2, uint64_t arg3)
{
  (void)xcall, (void)op, (void)arg1, (void)arg2, (void)arg3;
  return refuse ();
}

int
xencall4 (xencall_handle *xcall,
          unsigned int op,
          uint64_t arg1,
          uint64_t arg2,
          uint64_t arg3,
          uint64_t arg4)
{
  (void)xcall, (void)op, (void)arg1, (void)arg2, (void)arg3, (void)arg4;
  return refuse ();
}

int
xencall5 (xencall_handle *xcall,
          unsigned int op,
          uint64_t arg1,
          uint64_t arg2,
          uint64_t arg3,
          uint64_t arg4,
          uint64_t arg5)
{
  (void)xcall, (void)op, (void)arg1, (void)arg2, (void)arg3, (void)arg4, (void)arg5;
  return refuse ();
}

long
xencall2L (xencall_handle *xcall, unsigned int op, uint64_t arg1, uint64_t arg2)
{
  (void)xcall, (void)op, (void)arg1, (void)arg2;
  return refuse ();
}
