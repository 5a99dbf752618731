/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Preloaded below the real libxenvchan: grants and event channels between processes of a host
 * without Xen, so that both ends of a vchan meet. All domains are one here.
 *
 * FAKE_GRANTS names a folder that fake_grants_make has filled: `memory`, the file that holds the
 * tables and all pages, and one FIFO for each event channel device that can be open at a time.
 * Nothing is made later, as a sandbox would not let it be.
 */
#include "fake-grants.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <xenevtchn.h>
#include <xengnttab.h>

#define PAGE  4096
#define PORTS 256
#define FIRST 8 /* Xen's own references come before; 0 means none */

/** Port: an event channel's end. */
typedef struct {
  atomic_int device; /* whose it is, + 1; 0: free */
  atomic_uint other; /* 0: not bound yet, or no longer */
  atomic_bool pending, masked;
} Port;

/** Tables: shared by all, at the start of the file. */
typedef struct {
  atomic_bool devices[FAKE_GRANTS_DEVICES];
  Port ports[PORTS];
  atomic_uint last; /* that was granted: one is used again as late as possible */
  atomic_bool granted[FAKE_GRANTS_PAGES];
} Tables;

_Static_assert(sizeof (Tables) <= FAKE_GRANTS_TABLES, "room for the tables");

/** Mapping: a page of this process with what is to happen when it goes. */
typedef struct {
  unsigned char *at;
  uint32_t reference, notify_offset;
  evtchn_port_t notify_port;
} Mapping;

struct xenevtchn_handle {
  int device, fd;
};

static Tables *tables;
static int memory = -1;
static Mapping mappings[64];

static int
open_in (const char *name, int flags)
{
  char path[256];
  const char *folder = getenv ("FAKE_GRANTS");
  snprintf (path, sizeof path, "%s/%s", folder != NULL ? folder : "/nonexistent", name);
  return open (path, flags | O_CLOEXEC);
}

static int
open_device (int device, int flags)
{
  char name[32];
  snprintf (name, sizeof name, "device-%d", device);
  return open_in (name, flags);
}

