/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the stand-in for the hypervisor (standin/) shows to xenstored. */
#include "sim.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

void
sim_hv_write (const SimDomain *domain)
{
  g_autofree char *path = sim_path ("hv/domains/%d", domain->domid);
  gboolean down = domain->reason != SIM_RUNNING;
  gboolean paused = domain->pauses > 0;
  g_autofree char *text =
      g_strdup_printf ("%d %d %d %d %d 0 %d\n", domain->dying, domain->reason == SIM_CRASH, down,
                       paused, !down && !paused, down ? domain->reason : 0);

  sim_write_file (path, text, -1);
}

void
sim_hv_remove (int domid)
{
  g_autofree char *path = sim_path ("hv/domains/%d", domid);

  unlink (path);
}

void
sim_hv_poke (void)
{
  g_autofree char *path = sim_path ("hv/event");
  int fd = open (path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);

  if (fd < 0 || write (fd, "!", 1) != 1)
    g_warning ("%s: %s", path, g_strerror (errno)); /* no xenstored */
  if (fd >= 0)
    close (fd);
}
