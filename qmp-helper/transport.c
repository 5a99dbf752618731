/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "qmp-helper/transport.h"

#include <stddef.h>
#include <string.h>

static const QhTransportType *const transports[] = { &qh_transport_argo, &qh_transport_v4v,
                                                     &qh_transport_vchan, &qh_transport_unix };

const QhTransportType *
qh_transport_find (const char *name)
{
  for (size_t i = 0; i < sizeof transports / sizeof *transports; i++)
    if (strcmp (transports[i]->name, name) == 0)
      return transports[i];
  return NULL;
}