static bool
attach (void)
{
  if (tables != NULL)
    return true;
  memory = open_in ("memory", O_RDWR);
  void *at = memory < 0
                 ? MAP_FAILED
                 : mmap (NULL, FAKE_GRANTS_TABLES, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
  if (at != MAP_FAILED)
    tables = at;
  return tables != NULL;
}

int
access (const char *path, int mode)
{
  if (strncmp (path, "/dev/xen/", 9) == 0)
    return 0;
  return (int)syscall (SYS_access, path, mode);
}

/* --- event channels --- */

static void
tell (evtchn_port_t number)
{
  Port *port = &tables->ports[number];
  int device = atomic_load (&port->device) - 1;
  if (device < 0 || atomic_exchange (&port->pending, true) || atomic_load (&port->masked))
    return;
  int fd = open_device (device, O_WRONLY | O_NONBLOCK);
  if (fd >= 0 && write (fd, &number, sizeof number) < 0)
    fprintf (stderr, "fake-grants: device %d: %s\n", device, strerror (errno));
  if (fd >= 0)
    close (fd);
}

xenevtchn_handle *
xenevtchn_open (struct xentoollog_logger *logger, unsigned int flags)
{
  xenevtchn_handle *self = attach () ? calloc (1, sizeof *self) : NULL;
  if (self == NULL)
    return NULL;
  for (self->device = 0; self->device < FAKE_GRANTS_DEVICES; self->device++)
    if (!atomic_exchange (&tables->devices[self->device], true))
      break;
  self->fd = open_device (self->device, O_RDWR | O_NONBLOCK);
  if (self->fd < 0) {
    free (self);
    return NULL;
  }
  for (char old[64]; read (self->fd, old, sizeof old) > 0;)
    continue;
  return self;
}

static void
unbind (evtchn_port_t number)
{
  Port *port = &tables->ports[number];
  unsigned other = atomic_exchange (&port->other, 0);
  if (other != 0)
    atomic_store (&tables->ports[other].other, 0);
  atomic_store (&port->device, 0);
}

int
xenevtchn_close (xenevtchn_handle *self)
{
  for (evtchn_port_t number = 1; number < PORTS; number++)
    if (atomic_load (&tables->ports[number].device) == self->device + 1)
      unbind (number);
  close (self->fd);
  atomic_store (&tables->devices[self->device], false);
  free (self);
  return 0;
}

int
xenevtchn_fd (xenevtchn_handle *self)
{
  return self->fd;
}

static xenevtchn_port_or_error_t
take_port (const xenevtchn_handle *self, unsigned other)
{
  for (evtchn_port_t number = 1; number < PORTS; number++) {
    Port *port = &tables->ports[number];
    int nobody = 0;
    if (!atomic_compare_exchange_strong (&port->device, &nobody, self->device + 1))
      continue;
    atomic_store (&port->pending, false);
    atomic_store (&port->masked, false);
    atomic_store (&port->other, other);
    return (int)number;
  }
  errno = ENOSPC;
  return -1;
}

xenevtchn_port_or_error_t
xenevtchn_bind_unbound_port (xenevtchn_handle *self, uint32_t domid)
{
  return take_port (self, 0);
}

xenevtchn_port_or_error_t
xenevtchn_bind_interdomain (xenevtchn_handle *self, uint32_t domid, evtchn_port_t remote)
{
  if (remote >= PORTS || atomic_load (&tables->ports[remote].device) == 0 ||
      atomic_load (&tables->ports[remote].other) != 0) {
    errno = EINVAL;
    return -1;
  }
  xenevtchn_port_or_error_t port = take_port (self, remote);
  if (port > 0) {
    atomic_store (&tables->ports[remote].other, (unsigned)port);
    tell ((evtchn_port_t)port); /* as Xen does */
  }
  return port;
}

int
xenevtchn_unbind (xenevtchn_handle *self, evtchn_port_t port)
{
  unbind (port);
  return 0;
}

int
xenevtchn_notify (xenevtchn_handle *self, evtchn_port_t port)
{
  unsigned other = atomic_load (&tables->ports[port].other);
  if (other != 0)
    tell (other);
  return 0;
}

xenevtchn_port_or_error_t
xenevtchn_pending (xenevtchn_handle *self)
{
  evtchn_port_t port;
  if (read (self->fd, &port, sizeof port) != (ssize_t)sizeof port)
    return -1;
  atomic_store (&tables->ports[port].masked, true);
  atomic_store (&tables->ports[port].pending, false);
  return (xenevtchn_port_or_error_t)port;
}

int
xenevtchn_unmask (xenevtchn_handle *self, evtchn_port_t port)
{
  atomic_store (&tables->ports[port].masked, false);
  if (atomic_exchange (&tables->ports[port].pending, false))
    tell (port);
  return 0;
}

/* --- grants --- */

static void *
map (uint32_t reference, uint32_t notify_offset, evtchn_port_t notify_port)
{
  size_t i = 0;
  while (i < sizeof mappings / sizeof *mappings && mappings[i].at != NULL)
    i++;
  if (i == sizeof mappings / sizeof *mappings)
    return NULL;
  void *at = mmap (NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, memory,
                   FAKE_GRANTS_TABLES + (off_t)reference * PAGE);
  if (at == MAP_FAILED)
    return NULL;
  mappings[i] = (Mapping){ at, reference, notify_offset, notify_port };
  return at;
}

static Mapping *
find (const void *at)
{
  for (size_t i = 0; i < sizeof mappings / sizeof *mappings; i++)
    if (mappings[i].at == at && at != NULL)
      return &mappings[i];
  return NULL;
}

static int
unmap (void *at)
{
  Mapping *mapping = find (at);
  if (mapping == NULL) {
    errno = EINVAL;
    return -1;
  }
  if (mapping->notify_port != 0) {
    mapping->at[mapping->notify_offset] = 0;
    xenevtchn_notify (NULL, mapping->notify_port);
  }
  munmap (at, PAGE);
  mapping->at = NULL;
  return 0;
}

/* libxenvchan unmaps its data pages by itself. */
int
munmap (void *at, size_t len)
{
  Mapping *mapping = find (at);
  if (mapping != NULL && mapping->notify_port == 0)
    mapping->at = NULL;
  return (int)syscall (SYS_munmap, at, len);
}

xengntshr_handle *
xengntshr_open (struct xentoollog_logger *logger, unsigned int flags)
{
  return attach () ? (xengntshr_handle *)tables : NULL;
}

int
xengntshr_close (xengntshr_handle *self)
{
  return 0;
}

void *
xengntshr_share_page_notify (xengntshr_handle *self,
                             uint32_t domid,
                             uint32_t *reference,
                             int writable,
                             uint32_t notify_offset,
                             evtchn_port_t notify_port)
{
  uint32_t number = FIRST + atomic_fetch_add (&tables->last, 1) % (FAKE_GRANTS_PAGES - FIRST);
  *reference = number;
  atomic_store (&tables->granted[number], true);
  return map (number, notify_offset, notify_port);
}

void *
xengntshr_share_pages (xengntshr_handle *self,
                       uint32_t domid,
                       int count,
                       uint32_t *references,
                       int writable)
{
  return count == 1 ? xengntshr_share_page_notify (self, domid, references, writable, 0, 0) : NULL;
}

int
xengntshr_unshare (xengntshr_handle *self, void *at, uint32_t count)
{
  const Mapping *mapping = find (at);
  if (mapping != NULL)
    atomic_store (&tables->granted[mapping->reference], false);
  return unmap (at);
}

xengnttab_handle *
xengnttab_open (struct xentoollog_logger *logger, unsigned flags)
{
  return attach () ? (xengnttab_handle *)tables : NULL;
}

int
xengnttab_close (xengnttab_handle *self)
{
  return 0;
}

void *
xengnttab_map_grant_ref_notify (xengnttab_handle *self,
                                uint32_t domid,
                                uint32_t reference,
                                int protection,
                                uint32_t notify_offset,
                                evtchn_port_t notify_port)
{
  if (reference >= FAKE_GRANTS_PAGES || !atomic_load (&tables->granted[reference])) {
    errno = EINVAL;
    return NULL;
  }
  return map (reference, notify_offset, notify_port);
}

void *
xengnttab_map_domain_grant_refs (xengnttab_handle *self,
                                 uint32_t count,
                                 uint32_t domid,
                                 uint32_t *references,
                                 int protection)
{
  return count == 1 ? xengnttab_map_grant_ref_notify (self, domid, *references, protection, 0, 0)
                    : NULL;
}

int
xengnttab_unmap (xengnttab_handle *self, void *at, uint32_t count)
{
  return unmap (at);
}
