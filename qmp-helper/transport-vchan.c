/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "qmp-helper/transport.h"

#include <errno.h>
#include <stdio.h>

static int
vchan_open (QhTransport *transport, const QhOptions *options, char *why, size_t size)
{
  snprintf (why, size, "this build has no libxenvchan");
  return -ENODEV;
}

const QhTransportType qh_transport_vchan = { .name = "vchan", .open = vchan_open };
