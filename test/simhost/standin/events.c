/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Event channels and grants as xenstored uses them. One event can happen: a
 * byte in the FIFO is VIRQ_DOM_EXC, "some domain changed".
 */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <xenevtchn.h>
#include <xengnttab.h>

#include "standin.h"

#define PAGE_BYTES 4096
#define VIRQ_PORT  1

struct xenevtchn_handle {
  int fd;
  evtchn_port_t next_port;
};

static char grant_handle;

static xenevtchn_handle *
new_handle (int fd)
{
  xenevtchn_handle *xce = fd < 0 ? NULL : calloc (1, sizeof *xce);

  if (xce) {
    xce->fd = fd;
    xce->next_port = VIRQ_PORT + 1;
  }
  return xce;
}

xenevtchn_handle *
xenevtchn_open (struct xentoollog_logger *logger, unsigned int flags)
{
  char path[PATH_MAX];

  (void)logger, (void)flags;
  standin_prepare ();
  if (!standin_path (path, sizeof path, "event")) {
    errno = ENOENT;
    return NULL;
  }
  /* Open for writing too, so that it never reads as ended when a writer leaves. */
  return new_handle (open (path, O_RDWR | O_NONBLOCK));
}

xenevtchn_handle *
xenevtchn_fdopen (struct xentoollog_logger *logger, int fd, unsigned open_flags)
{
  (void)logger, (void)open_flags;
  return new_handle (fd);
}

int
xenevtchn_close (xenevtchn_handle *xce)
{
  if (xce) {
    close (xce->fd);
    free (xce);
  }
  return 0;
}

int
xenevtchn_fd (xenevtchn_handle *xce)
{
  return xce->fd;
}

xenevtchn_port_or_error_t
xenevtchn_bind_virq (xenevtchn_handle *xce, unsigned int virq)
{
  (void)xce, (void)virq;
  return VIRQ_PORT;
}

xenevtchn_port_or_error_t
xenevtchn_bind_interdomain (xenevtchn_handle *xce, uint32_t domid, evtchn_port_t remote_port)
{
  (void)domid, (void)remote_port;
  return (xenevtchn_port_or_error_t)xce->next_port++;
}

int
xenevtchn_unbind (xenevtchn_handle *xce, evtchn_port_t port)
{
  (void)xce, (void)port;
  return 0;
}

int
xenevtchn_notify (xenevtchn_handle *xce, evtchn_port_t port)
{
  (void)xce, (void)port;
  return 0;
}

xenevtchn_port_or_error_t
xenevtchn_pending (xenevtchn_handle *xce)
{
  char byte;

  return read (xce->fd, &byte, 1) == 1 ? VIRQ_PORT : -1;
}

int
xenevtchn_unmask (xenevtchn_handle *xce, evtchn_port_t port)
{
  (void)xce, (void)port;
  return 0;
}

xengnttab_handle *
xengnttab_open (struct xentoollog_logger *logger, unsigned open_flags)
{
  (void)logger, (void)open_flags;
  return (xengnttab_handle *)(void *)&grant_handle;
}

int
xengnttab_close (xengnttab_handle *xgt)
{
  (void)xgt;
  return 0;
}

int
xengnttab_set_max_grants (xengnttab_handle *xgt, uint32_t nr_grants)
{
  (void)xgt, (void)nr_grants;
  return 0;
}

/* The guest's ring: an empty page, so the guest never asks anything. */
void *
xengnttab_map_grant_ref (xengnttab_handle *xgt, uint32_t domid, uint32_t ref, int prot)
{
  void *page;

  (void)xgt, (void)ref, (void)prot;
  if (standin_next_domain (domid) != (long)domid) {
    errno = EINVAL;
    return NULL;
  }
  page = mmap (NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return page == MAP_FAILED ? NULL : page;
}

int
xengnttab_unmap (xengnttab_handle *xgt, void *start_address, uint32_t count)
{
  (void)xgt;
  return munmap (start_address, (size_t)count * PAGE_BYTES);
}
